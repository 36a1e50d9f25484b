#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

using action::Alteration;

// What has the step's table or index written anew; null where nothing does.
const Work* FindCopy(const Step& step) {
  const Work* rewrite = step.effects.LiveWork(WorkKind::kRewrite, Cause::kStorage);
  return rewrite != nullptr ? rewrite : step.effects.LiveWork(WorkKind::kCopy, Cause::kStorage);
}

size_t CountCopies(const Step& step) {
  size_t copies = 0;
  for (const Work& work : step.effects.work) {
    copies += work.kind == WorkKind::kCopy && work.relation.live ? 1 : 0;
  }
  return copies;
}

std::string HelpFor(const Step& step, const Work& work) {
  const auto* alter = step.As<action::AlterRelation>();
  if (alter == nullptr)
    return "move tables and indexes one by one, each in a way that works online";
  if (work.relation.kind == RelationKind::kIndex) {
    return absl::StrCat("`REINDEX (TABLESPACE ", SqlName(alter->object), ") INDEX CONCURRENTLY ",
                        SqlName(alter->relation.name),
                        "` of PostgreSQL 14 moves it beside the traffic");
  }
  if (alter->alteration == Alteration::kSetTablespace) {
    return "pg_repack moves a table to another tablespace beside the traffic";
  }
  return "";
}

}  // namespace

PLIMSOLL_RULE(storage_change_rewrites) = {
    .id = "storage-change-rewrites",
    .family = Family::kRewriting,
    .severity = Severity::kError,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary =
        "SET LOGGED, SET ACCESS METHOD and SET TABLESPACE copy the whole table while nobody can "
        "use it",
    .why = "all that is stored is written again under ACCESS EXCLUSIVE",
    .help =
        "create a new table that is kept as wanted, keep it in step with a trigger, fill it in "
        "batches, then swap the two by renaming",
    .docs = R"md(
`SET LOGGED`, `SET UNLOGGED` and `SET ACCESS METHOD` write every row anew and build all indexes
again:

```sql
--- 001_create.sql
create unlogged table account (id bigint primary key, email text);
--- 002_logged.sql
alter table account set logged;
--                  ^^^^^^^^^^ storage-change-rewrites: rewrites `account` while ACCESS EXCLUSIVE on `account` blocks reads and writes
```

`SET TABLESPACE` copies the files as they are, those of an index under a lock on the index, for
which nearly every query of its table waits:

```sql
--- 001_create.sql
create table account (id bigint primary key, email text);
create index account_email on account (email);
--- 002_move.sql
alter table account set tablespace fast;
--                  ^^^^^^^^^^^^^^^^^^^ storage-change-rewrites: copies `account` while ACCESS EXCLUSIVE on `account` blocks reads and writes
alter index account_email set tablespace fast;
--                        ^^^^^^^^^^^^^^^^^^^ storage-change-rewrites: copies `account_email` while ACCESS EXCLUSIVE on `account_email` blocks reads and writes
```

An index can be built in its new place beside the old one:

```sql
--- 001_create.sql
create table account (id bigint primary key, email text);
create index account_email on account (email);
--- 002_move.sql
reindex (tablespace fast) index concurrently account_email;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          // Of several subcommands that write the table anew, the first one speaks.
          std::optional<uint32_t> reported;
          for (const Step& step : history.steps()) {
            const auto* alter = step.As<action::AlterRelation>();
            if (alter == nullptr && step.As<action::MoveAll>() == nullptr) continue;
            const Work* work = FindCopy(step);
            if (work == nullptr) continue;
            const uint32_t first = history.StepsOf(step.migration, step.statement).front().index;
            if (step.within == nullptr && reported == first) continue;
            reported = first;
            const size_t copies = CountCopies(step);
            const char* const verb = work->kind == WorkKind::kRewrite ? "rewrites " : "copies ";
            const std::string name = Quoted(work->relation.name);
            report(step,
                   {.message =
                        copies < 2
                            ? absl::StrCat(verb, name, " while ACCESS EXCLUSIVE on ", name,
                                           " blocks reads and writes")
                            : absl::StrCat(verb, name, " and ", copies - 1, " more while ACCESS ",
                                           "EXCLUSIVE on all of them blocks reads and writes"),
                    .help = HelpFor(step, *work)});
          }
        },
};

}  // namespace plimsoll::rules
