#include "report/explanation.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "report/code_frame.h"
#include "report/effects.h"
#include "report/held.h"
#include "report/ink.h"
#include "report/pretty.h"
#include "report/summary.h"
#include "report/terminal.h"

namespace plimsoll::report {
namespace {

constexpr size_t kWidth = 100;
constexpr size_t kLabelColumns = 15;

// Who asks for a lock, by the commands that people know.
struct Asker {
  LockMode mode;
  absl::string_view commands;
};
constexpr Asker kAskers[] = {
    {LockMode::kAccessShare, "SELECT"},
    {LockMode::kRowShare, "SELECT FOR UPDATE"},
    {LockMode::kRowExclusive, "INSERT, UPDATE, DELETE, MERGE"},
    {LockMode::kShareUpdateExclusive,
     "VACUUM, ANALYZE, CREATE INDEX CONCURRENTLY, VALIDATE CONSTRAINT"},
    {LockMode::kShare, "CREATE INDEX"},
    {LockMode::kShareRowExclusive, "CREATE TRIGGER, ADD FOREIGN KEY"},
    {LockMode::kExclusive, "REFRESH MATERIALIZED VIEW CONCURRENTLY"},
    {LockMode::kAccessExclusive, "most ALTER TABLE, DROP TABLE, TRUNCATE"},
};

std::string WhoWaits(LockMode mode) {
  if (mode == LockMode::kAccessExclusive) return "all who use it";
  std::vector<absl::string_view> waiting;
  for (const Asker& asker : kAskers) {
    if (Conflicts(mode, asker.mode)) waiting.push_back(asker.commands);
  }
  return absl::StrJoin(waiting, ", ");
}

// A line of a section: its first one has a label.
void AppendLine(absl::string_view label, absl::string_view text, std::string* out) {
  absl::StrAppend(out, "  ", label, std::string(kLabelColumns - 2 - label.size(), ' '),
                  Wrap(text, kLabelColumns, kWidth), "\n");
}

void AppendList(absl::string_view label, const std::vector<std::string>& lines, std::string* out) {
  for (size_t i = 0; i < lines.size(); ++i) AppendLine(i == 0 ? label : "", lines[i], out);
}

std::vector<std::string> LockLines(const StatementEffects& sum) {
  std::vector<std::string> lines;
  for (const Lock& lock : sum.locks) {
    std::string line = absl::StrCat(lock.possible ? "perhaps " : "", LockModeName(lock.mode),
                                    " on ", lock.relation.name);
    if (lock.relation.created_here) {
      line += ", which nobody else sees yet";
    } else {
      absl::StrAppend(&line, ": ", WhoWaits(lock.mode), " wait");
    }
    lines.push_back(std::move(line));
  }
  if (lines.empty()) lines.emplace_back("none on tables");
  return lines;
}

std::vector<std::string> WorkLines(const StatementEffects& sum) {
  std::vector<std::string> lines;
  const auto add = [&](absl::string_view verb, const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      const bool possible =
          std::find(sum.possible.begin(), sum.possible.end(), name) != sum.possible.end();
      lines.push_back(absl::StrCat(possible ? "perhaps " : "", verb, " ", name));
    }
  };
  add("rewrites", sum.rewrites);
  std::vector<std::string> scans;
  std::set_difference(sum.scans.begin(), sum.scans.end(), sum.rewrites.begin(), sum.rewrites.end(),
                      std::back_inserter(scans));
  add("reads every row of", scans);
  add("builds index", sum.index_builds);
  add("keeps the file of index", sum.index_reuses);
  if (lines.empty()) lines.emplace_back("a change of the catalog, whatever the table's size");
  return lines;
}

// What one version of the server does.
std::string Doings(const Report& report, uint32_t migration, uint32_t statement) {
  const StatementEffects sum = SumEffects(report.history, migration, statement);
  std::string out;
  if (sum.failure) {
    AppendLine("fails",
               absl::StrCat(sum.failure->message, " (SQLSTATE ", sum.failure->sqlstate, ")"), &out);
    return out;
  }
  if (!sum.modelled) {
    AppendLine("unknown", "what it locks and does is not modelled", &out);
    return out;
  }
  AppendList("locks", LockLines(sum), &out);
  AppendList("work", WorkLines(sum), &out);
  AppendLine("transaction",
             sum.forbidden_in_transaction ? "forbidden in a transaction block" : "may stand in one",
             &out);
  if (sum.effectless) AppendLine("effect", "none: PostgreSQL only warns", &out);
  return out;
}

std::string Versions(int first, int last) {
  return first == last ? absl::StrCat("on PostgreSQL ", first)
                       : absl::StrCat("on PostgreSQL ", first, " to ", last);
}

// Versions that do the same stand together.
void AppendDoings(absl::Span<const Report> reports, uint32_t migration, uint32_t statement,
                  const Painter& paint, std::string* out) {
  for (size_t first = 0; first < reports.size();) {
    const std::string doings = Doings(reports[first], migration, statement);
    size_t next = first + 1;
    while (next < reports.size() && Doings(reports[next], migration, statement) == doings) ++next;
    const std::string title = Versions(reports[first].history.server_version(),
                                       reports[next - 1].history.server_version());
    absl::StrAppend(out, paint(Ink::kBold, title), "\n", doings, "\n");
    first = next;
  }
}

// What keeps others waiting since before the statement.
void AppendHeld(const Report& report, uint32_t migration, uint32_t statement, const Painter& paint,
                std::string* out) {
  const Script& script = *report.history.migrations()[migration].script;
  const auto line = [&](uint32_t index) {
    return script.source->Locate(script.statements[index].span.begin).line;
  };
  const Held held = HeldLocksOf(report.history, migration).Before(statement);
  if (held.strongest.empty()) return;
  absl::StrAppend(out, paint(Ink::kBold, "held by its transaction"), "\n");
  for (const HeldLock& lock : held.strongest) {
    AppendLine("",
               absl::StrCat(lock.possible ? "perhaps " : "", LockModeName(lock.mode), " on ",
                            lock.relation, " since line ", line(lock.since), ", until ",
                            held.until ? absl::StrCat("line ", line(*held.until))
                                       : std::string("the file ends")),
               out);
  }
  *out += "\n";
}

}  // namespace

std::string ExplainStatement(absl::Span<const Report> reports, uint32_t migration,
                             uint32_t statement, bool colour) {
  const Painter paint(colour);
  const Report& newest = reports.back();
  const Script& script = *newest.history.migrations()[migration].script;
  const Source& source = *script.source;
  const Statement& explained = script.statements[statement];
  const Position start = source.Locate(explained.span.begin);
  std::string out = absl::StrCat(paint(Ink::kBold, explained.tag), "\n", Printable(source.name()),
                                 ":", start.line, ":", start.column, "\n",
                                 DrawCode(source, explained.span, Ink::kBlue, paint).text, "\n");
  AppendDoings(reports, migration, statement, paint, &out);
  AppendHeld(newest, migration, statement, paint, &out);
  const RiskReason& reason = newest.statement_risks[migration][statement];
  absl::StrAppend(&out, paint(RiskInk(reason.risk), RiskName(reason.risk)),
                  reason.reason.empty() ? "" : ": ",
                  Wrap(reason.reason, RiskName(reason.risk).size() + 2, kWidth), "\n");
  for (const Finding& finding : FindingsOf(newest, migration)) {
    if (finding.statement == statement)
      absl::StrAppend(&out, "\n", RenderFinding(newest, finding, colour));
  }
  return out;
}

}  // namespace plimsoll::report
