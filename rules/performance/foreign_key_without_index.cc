#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analyzer/checking/made.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

using Columns = std::vector<std::string>;
using Added = absl::flat_hash_set<std::pair<RelationId, std::string>>;

// The columns for which the step can bring a foreign key; empty: whichever.
Columns ColumnsOf(const Step& step) {
  if (const auto* add = step.As<action::AddColumn>()) return {add->column.name};
  if (const auto* add = step.As<action::AddConstraint>()) return add->constraint.columns;
  return {};
}

bool HasForeignKey(const std::vector<Constraint>& constraints) {
  return std::any_of(constraints.begin(), constraints.end(), [](const Constraint& constraint) {
    return constraint.kind == ConstraintKind::kForeignKey;
  });
}

// Whether the step brings a foreign key. What comes from a parent is the parent's.
bool BringsForeignKey(const Step& step) {
  if (const auto* create = step.As<action::CreateTable>()) {
    return HasForeignKey(create->constraints) ||
           std::any_of(create->columns.begin(), create->columns.end(),
                       [](const Column& column) { return HasForeignKey(column.constraints); });
  }
  const auto* column = step.As<action::AddColumn>();
  const auto* add = step.As<action::AddConstraint>();
  return (column != nullptr && HasForeignKey(column->column.constraints)) ||
         (add != nullptr && add->constraint.kind == ConstraintKind::kForeignKey);
}

// The table to which the step may add a foreign key, as it is afterwards.
const Relation* TableOf(const History& history, const Step& step) {
  const Name* name = nullptr;
  if (const auto* create = step.As<action::CreateTable>()) name = &create->table;
  if (const auto* add = step.As<action::AddColumn>()) name = &add->table.name;
  if (const auto* add = step.As<action::AddConstraint>()) name = &add->table.name;
  if (name == nullptr || step.effects.failure) return nullptr;
  return history.After(LastOfStatement(history, step))
      .Find(*name, history.SessionAt(step).search_path);
}

// Whether all rows that can refer to another are in the index: no null ever does.
bool CoversKeys(const Relation& index) {
  if (!index.has_predicate) return true;
  const Predicate* only = index.predicate.get();
  return only != nullptr && only->kind == PredicateKind::kIsNull && only->negated &&
         !index.keys.empty() && only->term.column == index.keys[0].column;
}

// Whether the columns are the first keys of an index over all rows, in whatever order.
bool IsIndexed(const Relation& table, const Columns& columns, const CatalogView& view) {
  for (const Relation* index : view.IndexesOf(table)) {
    if (!index->valid || !CoversKeys(*index) || index->keys.size() < columns.size()) continue;
    const bool leads = std::all_of(columns.begin(), columns.end(), [&](const std::string& column) {
      return std::any_of(index->keys.begin(),
                         index->keys.begin() + static_cast<std::ptrdiff_t>(columns.size()),
                         [&](const action::IndexColumn& key) { return key.column == column; });
    });
    if (leads) return true;
  }
  return false;
}

// Of a key that is not enforced nobody looks for rows, and a partition's is its parent's.
bool LooksUp(const TableConstraint& constraint) {
  return constraint.kind == ConstraintKind::kForeignKey && constraint.enforced &&
         !constraint.inherited;
}

// The columns of the foreign keys that the step brings, that are there when all files have run,
// and that no index leads with, neither then nor when this migration ends.
std::vector<Columns> Uncovered(const History& history, const Step& step, const Relation& after,
                               const Added& added) {
  const CatalogView end = history.At(static_cast<Moment>(history.steps().size()));
  const Relation* before = history.Before(FirstOfStatement(history, step)).Find(after.id);
  const Columns columns = ColumnsOf(step);
  const Relation* last = end.Find(after.id);
  const CatalogView leaving = history.At(EndOfMigration(history, step));
  const Relation* left = leaving.Find(after.id);
  std::vector<Columns> uncovered;
  if (last == nullptr) return uncovered;
  for (const TableConstraint& constraint : last->constraints) {
    if (!LooksUp(constraint) || (!columns.empty() && constraint.columns != columns)) continue;
    const bool old = before != nullptr && before->FindConstraint(constraint.name) != nullptr;
    if (old || after.FindConstraint(constraint.name) == nullptr) continue;
    // What indexes a table has that no file creates, nobody knows; of new columns there are none.
    const bool known =
        !after.assumed || std::any_of(constraint.columns.begin(), constraint.columns.end(),
                                      [&](const std::string& column) {
                                        return added.contains({after.id, column});
                                      });
    if (!known || IsIndexed(*last, constraint.columns, end)) continue;
    // What takes its index later is told then.
    if (left != nullptr && IsIndexed(*left, constraint.columns, leaving)) continue;
    uncovered.push_back(constraint.columns);
  }
  return uncovered;
}

std::string IndexStatement(const History& history, const Step& step, const Relation& table,
                           const Columns& columns, bool concurrently) {
  const CatalogView end = history.At(static_cast<Moment>(history.steps().size()));
  const std::string name =
      end.ChooseName(table.schema, table.name, absl::StrJoin(columns, "_"), "idx");
  const std::string keys = absl::StrJoin(
      columns, ", ",
      [](std::string* out, const std::string& column) { absl::StrAppend(out, SqlName(column)); });
  const std::vector<std::string>& path = history.SessionAt(step).search_path;
  const bool bare = !path.empty() && table.schema == path.front();
  const Name on = {.schema = bare ? "" : table.schema, .name = table.name};
  return absl::StrCat("CREATE INDEX ", concurrently ? "CONCURRENTLY " : "", SqlName(name), " ON ",
                      SqlName(on), " (", keys, ")");
}

// The tables of which the step drops indexes.
std::vector<RelationId> TablesLosingIndexes(const History& history, const Step& step) {
  std::vector<RelationId> tables;
  const auto* drop = step.As<action::Drop>();
  if (drop == nullptr || drop->kind != ObjectKind::kIndex || step.effects.failure) return tables;
  const CatalogView before = history.Before(step);
  for (const Name& name : drop->objects) {
    const Relation* index = before.Find(name, history.SessionAt(step).search_path);
    if (index != nullptr && index->table != 0) tables.push_back(index->table);
  }
  return tables;
}

// The columns of the table's foreign keys that an index of it leads with before the migration and
// none does from the step on.
std::vector<Columns> Deprived(const History& history, const Step& step, RelationId table) {
  const CatalogView views[] = {history.After(step), history.At(EndOfMigration(history, step)),
                               history.At(static_cast<Moment>(history.steps().size()))};
  // What the migration makes itself was never there for anybody.
  const CatalogView start = history.At(StartOfMigration(history, step));
  const CatalogView before = history.Before(step);
  const Relation* began = start.Find(table);
  const Relation* had = before.Find(table);
  std::vector<Columns> deprived;
  if (began == nullptr) return deprived;
  for (const TableConstraint& constraint : had->constraints) {
    if (!LooksUp(constraint) || !IsIndexed(*began, constraint.columns, start)) continue;
    if (!IsIndexed(*had, constraint.columns, before)) continue;
    const bool bare = absl::c_all_of(views, [&](const CatalogView& view) {
      const Relation* then = view.Find(table);
      return then != nullptr && then->FindConstraint(constraint.name) != nullptr &&
             !IsIndexed(*then, constraint.columns, view);
    });
    if (bare) deprived.push_back(constraint.columns);
  }
  return deprived;
}

Complaint Describe(const History& history, const Step& step, const Relation& table,
                   const std::vector<Columns>& uncovered, bool later) {
  const Affected seen = [&] {
    const Lock* lock = step.effects.LockOn(table.id);
    return lock == nullptr ? Affected() : lock->relation;
  }();
  std::vector<std::string> statements;
  std::vector<std::string> names;
  for (const Columns& columns : uncovered) {
    statements.push_back(IndexStatement(history, step, table, columns, seen.live));
    names.push_back(Quoted(absl::StrJoin(columns, ", ")));
  }
  const std::string where = seen.live ? absl::StrCat(", ", OutsideTransaction(history, step)) : "";
  Complaint complaint = {
      .message =
          absl::StrCat("no ", later ? "other " : "", "index of ", Quoted(table.DisplayName()),
                       " leads with ", absl::StrJoin(names, ", nor one with "),
                       ", which its foreign key", names.size() > 1 ? "s look up" : " looks up"),
      .help = absl::StrCat("create one", where, ": ", absl::StrJoin(statements, "; ")),
      .locks = std::vector<Lock>()};
  return complaint;
}

}  // namespace

PLIMSOLL_RULE(foreign_key_without_index) = {
    .id = "foreign-key-without-index",
    .family = Family::kPerformance,
    .severity = Severity::kNote,
    .risk = Risk::kSafe,
    .since = "0.1",
    .summary = "without an index on a foreign key's columns, each deleted row costs a scan",
    .why =
        "DELETE of a referenced row, and UPDATE of its key, look for rows that refer to it: "
        "without an index they read the whole referencing table, once for each row",
    .help = "create an index whose first columns are those of the foreign key",
    .docs = R"md(
PostgreSQL makes an index for the key that is referenced, and none for the columns that refer to it.

```sql
create table account (id bigint primary key);
create table invoice (id bigint primary key, account_id bigint references account);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ foreign-key-without-index: no index of `invoice` leads with `account_id`, which its foreign key looks up
```

An index counts wherever it is made, in this file or in a later one, and the order of its first
columns does not matter. It has to be over all rows, so a partial one does not count.

```sql
--- 001_create.sql
create table account (area text, id bigint, primary key (area, id));
create table invoice (id bigint primary key, area text, account_id bigint, paid boolean);
--- 002_refer.sql
alter table invoice add constraint invoice_account
  foreign key (area, account_id) references account not valid;
--- 003_index.sql
create index concurrently invoice_account_idx on invoice (account_id, area, paid);
```

Whoever drops the last such index is told:

```sql
--- 001_create.sql
create table account (id bigint primary key);
create table invoice (id bigint primary key, account_id bigint references account, paid boolean);
create index invoice_account on invoice (account_id);
create index invoice_open on invoice (account_id) where not paid;
--- 002_drop.sql
drop index concurrently invoice_account;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ foreign-key-without-index: no other index of `invoice` leads with `account_id`, which its foreign key looks up
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          Added added;
          for (const Step& step : history.steps()) {
            for (const RelationId id : TablesLosingIndexes(history, step)) {
              const std::vector<Columns> deprived = Deprived(history, step, id);
              if (deprived.empty()) continue;
              const Relation& table = *history.Before(step).Find(id);
              report(step, Describe(history, step, table, deprived, true));
            }
            const bool brings = BringsForeignKey(step);
            const auto* add = step.As<action::AddColumn>();
            if (!brings && add == nullptr) continue;
            const Relation* table = TableOf(history, step);
            if (table == nullptr || table->persistence == Persistence::kTemporary) continue;
            if (add != nullptr) added.insert({table->id, add->column.name});
            if (!brings) continue;
            const std::vector<Columns> uncovered = Uncovered(history, step, *table, added);
            if (uncovered.empty()) continue;
            report(step, Describe(history, step, *table, uncovered, false));
          }
        },
};

}  // namespace plimsoll::rules
