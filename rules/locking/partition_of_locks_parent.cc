#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {

PLIMSOLL_RULE(partition_of_locks_parent) = {
    .id = "partition-of-locks-parent",
    .family = Family::kLocking,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .since = "0.1",
    .summary = "CREATE TABLE … PARTITION OF locks the partitioned table against reads and writes",
    .why =
        "the lock itself is short, but it waits for every running query, and every new query "
        "waits behind it",
    .help =
        "create the table on its own with LIKE, then ATTACH PARTITION, which lets reads and writes "
        "go on",
    .docs = R"md(
`PARTITION OF` takes ACCESS EXCLUSIVE on the partitioned table. One long report that is still
reading is enough to stop all traffic on it until the report ends.

```sql
--- 001_create.sql
create table reading (at date not null, value numeric) partition by range (at);
--- 002_year.sql
create table reading_2025 partition of reading for values from ('2025-01-01') to ('2026-01-01');
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ partition-of-locks-parent: waits for ACCESS EXCLUSIVE on `reading`, and reads and writes wait behind it
```

A table that was made on its own and has no rows is attached in a moment, under SHARE UPDATE
EXCLUSIVE:

```sql
--- 001_create.sql
create table reading (at date not null, value numeric) partition by range (at);
--- 002_year.sql
create table reading_2025 (like reading including defaults including constraints);
alter table reading attach partition reading_2025 for values from ('2025-01-01') to ('2026-01-01');
```

With a default partition, all of its rows are read under that lock, to see that none of them is the
new partition's. `ATTACH` reads them too, with only the default partition locked; a check can spare
both (see `partition-attach-scans`).

```sql
--- 001_create.sql
create table reading (at date not null, value numeric) partition by range (at);
create table reading_rest partition of reading default;
--- 002_year.sql
create table reading_2025 partition of reading for values from ('2025-01-01') to ('2026-01-01');
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ partition-of-locks-parent: reads every row of `reading_rest` while ACCESS EXCLUSIVE on `reading` blocks reads and writes
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* create = step.As<action::CreateTable>();
            if (create == nullptr || !create->partition_of) continue;
            const Relation* parent = history.Before(step).Find(*create->partition_of,
                                                               history.SessionAt(step).search_path);
            const Lock* lock = parent == nullptr ? nullptr : step.effects.LockOn(parent->id);
            if (lock == nullptr || !lock->relation.live) continue;
            const std::string locked =
                absl::StrCat(LockModeName(lock->mode), " on ", Quoted(lock->relation.name));
            const Work* scan = step.effects.LiveWork(WorkKind::kScan, Cause::kPartition);
            if (scan == nullptr) {
              report(step,
                     {.message = absl::StrCat("waits for ", locked,
                                              ", and reads and writes wait behind it"),
                      .help = absl::StrCat("CREATE TABLE ", SqlName(create->table), " (LIKE ",
                                           SqlName(*create->partition_of),
                                           " INCLUDING DEFAULTS INCLUDING CONSTRAINTS), then ALTER "
                                           "TABLE … ATTACH PARTITION, which lets reads and writes "
                                           "go on")});
              continue;
            }
            report(step,
                   {.message = absl::StrCat(scan->possible ? "may read" : "reads", " every row of ",
                                            Quoted(scan->relation.name), " while ", locked,
                                            " blocks reads and writes"),
                    .why = absl::StrCat(locked,
                                        " is held for as long as it takes to see that none of "
                                        "those rows belongs to the new partition"),
                    .help = absl::StrCat(
                        "give ", Quoted(scan->relation.name),
                        " a validated check that excludes the new partition's bound, then create "
                        "the table on its own and ATTACH it"),
                    .severity = Severity::kError,
                    .risk = Risk::kRisky});
          }
        },
};

}  // namespace plimsoll::rules
