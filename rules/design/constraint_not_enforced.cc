#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analyzer/checking/made.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// The constraints that the step's words leave unenforced.
std::vector<Constraint> UnenforcedIn(const Step& step) {
  std::vector<Constraint> written;
  for (const Constraint* constraint : ConstraintsIn(step)) {
    if (constraint->not_enforced) written.push_back(*constraint);
  }
  const auto* alter = step.As<action::AlterConstraint>();
  if (alter != nullptr && alter->enforced == false) written.push_back({.name = alter->constraint});
  return written;
}

// The constraint that was written, where the table has it and does not enforce it.
const TableConstraint* Unenforced(const Relation& table, const Constraint& written) {
  // A check has the columns that it mentions.
  const std::vector<std::string>& columns =
      written.expression != nullptr ? written.expression->columns : written.columns;
  const auto is_it = [&](const TableConstraint& constraint) {
    if (constraint.enforced) return false;
    return written.name.empty() ? constraint.columns == columns : constraint.name == written.name;
  };
  const auto found = std::find_if(table.constraints.begin(), table.constraints.end(), is_it);
  return found == table.constraints.end() ? nullptr : &*found;
}

}  // namespace

PLIMSOLL_RULE(constraint_not_enforced) = {
    .id = "constraint-not-enforced",
    .family = Family::kDesign,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .opt_in = true,
    .since = "0.1",
    .summary = "a constraint that is NOT ENFORCED holds for no row, old or new",
    .why =
        "PostgreSQL keeps its words and checks nothing: whoever reads the schema believes what the "
        "rows need not obey, and ON DELETE of such a foreign key does nothing",
    .help =
        "NOT VALID checks every new row and none of the old ones; VALIDATE CONSTRAINT then reads "
        "those",
    .docs = R"md(
```sql
create table account (
--^^^^^^^^^^^^^^^^^^^^… constraint-not-enforced: no row of `account` has to obey `age_positive`
  id bigint primary key, age int, constraint age_positive check (age > 0) not enforced
);
```

```sql
--- 001_create.sql
create table account (id bigint primary key, age int);
--- 002_check.sql
alter table account add constraint age_positive check (age > 0) not valid;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const Relation* left = TableLeft(history, step);
            if (left == nullptr) continue;
            const Relation* before = history.Before(step).Find(left->id);
            std::vector<std::string> names;
            for (const Constraint& written : UnenforcedIn(step)) {
              // IF NOT EXISTS is content with an older table or column.
              if (before != nullptr && Unenforced(*before, written) != nullptr) continue;
              const TableConstraint* kept = Unenforced(*left, written);
              if (kept != nullptr) names.push_back(Quoted(kept->name));
            }
            if (names.empty()) continue;
            report(step, {.message = absl::StrCat("no row of ", Quoted(left->DisplayName()),
                                                  " has to obey ", absl::StrJoin(names, ", ")),
                          .locks = std::vector<Lock>()});
          }
        },
};

}  // namespace plimsoll::rules
