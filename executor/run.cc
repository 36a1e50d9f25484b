#include "executor/run.h"

#include <algorithm>
#include <memory>
#include <set>
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

// A table as the session's search path finds it: $1.
constexpr char kTable[] = R"sql(
SELECT c.oid::text, pg_catalog.format('%I.%I', n.nspname, c.relname)
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = pg_catalog.to_regclass($1))sql";
// The invalid indexes of the table $1, and of those only $2 where that is not empty.
constexpr char kInvalidIndexes[] = R"sql(
SELECT i.indexrelid::text, pg_catalog.format('%I.%I', n.nspname, c.relname)
FROM pg_catalog.pg_index i
JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE i.indrelid = $1::pg_catalog.oid AND NOT i.indisvalid AND $2::text IN ('', c.relname)
ORDER BY c.relname)sql";
// Who builds an index on the table $1, or does other work of that kind. Autovacuum has no user.
constexpr char kBuilder[] = R"sql(
SELECT a.pid::text, a.application_name, a.usename::text
FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a USING (pid)
WHERE l.locktype = 'relation' AND l.granted AND l.mode = 'ShareUpdateExclusiveLock'
  AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
  AND l.relation = $1::pg_catalog.oid AND l.pid <> pg_catalog.pg_backend_pid()
  AND a.usesysid IS NOT NULL)sql";

int64_t MillisecondsSince(Clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start).count();
}

// A CREATE INDEX CONCURRENTLY at work. The table is known by its OID, since after a failure the
// search path that the migration chose is no longer set.
struct IndexBuild {
  std::string table_oid;
  std::string table;                // as SQL names it whatever the search path is
  std::string index;                // empty: the server chooses the name
  std::set<std::string> untouched;  // OIDs of invalid indexes that were there and are not ours
};

struct InvalidIndex {
  std::string oid;
  std::string name;  // as SQL names it whatever the search path is
};

absl::StatusOr<std::vector<InvalidIndex>> InvalidIndexes(Connection& connection,
                                                         const IndexBuild& build) {
  const auto rows = connection.ExecuteParams(kInvalidIndexes, {build.table_oid, build.index});
  if (!rows.ok()) return rows.status();
  std::vector<InvalidIndex> indexes;
  for (const std::vector<Value>& row : rows->values) {
    if (build.untouched.contains(row[0].value_or(""))) continue;
    indexes.push_back({.oid = row[0].value_or(""), .name = row[1].value_or("")});
  }
  return indexes;
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

  // DISCARD ALL in a migration gives our lock away. Whoever got it then may have changed the rows.
  bool KeepLock() {
    const auto holder = connection_->Execute(kLockHolder);
    const bool ours = holder.ok() && !holder->values.empty() &&
                      holder->values[0][0] == absl::StrCat(connection_->backend_pid());
    return ours || (Lock() && Compare());
  }

  bool RunMigration(const PlannedMigration& migration) {
    if (!KeepLock()) return false;
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
    const absl::Status prepared = PrepareIndexBuild(migration, statement);
    if (!prepared.ok()) return Fail(migration, &statement, prepared);
    if (!Send(migration, statement)) return false;
    build_.reset();
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

  // Of CREATE INDEX CONCURRENTLY: drops an invalid index that has its name. One that failed or was
  // killed leaves an index that is never used and always maintained, and IF NOT EXISTS would take
  // it for the real one.
  absl::Status PrepareIndexBuild(const PlannedMigration& migration,
                                 const PlannedStatement& statement) {
    if (!statement.concurrent_index.has_value()) return absl::OkStatus();
    const Name& name = statement.concurrent_index->table;
    const auto table = connection_->ExecuteParams(
        kTable, {absl::StrCat(name.schema.empty() ? "" : absl::StrCat(Quoted(name.schema), "."),
                              Quoted(name.name))});
    if (!table.ok()) return table.status();
    if (table->values.empty()) return absl::OkStatus();  // the statement itself will say so
    const std::vector<Value>& row = table->values.front();
    IndexBuild build{.table_oid = row[0].value_or(""),
                     .table = row[1].value_or(""),
                     .index = statement.concurrent_index->index};
    const auto indexes = InvalidIndexes(*connection_, build);
    if (!indexes.ok()) return indexes.status();
    for (const InvalidIndex& index : *indexes) {
      if (build.index.empty()) {
        build.untouched.insert(index.oid);
        Tell(RunEventKind::kIndexUnclear, &migration, index.name);
        continue;
      }
      const auto dropped = DropInvalidIndex(build, index, options_.runner_patience);
      if (!dropped.ok()) return dropped.status();
      if (*dropped) Tell(RunEventKind::kIndexDropped, &migration, index.name);
    }
    build_ = std::move(build);
    return absl::OkStatus();
  }

  // False where it became valid while we waited, or is gone.
  absl::StatusOr<bool> DropInvalidIndex(const IndexBuild& build, const InvalidIndex& index,
                                        std::chrono::milliseconds patience) {
    absl::Status status = AwaitBuilders(build, patience);
    if (status.ok()) {
      const auto indexes = InvalidIndexes(*connection_, build);
      status = indexes.status();
      const auto is_it = [&index](const InvalidIndex& other) { return other.oid == index.oid; };
      if (indexes.ok() && std::none_of(indexes->begin(), indexes->end(), is_it)) return false;
    }
    if (status.ok()) {
      status = connection_->Execute(absl::StrCat("DROP INDEX CONCURRENTLY ", index.name)).status();
    }
    if (status.ok()) return true;
    return Doing(absl::StrCat("drop the invalid index ", index.name), status);
  }

  // An index that somebody builds is invalid until it is done. Polled, since a session that waits
  // for the table's lock would deadlock with the builder, which waits for our snapshot.
  absl::Status AwaitBuilders(const IndexBuild& build, std::chrono::milliseconds patience) {
    constexpr auto kPause = std::chrono::milliseconds(50);
    for (const auto start = Clock::now();; std::this_thread::sleep_for(kPause)) {
      const auto builder = connection_->ExecuteParams(kBuilder, {build.table_oid});
      if (!builder.ok()) return builder.status();
      if (builder->values.empty()) return absl::OkStatus();
      if (Clock::now() - start < patience) continue;
      const std::vector<Value>& row = builder->values.front();
      return SqlStatus(
          {.message = absl::StrCat("process ", row[0].value_or("?"), " (", row[1].value_or("?"),
                                   ", user ", row[2].value_or("?"), ") is at work on ", build.table,
                                   ", and may be building it")});
    }
  }

  // After a failure: drops the invalid index that it left, if it left one. Returns what stays.
  std::vector<std::string> ClearIndexBuild(const PlannedMigration& migration) {
    const auto build = std::exchange(build_, std::nullopt);
    if (!build.has_value()) return {};
    const auto indexes = InvalidIndexes(*connection_, *build);
    std::vector<std::string> left;
    if (!indexes.ok()) return left;
    for (const InvalidIndex& index : *indexes) {
      // Without the lock another runner may be at work: it drops the index itself.
      const absl::StatusOr<bool> dropped =
          locked_ ? DropInvalidIndex(*build, index, options_.lock_timeout)
                  : absl::StatusOr<bool>(absl::AbortedError("not alone"));
      if (!dropped.ok()) left.push_back(index.name);
      if (dropped.ok() && *dropped) Tell(RunEventKind::kLeftoverDropped, &migration, index.name);
    }
    return left;
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
    const absl::StatusOr<bool> recorded = RecordFailure(message, failure);
    failure.lost = absl::IsUnavailable(status);
    failure.unknown = failure.lost && !recorded.ok() && statement == nullptr;
    if (!recorded.ok() && recorded.status() != status) {
      absl::StrAppend(&message, "\n(and that could not be recorded: ", recorded.status().message(),
                      ")");
    } else if (recorded.ok() && !*recorded) {
      failure.applied = true;
      absl::StrAppend(&message, "\n(but it is applied: only the answer was lost; run again)");
    }
    report_.failure = std::move(failure);
    return Stop(Outcome::kFailed, std::move(message));
  }

  // Rolls back and writes the row `failed`, over a second connection where the first is lost.
  // False where the row says that the migration is applied.
  absl::StatusOr<bool> RecordFailure(const std::string& message, RunFailure& failure) {
    const PlannedMigration& migration = *failure.migration;
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
    failure.invalid_indexes = ClearIndexBuild(migration);
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
  std::optional<IndexBuild> build_;
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
