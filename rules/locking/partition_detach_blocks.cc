#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// CONCURRENTLY is refused beside a default partition (tablecmds.c:ATExecDetachPartition).
const Relation* DefaultOf(const CatalogView& view, RelationId whole) {
  const Relation* relation = view.Find(whole);
  if (relation == nullptr) return nullptr;
  for (const RelationId id : relation->children) {
    const Relation* child = view.Find(id);
    if (child != nullptr && child->is_default_partition) return child;
  }
  return nullptr;
}

}  // namespace

PLIMSOLL_RULE(partition_detach_blocks) = {
    .id = "partition-detach-blocks",
    .family = Family::kLocking,
    .severity = Severity::kWarning,
    .risk = Risk::kRisky,
    .fixable = true,
    .since = "0.1",
    .summary = "DETACH PARTITION locks the partitioned table against reads and writes",
    .why =
        "the lock itself is short, but it waits for every running query, and every new query "
        "waits behind it",
    .help =
        "use DETACH PARTITION … CONCURRENTLY (PostgreSQL 14 has it), as the only statement, "
        "outside "
        "a transaction; if it is interrupted, end it with DETACH PARTITION … FINALIZE",
    .docs = R"md(
`DETACH PARTITION` takes ACCESS EXCLUSIVE on the partitioned table and on the partition.

```sql
--- 001_create.sql
create table reading (at date not null, value numeric) partition by range (at);
create table reading_2015 partition of reading for values from ('2015-01-01') to ('2016-01-01');
--- 002_detach.sql
alter table reading detach partition reading_2015;
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ partition-detach-blocks: waits for ACCESS EXCLUSIVE on `reading`, and reads and writes wait behind it
```

`CONCURRENTLY` waits for the others instead of making them wait. The detached table keeps its bound
as a check, which may be dropped.

```sql
--- 001_create.sql
create table reading (at date not null, value numeric) partition by range (at);
create table reading_2015 partition of reading for values from ('2015-01-01') to ('2016-01-01');
--- 002_detach.sql
alter table reading detach partition reading_2015 concurrently;
```

PostgreSQL refuses that where there is a default partition. Then a short `lock_timeout` and another
try keep the queue short.

Where other tables refer to the partitioned table, their rows are looked through, to see that none
of them needs the partition:

```sql
--- 001_create.sql
create table reading (at date primary key) partition by range (at);
create table reading_2015 partition of reading for values from ('2015-01-01') to ('2016-01-01');
create table alarm (id bigint primary key, at date references reading);
--- 002_detach.sql
alter table reading detach partition reading_2015;
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ partition-detach-blocks: looks through `alarm` while ACCESS EXCLUSIVE on `reading` blocks reads and writes
```

`CONCURRENTLY` looks through them too, while `SHARE` on them stops their writers, and locks each of
them for a moment in the end. What it spares is the partitioned table.
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* detach = step.As<action::DetachPartition>();
            if (detach == nullptr || detach->concurrently) continue;
            const CatalogView before = history.Before(step);
            const Relation* whole =
                before.Find(detach->whole.name, history.SessionAt(step).search_path);
            const Lock* lock = whole == nullptr ? nullptr : step.effects.LockOn(whole->id);
            // FINALIZE does not need as much.
            if (lock == nullptr || !lock->relation.live || !BlocksReads(lock->mode)) continue;
            const std::string locked =
                absl::StrCat(LockModeName(lock->mode), " on ", Quoted(lock->relation.name));
            const Work* scan = step.effects.LiveWork(WorkKind::kScan, Cause::kForeignKey);
            Complaint complaint = {
                .message = scan == nullptr
                               ? absl::StrCat("waits for ", locked,
                                              ", and reads and writes wait behind it")
                               : absl::StrCat("looks through ", Quoted(scan->relation.name),
                                              " while ", locked, " blocks reads and writes")};
            if (scan != nullptr) complaint.severity = Severity::kError;
            if (const Relation* fallback = DefaultOf(before, whole->id)) {
              complaint.help =
                  absl::StrCat("CONCURRENTLY is refused while ", Quoted(fallback->DisplayName()),
                               " is the default partition: set a short lock_timeout and try again "
                               "until it works");
            } else if (IsWholeStatement(history, step) && RunsAlone(history, step) &&
                       CanEdit(history, step)) {
              // Of its own accord it leaves a check behind that says what the bound said.
              complaint.fixes.push_back(
                  {.title = "detach it CONCURRENTLY, which PostgreSQL 14 has, and keep its bound "
                            "as a check",
                   .safe = false,
                   .edits = {Append(step, "CONCURRENTLY")}});
            }
            report(step, std::move(complaint));
          }
        },
};

}  // namespace plimsoll::rules
