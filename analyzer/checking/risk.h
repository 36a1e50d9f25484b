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

// What it is of the step of which nobody can say what it does: a function, by its name where the
// statement calls it itself, or the statement's tag. Empty: all is known.
std::string WhatIsUnknown(const Step& step, const History& history);

// Whether it is a command of psql's that runs what does not stand in the file: `\i`, `\!`, …
bool IsUnread(const Statement& statement);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_CHECKING_RISK_H_
