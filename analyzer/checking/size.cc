#include "analyzer/checking/size.h"

#include <algorithm>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace plimsoll {
namespace {

// A partition of which nothing is said has at most the rows of the whole.
std::optional<double> RowsOf(const Affected& affected, const Step& step, const History& history) {
  const CatalogView catalog = history.Before(step);
  const Relation* relation = catalog.Find(affected.id);
  while (relation != nullptr) {
    const auto said = history.rows().find(absl::StrCat(relation->schema, ".", relation->name));
    if (said != history.rows().end()) return said->second;
    relation = relation->is_partition ? catalog.Find(relation->parents.front()) : nullptr;
  }
  return std::nullopt;
}

std::string RowWords(double rows) {
  if (rows >= 1e9) return absl::StrFormat("%.4g billion rows", rows / 1e9);
  if (rows >= 1e6) return absl::StrFormat("%.4g million rows", rows / 1e6);
  return absl::StrFormat("%.0f row%s", rows, rows == 1 ? "" : "s");
}

bool SpeaksOf(const Finding& finding, const Step& step) {
  return step.span == finding.span ||
         std::find(finding.also.begin(), finding.also.end(), step.span) != finding.also.end();
}

bool IsAboutWork(const Rule& rule) {
  return rule.family == Family::kLocking || rule.family == Family::kRewriting ||
         rule.family == Family::kPerformance;
}

}  // namespace

bool IsQuick(const Work& work, const Step& step, const History& history) {
  if (history.rows().empty()) return false;
  const std::optional<double> rows = RowsOf(work.relation, step, history);
  return rows && *rows <= kFewRows;
}

void Weigh(const History& history, Finding& finding) {
  if (history.rows().empty() || !IsAboutWork(*finding.rule)) return;
  if (finding.statement == Complaint::kWholeFile) return;
  double most = -1;
  bool all_said = true;
  std::string largest;
  for (const Step& step : history.StepsOf(finding.migration, finding.statement)) {
    if (!SpeaksOf(finding, step)) continue;
    for (const Work& work : step.effects.work) {
      if (!work.relation.live || work.shell) continue;
      const std::optional<double> rows = RowsOf(work.relation, step, history);
      all_said = all_said && rows.has_value();
      if (rows.value_or(-1) <= most) continue;
      most = *rows;
      largest = work.relation.name;
    }
  }
  const bool large = most >= kManyRows;
  const bool small = most >= 0 && most <= kFewRows && all_said;
  if (!large && !small) return;
  absl::StrAppend(&finding.message, "; ", Quoted(largest), " has ", RowWords(most));
  finding.severity = large ? Severity::kError : Severity::kNote;
  // A plan of several deployments is needed for other reasons than the work.
  if (small && finding.risk == Risk::kRisky) finding.risk = Risk::kSafe;
}

}  // namespace plimsoll
