#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {

PLIMSOLL_RULE(foreign_key_validates) = {
    .id = "foreign-key-validates",
    .family = Family::kLocking,
    .severity = Severity::kError,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "adding a foreign key checks every row while both tables refuse writes",
    .why = "SHARE ROW EXCLUSIVE is held on both tables until each row has found its partner",
    .help =
        "add it NOT VALID, then VALIDATE CONSTRAINT in another transaction, which lets writes "
        "go on",
    .docs = R"md(
```sql
--- 001_create.sql
create table account (id bigint primary key);
create table invoice (id bigint primary key, account_id bigint);
--- 002_foreign_key.sql
alter table invoice add constraint invoice_account
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^… foreign-key-validates: checks every row of `invoice` while writes to `invoice` and `account` wait
  foreign key (account_id) references account (id);
```

`NOT VALID` takes the same locks for a moment only; new rows are checked from then on.

```sql
--- 001_create.sql
create table account (id bigint primary key);
create table invoice (id bigint primary key, account_id bigint);
--- 002_foreign_key.sql
alter table invoice add constraint invoice_account
  foreign key (account_id) references account (id) not valid;
--- 003_validate.sql
alter table invoice validate constraint invoice_account;
```

A column that is added with a foreign key and without a default holds no value, so there is nothing
to check, and neither is there in a table that this migration creates.
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const bool adds = step.As<action::AddConstraint>() != nullptr ||
                              step.As<action::AddColumn>() != nullptr;
            const Work* scan = step.effects.LiveWork(WorkKind::kScan, Cause::kForeignKey);
            if (!adds || scan == nullptr) continue;
            // A table made here has no rows; the other one is then not looked into either.
            std::string tables;
            for (const Lock& lock : step.effects.locks) {
              if (!lock.relation.live || !BlocksWrites(lock.mode)) continue;
              absl::StrAppend(&tables, tables.empty() ? "" : " and ", Quoted(lock.relation.name));
            }
            report(step,
                   {.message = absl::StrCat("checks every row of ", Quoted(scan->relation.name),
                                            " while writes to ", tables, " wait")});
          }
        },
};

}  // namespace plimsoll::rules
