#include <string>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/made.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// Whether the step itself added it, and not another of its statement.
bool IsOf(const Step& step, const TableConstraint& constraint) {
  const Constraint& added = step.As<action::AddConstraint>()->constraint;
  if (!added.name.empty()) return added.name == constraint.name;
  return added.kind == constraint.kind &&
         (added.columns.empty() || added.columns == constraint.columns);
}

// The constraint that the step adds without looking at the rows, as it is when all files have run;
// null where it is gone by then.
const TableConstraint* Unvalidated(const History& history, const Step& step,
                                   const Relation& after) {
  const Relation* before = history.Before(FirstOfStatement(history, step)).Find(after.id);
  const Relation* last = history.At(static_cast<Moment>(history.steps().size())).Find(after.id);
  if (before == nullptr || last == nullptr) return nullptr;
  for (const TableConstraint& constraint : last->constraints) {
    if (constraint.validated || !constraint.enforced || constraint.inherited) continue;
    if (before->FindConstraint(constraint.name) != nullptr) continue;
    if (!IsOf(step, constraint)) continue;
    if (after.FindConstraint(constraint.name) != nullptr) return &constraint;
  }
  return nullptr;
}

}  // namespace

PLIMSOLL_RULE(constraint_never_validated) = {
    .id = "constraint-never-validated",
    .family = Family::kPerformance,
    .severity = Severity::kNote,
    .risk = Risk::kSafe,
    .opt_in = true,
    .since = "0.1",
    .summary = "a constraint that stays NOT VALID promises nothing about the old rows",
    .why =
        "old rows may violate it, the planner does not use it, and the next UPDATE of such a row "
        "fails",
    .help = "VALIDATE CONSTRAINT in a later migration, which blocks neither reads nor writes",
    .docs = R"md(
```sql
--- 001_create.sql
create table account (id bigint primary key, size int);
--- 002_check.sql
alter table account add constraint size_positive check (size > 0) not valid;
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ constraint-never-validated: no file validates constraint `size_positive` of `account`
```

```sql
--- 001_create.sql
create table account (id bigint primary key, size int);
--- 002_check.sql
alter table account add constraint size_positive check (size > 0) not valid;
--- 003_validate.sql
alter table account validate constraint size_positive;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* add = step.As<action::AddConstraint>();
            if (add == nullptr || !add->constraint.not_valid || step.effects.failure) continue;
            const Relation* table = history.After(LastOfStatement(history, step))
                                        .Find(add->table.name, history.SessionAt(step).search_path);
            if (table == nullptr || table->persistence == Persistence::kTemporary) continue;
            const TableConstraint* constraint = Unvalidated(history, step, *table);
            if (constraint == nullptr) continue;
            const std::string name = SqlName(Name{.schema = table->schema, .name = table->name});
            report(step, {.message = absl::StrCat("no file validates constraint ",
                                                  Quoted(constraint->name), " of ",
                                                  Quoted(table->DisplayName())),
                          .help = absl::StrCat("in a later migration: ALTER TABLE ", name,
                                               " VALIDATE CONSTRAINT ", SqlName(constraint->name)),
                          .locks = std::vector<Lock>()});
          }
        },
};

}  // namespace plimsoll::rules
