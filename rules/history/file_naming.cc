#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "analyzer/checking/files.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// What the name says besides its version: `create_account` of `V1.2__create_account.sql`.
absl::string_view DescriptionIn(absl::string_view name, absl::string_view version) {
  const size_t at = name.find(version);
  if (at != absl::string_view::npos) name.remove_prefix(at + version.size());
  name.remove_prefix(std::min(name.find_first_not_of("_-. "), name.size()));
  absl::ConsumePrefix(&name, "do.");  // postgrator's
  return name.substr(0, name.find('.'));
}

bool IsSnakeCase(absl::string_view text) {
  return !absl::StrContains(text, "__") && !absl::EndsWith(text, "_") &&
         std::all_of(text.begin(), text.end(), [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return absl::ascii_islower(byte) || absl::ascii_isdigit(byte) || c == '_';
         });
}

constexpr RuleOption kOptions[] = {
    {"snake-case", RuleOption::Type::kSwitch, "true",
     "descriptions are lower-case words with one underscore between them"},
    {"longest", RuleOption::Type::kNumber, "60", "so many characters a description may have"},
    {"shortest", RuleOption::Type::kNumber, "4", "so many characters a description has to have"},
    {"verbs", RuleOption::Type::kTexts, "",
     "with which of these words a description has to begin; left out: with any"},
};

}  // namespace

PLIMSOLL_RULE(file_naming) = {
    .id = "file-naming",
    .family = Family::kHistory,
    .severity = Severity::kNote,
    .risk = Risk::kSafe,
    .opt_in = true,
    .since = "0.1",
    .summary = "a migration is not named as the project names them",
    .why =
        "the names are the table of contents of the schema's history: people look for words there",
    .help = "say what it does in a few words, as the other names do; rename no file that has run",
    .docs = R"md(
```sql
-- layout: Flyway
--- V1__create_account.sql
create table account (id bigint primary key);
--- V2__AddNote.sql
alter table account add column note text;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ file-naming: `AddNote` is not in snake_case
--- V3__fix.sql
alter table account add column mail text;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ file-naming: `fix` has 3 characters, and 4 are the fewest
```

```sql
-- layout: postgrator
-- option: file-naming.longest = 14
-- option: file-naming.verbs = create, add
--- 001.do.create_account.sql
create table account (id bigint primary key);
--- 002.do.note_of_account.sql
alter table account add column note text;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ file-naming: `note_of_account` has 15 characters, and 14 are the most, and begins with none of `create`, `add`
--- 003.do.add_a__b.sql
alter table account add column mail text;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ file-naming: `add_a__b` is not in snake_case
--- 004.do.add_b_.sql
alter table account add column state text;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ file-naming: `add_b_` is not in snake_case
```

```sql
-- layout: golang-migrate
-- option: file-naming.snake-case = false
--- 001_create-Account.up.sql
create table account (id bigint primary key);
--- 001_create-Account.down.sql
drop table account;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          const bool snake = SwitchOption(history, file_naming, "snake-case");
          const int64_t longest = NumberOption(history, file_naming, "longest");
          const int64_t shortest = NumberOption(history, file_naming, "shortest");
          const std::vector<std::string> verbs = TextsOption(history, file_naming, "verbs");
          for (const uint32_t m : UpsOf(history)) {
            const Migration& migration = history.migrations()[m];
            if (migration.version.empty()) continue;
            const std::string name = FileNameOf(migration);
            const absl::string_view description = DescriptionIn(name, migration.version);
            const auto size = static_cast<int64_t>(description.size());
            std::vector<std::string> wrong;
            if (snake && !IsSnakeCase(description)) wrong.emplace_back("is not in snake_case");
            if (size > longest) {
              wrong.push_back(
                  absl::StrCat("has ", size, " characters, and ", longest, " are the most"));
            }
            if (size < shortest) {
              wrong.push_back(
                  absl::StrCat("has ", size, " characters, and ", shortest, " are the fewest"));
            }
            const bool begins =
                std::any_of(verbs.begin(), verbs.end(), [&](const std::string& verb) {
                  return absl::StartsWithIgnoreCase(description, verb);
                });
            if (!verbs.empty() && !begins) {
              wrong.push_back(
                  absl::StrCat("begins with none of `", absl::StrJoin(verbs, "`, `"), "`"));
            }
            if (wrong.empty()) continue;
            report(OfFile(history, m,
                          absl::StrCat(Quoted(description), " ", absl::StrJoin(wrong, ", and "))));
          }
        },
    .options = kOptions,
};

}  // namespace plimsoll::rules
