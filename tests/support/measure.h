#ifndef PLIMSOLL_TESTS_SUPPORT_MEASURE_H_
#define PLIMSOLL_TESTS_SUPPORT_MEASURE_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "executor/connection.h"
#include "executor/ephemeral.h"
#include "tests/support/truth.h"

namespace plimsoll::truth {

struct Snapshot;

// In which sessions the statements of cases are run inside a transaction.
enum class Sessions {
  kOneEach,  // what a migration has, and what records are made with
  // One for all, as new before each: half the work for the server. It has never met the relations
  // of the next case, so that the locks are the same; where they are not, they differ from the
  // records.
  kOneForAll,
};

// A private server on which cases are measured one after the other.
class Bench {
 public:
  static absl::StatusOr<Bench> Start(int version, Sessions sessions);

  int version() const { return server_.version(); }

  // What the case's statement really does: run in a transaction that is looked at from inside
  // (pg_locks, pg_class.relfilenode, the transaction's scan counters) and rolled back. What the
  // server refuses in a transaction block is run again outside of one while a second session looks
  // at its locks; that session may miss what is held for a moment only, so such `locks` can lack
  // some. A statement that fails is no error of this function, it is what was measured; a set-up
  // that fails is.
  absl::StatusOr<Deeds> Measure(const Case& truth_case);

 private:
  Bench(EphemeralServer server, Sessions sessions, std::unique_ptr<Connection> observer,
        std::unique_ptr<Connection> session)
      : server_(std::move(server)),
        sessions_(sessions),
        observer_(std::move(observer)),
        setup_session_(std::move(session)) {}

  // A session of the role that owns what the cases make.
  absl::StatusOr<std::unique_ptr<Connection>> Connect() const;
  // Makes `session_` as new.
  absl::Status Renew();
  absl::Status RunSetup(const Case& truth_case);
  absl::StatusOr<Deeds> MeasureInside(const Case& truth_case);
  absl::StatusOr<Deeds> MeasureOutside(const Case& truth_case);
  // Runs the statement and collects into `seen` the locks that it is seen with.
  absl::StatusOr<std::string> RunWatched(Connection& subject, const std::string& statement,
                                         Snapshot& seen);
  // Waits until the counters of sessions that have ended are published.
  absl::Status WaitForCounters();
  // Removes what the last case left.
  absl::Status Clear();

  EphemeralServer server_;
  Sessions sessions_;
  std::unique_ptr<Connection> observer_;  // as the superuser that owns nothing the cases make
  // Runs the set-ups. What is measured has another session: one that knows the relations already
  // takes fewer locks.
  std::unique_ptr<Connection> setup_session_;
  std::unique_ptr<Connection> session_;  // what MeasureInside() runs in; null: to be made
  int64_t markers_ = 0;                  // how often the marker table was read
};

// Measures all cases, on as many servers as versions, the versions side by side. A case is measured
// on the versions that `measured` names, on all where it names none. What could not be measured,
// such as syntax that a version lacks, is left out, and said in `trouble`.
struct Measurement {
  const Case* truth_case = nullptr;
  int server = 0;
  Deeds deeds;
};

struct Measurements {
  std::vector<Measurement> done;     // in the order of the cases, then of the versions
  std::vector<std::string> trouble;  // sentences for people
};

Measurements MeasureAll(const std::vector<const Case*>& cases, const std::vector<int>& versions,
                        Sessions sessions);

}  // namespace plimsoll::truth

#endif  // PLIMSOLL_TESTS_SUPPORT_MEASURE_H_
