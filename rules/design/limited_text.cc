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

}  // namespace

PLIMSOLL_RULE(limited_text) = {
    .id = "limited-text",
    .family = Family::kDesign,
    .severity = Severity::kNote,
    .risk = Risk::kSafe,
    .opt_in = true,
    .since = "0.1",
    .summary = "varchar(n) makes a guess at a length a part of the type",
    .why =
        "a longer value fails with 22001; another length takes ACCESS EXCLUSIVE, is refused while "
        "a view shows the column, and a shorter one rewrites the table",
    .help =
        "text, and where a limit is meant a CHECK (length(…) <= n), which is changed by NOT VALID "
        "and VALIDATE CONSTRAINT while others write",
    .docs = R"md(
```sql
create table account (id bigint primary key, name varchar(50), mail varchar(100));
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ limited-text: longer values in `account` fail: `name` holds 50 characters, `mail` holds 100 characters
alter table account add column phone character varying(20);
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ limited-text: longer values in `account` fail: `phone` holds 20 characters
```

```sql
create table account (
  id bigint primary key, name text, mail varchar,
  constraint account_name_length check (length(name) <= 50)
);
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const Relation* left = LeftBehind(history, step);
            if (left == nullptr) continue;
            std::vector<std::string> limits;
            for (const TableColumn& column : ColumnsLeft(history, step, *left)) {
              const TypeName& type = *column.type;
              if (type.name != Name{.name = "varchar"} || type.modifiers.empty()) continue;
              limits.push_back(
                  absl::StrCat(Quoted(column.name), " holds ", type.modifiers[0], " characters"));
            }
            if (limits.empty()) continue;
            report(step, {.message = absl::StrCat("longer values in ", Quoted(left->DisplayName()),
                                                  " fail: ", absl::StrJoin(limits, ", ")),
                          .locks = std::vector<Lock>()});
          }
        },
};

}  // namespace plimsoll::rules
