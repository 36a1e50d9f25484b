#include <string>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// What a query fills when it is made.
std::string FilledBy(const Step& step) {
  if (const auto* table = step.As<action::CreateTable>()) return table->table.name;
  const auto* view = step.As<action::CreateView>();
  return view == nullptr ? "" : view->view.name;
}

}  // namespace

PLIMSOLL_RULE(query_fills_relation) = {
    .id = "query-fills-relation",
    .family = Family::kLocking,
    .severity = Severity::kNote,
    .risk = Risk::kSafe,
    .opt_in = true,
    .since = "0.1",
    .summary = "CREATE … AS runs a query over whole tables within the migration",
    .why =
        "the migration takes as long as the query, which holds ACCESS SHARE on what it reads, and "
        "its snapshot keeps VACUUM from removing dead rows meanwhile",
    .help =
        "create it WITH NO DATA, or as an empty table with its constraints, and fill it outside of "
        "the migration, a table in batches",
    .docs = R"md(
`CREATE TABLE AS`, `SELECT INTO` and `CREATE MATERIALIZED VIEW` run their query at once, however
long it takes. Whoever needs a stronger lock on the tables it reads, such as the next `ALTER TABLE`,
waits for its end. A table that is made so has no constraints and no indexes either.

```sql
--- 001_create.sql
create table sale (day date, amount numeric);
--- 002_totals.sql
create table total as select day, sum(amount) as amount from sale group by day;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ query-fills-relation: reads every row of `sale` to fill `total`
create materialized view monthly as select sum(amount) as amount from sale;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ query-fills-relation: reads every row of `sale` to fill `monthly`
```

```sql
--- 001_create.sql
create table sale (day date, amount numeric);
--- 002_totals.sql
create table total (day date primary key, amount numeric not null);
create materialized view monthly as select sum(amount) as amount from sale with no data;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const std::string filled = FilledBy(step);
            const Work* scan = step.effects.LiveWork(WorkKind::kScan, Cause::kQuery);
            if (filled.empty() || scan == nullptr) continue;
            report(step,
                   {.message = absl::StrCat("reads every row of ", Quoted(scan->relation.name),
                                            " to fill ", Quoted(filled))});
          }
        },
};

}  // namespace plimsoll::rules
