#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// The table of schema `public` that the step makes; null where it makes none.
const Relation* MadeTable(const History& history, const Step& step) {
  const auto* create = step.As<action::CreateTable>();
  if (create == nullptr || step.effects.failure || create->foreign) return nullptr;
  const Relation* table =
      history.After(step).Find(create->table, history.SessionAt(step).search_path);
  // IF NOT EXISTS may have found an older one.
  if (table == nullptr || history.Before(step).Find(table->id) != nullptr) return nullptr;
  const bool temporary = table->persistence == Persistence::kTemporary;
  return temporary || table->schema != "public" ? nullptr : table;
}

}  // namespace

PLIMSOLL_RULE(exposed_table) = {
    .id = "exposed-table",
    .family = Family::kSecurity,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .opt_in = true,
    .since = "0.1",
    .summary =
        "a table of schema public without row security is open to every "
        "client of an API",
    .why =
        "an API such as PostgREST (Supabase) serves the tables of schema public "
        "to whoever has the "
        "address; row security alone decides who sees which rows",
    .help =
        "ENABLE ROW LEVEL SECURITY in the migration that creates the "
        "table, or use a schema "
        "that the API does not serve",
    .docs = R"md(
For projects whose clients reach the database directly:

```sql
create table account (id bigint primary key, owner text);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ exposed-table: `account` has no row security when its migration ends, and stands in schema `public`
```

```sql
create table account (id bigint primary key, owner text);
alter table account enable row level security;
create policy own on account using (owner = current_user);

create schema internal;
create table internal.job (id bigint primary key);
create temporary table scratch (id bigint);
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          struct Made {
            const Step* step;
            RelationId table;
          };
          std::vector<Made> made;
          absl::flat_hash_map<RelationId, bool> guarded;
          const std::vector<Step>& steps = history.steps();
          for (size_t i = 0; i < steps.size(); ++i) {
            const Step& step = steps[i];
            if (const Relation* table = MadeTable(history, step)) {
              made.push_back({.step = &step, .table = table->id});
            }
            if (const auto* set = step.As<action::SetRowSecurity>()) {
              const Relation* table =
                  history.Before(step).Find(set->table.name, history.SessionAt(step).search_path);
              if (table != nullptr && set->security == action::RowSecurity::kEnable) {
                guarded[table->id] = true;
              }
              if (table != nullptr && set->security == action::RowSecurity::kDisable) {
                guarded[table->id] = false;
              }
            }
            if (i + 1 < steps.size() && steps[i + 1].migration == step.migration) continue;
            for (const Made& one : made) {
              const Relation* table = history.After(step).Find(one.table);
              // Dropped, or moved to where nobody serves it.
              if (table == nullptr || table->schema != "public" || guarded[one.table]) continue;
              report(*one.step, {.message = absl::StrCat(Quoted(table->name),
                                                         " has no row security when its migration "
                                                         "ends, and stands in schema `public`")});
            }
            made.clear();
          }
        },
};

}  // namespace plimsoll::rules
