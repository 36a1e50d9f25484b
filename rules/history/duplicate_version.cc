#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "analyzer/checking/files.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// Liquibase stops at a file in which one author has given one id twice (ValidatingVisitor.java).
void ReportChangesets(const History& history, uint32_t migration, const Reporter& report) {
  absl::flat_hash_set<std::string> names;
  for (const Changeset& changeset : history.migrations()[migration].script->changesets) {
    // Either part may stand in quotes.
    if (names.insert(absl::StrReplaceAll(changeset.name, {{"\"", ""}})).second) continue;
    report({.migration = migration,
            .statement = Complaint::kWholeFile,
            .span = changeset.span,
            .message = absl::StrCat("changeset ", changeset.name, " is in this file already"),
            .why = "to Liquibase a changeset is its file, its author and its id: it stops before "
                   "it runs any",
            .help = "give the one that has not run yet another id"});
  }
}

}  // namespace

PLIMSOLL_RULE(duplicate_version) = {
    .id = "duplicate-version",
    .family = Family::kHistory,
    .severity = Severity::kError,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "two migrations have the same version",
    .why =
        "a runner knows a migration by its version: it stops at the second one, or takes it for "
        "the "
        "first and never runs it",
    .help = "give the one that has not run yet the next free version",
    .docs = R"md(
It happens when two branches are merged that both took the next number, and with versions that are
dates when two migrations are written on one day:

```sql
-- layout: numbered files
--- 001_create_account.sql
create table account (id bigint primary key);
--- 002_add_note.sql
alter table account add column note text;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ duplicate-version: version 002 is that of 002_add_mail.sql as well
--- 002_add_mail.sql
alter table account add column mail text;
```

Leading zeros make no other version:

```sql
-- layout: numbered files
--- 1_create_account.sql
create table account (id bigint primary key);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ duplicate-version: version 1 is that of 01_add_note.sql as well
--- 01_add_note.sql
alter table account add column note text;
```

Liquibase knows a changeset by its author and its id. What is for another database is none:

```sql
-- layout: Liquibase
--- 001_account.sql
--liquibase formatted sql
--changeset ann:account
create table account (id bigint primary key);
--changeset bea:account dbms:postgresql,h2
alter table account add column note text;
--changeset "ann":account
--^^^^^^^^^^^^^^^^^^^^^^^ duplicate-version: changeset "ann":account is in this file already
alter table account add column mail text;
--changeset bea:account dbms:!postgresql
alter table account add column note clob;
```

```sql
-- layout: numbered files
--- 001_create_account.sql
create table account (id bigint primary key);
--- 002_add_note.sql
alter table account add column note text;
```

With `--changed-since REV`, a version that a migration of that branch has got meanwhile counts as
taken.
)md",
    .check =
        [](const History& history, const Reporter& report) {
          absl::flat_hash_map<std::string, uint32_t> first;
          for (const uint32_t m : UpsOf(history)) {
            const Migration& migration = history.migrations()[m];
            ReportChangesets(history, m, report);
            for (const Ahead& ahead : migration.ahead) {
              if (!ahead.same_version) continue;
              report(OfFile(history, m,
                            absl::StrCat("version ", migration.version, " is that of ", ahead.file,
                                         " as well, which ", ahead.record, " has got meanwhile")));
            }
            if (migration.identity.empty()) continue;
            const auto [known, added] = first.emplace(migration.identity, m);
            if (added) continue;
            const Migration& other = history.migrations()[known->second];
            report(OfFile(history, m,
                          absl::StrCat("version ", migration.version, " is that of ",
                                       FileNameOf(other), " as well")));
          }
        },
};

}  // namespace plimsoll::rules
