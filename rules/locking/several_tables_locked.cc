#include <algorithm>
#include <string>
#include <vector>

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

bool IsHeld(const Lock& lock, absl::Span<const Lock> held) {
  return std::any_of(held.begin(), held.end(), [&](const Lock& other) {
    return StopsWriters(other) && other.relation.id == lock.relation.id;
  });
}

// The locks of a step that no earlier statement of the transaction has taken, each of one table and
// those that are part of it: nobody can take these one by one.
std::vector<const Lock*> NewlyLocked(const History& history, const Step& step,
                                     absl::Span<const Lock> held) {
  const CatalogView before = history.Before(step);
  std::vector<const Lock*> locked;
  absl::flat_hash_set<RelationId> covered;
  for (const Lock& lock : step.effects.locks) {
    if (!StopsWriters(lock) || IsHeld(lock, held) || covered.contains(lock.relation.id)) continue;
    locked.push_back(&lock);
    covered.insert(lock.relation.id);
    const Relation* table = before.Find(lock.relation.id);
    if (table == nullptr) continue;
    for (const Relation* part : before.DescendantsOf(*table)) covered.insert(part->id);
    covered.insert(table->parents.begin(), table->parents.end());
  }
  return locked;
}

const Lock* FirstLocked(absl::Span<const Lock> held) {
  const auto first = std::find_if(held.begin(), held.end(), StopsWriters);
  return first == held.end() ? nullptr : &*first;
}

}  // namespace

PLIMSOLL_RULE(several_tables_locked) = {
    .id = "several-tables-locked",
    .family = Family::kLocking,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .opt_in = true,
    .since = "0.1",
    .summary = "one transaction locks several tables, one after the other",
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
one transaction closes the circle of a deadlock. A foreign key locks two tables by itself:

```sql
--- 001_create.sql
create table account (id bigint primary key);
create table invoice (id bigint primary key);
--- 002_owner.sql
alter table invoice add column owner_id bigint references account (id);
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ several-tables-locked: waits for SHARE ROW EXCLUSIVE on `account` while ACCESS EXCLUSIVE on `invoice` blocks reads and writes
```

Two transactions never hold more than one of them:

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
            std::vector<const Lock*> locked = NewlyLocked(history, step, held);
            if (const Lock* first = FirstLocked(held)) locked.insert(locked.begin(), first);
            if (locked.size() < 2 || !told.insert(step.transaction).second) continue;
            const Lock* first = locked[0];
            const Lock* second = locked[1];
            report(step,
                   {.message = absl::StrCat(
                        "waits for ", LockModeName(second->mode), " on ",
                        Quoted(second->relation.name), " while ", LockModeName(first->mode), " on ",
                        Quoted(first->relation.name), " blocks ", WhatItBlocks(first->mode))});
          }
        },
};

}  // namespace plimsoll::rules
