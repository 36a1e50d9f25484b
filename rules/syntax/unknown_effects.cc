#include <cstdint>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "analyzer/checking/risk.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// What psql fetches from elsewhere is no statement of the file.
void ReportUnread(const History& history, const Reporter& report) {
  for (uint32_t m = 0; m < history.migrations().size(); ++m) {
    if (history.migrations()[m].down) continue;
    const std::vector<Statement>& statements = history.migrations()[m].script->statements;
    for (uint32_t s = 0; s < statements.size(); ++s) {
      if (!IsUnread(statements[s])) continue;
      report({.migration = m,
              .statement = s,
              .span = statements[s].span,
              .message = absl::StrCat("what ", statements[s].tag,
                                      " runs stands elsewhere, and was not read"),
              .help = "lint that file too, and take this one over with "
                      "`-- plimsoll:allow unknown-effects -- reason`"});
    }
  }
}

}  // namespace

PLIMSOLL_RULE(unknown_effects) = {
    .id = "unknown-effects",
    .family = Family::kSyntax,
    .severity = Severity::kNote,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "nobody can tell from the files what this statement does",
    .why = "whatever it locks, rewrites or drops, no rule will say so",
    .help =
        "look at it yourself and take it over with `-- plimsoll:allow unknown-effects -- reason`, "
        "or write out the statements that it would run",
    .docs = R"md(
What `EXECUTE` runs is followed as far as the text alone tells. Where only a run knows it, or where
a function is called that no file creates, nothing can be said:

```sql
create table account (id bigint primary key);
do $$
--^^^… unknown-effects: what DO locks, loses or breaks is not known
declare found text;
begin
  for found in select tablename from pg_tables where schemaname = 'public' loop
    execute 'alter table ' || found || ' add column note text';
  end loop;
end
$$;
```

Neither is there anything to say of what psql fetches from another file:

```sql
\i tables.sql
--^^^^^^^^^^^ unknown-effects: what \i runs stands elsewhere, and was not read
```

A body that says what it does is read like the file itself:

```sql
create table account (id bigint primary key);
do $$
begin
  execute 'alter table account add column note text';
end
$$;
create function two() returns int language sql as 'select 2';
select two();
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          const Step* told = nullptr;
          absl::flat_hash_set<std::pair<uint32_t, std::string>> functions;
          for (const Step& step : history.steps()) {
            const std::string what = WhatIsUnknown(step, history);
            // A body tells it once, and of a function that is called again all is said.
            const bool again = told != nullptr && told->migration == step.migration &&
                               told->statement == step.statement;
            if (what.empty() || again) continue;
            const bool known = history.UnknownCall(step) != nullptr &&
                               !functions.insert({step.migration, what}).second;
            told = &step;
            if (known) continue;
            report(step, {.message =
                              absl::StrCat("what ", what, " locks, loses or breaks is not known")});
          }
          ReportUnread(history, report);
        },
};

}  // namespace plimsoll::rules
