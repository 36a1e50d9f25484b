#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// Rows that were there are changed, so that others who want to change them wait.
bool ChangesRows(const Step& step) {
  const auto* modify = step.As<action::ModifyData>();
  return modify != nullptr && !modify->planned_only &&
         std::any_of(modify->writes.begin(), modify->writes.end(), [](const action::Write& write) {
           return write.verb != action::DataVerb::kInsert;
         });
}

// The first table that the step keeps others from writing, of those in `changed`.
const Lock* Upgraded(const Step& step, const absl::flat_hash_set<RelationId>& changed) {
  for (const Lock& lock : step.effects.locks) {
    if (BlocksWrites(lock.mode) && changed.contains(lock.relation.id)) return &lock;
  }
  return nullptr;
}

}  // namespace

PLIMSOLL_RULE(lock_upgrade) = {
    .id = "lock-upgrade",
    .family = Family::kLocking,
    .severity = Severity::kWarning,
    .risk = Risk::kRisky,
    .opt_in = true,
    .since = "0.1",
    .summary = "a transaction changes rows of a table and then asks for a lock on all of it",
    .why =
        "a session that has used the table and waits for one of the rows holds what the lock waits "
        "for: a deadlock, in which PostgreSQL ends one of the two",
    .help =
        "commit between the two, so that the rows are let go before the table is asked for, or "
        "lock "
        "the table first where the change of its rows is short",
    .docs = R"md(
```sql
-- transaction: file
--- 001_create.sql
create table account (id bigint primary key, state text);
--- 002_state.sql
update account set state = 'new' where state is null;
alter table account alter column state set default 'new';
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ lock-upgrade: waits for ACCESS EXCLUSIVE on `account` while it holds rows of it that it changed
create index on account (state);
```

An application that updates two accounts in one transaction, of which the migration holds the
second, waits for the migration; and the migration's `ALTER TABLE` waits for the application, which
has written to the table. The other order, in which rows are changed under the lock, is for
`work-under-held-lock` to speak of.

```sql
--- 001_create.sql
create table account (id bigint primary key, state text);
--- 002_apart.sql
update account set state = 'new' where state is null;
alter table account alter column state set default 'new';
--- 003_together.sql
begin;
insert into account values (1, 'new');
explain update account set state = 'old';
update account set state = 'new' where id = 2;
commit;
begin;
alter table account alter column state set default 'old';
update account set state = 'new' where id = 3;
create index on account (state);
commit;
--- 004_own.sql
begin;
create table letter (id bigint primary key);
insert into letter values (1);
update letter set id = 2;
alter table letter add column note text;
commit;
--- 005_quiet.sql
begin;
delete from account where id = 4;
comment on table account is 'who may log in';
create index concurrently on account (state);
commit;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          absl::flat_hash_set<RelationId> changed;  // by the transaction, and not locked before
          uint32_t transaction = 0;
          for (const Step& step : history.steps()) {
            if (step.transaction != transaction) changed.clear();
            transaction = step.transaction;
            if (const Lock* lock = Upgraded(step, changed)) {
              report(step, {.message = absl::StrCat("waits for ", LockModeName(lock->mode), " on ",
                                                    Quoted(lock->relation.name),
                                                    " while it holds rows of it that it changed")});
              changed.erase(lock->relation.id);
            }
            if (!ChangesRows(step)) continue;
            for (const Lock& lock : step.effects.locks) {
              const absl::Span<const Lock> held = history.HeldBefore(step);
              const bool locked = std::any_of(held.begin(), held.end(), [&](const Lock& other) {
                return other.relation.id == lock.relation.id && BlocksWrites(other.mode);
              });
              const bool writes = lock.mode == LockMode::kRowExclusive && lock.relation.live;
              if (writes && !locked) changed.insert(lock.relation.id);
            }
          }
        },
};

}  // namespace plimsoll::rules
