#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/files.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {

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
)md",
    .check =
        [](const History& history, const Reporter& report) {
          const std::vector<bool> undone = Undone(history);
          const std::vector<uint32_t> ups = UpsOf(history);
          // One file that is looked at by itself has its down elsewhere, and files that nobody
          // counts are no migrations.
          const bool counted = std::any_of(ups.begin(), ups.end(), [&](uint32_t m) {
            return !history.migrations()[m].version.empty();
          });
          if (ups.size() < 2 || (history.downs() == Downs::kNone && !counted)) return;
          const bool none =
              std::none_of(undone.begin(), undone.end(), [](bool one) { return one; });
          if (none) {
            Complaint complaint =
                OfFile(history, ups.front(),
                       absl::StrCat("none of the ", ups.size(), " migrations has a down"));
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
            const bool does = DoesSomething(*migration.script, Direction::kUp);
            if (undone[m] || !does || IsSaidToBeIrreversible(migration)) continue;
            report(OfFile(history, m, absl::StrCat("nothing undoes ", FileNameOf(migration))));
          }
        },
};

}  // namespace plimsoll::rules
