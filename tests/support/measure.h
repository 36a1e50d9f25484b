#ifndef PLIMSOLL_TESTS_SUPPORT_MEASURE_H_
#define PLIMSOLL_TESTS_SUPPORT_MEASURE_H_

#include "absl/status/statusor.h"
#include "executor/ephemeral.h"
#include "tests/support/truth.h"

namespace plimsoll::truth {

// What the case's statement really does on `server`: run in a fresh database, in a transaction that
// is looked at from inside (pg_locks, pg_class.relfilenode, the transaction's scan counters) and
// rolled back. A statement that fails is no error of this function, it is what was measured; a
// set-up that fails is.
absl::StatusOr<Measured> Measure(const EphemeralServer& server, const Case& truth_case);

}  // namespace plimsoll::truth

#endif  // PLIMSOLL_TESTS_SUPPORT_MEASURE_H_
