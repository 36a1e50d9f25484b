#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

using action::RowSecurity;

bool IsOff(RowSecurity security) {
  return security == RowSecurity::kDisable || security == RowSecurity::kNoForce;
}

RowSecurity Opposite(RowSecurity security) {
  return security == RowSecurity::kDisable ? RowSecurity::kEnable : RowSecurity::kForce;
}

const Relation* TableOf(const History& history, const Step& step) {
  const auto* set = step.As<action::SetRowSecurity>();
  if (set == nullptr || step.effects.failure) return nullptr;
  return history.Before(step).Find(set->table.name, history.SessionAt(step).search_path);
}

// Others never see what the transaction that switches it off switches on again:
// ALTER TABLE keeps them from the table until then.
bool IsRestored(const History& history, const Step& step, RelationId table, RowSecurity on) {
  const Transaction& transaction = history.TransactionOf(step);
  for (uint32_t i = step.index + 1; i <= transaction.last_step; ++i) {
    const Step& later = history.steps()[i];
    const auto* set = later.As<action::SetRowSecurity>();
    const Relation* again = TableOf(history, later);
    if (again != nullptr && again->id == table && set->security == on) return true;
  }
  return false;
}

}  // namespace

PLIMSOLL_RULE(row_security_off) = {
    .id = "row-security-off",
    .family = Family::kSecurity,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .since = "0.1",
    .summary = "without row security a table's policies mean nothing",
    .why =
        "no query fails, so nobody notices that each role now reads and "
        "changes the rows of all "
        "others",
    .help =
        "create a policy for the role that needs all rows, or give the role "
        "BYPASSRLS; to change "
        "data once, switch row security off and on again in one transaction",
    .docs = R"md(
```sql
--- 001_create.sql
create table account (id bigint primary key, owner text);
create policy own on account using (owner = current_user);
alter table account enable row level security;
--- 002_open.sql
alter table account disable row level security;
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^^ row-security-off
```

A migration that has to see all rows may switch it off until its transaction ends: nobody else
reaches the table before.

```sql
--- 001_create.sql
create table account (id bigint primary key, owner text, area text);
create policy own on account using (owner = current_user);
alter table account enable row level security;
--- 002_fill.sql
begin;
alter table account disable row level security;
update account set area = 'north' where area is null;
alter table account enable row level security;
commit;
```

`NO FORCE` lets the table's owner pass by the policies again, which matters where the application
connects as the owner:

```sql
--- 001_create.sql
create table account (id bigint primary key, owner text);
create policy own on account using (owner = current_user);
alter table account enable row level security, force row level security;
--- 002_open.sql
alter table account no force row level security;
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^ row-security-off
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          // What the history switched on last: a table that it made and never
          // guarded loses nothing.
          absl::flat_hash_map<std::pair<RelationId, RowSecurity>, bool> on;
          for (const Step& step : history.steps()) {
            const Relation* table = TableOf(history, step);
            if (table == nullptr) continue;
            const RowSecurity security = step.As<action::SetRowSecurity>()->security;
            if (!IsOff(security)) {
              on[{table->id, security}] = true;
              continue;
            }
            bool& guarded =
                on.try_emplace({table->id, Opposite(security)}, table->assumed).first->second;
            const bool was = std::exchange(guarded, false);
            const Lock* lock = step.effects.LockOn(table->id);
            if (!was || lock == nullptr || !lock->relation.live) continue;
            if (IsRestored(history, step, table->id, Opposite(security))) continue;
            const std::string name = Quoted(table->DisplayName());
            report(step, {.message = security == RowSecurity::kDisable
                                         ? absl::StrCat("every role with privileges on ", name,
                                                        " reaches all its rows, whatever its "
                                                        "policies say")
                                         : absl::StrCat("the owner of ", name,
                                                        " reaches all its rows, "
                                                        "whatever its policies say")});
          }
        },
};

}  // namespace plimsoll::rules
