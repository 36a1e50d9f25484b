#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {

PLIMSOLL_RULE(table_drop) = {
    .id = "table-drop",
    .family = Family::kDataLoss,
    .severity = Severity::kWarning,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "dropping a table loses its rows and breaks the code that still uses it",
    .why = "rolling forward cannot bring the rows back",
    .help =
        "make sure that no running code uses it and that a backup exists; then say so with "
        "`-- plimsoll:allow table-drop -- reason`",
    .docs = R"md(
```sql
--- 001_create.sql
create table account (id bigint primary key);
--- 002_drop.sql
drop table account;
--^^^^^^^^^^^^^^^^ table-drop: drops `account` with all rows
```

A table that this migration made holds nothing that was there before:

```sql
create table import_buffer (id bigint primary key);
drop table import_buffer;
create temp table scratch (id bigint);
drop table scratch;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            // DROP SCHEMA and DROP OWNED have rules of their own, which name the tables.
            const auto* drop = step.As<action::Drop>();
            if (drop == nullptr || drop->kind == ObjectKind::kSchema) continue;
            std::string tables;
            for (const Loss& loss : step.effects.losses) {
              if (loss.kind != LossKind::kTable || !loss.relation.live) continue;
              absl::StrAppend(&tables, tables.empty() ? "" : ", ", Quoted(loss.relation.name));
            }
            if (tables.empty()) continue;
            report(step, {.message = absl::StrCat("drops ", tables, " with all rows")});
          }
        },
};

}  // namespace plimsoll::rules
