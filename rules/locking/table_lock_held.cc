#include <string>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// Whether the next step of the transaction takes the lock anyway: then LOCK TABLE only comes
// before it.
bool IsTakenNext(const History& history, const Step& step, const Lock& lock) {
  if (step.index == history.TransactionOf(step).last_step) return false;
  const Step& next = history.steps()[step.index + 1];
  const Lock* again = next.effects.LockOn(lock.relation.id);
  return again != nullptr && again->mode >= lock.mode;
}

}  // namespace

PLIMSOLL_RULE(table_lock_held) = {
    .id = "table-lock-held",
    .family = Family::kLocking,
    .severity = Severity::kWarning,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "LOCK TABLE keeps others from a table until the transaction ends",
    .why = "there is no UNLOCK: whatever the transaction still does, others wait for all of it",
    .help =
        "leave the locking to the statements that need it, or lock in a mode that lets reads and "
        "writes go on, such as SHARE UPDATE EXCLUSIVE",
    .docs = R"md(
Without a mode `LOCK TABLE` takes the strongest one, ACCESS EXCLUSIVE.

```sql
-- transaction: file
--- 001_create.sql
create table account (id bigint primary key, balance numeric);
create table audit (id bigint, balance numeric);
--- 002_copy.sql
lock table account in share mode;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ table-lock-held: holds SHARE on `account`, which blocks writes, until the transaction ends
insert into audit select id, balance from account;
```

SHARE UPDATE EXCLUSIVE keeps away other changes of the schema, and neither reads nor writes. What
the next statement takes anyway is not reported, for `LOCK TABLE` then only asks for it first:

```sql
-- transaction: file
--- 001_create.sql
create table account (id bigint primary key, balance numeric);
--- 002_column.sql
lock table account in share update exclusive mode;
select count(*) from account;
--- 003_column.sql
lock table account in access exclusive mode nowait;
alter table account add column note text;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            if (step.As<action::LockTable>() == nullptr) continue;
            // Alone it is refused.
            if (RunsAlone(history, step)) continue;
            std::string tables;
            const Lock* held = nullptr;
            for (const Lock& lock : step.effects.locks) {
              const bool blocks = lock.relation.live && BlocksWrites(lock.mode);
              if (!blocks || IsTakenNext(history, step, lock)) continue;
              absl::StrAppend(&tables, tables.empty() ? "" : " and ", Quoted(lock.relation.name));
              held = &lock;
            }
            if (held == nullptr) continue;
            report(step, {.message = absl::StrCat(
                              "holds ", LockModeName(held->mode), " on ", tables, ", which blocks ",
                              WhatItBlocks(held->mode), ", until the transaction ends")});
          }
        },
};

}  // namespace plimsoll::rules
