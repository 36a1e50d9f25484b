#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/files.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {

PLIMSOLL_RULE(migration_unlisted) = {
    .id = "migration-unlisted",
    .family = Family::kHistory,
    .severity = Severity::kWarning,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "a migration is not in the list that its runner goes by",
    .why =
        "the runner knows no files but those that its plan or journal lists, and says nothing of "
        "the others: it never runs",
    .help =
        "let the runner make it, as `sqitch add` and `drizzle-kit generate --custom` do, or put it "
        "elsewhere if it is no migration",
    .docs = R"md(
```sql
-- layout: Drizzle
--- meta/_journal.json
{"version": "7", "dialect": "postgresql", "entries": [
  {"idx": 0, "when": 1700000000000, "tag": "0000_create_account", "breakpoints": true}]}
--- 0000_create_account.sql
create table account (id bigint primary key);
--- 0001_add_note.sql
alter table account add column note text;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ migration-unlisted: `meta/_journal.json` does not list 0001_add_note.sql
--- seed.sql
insert into account values (1);
```

```sql
-- layout: Sqitch
--- sqitch.plan
%syntax-version=1.0.0
%project=shop

account 2024-01-01T00:00:00Z Ann <ann@example.org> # the first
--- deploy/account.sql
begin;
create table account (id bigint primary key);
commit;
--- revert/account.sql
begin;
drop table account;
commit;
--- deploy/note.sql
begin;
--^^^^ migration-unlisted: `sqitch.plan` does not list note.sql
alter table account add column note text;
commit;
```

Both files are listed:

```sql
-- layout: Drizzle
--- meta/_journal.json
{"version": "7", "dialect": "postgresql", "entries": [
  {"idx": 0, "when": 1700000000000, "tag": "0000_create_account", "breakpoints": true},
  {"idx": 1, "when": 1700000001000, "tag": "0001_add_note", "breakpoints": true}]}
--- 0000_create_account.sql
create table account (id bigint primary key);
--- 0001_add_note.sql
alter table account add column note text;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (uint32_t m = 0; m < history.migrations().size(); ++m) {
            const Migration& migration = history.migrations()[m];
            if (migration.unlisted_in.empty()) continue;
            report(OfFile(history, m,
                          absl::StrCat(Quoted(migration.unlisted_in), " does not list ",
                                       FileNameOf(migration))));
          }
        },
};

}  // namespace plimsoll::rules
