#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "analyzer/checking/files.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {

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

```sql
-- layout: numbered files
--- 001_create_account.sql
create table account (id bigint primary key);
--- 002_add_note.sql
alter table account add column note text;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          absl::flat_hash_map<std::string, uint32_t> first;
          for (const uint32_t m : UpsOf(history)) {
            const Migration& migration = history.migrations()[m];
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
