#ifndef PLIMSOLL_ANALYZER_CHECKING_RISK_H_
#define PLIMSOLL_ANALYZER_CHECKING_RISK_H_

#include <string>

#include "analyzer/checking/rule.h"
#include "analyzer/simulation/history.h"

namespace plimsoll {

// A risk and one sentence, without a full stop, that says why; empty where it is safe.
struct RiskReason {
  Risk risk = Risk::kSafe;
  std::string reason;
  bool acknowledged = false;  // an `-- plimsoll:allow` before the statement takes it over
};

// How dangerous a step is to what was there before its migration: it loses, breaks or blocks
// something (risky), or no single migration makes it safe (complex). A function of its effects
// and of the locks its transaction already holds; rules are not asked.
RiskReason RiskOf(const Step& step, const History& history);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_CHECKING_RISK_H_
