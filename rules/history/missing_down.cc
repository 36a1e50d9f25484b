#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/files.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// Some changeset of the file is known to have a way back, or to need none.
bool HasRollback(const Script& script) {
  return (!script.changesets.empty() && DoesSomething(script, Direction::kDown)) ||
         std::any_of(script.changesets.begin(), script.changesets.end(),
                     [](const Changeset& one) { return one.no_rollback.has_value(); });
}

}  // namespace

PLIMSOLL_RULE(missing_down) = {
    .id = "missing-down",
    .family = Family::kHistory,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .since = "0.1",
    .summary = "a migration has no way back, and does not say why",
    .why =
        "when it has to be taken back, somebody writes the way back in a hurry, against a database "
        "that is in trouble",
    .help =
        "write the down, and run it once; where there is none, say so in the migration: "
        "`-- irreversible: reason`",
    .docs = R"md(
```sql
-- layout: golang-migrate
--- 001_create_account.up.sql
create table account (id bigint primary key);
--- 001_create_account.down.sql
drop table account;
--- 002_add_note.up.sql
alter table account add column note text;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ missing-down: nothing undoes 002_add_note.up.sql
--- 003_drop_note.up.sql
-- irreversible: the notes are gone
alter table account drop column note;
```

A project that has no downs at all is told once, and as a note:

```sql
-- layout: numbered files
--- 001_create_account.sql
create table account (id bigint primary key);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ missing-down: none of the 2 migrations has a down
--- 002_add_note.sql
alter table account add column note text;
```

```sql
-- layout: goose
--- 001_create_account.sql
-- +goose Up
create table account (id bigint primary key);
-- +goose Down
drop table account;
--- 002_fill.sql
-- +goose Up
-- irreversible: nobody knows which rows were there before
insert into account values (1);
```

The way back may stand at the end of the file, in comments that are called so, where the layout has
downs. What stands in a block comment is read as SQL:

```sql
-- layout: stages
--- planned/20250101120000_create_account.sql
create table account (id bigint primary key);

-- Rollback script
/*
begin;
drop table account;
commit;
*/
--- planned/20250102120000_add_note.sql
alter table account add column note text;

-- ROLLBACK:
-- alter table account drop column note;
--- planned/20250103120000_add_mail.sql
alter table account add column mail text;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ missing-down: nothing undoes 20250103120000_add_mail.sql

-- Rollback script
/*
BEGIN;
  -- the steps
COMMIT;
*/
--- planned/20250104120000_begun.sql
-- nothing is here yet
```

Each changeset of Liquibase's is rolled back by itself, and says how: in `--rollback` comments, in a
block that begins with `/* liquibase rollback`, by another changeset, or that there is nothing to be
done, and why:

```sql
-- layout: Liquibase
--- 001_account.sql
--liquibase formatted sql

--changeset ann:create
create table account (id bigint primary key);
--rollback drop table account;

--changeset ann:note
--^^^^^^^^^^^^^^^^^^ missing-down: nothing undoes changeset `ann:note`
alter table account add column note text;

--changeset ann:mail
alter table account add column mail text
--rollback alter table account
--rollback   drop column mail

--changeset ann:state
alter table account add column state text;
/* liquibase rollback
alter table account drop column state;
*/

--changeset ann:fill
insert into account values (1);
--rollback not required: the rows are made anew each night

--changeset ann:view
create view accounts as select id from account;
--rollback drop view accounts;

--changeset ann:view-again
create or replace view accounts as select id, mail from account;
--rollback changesetId:view changesetAuthor:ann
```

One file is a project too, where its runner has downs:

```sql
-- layout: golang-migrate
--- 001_create_account.up.sql
create table account (id bigint primary key);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ missing-down: the only migration has no down
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          const std::vector<bool> undone = Undone(history);
          const std::vector<uint32_t> ups = UpsOf(history);
          // Where the runner has none, one file is no custom yet, and files that nobody counts are
          // no migrations.
          const bool counted = ups.size() > 1 && std::any_of(ups.begin(), ups.end(), [&](auto m) {
                                 return !history.migrations()[m].version.empty();
                               });
          if (ups.empty()) return;
          if (history.downs() == Downs::kNone && !counted) return;
          const bool none = std::none_of(ups.begin(), ups.end(), [&](uint32_t m) {
            return undone[m] || HasRollback(*history.migrations()[m].script);
          });
          // That is to be said of the project, and not of files of it that are asked about.
          if (none && !history.whole()) return;
          if (none) {
            const auto calls_for_one = [&](uint32_t m) {
              return DoesSomething(*history.migrations()[m].script, Direction::kUp) &&
                     !IsSaidToBeIrreversible(history.migrations()[m]);
            };
            if (std::none_of(ups.begin(), ups.end(), calls_for_one)) return;
            Complaint complaint = OfFile(history, ups.front(),
                                         ups.size() == 1 ? "the only migration has no down"
                                                         : absl::StrCat("none of the ", ups.size(),
                                                                        " migrations has a down"));
            complaint.severity = Severity::kNote;
            complaint.help =
                history.downs() == Downs::kNone
                    ? "the runner has no downs: keep a script beside each migration, or "
                      "decide to go forward only and ignore this rule"
                    : "";
            report(std::move(complaint));
            return;
          }
          const bool numbered = std::any_of(ups.begin(), ups.end(), [&](uint32_t m) {
            return !history.migrations()[m].identity.empty();
          });
          for (const uint32_t m : ups) {
            const Migration& migration = history.migrations()[m];
            // Flyway's repeatable migrations, which run again when they change, have no way back.
            if (numbered && migration.identity.empty()) continue;
            for (const LeftChangeset& left : LeftChangesets(*migration.script)) {
              if (left.empty) continue;
              report({.migration = m,
                      .statement = Complaint::kWholeFile,
                      .span = left.changeset->span,
                      .message =
                          absl::StrCat("nothing undoes changeset ", Quoted(left.changeset->name))});
            }
            if (!migration.script->changesets.empty()) continue;
            const bool does = DoesSomething(*migration.script, Direction::kUp);
            if (undone[m] || !does || IsSaidToBeIrreversible(migration)) continue;
            // `empty-down` speaks of a section without statements.
            if (migration.script->has_down_section) continue;
            report(OfFile(history, m, absl::StrCat("nothing undoes ", FileNameOf(migration))));
          }
        },
};

}  // namespace plimsoll::rules
