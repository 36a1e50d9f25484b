#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/files.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {

PLIMSOLL_RULE(out_of_order) = {
    .id = "out-of-order",
    .family = Family::kHistory,
    .severity = Severity::kWarning,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "a new migration has its place before one that is merged, recorded or applied",
    .why =
        "a database that has run the later one never runs this one (golang-migrate), stops here "
        "(Flyway, goose, the Supabase CLI), or runs the two in another order than all others do",
    .help =
        "give it a version after those that are there, as `plimsoll new` does. Where it did run "
        "everywhere and was not recorded, record it: `plimsoll sum`",
    .docs = R"md(
A migration is new where the revision of `--changed-since` lacks it, or a record that has later
ones: `plimsoll.sum`, `atlas.sum`, `applied/*.json`. What that revision has got since this branch
left it counts, too: it is merged, and a database may have run it.

```sql
-- layout: up and down folders
--- up/001_create_account.sql
create table account (id bigint primary key);
--- up/002_add_note.sql
alter table account add column note text;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ out-of-order: `002_add_note.sql` is new, and runs before `003_add_mail.sql`, which is there already
--- up/003_add_mail.sql
alter table account add column mail text;
--- applied/production.json
[{"number": 1, "name": "create_account"}, {"number": 3, "name": "add_mail"}]
```

What comes after all that ran is merely not deployed yet:

```sql
-- layout: up and down folders
--- up/001_create_account.sql
create table account (id bigint primary key);
--- up/002_add_note.sql
alter table account add column note text;
--- applied/production.json
[{"number": 1, "name": "create_account"}]
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          const std::vector<uint32_t> ups = UpsOf(history);
          // The next file that is there, of those with a version and of those without: what is run
          // anew whenever it changes comes last, and has none.
          std::string later[2];
          for (size_t i = ups.size(); i-- > 0;) {
            const Migration& migration = history.migrations()[ups[i]];
            for (const Ahead& ahead : migration.ahead) {
              if (ahead.same_version) continue;
              report(OfFile(history, ups[i],
                            absl::StrCat(Quoted(FileNameOf(migration)), " is new, and runs before ",
                                         Quoted(ahead.file), ", which ", ahead.record,
                                         " has got meanwhile")));
            }
            std::string& next = later[static_cast<size_t>(migration.version.empty())];
            if (!migration.added) {
              next = FileNameOf(migration);
            } else if (!next.empty()) {
              report(OfFile(history, ups[i],
                            absl::StrCat(Quoted(FileNameOf(migration)), " is new, and runs before ",
                                         Quoted(next), ", which is there already")));
            }
          }
        },
};

}  // namespace plimsoll::rules
