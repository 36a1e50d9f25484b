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
  bool grave = false;  // a database has run it, or the runner stops where it should be
};

std::map<std::string, Missed> MissedByName(const History& history) {
  std::map<std::string, Missed> all;
  for (const Gone& gone : history.gone()) {
    Missed& missed = all[std::string(absl::StripSuffix(FileNameOf(gone.file), ".sql"))];
    if (missed.file.empty()) missed.file = gone.file;
    missed.records.push_back(absl::StrCat(gone.ran ? "ran, by " : "is in ", Quoted(gone.record)));
    missed.grave |= gone.ran || gone.stops;
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
    .summary = "a migration was recorded, planned, merged or run, and its file is not there",
    .why =
        "databases that ran it have what no file says, those to come will lack it; and Flyway, "
        "sqlx, Sqitch and Drizzle stop at what they cannot find",
    .help =
        "bring the file back, and undo it by a migration of its own if it is not wanted. Where no "
        "database has run it, forget it: `plimsoll sum --accept FILE`, `atlas migrate hash`, or "
        "take it out of the plan or the journal",
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

Drizzle reads all that its journal lists before it runs any, and Sqitch reverts what it has deployed
when it comes to a change of its plan that has no script:

```sql
-- layout: Sqitch
--- sqitch.plan
%syntax-version=1.0.0
%project=shop

account 2024-01-01T00:00:00Z Ann <ann@example.org> # the first
note [account] 2024-01-02T00:00:00Z Ann <ann@example.org> # the second
--- deploy/account.sql
begin;
--^^^^ migration-gone: `deploy/note.sql` is not there, but is in `sqitch.plan`
create table account (id bigint primary key);
commit;
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
            if (missed.grave) complaint.severity = Severity::kError;
            complaint.of_project = true;
            report(std::move(complaint));
          }
        },
};

}  // namespace plimsoll::rules
