#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// The name of the constraint that the step adds: what the text says, or what PostgreSQL chooses.
// Empty where that is not known.
std::string NameOfAdded(const History& history, const Step& step,
                        const action::AddConstraint& add) {
  if (!add.constraint.name.empty()) return add.constraint.name;
  const std::vector<std::string>& path = history.SessionAt(step).search_path;
  const Relation* before = history.Before(step).Find(add.table.name, path);
  const Relation* after = history.After(step).Find(add.table.name, path);
  if (before == nullptr || after == nullptr || before->assumed) return "";
  for (const TableConstraint& constraint : after->constraints) {
    const bool added = before->FindConstraint(constraint.name) == nullptr;
    if (added && constraint.kind == add.constraint.kind) return constraint.name;
  }
  return "";
}

// Adds the constraint NOT VALID and validates it afterwards, where the two are transactions of
// their own: the same schema, and the rows are read under a lock that lets writes go on.
std::vector<Fix> ValidateLater(const History& history, const Step& step,
                               const action::AddConstraint& add, bool safe) {
  const bool apart = NeighboursRunAlone(history, step) && IsWholeStatement(history, step);
  // ONLY leaves the children without it, and they could not be validated.
  if (!apart || !CanEdit(history, step) || add.table.only) return {};
  const std::string name = NameOfAdded(history, step, add);
  if (name.empty()) return {};
  const std::string validate =
      absl::StrCat("ALTER TABLE ", add.table.if_exists ? "IF EXISTS " : "", SqlName(add.table.name),
                   " VALIDATE CONSTRAINT ", SqlName(name));
  return {{.title = "add it NOT VALID, then validate it",
           .safe = safe,
           .edits = {Append(step, "NOT VALID"), InsertStatementsAfter(history, step, {validate})}}};
}

}  // namespace

PLIMSOLL_RULE(check_validates) = {
    .id = "check-validates",
    .family = Family::kLocking,
    .severity = Severity::kError,
    .risk = Risk::kRisky,
    .fixable = true,
    .since = "0.1",
    .summary = "adding a check reads the whole table while nobody can use it",
    .why = "every query on the table waits until the last row was looked at",
    .help =
        "add it NOT VALID, then VALIDATE CONSTRAINT in another transaction, which lets reads "
        "and writes go on",
    .docs = R"md(
```sql
--- 001_create.sql
create table invoice (id bigint primary key, amount numeric);
--- 002_check.sql
alter table invoice add constraint invoice_amount check (amount > 0);
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ check-validates: checks every row of `invoice` while ACCESS EXCLUSIVE on `invoice` blocks reads and writes
```

Even a check on a column that is only now added reads every row, although all its values are null:

```sql
--- 001_create.sql
create table invoice (id bigint primary key);
--- 002_discount.sql
alter table invoice add column discount numeric check (discount >= 0);
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ check-validates: checks every row of `invoice` while ACCESS EXCLUSIVE on `invoice` blocks reads and writes
```

`NOT VALID` holds for new rows at once, and leaves the old ones for later:

```sql
--- 001_create.sql
create table invoice (id bigint primary key, amount numeric);
--- 002_check.sql
alter table invoice add constraint invoice_amount check (amount > 0) not valid;
--- 003_validate.sql
alter table invoice validate constraint invoice_amount;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* add = step.As<action::AddConstraint>();
            const bool adds = add != nullptr || step.As<action::AddColumn>() != nullptr;
            const Work* scan = step.effects.LiveWork(WorkKind::kScan, Cause::kCheck);
            if (!adds || scan == nullptr) continue;
            report(step,
                   {.message = absl::StrCat("checks every row of ", Quoted(scan->relation.name),
                                            " while ", BlockingWords(step)),
                    .fixes = add == nullptr ? std::vector<Fix>()
                                            : ValidateLater(history, step, *add, /*safe=*/true)});
          }
        },
};

}  // namespace plimsoll::rules
