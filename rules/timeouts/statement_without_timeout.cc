#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// Work on a table that others use; null: none. What PostgreSQL runs outside of transactions alone
// (CONCURRENTLY, VACUUM) blocks nobody or is spoken of by other rules, and is not to be stopped.
const Work* LongWork(const Step& step) {
  if (step.effects.forbidden_in_transaction) return nullptr;
  for (const Work& work : step.effects.work) {
    if (work.relation.live && !work.shell) return &work;
  }
  return nullptr;
}

std::string WordsOf(const Work& work) {
  switch (work.kind) {
    case WorkKind::kScan:
      return absl::StrCat("reads every row of ", Quoted(work.relation.name));
    case WorkKind::kRewrite:
      return absl::StrCat("rewrites ", Quoted(work.relation.name));
    case WorkKind::kIndexBuild:
      return absl::StrCat("builds index ", Quoted(work.index));
    case WorkKind::kCopy:
      return absl::StrCat("copies the file of ", Quoted(work.relation.name));
  }
  return "";
}

}  // namespace

PLIMSOLL_RULE(statement_without_timeout) = {
    .id = "statement-without-timeout",
    .family = Family::kTimeouts,
    .severity = Severity::kNote,
    .risk = Risk::kSafe,
    .opt_in = true,
    .since = "0.1",
    .summary = "long work without statement_timeout goes on for as long as it takes",
    .why =
        "what took seconds on the test database takes hours on the large one, with its locks held "
        "all the while",
    .help = "set statement_timeout to the longest time that you would let it run",
    .docs = R"md(
```sql
--- 001_create.sql
create table account (id bigint primary key, email text);
--- 002_check.sql
alter table account add constraint email_set check (email <> '');
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ statement-without-timeout: reads every row of `account` for as long as that takes: no statement_timeout is in effect
```

```sql
--- 001_create.sql
create table account (id bigint primary key, email text);
--- 002_check.sql
set statement_timeout = '10min';
alter table account add constraint email_set check (email <> '');
```

`CREATE INDEX CONCURRENTLY` and what else runs outside of transactions is left alone: a timeout
would
stop it halfway (see `timeout-before-concurrently`). The first such statement of a transaction is
reported, or of all that the file runs outside of one.
)md",
    .check =
        [](const History& history, const Reporter& report) {
          absl::flat_hash_set<std::pair<bool, uint32_t>> told;
          for (const Step& step : history.steps()) {
            const Work* work = LongWork(step);
            if (work == nullptr) continue;
            if (history.SessionAt(step).statement_timeout_ms.value_or(0) > 0) continue;
            const bool block = history.TransactionOf(step).block;
            if (!told.insert({block, block ? step.transaction : step.migration}).second) continue;
            report(step, {.message = absl::StrCat(WordsOf(*work),
                                                  " for as long as that takes: no "
                                                  "statement_timeout is in effect")});
          }
        },
};

}  // namespace plimsoll::rules
