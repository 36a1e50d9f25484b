#include <algorithm>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "analyzer/checking/made.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

bool IsOneOf(ObjectKind kind, std::initializer_list<ObjectKind> kinds) {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

bool IsType(ObjectKind kind) { return IsOneOf(kind, {ObjectKind::kType, ObjectKind::kDomain}); }

bool IsRoutine(ObjectKind kind) {
  return IsOneOf(kind, {ObjectKind::kFunction, ObjectKind::kProcedure, ObjectKind::kRoutine,
                        ObjectKind::kAggregate});
}

// Rows, indexes and privileges are other rules' business; statistics serve the planner alone.
bool IsOfOtherRules(ObjectKind kind) {
  return IsOneOf(kind, {ObjectKind::kTable, ObjectKind::kForeignTable, ObjectKind::kIndex,
                        ObjectKind::kSequence, ObjectKind::kSchema, ObjectKind::kDatabase,
                        ObjectKind::kTablespace, ObjectKind::kPolicy, ObjectKind::kRule,
                        ObjectKind::kStatistics});
}

absl::string_view KindWord(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::kView:
      return "view ";
    case ObjectKind::kMaterializedView:
      return "materialized view ";
    case ObjectKind::kFunction:
      return "function ";
    case ObjectKind::kProcedure:
      return "procedure ";
    case ObjectKind::kAggregate:
      return "aggregate ";
    case ObjectKind::kType:
      return "type ";
    case ObjectKind::kDomain:
      return "domain ";
    case ObjectKind::kTrigger:
      return "trigger ";
    case ObjectKind::kExtension:
      return "extension ";
    default:
      return "";
  }
}

// Whether the statement makes an object of the kind under that name.
bool Makes(const Step& step, ObjectKind kind, const Name& name, const Name& on_table) {
  if (const auto* view = step.As<action::CreateView>()) {
    return IsOneOf(kind, {ObjectKind::kView, ObjectKind::kMaterializedView}) && view->view == name;
  }
  if (const auto* table = step.As<action::CreateTable>()) {
    return kind == ObjectKind::kView && table->table == name;
  }
  if (const auto* function = step.As<action::CreateFunction>()) {
    return IsRoutine(kind) && function->function == name;
  }
  if (const auto* type = step.As<action::CreateType>()) return IsType(kind) && type->type == name;
  if (const auto* extension = step.As<action::CreateExtension>()) {
    return kind == ObjectKind::kExtension && extension->name == name.name;
  }
  if (const auto* trigger = step.As<action::CreateTrigger>()) {
    return kind == ObjectKind::kTrigger && trigger->name == name.name && trigger->table == on_table;
  }
  const auto* object = step.As<action::ChangeObject>();
  return object != nullptr && object->change == action::ObjectChange::kCreate &&
         object->kind == kind && object->object == name;
}

// Whether the statement gives another object of the kind that name.
bool Renames(const Step& step, ObjectKind kind, const Name& name) {
  const auto into = [&](const Name& from, const std::string& to) {
    return to == name.name && (from.schema == name.schema || from.schema.empty());
  };
  if (const auto* type = step.As<action::RenameType>()) {
    return IsType(kind) && into(type->type, type->to);
  }
  if (const auto* relation = step.As<action::RenameRelation>()) {
    return IsOneOf(kind, {ObjectKind::kView, ObjectKind::kMaterializedView}) &&
           into(relation->relation.name, relation->to);
  }
  const auto* object = step.As<action::ChangeObject>();
  return object != nullptr && object->change == action::ObjectChange::kRename && IsRoutine(kind) &&
         IsRoutine(object->kind) && into(object->object, object->to);
}

// Whether the same migration makes it again: that is how views and functions are replaced.
bool ComesBack(const History& history, const Step& drop, ObjectKind kind, const Name& name) {
  const Name& on_table = drop.As<action::Drop>()->on_table;
  return absl::c_any_of(RestOfMigration(history, drop), [&](const Step& later) {
    return Makes(later, kind, name, on_table) || Renames(later, kind, name);
  });
}

bool ShareAnEvent(const Trigger& a, const action::CreateTrigger& b) {
  return (a.on_insert && b.on_insert) || (a.on_update && b.on_update) ||
         (a.on_delete && b.on_delete);
}

// Whether the migration gives the table a trigger that fires when the dropped one did.
bool HasSuccessor(const History& history, const Step& drop, const Relation& table,
                  const Trigger& dropped) {
  return absl::c_any_of(RestOfMigration(history, drop), [&](const Step& later) {
    const auto* create = later.As<action::CreateTrigger>();
    if (create == nullptr || !ShareAnEvent(dropped, *create)) return false;
    const Relation* on =
        history.Before(later).Find(create->table, history.SessionAt(later).search_path);
    return on != nullptr && on->id == table.id;
  });
}

// Whether all that its function changes are tables which the migration drops: it has to go first.
bool FeedsWhatGoes(const History& history, const Step& drop, const Trigger& dropped) {
  const auto& path = history.SessionAt(drop).search_path;
  const Routine* routine = history.Before(drop).FindRoutine({.name = dropped.function}, path);
  if (routine == nullptr || routine->body == nullptr || routine->body->unknown) return false;
  const CatalogView start = history.At(StartOfMigration(history, drop));
  const CatalogView end = history.At(EndOfMigration(history, drop));
  bool feeds = false;
  for (const BodyStatement& statement : routine->body->statements) {
    for (const Action& action : statement.actions) {
      const auto* modify = std::get_if<action::ModifyData>(&action.kind);
      if (modify == nullptr) continue;
      for (const action::Write& write : modify->writes) {
        const Relation* fed = start.Find(write.table.name, path);
        if (fed == nullptr || end.Find(fed->id) != nullptr) return false;
        feeds = true;
      }
    }
  }
  return feeds;
}

bool IsMissed(const History& history, const Step& drop, const Name& trigger) {
  const auto& path = history.SessionAt(drop).search_path;
  const Relation* table = history.Before(drop).Find(drop.As<action::Drop>()->on_table, path);
  if (table == nullptr) return true;
  const auto dropped = absl::c_find_if(
      table->triggers, [&](const Trigger& other) { return other.name == trigger.name; });
  return dropped == table->triggers.end() || (!HasSuccessor(history, drop, *table, *dropped) &&
                                              !FeedsWhatGoes(history, drop, *dropped));
}

// Whether these files made an object of that name, and it is there.
bool IsKnown(const CatalogView& view, ObjectKind kind, const Name& name,
             const std::vector<std::string>& path) {
  if (IsType(kind)) return view.FindType(name, path) != nullptr;
  if (IsRoutine(kind)) return view.FindRoutine(name, path) != nullptr;
  return view.FindObject(kind, name, path) != nullptr;
}

// Whether others may use it by that name: it had it before this migration.
bool IsLive(const History& history, const Step& step, const Name& name) {
  const auto* drop = step.As<action::Drop>();
  const auto& path = history.SessionAt(step).search_path;
  const CatalogView before = history.Before(step);
  const CatalogView start = history.At(StartOfMigration(history, step));
  if (drop->kind == ObjectKind::kTrigger) {
    const Relation* table = before.Find(drop->on_table, path);
    const Lock* lock = table == nullptr ? nullptr : step.effects.LockOn(table->id);
    return lock != nullptr && lock->relation.live;
  }
  if (IsOneOf(drop->kind, {ObjectKind::kView, ObjectKind::kMaterializedView})) {
    const Relation* view = before.Find(name, path);
    const Relation* then = start.Find(name, path);
    return view != nullptr && then != nullptr && view->id == then->id;
  }
  if (before.IsObjectMissing(drop->kind, name, path)) return false;
  return IsKnown(start, drop->kind, name, path) || !IsKnown(before, drop->kind, name, path);
}

// Triggers alone can call it, and DROP fails while one does.
bool IsTriggerFunction(const History& history, const Step& step, const Name& name) {
  const Routine* routine =
      history.Before(step).FindRoutine(name, history.SessionAt(step).search_path);
  return routine != nullptr && !routine->overloads.empty() &&
         std::all_of(routine->overloads.begin(), routine->overloads.end(),
                     [](const Overload& overload) {
                       return absl::EqualsIgnoreCase(overload.returns, "trigger");
                     });
}

// Whether the migration drops each table that had a column of the type: code that needs the type
// needs those tables.
bool FallsWithItsTables(const History& history, const Step& step, const Name& name) {
  const CatalogView start = history.At(StartOfMigration(history, step));
  const CatalogView before = history.Before(step);
  bool used = false;
  for (const Relation* relation : start.AllRelations()) {
    const bool uses = absl::c_any_of(relation->columns, [&](const TableColumn& column) {
      return column.type != nullptr && column.type->name.name == name.name;
    });
    if (uses && before.Find(relation->id) != nullptr) return false;
    used = used || uses;
  }
  return used;
}

}  // namespace

PLIMSOLL_RULE(object_drop) = {
    .id = "object-drop",
    .family = Family::kCompatibility,
    .severity = Severity::kWarning,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "running code that uses a view, function, type or trigger fails when it is dropped",
    .why = "PostgreSQL knows what in the database stands on it, not which query of a program does",
    .help =
        "drop it when no deployed code uses it any more, or make it again under the same name in "
        "the same migration; then say so with `-- plimsoll:allow object-drop -- reason`",
    .docs = R"md(
```sql
--- 001_create.sql
create table city (id bigint primary key, name text);
create view city_name as select name from city;
create function greeting() returns text language sql as 'select ''hello''';
create type mood as enum ('glad', 'sad');
--- 002_drop.sql
drop view city_name;
--^^^^^^^^^^^^^^^^^ object-drop: drops view `city_name` under the running code
drop function greeting();
--^^^^^^^^^^^^^^^^^^^^^^ object-drop: drops function `greeting` under the running code
drop type mood;
--^^^^^^^^^^^^ object-drop: drops type `mood` under the running code
```

What comes back under its name in the same migration was replaced, not taken away; in one
transaction nobody sees the gap:

```sql
--- 001_create.sql
create table city (id bigint primary key, name text);
create view city_name as select name from city;
--- 002_replace.sql
begin;
drop view city_name;
create view city_name as select id, name from city;
commit;
--- 003_type.sql
create type mood as enum ('glad', 'sad', 'calm');
--- 004_fewer.sql
begin;
create type mood_new as enum ('glad', 'sad');
drop type mood;
alter type mood_new rename to mood;
commit;
```

No program calls the function of a trigger. The trigger is what is missed:

```sql
--- 001_create.sql
create table city (id bigint primary key, changed_at timestamptz);
create function touch() returns trigger language plpgsql
  as 'begin new.changed_at := now(); return new; end';
create trigger touch before update on city for each row execute function touch();
--- 002_drop.sql
drop trigger touch on city;
--^^^^^^^^^^^^^^^^^^^^^^^^ object-drop: drops trigger `touch` of `city`, and what it did is no longer done
drop function touch();
```

Unless another one takes its place, or all that it changed goes too:

```sql
--- 001_create.sql
create table city (id bigint primary key, mayor_id bigint);
create table city_count (number bigint);
create function count_city() returns trigger language plpgsql
  as 'begin update city_count set number = number + 1; return null; end';
create trigger count_city after insert on city for each row execute function count_city();
create function check_city() returns trigger language plpgsql as 'begin return new; end';
create trigger check_city before update on city for each row execute function check_city();
--- 002_drop.sql
drop trigger count_city on city;
drop function count_city();
drop table city_count;
--- 003_replace.sql
begin;
drop trigger check_city on city;
create trigger check_mayor before update of mayor_id on city
  for each row execute function check_city();
commit;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* drop = step.As<action::Drop>();
            if (drop == nullptr || IsOfOtherRules(drop->kind) || step.effects.failure) continue;
            std::string names;
            for (const Name& name : drop->objects) {
              if (!IsLive(history, step, name)) continue;
              if (IsRoutine(drop->kind) && IsTriggerFunction(history, step, name)) continue;
              if (ComesBack(history, step, drop->kind, name)) continue;
              if (drop->kind == ObjectKind::kTrigger && !IsMissed(history, step, name)) continue;
              if (IsType(drop->kind) && FallsWithItsTables(history, step, name)) continue;
              absl::StrAppend(&names, names.empty() ? "" : ", ", Quoted(name.name));
            }
            if (names.empty()) continue;
            const bool trigger = drop->kind == ObjectKind::kTrigger;
            report(step, {.message = absl::StrCat(
                              "drops ", KindWord(drop->kind), names,
                              trigger ? absl::StrCat(" of ", Quoted(drop->on_table.name),
                                                     ", and what it did is no longer done")
                                      : " under the running code"),
                          .why = trigger ? "programs that count on what it did are not told" : ""});
          }
        },
};

}  // namespace plimsoll::rules
