#include <cstdint>
#include <string>
#include <utility>
#include <variant>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "analyzer/checking/files.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// Labels cannot be taken away, and where they were added IF NOT EXISTS they are in nobody's way.
bool OnlyAddsLabels(const Script& script) {
  return absl::c_all_of(script.statements, [](const Statement& statement) {
    if (statement.direction == Direction::kDown) return true;
    return !statement.problem && absl::c_all_of(statement.actions, [](const Action& action) {
      const auto* alter = std::get_if<action::AlterType>(&action.kind);
      return alter != nullptr && alter->change == action::TypeChangeKind::kAddValue &&
             alter->if_exists;
    });
  });
}

Complaint Describe(const Migration& up, Complaint complaint) {
  if (!OnlyAddsLabels(*up.script)) return complaint;
  complaint.severity = Severity::kNote;
  complaint.why =
      "PostgreSQL cannot take a label away: the runner takes the migration for undone while its "
      "labels stay";
  complaint.help = "say so: `-- irreversible: reason`";
  return complaint;
}

}  // namespace

PLIMSOLL_RULE(empty_down) = {
    .id = "empty-down",
    .family = Family::kHistory,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .since = "0.1",
    .summary = "a down does nothing, and does not say why",
    .why =
        "the runner takes the migration for undone and forgets it, while all that it did is still "
        "there, and in the way of the next run",
    .help = "write what undoes the migration, or say `-- irreversible: reason`",
    .docs = R"md(
```sql
-- layout: golang-migrate
--- 001_create_account.up.sql
create table account (id bigint primary key);
--- 001_create_account.down.sql
-- this file should undo anything in `up.sql`
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ empty-down: 001_create_account.down.sql undoes nothing
select 1;
```

```sql
-- layout: golang-migrate
--- 001_create_account.up.sql
create table account (id bigint primary key, note text);
--- 001_create_account.down.sql
drop table account;
--- 002_drop_note.up.sql
alter table account drop column note;
--- 002_drop_note.down.sql
-- irreversible: the notes are gone
```

One that refuses says so as well, and stops its runner. The word without a reason is not enough:

```sql
-- layout: golang-migrate
--- 001_create_account.up.sql
create table account (id bigint primary key, note text, mail text);
--- 001_create_account.down.sql
do $$ begin raise exception 'the accounts would be gone'; end $$;
--- 002_drop_note.up.sql
alter table account drop column note;
--- 002_drop_note.down.sql
-- irreversible
--^^^^^^^^^^^^^ empty-down: 002_drop_note.down.sql undoes nothing
--- 003_new.up.sql
-- nothing is here yet
--- 003_new.down.sql
-- and nothing is to be undone
```

Labels cannot be taken away. Where they may be there already, the next run goes through, and it is a
note:

```sql
-- layout: golang-migrate
--- 001_create_mood.up.sql
create type mood as enum ('glad', 'sad');
--- 001_create_mood.down.sql
drop type mood;
--- 002_add_calm.up.sql
alter type mood add value if not exists 'calm';
--- 002_add_calm.down.sql
-- labels stay
--^^^^^^^^^^^^ empty-down: 002_add_calm.down.sql undoes nothing
--- 003_add_tired.up.sql
alter type mood add value 'tired';
--- 003_add_tired.down.sql
-- labels stay
--^^^^^^^^^^^^ empty-down: 003_add_tired.down.sql undoes nothing
```

Liquibase is told by `--rollback empty`, or `not required`, that a changeset has no way back, and
then forgets it as well. What stands behind these words says why:

```sql
-- layout: Liquibase
--- 001_account.sql
--liquibase formatted sql

--changeset ann:create
--^^^^^^^^^^^^^^^^^^^^ empty-down: the rollback of changeset `ann:create` undoes nothing
create table account (id bigint primary key);
--rollback empty

--changeset ann:fill
--^^^^^^^^^^^^^^^^^^ empty-down: the rollback of changeset `ann:fill` undoes nothing
insert into account values (1);
--rollback select 1;

--changeset ann:more
insert into account values (2);
--rollback empty: nobody knows which rows were there before

--changeset ann:look
select id from account;
--rollback not required
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (uint32_t m = 0; m < history.migrations().size(); ++m) {
            const Migration& migration = history.migrations()[m];
            for (const LeftChangeset& left : LeftChangesets(*migration.script)) {
              if (!left.empty || migration.stray) continue;
              report({.migration = m,
                      .statement = Complaint::kWholeFile,
                      .span = left.changeset->span,
                      .message = absl::StrCat("the rollback of changeset ",
                                              Quoted(left.changeset->name), " undoes nothing")});
            }
            const bool does_something = DoesSomething(*migration.script, Direction::kUp);
            if (!migration.down && migration.script->has_down_section && does_something &&
                !DoesSomething(*migration.script, Direction::kDown) &&
                !IsSaidToBeIrreversible(migration)) {
              const std::string what =
                  absl::StrCat("the down of ", FileNameOf(migration), " undoes nothing");
              report(Describe(migration, OfFile(history, m, what)));
            }
            if (!migration.down || does_something) continue;
            if (IsSaidToBeIrreversible(migration)) continue;
            Complaint complaint =
                OfFile(history, m, absl::StrCat(FileNameOf(migration), " undoes nothing"));
            if (migration.undoes) {
              const Migration& up = history.migrations()[*migration.undoes];
              const bool does = DoesSomething(*up.script, Direction::kUp);
              if (!does || IsSaidToBeIrreversible(up)) continue;
              complaint = Describe(up, std::move(complaint));
            }
            report(std::move(complaint));
          }
        },
};

}  // namespace plimsoll::rules
