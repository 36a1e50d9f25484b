#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

using Columns = std::vector<std::string>;

bool Contains(const Columns& columns, const std::string& column) {
  return std::find(columns.begin(), columns.end(), column) != columns.end();
}

// The columns that the whole statement drops.
Columns DroppedWith(const History& history, const Step& step) {
  Columns columns;
  for (const Step& sibling : history.StepsOf(step.migration, step.statement)) {
    const auto* drop = sibling.As<action::DropColumn>();
    if (drop != nullptr) columns.push_back(drop->column);
  }
  return columns;
}

bool SpansOthers(const Columns& columns, const Columns& dropped) {
  return std::any_of(columns.begin(), columns.end(),
                     [&](const std::string& column) { return !Contains(dropped, column); });
}

absl::string_view KindWord(ConstraintKind kind) {
  switch (kind) {
    case ConstraintKind::kUnique:
      return "UNIQUE constraint";
    case ConstraintKind::kPrimaryKey:
      return "PRIMARY KEY";
    case ConstraintKind::kForeignKey:
      return "foreign key";
    case ConstraintKind::kExclusion:
      return "EXCLUDE constraint";
    default:
      return "CHECK";
  }
}

std::string OfColumns(const Columns& columns, const std::string& gone) {
  Columns others;
  for (const std::string& column : columns) {
    if (column != gone) others.push_back(Quoted(column));
  }
  return others.empty() ? "" : absl::StrCat(" over ", absl::StrJoin(others, ", "));
}

// What spans the column and others that stay, each with its name.
Columns Taken(const History& history, const Step& step, const Relation& table) {
  const std::string& column = step.As<action::DropColumn>()->column;
  const Columns dropped = DroppedWith(history, step);
  Columns taken;
  std::vector<RelationId> backing;
  for (const TableConstraint& constraint : table.constraints) {
    if (constraint.index != 0) backing.push_back(constraint.index);
    if (!Contains(constraint.columns, column) || !SpansOthers(constraint.columns, dropped))
      continue;
    taken.push_back(absl::StrCat(KindWord(constraint.kind), " ", Quoted(constraint.name),
                                 OfColumns(constraint.columns, column)));
  }
  for (const Relation* index : history.Before(step).IndexesOf(table)) {
    const Columns columns(index->mentions.begin(), index->mentions.end());
    const bool backs = std::find(backing.begin(), backing.end(), index->id) != backing.end();
    if (backs || !Contains(columns, column) || !SpansOthers(columns, dropped)) continue;
    taken.push_back(absl::StrCat(index->unique ? "unique index " : "index ", Quoted(index->name),
                                 OfColumns(columns, column)));
  }
  return taken;
}

}  // namespace

PLIMSOLL_RULE(column_drop_takes_index) = {
    .id = "column-drop-takes-index",
    .family = Family::kDataLoss,
    .severity = Severity::kWarning,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "DROP COLUMN silently drops the indexes and constraints that other columns share",
    .why =
        "no word of the statement says so: queries lose the index that served the other columns, "
        "and a key or a check no longer guards them",
    .help =
        "build what the remaining columns need before: a new index CONCURRENTLY, a new constraint "
        "over it; then drop the old one by name, and the column last",
    .docs = R"md(
```sql
--- 001_create.sql
create table seat (
  id bigint primary key, hall int not null, row_number int, place int,
  constraint seat_place unique (hall, row_number, place)
);
create index seat_by_hall on seat (hall) include (place);
--- 002_drop.sql
alter table seat drop column place;
--               ^^^^^^^^^^^^^^^^^ column-drop-takes-index: dropping column `place` of `seat` also drops UNIQUE constraint `seat_place` over `hall`, `row_number`, index `seat_by_hall` over `hall`
```

What is dropped by name is no surprise:

```sql
--- 001_create.sql
create table seat (id bigint primary key, hall int not null, place int);
create index seat_by_hall on seat (hall, place);
create index seat_by_place on seat (place);
--- 002_index.sql
create index concurrently seat_by_hall_alone on seat (hall);
drop index concurrently seat_by_hall;
--- 003_drop.sql
alter table seat drop column place;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* drop = step.As<action::DropColumn>();
            // The loss is that of a column which others may use.
            if (drop == nullptr || step.effects.losses.empty()) continue;
            const Affected& relation = step.effects.losses[0].relation;
            const Relation* table = history.Before(step).Find(relation.id);
            if (!relation.live || table == nullptr) continue;
            const Columns taken = Taken(history, step, *table);
            if (taken.empty()) continue;
            report(step, {.message = absl::StrCat("dropping column ", Quoted(drop->column), " of ",
                                                  Quoted(relation.name), " also drops ",
                                                  absl::StrJoin(taken, ", "))});
          }
        },
};

}  // namespace plimsoll::rules
