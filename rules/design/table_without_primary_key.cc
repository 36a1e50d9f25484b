#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analyzer/checking/made.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// The table that the step makes, as its migration leaves it; null where it needs no key of its own.
const Relation* NewTable(const History& history, const Step& step) {
  const auto* create = step.As<action::CreateTable>();
  if (create == nullptr) return nullptr;
  const Relation* table =
      history.After(step).Find(create->table, history.SessionAt(step).search_path);
  if (table == nullptr || table->persistence == Persistence::kTemporary) return nullptr;
  // IF NOT EXISTS is content with an older one.
  if (history.Before(step).Find(table->id) != nullptr) return nullptr;
  const Relation* left = history.At(EndOfMigration(history, step)).Find(table->id);
  if (left == nullptr) return nullptr;
  // A foreign table can have none, and a partition has that of the whole.
  return left->kind == RelationKind::kForeignTable || left->is_partition ? nullptr : left;
}

// Whether the table may have the key of one that no file creates.
bool MayCopyKey(const action::CreateTable& create, const Relation& table) {
  return !table.columns_known &&
         std::any_of(create.like_options.begin(), create.like_options.end(),
                     [](uint32_t options) { return (options & kLikeIndexes) != 0; });
}

// The columns of a unique index that could be the primary key's; empty where there is none.
std::string OtherKey(const Relation& table, const CatalogView& view) {
  for (const Relation* index : view.IndexesOf(table)) {
    if (!index->unique || index->has_predicate || index->has_expression) continue;
    std::vector<std::string> columns;
    for (const action::IndexColumn& key : index->keys) {
      const TableColumn* column = table.FindColumn(key.column);
      if (column != nullptr && column->not_null) columns.push_back(Quoted(key.column));
    }
    if (columns.size() == index->keys.size()) return absl::StrJoin(columns, ", ");
  }
  return "";
}

}  // namespace

PLIMSOLL_RULE(table_without_primary_key) = {
    .id = "table-without-primary-key",
    .family = Family::kDesign,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .opt_in = true,
    .since = "0.1",
    .summary = "a table without a primary key has rows that nothing tells apart",
    .why =
        "a row that is there twice cannot be deleted once, UPDATE and DELETE fail once the table "
        "is published for logical replication, and tools that copy or repack a table in parts "
        "refuse it",
    .help = "give it a PRIMARY KEY in the migration that creates it",
    .docs = R"md(
```sql
create table reading (sensor bigint, value numeric);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ table-without-primary-key: `reading` has no primary key
```

UNIQUE and NOT NULL make a key, but not one that a foreign key or a publication finds by itself:

```sql
create table account (mail text not null unique, name text);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ table-without-primary-key: `account` has no primary key, though `mail` could be one: unique and never NULL
```

A key that comes later in the same migration counts. Partitions have the key of the whole, temporary
and foreign tables need none; a child by INHERITS does not get its parent's and needs its own.

```sql
create table reading (sensor bigint, taken_at timestamptz, value numeric) partition by range
  (taken_at);
create table reading_2026 partition of reading for values from ('2026-01-01') to ('2027-01-01');
alter table reading add primary key (sensor, taken_at);
create temporary table scratch (value numeric);
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const Relation* table = NewTable(history, step);
            if (table == nullptr || table->PrimaryKey() != nullptr) continue;
            if (MayCopyKey(*step.As<action::CreateTable>(), *table)) continue;
            const std::string other = OtherKey(*table, history.At(EndOfMigration(history, step)));
            const std::string name = Quoted(table->DisplayName());
            report(step, {.message = other.empty()
                                         ? absl::StrCat(name, " has no primary key")
                                         : absl::StrCat(name, " has no primary key, though ", other,
                                                        " could be one: unique and never NULL"),
                          .locks = std::vector<Lock>()});
          }
        },
};

}  // namespace plimsoll::rules
