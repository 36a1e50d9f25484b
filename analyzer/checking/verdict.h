#ifndef PLIMSOLL_ANALYZER_CHECKING_VERDICT_H_
#define PLIMSOLL_ANALYZER_CHECKING_VERDICT_H_

#include <optional>
#include <string>
#include <vector>

#include "analyzer/checking/analyze.h"

namespace plimsoll {

struct Policy {
  // Findings at or above this severity refuse; empty: severities refuse nothing.
  std::optional<Severity> fail_on = Severity::kWarning;
  // Statements whose risk is above safe and not acknowledged refuse: the executor's gate.
  bool refuse_unacknowledged_risk = false;
};

struct Refusal {
  uint32_t migration = 0;  // index into the report's history
  uint32_t statement = 0;
  std::string reason;  // one sentence
};

// Whether a report may pass. The command line's exit code and the executor's gate are both this.
struct Verdict {
  std::vector<Refusal> refusals;  // in the order of the history
  // SHA-256, in hexadecimal, over the bytes of every judged source: the executor sends nothing
  // that has another fingerprint.
  std::string fingerprint;

  bool allowed() const { return refusals.empty(); }
};

Verdict Judge(const Report& report, const Policy& policy);

// The fingerprint that Judge binds a verdict to.
std::string Fingerprint(absl::Span<const Migration> migrations);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_CHECKING_VERDICT_H_
