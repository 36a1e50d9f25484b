#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// What differs between a column as a statement lists it and as the table has it; empty: nothing.
std::string Difference(const Column& listed, const Relation& table) {
  const TableColumn* column = table.FindColumn(listed.name);
  if (column == nullptr) {
    return absl::StrCat("has no column ", Quoted(listed.name));
  }
  const bool same = column->type == nullptr || (column->type->name == listed.type.name &&
                                                column->type->array == listed.type.array &&
                                                column->type->modifiers == listed.type.modifiers);
  return same ? "" : absl::StrCat("has another type for column ", Quoted(listed.name));
}

// The table that is there before the step, where all its columns are known.
const Relation* OldTable(const Step& step, const Name& name, const History& history) {
  const Relation* table = history.Before(step).Find(name, history.SessionAt(step).search_path);
  const bool known =
      table != nullptr && table->IsTable() && !table->assumed && table->columns_known;
  return known ? table : nullptr;
}

void CheckTable(const Step& step, const action::CreateTable& create, const History& history,
                const Reporter& report) {
  if (!create.if_not_exists) return;
  const Relation* table = OldTable(step, create.table, history);
  if (table == nullptr) return;
  for (const Column& listed : create.columns) {
    const std::string difference = Difference(listed, *table);
    if (difference.empty()) continue;
    report(step, {.message = absl::StrCat("does nothing: ", Quoted(table->DisplayName()),
                                          " is there already, and ", difference),
                  .why = "what follows runs against a table that is not the one in the file",
                  .help = "change the table that is there with ALTER TABLE",
                  .risk = Risk::kRisky});
    return;
  }
}

void CheckColumn(const Step& step, const action::AddColumn& add, const History& history,
                 const Reporter& report) {
  if (!add.if_not_exists) return;
  const Relation* table = OldTable(step, add.table.name, history);
  if (table == nullptr || table->FindColumn(add.column.name) == nullptr) return;
  const std::string difference = Difference(add.column, *table);
  if (difference.empty()) return;
  report(step,
         {.message = absl::StrCat("does nothing: ", Quoted(table->DisplayName()), " ", difference),
          .why = "what follows runs against a column that is not the one in the file",
          .help = "change the column that is there with ALTER COLUMN … TYPE",
          .risk = Risk::kRisky});
}

void CheckIndex(const Step& step, const action::CreateIndex& create, const History& history,
                const Reporter& report) {
  if (!create.if_not_exists || !create.concurrently) return;
  if (step.effects.StrongestLiveLock() == nullptr) return;
  Complaint complaint = {.message = absl::StrCat("keeps an invalid ", Quoted(create.name),
                                                 " where a failed build has left one")};
  // A file of two such statements is one message, and that one transaction; and what stands in a
  // file before it was done by the first run.
  if (history.migrations()[step.migration].wrapping == Wrapping::kMessage) {
    complaint.help =
        "leave IF NOT EXISTS away, so that the second run fails instead of passing over it; then "
        "drop the invalid index by hand, and run it again";
  }
  // In a transaction block it would have failed, as DROP INDEX CONCURRENTLY would.
  if (CanEdit(history, step) && NeighboursRunAlone(history, step)) {
    const Name name = {.schema = create.table.schema, .name = create.name};
    complaint.fixes.push_back(
        {.title = "drop what a failed build has left first",
         .safe = false,
         .edits = {InsertStatementsBefore(
             history, step, {absl::StrCat("DROP INDEX CONCURRENTLY IF EXISTS ", SqlName(name))})}});
  }
  report(step, std::move(complaint));
}

}  // namespace

PLIMSOLL_RULE(if_not_exists_hides) = {
    .id = "if-not-exists-hides",
    .family = Family::kIdempotency,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .fixable = true,
    .since = "0.1",
    .summary = "IF NOT EXISTS looks at the name only, not at what bears it",
    .why =
        "the index of a build that failed stays invalid: every write pays for it, no query uses "
        "it, and a unique one lets duplicates stand",
    .help =
        "put DROP INDEX CONCURRENTLY IF EXISTS before it, so that the second run builds the index "
        "anew",
    .docs = R"md(
When `CREATE INDEX CONCURRENTLY` is cancelled, times out or meets a duplicate, its index stays where
it is, marked invalid. The next run finds the name taken, says `skipping`, and succeeds:

```sql
--- 001_create.sql
create table account (id bigint primary key, email text);
--- 002_index.sql
create index concurrently if not exists account_email on account (email);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ if-not-exists-hides: keeps an invalid `account_email` where a failed build has left one
```

To drop it first costs nothing where there is none:

```sql
--- 001_create.sql
create table account (id bigint primary key, email text);
--- 002_index.sql
drop index concurrently if exists account_email;
create index concurrently if not exists account_email on account (email);
```

A table that is there already stays as it is, whatever the statement lists:

```sql
--- 001_create.sql
create table account (id bigint primary key, email text);
--- 002_account.sql
create table if not exists account (id bigint primary key, email text, state text);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ if-not-exists-hides: does nothing: `account` is there already, and has no column `state`
alter table account add column if not exists email varchar(100);
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ if-not-exists-hides: does nothing: `account` has another type for column `email`
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          absl::flat_hash_set<std::string> dropped;  // indexes, in this file
          uint32_t migration = 0;
          for (const Step& step : history.steps()) {
            if (step.migration != migration) dropped.clear();
            migration = step.migration;
            const auto* drop = step.As<action::Drop>();
            if (drop != nullptr && drop->kind == ObjectKind::kIndex) {
              for (const Name& name : drop->objects) dropped.insert(name.name);
            }
            if (const auto* table = step.As<action::CreateTable>()) {
              CheckTable(step, *table, history, report);
            } else if (const auto* column = step.As<action::AddColumn>()) {
              CheckColumn(step, *column, history, report);
            } else if (const auto* index = step.As<action::CreateIndex>()) {
              if (!dropped.contains(index->name)) CheckIndex(step, *index, history, report);
            }
          }
        },
};

}  // namespace plimsoll::rules
