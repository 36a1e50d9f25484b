#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// The moment behind the last step of the migration.
Moment EndOf(const History& history, const Step& step) {
  const std::vector<Step>& steps = history.steps();
  const auto end =
      std::partition_point(steps.begin() + step.index, steps.end(),
                           [&](const Step& later) { return later.migration == step.migration; });
  return static_cast<Moment>(end - steps.begin());
}

// The table to which the step may add constraints, as its migration leaves it; null where it is
// gone by then, or temporary.
const Relation* LeftBehind(const History& history, const Step& step) {
  const Name* name = nullptr;
  if (const auto* create = step.As<action::CreateTable>()) name = &create->table;
  if (const auto* add = step.As<action::AddColumn>()) name = &add->table.name;
  if (const auto* add = step.As<action::AddConstraint>()) name = &add->table.name;
  if (name == nullptr) return nullptr;
  const Relation* table = history.After(step).Find(*name, history.SessionAt(step).search_path);
  if (table == nullptr || table->persistence == Persistence::kTemporary) return nullptr;
  return history.At(EndOf(history, step)).Find(table->id);
}

// The constraints that the step's words hold.
std::vector<const Constraint*> WrittenIn(const Step& step) {
  std::vector<const Constraint*> written;
  const auto take = [&](const std::vector<Constraint>& constraints) {
    for (const Constraint& constraint : constraints) written.push_back(&constraint);
  };
  if (const auto* create = step.As<action::CreateTable>()) {
    for (const Column& column : create->columns) take(column.constraints);
    take(create->constraints);
  }
  if (const auto* add = step.As<action::AddColumn>()) take(add->column.constraints);
  if (const auto* add = step.As<action::AddConstraint>()) written.push_back(&add->constraint);
  return written;
}

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
            const Relation* left = LeftBehind(history, step);
            if (left == nullptr) continue;
            const Relation* before = history.Before(step).Find(left->id);
            std::vector<std::string> referenced;
            for (const Constraint* written : WrittenIn(step)) {
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
