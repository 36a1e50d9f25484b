#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// Follows which tables have row security.
void Follow(const Step& step, const History& history, absl::flat_hash_set<RelationId>& guarded) {
  const auto* set = step.As<action::SetRowSecurity>();
  if (set == nullptr || step.effects.failure) return;
  const Relation* table =
      history.Before(step).Find(set->table.name, history.SessionAt(step).search_path);
  if (table == nullptr) return;
  if (set->security == action::RowSecurity::kEnable) guarded.insert(table->id);
  if (set->security == action::RowSecurity::kDisable) guarded.erase(table->id);
}

}  // namespace

PLIMSOLL_RULE(view_bypasses_policies) = {
    .id = "view-bypasses-policies",
    .family = Family::kSecurity,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .opt_in = true,
    .since = "0.1",
    .summary = "a view reads its tables with its owner's rights, past their row security",
    .why = "whoever may read the view sees every row that its owner sees",
    .help = "make it WITH (security_invoker = true), which PostgreSQL has since 15",
    .docs = R"md(
Policies are asked for the role that reads the table. A view reads as its owner, who is most often
the table's owner too, and no policy is for him.

```sql
create table invoice (id bigint primary key, tenant text);
alter table invoice enable row level security;
create view open_invoice as select * from invoice;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ view-bypasses-policies: `open_invoice` shows rows of `invoice` past its row security
```

```sql
create table invoice (id bigint primary key, tenant text);
alter table invoice enable row level security;
create view open_invoice with (security_invoker = true) as select * from invoice;
create table note (id bigint primary key);
create view every_note as select * from note;
```

Row security that was taken away again hides nothing:

```sql
create table invoice (id bigint primary key, tenant text);
alter table invoice enable row level security;
alter table invoice disable row level security;
create view open_invoice as select * from invoice;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          absl::flat_hash_set<RelationId> guarded;
          for (const Step& step : history.steps()) {
            Follow(step, history, guarded);
            const auto* create = step.As<action::CreateView>();
            if (create == nullptr || create->security_invoker || step.effects.failure) continue;
            for (const Name& read : create->reads) {
              const Relation* table =
                  history.Before(step).Find(read, history.SessionAt(step).search_path);
              if (table == nullptr || !guarded.contains(table->id)) continue;
              report(step, {.message = absl::StrCat(Quoted(create->view.name), " shows rows of ",
                                                    Quoted(table->DisplayName()),
                                                    " past its row security"),
                            .locks = std::vector<Lock>()});
              break;
            }
          }
        },
};

}  // namespace plimsoll::rules
