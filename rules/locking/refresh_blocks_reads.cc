#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// The index that CONCURRENTLY needs to tell rows apart (matview.c:is_usable_unique_index).
const Relation* UsableIndex(const CatalogView& view, const Relation& shown) {
  for (const Relation* index : view.IndexesOf(shown)) {
    if (index->unique && index->valid && !index->has_expression && !index->has_predicate) {
      return index;
    }
  }
  return nullptr;
}

void AdviseConcurrently(const History& history, const Step& step, const Relation& shown,
                        Complaint& complaint) {
  const std::string name = Quoted(shown.DisplayName());
  const Relation* index = UsableIndex(history.Before(step), shown);
  if (index == nullptr && !shown.assumed) {
    complaint.help = absl::StrCat("CONCURRENTLY needs a unique index on plain columns of ", name,
                                  ", without WHERE, and it has none: create one first");
    return;
  }
  if (index == nullptr) return;
  complaint.help = absl::StrCat("use REFRESH MATERIALIZED VIEW CONCURRENTLY, which index ",
                                Quoted(index->DisplayName()), " makes possible");
  // It takes longer so, and whoever waits for an earlier lock of the transaction waits longer too.
  const Lock* held = history.StrongestHeldBefore(step);
  if (held != nullptr && BlocksWrites(held->mode)) return;
  const std::optional<Edit> edit = InsertAfter(history, step, "MATERIALIZED VIEW", "CONCURRENTLY");
  if (edit) complaint.fixes.push_back({.title = "refresh it CONCURRENTLY", .edits = {*edit}});
}

}  // namespace

PLIMSOLL_RULE(refresh_blocks_reads) = {
    .id = "refresh-blocks-reads",
    .family = Family::kLocking,
    .severity = Severity::kError,
    .risk = Risk::kRisky,
    .fixable = true,
    .since = "0.1",
    .summary = "REFRESH MATERIALIZED VIEW blocks every query of the view until it is filled again",
    .why =
        "ACCESS EXCLUSIVE is held while the view's query runs, its rows are written and its "
        "indexes are built",
    .help =
        "use REFRESH MATERIALIZED VIEW CONCURRENTLY; it needs a unique index on plain columns of "
        "the view, without WHERE",
    .docs = R"md(
```sql
--- 001_create.sql
create table sale (day date, amount numeric);
create materialized view sales as select day, sum(amount) as amount from sale group by day;
--- 002_refresh.sql
refresh materialized view sales;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ refresh-blocks-reads: fills `sales` again while ACCESS EXCLUSIVE on `sales` blocks reads and writes
```

`CONCURRENTLY` runs the query aside, compares, and changes the rows that differ, under EXCLUSIVE,
which readers do not wait for. It may stand in a transaction. To tell rows apart it needs a unique
index on plain columns, without a condition:

```sql
--- 001_create.sql
create table sale (day date, amount numeric);
create materialized view sales as select day, sum(amount) as amount from sale group by day;
create unique index sales_day on sales (day);
--- 002_refresh.sql
refresh materialized view concurrently sales;
```

A view that was never filled cannot be read anyway, so nobody waits for its first `REFRESH`:

```sql
--- 001_create.sql
create table sale (day date, amount numeric);
create materialized view sales as select day, sum(amount) as amount from sale group by day
  with no data;
--- 002_fill.sql
refresh materialized view sales;
```

`WITH NO DATA` empties the view, and queries of it fail from then on:

```sql
--- 001_create.sql
create table sale (day date, amount numeric);
create materialized view sales as select day, sum(amount) as amount from sale group by day;
--- 002_empty.sql
refresh materialized view sales with no data;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ refresh-blocks-reads: empties `sales`: queries of it fail until it is filled again
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* refresh = step.As<action::Maintain>();
            const bool blocks = refresh != nullptr && refresh->upkeep == action::Upkeep::kRefresh &&
                                !refresh->concurrently;
            const Lock* lock = blocks ? step.effects.StrongestLiveLock() : nullptr;
            if (lock == nullptr || !BlocksReads(lock->mode)) continue;
            const Relation* shown = history.Before(step).Find(lock->relation.id);
            // Nobody can read what was never filled.
            if (shown == nullptr || (!shown->maybe_has_rows && !shown->assumed)) continue;
            if (!refresh->with_data) {
              report(step,
                     {.message = absl::StrCat("empties ", Quoted(lock->relation.name),
                                              ": queries of it fail until it is filled again"),
                      .help = "leave out WITH NO DATA, and refresh it CONCURRENTLY"});
              continue;
            }
            Complaint complaint = {.message = absl::StrCat("fills ", Quoted(lock->relation.name),
                                                           " again while ", BlockingWords(step))};
            AdviseConcurrently(history, step, *shown, complaint);
            report(step, std::move(complaint));
          }
        },
};

}  // namespace plimsoll::rules
