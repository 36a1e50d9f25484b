#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// What one timeout is set for: a transaction, or all that runs outside of one in a file.
std::pair<bool, uint32_t> ScopeOf(const Step& step, const History& history) {
  const bool block = history.TransactionOf(step).block;
  return {block, block ? step.transaction : step.migration};
}

// Whether what was set before the step may no longer be so after it.
bool EndsSettings(const Step& step) {
  return step.As<action::SetParameter>() != nullptr || step.As<action::Begin>() != nullptr ||
         step.As<action::Commit>() != nullptr || step.As<action::Rollback>() != nullptr ||
         step.As<action::SessionCommand>() != nullptr || step.As<action::DoBlock>() != nullptr;
}

// Where a setting holds up to the step: as early in its file, and in its transaction, as it can be.
const Step& TopOf(const History& history, const Step& step) {
  const Step* top = &step;
  for (uint32_t i = step.index; i-- > 0;) {
    const Step& earlier = history.steps()[i];
    if (earlier.migration != step.migration || EndsSettings(earlier)) break;
    if (CanEdit(history, earlier)) top = &earlier;
  }
  return *top;
}

}  // namespace

PLIMSOLL_RULE(lock_without_timeout) = {
    .id = "lock-without-timeout",
    .family = Family::kTimeouts,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .opt_in = true,
    .fixable = true,
    .since = "0.1",
    .summary = "without lock_timeout a migration that waits for a lock stops all traffic",
    .why =
        "one long query keeps the lock from being granted, and every query that comes later waits "
        "behind it, however short the change itself is",
    .help =
        "set lock_timeout to a few seconds first (SET LOCAL within a transaction), and run the "
        "migration again when it was not enough",
    .docs = R"md(
`ADD COLUMN` takes a moment, but waits for ACCESS EXCLUSIVE until the last query on the table has
ended. Until then, nobody else gets in.

```sql
--- 001_create.sql
create table account (id bigint primary key);
--- 002_column.sql
alter table account add column note text;
--                  ^^^^^^^^^^^^^^^^^^^^ lock-without-timeout: waits for ACCESS EXCLUSIVE on `account` without a limit, and reads and writes wait behind it
```

With a `lock_timeout` the migration gives up (SQLSTATE 55P03), and the queue behind it moves on:

```sql
--- 001_create.sql
create table account (id bigint primary key);
--- 002_column.sql
set lock_timeout = '5s';
alter table account add column note text;
```

`lint --fix` puts it at the top. The timeout has to be in effect at the statement: zero switches it
off, `SET LOCAL` ends with its transaction, and a `ROLLBACK` takes back what was set since `BEGIN`.
The first such lock of a transaction is reported, or of all that the file runs outside of one.
)md",
    .check =
        [](const History& history, const Reporter& report) {
          absl::flat_hash_set<std::pair<bool, uint32_t>> told;
          for (const Step& step : history.steps()) {
            const Lock* lock = step.effects.StrongestLiveLock();
            if (lock == nullptr || !BlocksWrites(lock->mode)) continue;
            // What runs CONCURRENTLY waits for others before it takes such a lock, and must not be
            // stopped half way (see timeout-before-concurrently).
            if (step.effects.forbidden_in_transaction) continue;
            if (history.SessionAt(step).lock_timeout_ms.value_or(0) > 0) continue;
            const auto scope = ScopeOf(step, history);
            if (!told.insert(scope).second) continue;
            Complaint complaint = {
                .message = absl::StrCat("waits for ", LockModeName(lock->mode), " on ",
                                        Quoted(lock->relation.name), " without a limit, and ",
                                        WhatItBlocks(lock->mode), " wait behind it")};
            // A second statement would make a transaction of the message, for which the first one
            // may not be fit.
            if (RunsAlone(history, step) && !NeighboursRunAlone(history, step)) {
              complaint.help =
                  "set lock_timeout for the role that migrates (ALTER ROLE … SET), or in its "
                  "connection string: the file is one statement, and stays one";
            } else if (history.StatementOf(step).form == StatementForm::kSql) {
              const char* set =
                  scope.first ? "SET LOCAL lock_timeout = '5s'" : "SET lock_timeout = '5s'";
              complaint.fixes.push_back(
                  {.title = "wait no longer than five seconds",
                   .edits = {InsertStatementsBefore(history, TopOf(history, step), {set})}});
            }
            report(step, std::move(complaint));
          }
        },
};

}  // namespace plimsoll::rules
