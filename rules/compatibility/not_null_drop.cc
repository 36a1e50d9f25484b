#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {

PLIMSOLL_RULE(not_null_drop) = {
    .id = "not-null-drop",
    .family = Family::kCompatibility,
    .severity = Severity::kNote,
    .risk = Risk::kSafe,
    .opt_in = true,
    .since = "0.1",
    .summary = "code that reads a column which is no longer NOT NULL may meet NULL",
    .why =
        "PostgreSQL keeps working, but code that was written for the old promise may not: a "
        "comparison with NULL is never true, and a client may have no value for it",
    .help =
        "deploy code that expects NULL before any code that writes it; to take the promise back "
        "later, the whole table has to be read",
    .docs = R"md(
```sql
--- 001_create.sql
create table person (id bigint primary key, surname text not null);
--- 002_mononym.sql
alter table person alter column surname drop not null;
--                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ not-null-drop: column `surname` of `person` may be NULL from now on
```

A table that nobody uses yet, or a column that could be NULL all the time, changes for nobody:

```sql
--- 001_create.sql
create table person (id bigint primary key, surname text);
--- 002_mononym.sql
alter table person alter column surname drop not null;
create table pet (id bigint primary key, name text not null);
alter table pet alter column name drop not null;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* drop = step.As<action::DropNotNull>();
            if (drop == nullptr || step.effects.failure) continue;
            const Relation* table =
                history.Before(step).Find(drop->table.name, history.SessionAt(step).search_path);
            const Lock* lock = table == nullptr ? nullptr : step.effects.LockOn(table->id);
            if (lock == nullptr || !lock->relation.live) continue;
            const TableColumn* column = table->FindColumn(drop->column);
            const bool known = column != nullptr && !table->assumed;
            if (known && !column->not_null) continue;
            report(step, {.message = absl::StrCat("column ", Quoted(drop->column), " of ",
                                                  Quoted(lock->relation.name),
                                                  " may be NULL from now on")});
          }
        },
};

}  // namespace plimsoll::rules
