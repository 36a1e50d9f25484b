#include "absl/strings/str_cat.h"
#include "analyzer/checking/files.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {

PLIMSOLL_RULE(down_fails) = {
    .id = "down-fails",
    .family = Family::kHistory,
    .severity = Severity::kError,
    .risk = Risk::kSafe,
    .since = "0.1",
    .summary = "PostgreSQL refuses a down right after its up",
    .why = "the way back is wanted when something has gone wrong already, and then it is not there",
    .help = "write what undoes the up, in the opposite order, and run it once",
    .docs = R"md(
```sql
-- layout: golang-migrate
--- 001_create_account.up.sql
create table account (id bigint primary key);
create table visit (id bigint primary key, account bigint references account);
--- 001_create_account.down.sql
drop table account;
--^^^^^^^^^^^^^^^^ down-fails
drop table visit;
--- 002_add_note.up.sql
alter table account add column note text;
--- 002_add_note.down.sql
alter table account drop column notes;
--                  ^^^^^^^^^^^^^^^^^ down-fails
```

```sql
-- layout: golang-migrate
--- 001_create_account.up.sql
create table account (id bigint primary key);
create table visit (id bigint primary key, account bigint references account);
--- 001_create_account.down.sql
drop table visit;
drop table account;
--- 002_add_note.up.sql
alter table account add column note text;
--- 002_add_note.down.sql
alter table account drop column if exists notes, drop column note;
```

With dbmate, sql-migrate and tern each section says by itself that it is to run outside a
transaction; with goose the whole file does:

```sql
-- layout: dbmate
--- 20250101000000_create.sql
-- migrate:up
create table account (id bigint primary key, mail text);
-- migrate:down
drop table account;
--- 20250102000000_index.sql
-- migrate:up transaction:false
create index concurrently account_mail on account (mail);
-- migrate:down
drop index concurrently account_mail;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ down-fails: fails on what 20250102000000_index.sql leaves: cannot run inside a transaction block
--- 20250103000000_lower.sql
-- migrate:up transaction:false
create index concurrently account_lower on account (lower(mail));
-- migrate:down transaction:false
drop index concurrently account_lower;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Undoing& undoing : history.undoings()) {
            const Migration& up = history.migrations()[undoing.up];
            if (IsSaidToBeIrreversible(up)) continue;
            for (const Undoing::Remark& failure : undoing.failures) {
              report({.migration = undoing.down,
                      .statement = failure.statement,
                      .span = failure.span,
                      .message = absl::StrCat("fails on what ", FileNameOf(up),
                                              " leaves: ", failure.what)});
            }
          }
        },
};

}  // namespace plimsoll::rules
