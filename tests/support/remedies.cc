#include "tests/support/remedies.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "rules/registry.h"
#include "tests/support/example.h"
#include "workspace/fixing.h"

namespace plimsoll::testing_support {
namespace {

void AppendSql(absl::string_view text, std::string* out) {
  absl::StrAppend(out, "```text\n", text, absl::EndsWith(text, "\n") ? "" : "\n", "```\n");
}

// The statement as the fix leaves it, with what the fix puts beside it.
std::string Fixed(const Source& source, Span statement, const Fix& fix) {
  uint32_t begin = statement.begin;
  uint32_t end = statement.end;
  int64_t growth = 0;
  for (const Edit& edit : fix.edits) {
    begin = std::min(begin, edit.span.begin);
    end = std::max(end, edit.span.end);
    growth += static_cast<int64_t>(edit.text.size()) - static_cast<int64_t>(edit.span.size());
  }
  std::vector<size_t> used;
  const std::string text = WithFixes(source.text(), {&fix}, used);
  return text.substr(begin, static_cast<size_t>(end - begin + growth));
}

std::string RemedyOf(const Rule& rule, const Finding& finding, const Migration& migration) {
  std::string remedy;
  const Source& source = *migration.script->source;
  if (finding.severity != rule.severity) {
    absl::StrAppend(&remedy, "severity: ", SeverityName(finding.severity), "\n");
  }
  if (finding.risk != rule.risk) {
    absl::StrAppend(&remedy, "risk: ", RiskName(finding.risk), "\n");
  }
  if (finding.why != rule.why) absl::StrAppend(&remedy, "why: ", finding.why, "\n");
  if (finding.help != rule.help) absl::StrAppend(&remedy, "help: ", finding.help, "\n");
  for (const Fix& fix : finding.fixes) {
    absl::StrAppend(&remedy, fix.safe ? "fix: " : "unsafe fix: ", fix.title, "\n");
    const Span statement = finding.statement == Complaint::kWholeFile
                               ? finding.span
                               : migration.script->statements[finding.statement].span;
    AppendSql(Fixed(source, statement, fix), &remedy);
    for (const std::string& sql : fix.following_alone) AppendSql(sql, &remedy);
    if (!fix.following.empty()) AppendSql(absl::StrJoin(fix.following, ""), &remedy);
  }
  for (const PlanStep& step : finding.plan) {
    absl::StrAppend(&remedy, "plan, ", StageName(step.stage), ": ", step.what, "\n");
    if (!step.sql.empty()) AppendSql(step.sql, &remedy);
  }
  return remedy;
}

}  // namespace

std::string RemediesOf(const Rule& rule) {
  std::string text;
  for (const ExampleText& example : ExamplesOf(rule)) {
    const absl::StatusOr<Example> parsed = ParseExample(example.text, "migration.sql");
    if (!parsed.ok()) continue;  // docs_test complains
    const Report report = Analyze(InputsOf(*parsed), RulesOf(*parsed, rule), rules::kVocabulary);
    for (const Finding& finding : report.findings) {
      if (finding.rule != &rule) continue;
      const Migration& migration = report.history.migrations()[finding.migration];
      const std::string remedy = RemedyOf(rule, finding, migration);
      if (remedy.empty()) continue;
      const size_t slash = example.path.rfind('/');
      absl::StrAppend(&text, "\n## ", example.path.substr(slash + 1), ", line ", example.line, ", ",
                      migration.script->source->name(), ":",
                      migration.script->source->Locate(finding.span.begin).line, "\n\n",
                      finding.message, "\n\n", remedy);
    }
  }
  if (text.empty()) return text;
  return absl::StrCat("# What ", rule.id, " says to do\n\nWritten by `./dev update`.\n", text);
}

std::string RemediesPath(const Rule& rule) {
  return absl::StrCat("fixtures/rules/", rule.id, "/remedies.md");
}

}  // namespace plimsoll::testing_support
