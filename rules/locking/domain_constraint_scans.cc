#include <string>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {

PLIMSOLL_RULE(domain_constraint_scans) = {
    .id = "domain-constraint-scans",
    .family = Family::kLocking,
    .severity = Severity::kError,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "a new constraint of a domain reads every table that uses it while writes wait",
    .why =
        "all tables with a column of the domain are locked, one after another, and none is let go "
        "before the last row of the last one was looked at",
    .help =
        "add the constraint NOT VALID, which new values have to meet at once; up to PostgreSQL 18 "
        "VALIDATE CONSTRAINT of a domain blocks writes too, so put a check on each table instead "
        "where old rows matter",
    .docs = R"md(
```sql
--- 001_create.sql
create domain email as text;
create table account (id bigint primary key, address email);
--- 002_check.sql
alter domain email add constraint email_at check (value like '%@%');
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ domain-constraint-scans: checks every row of `account` while SHARE on `account` blocks writes
```

`NOT VALID` is done in a moment: it holds for values that are written from then on.

```sql
--- 001_create.sql
create domain email as text;
create table account (id bigint primary key, address email);
--- 002_check.sql
alter domain email add constraint email_at check (value like '%@%') not valid;
```

What cannot be put off is `SET NOT NULL`. And `VALIDATE CONSTRAINT`, which lets writes go on for a
table, does not for a domain before PostgreSQL 19:

```sql
-- server: 18
--- 001_create.sql
create domain email as text;
create table account (id bigint primary key, address email);
--- 002_check.sql
alter domain email add constraint email_at check (value like '%@%') not valid;
--- 003_validate.sql
alter domain email validate constraint email_at;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ domain-constraint-scans: checks every row of `account` while SHARE on `account` blocks writes
alter domain email set not null;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ domain-constraint-scans: checks every row of `account` while SHARE on `account` blocks writes
```

A check of the table itself is validated online:

```sql
--- 001_create.sql
create domain email as text;
create table account (id bigint primary key, address email);
--- 002_check.sql
alter table account add constraint account_address_at check (address like '%@%') not valid;
--- 003_validate.sql
alter table account validate constraint account_address_at;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* alter = step.As<action::AlterDomain>();
            if (alter == nullptr) continue;
            std::string tables;
            for (const Work& work : step.effects.work) {
              if (!work.relation.live || work.kind != WorkKind::kScan) continue;
              absl::StrAppend(&tables, tables.empty() ? "" : " and ", Quoted(work.relation.name));
            }
            // 19 validates under a lock that lets writes go on.
            const Lock* lock = step.effects.StrongestLiveLock();
            if (tables.empty() || lock == nullptr || !BlocksWrites(lock->mode)) continue;
            Complaint complaint = {.message =
                                       absl::StrCat("checks every row of ", tables, " while ",
                                                    LockModeName(lock->mode), " on ", tables,
                                                    " blocks ", WhatItBlocks(lock->mode))};
            if (alter->change == action::DomainChangeKind::kSetNotNull) {
              complaint.help =
                  "set NOT NULL on the columns instead, each proven by a check that was validated "
                  "before (see set-not-null-scan)";
            } else if (alter->change == action::DomainChangeKind::kValidateConstraint) {
              complaint.help =
                  "leave it NOT VALID, which new values have to meet all the same, and put a check "
                  "on each table where old rows matter: a table validates it online";
            }
            report(step, complaint);
          }
        },
};

}  // namespace plimsoll::rules
