#include <algorithm>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/made.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// The table that the step makes, or makes unlogged; null where it does neither.
const Relation* MadeUnlogged(const History& history, const Step& step) {
  const auto* create = step.As<action::CreateTable>();
  const auto* alter = step.As<action::AlterRelation>();
  const bool unlogs = alter != nullptr && alter->alteration == action::Alteration::kSetUnlogged;
  if (create == nullptr && !unlogs) return nullptr;
  const Name& name = create != nullptr ? create->table : alter->relation.name;
  const Relation* after = history.After(step).Find(name, history.SessionAt(step).search_path);
  if (after == nullptr || after->persistence != Persistence::kUnlogged) return nullptr;
  const Relation* before = history.Before(step).Find(after->id);
  const bool was = before != nullptr && before->persistence == Persistence::kUnlogged;
  return was ? nullptr : after;
}

}  // namespace

PLIMSOLL_RULE(unlogged_table) = {
    .id = "unlogged-table",
    .family = Family::kDataLoss,
    .severity = Severity::kWarning,
    .risk = Risk::kRisky,
    .opt_in = true,
    .since = "0.1",
    .summary = "an UNLOGGED table is empty after a crash and missing on every standby",
    .why =
        "its rows are not in the write-ahead log: a server that crashes truncates it when it "
        "starts again, a standby cannot read it, and no backup by the log holds it",
    .help = "make it LOGGED, or keep in it only what can be computed again",
    .docs = R"md(
```sql
create unlogged table page_view (id bigint primary key);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ unlogged-table: a crash of the server empties `page_view`, and no standby has its rows: it is UNLOGGED
```

A table may be filled faster while it is unlogged; when the migration ends, it should be safe:

```sql
create unlogged table page_view (id bigint primary key);
insert into page_view select generate_series(1, 1000000);
alter table page_view set logged;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const Relation* table = MadeUnlogged(history, step);
            if (table == nullptr) continue;
            // It may be a table for this migration alone, or logged by its end.
            const Relation* left = history.At(EndOfMigration(history, step)).Find(table->id);
            if (left == nullptr || left->persistence != Persistence::kUnlogged) continue;
            report(step, {.message = absl::StrCat(
                              "a crash of the server empties ", Quoted(table->DisplayName()),
                              ", and no standby has its rows: it is UNLOGGED")});
          }
        },
};

}  // namespace plimsoll::rules
