#include "analyzer/checking/verdict.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/digest.h"

namespace plimsoll {

std::string Fingerprint(absl::Span<const Migration> migrations) {
  std::string digests;
  for (const Migration& migration : migrations) {
    if (migration.applied) continue;
    const Source& source = *migration.script->source;
    // Lengths and digests stand apart, so that no two lists of files read the same.
    absl::StrAppend(&digests, source.name().size(), ":", source.name(), ":",
                    Sha256Hex(source.text()), "\n");
  }
  return Sha256Hex(digests);
}

Verdict Judge(const Report& report, const Policy& policy) {
  Verdict verdict = {.fingerprint = Fingerprint(report.history.migrations())};
  for (const Finding& finding : report.findings) {
    if (!policy.fail_on || finding.severity < *policy.fail_on) continue;
    verdict.refusals.push_back(
        {.migration = finding.migration,
         .statement = finding.statement,
         .reason = absl::StrCat(finding.message, " [", finding.rule->id, "]")});
  }
  if (policy.refuse_unacknowledged_risk) {
    const auto& migrations = report.history.migrations();
    for (uint32_t m = 0; m < migrations.size(); ++m) {
      if (migrations[m].applied || migrations[m].down) continue;
      for (uint32_t s = 0; s < report.statement_risks[m].size(); ++s) {
        const RiskReason& risk = report.statement_risks[m][s];
        if (risk.risk == Risk::kSafe || risk.acknowledged) continue;
        verdict.refusals.push_back(
            {.migration = m,
             .statement = s,
             .reason = absl::StrCat(RiskName(risk.risk), ": ", risk.reason)});
      }
    }
  }
  std::stable_sort(verdict.refusals.begin(), verdict.refusals.end(),
                   [](const Refusal& a, const Refusal& b) {
                     return std::tie(a.migration, a.statement) < std::tie(b.migration, b.statement);
                   });
  return verdict;
}

}  // namespace plimsoll
