#ifndef PLIMSOLL_EXECUTOR_RUN_H_
#define PLIMSOLL_EXECUTOR_RUN_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "analyzer/checking/verdict.h"
#include "executor/connection.h"
#include "executor/plan.h"

// Carries out a plan. What it promises: a migration that is one transaction is committed together
// with its history row, so it is never applied and unrecorded, however we end. A migration with
// statements outside a transaction has a row `running` from before its first statement, which
// counts what is done, so the next run continues after the last statement that is.
//
// It never analyses: it takes a verdict, and sends nothing that has another fingerprint.

namespace plimsoll {

struct RunOptions {
  // How long to wait for another runner to finish.
  std::chrono::milliseconds runner_patience = std::chrono::seconds(60);
  // How long a statement may wait for a table lock, with all later traffic queueing behind it.
  std::chrono::milliseconds lock_timeout = std::chrono::seconds(5);
  // Rows of applied migrations whose file is gone are an error.
  bool allow_missing_files = false;
  // Migrations may run although one with a higher version is applied.
  bool allow_out_of_order = false;
};

enum class RunEventKind {
  kWaiting,    // another runner has the lock; `text` names it
  kStarted,    // a migration
  kContinued,  // a migration that an earlier run left half done; `text` says where
  // An invalid index; `text` is its name with its schema.
  kIndexDropped,     // it had the name of one that was about to be built
  kIndexUnclear,     // it may be what is left of an earlier attempt: the server chose the name
  kLeftoverDropped,  // the CREATE INDEX CONCURRENTLY that has just failed left it behind
  kApplied,          // a migration, in `milliseconds`
};

struct RunEvent {
  RunEventKind kind = RunEventKind::kStarted;
  const PlannedMigration* migration = nullptr;
  std::string text;
  int64_t milliseconds = 0;
};

enum class Outcome {
  kApplied,      // everything that was pending
  kNothingToDo,  // nothing was
  kRefused,      // the verdict says no, or is about other bytes, or the order is wrong
  kFailed,       // a migration failed; what came before it is applied
  kDrifted,      // applied migrations were changed, or their files are gone; nothing was run
  kUnavailable,  // no connection, no lock, a foreign history table; nothing was run
};

struct RunFailure {
  const PlannedMigration* migration = nullptr;
  const PlannedStatement* statement = nullptr;  // null: it was the commit, or our own row
  SqlError error;
  Position at;                   // in the file, where there is a statement
  uint32_t statements_done = 0;  // that stay, for they ran outside the failed transaction
  // What the failed CREATE INDEX CONCURRENTLY left behind and could not be dropped, with schemas.
  std::vector<std::string> invalid_indexes;
  bool applied = false;  // after all: the commit arrived and only its answer was lost
  bool lost = false;     // the connection, or no answer came
  bool unknown = false;  // whether it is applied: the connection did not come back either
};

struct RunReport {
  Outcome outcome = Outcome::kNothingToDo;
  std::string message;                           // why, unless it is kApplied or kNothingToDo
  std::vector<const PlannedMigration*> applied;  // by this run
  std::optional<RunFailure> failure;
};

// `connect` is called once, and again to record a failure where the connection was lost.
RunReport Run(const Plan& plan, const Verdict& verdict, const Connector& connect,
              const RunOptions& options, const std::function<void(const RunEvent&)>& listener);

}  // namespace plimsoll

#endif  // PLIMSOLL_EXECUTOR_RUN_H_
