#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// Null: the check stands behind a new column. Empty: the rule's own words.
std::string HelpFor(const action::AddConstraint* add) {
  if (add == nullptr) {
    return "add the column without it, then the check by ADD CONSTRAINT … NOT VALID, and VALIDATE "
           "CONSTRAINT in another transaction, which lets reads and writes go on";
  }
  return add->constraint.not_valid ? "validate it in another transaction, which lets reads and "
                                     "writes go on: this statement's lock does not"
                                   : "";
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
            const auto* column = step.As<action::AddColumn>();
            const bool adds = add != nullptr || column != nullptr;
            const Work* scan = step.effects.LiveWork(WorkKind::kScan, Cause::kCheck);
            if (!adds || scan == nullptr) continue;
            report(step,
                   {.message = absl::StrCat("checks every row of ", Quoted(scan->relation.name),
                                            " while ", BlockingWords(step)),
                    .help = HelpFor(add),
                    .fixes = add == nullptr ? ValidateLater(history, step, *column)
                                            : ValidateLater(history, step, *add, /*safe=*/true)});
          }
        },
};

}  // namespace plimsoll::rules
