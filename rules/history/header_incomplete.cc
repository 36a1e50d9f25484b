#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analyzer/checking/files.h"
#include "analyzer/checking/header.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// What headers say, as far as it goes without asking.
constexpr absl::string_view kUsual[] = {"Migration", "Created at",  "Author",         "Date",
                                        "Purpose",   "Description", "Affects tables", "Risk Level"};

struct Headed {
  uint32_t migration = 0;
  std::vector<HeaderField> header;
};

// Of those that do something: there is nothing to say yet of a file that was only just made.
std::vector<Headed> HeadedUps(const History& history) {
  std::vector<Headed> headed;
  for (const uint32_t m : UpsOf(history)) {
    const Script& script = *history.migrations()[m].script;
    if (DoesSomething(script, Direction::kUp)) headed.push_back({m, HeaderOf(script)});
  }
  return headed;
}

// That no table is named is for `header-wrong-tables` to judge.
bool Says(const Headed& headed, absl::string_view name) {
  const HeaderField* field = FindField(headed.header, name);
  return field != nullptr && (!field->value.empty() || field->name == "affects tables");
}

// Those that the project wants. Left to itself, those that four files of five have: the fifth was
// forgotten.
std::vector<std::string> Wanted(const std::vector<Headed>& ups) {
  constexpr size_t kFewest = 5;
  std::vector<std::string> wanted;
  for (const absl::string_view name : kUsual) {
    const auto count = static_cast<size_t>(
        std::count_if(ups.begin(), ups.end(), [&](const Headed& one) { return Says(one, name); }));
    if (ups.size() >= kFewest && count * 5 >= ups.size() * 4) wanted.emplace_back(name);
  }
  return wanted;
}

constexpr RuleOption kOptions[] = {
    {"fields", RuleOption::Type::kTexts, "",
     "what the header of each migration has to say; left out: what four of five of them say"},
};

}  // namespace

PLIMSOLL_RULE(header_incomplete) = {
    .id = "header-incomplete",
    .family = Family::kHistory,
    .severity = Severity::kNote,
    .risk = Risk::kSafe,
    .since = "0.1",
    .summary = "a migration does not say at its top what the others say",
    .why =
        "the header is what a reviewer reads first, and what is left when the author is on holiday",
    .help = "add the lines to the comments above the first statement",
    .docs = R"md(
What a project's headers have to say is its own decision. A field is a line of its own in the
comments above the first statement; upper and lower case are the same:

```sql
-- layout: stages
-- option: header-incomplete.fields = Migration, Affects tables, Risk Level
--- planned/20250101120000_create_account.sql
-- Migration: accounts
-- Affects tables: account
-- Risk Level: low
create table account (id bigint primary key);
--- planned/20250102120000_add_note.sql
-- Migration: notes
--^^^^^^^^^^^^^^^^^ header-incomplete: its header does not say `Risk Level`
-- Affects tables:
-- Risk Level:
alter table account add column note text;
```

A project that sets nothing is not asked for any, unless its files have them all the same:

```sql
-- layout: numbered files
--- 001_create_account.sql
-- Purpose: who may log in
create table account (id bigint primary key);
--- 002_add_note.sql
/* Purpose: what the support writes down */
alter table account add column note text;
--- 003_add_mail.sql
-- Purpose: letters
alter table account add column mail text;
--- 004_add_state.sql
alter table account add column state text;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ header-incomplete: its header does not say `Purpose`
--- 005_add_city.sql
-- purpose: parcels
alter table account add column city text;
```

```sql
-- layout: numbered files
--- 001_create_account.sql
-- Purpose: who may log in
create table account (id bigint primary key);
--- 002_add_note.sql
alter table account add column note text;
```

A file that does nothing yet needs no header:

```sql
-- layout: numbered files
-- option: header-incomplete.fields = Author
--- 001_create_account.sql
-- Author: Ada
create table account (id bigint primary key);
--- 002_add_note.sql
-- add note
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          const std::vector<Headed> ups = HeadedUps(history);
          const std::vector<std::string> set = TextsOption(history, header_incomplete, "fields");
          const std::vector<std::string> wanted = set.empty() ? Wanted(ups) : set;
          for (const Headed& up : ups) {
            std::vector<std::string> missing;
            for (const std::string& name : wanted) {
              if (!Says(up, name)) missing.push_back(Quoted(name));
            }
            if (missing.empty()) continue;
            report(OfFile(history, up.migration,
                          absl::StrCat("its header does not say ", absl::StrJoin(missing, ", "))));
          }
        },
    .options = kOptions,
};

}  // namespace plimsoll::rules
