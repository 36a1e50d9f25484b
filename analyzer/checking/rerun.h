#ifndef PLIMSOLL_ANALYZER_CHECKING_RERUN_H_
#define PLIMSOLL_ANALYZER_CHECKING_RERUN_H_

#include <string>

#include "analyzer/checking/rule.h"
#include "analyzer/simulation/history.h"

// What a second run of a file trips over: what the first one did already.

namespace plimsoll {

// Whether what ran before a failure in this file stays done, so that the file will be run again
// over it.
bool LeavesHalfDone(const Step& step, const History& history);

// Tells of every statement that lacks an IF [NOT] EXISTS which PostgreSQL's grammar has for it, and
// would fail in a second run, with the edit that adds it: those after which a failure leaves the
// file half done, or all others.
void ReportMissingClauses(const History& history, bool half_done, const Reporter& report);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_CHECKING_RERUN_H_
