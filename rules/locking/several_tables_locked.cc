#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// A table that others use, so that they cannot write to it.
bool StopsWriters(const Lock& lock) {
  const RelationKind kind = lock.relation.kind;
  const bool table = kind == RelationKind::kTable || kind == RelationKind::kPartitionedTable;
  return lock.relation.live && table && BlocksWrites(lock.mode);
}

// The first of the step's tables that no earlier statement of the transaction has locked so.
const Lock* NewlyLocked(const Step& step, absl::Span<const Lock> held) {
  for (const Lock& lock : step.effects.locks) {
    bool known = !StopsWriters(lock);
    for (const Lock& other : held) {
      known = known || (StopsWriters(other) && other.relation.id == lock.relation.id);
    }
    if (!known) return &lock;
  }
  return nullptr;
}

const Lock* FirstLocked(absl::Span<const Lock> held) {
  for (const Lock& lock : held) {
    if (StopsWriters(lock)) return &lock;
  }
  return nullptr;
}

}  // namespace

PLIMSOLL_RULE(several_tables_locked) = {
    .id = "several-tables-locked",
    .family = Family::kLocking,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .opt_in = true,
    .since = "0.1",
    .summary = "statements of one transaction lock several tables one after the other",
    .why =
        "a session that uses these tables in another order deadlocks with the migration, and "
        "while the second lock is waited for, the first table stands still",
    .help = "change one table a transaction: a file each where the runner wraps them",
    .docs = R"md(
```sql
-- transaction: file
--- 001_create.sql
create table account (id bigint primary key);
create table invoice (id bigint primary key);
--- 002_notes.sql
alter table account add column note text;
alter table invoice add column note text;
--                  ^^^^^^^^^^^^^^^^^^^^ several-tables-locked: waits for ACCESS EXCLUSIVE on `invoice` while ACCESS EXCLUSIVE on `account` blocks reads and writes
```

While `invoice` is waited for, `account` cannot be used; and who reads `invoice` before `account` in
one transaction closes the circle of a deadlock. Two transactions never hold more than one of them:

```sql
--- 001_create.sql
create table account (id bigint primary key);
create table invoice (id bigint primary key);
--- 002_account.sql
begin;
alter table account add column note text;
alter table account add column state text;
commit;
--- 003_invoice.sql
begin;
alter table invoice add column note text;
commit;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          absl::flat_hash_set<uint32_t> told;  // transactions
          for (const Step& step : history.steps()) {
            const absl::Span<const Lock> held = history.HeldBefore(step);
            const Lock* first = FirstLocked(held);
            const Lock* second = first == nullptr ? nullptr : NewlyLocked(step, held);
            if (second == nullptr || !told.insert(step.transaction).second) continue;
            report(step,
                   {.message = absl::StrCat(
                        "waits for ", LockModeName(second->mode), " on ",
                        Quoted(second->relation.name), " while ", LockModeName(first->mode), " on ",
                        Quoted(first->relation.name), " blocks ", WhatItBlocks(first->mode))});
          }
        },
};

}  // namespace plimsoll::rules
