#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analyzer/checking/made.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// Whether the table has a foreign key over the columns that acts when a referenced row goes.
bool Acts(const Relation& table, const std::vector<std::string>& columns) {
  return std::any_of(
      table.constraints.begin(), table.constraints.end(), [&](const TableConstraint& constraint) {
        // What is not enforced has no triggers.
        return constraint.kind == ConstraintKind::kForeignKey && constraint.columns == columns &&
               constraint.on_delete == ReferentialAction::kCascade && constraint.enforced;
      });
}

}  // namespace

PLIMSOLL_RULE(cascading_foreign_key) = {
    .id = "cascading-foreign-key",
    .family = Family::kDesign,
    .severity = Severity::kNote,
    .risk = Risk::kSafe,
    .opt_in = true,
    .since = "0.1",
    .summary = "ON DELETE CASCADE deletes rows of other tables that nobody named",
    .why =
        "one DELETE by mistake takes along what refers to the row, and what refers to that, in one "
        "transaction whose size and locks its author does not see",
    .help = "leave ON DELETE at NO ACTION, and delete the referring rows first, in batches",
    .docs = R"md(
```sql
create table account (id bigint primary key);
create table invoice (
--^^^^^^^^^^^^^^^^^^^^… cascading-foreign-key: deleting from `account` also deletes the rows of `invoice` that refer to it
  id bigint primary key, account_id bigint references account on delete cascade
);
```

```sql
create table account (id bigint primary key);
create table invoice (
  id bigint primary key,
  account_id bigint references account,
  payer_id bigint references account on delete set null
);
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const Relation* left = TableLeft(history, step);
            if (left == nullptr) continue;
            const Relation* before = history.Before(step).Find(left->id);
            std::vector<std::string> referenced;
            for (const Constraint* written : ConstraintsIn(step)) {
              if (written->on_delete != ReferentialAction::kCascade) continue;
              // IF NOT EXISTS is content with an older table or column.
              if (before != nullptr && Acts(*before, written->columns)) continue;
              if (!Acts(*left, written->columns)) continue;
              const std::string name = Quoted(written->referenced.name);
              const bool said =
                  std::find(referenced.begin(), referenced.end(), name) != referenced.end();
              if (!said) referenced.push_back(name);
            }
            if (referenced.empty()) continue;
            report(step,
                   {.message = absl::StrCat("deleting from ", absl::StrJoin(referenced, " or "),
                                            " also deletes the rows of ",
                                            Quoted(left->DisplayName()), " that refer to it"),
                    .locks = std::vector<Lock>()});
          }
        },
};

}  // namespace plimsoll::rules
