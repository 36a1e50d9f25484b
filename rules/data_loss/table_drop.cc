#include <string>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "analyzer/checking/made.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// Whether the same migration makes a table of that name again from what a query finds: so a cache
// of other tables' rows gets another shape.
bool IsRefilled(const History& history, const Step& drop, const Affected& dropped) {
  const Relation* old = history.Before(drop).Find(dropped.id);
  return old != nullptr && absl::c_any_of(RestOfMigration(history, drop), [&](const Step& later) {
           const auto* create = later.As<action::CreateTable>();
           return create != nullptr && create->as_query && create->table.name == old->name &&
                  (create->table.schema.empty() || create->table.schema == old->schema);
         });
}

}  // namespace

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
            bool refilled = true;
            for (const Loss& loss : step.effects.losses) {
              if (loss.kind != LossKind::kTable || !loss.relation.live) continue;
              absl::StrAppend(&tables, tables.empty() ? "" : ", ", Quoted(loss.relation.name));
              refilled = refilled && IsRefilled(history, step, loss.relation);
            }
            if (tables.empty()) continue;
            Complaint complaint = {.message = absl::StrCat("drops ", tables, " with all rows")};
            if (refilled) {
              complaint.severity = Severity::kNote;
              absl::StrAppend(&complaint.message, ", and a query fills another in its place");
              complaint.why = "what the query does not find again is lost";
              complaint.help = "compare the query with what filled the table before";
            }
            report(step, std::move(complaint));
          }
        },
};

}  // namespace plimsoll::rules
