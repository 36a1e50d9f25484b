#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analyzer/checking/made.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

bool IsOneOf(absl::string_view name, std::initializer_list<absl::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The type as a column definition says it; empty where its modifiers have no plain spelling.
std::string TypeSql(const TypeName& type) {
  // Its modifiers are fields and a precision, which no parentheses say.
  if (type.name.name == "interval" && !type.modifiers.empty()) return "";
  // Of PostgreSQL's own types one has a name that means another without its quotes.
  std::string sql = type.name.name == "char" ? "\"char\"" : SqlName(type.name);
  if (!type.modifiers.empty()) absl::StrAppend(&sql, "(", absl::StrJoin(type.modifiers, ", "), ")");
  if (type.array) absl::StrAppend(&sql, "[]");
  if (!type.collation.empty()) absl::StrAppend(&sql, " collate ", SqlName(type.collation));
  return sql;
}

// The two columns and what stands beside them while both are in use.
struct Pair {
  std::string table;     // all as SQL
  std::string function;  // of the trigger, which has its name
  std::string trigger;
  std::string old_name;
  std::string new_name;
  // Compared as texts, where the type may have no equality of its own.
  std::string cast;
};

Pair PairOf(const action::RenameColumn& rename, const Relation& relation,
            const TableColumn* column) {
  const Name& table = rename.table.name;
  const std::string trigger =
      LastTriggerName(relation, absl::StrCat(table.name, "_", rename.to, "_sync"));
  const bool equals =
      column != nullptr && column->type != nullptr && IsBuiltinType(column->type->name) &&
      IsOneOf(column->type->name.name,
              {"int2", "int4", "int8", "numeric", "text", "varchar", "bpchar", "bool", "date",
               "time", "timestamp", "timestamptz", "uuid", "jsonb", "bytea", "float4", "float8"});
  return {.table = SqlName(table),
          .function = SqlName(Name{table.schema, trigger}),
          .trigger = SqlName(trigger),
          .old_name = SqlName(rename.column),
          .new_name = SqlName(rename.to),
          .cast = equals ? "" : "::text"};
}

// Whoever writes one of the two columns writes the other as well.
std::string TriggerSql(const Pair& pair) {
  const std::string& from = pair.old_name;
  const std::string& to = pair.new_name;
  return absl::StrCat(
      "create function ", pair.function, "() returns trigger language plpgsql as $$\nbegin\n",
      "  if tg_op = 'INSERT' then\n    if new.", to, " is null then\n      new.", to, " := new.",
      from, ";\n    else\n      new.", from, " := new.", to, ";\n    end if;\n  elsif new.", to,
      pair.cast, " is distinct from old.", to, pair.cast, " then\n    new.", from, " := new.", to,
      ";\n  else\n    new.", to, " := new.", from, ";\n  end if;\n  return new;\nend $$;\n",
      "create trigger ", pair.trigger, " before insert or update on ", pair.table,
      "\n  for each row execute function ", pair.function, "();");
}

// One more index for each plain one that has the column, so that queries by its new name are served
// as those by the old one are. They go with the new column at the end.
std::string IndexSql(const CatalogView& before, const Relation& table, const Pair& pair,
                     const std::string& column) {
  std::string sql;
  for (const Relation* index : before.IndexesOf(table)) {
    if (index->has_expression || index->has_predicate || index->kind != RelationKind::kIndex)
      continue;
    std::vector<std::string> keys;
    bool uses = false;
    for (const action::IndexColumn& key : index->keys) {
      uses = uses || key.column == column;
      keys.push_back(key.column == column ? pair.new_name : SqlName(key.column));
    }
    if (!uses) continue;
    absl::StrAppend(
        &sql, sql.empty() ? "" : "\n",
        index->unique && !index->nulls_not_distinct ? "create unique index concurrently on "
                                                    : "create index concurrently on ",
        pair.table, " using ", SqlName(index->method), " (", absl::StrJoin(keys, ", "), ");");
  }
  return sql;
}

std::vector<PlanStep> ExpandSteps(const History& history, const Step& step,
                                  const TableColumn* column, const Pair& pair) {
  const std::string type =
      column != nullptr && column->type != nullptr ? TypeSql(*column->type) : "";
  const std::string keeps = "a trigger that keeps the two in step, whichever the code writes";
  if (type.empty()) {
    return {{.stage = Stage::kExpand,
             .what = absl::StrCat("add column ", pair.new_name, " to ", pair.table,
                                  ", nullable, with the type of ", pair.old_name,
                                  ", which no file here tells")},
            {.stage = Stage::kExpand,
             .what = absl::StrCat("make ", keeps),
             .sql = InTransaction(history, step, TriggerSql(pair))}};
  }
  return {{.stage = Stage::kExpand,
           .what = absl::StrCat("add a column of the new name, and ", keeps),
           .sql = InTransaction(history, step,
                                absl::StrCat("alter table ", pair.table, " add column ",
                                             pair.new_name, " ", type, ";\n", TriggerSql(pair)))}};
}

// What no trigger can write, or has no trigger of that kind.
std::vector<PlanStep> PlanInWords(const Pair& pair) {
  return {{.stage = Stage::kExpand,
           .what = absl::StrCat("have ", pair.table, " show what is in ", pair.old_name, " as ",
                                pair.new_name, " too, computed by the same expression")},
          {.stage = Stage::kSwitch, .what = absl::StrCat("deploy code that says ", pair.new_name)},
          {.stage = Stage::kContract,
           .what = absl::StrCat("take ", pair.old_name, " away when no code says it any more")}};
}

// Whether the migration itself added the column: no deployed code says its name.
bool IsNew(const History& history, const Step& rename, const Break& broken) {
  for (const Step& step : EarlierInMigration(history, rename)) {
    const auto* add = step.As<action::AddColumn>();
    if (add == nullptr || add->if_not_exists || add->column.name != broken.detail) continue;
    const Relation* table =
        history.After(step).Find(add->table.name, history.SessionAt(step).search_path);
    if (table != nullptr && table->id == broken.relation.id) return true;
  }
  return false;
}

// Whether another column has the new name until this migration takes it away: code that says the
// name goes on, and gets this one. `begun`: the table as the migration found it.
bool IsInUse(const Relation* begun, const action::RenameColumn& rename) {
  return begun != nullptr && begun->FindColumn(rename.to) != nullptr;
}

// Whether another column has the old name when the migration ends: code that says it goes on, too.
bool IsTakenOver(const History& history, const Step& step, const Break& broken) {
  const Relation* left = history.At(EndOfMigration(history, step)).Find(broken.relation.id);
  return left != nullptr && left->FindColumn(broken.detail) != nullptr;
}

std::vector<PlanStep> PlanOfSwap(const Pair& pair) {
  return {
      {.stage = Stage::kSwitch,
       .what = absl::StrCat("deploy code that says ", pair.old_name, " no more, and takes what ",
                            pair.new_name, " is of either column")},
      {.stage = Stage::kContract,
       .what = "let the columns change names, in one transaction as here"}};
}

// The old column keeps its place, its keys and its checks; in the end it takes the name of the new
// one, which was a stand-in.
std::vector<PlanStep> PlanOf(const History& history, const Step& step, const Relation& table,
                             const Relation* begun) {
  const auto& rename = *step.As<action::RenameColumn>();
  const TableColumn* column = table.FindColumn(rename.column);
  const Pair pair = PairOf(rename, table, column);
  const bool computed = column != nullptr && (column->generated == Generated::kStored ||
                                              column->generated == Generated::kVirtual);
  if (IsInUse(begun, rename)) return PlanOfSwap(pair);
  if (computed || !table.IsTable()) return PlanInWords(pair);
  std::vector<PlanStep> plan = ExpandSteps(history, step, column, pair);
  plan.push_back(
      {.stage = Stage::kBackfill,
       .what =
           "fill the rows that are there, batch after batch, each in a transaction of its own, up "
           "to the end of the table",
       .sql = absl::StrCat("update ", pair.table, " set ", pair.new_name, " = ", pair.old_name,
                           " where ", BatchOf(table), ";")});
  const std::string indexes = IndexSql(history.Before(step), table, pair, rename.column);
  if (!indexes.empty()) {
    plan.push_back(
        {.stage = Stage::kBackfill,
         .what = "give queries by the new name the indexes that those by the old one have",
         .sql = indexes});
  }
  plan.push_back(
      {.stage = Stage::kSwitch,
       .what = absl::StrCat("deploy code that reads and writes ", pair.new_name, " alone")});
  plan.push_back(
      {.stage = Stage::kContract,
       .what =
           "when no code says the old name, drop the stand-in and rename, in one transaction: what "
           "is locked is locked for changes of the catalog alone",
       .sql = InTransaction(
           history, step,
           absl::StrCat(
               "drop trigger ", pair.trigger, " on ", pair.table, ";\ndrop function ",
               pair.function,
               "();\n-- plimsoll:allow column-drop -- the old column holds the same\nalter table ",
               pair.table, " drop column ", pair.new_name,
               ";\n-- plimsoll:allow column-rename -- no code says the old name any more\nalter "
               "table ",
               pair.table, " rename column ", pair.old_name, " to ", pair.new_name, ";"))});
  return plan;
}

}  // namespace

PLIMSOLL_RULE(column_rename) = {
    .id = "column-rename",
    .family = Family::kCompatibility,
    .severity = Severity::kError,
    .risk = Risk::kComplex,
    .since = "0.1",
    .summary = "renaming a column breaks the running code that uses its old name",
    .why =
        "old and new code run side by side during a deployment, and one of them always meets "
        "the wrong name",
    .help =
        "add a column of the new name that a trigger keeps in step with the old one, fill it in "
        "batches, switch the code; then drop it and rename the old one",
    .docs = R"md(
```sql
--- 001_create.sql
create table device (id bigint primary key, location text);
--- 002_rename.sql
alter table device rename column location to device_location;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ column-rename: column `location` of `device` becomes `device_location` under the running code
```

Expand and contract takes several deployments and breaks none of them. While both names are there, a
trigger keeps them in step, so that old and new code may run side by side:

```sql
--- 001_create.sql
create table device (id bigint primary key, location text);
--- 002_expand.sql
begin;
alter table device add column device_location text;
create function device_sync() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    if new.device_location is null then
      new.device_location := new.location;
    else
      new.location := new.device_location;
    end if;
  elsif new.device_location is distinct from old.device_location then
    new.location := new.device_location;
  else
    new.device_location := new.location;
  end if;
  return new;
end $$;
create trigger device_sync before insert or update on device
  for each row execute function device_sync();
commit;
--- 003_fill.sql
update device set device_location = location where id between 1 and 10000;
```

Where another column had the new name, old code does not even fail:

```sql
--- 001_create.sql
create table site (id bigint primary key, sidebar text, description text);
--- 002_swap.sql
alter table site rename column description to summary;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ column-rename: column `description` of `site` becomes `summary` under the running code, and another takes its name
alter table site rename column sidebar to description;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ column-rename: column `sidebar` of `site` becomes `description`, as another was called, under the running code
```

When no code says the old name any more, the new column has done its work: drop it together with the
trigger and rename the old one, which has all keys, checks and indexes, in one transaction.
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* rename = step.As<action::RenameColumn>();
            if (rename == nullptr) continue;
            for (const Break& broken : step.effects.breaks) {
              if (broken.kind != BreakKind::kRenamedColumn || !broken.relation.live) continue;
              if (IsNew(history, step, broken)) continue;
              const Relation* begun =
                  history.At(StartOfMigration(history, step)).Find(broken.relation.id);
              const bool in_use = IsInUse(begun, *rename);
              const bool taken_over = IsTakenOver(history, step, broken);
              Complaint complaint = {
                  .message = absl::StrCat(
                      "column ", Quoted(broken.detail), " of ", Quoted(broken.relation.name),
                      " becomes ", Quoted(rename->to), in_use ? ", as another was called," : "",
                      " under the running code", taken_over ? ", and another takes its name" : "")};
              if (taken_over) {
                complaint.why =
                    "code that says the old name goes on without an error, and gets what it does "
                    "not mean";
                complaint.help =
                    absl::StrCat("let the other column wait until no code says ",
                                 Quoted(rename->column), " any more, or give it a name of its own");
              } else if (in_use) {
                complaint.why =
                    "code that says the old name fails, and code that says the new one goes on "
                    "without an error and gets what it does not mean";
                complaint.help = absl::StrCat(
                    "deploy code that says ", Quoted(rename->column), " no more, and takes what ",
                    Quoted(rename->to), " is of either column; then let the names change hands");
              }
              const Relation* table = history.Before(step).Find(broken.relation.id);
              if (table != nullptr) complaint.plan = PlanOf(history, step, *table, begun);
              if (table != nullptr && taken_over && !in_use) {
                complaint.plan.push_back(
                    {.stage = Stage::kContract,
                     .what = absl::StrCat("then let the other column have the name ",
                                          SqlName(rename->column), ", and deploy its code")});
              }
              report(step, std::move(complaint));
            }
          }
        },
};

}  // namespace plimsoll::rules
