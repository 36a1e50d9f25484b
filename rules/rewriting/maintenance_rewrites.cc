#include <string>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

using action::Upkeep;

const char* HelpFor(Upkeep upkeep) {
  if (upkeep == Upkeep::kRepack) return "use REPACK (CONCURRENTLY), outside a transaction";
  if (upkeep == Upkeep::kCluster) {
    return "leave it out of migrations: use pg_repack, or REPACK (CONCURRENTLY) USING INDEX of "
           "PostgreSQL 19, which copy the table beside the traffic";
  }
  return "";
}

}  // namespace

PLIMSOLL_RULE(maintenance_rewrites) = {
    .id = "maintenance-rewrites",
    .family = Family::kRewriting,
    .severity = Severity::kError,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "VACUUM FULL, CLUSTER and REPACK copy the whole table while nobody can use it",
    .why =
        "a new copy of every row is written, and all indexes are built again, under ACCESS "
        "EXCLUSIVE; the disk has to hold both copies",
    .help =
        "a plain VACUUM makes the room usable again without blocking anybody; to give it back to "
        "the disk use pg_repack, or REPACK (CONCURRENTLY) of PostgreSQL 19",
    .docs = R"md(
```sql
--- 001_create.sql
create table account (id bigint primary key, email text);
--- 002_shrink.sql
vacuum full account;
--^^^^^^^^^^^^^^^^^ maintenance-rewrites: rewrites `account` while ACCESS EXCLUSIVE on `account` blocks reads and writes
cluster account using account_pkey;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ maintenance-rewrites: rewrites `account` while ACCESS EXCLUSIVE on `account` blocks reads and writes
```

A plain `VACUUM` takes SHARE UPDATE EXCLUSIVE, which stops neither reads nor writes:

```sql
--- 001_create.sql
create table account (id bigint primary key, email text);
--- 002_vacuum.sql
vacuum (analyze) account;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* maintain = step.As<action::Maintain>();
            // REPACK (CONCURRENTLY) locks nobody out while it copies; REFRESH has a rule of its
            // own.
            const bool rewrites = maintain != nullptr && !maintain->concurrently &&
                                  maintain->upkeep != Upkeep::kRefresh;
            const Work* first =
                rewrites ? step.effects.LiveWork(WorkKind::kRewrite, Cause::kMaintenance) : nullptr;
            if (first == nullptr) continue;
            size_t others = 0;
            for (const Work& work : step.effects.work) {
              const bool rewrite = work.kind == WorkKind::kRewrite && work.relation.live;
              others += rewrite && work.relation.id != first->relation.id ? 1 : 0;
            }
            const std::string name = Quoted(first->relation.name);
            report(step,
                   {.message =
                        others == 0
                            ? absl::StrCat("rewrites ", name, " while ACCESS EXCLUSIVE on ", name,
                                           " blocks reads and writes")
                            : absl::StrCat("rewrites ", name, " and ", others, " more, each while ",
                                           "ACCESS EXCLUSIVE on it blocks reads and writes"),
                    .help = HelpFor(maintain->upkeep)});
          }
        },
};

}  // namespace plimsoll::rules
