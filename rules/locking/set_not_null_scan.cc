#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {

PLIMSOLL_RULE(set_not_null_scan) = {
    .id = "set-not-null-scan",
    .family = Family::kLocking,
    .severity = Severity::kError,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "SET NOT NULL reads the whole table while nobody can use it",
    .why = "every query on the table waits until the last row was looked at",
    .help =
        "add a check (column IS NOT NULL) NOT VALID, validate it in another transaction, then "
        "set NOT NULL, which the check proves; on PostgreSQL 18 add the NOT NULL constraint "
        "itself NOT VALID",
    .docs = R"md(
To know that no value is null, `SET NOT NULL` looks at every row under ACCESS EXCLUSIVE.

```sql
--- 001_create.sql
create table account (id bigint primary key, email text);
--- 002_required.sql
alter table account alter column email set not null;
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ set-not-null-scan: reads every row of `account` while ACCESS EXCLUSIVE on `account` blocks reads and writes
```

A validated check that says so is proof enough, and `VALIDATE` lets reads and writes go on:

```sql
--- 001_create.sql
create table account (id bigint primary key, email text);
--- 002_check.sql
alter table account add constraint account_email_set check (email is not null) not valid;
--- 003_validate.sql
alter table account validate constraint account_email_set;
--- 004_required.sql
alter table account alter column email set not null;
alter table account drop constraint account_email_set;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* add = step.As<action::AddConstraint>();
            const bool sets = step.As<action::SetNotNull>() != nullptr ||
                              (add != nullptr && add->constraint.kind == ConstraintKind::kNotNull);
            if (!sets) continue;
            const Work* scan = step.effects.LiveWork(WorkKind::kScan, Cause::kNotNull);
            if (scan == nullptr) continue;
            report(step,
                   {.message = absl::StrCat("reads every row of ", Quoted(scan->relation.name),
                                            " while ", BlockingWords(step))});
          }
        },
};

}  // namespace plimsoll::rules
