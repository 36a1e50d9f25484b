#ifndef PLIMSOLL_EXECUTOR_LEDGER_H_
#define PLIMSOLL_EXECUTOR_LEDGER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "executor/connection.h"
#include "executor/plan.h"

// The history table: which migrations ran, when, and how it ended. Six tools use the name
// schema_migrations for tables of other shapes, so its columns are looked at before anything else;
// a table that is not ours is never touched.

namespace plimsoll {

inline constexpr char kLedgerTable[] = "public.schema_migrations";

enum class RowStatus { kApplied, kRunning, kFailed };

struct LedgerRow {
  int64_t version = 0;
  std::string id;
  std::string name;
  std::string checksum;
  std::string applied_at;  // in UTC; empty where it was not
  std::optional<int64_t> execution_time_ms;
  RowStatus status = RowStatus::kApplied;
  std::string error_message;
  // How many statements of it are done for good, and PrefixDigest of them.
  uint32_t statements_done = 0;
  std::string done_digest;
};

// Whether the table exists. FailedPrecondition, with what it looks like, where another tool's does.
absl::StatusOr<bool> LedgerExists(Connection& connection);
absl::Status CreateLedger(Connection& connection);

// Sorted by version. Empty where there is no table yet. Changes nothing.
absl::StatusOr<std::vector<LedgerRow>> ReadLedger(Connection& connection);

struct LedgerEntry {
  const PlannedMigration* migration = nullptr;
  RowStatus status = RowStatus::kApplied;
  std::optional<int64_t> execution_time_ms;
  std::string error_message;
  uint32_t statements_done = 0;
};

// Inserts or replaces the row of a version. False where it was applied already: a row of an
// applied migration is never overwritten.
absl::StatusOr<bool> WriteLedger(Connection& connection, const LedgerEntry& entry);

// How files and rows stand to each other.
enum class State {
  kApplied,
  kPending,
  kFailed,   // the last attempt failed; it is pending
  kRunning,  // begun and not ended: a runner is at work, or was killed
  kDrifted,  // the file was changed after it was applied
  kMissing,  // applied, and the file is gone
};
absl::string_view StateName(State state);

struct MigrationState {
  State state = State::kPending;
  int64_t version = 0;
  std::string id;
  std::optional<MigrationFile> file;
  std::optional<LedgerRow> row;
  // Nothing of it is in the database, and a migration with a higher version is: it was written, or
  // merged, after that one ran.
  bool out_of_order = false;
};

// Sorted by version. Pure.
std::vector<MigrationState> Reconcile(absl::Span<const MigrationFile> files,
                                      absl::Span<const LedgerRow> rows);

// Whether it is in the database, changed or not.
bool IsApplied(State state);

// A line for each migration that is applied, or half so, and was changed or whose file is gone;
// empty where all is well.
std::string DescribeDrift(absl::Span<const MigrationState> states, bool allow_missing_files);

// A line for each migration that is out of order; empty where there is none.
std::string DescribeOutOfOrder(absl::Span<const MigrationState> states);

}  // namespace plimsoll

#endif  // PLIMSOLL_EXECUTOR_LEDGER_H_
