#include <algorithm>
#include <memory>
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

// The table that the step makes or gives a column, as its migration leaves it; null where it is
// gone by then, temporary, or foreign: the other side chose its columns.
const Relation* LeftBehind(const History& history, const Step& step) {
  const Name* name = nullptr;
  if (const auto* create = step.As<action::CreateTable>()) name = &create->table;
  if (const auto* add = step.As<action::AddColumn>()) name = &add->table.name;
  if (name == nullptr) return nullptr;
  const Relation* table = history.After(step).Find(*name, history.SessionAt(step).search_path);
  if (table == nullptr || table->kind == RelationKind::kForeignTable) return nullptr;
  if (table->persistence == Persistence::kTemporary) return nullptr;
  return history.At(EndOf(history, step)).Find(table->id);
}

// The columns that the step brings, as its migration leaves them.
std::vector<TableColumn> ColumnsLeft(const History& history, const Step& step,
                                     const Relation& left) {
  const Relation* before = history.Before(step).Find(left.id);
  std::vector<TableColumn> columns;
  const auto take = [&](const Column& column) {
    // That of a partition or of a typed table without a type of its own is somebody else's choice.
    if (column.type.name.name.empty()) return;
    // IF NOT EXISTS is content with an older one.
    if (before != nullptr && before->FindColumn(column.name) != nullptr) return;
    const TableColumn* last = left.FindColumn(column.name);
    if (last == nullptr) return;
    columns.push_back(*last);
    // That of a parent which no file creates has the type that is said here.
    if (last->type == nullptr) columns.back().type = std::make_shared<TypeName>(column.type);
  };
  if (const auto* create = step.As<action::CreateTable>()) {
    for (const Column& column : create->columns) take(column);
  }
  if (const auto* add = step.As<action::AddColumn>()) take(add->column);
  return columns;
}

// Nobody says which of the two it is where nothing is written to it.
bool IsOpen(const TableColumn& column) {
  const bool boolean = column.type->name == Name{.name = "bool"} && !column.type->array;
  return boolean && !column.not_null && !column.has_default && column.generated == Generated::kNo;
}

}  // namespace

PLIMSOLL_RULE(three_state_boolean) = {
    .id = "three-state-boolean",
    .family = Family::kDesign,
    .severity = Severity::kNote,
    .risk = Risk::kSafe,
    .opt_in = true,
    .since = "0.1",
    .summary = "a boolean that may be NULL and has no default has three states",
    .why = "WHERE flag and WHERE NOT flag both leave out the rows in which it is NULL",
    .help = "NOT NULL DEFAULT false (or true), which ADD COLUMN does without touching the rows",
    .docs = R"md(
```sql
create table account (id bigint primary key, active boolean, checked bool);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ three-state-boolean: `active`, `checked` of `account` may be true, false or NULL
alter table account add column hidden boolean;
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^ three-state-boolean: `hidden` of `account` may be true, false or NULL
```

```sql
create table account (
  id bigint primary key, active boolean not null, checked boolean default false
);
alter table account add column hidden boolean not null default false;
```

What the same migration mends is left alone:

```sql
create table account (id bigint primary key, active boolean);
alter table account alter column active set not null;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const Relation* left = LeftBehind(history, step);
            if (left == nullptr) continue;
            std::vector<std::string> open;
            for (const TableColumn& column : ColumnsLeft(history, step, *left)) {
              if (IsOpen(column)) open.push_back(Quoted(column.name));
            }
            if (open.empty()) continue;
            report(step, {.message = absl::StrCat(absl::StrJoin(open, ", "), " of ",
                                                  Quoted(left->DisplayName()),
                                                  " may be true, false or NULL"),
                          .locks = std::vector<Lock>()});
          }
        },
};

}  // namespace plimsoll::rules
