#include "analyzer/checking/rerun.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {

PLIMSOLL_RULE(missing_if_exists) = {
    .id = "missing-if-exists",
    .family = Family::kIdempotency,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .fixable = true,
    .since = "0.1",
    .summary = "without IF [NOT] EXISTS a migration that stopped halfway cannot be run again",
    .why = "the second run fails on what the first one already did",
    .help = "add the clause, or let the whole file run in one transaction",
    .docs = R"md(
A file whose statements run one by one may stop between them. The next run then fails at the first
thing that is already there, or already gone:

```sql
create table account (id bigint primary key);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ missing-if-exists: CREATE TABLE without IF NOT EXISTS fails when it is run again
create schema audit;
--^^^^^^^^^^^^^^^^^ missing-if-exists: CREATE SCHEMA without IF NOT EXISTS fails when it is run again
```

```sql
create table if not exists account (id bigint primary key);
create schema if not exists audit;
drop table if exists legacy_account;
```

In a transaction a failed file leaves nothing behind, and neither does a file of one statement:
that is
for `missing-if-exists-in-transaction`, which is off by default. `CREATE INDEX CONCURRENTLY` is
left alone: after a failure,
`IF NOT EXISTS` would be content with the invalid index that the first run left. What the same file
drops first, with `IF EXISTS`, is not in its own way:

```sql
drop table if exists totals;
create table totals (id bigint primary key);
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          ReportMissingClauses(history, /*half_done=*/true, report);
        },
};

}  // namespace plimsoll::rules
