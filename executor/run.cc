#include "executor/run.h"

#include <algorithm>
#include <memory>
#include <thread>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "executor/ledger.h"

namespace plimsoll {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kOldestMajor = 12;
// From this version on a server can notice in the middle of a statement that its client is gone.
constexpr int kNoticesLostClients = 14;
constexpr int kLostClientInterval = 500;  // milliseconds

// The lock of all runners on this database's history table. Polled in autocommit, never awaited: a
// session that waits for an advisory lock holds a snapshot, and CREATE INDEX CONCURRENTLY waits for
// snapshots, so the two would deadlock.
constexpr char kTryLock[] =
    "SELECT pg_catalog.pg_try_advisory_lock("
    "pg_catalog.hashtextextended('plimsoll public.schema_migrations', 0))::text";
constexpr char kUnlock[] =
    "SELECT pg_catalog.pg_advisory_unlock("
    "pg_catalog.hashtextextended('plimsoll public.schema_migrations', 0))::text";
constexpr char kLockHolder[] = R"sql(
WITH key AS (SELECT pg_catalog.hashtextextended('plimsoll public.schema_migrations', 0) AS value)
SELECT a.pid::text, a.application_name, a.usename::text,
       pg_catalog.to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')
FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a USING (pid), key
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 AND a.datname = current_database()
  AND l.classid::bigint = ((key.value >> 32) & 4294967295)
  AND l.objid::bigint = (key.value & 4294967295))sql";

// Of CREATE INDEX CONCURRENTLY: what a failure left behind. $1 is the table, $2 the index.
constexpr char kInvalidIndex[] = R"sql(
SELECT i.indexrelid::pg_catalog.regclass::text
FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = pg_catalog.to_regclass($1) AND c.relname = $2 AND NOT i.indisvalid)sql";

int64_t MillisecondsSince(Clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start).count();
}

std::string Quoted(absl::string_view identifier) {
  std::string quoted = "\"";
  for (const char c : identifier) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + "\"";
}

// Where the server points, or else where the statement begins.
Position Place(const PlannedStatement& statement, const SqlError& error) {
  uint32_t byte = statement.span.begin;
  if (error.position > 1) {
    const absl::string_view sql = statement.sql();
    uint32_t character = 0;
    for (uint32_t i = 0; i < sql.size(); ++i) {
      const bool starts = (static_cast<unsigned char>(sql[i]) & 0xC0U) != 0x80U;
      if (starts && ++character == error.position) byte = statement.span.begin + i;
    }
  }
  return statement.source->Locate(byte);
}

class Runner {
 public:
  Runner(const Plan& plan, const Connector& connect, const RunOptions& options,
         const std::function<void(const RunEvent&)>& listener)
      : plan_(plan), connect_(connect), options_(options), listener_(listener) {}

  RunReport Go() {
    if (Connect() && Lock() && Compare()) {
      for (const PlannedMigration& migration : plan_.migrations) {
        if (!RunMigration(migration)) break;
      }
    }
    if (locked_ && connection_->alive()) {
      // Nothing hangs on the answer: the lock ends with the session.
      const auto ignored = connection_->Execute(kUnlock);
      (void)ignored;
    }
    if (connection_ != nullptr) connection_->Close();
    if (report_.outcome == Outcome::kNothingToDo && !report_.applied.empty()) {
      report_.outcome = Outcome::kApplied;
    }
    return std::move(report_);
  }

 private:
  bool Stop(Outcome outcome, std::string message) {
    report_.outcome = outcome;
    report_.message = std::move(message);
    return false;
  }

  void Tell(RunEventKind kind, const PlannedMigration* migration, std::string text = "",
            int64_t milliseconds = 0) {
    if (!listener_) return;
    listener_({.kind = kind,
               .migration = migration,
               .text = std::move(text),
               .milliseconds = milliseconds});
  }

  // ---- before the first migration ------------------------------------------------------------

  bool Connect() {
    auto connection = connect_();
    if (!connection.ok()) {
      return Stop(Outcome::kUnavailable, std::string(connection.status().message()));
    }
    connection_ = *std::move(connection);
    if (connection_->server_version() < kOldestMajor) {
      return Stop(Outcome::kUnavailable,
                  absl::StrCat("the server is PostgreSQL ", connection_->server_version(),
                               ", and Plimsoll knows ", kOldestMajor, " and newer"));
    }
    const auto server = connection_->Execute(
        "SELECT pg_catalog.pg_backend_pid()::text, pg_catalog.pg_is_in_recovery()::text");
    if (!server.ok()) {
      return Stop(Outcome::kUnavailable, std::string(server.status().message()));
    }
    if (server->values[0][1] == "true") {
      return Stop(Outcome::kUnavailable, "the server is a standby: it takes no changes");
    }
    if (server->values[0][0] != absl::StrCat(connection_->backend_pid())) {
      return Stop(Outcome::kUnavailable,
                  "the connection goes through a pooler that shares server sessions, where the "
                  "lock against a second runner cannot be held: connect to the server itself "
                  "(often port 5432 in place of 6543)");
    }
    notices_lost_clients_ =
        connection_->server_version() >= kNoticesLostClients &&
        connection_
            ->Execute(absl::StrCat("SET client_connection_check_interval = ", kLostClientInterval))
            .ok();
    return true;
  }

  bool Lock() {
    const auto start = Clock::now();
    auto pause = std::chrono::milliseconds(50);
    constexpr auto kLongestPause = std::chrono::milliseconds(1000);
    for (bool told = false;; told = true) {
      const auto tried = connection_->Execute(kTryLock);
      if (!tried.ok()) {
        return Stop(Outcome::kUnavailable, absl::StrCat("cannot take the lock against a second "
                                                        "runner: ",
                                                        tried.status().message()));
      }
      locked_ = tried->values[0][0] == "true";
      if (locked_) return true;
      if (Clock::now() - start > options_.runner_patience) {
        return Stop(Outcome::kUnavailable,
                    absl::StrCat("another runner is at work on this database: ", LockHolder(),
                                 "; gave up after ", MillisecondsSince(start) / 1000, " s"));
      }
      if (!told) Tell(RunEventKind::kWaiting, nullptr, LockHolder());
      std::this_thread::sleep_for(pause);
      pause = std::min(pause * 2, kLongestPause);
    }
  }

  std::string LockHolder() {
    const auto holder = connection_->Execute(kLockHolder);
    if (!holder.ok() || holder->values.empty()) return "a session that has just ended";
    const std::vector<Value>& row = holder->values[0];
    return absl::StrCat("process ", row[0].value_or("?"), " (", row[1].value_or("?"), ", user ",
                        row[2].value_or("?"), ", connected since ", row[3].value_or("?"), " UTC)");
  }

  // Under the lock: what is applied now, and whether it is what the files say.
  bool Compare() {
    const auto exists = LedgerExists(*connection_);
    if (!exists.ok()) {
      return Stop(Outcome::kUnavailable, std::string(exists.status().message()));
    }
    if (!*exists) {
      const absl::Status created = CreateLedger(*connection_);
      if (!created.ok()) return Stop(Outcome::kUnavailable, std::string(created.message()));
    }
    const auto rows = ReadLedger(*connection_);
    if (!rows.ok()) return Stop(Outcome::kUnavailable, std::string(rows.status().message()));
    states_ = Reconcile(plan_.files, *rows);
    const std::string drift = DescribeDrift(states_, options_.allow_missing_files);
    if (!drift.empty()) return Stop(Outcome::kDrifted, drift);
    const std::string late = options_.allow_out_of_order ? "" : DescribeOutOfOrder(states_);
    return late.empty() || Stop(Outcome::kRefused, late);
  }

  const MigrationState* StateOf(const PlannedMigration& migration) const {
    for (const MigrationState& state : states_) {
      if (state.version == migration.file.version) return &state;
    }
    return nullptr;
  }

  // ---- one migration -------------------------------------------------------------------------

  bool RunMigration(const PlannedMigration& migration) {
    const MigrationState* state = StateOf(migration);
    // Another runner was faster than our plan.
    if (state != nullptr && IsApplied(state->state)) return true;
    started_ = Clock::now();
    done_ = 0;
    const absl::Status prepared = PrepareSession(*connection_);
    if (!prepared.ok()) return Fail(migration, nullptr, prepared);
    if (!Resume(migration, state)) return false;
    Tell(RunEventKind::kStarted, &migration);
    const bool succeeded = migration.atomic() ? RunAtomic(migration) : RunInPieces(migration);
    if (!succeeded) return false;
    report_.applied.push_back(&migration);
    Tell(RunEventKind::kApplied, &migration, "", MillisecondsSince(started_));
    return true;
  }

  // What one migration sets must not reach the next one, nor our own statements.
  absl::Status PrepareSession(Connection& connection) const {
    std::string sql = absl::StrCat(
        "RESET SESSION AUTHORIZATION; RESET ROLE; RESET ALL; DISCARD TEMP; SET lock_timeout = ",
        options_.lock_timeout.count());
    if (notices_lost_clients_) {
      absl::StrAppend(&sql, "; SET client_connection_check_interval = ", kLostClientInterval);
    }
    return connection.Execute(sql).status();
  }

  // Where an earlier run stopped half-way, go on after its last statement, if the file still
  // begins with what has run.
  bool Resume(const PlannedMigration& migration, const MigrationState* state) {
    if (state == nullptr || !state->row.has_value() || state->row->statements_done == 0) {
      return true;
    }
    const LedgerRow& row = *state->row;
    if (row.statements_done > migration.statement_count() ||
        PrefixDigest(migration, row.statements_done) != row.done_digest) {
      return Stop(
          Outcome::kRefused,
          absl::StrCat("\"", migration.file.path, "\" stopped after ", row.statements_done,
                       " statements, which are in the database, and the file no longer begins "
                       "with them: restore them, or undo them by hand and delete version ",
                       row.version, " from `", kLedgerTable, "`"));
    }
    done_ = row.statements_done;
    Tell(RunEventKind::kContinued, &migration,
         absl::StrCat("after ", done_, " of ", migration.statement_count(), " statements"));
    return true;
  }

  bool RunAtomic(const PlannedMigration& migration) {
    static const Batch kEmpty;
    const Batch& batch = migration.batches.empty() ? kEmpty : migration.batches.front();
    return RunTransaction(migration, batch, /*first=*/0, RowStatus::kApplied);
  }

  bool RunInPieces(const PlannedMigration& migration) {
    if (!Record(migration, RowStatus::kRunning, done_)) return false;
    uint32_t next = 0;  // number of the batch's first statement in the migration
    for (size_t i = 0; i < migration.batches.size(); ++i) {
      const Batch& batch = migration.batches[i];
      const uint32_t first = next;
      next += static_cast<uint32_t>(batch.statements.size());
      const RowStatus after =
          i + 1 == migration.batches.size() ? RowStatus::kApplied : RowStatus::kRunning;
      const bool succeeded =
          next <= done_ ? Repeat(migration, batch) &&
                              (after == RowStatus::kRunning || Record(migration, after, done_))
          : batch.transactional ? RunTransaction(migration, batch, first, after)
                                : RunAlone(migration, batch.statements.front(), after);
      if (!succeeded) return false;
    }
    return true;
  }

  // A batch that an earlier run finished: only what it set for the session is said again.
  bool Repeat(const PlannedMigration& migration, const Batch& batch) {
    for (const PlannedStatement& statement : batch.statements) {
      if (statement.sets_session && !Send(migration, statement)) return false;
    }
    return true;
  }

  bool RunTransaction(const PlannedMigration& migration, const Batch& batch, uint32_t first,
                      RowStatus after) {
    const auto begun = connection_->Execute(batch.begin);
    if (!begun.ok()) return Fail(migration, nullptr, begun.status());
    uint32_t number = first;
    for (const PlannedStatement& statement : batch.statements) {
      if (number++ < done_ && !statement.sets_session) continue;
      if (!Send(migration, statement)) return false;
      if (connection_->transaction_state() != TransactionState::kOpen) {
        return Fail(migration, &statement,
                    absl::InternalError("the statement ended the transaction it stood in"));
      }
    }
    // A role that the migration took on need not be allowed to write our table.
    const auto reset = connection_->Execute("RESET SESSION AUTHORIZATION; RESET ROLE");
    if (!reset.ok()) return Fail(migration, nullptr, reset.status());
    if (!Record(migration, after, number)) return false;
    const auto committed = connection_->Execute("COMMIT");
    if (!committed.ok()) return Fail(migration, nullptr, committed.status());
    if (committed->tag != "COMMIT") {
      return Fail(migration, nullptr, absl::InternalError("the server rolled it back"));
    }
    done_ = number;
    return true;
  }

  bool RunAlone(const PlannedMigration& migration, const PlannedStatement& statement,
                RowStatus after) {
    const bool unbounded = statement.waits_by_design && !migration.sets_lock_timeout;
    if (unbounded && !SetLockTimeout(migration, 0)) return false;
    const absl::Status dropped = DropInvalidIndex(*connection_, migration, statement);
    if (!dropped.ok()) return Fail(migration, &statement, dropped);
    if (!Send(migration, statement)) return false;
    if (unbounded && !SetLockTimeout(migration, options_.lock_timeout.count())) return false;
    ++done_;
    return Record(migration, after, done_);
  }

  bool SetLockTimeout(const PlannedMigration& migration, int64_t milliseconds) {
    const auto set = connection_->Execute(absl::StrCat("SET lock_timeout = ", milliseconds));
    return set.ok() || Fail(migration, nullptr, set.status());
  }

  bool Send(const PlannedMigration& migration, const PlannedStatement& statement) {
    const bool copy = !statement.copy_data.empty();
    const auto sent =
        copy ? connection_->CopyIn(statement.sql(), statement.source->Text(statement.copy_data))
             : connection_->Execute(statement.sql());
    return sent.ok() || Fail(migration, &statement, sent.status());
  }

  // A CREATE INDEX CONCURRENTLY that failed or was killed leaves an index that is never used and
  // always maintained, and IF NOT EXISTS would take it for the real one.
  absl::Status DropInvalidIndex(Connection& connection, const PlannedMigration& migration,
                                const PlannedStatement& statement) {
    if (!statement.concurrent_index.has_value()) return absl::OkStatus();
    const Name& table = statement.concurrent_index->table;
    const std::string name = absl::StrCat(
        table.schema.empty() ? "" : absl::StrCat(Quoted(table.schema), "."), Quoted(table.name));
    const auto invalid = connection.ExecuteParams(
        kInvalidIndex, {Value(name), Value(statement.concurrent_index->index)});
    if (!invalid.ok()) return invalid.status();
    for (const std::vector<Value>& row : invalid->values) {
      const std::string index = row[0].value_or("");
      const auto dropped = connection.Execute(absl::StrCat("DROP INDEX CONCURRENTLY ", index));
      if (!dropped.ok()) return dropped.status();
      Tell(RunEventKind::kIndexDropped, &migration, index);
    }
    return absl::OkStatus();
  }

  // ---- the history row -----------------------------------------------------------------------

  absl::StatusOr<bool> Write(Connection& connection, const PlannedMigration& migration,
                             RowStatus status, uint32_t done, const std::string& error) const {
    return WriteLedger(connection, {.migration = &migration,
                                    .status = status,
                                    .execution_time_ms = MillisecondsSince(started_),
                                    .error_message = error,
                                    .statements_done = done});
  }

  bool Record(const PlannedMigration& migration, RowStatus status, uint32_t done) {
    const auto written = Write(*connection_, migration, status, done, "");
    if (!written.ok()) return Fail(migration, nullptr, written.status());
    return *written || Fail(migration, nullptr, absl::AbortedError("another runner applied it"));
  }

  // ---- failure -------------------------------------------------------------------------------

  bool Fail(const PlannedMigration& migration, const PlannedStatement* statement,
            const absl::Status& status) {
    RunFailure failure{.migration = &migration,
                       .statement = statement,
                       .error = SqlErrorOf(status),
                       .statements_done = done_};
    std::string where = migration.file.path;
    if (statement != nullptr) {
      failure.at = Place(*statement, failure.error);
      absl::StrAppend(&where, ":", failure.at.line, ":", failure.at.column);
    }
    std::string message = absl::StrCat(where, ": ", failure.error.message);
    const absl::StatusOr<bool> recorded = RecordFailure(migration, statement, message);
    if (!recorded.ok()) {
      absl::StrAppend(&message, "\n(and that could not be recorded: ", recorded.status().message(),
                      ")");
    } else if (!*recorded) {
      absl::StrAppend(&message, "\n(but it is applied: only the answer was lost; run again)");
    }
    report_.failure = std::move(failure);
    return Stop(Outcome::kFailed, std::move(message));
  }

  // Rolls back and writes the row `failed`, over a second connection where the first is lost.
  // False where the row says that the migration is applied.
  absl::StatusOr<bool> RecordFailure(const PlannedMigration& migration,
                                     const PlannedStatement* statement,
                                     const std::string& message) {
    if (!connection_->alive()) {
      auto second = connect_();
      if (!second.ok()) return second.status();
      connection_ = *std::move(second);
      locked_ = false;
    }
    if (connection_->transaction_state() != TransactionState::kIdle) {
      const auto rolled_back = connection_->Execute("ROLLBACK");
      if (!rolled_back.ok()) return rolled_back.status();
    }
    const absl::Status prepared = PrepareSession(*connection_);
    if (!prepared.ok()) return prepared;
    if (statement != nullptr && locked_) {
      // If it stays, the next run finds it.
      const absl::Status ignored = DropInvalidIndex(*connection_, migration, *statement);
      (void)ignored;
    }
    return Write(*connection_, migration, RowStatus::kFailed, done_, message);
  }

  const Plan& plan_;
  const Connector& connect_;
  const RunOptions& options_;
  const std::function<void(const RunEvent&)>& listener_;

  RunReport report_;
  std::unique_ptr<Connection> connection_;
  bool locked_ = false;
  bool notices_lost_clients_ = false;
  std::vector<MigrationState> states_;

  // Of the migration at work.
  Clock::time_point started_;
  uint32_t done_ = 0;  // statements that stay, whatever happens next
};

}  // namespace

RunReport Run(const Plan& plan, const Verdict& verdict, const Connector& connect,
              const RunOptions& options, const std::function<void(const RunEvent&)>& listener) {
  if (!verdict.allowed()) {
    return {.outcome = Outcome::kRefused, .message = "the migrations did not pass the analysis"};
  }
  if (verdict.fingerprint != plan.fingerprint) {
    return {.outcome = Outcome::kRefused,
            .message = "the bytes to send are not those that passed the analysis"};
  }
  return Runner(plan, connect, options, listener).Go();
}

}  // namespace plimsoll
