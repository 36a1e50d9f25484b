#include <algorithm>
#include <array>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "report/effects.h"
#include "report/held.h"
#include "report/ink.h"
#include "report/summary.h"
#include "report/terminal.h"

namespace plimsoll::report {
namespace {

enum Cell : size_t { kLine, kKind, kLocks, kWork, kTransaction, kRisk, kCellCount };

// A row of the table: each cell is a list of lines.
struct Row {
  std::array<std::vector<std::string>, kCellCount> cells;
  std::vector<std::string> remarks;  // lines of their own below the row
  Risk risk = Risk::kSafe;
};

Row HeadRow() {
  Row head;
  head.cells = {{{"line"}, {"statement"}, {"locks"}, {"work"}, {"transaction"}, {"risk"}}};
  return head;
}

std::vector<std::string> LockLines(const StatementEffects& sum) {
  std::vector<std::string> lines;
  for (const Lock& lock : sum.locks) {
    lines.push_back(absl::StrCat(LockModeName(lock.mode), " on ", Printable(lock.relation.name),
                                 lock.relation.created_here ? " (new)" : ""));
  }
  return lines;
}

std::vector<std::string> WorkLines(const StatementEffects& sum) {
  std::vector<std::string> lines;
  for (const std::string& name : sum.rewrites) lines.push_back("rewrites " + Printable(name));
  for (const std::string& name : sum.scans) {
    // A rewrite says already that the table is read.
    if (!std::binary_search(sum.rewrites.begin(), sum.rewrites.end(), name)) {
      lines.push_back("scans " + Printable(name));
    }
  }
  for (const std::string& name : sum.index_builds) lines.push_back("builds " + Printable(name));
  return lines;
}

// What stands in others' way since before the statement. Empty where nothing does.
std::string HeldRemark(const Script& script, const Held& held) {
  constexpr size_t kMostShown = 3;
  const auto line = [&](uint32_t statement) {
    return script.source->Locate(script.statements[statement].span.begin).line;
  };
  std::string remark;
  size_t shown = 0;
  for (const HeldLock& lock : held.strongest) {
    if (!BlocksWrites(lock.mode) || shown == kMostShown) break;
    absl::StrAppend(&remark, shown++ == 0 ? "holds " : ", ", lock.possible ? "perhaps " : "",
                    LockModeName(lock.mode), " on ", Printable(lock.relation), " since line ",
                    line(lock.since));
  }
  if (shown == 0) return "";
  if (held.blocking > shown) absl::StrAppend(&remark, ", and ", held.blocking - shown, " more");
  const std::string end = held.until ? absl::StrCat("line ", line(*held.until)) : "the file ends";
  return absl::StrCat(remark, ", until ", end);
}

// Why PostgreSQL warns of it.
absl::string_view EffectlessRemark(absl::string_view tag) {
  return tag == "BEGIN" || tag == "START TRANSACTION" ? "no effect: a transaction is open already"
                                                      : "no effect: no transaction is open";
}

Row StatementRow(const Report& report, size_t migration, size_t index, const Held& held) {
  const Script& script = *report.history.migrations()[migration].script;
  const Statement& statement = script.statements[index];
  const StatementEffects sum =
      SumEffects(report.history, static_cast<uint32_t>(migration), static_cast<uint32_t>(index));
  const RiskReason& reason = report.statement_risks[migration][index];
  Row row;
  row.risk = reason.risk;
  row.cells[kLine] = {absl::StrCat(script.source->Locate(statement.span.begin).line)};
  row.cells[kKind] = {Printable(statement.tag)};
  row.cells[kRisk] = {std::string(RiskName(reason.risk))};
  if (sum.modelled) {
    row.cells[kLocks] = LockLines(sum);
    row.cells[kWork] = WorkLines(sum);
    row.cells[kTransaction] = {sum.forbidden_in_transaction ? "forbidden" : "allowed"};
  } else {
    row.cells[kLocks] = {statement.direction == Direction::kDown ? "not run here (down)"
                                                                 : "not modelled"};
  }
  if (sum.effectless) row.remarks.emplace_back(EffectlessRemark(statement.tag));
  if (sum.rolls_back) row.remarks.emplace_back("rolls back: a statement of the transaction failed");
  const bool frees = held.until == index;
  const std::string holds = frees ? "" : HeldRemark(script, held);
  if (!holds.empty()) row.remarks.push_back(holds);
  // Where the failure is the risk, its reason says it all.
  if (sum.failure.has_value() && !absl::StrContains(reason.reason, sum.failure->message)) {
    row.remarks.push_back(
        absl::StrCat("fails: ", sum.failure->sqlstate, " ", Printable(sum.failure->message)));
  }
  if (!reason.reason.empty()) {
    row.remarks.push_back(absl::StrCat(RiskName(reason.risk), ": ", Printable(reason.reason)));
  }
  return row;
}

std::array<size_t, kCellCount> Widths(const std::vector<Row>& rows) {
  std::array<size_t, kCellCount> widths = {};
  for (const Row& row : rows) {
    for (size_t cell = 0; cell < kCellCount; ++cell) {
      for (const std::string& line : row.cells[cell]) {
        widths[cell] = std::max(widths[cell], DisplayWidth(line));
      }
    }
  }
  return widths;
}

size_t Height(const Row& row) {
  size_t height = 1;
  for (const auto& cell : row.cells) height = std::max(height, cell.size());
  return height;
}

void AppendRow(const Row& row, const std::array<size_t, kCellCount>& widths, bool head,
               const Painter& paint, std::string* out) {
  for (size_t i = 0; i < Height(row); ++i) {
    std::string line;
    size_t blanks = 2;  // owed before the next text, so that no line ends in blanks
    for (size_t cell = 0; cell < kCellCount; ++cell) {
      const std::string text = i < row.cells[cell].size() ? row.cells[cell][i] : "";
      const size_t padding = widths[cell] - DisplayWidth(text);
      if (cell == kLine) blanks += padding;  // numbers stand to the right
      if (!text.empty()) {
        absl::StrAppend(&line, std::string(blanks, ' '),
                        head            ? paint(Ink::kFaint, text)
                        : cell == kRisk ? paint(RiskInk(row.risk), text)
                                        : text);
        blanks = 0;
      } else if (cell == kLine) {
        blanks -= padding;
      }
      blanks += 2 + (cell == kLine && !text.empty() ? 0 : padding);
    }
    absl::StrAppend(out, line, "\n");
  }
  const std::string indent(2 + widths[kLine] + 2, ' ');
  for (const std::string& remark : row.remarks) absl::StrAppend(out, indent, remark, "\n");
}

void AppendFile(const Report& report, size_t migration, const Painter& paint, std::string* out) {
  const Script& script = *report.history.migrations()[migration].script;
  absl::StrAppend(out, paint(Ink::kBold, Printable(script.source->name())), "\n");
  std::vector<Row> rows = {HeadRow()};
  HeldLocksOf held(report.history, static_cast<uint32_t>(migration));
  for (uint32_t s = 0; s < script.statements.size(); ++s) {
    rows.push_back(StatementRow(report, migration, s, held.Before(s)));
  }
  for (const Problem& problem : script.problems) {
    absl::StrAppend(out, "  ", problem.message, "\n");
  }
  if (rows.size() == 1) {
    if (script.problems.empty()) absl::StrAppend(out, "  no statements\n");
    return;
  }
  const std::array<size_t, kCellCount> widths = Widths(rows);
  for (const Row& row : rows) AppendRow(row, widths, &row == &rows.front(), paint, out);
}

}  // namespace

std::string RenderEffectsText(absl::Span<const Report> reports, bool colour) {
  const Painter paint(colour);
  std::string out;
  for (const Report& report : reports) {
    for (size_t m = 0; m < report.history.migrations().size(); ++m) {
      if (report.history.migrations()[m].applied) continue;
      if (!out.empty()) out += '\n';
      AppendFile(report, m, paint, &out);
    }
  }
  const std::string remark = MeasuredRemark(reports);
  if (!remark.empty()) absl::StrAppend(&out, "\n", remark);
  return out;
}

}  // namespace plimsoll::report
