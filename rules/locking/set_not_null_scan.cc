#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// Has a check prove it that is validated while reads and writes go on, and takes the check away
// again.
std::vector<Fix> ProveBefore(const History& history, const Step& step,
                             const action::SetNotNull& set) {
  const bool apart = NeighboursRunAlone(history, step) && IsWholeStatement(history, step);
  if (!CanEdit(history, step) || set.table.only) return {};
  const CatalogView before = history.Before(step);
  const Relation* table = before.Find(set.table.name, history.SessionAt(step).search_path);
  if (table == nullptr) return {};
  // Not the name that PostgreSQL 18 gives the constraint behind NOT NULL.
  const std::string check =
      SqlName(before.ChooseConstraintName(table->schema, table->name, set.column, "check", false));
  const std::string alter = absl::StrCat("ALTER TABLE ", set.table.if_exists ? "IF EXISTS " : "",
                                         SqlName(set.table.name));
  const std::string add = absl::StrCat("ADD CONSTRAINT ", check, " CHECK (", SqlName(set.column),
                                       " IS NOT NULL) NOT VALID");
  const std::string validate = absl::StrCat(alter, " VALIDATE CONSTRAINT ", check);
  const std::string drop = absl::StrCat(alter, " DROP CONSTRAINT IF EXISTS ", check);
  if (!apart) {
    // What comes later must leave the column as it is, and not count on what it is to be.
    if (!RunnerWraps(history, step) || !IsLeftAlone(history, step, *table)) return {};
    if (IsSaidLater(history, step, set.column)) return {};
    const std::string later = absl::StrCat("ALTER TABLE ", set.table.if_exists ? "IF EXISTS " : "",
                                           SqlName(NameFor(*table, set.table.name)));
    const std::string validate_later = absl::StrCat(later, " VALIDATE CONSTRAINT ", check);
    const std::string require =
        absl::StrCat(later, " ALTER COLUMN ", SqlName(set.column), " SET NOT NULL");
    const std::string drop_later = absl::StrCat(later, " DROP CONSTRAINT IF EXISTS ", check);
    return {{.title = "have a check prove it that is validated in a file that follows",
             .safe = false,
             .edits = {Replace(step, add)},
             .following = {absl::StrCat(validate_later, ";\n"),
                           absl::StrCat(require, ";\n", drop_later, ";\n")}}};
  }
  // A table that no file creates may have a check of that name.
  return {
      {.title = "have a validated check prove it",
       .safe = !table->assumed,
       .edits = {InsertStatementsBefore(history, step, {absl::StrCat(alter, " ", add), validate}),
                 InsertStatementsAfter(history, step, {drop})}}};
}

}  // namespace

PLIMSOLL_RULE(set_not_null_scan) = {
    .id = "set-not-null-scan",
    .family = Family::kLocking,
    .severity = Severity::kError,
    .risk = Risk::kRisky,
    .fixable = true,
    .since = "0.1",
    .summary = "SET NOT NULL reads the whole table while nobody can use it",
    .why = "every query on the table waits until the last row was looked at",
    .help =
        "add a check (column IS NOT NULL) NOT VALID, validate it in another transaction, then "
        "set NOT NULL, which the check proves; on PostgreSQL 18 add the NOT NULL constraint "
        "itself NOT VALID",
    .docs = R"md(
To know that no value is null, `SET NOT NULL` looks at every row under ACCESS EXCLUSIVE.

```sql
--- 001_create.sql
create table account (id bigint primary key, email text);
--- 002_required.sql
alter table account alter column email set not null;
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ set-not-null-scan: reads every row of `account` while ACCESS EXCLUSIVE on `account` blocks reads and writes
```

A validated check that says so is proof enough, and `VALIDATE` lets reads and writes go on:

```sql
--- 001_create.sql
create table account (id bigint primary key, email text);
--- 002_check.sql
alter table account add constraint account_email_set check (email is not null) not valid;
--- 003_validate.sql
alter table account validate constraint account_email_set;
--- 004_required.sql
alter table account alter column email set not null;
alter table account drop constraint account_email_set;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* add = step.As<action::AddConstraint>();
            const auto* set = step.As<action::SetNotNull>();
            const bool adds = add != nullptr && add->constraint.kind == ConstraintKind::kNotNull;
            if (set == nullptr && !adds) continue;
            const Work* scan = step.effects.LiveWork(WorkKind::kScan, Cause::kNotNull);
            if (scan == nullptr) continue;
            report(step,
                   {.message = absl::StrCat("reads every row of ", Quoted(scan->relation.name),
                                            " while ", BlockingWords(step)),
                    .about = absl::StrCat("for ",
                                          Quoted(adds ? add->constraint.columns[0] : set->column)),
                    .fixes = adds ? ValidateLater(history, step, *add, /*safe=*/true)
                                  : ProveBefore(history, step, *set)});
          }
        },
};

}  // namespace plimsoll::rules
