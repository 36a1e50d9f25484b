#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "analyzer/checking/made.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// Whether the index could as well be built when the migration has ended: nothing asks for it or
// changes what it is over.
bool CanWait(const History& history, const Step& step, const Relation& table,
             const std::string& index) {
  if (!IsLeftAlone(history, step, table)) return false;
  const CatalogView end = history.At(static_cast<Moment>(history.steps().size()));
  const Relation* left = end.Find(table.id);
  const Relation* made = end.Find({.schema = table.schema, .name = index}, {});
  // A foreign key and ON CONFLICT ask for a unique index without naming it.
  return made != nullptr && !made->unique &&
         std::equal(left->columns.begin(), left->columns.end(), table.columns.begin(),
                    table.columns.end(), [](const TableColumn& a, const TableColumn& b) {
                      return a.name == b.name && a.type == b.type;
                    });
}

std::vector<Fix> BuildConcurrently(const History& history, const Step& step, const Relation& table,
                                   const std::string& index) {
  const auto* create = step.As<action::CreateIndex>();
  // IF NOT EXISTS would be content with the invalid index of a build that failed.
  if (create->if_not_exists) return {};
  if (!RunsAlone(history, step) && !CanWait(history, step, table, index)) return {};
  const std::optional<Edit> edit = InsertAfter(history, step, "INDEX", "CONCURRENTLY");
  if (!edit) return {};
  // A table that no file creates may be partitioned.
  return RunOutside(history, step, "build it CONCURRENTLY", index, *edit, !table.assumed);
}

// Readers wait too where an earlier statement has locked them out.
std::string WhoWaits(const Step& step, const History& history, bool work_follows) {
  const bool reads = absl::EndsWith(BlockingWords(step, history), "reads and writes");
  const absl::string_view on =
      work_follows ? ", and on until the transaction ends, which has long work to do yet" : "";
  return absl::StrCat(reads ? "every query on the table waits" : "INSERT, UPDATE and DELETE wait",
                      " for as long as the index takes to build", on);
}

// Whether the migration found another index of that name, and has dropped it.
bool Replaces(const History& history, const Step& step, const Relation& table,
              const std::string& index) {
  const Relation* old =
      history.At(StartOfMigration(history, step)).Find({.schema = table.schema, .name = index}, {});
  return old != nullptr && old->table == table.id;
}

std::string HelpFor(const History& history, const Step& step, bool replaces) {
  if (replaces) return HelpToReplaceIndex(history, step);
  return absl::StrCat("use CREATE INDEX CONCURRENTLY, ", OutsideTransaction(history, step),
                      "; if it fails, drop the invalid index it leaves and build again");
}

}  // namespace

PLIMSOLL_RULE(index_build_blocks_writes) = {
    .id = "index-build-blocks-writes",
    .family = Family::kLocking,
    .severity = Severity::kError,
    .risk = Risk::kRisky,
    .fixable = true,
    .since = "0.1",
    .summary = "CREATE INDEX blocks every write to the table until the index is built",
    .why = "INSERT, UPDATE and DELETE wait for as long as the index takes to build",
    .help =
        "use CREATE INDEX CONCURRENTLY, outside a transaction; if it fails, drop the invalid "
        "index it leaves and build again",
    .docs = R"md(
A plain `CREATE INDEX` holds SHARE on the table while it reads every row and sorts. Readers go on,
writers wait.

```sql
--- 001_create.sql
create table account (id bigint primary key, email text);
--- 002_index.sql
create index account_email on account (email);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ index-build-blocks-writes: builds index `account_email` while SHARE on `account` blocks writes
```

`CONCURRENTLY` takes SHARE UPDATE EXCLUSIVE instead, which stops neither. It reads the table twice
and must stand outside a transaction. An index on a table that this migration creates is built over
nothing, and nobody waits for it.

```sql
--- 001_create.sql
create table account (id bigint primary key, email text);
create index account_email on account (email);
--- 002_index.sql
create index concurrently account_lower_email on account (lower(email));
```

A partitioned table cannot be indexed CONCURRENTLY. Create the index `ON ONLY` it, build one
CONCURRENTLY on each partition, and attach them with `ALTER INDEX … ATTACH PARTITION`.
)md",
    .check =
        [](const History& history, const Reporter& report) {
          const std::vector<bool> work_follows = WorkFollows(history);
          for (const Step& step : history.steps()) {
            const auto* create = step.As<action::CreateIndex>();
            if (create == nullptr || create->concurrently) continue;
            const Work* build = step.effects.LiveWork(WorkKind::kIndexBuild);
            if (build == nullptr || step.effects.LiveWork(WorkKind::kScan) == nullptr) continue;
            Complaint complaint = {.message = absl::StrCat("builds index ", Quoted(build->index),
                                                           " while ", BlockingWords(step, history)),
                                   .why = WhoWaits(step, history, work_follows[step.index])};
            // What is built for a partitioned table is built on its partitions.
            const Relation* table =
                history.Before(step).Find(create->table, history.SessionAt(step).search_path);
            if (table == nullptr) continue;
            if (table->kind == RelationKind::kPartitionedTable) {
              complaint.help =
                  absl::StrCat("create it ON ONLY ", Quoted(table->DisplayName()),
                               ", build an index CONCURRENTLY on each partition, attach them");
            } else {
              complaint.help =
                  HelpFor(history, step, Replaces(history, step, *table, build->index));
              complaint.fixes = BuildConcurrently(history, step, *table, build->index);
            }
            report(step, std::move(complaint));
          }
        },
};

}  // namespace plimsoll::rules
