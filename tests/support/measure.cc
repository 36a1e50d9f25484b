#include "tests/support/measure.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "executor/postgres.h"

namespace plimsoll::truth {
namespace {

// One relation as pg_class shows it inside the measuring transaction.
struct Shown {
  std::string name;  // without the schema where that is `public`
  char kind = 'r';
  std::string file;  // relfilenode
  int64_t scans = 0;

  bool IsIndex() const { return kind == 'i' || kind == 'I'; }
};

struct Snapshot {
  std::map<std::string, Shown> relations;                  // by OID
  std::map<std::pair<std::string, LockMode>, bool> locks;  // OID and mode
};

// Ordinary relations only: TOAST tables follow their tables.
constexpr absl::string_view kRelations = R"sql(
  select c.oid, case when n.nspname = 'public' then c.relname
                     when n.nspname like 'pg\_temp%' then 'pg_temp.' || c.relname
                     else n.nspname || '.' || c.relname end,
         c.relkind, c.relfilenode, pg_stat_get_xact_numscans(c.oid)
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.oid >= 16384 and n.nspname <> 'pg_toast')sql";

constexpr absl::string_view kLocks = R"sql(
  select relation, mode from pg_locks
  where pid = pg_backend_pid() and locktype = 'relation' and relation >= 16384 and granted)sql";

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

absl::StatusOr<Snapshot> Look(Connection& connection) {
  Snapshot snapshot;
  const absl::StatusOr<Rows> relations = connection.Execute(kRelations);
  if (!relations.ok()) return relations.status();
  for (const std::vector<Value>& row : relations->values) {
    Shown shown = {.name = *row[1], .kind = (*row[2])[0], .file = *row[3]};
    if (row[4] && !absl::SimpleAtoi(*row[4], &shown.scans)) shown.scans = 0;
    snapshot.relations.emplace(*row[0], std::move(shown));
  }
  const absl::StatusOr<Rows> locks = connection.Execute(kLocks);
  if (!locks.ok()) return locks.status();
  for (const std::vector<Value>& row : locks->values) {
    snapshot.locks[{*row[0], ParseServerMode(*row[1])}] = true;
  }
  return snapshot;
}

const Shown* FindByName(const Snapshot& snapshot, const std::string& name) {
  for (const auto& [oid, shown] : snapshot.relations) {
    if (shown.name == name) return &shown;
  }
  return nullptr;
}

// `start` is before the transaction, `before` before the statement, `after` after it.
void ReadLocks(const Snapshot& start, const Snapshot& before, const Snapshot& after,
               Measured& measured) {
  std::map<std::string, LockMode> strongest;
  for (const auto& [lock, granted] : after.locks) {
    const auto& [oid, mode] = lock;
    const auto now = after.relations.find(oid);
    const auto then = start.relations.find(oid);
    if (now == after.relations.end() && then == start.relations.end()) continue;
    const Shown& shown = now == after.relations.end() ? then->second : now->second;
    // An index that ALTER TABLE drops and makes again has a new OID and its old name.
    const bool made_here = then == start.relations.end() &&
                           !(shown.IsIndex() && FindByName(start, shown.name) != nullptr);
    if (made_here || (shown.IsIndex() && mode != LockMode::kAccessExclusive)) continue;
    if (before.locks.contains(lock)) {
      measured.held.insert({shown.name, mode});
      continue;
    }
    LockMode& held = strongest.try_emplace(shown.name, mode).first->second;
    held = std::max(held, mode);
  }
  for (const auto& [name, mode] : strongest) measured.deeds.locks.insert({name, mode});
}

void ReadWork(const Snapshot& before, const Snapshot& after, Deeds& deeds) {
  for (const auto& [oid, now] : after.relations) {
    const auto then = before.relations.find(oid);
    if (now.IsIndex()) {
      // The same index under another name was renamed, as USING INDEX does.
      if (then != before.relations.end() && then->second.file == now.file) continue;
      const Shown* old = FindByName(before, now.name);
      if (old == nullptr || old->file != now.file) deeds.index_builds.insert(now.name);
    } else if (then != before.relations.end()) {
      const bool table = now.kind == 'r' || now.kind == 'm';
      if (table && then->second.file != now.file) deeds.rewritten.insert(now.name);
      if (table && now.scans > then->second.scans) deeds.scanned.insert(now.name);
    }
  }
}

absl::Status RunSetup(const EphemeralServer& server, const Case& truth_case) {
  absl::StatusOr<std::unique_ptr<Connection>> admin = ConnectPostgres({.url = server.url()});
  if (!admin.ok()) return admin.status();
  for (const absl::string_view sql :
       {"drop database if exists measured", "create database measured"}) {
    if (const auto result = (*admin)->Execute(sql); !result.ok()) return result.status();
  }
  absl::StatusOr<std::unique_ptr<Connection>> session =
      ConnectPostgres({.url = server.url("measured")});
  if (!session.ok()) return session.status();
  return (*session)->Execute(truth_case.setup).status();
}

}  // namespace

absl::StatusOr<Measured> Measure(const EphemeralServer& server, const Case& truth_case) {
  if (const absl::Status status = RunSetup(server, truth_case); !status.ok()) return status;
  absl::StatusOr<std::unique_ptr<Connection>> connected =
      ConnectPostgres({.url = server.url("measured")});
  if (!connected.ok()) return connected.status();
  Connection& session = **connected;
  if (!truth_case.session.empty()) {
    if (const auto set = session.Execute(truth_case.session); !set.ok()) return set.status();
  }
  const absl::StatusOr<Snapshot> start = Look(session);
  if (!start.ok()) return start.status();
  const absl::StatusOr<Rows> begun = session.Execute(absl::StrCat("begin;", truth_case.before));
  if (!begun.ok()) return begun.status();
  const absl::StatusOr<Snapshot> before = Look(session);
  if (!before.ok()) return before.status();
  Measured measured = {.servers = {server.version()}};
  const absl::StatusOr<Rows> result = session.Execute(truth_case.statement);
  if (!result.ok()) {
    measured.deeds.sqlstate = SqlErrorOf(result.status()).sqlstate;
    return measured;
  }
  const absl::StatusOr<Snapshot> after = Look(session);
  if (!after.ok()) return after.status();
  ReadLocks(*start, *before, *after, measured);
  // TRUNCATE gives tables new, empty files; that is no rewrite, and costs no building.
  if (!absl::StartsWithIgnoreCase(truth_case.statement, "truncate")) {
    ReadWork(*before, *after, measured.deeds);
  }
  return measured;
}

}  // namespace plimsoll::truth
