#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "analyzer/checking/files.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// What is gone with its rows is said by `down-loses-data`, where it is dropped.
bool IsLost(const Undoing& undoing, absl::string_view difference) {
  if (!absl::ConsumeSuffix(&difference, " is gone")) return false;
  return std::any_of(undoing.losses.begin(), undoing.losses.end(), [&](const auto& loss) {
    return absl::StartsWith(loss.what, absl::StrCat("drops ", difference, " with "));
  });
}

// At the first statement of the down, which has one where it does something.
Complaint OfDown(const History& history, const Undoing& undoing, std::string message) {
  const Direction direction = undoing.up == undoing.down ? Direction::kDown : Direction::kUp;
  const std::vector<Statement>& statements = history.migrations()[undoing.down].script->statements;
  const auto first =
      std::find_if(statements.begin(), statements.end(),
                   [&](const Statement& statement) { return statement.direction == direction; });
  return {.migration = undoing.down,
          .statement = static_cast<uint32_t>(first - statements.begin()),
          .span = first->span,
          .message = std::move(message)};
}

// Whether what is left is a label that the up adds IF NOT EXISTS: it cannot be dropped, and the up
// can run again.
bool IsSpareLabel(const History& history, uint32_t up, absl::string_view difference) {
  const auto adds = [&](const Action& action) {
    const auto* type = std::get_if<action::AlterType>(&action.kind);
    return type != nullptr && type->change == action::TypeChangeKind::kAddValue &&
           type->if_exists &&
           absl::StartsWith(difference, absl::StrCat("label ", Quoted(type->part), " of "));
  };
  const std::vector<Statement>& statements = history.migrations()[up].script->statements;
  return absl::StartsWith(difference, "label ") &&
         absl::c_any_of(statements, [&](const Statement& statement) {
           return statement.direction == Direction::kUp && absl::c_any_of(statement.actions, adds);
         });
}

}  // namespace

PLIMSOLL_RULE(down_does_not_undo) = {
    .id = "down-does-not-undo",
    .family = Family::kHistory,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .since = "0.1",
    .summary = "a down leaves another schema than there was before its up",
    .why =
        "the runner takes the migration for undone: the next run of the up fails on what is left, "
        "or code finds a schema that no version of it was written for",
    .help =
        "undo in the down all that the up does, or say in the up what cannot be undone: "
        "`-- irreversible: reason`; `plimsoll down` writes the down that undoes a migration",
    .docs = R"md(
The up and then the down are run on the schema that the files before them leave, and what comes out
is held against it: tables, columns with types, collations, defaults, NOT NULL, identity and what
computes them, constraints with their actions and deferrability, indexes with collations and
operator classes, partitions with their bounds, views with their options, sequences with their
numbers, types with their labels in order, domains, functions with the words of their bodies and
all else that they say (`STABLE`, `STRICT`, `SECURITY DEFINER`, `SET`, `COST`), triggers, policies,
rules, statistics, extensions, schemas, and the comments on all but the last. What falls with a
table or by `CASCADE` has to be made again, too.

An expression counts where constants, columns, calls and operators make it, but for its casts: a
condition with `AND`, `CASE` or a subquery in it has many spellings. So has a query, and of a view
that the down writes in words of its own counts what it reads; of a rule, its event. The order of
columns does not count, for PostgreSQL cannot bring it back; neither do privileges and owners,
storage (tablespaces, access methods, `fillfactor` and its kin, `SET STORAGE`, `SET STATISTICS`),
the operators of exclusion constraints, the tables of publications, comments on schemas and on the
constraints of domains, nor a label that was added `IF NOT EXISTS`: it cannot be dropped, is in
nobody's way, and the up can run again. Where one of the two does what its text does not tell
(`EXECUTE` of a computed string, a function nobody knows), nothing is said.

```sql
-- layout: golang-migrate
--- 001_create_account.up.sql
create table account (id bigint primary key);
--- 001_create_account.down.sql
drop table account;
--- 002_add_note.up.sql
alter table account add column note text;
alter table account add column seen timestamptz;
--- 002_add_note.down.sql
alter table account drop column note;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ down-does-not-undo: does not undo 002_add_note.up.sql: column `seen` of `account` is still there
```

```sql
-- layout: golang-migrate
--- 001_create_account.up.sql
create table account (id bigint primary key, name varchar(40) not null default 'nobody');
create index account_name on account (name);
create type mood as enum ('sad', 'ok');
create table sitting (id bigint primary key, account bigint references account on delete cascade);
--- 001_create_account.down.sql
drop table sitting;
--^^^^^^^^^^^^^^^^ down-does-not-undo
drop table account;
--- 002_change.up.sql
alter table account alter column name type text, alter column name drop default,
  alter column name drop not null;
drop index account_name;
alter type mood add value 'happy';
alter table sitting drop constraint sitting_account_fkey;
create view names as select name from account;
create function one() returns int language sql as 'select 1';
--- 002_change.down.sql
alter table sitting add constraint sitting_account_fkey foreign key (account) references account;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ down-does-not-undo: does not undo 002_change.up.sql: label `happy` of type `mood` is still there; column `name` of `account` is `text`, and was `varchar(40)`; column `name` of `account` is not NOT NULL any more; column `name` of `account` has no default any more; index `account_name` is gone; constraint `sitting_account_fkey` of `sitting` does something else ON DELETE; and 2 more
```

What is done by a section of the same file counts likewise:

```sql
-- layout: goose
--- 001_create_account.sql
-- +goose Up
create table account (id bigint primary key);
create schema archive;
-- +goose Down
drop table account;
--^^^^^^^^^^^^^^^^ down-does-not-undo
```

A migration that says why it cannot be undone is left alone, and so is a down that brings all back:

```sql
-- layout: golang-migrate
--- 001_create_account.up.sql
create table account (id bigint primary key, name text default 'x' not null);
create index account_name on account (name);
create type mood as enum ('sad', 'ok');
--- 001_create_account.down.sql
drop type mood;
drop table account;
--- 002_moods.up.sql
-- irreversible: labels cannot be dropped
alter type mood add value 'happy';
alter table account add column mood mood;
--- 002_moods.down.sql
alter table account drop column mood;
--- 003_rename.up.sql
alter table account rename to person;
alter table person rename column name to called;
--- 003_rename.down.sql
alter table person rename column called to name;
alter table person rename to account;
--- 004_drop_name.up.sql
alter table person drop column called;
--- 004_drop_name.down.sql
alter table person add column called text default 'x' not null;
create index account_name on person (called);
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          constexpr size_t kMostSaid = 6;
          for (const Undoing& undoing : history.undoings()) {
            if (IsSaidToBeIrreversible(history.migrations()[undoing.up])) continue;
            const bool section = undoing.up == undoing.down;
            const Script& script = *history.migrations()[undoing.down].script;
            if (!DoesSomething(script, section ? Direction::kDown : Direction::kUp)) continue;
            std::vector<std::string> differences = undoing.differences;
            std::erase_if(differences, [&](const std::string& one) {
              return IsLost(undoing, one) || IsSpareLabel(history, undoing.up, one);
            });
            if (differences.empty()) continue;
            const size_t more = differences.size() - std::min(differences.size(), kMostSaid);
            differences.resize(differences.size() - more);
            report(
                OfDown(history, undoing,
                       absl::StrCat("does not undo ", FileNameOf(history.migrations()[undoing.up]),
                                    ": ", absl::StrJoin(differences, "; "),
                                    more > 0 ? absl::StrCat("; and ", more, " more") : "")));
          }
        },
};

}  // namespace plimsoll::rules
