#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

using Guarded = absl::flat_hash_map<RelationId, bool>;

// Follows which tables have row security switched on, as far as the history
// says.
void Follow(const History& history, const Step& step, Guarded& guarded) {
  const auto* set = step.As<action::SetRowSecurity>();
  if (set == nullptr || step.effects.failure) return;
  const Relation* table =
      history.Before(step).Find(set->table.name, history.SessionAt(step).search_path);
  if (table == nullptr) return;
  if (set->security == action::RowSecurity::kEnable) guarded[table->id] = true;
  if (set->security == action::RowSecurity::kDisable) guarded[table->id] = false;
}

struct Hidden {
  const Step* step = nullptr;
  RelationId table = 0;
  bool enables = false;
};

// The table that loses its last policy, or gets row security without one.
Hidden HiddenBy(const History& history, const Step& step, const Guarded& guarded) {
  if (step.effects.failure || history.TransactionOf(step).rolled_back) return {};
  const auto* set = step.As<action::SetRowSecurity>();
  const auto* drop = step.As<action::Drop>();
  const bool enables = set != nullptr && set->security == action::RowSecurity::kEnable;
  const bool drops = drop != nullptr && drop->kind == ObjectKind::kPolicy;
  if (!enables && !drops) return {};
  const Relation* table = history.After(step).Find(enables ? set->table.name : drop->on_table,
                                                   history.SessionAt(step).search_path);
  if (table == nullptr || !table->policies.empty()) return {};
  const auto known = guarded.find(table->id);
  if (drops && (known == guarded.end() || !known->second)) return {};
  const Lock* lock = step.effects.LockOn(table->id);
  // Queries of the whole never ask a partition for its own policies.
  if (lock == nullptr || !lock->relation.live || table->is_partition) return {};
  return {.step = &step, .table = table->id, .enables = enables};
}

void Report(const Reporter& report, const Hidden& hidden, const CatalogView& end) {
  const Relation* table = end.Find(hidden.table);
  // A policy that comes later in the file, or a table that goes, leaves nothing
  // hidden.
  if (table == nullptr || !table->policies.empty()) return;
  const std::string name = SqlName(Name{.schema = table->schema, .name = table->name});
  report(*hidden.step,
         {.message = absl::StrCat(Quoted(table->DisplayName()), hidden.enables ? " gets" : " keeps",
                                  " row security without a policy, and shows "
                                  "no rows to anyone but its owner"),
          .help = absl::StrCat("in the same transaction, CREATE POLICY … ON ", name,
                               " for each role and command that go on")});
}

}  // namespace

PLIMSOLL_RULE(row_security_without_policy) = {
    .id = "row-security-without-policy",
    .family = Family::kSecurity,
    .severity = Severity::kWarning,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary =
        "row security without a policy hides every row from all but the "
        "table's owner",
    .why =
        "queries do not fail, they find nothing, and INSERT is refused: an "
        "application that is "
        "not the owner takes the table for empty",
    .help =
        "create the policies in the same transaction as ENABLE ROW LEVEL "
        "SECURITY",
    .docs = R"md(
Where row security is on, a row is seen when a policy allows it. Without any policy nothing is
allowed, to nobody but the owner of the table, superusers and roles with `BYPASSRLS`.

```sql
--- 001_create.sql
create table account (id bigint primary key, owner text);
--- 002_secure.sql
alter table account enable row level security;
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^ row-security-without-policy
```

Create the policies in the same transaction, so that nobody sees the table between the two:

```sql
--- 001_create.sql
create table account (id bigint primary key, owner text);
--- 002_secure.sql
begin;
create policy own on account using (owner = current_user);
alter table account enable row level security;
commit;
```

To drop the last policy of a table that has row security does the same:

```sql
--- 001_create.sql
create table account (id bigint primary key, owner text);
create policy own on account using (owner = current_user);
alter table account enable row level security;
--- 002_open.sql
drop policy own on account;
--^^^^^^^^^^^^^^^^^^^^^^^^ row-security-without-policy: `account` keeps row security without a policy, and shows no rows to anyone but its owner
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          Guarded guarded;
          std::vector<Hidden> found;
          const std::vector<Step>& steps = history.steps();
          for (size_t i = 0; i < steps.size(); ++i) {
            Follow(history, steps[i], guarded);
            const Hidden hidden = HiddenBy(history, steps[i], guarded);
            if (hidden.step != nullptr) found.push_back(hidden);
            const bool last = i + 1 == steps.size() || steps[i + 1].migration != steps[i].migration;
            if (!last) continue;
            // The first that hides a table speaks for all of the file.
            absl::flat_hash_set<RelationId> said;
            for (const Hidden& one : found) {
              if (!guarded[one.table] || !said.insert(one.table).second) continue;
              Report(report, one, history.After(steps[i]));
            }
            found.clear();
          }
        },
};

}  // namespace plimsoll::rules
