#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "analyzer/checking/made.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// Whether the migration gives the column a key, own or foreign: then one value cannot be for all.
bool IsKey(const History& history, const Step& step, const Break& broken) {
  const CatalogView end = history.At(EndOfMigration(history, step));
  const Relation* table = end.Find(broken.relation.id);
  if (table == nullptr) return false;
  const bool unique = absl::c_any_of(end.IndexesOf(*table), [&](const Relation* index) {
    return index->unique && index->keys.size() == 1 && index->keys[0].column == broken.detail;
  });
  return unique || absl::c_any_of(table->constraints, [&](const TableConstraint& constraint) {
           return constraint.kind == ConstraintKind::kForeignKey &&
                  absl::c_linear_search(constraint.columns, broken.detail);
         });
}

Complaint Describe(const History& history, const Step& step, const Break& broken, bool empty) {
  Complaint complaint = {
      .message = absl::StrCat("column ", Quoted(broken.detail), " of ",
                              Quoted(broken.relation.name), " is NOT NULL and ",
                              empty ? "running code that inserts gives" : "existing rows have",
                              " no value for it"),
      .about = Quoted(broken.detail)};
  if (empty) {
    complaint.why = "code that does not know the column yet can insert nothing";
    complaint.help = "add it nullable, deploy the code that writes it, then set NOT NULL";
  } else if (IsKey(history, step, broken)) {
    complaint.help =
        "add it nullable, fill it in batches, and set NOT NULL over a validated check; a DEFAULT "
        "would be the same key in every row";
  }
  return complaint;
}

}  // namespace

PLIMSOLL_RULE(required_column_without_default) = {
    .id = "required-column-without-default",
    .family = Family::kCompatibility,
    .severity = Severity::kError,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "ADD COLUMN NOT NULL without a default fails on a table that has rows",
    .why =
        "the rows that are there have no value for it; and where the table is empty, code that "
        "does not know the column yet can insert nothing",
    .help =
        "add it with a constant DEFAULT, which costs nothing since PostgreSQL 11; or add it "
        "nullable, fill it in batches, and set NOT NULL over a validated check",
    .docs = R"md(
```sql
--- 001_create.sql
create table account (id bigint primary key);
--- 002_plan.sql
alter table account add column plan text not null;
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ required-column-without-default: column `plan` of `account` is NOT NULL and existing rows have no value for it
```

A table that the same migration empties has no such rows, but code that inserts:

```sql
--- 001_create.sql
create table session (id bigint primary key);
--- 002_key.sql
begin;
truncate session;
alter table session add column key uuid not null;
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ required-column-without-default: column `key` of `session` is NOT NULL and running code that inserts gives no value for it
commit;
```

A constant default is stored once and needs no pass over the table:

```sql
--- 001_create.sql
create table account (id bigint primary key);
--- 002_plan.sql
alter table account add column plan text not null default 'free';
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          Emptied emptied;
          for (const Step& step : history.steps()) {
            emptied.Take(step);
            if (step.As<action::AddColumn>() == nullptr) continue;
            for (const Break& broken : step.effects.breaks) {
              if (broken.kind != BreakKind::kRequiredColumn || !broken.relation.live) continue;
              report(step, Describe(history, step, broken, emptied.Has(broken.relation.id)));
            }
          }
        },
};

}  // namespace plimsoll::rules
