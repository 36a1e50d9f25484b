#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analyzer/checking/files.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// `differs from `plimsoll.sum` and `Git at main`: statement 2 …`. Of several records those count
// that say the gravest.
std::string Differs(const Migration& migration, bool cosmetic) {
  std::vector<std::string> records;
  std::string what;
  for (const Drift& drift : migration.drifts) {
    if (drift.cosmetic != cosmetic) continue;
    records.push_back(absl::StrCat(drift.ran ? "what ran, by " : "", Quoted(drift.record)));
    if (what.empty()) what = drift.what;
  }
  const std::string differs = absl::StrCat("differs from ", absl::StrJoin(records, " and "));
  if (cosmetic && what.empty()) return absl::StrCat(differs, ", only in comments or spelling");
  return absl::StrCat(differs, what.empty() ? "" : cosmetic ? ", " : ": ", what);
}

constexpr RuleOption kOptions[] = {
    {"cosmetic", RuleOption::Type::kSwitch, "true",
     "what no server sees counts too, as it does for runners that compare the bytes of files"},
};

}  // namespace

PLIMSOLL_RULE(migration_edited) = {
    .id = "migration-edited",
    .family = Family::kHistory,
    .severity = Severity::kError,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "a migration is no longer what was recorded, merged or run",
    .why =
        "databases that ran it keep what it was, those to come get what it is; and runners that "
        "compare checksums refuse to go on",
    .help =
        "restore the file, and put the change into a migration of its own: `plimsoll new`. Where "
        "no database has run it yet, record it anew: `plimsoll sum --accept FILE`, or `atlas "
        "migrate hash`",
    .docs = R"md(
What a migration was is read from `plimsoll.sum`, `atlas.sum`, the hashes in the files of
graphile-migrate, `applied/*.json`, and with `--changed-since` from Git. Without such a record this
rule says nothing. [Checksums](../checksums.md) says what each of them tells.

```sql
-- layout: numbered files
--- 001_create_account.sql
create table account (id bigint primary key);
--- 002_add_note.sql
alter table account add column note varchar;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ migration-edited: `002_add_note.sql` differs from `plimsoll.sum`: statement 1 was `alter table account add column note text` and is `alter table account add column note varchar`
--- plimsoll.sum
plimsoll.sum 2 sha256 tree-18 f09d9099dbc57306b98bcff094972bd8f07bc5db742091512cc33dac367e1593
file cfebff6ad309b86de688663cb71b8c95100761fa7a9db07a96b54146df1f1d90 001_create_account.sql
 up d1cdb00e61c4927b create table account (id bigint primary key)
file 1c4062d85f2b8d340898d8868b4faa8c1b838285e98d373f5ac1d11514199823 002_add_note.sql
 up 9eb032d630fcac21 alter table account add column note text
```

What is to be otherwise is put into a migration of its own:

```sql
-- layout: numbered files
--- 001_create_account.sql
create table account (id bigint primary key);
--- 002_add_note.sql
alter table account add column note text;
--- 003_limit_note.sql
alter table account add constraint short_note check (length(note) < 1000) not valid;
--- plimsoll.sum
plimsoll.sum 2 sha256 tree-18 f09d9099dbc57306b98bcff094972bd8f07bc5db742091512cc33dac367e1593
file cfebff6ad309b86de688663cb71b8c95100761fa7a9db07a96b54146df1f1d90 001_create_account.sql
 up d1cdb00e61c4927b create table account (id bigint primary key)
file 1c4062d85f2b8d340898d8868b4faa8c1b838285e98d373f5ac1d11514199823 002_add_note.sql
 up 9eb032d630fcac21 alter table account add column note text
```

Comments and blanks do nothing to a database, nor does another spelling of the same. They are a
note, as runners that compare the bytes of files stop all the same:

```sql
-- layout: numbered files
--- 001_create_account.sql
CREATE TABLE "account" (id int8 PRIMARY KEY);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ migration-edited: `001_create_account.sql` differs from `plimsoll.sum`: statement 1 was `create table account (id bigint primary key)` and is `CREATE TABLE "account" (id int8 PRIMARY KEY)`
--- 002_add_note.sql
alter table account add column note text;
--- plimsoll.sum
plimsoll.sum 2 sha256 tree-18 f09d9099dbc57306b98bcff094972bd8f07bc5db742091512cc33dac367e1593
file cfebff6ad309b86de688663cb71b8c95100761fa7a9db07a96b54146df1f1d90 001_create_account.sql
 up d1cdb00e61c4927b create table account (id bigint primary key)
file 1c4062d85f2b8d340898d8868b4faa8c1b838285e98d373f5ac1d11514199823 002_add_note.sql
 up 9eb032d630fcac21 alter table account add column note text
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          const bool cosmetics = SwitchOption(history, migration_edited, "cosmetic");
          for (uint32_t m = 0; m < history.migrations().size(); ++m) {
            const Migration& migration = history.migrations()[m];
            if (migration.drifts.empty()) continue;
            const bool cosmetic = std::all_of(migration.drifts.begin(), migration.drifts.end(),
                                              [](const Drift& drift) { return drift.cosmetic; });
            if (cosmetic && !cosmetics) continue;
            Complaint complaint = OfFile(
                history, m,
                absl::StrCat(Quoted(FileNameOf(migration)), " ", Differs(migration, cosmetic)));
            if (cosmetic) {
              complaint.severity = Severity::kNote;
              complaint.risk = Risk::kSafe;
            }
            report(std::move(complaint));
          }
        },
    .options = kOptions,
};

}  // namespace plimsoll::rules
