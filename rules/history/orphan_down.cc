#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/files.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {

PLIMSOLL_RULE(orphan_down) = {
    .id = "orphan-down",
    .family = Family::kHistory,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .since = "0.1",
    .summary = "a down undoes no migration that is there",
    .why = "its migration was renamed, renumbered or deleted: when it is wanted, it is not found",
    .help = "give it the version, or the name, of the migration that it undoes, or delete it",
    .docs = R"md(
```sql
-- layout: golang-migrate
--- 001_create_account.up.sql
create table account (id bigint primary key);
--- 001_create_account.down.sql
drop table account;
--- 002_add_note.up.sql
alter table account add column note text;
--- 003_add_note.down.sql
alter table account drop column note;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ orphan-down: 003_add_note.down.sql undoes no migration that is there
```

```sql
-- layout: golang-migrate
--- 001_create_account.up.sql
create table account (id bigint primary key);
--- 1_create_account.down.sql
drop table account;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (uint32_t m = 0; m < history.migrations().size(); ++m) {
            const Migration& migration = history.migrations()[m];
            if (!migration.down || migration.undoes) continue;
            report(
                OfFile(history, m,
                       absl::StrCat(FileNameOf(migration), " undoes no migration that is there")));
          }
        },
};

}  // namespace plimsoll::rules
