#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// Whether the schema is certainly one that this migration made.
bool IsMadeHere(const History& history, const Step& drop, const std::string& schema) {
  return std::any_of(history.steps().begin(), history.steps().begin() + drop.index,
                     [&](const Step& step) {
                       const auto* create = step.As<action::CreateSchema>();
                       return create != nullptr && step.migration == drop.migration &&
                              create->name == schema && !create->if_not_exists;
                     });
}

// What is there to lose in the schemas; empty where it is nothing that was there before.
std::string LostSchemas(const History& history, const Step& step) {
  std::string schemas;
  for (const Loss& loss : step.effects.losses) {
    if (loss.kind != LossKind::kOther) continue;
    if (IsMadeHere(history, step, loss.relation.name)) continue;
    const Name name = {.name = loss.relation.name};
    if (history.Before(step).IsObjectMissing(ObjectKind::kSchema, name, {})) continue;
    absl::StrAppend(&schemas, schemas.empty() ? "" : ", ", Quoted(loss.relation.name));
  }
  return schemas;
}

std::string LostTables(const Step& step) {
  std::string tables;
  for (const Loss& loss : step.effects.losses) {
    if (loss.kind != LossKind::kTable || !loss.relation.live) continue;
    absl::StrAppend(&tables, tables.empty() ? "" : ", ", Quoted(loss.relation.name));
  }
  return tables;
}

}  // namespace

PLIMSOLL_RULE(schema_drop) = {
    .id = "schema-drop",
    .family = Family::kDataLoss,
    .severity = Severity::kError,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "DROP SCHEMA … CASCADE loses all tables of the schema, named or not",
    .why =
        "whatever anybody put into the schema goes with it, and the statement names none of it; "
        "rolling forward cannot bring the rows back",
    .help =
        "drop the objects one by one, by name, then the schema without CASCADE: PostgreSQL refuses "
        "that as long as anything is left in it",
    .docs = R"md(
```sql
--- 001_create.sql
create schema billing;
create table billing.invoice (id bigint primary key);
--- 002_drop.sql
drop schema billing cascade;
--^^^^^^^^^^^^^^^^^^^^^^^^^ schema-drop: drops all that is in schema `billing`, among it `billing.invoice` with all rows
```

Without CASCADE nothing can be lost: a schema that holds anything stays (2BP01). So the statements
say what goes:

```sql
--- 001_create.sql
create schema billing;
create view billing.answer as select 42 as answer;
--- 002_drop.sql
drop view billing.answer;
drop schema billing;
```

A schema that this migration made holds nothing that was there before:

```sql
create schema staging;
create table staging.rows (id bigint);
drop schema staging cascade;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* drop = step.As<action::Drop>();
            if (drop == nullptr || drop->kind != ObjectKind::kSchema) continue;
            const std::string schemas = LostSchemas(history, step);
            const std::string tables = LostTables(step);
            if (schemas.empty() && tables.empty()) continue;
            std::string message = "drops ";
            if (!schemas.empty()) absl::StrAppend(&message, "all that is in schema ", schemas);
            if (!schemas.empty() && !tables.empty()) absl::StrAppend(&message, ", among it ");
            if (!tables.empty()) absl::StrAppend(&message, tables, " with all rows");
            report(step, {.message = std::move(message)});
          }
        },
};

}  // namespace plimsoll::rules
