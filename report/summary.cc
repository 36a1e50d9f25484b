#include "report/summary.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace plimsoll::report {

Summary Summarize(absl::Span<const Report> reports) {
  Summary summary;
  for (const Report& report : reports) {
    for (const Migration& migration : report.history.migrations()) {
      if (migration.applied) continue;
      ++summary.files;
      summary.statements += migration.script->statements.size();
    }
    for (const Finding& finding : report.findings) {
      ++summary.findings;
      summary.errors += finding.severity == Severity::kError ? 1 : 0;
      summary.warnings += finding.severity == Severity::kWarning ? 1 : 0;
      summary.notes += finding.severity == Severity::kNote ? 1 : 0;
    }
    summary.suppressed += report.suppressed.size();
    summary.risk = std::max(summary.risk, report.risk());
  }
  return summary;
}

absl::Span<const Finding> FindingsOf(const Report& report, size_t migration) {
  const auto first =
      std::lower_bound(report.findings.begin(), report.findings.end(), migration,
                       [](const Finding& finding, size_t m) { return finding.migration < m; });
  const auto last =
      std::upper_bound(first, report.findings.end(), migration,
                       [](size_t m, const Finding& finding) { return m < finding.migration; });
  return absl::MakeConstSpan(report.findings)
      .subspan(static_cast<size_t>(first - report.findings.begin()),
               static_cast<size_t>(last - first));
}

bool IsMeasured(int server_version) { return server_version <= kNewestMeasuredServer; }

std::string MeasuredRemark(absl::Span<const Report> reports) {
  if (reports.empty()) return "";
  const int version = reports.front().history.server_version();
  if (IsMeasured(version)) return "";
  return absl::StrCat("PostgreSQL ", version, " was not measured: this is what ",
                      kNewestMeasuredServer, " did, but for what the release notes say\n");
}

}  // namespace plimsoll::report
