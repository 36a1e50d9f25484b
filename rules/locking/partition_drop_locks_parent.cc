#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// Whether CONCURRENTLY is refused, as it is beside a default partition.
bool HasDefault(const CatalogView& view, RelationId whole) {
  const Relation* relation = view.Find(whole);
  for (const RelationId id : relation->children) {
    const Relation* child = view.Find(id);
    if (child != nullptr && child->is_default_partition) return true;
  }
  return false;
}

}  // namespace

PLIMSOLL_RULE(partition_drop_locks_parent) = {
    .id = "partition-drop-locks-parent",
    .family = Family::kLocking,
    .severity = Severity::kWarning,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "DROP TABLE of a partition locks the partitioned table against reads and writes",
    .why =
        "the lock itself is short, but it waits for every running query on any of the partitions, "
        "and every new query waits behind it",
    .help = "detach the partition CONCURRENTLY first, then drop the table, which stands alone",
    .docs = R"md(
Dropping one partition takes ACCESS EXCLUSIVE on the whole, and on the default partition.

```sql
--- 001_create.sql
create table reading (at date not null, value numeric) partition by range (at);
create table reading_2015 partition of reading for values from ('2015-01-01') to ('2016-01-01');
--- 002_drop.sql
drop table reading_2015;
--^^^^^^^^^^^^^^^^^^^^^ partition-drop-locks-parent: waits for ACCESS EXCLUSIVE on `reading`, and reads and writes wait behind it
```

Once it is detached, nobody looks for its rows:

```sql
--- 001_create.sql
create table reading (at date not null, value numeric) partition by range (at);
create table reading_2015 partition of reading for values from ('2015-01-01') to ('2016-01-01');
--- 002_detach.sql
alter table reading detach partition reading_2015 concurrently;
--- 003_drop.sql
drop table reading_2015;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* drop = step.As<action::Drop>();
            if (drop == nullptr) continue;
            const CatalogView before = history.Before(step);
            const CatalogView after = history.After(step);
            for (const Name& name : drop->objects) {
              const Relation* part = before.Find(name, history.SessionAt(step).search_path);
              if (part == nullptr || !part->is_partition || part->parents.empty()) continue;
              const Lock* lock = step.effects.LockOn(part->parents[0]);
              // It may go in the same statement.
              const bool stays = after.Find(part->parents[0]) != nullptr;
              if (lock == nullptr || !lock->relation.live || !stays) continue;
              report(step, {.message = absl::StrCat("waits for ", LockModeName(lock->mode), " on ",
                                                    Quoted(lock->relation.name),
                                                    ", and reads and writes wait behind it"),
                            .help = HasDefault(before, part->parents[0])
                                        ? "beside a default partition nothing can be detached "
                                          "CONCURRENTLY: set a short lock_timeout and try again "
                                          "until it works"
                                        : ""});
              break;
            }
          }
        },
};

}  // namespace plimsoll::rules
