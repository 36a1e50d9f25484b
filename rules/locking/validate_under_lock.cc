#include <string>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// The lock that blocks traffic on the table, and who took it.
struct Blocker {
  const Lock* lock = nullptr;
  std::string taken;  // `that ALTER TABLE took earlier in the transaction`
};

void Take(const Lock& lock, const Work& scan, std::string taken, Blocker& blocker) {
  if (lock.relation.id != scan.relation.id || !BlocksWrites(lock.mode)) return;
  if (blocker.lock != nullptr && lock.mode <= blocker.lock->mode) return;
  blocker = {.lock = &lock, .taken = std::move(taken)};
}

Blocker BlockerOf(const Step& step, const Work& scan, const History& history) {
  Blocker blocker;
  const absl::Span<const Lock> held = history.HeldBefore(step);
  for (size_t i = 0; i < held.size(); ++i) {
    const Step& holder = history.steps()[history.HoldersBefore(step)[i]];
    Take(held[i], scan,
         absl::StrCat("which ", history.TagOf(holder), " took earlier in the transaction"),
         blocker);
  }
  for (const Step& sibling : history.StepsOf(step.migration, step.statement)) {
    if (sibling.within != step.within) continue;
    for (const Lock& lock : sibling.effects.locks) {
      Take(lock, scan, "which the same ALTER TABLE takes", blocker);
    }
  }
  return blocker;
}

}  // namespace

PLIMSOLL_RULE(validate_under_lock) = {
    .id = "validate-under-lock",
    .family = Family::kLocking,
    .severity = Severity::kError,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary =
        "VALIDATE CONSTRAINT reads the table while a stronger lock of the transaction is held",
    .why =
        "validating by itself lets reads and writes go on; in the transaction that added the "
        "constraint, the lock of ADD stays until the last row was looked at",
    .help = "commit first: validate in a transaction, and a migration, of its own",
    .docs = R"md(
`NOT VALID` and `VALIDATE` are two steps so that a transaction can end between them. In one
transaction they cost as much as adding the constraint at once:

```sql
--- 001_create.sql
create table account (id bigint primary key);
create table invoice (id bigint primary key, account_id bigint);
--- 002_foreign_key.sql
begin;
alter table invoice add constraint invoice_account
  foreign key (account_id) references account (id) not valid;
alter table invoice validate constraint invoice_account;
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ validate-under-lock: reads every row of `invoice` while SHARE ROW EXCLUSIVE, which ALTER TABLE took earlier in the transaction, blocks writes
commit;
```

Another subcommand of the same statement holds its lock as well:

```sql
--- 001_create.sql
create table invoice (id bigint primary key, total int);
--- 002_check.sql
alter table invoice add constraint invoice_total check (total >= 0) not valid;
--- 003_validate.sql
alter table invoice alter column total set default 0, validate constraint invoice_total;
--                                                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ validate-under-lock: reads every row of `invoice` while ACCESS EXCLUSIVE, which the same ALTER TABLE takes, blocks reads and writes
```

`ADD … NOT VALID` and `VALIDATE` in one `ALTER TABLE` are no more than `ADD`: `check-validates` and
`foreign-key-validates` say so.

Statement by statement, or in two files that a runner wraps, `VALIDATE` holds no more than SHARE
UPDATE EXCLUSIVE:

```sql
-- transaction: file
--- 001_create.sql
create table invoice (id bigint primary key, total int);
--- 002_check.sql
alter table invoice add constraint invoice_total check (total >= 0) not valid;
--- 003_validate.sql
alter table invoice validate constraint invoice_total;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            if (step.As<action::ValidateConstraint>() == nullptr) continue;
            const Work* scan = step.effects.LiveWork(WorkKind::kScan);
            if (scan == nullptr) continue;
            const Blocker blocker = BlockerOf(step, *scan, history);
            if (blocker.lock == nullptr) continue;
            report(step, {.message = absl::StrCat(
                              "reads every row of ", Quoted(scan->relation.name), " while ",
                              LockModeName(blocker.lock->mode), ", ", blocker.taken, ", blocks ",
                              WhatItBlocks(blocker.lock->mode))});
          }
        },
};

}  // namespace plimsoll::rules
