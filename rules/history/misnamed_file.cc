#include <cstdint>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "analyzer/checking/files.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

bool IsDigit(char c) { return absl::ascii_isdigit(static_cast<unsigned char>(c)); }

// The name was meant for the runner: it has a version, or begins as versions do.
bool LooksVersioned(absl::string_view name) {
  while (!name.empty() && (name.front() == ' ' || name.front() == '_' || name.front() == '-')) {
    name.remove_prefix(1);
  }
  // Flyway's repeatable ones and callbacks have two underscores behind their first word.
  for (const absl::string_view word :
       {"R_", "beforeMigrate", "afterMigrate", "beforeEachMigrate", "afterEachMigrate"}) {
    if (absl::StartsWith(name, word)) return true;
  }
  // A repeatable one has no version.
  if (absl::StartsWith(name, "R") && absl::StrContains(name, "__")) name.remove_prefix(1);
  const bool letter = name.size() > 1 && absl::StrContains("VvUuBb", name.substr(0, 1));
  if (letter) name.remove_prefix(1);
  // Flyway's, without a number, or with what is none.
  if (letter && absl::StartsWith(name, "__")) return true;
  if (letter && (name.front() == '-' || name.front() == '.')) name.remove_prefix(1);
  return !name.empty() && IsDigit(name.front());
}

}  // namespace

PLIMSOLL_RULE(misnamed_file) = {
    .id = "misnamed-file",
    .family = Family::kHistory,
    .severity = Severity::kWarning,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "a file is nearly named as a migration, and the runner passes it over",
    .why = "runners say nothing of files whose names they do not take: it never runs",
    .help = "name it as the others are named; `plimsoll project --files` lists what is taken",
    .docs = R"md(
```sql
-- layout: Flyway
--- V1__create_account.sql
create table account (id bigint primary key);
--- V2_add_note.sql
alter table account add column note text;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ misnamed-file: the runner does not take V2_add_note.sql for a migration
```

Most runners look for `.sql` in lower case, and some for an underscore behind the version:

```sql
-- layout: Supabase
--- supabase/migrations/20250101120000_create_account.sql
create table account (id bigint primary key);
--- supabase/migrations/20250102120000_add_note.SQL
alter table account add column note text;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ misnamed-file: the runner does not take 20250102120000_add_note.SQL for a migration
--- supabase/migrations/20250103120000 add mail.sql
alter table account add column mail text;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ misnamed-file: the runner does not take 20250103120000 add mail.sql for a migration
```

```sql
-- layout: golang-migrate
--- 001_create_account.up.sql
create table account (id bigint primary key);
--- 001_create_account.down.sql
drop table account;
--- 002_add_note.up.SQL
alter table account add column note text;
```

Flyway takes `.SQL` as well, since 9.2, and its callbacks are named after what it is about to do or
has done:

```sql
-- layout: Flyway
--- V1__create_account.sql
create table account (id bigint primary key);
--- V2__add_note.SQL
alter table account add column note text;
--- beforeMigrate.sql
set lock_timeout = '5s';
--- afterMigrate__analyze.sql
analyze account;
--- afterMigrate_vacuum.sql
vacuum account;
--^^^^^^^^^^^^^ misnamed-file: the runner does not take afterMigrate_vacuum.sql for a migration
--- R_views.sql
create view accounts as select id from account;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ misnamed-file: the runner does not take R_views.sql for a migration
--- V__mail.sql
alter table account add column mail text;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ misnamed-file: the runner does not take V__mail.sql for a migration
--- R2__ids.sql
select 1;
--^^^^^^^ misnamed-file: the runner does not take R2__ids.sql for a migration
--- V-3__phone.sql
alter table account add column phone text;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ misnamed-file: the runner does not take V-3__phone.sql for a migration
```

What has no version at all is something else that lies there:

```sql
-- layout: Flyway
--- V1__create_account.sql
create table account (id bigint primary key);
--- seed.sql
insert into account values (1);
```

unless the folder is for migrations alone:

```sql
-- layout: Supabase
--- supabase/migrations/20250101120000_create_account.sql
create table account (id bigint primary key);
--- supabase/migrations/add_note.sql
alter table account add column note text;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ misnamed-file: the runner does not take add_note.sql for a migration
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (uint32_t m = 0; m < history.migrations().size(); ++m) {
            const Migration& migration = history.migrations()[m];
            if (!migration.stray || migration.down || !migration.unlisted_in.empty()) continue;
            const std::string name = FileNameOf(migration);
            if (!migration.meant && !LooksVersioned(name)) continue;
            report(OfFile(history, m,
                          absl::StrCat("the runner does not take ", name, " for a migration")));
          }
        },
};

}  // namespace plimsoll::rules
