#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/made.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// CONCURRENTLY drops one index, and nothing that stands on it (tablecmds.c:RemoveRelations).
std::vector<Fix> DropConcurrently(const History& history, const Step& step,
                                  const action::Drop& drop, bool known) {
  if (drop.objects.size() != 1 || drop.cascade) return {};
  const std::optional<Edit> edit = InsertAfter(history, step, "DROP INDEX", "CONCURRENTLY");
  if (!edit) return {};
  // One that a later migration makes anew would be dropped instead.
  const CatalogView end = history.At(static_cast<Moment>(history.steps().size()));
  const std::vector<std::string>& path = history.SessionAt(step).search_path;
  if (!RunsAlone(history, step) && end.Find(drop.objects[0], path) != nullptr) return {};
  // The index of a partitioned table is refused.
  return RunOutside(history, step, "drop it CONCURRENTLY", drop.objects[0].name, *edit, known);
}

// Whether an index of that name is there again when the migration ends.
bool IsRemade(const History& history, const Step& step, const Name& name) {
  const std::vector<std::string>& path = history.SessionAt(step).search_path;
  return history.At(EndOfMigration(history, step)).Find(name, path) != nullptr;
}

std::string HelpFor(const History& history, const Step& step, const action::Drop& drop) {
  if (drop.objects.size() == 1 && IsRemade(history, step, drop.objects[0])) {
    return HelpToReplaceIndex(history, step);
  }
  return absl::StrCat("use DROP INDEX CONCURRENTLY, ", OutsideTransaction(history, step));
}

// Whether the table goes with the same migration: its indexes would have gone with it.
bool FallsLater(const History& history, const Step& step, RelationId table) {
  return history.At(EndOfMigration(history, step)).Find(table) == nullptr;
}

// An earlier statement of the transaction took the lock: to drop one more index adds nothing to it.
bool IsHeldAlready(const Step& step, const Lock& lock, const History& history) {
  for (const Lock& held : history.HeldBefore(step)) {
    if (held.relation.id == lock.relation.id && held.mode >= lock.mode) return true;
  }
  return false;
}

}  // namespace

PLIMSOLL_RULE(index_drop_blocks_queries) = {
    .id = "index-drop-blocks-queries",
    .family = Family::kLocking,
    .severity = Severity::kWarning,
    .risk = Risk::kRisky,
    .fixable = true,
    .since = "0.1",
    .summary = "DROP INDEX locks its whole table against reads and writes",
    .why =
        "it waits for every running query, and every new query waits behind it, until the "
        "transaction ends",
    .help = "use DROP INDEX CONCURRENTLY, outside a transaction",
    .docs = R"md(
`DROP INDEX` takes ACCESS EXCLUSIVE on the table that the index belongs to. One long report that is
still reading is enough to stop all traffic on the table until it ends.

```sql
--- 001_create.sql
create table account (id bigint primary key, email text);
create index account_email on account (email);
--- 002_drop.sql
drop index account_email;
--^^^^^^^^^^^^^^^^^^^^^^ index-drop-blocks-queries: ACCESS EXCLUSIVE on `account` blocks reads and writes
```

`CONCURRENTLY` waits for the others instead of making them wait:

```sql
--- 001_create.sql
create table account (id bigint primary key, email text);
create index account_email on account (email);
--- 002_drop.sql
drop index concurrently if exists account_email;
```

The index of a partitioned table has no such form, so it is not reported.
)md",
    .check =
        [](const History& history, const Reporter& report) {
          const std::vector<bool> work_follows = WorkFollows(history);
          for (const Step& step : history.steps()) {
            const auto* drop = step.As<action::Drop>();
            if (drop == nullptr || drop->kind != ObjectKind::kIndex || drop->concurrently) continue;
            const Lock* lock = step.effects.StrongestLiveLock();
            if (lock == nullptr) continue;
            bool partitioned = false;
            for (const Lock& other : step.effects.locks) {
              partitioned |= other.relation.kind == RelationKind::kPartitionedIndex;
            }
            if (partitioned || IsHeldAlready(step, *lock, history)) continue;
            const bool table_known = lock->relation.kind != RelationKind::kIndex;
            if (table_known && FallsLater(history, step, lock->relation.id)) continue;
            report(step, {.message = table_known ? BlockingWords(step)
                                                 : absl::StrCat("ACCESS EXCLUSIVE on the table of ",
                                                                Quoted(lock->relation.name),
                                                                " blocks reads and writes"),
                          .why = work_follows[step.index]
                                     ? "every query waits until the transaction ends, and that has "
                                       "long work to do yet"
                                     : "",
                          .help = HelpFor(history, step, *drop),
                          .fixes = DropConcurrently(history, step, *drop, table_known)});
          }
        },
};

}  // namespace plimsoll::rules
