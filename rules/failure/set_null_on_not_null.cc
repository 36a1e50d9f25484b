#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// A foreign key that sets columns when the row it refers to goes.
struct SettingKey {
  std::vector<std::string> columns;  // of it all
  std::vector<std::string> sets;     // those that it sets
  std::string referenced;            // the table
  bool to_default = false;           // SET DEFAULT
  bool on_update = false;            // when the row's key changes, not when it goes
};
using SettingKeys = absl::flat_hash_map<RelationId, std::vector<SettingKey>>;

// Whether setting the column to null, or to the default that it lacks, violates its NOT NULL.
bool RefusesNull(const TableColumn& column, const SettingKey& key, const CatalogView& view,
                 const Session& session) {
  const UserType* domain =
      column.type == nullptr ? nullptr : view.FindType(column.type->name, session.search_path);
  const bool has_default = column.has_default || (domain != nullptr && domain->has_default);
  if (key.to_default && has_default) return false;
  return column.not_null || (domain != nullptr && domain->not_null);
}

void Note(const Constraint& constraint, std::vector<SettingKey>& keys) {
  // One that is not enforced never acts.
  if (constraint.kind != ConstraintKind::kForeignKey || constraint.not_enforced) return;
  const bool deletes = Sets(constraint.on_delete);
  if (!deletes && !Sets(constraint.on_update)) return;
  SettingKey key = {.columns = constraint.columns,
                    .sets = constraint.columns,
                    .referenced = constraint.referenced.name,
                    .to_default = (deletes ? constraint.on_delete : constraint.on_update) ==
                                  ReferentialAction::kSetDefault,
                    .on_update = !deletes};
  if (!constraint.set_columns.empty()) {
    key.sets.assign(constraint.set_columns.begin(), constraint.set_columns.end());
  }
  keys.push_back(std::move(key));
}

void NoteInline(const Column& column, std::vector<SettingKey>& keys) {
  for (Constraint constraint : column.constraints) {
    constraint.columns = {column.name};
    Note(constraint, keys);
  }
}

// The keys that the step gives to a table, and the table.
std::vector<SettingKey> KeysOf(const Step& step, const Name*& table) {
  std::vector<SettingKey> keys;
  if (const auto* create = step.As<action::CreateTable>()) {
    table = &create->table;
    for (const Column& column : create->columns) NoteInline(column, keys);
    for (const Constraint& constraint : create->constraints) Note(constraint, keys);
  } else if (const auto* column = step.As<action::AddColumn>()) {
    table = &column->table.name;
    NoteInline(column->column, keys);
  } else if (const auto* constraint = step.As<action::AddConstraint>()) {
    table = &constraint->table.name;
    Note(constraint->constraint, keys);
  }
  return keys;
}

// Of `columns`, which the key sets.
void ReportRefused(const Step& step, const Relation& table, const SettingKey& key,
                   const std::vector<std::string>& columns, const History& history,
                   const Reporter& report) {
  for (const std::string& name : columns) {
    const TableColumn* column = table.FindColumn(name);
    if (column == nullptr ||
        !RefusesNull(*column, key, history.After(step), history.SessionAt(step))) {
      continue;
    }
    report(step, {.message = absl::StrCat(
                      "a row of ", Quoted(key.referenced), " to which ", Quoted(table.name),
                      " refers cannot ", key.on_update ? "change its key" : "be deleted",
                      ": that would set ", Quoted(name), " to null, and it is NOT NULL"),
                  .locks = std::vector<Lock>()});
    return;
  }
}

void CheckKeys(const Step& step, const History& history, SettingKeys& known,
               const Reporter& report) {
  const Name* name = nullptr;
  const std::vector<SettingKey> keys = KeysOf(step, name);
  if (keys.empty() || step.effects.failure) return;
  const Relation* table = history.After(step).Find(*name, history.SessionAt(step).search_path);
  // IF NOT EXISTS, of a table that is there.
  const bool kept = step.As<action::CreateTable>() != nullptr && table != nullptr &&
                    history.Before(step).Find(table->id) != nullptr;
  if (table == nullptr || kept) return;
  for (const SettingKey& key : keys) {
    known[table->id].push_back(key);
    ReportRefused(step, *table, key, key.sets, history, report);
  }
}

bool IsThere(const SettingKey& key, const Relation& table) {
  return std::any_of(table.constraints.begin(), table.constraints.end(),
                     [&](const TableConstraint& constraint) {
                       return constraint.kind == ConstraintKind::kForeignKey &&
                              Sets(key.on_update ? constraint.on_update : constraint.on_delete) &&
                              constraint.columns == key.columns;
                     });
}

// The column of a key that was there already becomes NOT NULL.
void CheckColumn(const Step& step, const History& history, const SettingKeys& known,
                 const Reporter& report) {
  const auto* set = step.As<action::SetNotNull>();
  if (set == nullptr || step.effects.failure) return;
  const Relation* table =
      history.After(step).Find(set->table.name, history.SessionAt(step).search_path);
  const auto keys = table == nullptr ? known.end() : known.find(table->id);
  if (keys == known.end()) return;
  for (const SettingKey& key : keys->second) {
    const bool sets = std::find(key.sets.begin(), key.sets.end(), set->column) != key.sets.end();
    if (!sets || !IsThere(key, *table)) continue;
    ReportRefused(step, *table, key, {set->column}, history, report);
  }
}

}  // namespace

PLIMSOLL_RULE(set_null_on_not_null) = {
    .id = "set-null-on-not-null",
    .family = Family::kFailure,
    .severity = Severity::kWarning,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary =
        "ON DELETE or ON UPDATE SET NULL of a column that is NOT NULL makes the delete or update "
        "fail",
    .why =
        "PostgreSQL takes the foreign key and fails later, whenever a row that is referred to is "
        "deleted or gets another key (SQLSTATE 23502)",
    .help = "let the column be null, or say ON DELETE RESTRICT or CASCADE, whichever is meant",
    .docs = R"md(
The foreign key is made without a complaint. What fails is the application's `DELETE`, as soon as
somebody deletes a row that another one refers to.

```sql
create table account (id bigint primary key);
create table invoice (
--^^^^^^^^^^^^^^^^^^^^… set-null-on-not-null: a row of `account` to which `invoice` refers cannot be deleted: that would set `account_id` to null, and it is NOT NULL
  id bigint primary key,
  account_id bigint not null references account on delete set null
);
```

`ON DELETE SET DEFAULT` without a default sets null as well. If deleting is to be refused, the key
can say so; if it is not, the column may be null:

```sql
create table account (id bigint primary key);
create table invoice (
  id bigint primary key,
  account_id bigint not null references account on delete restrict,
  payer_id bigint references account on delete set null
);
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          SettingKeys known;
          for (const Step& step : history.steps()) {
            CheckKeys(step, history, known, report);
            CheckColumn(step, history, known, report);
          }
        },
};

}  // namespace plimsoll::rules
