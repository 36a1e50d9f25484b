#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/files.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {

PLIMSOLL_RULE(mixed_versions) = {
    .id = "mixed-versions",
    .family = Family::kHistory,
    .severity = Severity::kWarning,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "some versions are dates and others are dates with a time",
    .why =
        "compared as numbers, 20250830 comes before 20250829120000, and compared as texts it comes "
        "after: runners do not agree on the order",
    .help = "write fourteen digits, YYYYMMDDHHMMSS, in every name",
    .docs = R"md(
```sql
-- layout: numbered files
--- 20250829120000_create_account.sql
create table account (id bigint primary key);
--- 20250830_add_note.sql
alter table account add column note text;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ mixed-versions: version 20250830 is a date, and that of 20250829120000_create_account.sql has a time as well
```

One of them is right, whichever it is, if all files are named so:

```sql
-- layout: numbered files
--- 20250829_create_account.sql
create table account (id bigint primary key);
--- 20250830_add_note.sql
alter table account add column note text;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          const Migration* timed = nullptr;
          for (const uint32_t m : UpsOf(history)) {
            const Migration& migration = history.migrations()[m];
            if (KindOf(migration.version) != VersionKind::kTimestamp) continue;
            timed = &migration;
            break;
          }
          if (timed == nullptr) return;
          for (const uint32_t m : UpsOf(history)) {
            const Migration& migration = history.migrations()[m];
            if (KindOf(migration.version) != VersionKind::kDate) continue;
            report(OfFile(history, m,
                          absl::StrCat("version ", migration.version, " is a date, and that of ",
                                       FileNameOf(*timed), " has a time as well")));
          }
        },
};

}  // namespace plimsoll::rules
