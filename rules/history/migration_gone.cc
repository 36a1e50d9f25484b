#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "analyzer/checking/files.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// The ups by the names of their files.
std::vector<std::pair<std::string, uint32_t>> ByName(const History& history) {
  std::vector<std::pair<std::string, uint32_t>> names;
  for (const uint32_t m : UpsOf(history)) {
    names.emplace_back(FileNameOf(history.migrations()[m]), m);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

PLIMSOLL_RULE(migration_gone) = {
    .id = "migration-gone",
    .family = Family::kHistory,
    .severity = Severity::kWarning,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "a migration was recorded, merged or run, and its file is not there",
    .why =
        "databases that ran it have what no file says, those to come will lack it; and Flyway and "
        "sqlx stop at a version that they cannot find",
    .help =
        "bring the file back, and undo it by a migration of its own if it is not wanted. Where no "
        "database has run it, forget it: `plimsoll sum --accept FILE`, or `atlas migrate hash`",
    .docs = R"md(
It is shown at the migration that would follow it.

```sql
-- layout: up and down folders
--- up/001_create_account.sql
create table account (id bigint primary key);
--- up/003_add_mail.sql
alter table account add column mail text;
--- applied/production.json
[
  {"number": 1, "name": "create_account"},
  {"number": 2, "name": "add_note"}
]
```

What an environment took back is not missed:

```sql
-- layout: up and down folders
--- up/001_create_account.sql
create table account (id bigint primary key);
--- up/003_add_mail.sql
alter table account add column mail text;
--- applied/production.json
[
  {"number": 1, "name": "create_account"},
  {"number": 2, "name": "add_note", "status": "rolled_back"}
]
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          if (history.gone().empty()) return;
          const std::vector<std::pair<std::string, uint32_t>> names = ByName(history);
          if (names.empty()) return;
          for (const Gone& gone : history.gone()) {
            const std::string name = gone.file.substr(gone.file.rfind('/') + 1);
            const auto next =
                std::upper_bound(names.begin(), names.end(), std::pair(name, uint32_t{0}));
            const uint32_t shown = next == names.end() ? names.back().second : next->second;
            Complaint complaint = OfFile(
                history, shown,
                absl::StrCat(Quoted(gone.file), ", which ", gone.ran ? "ran as " : "",
                             Quoted(gone.record), gone.ran ? " says" : " has", ", is not there"));
            if (gone.ran) complaint.severity = Severity::kError;
            complaint.of_project = true;
            report(std::move(complaint));
          }
        },
};

}  // namespace plimsoll::rules
