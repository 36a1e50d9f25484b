#include "analyzer/checking/rerun.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {

PLIMSOLL_RULE(missing_if_exists_in_transaction) = {
    .id = "missing-if-exists-in-transaction",
    .family = Family::kIdempotency,
    .severity = Severity::kNote,
    .risk = Risk::kSafe,
    .opt_in = true,
    .fixable = true,
    .since = "0.1",
    .summary = "without IF [NOT] EXISTS a migration cannot be run a second time",
    .why =
        "a transaction takes back what a failed run did; only a run that nobody noted, or objects "
        "that somebody made by hand, are in the way",
    .help = "add the clause, where projects ask for files that can be run twice",
    .docs = R"md(
The same as `missing-if-exists`, where a transaction or a file of one statement leaves nothing half
done:

```sql
begin;
create table account (id bigint primary key);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ missing-if-exists-in-transaction: CREATE TABLE without IF NOT EXISTS fails when it is run again
create index account_id on account (id);
commit;
```

```sql
begin;
create table if not exists account (id bigint primary key);
commit;
```

A file that may stop halfway is for the other rule:

```sql
create table account (id bigint primary key);
create schema audit;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          ReportMissingClauses(history, /*half_done=*/false, report);
        },
};

}  // namespace plimsoll::rules
