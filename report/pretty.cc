#include "report/pretty.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "report/code_frame.h"
#include "report/ink.h"
#include "report/summary.h"
#include "report/terminal.h"

namespace plimsoll::report {
namespace {

constexpr size_t kWidth = 100;
// A statement may lock hundreds of relations (DROP SCHEMA); the rest stands in the effects.
constexpr size_t kLocksShown = 4;

// A line that belongs to the frame above it: `   = why: …`.
void AppendRemark(absl::string_view label, absl::string_view text, size_t gutter,
                  const Painter& paint, std::string* out) {
  if (text.empty()) return;
  const size_t indent = gutter + 5 + label.size();
  absl::StrAppend(out, std::string(gutter + 1, ' '), paint(Ink::kBlue, "="), " ",
                  paint(Ink::kBold, absl::StrCat(label, ":")), " ", Wrap(text, indent, kWidth),
                  "\n");
}

// The locks that people think of: a table's own stand for those on its indexes and sequences.
std::vector<Lock> LocksToShow(const Finding& finding) {
  std::vector<Lock> shown;
  for (const Lock& lock : finding.locks) {
    const RelationKind kind = lock.relation.kind;
    const bool implied = kind == RelationKind::kIndex || kind == RelationKind::kPartitionedIndex ||
                         kind == RelationKind::kSequence;
    if (!implied) shown.push_back(lock);
  }
  return shown.empty() ? finding.locks : shown;
}

void AppendLocks(const Finding& finding, size_t gutter, const Painter& paint, std::string* out) {
  const std::vector<Lock> locks = LocksToShow(finding);
  for (size_t i = 0; i < locks.size(); ++i) {
    if (i == kLocksShown) {
      AppendRemark("lock", absl::StrCat("and ", locks.size() - i, " more"), gutter, paint, out);
      return;
    }
    const Lock& lock = locks[i];
    AppendRemark("lock",
                 absl::StrCat(LockModeName(lock.mode), " on ", lock.relation.name, ", blocks ",
                              WhatItBlocks(lock.mode)),
                 gutter, paint, out);
  }
}

// The way in several deployments, numbered, with the statements of each.
void AppendPlan(const Finding& finding, size_t gutter, const Painter& paint, std::string* out) {
  for (size_t i = 0; i < finding.plan.size(); ++i) {
    const PlanStep& step = finding.plan[i];
    AppendRemark(absl::StrCat("plan ", i + 1), absl::StrCat(StageName(step.stage), ": ", step.what),
                 gutter, paint, out);
    if (step.sql.empty()) continue;
    for (const absl::string_view line : absl::StrSplit(step.sql, '\n')) {
      absl::StrAppend(out, std::string(gutter + 7, ' '), Printable(line), "\n");
    }
  }
}

void AppendFinding(const Report& report, const Finding& finding, const Painter& paint,
                   std::string* out) {
  const Source& source = *report.history.migrations()[finding.migration].script->source;
  const Position start = source.Locate(finding.span.begin);
  const Ink ink = SeverityInk(finding.severity);
  const CodeFrame frame = DrawCode(source, finding.span, ink, paint);
  absl::StrAppend(
      out, paint(ink, absl::StrCat(SeverityName(finding.severity), "[", finding.rule->id, "]")),
      paint(Ink::kBold, absl::StrCat(": ", Printable(finding.message))), "\n",
      std::string(frame.gutter, ' '), paint(Ink::kBlue, "-->"), " ", Printable(source.name()), ":",
      start.line, ":", start.column, "\n", frame.text);
  AppendLocks(finding, frame.gutter, paint, out);
  AppendRemark("why", finding.why, frame.gutter, paint, out);
  AppendRemark("help", finding.help, frame.gutter, paint, out);
  for (const Fix& fix : finding.fixes) {
    AppendRemark(fix.safe ? "fix" : "unsafe fix", fix.title, frame.gutter, paint, out);
  }
  AppendPlan(finding, frame.gutter, paint, out);
  absl::StrAppend(out, "\n");
}

std::string Count(size_t count, absl::string_view noun) {
  return absl::StrCat(count, " ", noun, count == 1 ? "" : "s");
}

void AppendRisks(absl::Span<const Report> reports, const Painter& paint, std::string* out) {
  constexpr size_t kRiskColumns = 9;
  for (const Report& report : reports) {
    for (size_t m = 0; m < report.history.migrations().size(); ++m) {
      const RiskReason& reason = report.risks[m];
      if (report.history.migrations()[m].applied || reason.risk == Risk::kSafe) continue;
      const std::string risk(RiskName(reason.risk));
      std::string text = Printable(report.history.migrations()[m].script->source->name());
      if (!reason.reason.empty()) absl::StrAppend(&text, ": ", reason.reason);
      if (reason.acknowledged) text += " (acknowledged)";
      absl::StrAppend(out, paint(RiskInk(reason.risk), risk),
                      std::string(kRiskColumns - risk.size(), ' '),
                      Wrap(text, kRiskColumns, kWidth), "\n");
    }
  }
}

void AppendTotals(const Summary& summary, const Painter& paint, std::string* out) {
  std::vector<std::string> found;
  if (summary.errors > 0) found.push_back(paint(Ink::kRed, Count(summary.errors, "error")));
  if (summary.warnings > 0) {
    found.push_back(paint(Ink::kYellow, Count(summary.warnings, "warning")));
  }
  if (summary.notes > 0) found.push_back(paint(Ink::kCyan, Count(summary.notes, "note")));
  if (found.empty()) found.emplace_back("no findings");
  if (summary.suppressed > 0) found.push_back(absl::StrCat(summary.suppressed, " allowed"));
  absl::StrAppend(out, Count(summary.files, "file"), ", ", Count(summary.statements, "statement"),
                  ": ", absl::StrJoin(found, ", "),
                  "; risk: ", paint(RiskInk(summary.risk), RiskName(summary.risk)), "\n");
}

}  // namespace

std::string RenderFinding(const Report& report, const Finding& finding, bool colour) {
  std::string out;
  AppendFinding(report, finding, Painter(colour), &out);
  return out;
}

std::string RenderPretty(absl::Span<const Report> reports, const PrettyOptions& options) {
  const Painter paint(options.colour);
  std::string out;
  for (const Report& report : reports) {
    for (const Finding& finding : report.findings) AppendFinding(report, finding, paint, &out);
  }
  if (options.summary) {
    AppendRisks(reports, paint, &out);
    AppendTotals(Summarize(reports), paint, &out);
    out += MeasuredRemark(reports);
  }
  return out;
}

}  // namespace plimsoll::report
