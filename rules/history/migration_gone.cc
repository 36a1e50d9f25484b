#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
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

// What the records say of one migration, under the name that the first of them has.
struct Missed {
  std::string file;
  std::vector<std::string> records;
  bool ran = false;
};

std::map<std::string, Missed> MissedByName(const History& history) {
  std::map<std::string, Missed> all;
  for (const Gone& gone : history.gone()) {
    Missed& missed = all[std::string(absl::StripSuffix(FileNameOf(gone.file), ".sql"))];
    if (missed.file.empty()) missed.file = gone.file;
    missed.records.push_back(absl::StrCat(gone.ran ? "ran, by " : "is in ", Quoted(gone.record)));
    missed.ran |= gone.ran;
  }
  return all;
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
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ migration-gone: `add_note` is not there, but ran, by `applied/production.json`
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
          for (const auto& [name, missed] : MissedByName(history)) {
            const auto next =
                std::upper_bound(names.begin(), names.end(), std::pair(name, uint32_t{0}));
            const uint32_t shown = next == names.end() ? names.back().second : next->second;
            Complaint complaint = OfFile(history, shown,
                                         absl::StrCat(Quoted(missed.file), " is not there, but ",
                                                      absl::StrJoin(missed.records, " and ")));
            if (missed.ran) complaint.severity = Severity::kError;
            complaint.of_project = true;
            report(std::move(complaint));
          }
        },
};

}  // namespace plimsoll::rules
