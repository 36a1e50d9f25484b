#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// Whether the type is known to stay what it is.
bool StaysTheSame(const Relation& table, const action::AlterColumnType& alter) {
  const TableColumn* column = table.FindColumn(alter.column);
  return column != nullptr && column->type != nullptr && *column->type == alter.type;
}

}  // namespace

PLIMSOLL_RULE(plan_invalidated) = {
    .id = "plan-invalidated",
    .family = Family::kCompatibility,
    .severity = Severity::kNote,
    .risk = Risk::kSafe,
    .opt_in = true,
    .since = "0.1",
    .summary = "prepared statements that return a column fail after its type has changed",
    .why =
        "PostgreSQL refuses to run a prepared statement whose result has another type than before "
        "(0A000, cached plan must not change result type), even where no row was rewritten; "
        "drivers "
        "and poolers prepare what they run without being asked, and most applications meet the "
        "error until they connect again",
    .help =
        "have the driver prepare anew on that error, run DISCARD PLANS or DEALLOCATE ALL, or let "
        "the sessions reconnect right after the migration; statements in an open transaction fail "
        "for good, so it has to be run again",
    .docs = R"md(
A longer `varchar` rewrites nothing and still is another type of result:

```sql
--- 001_create.sql
create table city (id bigint primary key, name varchar(40));
--- 002_longer.sql
alter table city alter column name type varchar(80);
--               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ plan-invalidated: statements that sessions have prepared and that return `name` of `city` fail: cached plan must not change result type
```

A type that stays what it was changes no result, and nobody has prepared anything over a new table:

```sql
--- 001_create.sql
create table city (id bigint primary key, name varchar(40));
--- 002_same.sql
alter table city alter column name type varchar(40);
create table river (id bigint primary key, name varchar(40));
alter table river alter column name type varchar(80);
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* alter = step.As<action::AlterColumnType>();
            if (alter == nullptr || step.effects.failure) continue;
            const Relation* table =
                history.Before(step).Find(alter->table.name, history.SessionAt(step).search_path);
            const Lock* lock = table == nullptr ? nullptr : step.effects.LockOn(table->id);
            if (lock == nullptr || !lock->relation.live || StaysTheSame(*table, *alter)) continue;
            report(step, {.message = absl::StrCat(
                              "statements that sessions have prepared and that "
                              "return ",
                              Quoted(alter->column), " of ", Quoted(lock->relation.name),
                              " fail: cached plan must not change result type")});
          }
        },
};

}  // namespace plimsoll::rules
