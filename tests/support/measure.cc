#include "tests/support/measure.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <set>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analyzer/syntax/script.h"
#include "executor/postgres.h"

namespace plimsoll::truth {

// One relation as pg_class shows it.
struct Shown {
  std::string name;  // without the schema where that is `public`
  char kind = 'r';
  std::string file;  // relfilenode; 0 where there is none
  int64_t scans = 0;

  bool IsIndex() const { return kind == 'i' || kind == 'I'; }
};

struct Snapshot {
  std::map<std::string, Shown> relations;            // by OID
  std::map<std::string, std::string> oids;           // by name
  std::set<std::pair<std::string, LockMode>> locks;  // OID and mode

  void Add(const std::string& oid, Shown shown) {
    oids.emplace(shown.name, oid);
    relations.emplace(oid, std::move(shown));
  }
  const Shown* Find(const std::string& oid) const {
    const auto found = relations.find(oid);
    return found == relations.end() ? nullptr : &found->second;
  }
  const Shown* FindByName(const std::string& name) const {
    const auto found = oids.find(name);
    return found == oids.end() ? nullptr : Find(found->second);
  }
};

namespace {

// The names that the cases use.
constexpr absl::string_view kDatabase = "truth_case";
constexpr absl::string_view kRole = "truth_runner";

// Ordinary relations only: TOAST tables follow their tables. `%s` is the counter to read.
constexpr absl::string_view kRelations = R"sql(
  select c.oid, case when n.nspname = 'public' then c.relname
                     when n.nspname like 'pg\_temp%' then 'pg_temp.' || c.relname
                     else n.nspname || '.' || c.relname end,
         c.relkind, c.relfilenode, )sql";
constexpr absl::string_view kOfCases = R"sql((c.oid)
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.oid >= 16384 and n.nspname <> 'truth_harness' and n.nspname !~ '^pg_toast')sql";
constexpr absl::string_view kOfTransaction = "pg_stat_get_xact_numscans";
constexpr absl::string_view kOfServer = "pg_stat_get_numscans";

std::string LocksOf(absl::string_view process) {
  return absl::StrCat("select relation, mode from pg_locks where pid = ", process,
                      " and locktype = 'relation' and relation >= 16384 and granted");
}

// `ShareRowExclusiveLock` -> SHARE ROW EXCLUSIVE
LockMode ParseServerMode(const std::string& mode) {
  static const auto* modes = new std::map<std::string, LockMode>{
      {"AccessShareLock", LockMode::kAccessShare},
      {"RowShareLock", LockMode::kRowShare},
      {"RowExclusiveLock", LockMode::kRowExclusive},
      {"ShareUpdateExclusiveLock", LockMode::kShareUpdateExclusive},
      {"ShareLock", LockMode::kShare},
      {"ShareRowExclusiveLock", LockMode::kShareRowExclusive},
      {"ExclusiveLock", LockMode::kExclusive},
      {"AccessExclusiveLock", LockMode::kAccessExclusive}};
  return modes->at(mode);
}

absl::Status AddLocks(Connection& connection, const std::string& query, Snapshot& snapshot) {
  const absl::StatusOr<Rows> locks = connection.Execute(query);
  if (!locks.ok()) return locks.status();
  for (const std::vector<Value>& row : locks->values) {
    snapshot.locks.insert({*row[0], ParseServerMode(*row[1])});
  }
  return absl::OkStatus();
}

absl::StatusOr<Snapshot> Look(Connection& connection, absl::string_view counter) {
  const absl::StatusOr<Rows> relations =
      connection.Execute(absl::StrCat(kRelations, counter, kOfCases));
  if (!relations.ok()) return relations.status();
  Snapshot snapshot;
  for (const std::vector<Value>& row : relations->values) {
    Shown shown = {.name = *row[1], .kind = (*row[2])[0], .file = *row[3]};
    if (row[4] && !absl::SimpleAtoi(*row[4], &shown.scans)) shown.scans = 0;
    snapshot.Add(*row[0], std::move(shown));
  }
  return snapshot;
}

absl::StatusOr<Snapshot> LookFromInside(Connection& connection) {
  absl::StatusOr<Snapshot> snapshot = Look(connection, kOfTransaction);
  if (!snapshot.ok()) return snapshot;
  const absl::Status locks = AddLocks(connection, LocksOf("pg_backend_pid()"), *snapshot);
  return locks.ok() ? std::move(snapshot) : locks;
}

// One relation's locks may stand under two OIDs: what is dropped and made again under its name is
// one relation to its users.
struct Held {
  bool existed = false;
  std::set<std::pair<LockMode, bool>> modes;  // and whether it was held before the statement
};

// `start` is before the transaction, `before` before the statement, `after` after it.
void ReadLocks(const Snapshot& start, const Snapshot& before, const Snapshot& after, Deeds& deeds) {
  std::map<std::string, Held> relations;
  for (const auto& [oid, mode] : after.locks) {
    const Shown* shown = after.Find(oid);
    if (shown == nullptr) shown = start.Find(oid);
    if (shown == nullptr) continue;  // made and dropped again, or the transient heap of a rewrite
    if (shown->IsIndex() && mode != LockMode::kAccessExclusive) continue;
    Held& held = relations[shown->name];
    held.existed |= start.Find(oid) != nullptr || start.FindByName(shown->name) != nullptr;
    held.modes.insert({mode, before.locks.contains({oid, mode})});
  }
  for (const auto& [name, held] : relations) {
    if (!held.existed) continue;
    for (const auto& [mode, prior] : held.modes) {
      LockMode& strongest =
          (prior ? deeds.held : deeds.locks).try_emplace(name, mode).first->second;
      strongest = std::max(strongest, mode);
    }
  }
}

void ReadIndex(const Snapshot& before, const std::string& oid, const Shown& now, Deeds& deeds) {
  const Shown* old = before.FindByName(now.name);
  const bool renamed = before.Find(oid) != nullptr;
  if (old == nullptr) {
    // The same index under another name was renamed, as USING INDEX does.
    if (!renamed) deeds.created.insert(now.name);
    return;
  }
  const bool same = before.oids.at(now.name) == oid;
  if (now.kind == 'i' && old->file != now.file) {
    if (same || !renamed) deeds.rebuilt.insert(now.name);
  } else if (!same) {
    deeds.reused.insert(now.name);
  }
}

void ReadWork(const Snapshot& before, const Snapshot& after, Deeds& deeds) {
  for (const auto& [oid, now] : after.relations) {
    if (now.IsIndex()) {
      ReadIndex(before, oid, now, deeds);
      continue;
    }
    const Shown* then = before.Find(oid);
    if (then == nullptr || (now.kind != 'r' && now.kind != 'm')) continue;
    if (then->file != now.file) deeds.rewritten.insert(now.name);
    if (now.scans > then->scans) deeds.scanned.insert(now.name);
  }
}

bool IsTruncate(const Case& truth_case) {
  return absl::StartsWithIgnoreCase(truth_case.statement, "truncate");
}

absl::Status ExecuteAll(Connection& connection, const std::vector<std::string>& statements) {
  for (const std::string& sql : statements) {
    if (const auto result = connection.Execute(sql); !result.ok()) return result.status();
  }
  return absl::OkStatus();
}

// A folder that the server may write to, as CREATE TABLESPACE wants it.
absl::StatusOr<std::string> MakeTablespace(const EphemeralServer& server) {
  std::string folder = absl::StrCat(server.socket_directory(), "/tablespace");
  struct stat above = {};
  if (stat(server.socket_directory().c_str(), &above) != 0 || mkdir(folder.c_str(), 0700) != 0 ||
      chown(folder.c_str(), above.st_uid, above.st_gid) != 0) {
    return absl::InternalError(absl::StrCat("cannot make the folder \"", folder, "\""));
  }
  return folder;
}

absl::StatusOr<std::unique_ptr<Connection>> ConnectAs(const EphemeralServer& server,
                                                      absl::string_view role) {
  return ConnectPostgres({.url = absl::StrCat("postgresql://", role, "@/", kDatabase,
                                              "?host=", server.socket_directory(),
                                              "&port=", EphemeralServer::port())});
}

// Statements that remove what the cases leave beside the objects of their role, one a row. What
// they own goes with DROP OWNED. The observer keeps its plan.
constexpr absl::string_view kLeftovers = R"sql(
  select format('rollback prepared %L', gid) from pg_prepared_xacts
  union all select format('alter subscription %I disable', subname) from pg_subscription
  union all select format('alter subscription %I set (slot_name = none)', subname)
            from pg_subscription
  union all select format('drop subscription %I', subname) from pg_subscription
  union all select format('drop owned by %I cascade', rolname) from pg_roles r
            where oid >= 16384 and exists (
              select from pg_shdepend
              where refclassid = 'pg_authid'::regclass and refobjid = r.oid)
  union all select format('drop access method if exists %I cascade', amname) from pg_am
            where oid >= 16384
  union all select format('drop cast if exists (%s as %s)', castsource::regtype,
                          casttarget::regtype)
            from pg_cast where oid >= 16384
  union all select format('drop database %I', datname) from pg_database
            where oid >= 16384 and datname <> 'truth_case'
  union all select format('drop role %I', rolname) from pg_roles
            where oid >= 16384 and rolname not in ('truth_runner', 'truth_app', 'truth_owner'))sql";

}  // namespace

absl::StatusOr<Bench> Bench::Start(int version, Sessions sessions) {
  absl::StatusOr<EphemeralServer> server = EphemeralServer::Start(
      {.version = version,
       .settings = {{"autovacuum", "off"},
                    {"timezone", "UTC"},
                    {"jit", "off"},
                    // Whoever drops a relation looks through all of them.
                    {"shared_buffers", "16MB"},
                    {"wal_level", "logical"},
                    {"max_prepared_transactions", "4"},
                    {"max_parallel_workers_per_gather", "0"},
                    {"max_parallel_maintenance_workers", "0"},
                    // MeasureOutside() has commits wait, and only those that write to the disk do.
                    {"fsync", "on"}}});
  if (!server.ok()) return server.status();
  const absl::StatusOr<std::string> tablespace = MakeTablespace(*server);
  if (!tablespace.ok()) return tablespace.status();
  absl::StatusOr<std::unique_ptr<Connection>> admin = ConnectPostgres({.url = server->url()});
  if (!admin.ok()) return admin.status();
  absl::Status status =
      ExecuteAll(**admin, {absl::StrCat("create role ", kRole, " login superuser"),
                           "create role truth_app login", "create role truth_owner login",
                           absl::StrCat("create tablespace truth_ts location '", *tablespace, "'"),
                           absl::StrCat("create database ", kDatabase)});
  if (!status.ok()) return status;
  absl::StatusOr<std::unique_ptr<Connection>> observer = ConnectAs(*server, "postgres");
  if (!observer.ok()) return observer.status();
  status = ExecuteAll(
      **observer, {"set client_min_messages = error", "create schema truth_harness",
                   "create table truth_harness.marker ()", "grant all on schema public to public",
                   absl::StrCat("prepare leftovers as ", kLeftovers)});
  if (!status.ok()) return status;
  absl::StatusOr<std::unique_ptr<Connection>> session = ConnectAs(*server, kRole);
  if (!session.ok()) return session.status();
  return Bench(*std::move(server), sessions, *std::move(observer), *std::move(session));
}

absl::StatusOr<std::unique_ptr<Connection>> Bench::Connect() const {
  return ConnectAs(server_, kRole);
}

absl::Status Bench::Renew() {
  absl::Status status = session_->Execute("rollback").status();
  status.Update(session_->Execute("discard all").status());
  return status;
}

absl::Status Bench::Clear() {
  const absl::StatusOr<Rows> leftovers = observer_->Execute("execute leftovers");
  if (!leftovers.ok()) return leftovers.status();
  for (const std::vector<Value>& row : leftovers->values) {
    if (const auto done = observer_->Execute(*row[0]); !done.ok()) return done.status();
  }
  return absl::OkStatus();
}

// Statement by statement: some of them refuse to run with others in one message.
absl::Status Bench::RunSetup(const Case& truth_case) {
  const Script script = ParseScript(std::make_shared<const Source>("setup.sql", truth_case.setup));
  for (const Statement& statement : script.statements) {
    const std::string sql = truth_case.setup.substr(statement.span.begin, statement.span.size());
    if (const auto result = setup_session_->Execute(sql); !result.ok()) return result.status();
  }
  return setup_session_->Execute("discard all").status();
}

absl::StatusOr<Deeds> Bench::Measure(const Case& truth_case) {
  absl::Status status = RunSetup(truth_case);
  // A set-up that failed may have begun a transaction.
  if (!status.ok()) setup_session_->Execute("rollback").status().IgnoreError();
  absl::StatusOr<Deeds> deeds = status.ok() ? MeasureInside(truth_case) : status;
  const bool outside = deeds.ok() && deeds->sqlstate == "25001" && truth_case.before.empty();
  // What the session holds goes with it; its counters would be published while others are read.
  const bool keep = sessions_ == Sessions::kOneForAll && !outside && session_ != nullptr;
  if (!keep || !Renew().ok()) session_.reset();
  if (outside) deeds = MeasureOutside(truth_case);
  status = Clear();
  if (!status.ok()) return status;
  return deeds;
}

absl::StatusOr<Deeds> Bench::MeasureInside(const Case& truth_case) {
  if (session_ == nullptr) {
    absl::StatusOr<std::unique_ptr<Connection>> connected = Connect();
    if (!connected.ok()) return connected.status();
    session_ = *std::move(connected);
  }
  Connection& session = *session_;
  if (!truth_case.session.empty()) {
    if (const auto set = session.Execute(truth_case.session); !set.ok()) return set.status();
  }
  const absl::StatusOr<Snapshot> start = LookFromInside(session);
  if (!start.ok()) return start.status();
  if (const auto begun = session.Execute("begin"); !begun.ok()) return begun.status();
  if (!truth_case.before.empty()) {
    if (const auto done = session.Execute(truth_case.before); !done.ok()) return done.status();
  }
  const absl::StatusOr<Snapshot> before =
      truth_case.before.empty() ? start : LookFromInside(session);
  if (!before.ok()) return before.status();
  Deeds deeds;
  if (const auto result = session.Execute(truth_case.statement); !result.ok()) {
    deeds.sqlstate = SqlErrorOf(result.status()).sqlstate;
    return deeds;
  }
  const absl::StatusOr<Snapshot> after = LookFromInside(session);
  if (!after.ok()) return after.status();
  ReadLocks(*start, *before, *after, deeds);
  // TRUNCATE gives tables new, empty files; that is no rewrite, and costs no building.
  if (!IsTruncate(truth_case)) ReadWork(*before, *after, deeds);
  return deeds;
}

absl::Status Bench::WaitForCounters() {
  constexpr auto kPatience = std::chrono::seconds(20);
  absl::StatusOr<std::unique_ptr<Connection>> last = Connect();
  if (!last.ok()) return last.status();
  if (const auto read = (*last)->Execute("select from truth_harness.marker"); !read.ok()) {
    return read.status();
  }
  (*last)->Close();
  ++markers_;
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < deadline) {
    const absl::StatusOr<Rows> rows = observer_->Execute(
        absl::StrCat("select pg_stat_get_numscans('truth_harness.marker'::regclass) >= ", markers_,
                     " and not exists (select from pg_stat_activity where pid <> pg_backend_pid()",
                     " and backend_type = 'client backend' and datname = '", kDatabase,
                     "' and pid <> ", setup_session_->backend_pid(), ")"));
    if (!rows.ok()) return rows.status();
    if (rows->values[0][0] == "t") return absl::OkStatus();
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return absl::DeadlineExceededError("the server does not publish its counters");
}

absl::StatusOr<std::string> Bench::RunWatched(Connection& subject, const std::string& statement,
                                              Snapshot& seen) {
  const std::string query = LocksOf(absl::StrCat(subject.backend_pid()));
  std::atomic<bool> done = false;
  absl::Status result;
  std::thread runner([&] {
    result = subject.Execute(statement).status();
    done = true;
  });
  absl::Status watching;
  while (!done && watching.ok()) {
    watching = AddLocks(*observer_, query, seen);
    std::this_thread::sleep_for(std::chrono::microseconds(300));
  }
  runner.join();
  if (!watching.ok()) return watching;
  return SqlErrorOf(result).sqlstate;
}

// The locks that last until a commit inside the statement can be seen because every commit of the
// subject's is made to wait a little while still holding them (xact.c:RecordTransactionCommit,
// xlog.c:XLogFlush).
absl::StatusOr<Deeds> Bench::MeasureOutside(const Case& truth_case) {
  absl::Status status = WaitForCounters();
  absl::StatusOr<Snapshot> before = status.ok() ? Look(*observer_, kOfServer) : status;
  if (!before.ok()) return before.status();
  absl::StatusOr<std::unique_ptr<Connection>> subject = Connect();
  if (!subject.ok()) return subject.status();
  status = ExecuteAll(**subject, {"set synchronous_commit = on", "set commit_siblings = 0",
                                  "set commit_delay = 40000"});
  if (!status.ok()) return status;
  if (!truth_case.session.empty()) {
    if (const auto set = (*subject)->Execute(truth_case.session); !set.ok()) return set.status();
  }
  Snapshot seen;
  const absl::StatusOr<std::string> sqlstate = RunWatched(**subject, truth_case.statement, seen);
  if (!sqlstate.ok()) return sqlstate.status();
  (*subject)->Close();
  Deeds deeds = {.sqlstate = *sqlstate, .outside_transactions = true};
  if (!deeds.sqlstate.empty()) return deeds;
  if (status = WaitForCounters(); !status.ok()) return status;
  absl::StatusOr<Snapshot> after = Look(*observer_, kOfServer);
  if (!after.ok()) return after.status();
  after->locks = std::move(seen.locks);
  ReadLocks(*before, *before, *after, deeds);
  ReadWork(*before, *after, deeds);
  return deeds;
}

namespace {

// Everything of one version, in the order of the cases.
Measurements MeasureOn(const std::vector<const Case*>& cases, int version, Sessions sessions) {
  Measurements all;
  absl::StatusOr<Bench> bench = Bench::Start(version, sessions);
  if (!bench.ok()) {
    all.trouble.push_back(bench.status().ToString());
    return all;
  }
  for (const Case* truth_case : cases) {
    // A version that no record names cannot make what the case starts from.
    const bool absent =
        !truth_case->measured.empty() && MeasurementOf(*truth_case, version) == nullptr;
    absl::StatusOr<Deeds> deeds = bench->Measure(*truth_case);
    if (!deeds.ok() && absent) continue;
    if (!deeds.ok()) {
      all.trouble.push_back(
          absl::StrCat(truth_case->name, " on ", version, ": ", deeds.status().message()));
    } else {
      all.done.push_back({.truth_case = truth_case, .server = version, .deeds = *std::move(deeds)});
    }
  }
  return all;
}

}  // namespace

Measurements MeasureAll(const std::vector<const Case*>& cases, const std::vector<int>& versions,
                        Sessions sessions) {
  std::vector<Measurements> parts(versions.size());
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t i = next++; i < versions.size(); i = next++)
      parts[i] = MeasureOn(cases, versions[i], sessions);
  };
  std::vector<std::thread> workers;
  const size_t wanted = std::max(1U, std::thread::hardware_concurrency());
  for (size_t i = 0; i < std::min(wanted, versions.size()); ++i) workers.emplace_back(work);
  for (std::thread& worker : workers) worker.join();
  Measurements all;
  for (Measurements& part : parts) {
    std::move(part.done.begin(), part.done.end(), std::back_inserter(all.done));
    std::move(part.trouble.begin(), part.trouble.end(), std::back_inserter(all.trouble));
  }
  return all;
}

}  // namespace plimsoll::truth
