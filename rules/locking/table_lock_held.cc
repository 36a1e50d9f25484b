#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"
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

// What LOCK TABLE holds until the end of one transaction.
struct Held {
  const Step* first = nullptr;
  LockMode mode = LockMode::kAccessShare;  // the strongest
  std::vector<std::string> tables;
};

void Take(const History& history, const Step& step, Held& held) {
  for (const Lock& lock : step.effects.locks) {
    const bool blocks = lock.relation.live && BlocksWrites(lock.mode);
    if (!blocks || IsTakenNext(history, step, lock)) continue;
    if (held.first == nullptr) held.first = &step;
    held.mode = std::max(held.mode, lock.mode);
    held.tables.push_back(Quoted(lock.relation.name));
  }
}

void Tell(const Held& held, const Reporter& report) {
  if (held.first == nullptr) return;
  constexpr size_t kMostNamed = 3;
  const size_t named = std::min(held.tables.size(), kMostNamed);
  std::string tables = absl::StrJoin(absl::MakeConstSpan(held.tables).first(named),
                                     held.tables.size() == 2 ? " and " : ", ");
  if (held.tables.size() > named) {
    absl::StrAppend(&tables, " and ", held.tables.size() - named, " more");
  }
  report(*held.first, {.message = absl::StrCat("holds ", LockModeName(held.mode), " on ", tables,
                                               ", which blocks ", WhatItBlocks(held.mode),
                                               ", until the transaction ends")});
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
        "keep what follows it short, and set a lock_timeout before: it waits for every query that "
        "runs, and what comes after waits behind it",
    .docs = R"md(
Without a mode `LOCK TABLE` takes the strongest one, ACCESS EXCLUSIVE.

```sql
-- transaction: file
--- 001_create.sql
create table account (id bigint primary key, balance numeric);
create function recount() returns void language plpgsql as 'begin perform pg_sleep(60); end';
--- 002_recount.sql
lock table account in share mode;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ table-lock-held: holds SHARE on `account`, which blocks writes, until the transaction ends
select recount();
```

SHARE UPDATE EXCLUSIVE keeps away other changes of the schema, and neither reads nor writes. What
the next statement takes anyway is not reported, for `LOCK TABLE` then only asks for it first. And
where long work follows, `work-under-held-lock` shows it:

```sql
-- transaction: file
--- 001_create.sql
create table account (id bigint primary key, balance numeric);
create table audit (id bigint, balance numeric);
--- 002_column.sql
lock table account in share update exclusive mode;
select count(*) from account;
--- 003_column.sql
lock table account in access exclusive mode nowait;
alter table account add column note text;
--- 004_copy.sql
lock table account in share mode;
insert into audit select id, balance from account;
```

A transaction has one finding, however many tables it locks:

```sql
-- transaction: file
--- 001_create.sql
create table account (id bigint primary key, balance numeric);
create table audit (id bigint, balance numeric);
create table rate (id bigint, balance numeric);
create table state (id bigint, balance numeric);
--- 002_lock.sql
lock table account in share mode;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ table-lock-held: holds ACCESS EXCLUSIVE on `account`, `audit`, `rate` and 1 more, which blocks reads and writes, until the transaction ends
lock table audit, rate;
lock table state;
insert into audit values (1, 2);
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          const std::vector<bool> work_follows = WorkFollows(history);
          Held held;
          for (const Step& step : history.steps()) {
            // Alone it is refused.
            if (step.As<action::LockTable>() == nullptr || RunsAlone(history, step)) continue;
            // What takes long under it is told by that (`work-under-held-lock`).
            if (work_follows[step.index]) continue;
            if (held.first != nullptr && held.first->transaction != step.transaction) {
              Tell(held, report);
              held = Held();
            }
            Take(history, step, held);
          }
          Tell(held, report);
        },
};

}  // namespace plimsoll::rules
