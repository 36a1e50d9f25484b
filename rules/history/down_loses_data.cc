#include "absl/strings/str_cat.h"
#include "analyzer/checking/files.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {

PLIMSOLL_RULE(down_loses_data) = {
    .id = "down-loses-data",
    .family = Family::kHistory,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .since = "0.1",
    .summary = "a down drops rows or values that its up did not bring",
    .why =
        "a down runs when something has gone wrong, in a hurry: what it drops was there before "
        "the migration, and no up brings it back",
    .help =
        "drop in a down only what the up made; what an up renamed or moved is renamed or moved "
        "back",
    .docs = R"md(
What the up itself created goes with it, and that is what a down is for. What was there before the
up is another matter:

```sql
-- layout: golang-migrate
--- 001_create_account.up.sql
create table account (id bigint primary key, name text);
create table if not exists visit (id bigint primary key);
--- 001_create_account.down.sql
drop table visit;
drop table account;
--- 002_add_note.up.sql
alter table account add column note text;
alter table account rename column name to called;
create table if not exists visit (id bigint primary key);
insert into account values (1, 'x', 'y');
--- 002_add_note.down.sql
alter table account drop column note;
alter table account drop column called;
--                  ^^^^^^^^^^^^^^^^^^ down-loses-data
alter table account add column name text;
drop table if exists visit;
--^^^^^^^^^^^^^^^^^^^^^^^^ down-loses-data
```

A down that takes back what its up brought, and no more, loses nothing that was there before:

```sql
-- layout: golang-migrate
--- 001_create_account.up.sql
create table account (id bigint primary key, name text);
--- 001_create_account.down.sql
drop table account;
--- 002_add_note.up.sql
alter table account add column note text;
alter table account rename column name to called;
--- 002_add_note.down.sql
alter table account rename column called to name;
alter table account drop column note;
```

What the down writes into rows that the up leaves as they are is a note. Seeds that the up inserted
are its own, and rows that it is the first to allow have come since:

```sql
-- layout: golang-migrate
--- 001_create_account.up.sql
create table account (id bigint primary key, name text not null, state text);
create table role (name text primary key);
--- 001_create_account.down.sql
drop table role, account;
--- 002_roles.up.sql
insert into role values ('admin');
alter table account add column role text references role;
--- 002_roles.down.sql
delete from account where role is not null;
update account set state = 'left' where id < 0;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ down-loses-data: changes rows of `account`, which 002_roles.up.sql leaves as they are
alter table account drop column role;
delete from role where name = 'admin';
--- 003_null.up.sql
alter table account alter column name drop not null;
--- 003_null.down.sql
update account set name = '' where name is null;
alter table account alter column name set not null;
--- 004_index.up.sql
create index account_state on account (state);
--- 004_index.down.sql
drop index account_state;
delete from account where state = 'left';
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ down-loses-data: deletes rows of `account`, which 004_index.up.sql leaves as they are
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Undoing& undoing : history.undoings()) {
            const Migration& up = history.migrations()[undoing.up];
            if (IsSaidToBeIrreversible(up)) continue;
            for (const Undoing::Remark& loss : undoing.losses) {
              report({.migration = undoing.down,
                      .statement = loss.statement,
                      .span = loss.span,
                      .message =
                          absl::StrCat(loss.what, ", which ", FileNameOf(up), " did not bring")});
            }
            for (const Undoing::Remark& rewrite : undoing.rewrites) {
              report({.migration = undoing.down,
                      .statement = rewrite.statement,
                      .span = rewrite.span,
                      .message = absl::StrCat(rewrite.what, ", which ", FileNameOf(up),
                                              " leaves as they are"),
                      .severity = Severity::kNote});
            }
          }
        },
};

}  // namespace plimsoll::rules
