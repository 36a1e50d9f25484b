#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analyzer/checking/files.h"
#include "analyzer/checking/rule.h"
#include "analyzer/checking/touched.h"

namespace plimsoll::rules {
namespace {

constexpr int64_t kKilobyte = 1024;

// A dump is what a history begins with, whichever number it has.
bool IsDump(const Script& script) {
  return std::any_of(script.comments.begin(), script.comments.end(), [&](const Comment& comment) {
    return absl::StrContains(script.source->Text(comment.span), "PostgreSQL database dump");
  });
}

int64_t Statements(const Script& script) {
  return std::count_if(
      script.statements.begin(), script.statements.end(),
      [](const Statement& statement) { return statement.direction == Direction::kUp; });
}

// Those that others use while it runs.
int64_t LiveTables(const History& history, uint32_t migration) {
  const std::vector<TouchedTable> touched = TouchedBy(history, migration);
  return std::count_if(touched.begin(), touched.end(),
                       [](const TouchedTable& table) { return table.live; });
}

constexpr RuleOption kOptions[] = {
    {"statements", RuleOption::Type::kNumber, "200", "so many statements are not too many"},
    {"kilobytes", RuleOption::Type::kNumber, "128", "so long a file is not too long"},
    {"tables", RuleOption::Type::kNumber, "25",
     "so many tables that were there before may be changed or locked"},
};

}  // namespace

PLIMSOLL_RULE(migration_too_large) = {
    .id = "migration-too-large",
    .family = Family::kHistory,
    .severity = Severity::kNote,
    .risk = Risk::kSafe,
    .since = "0.1",
    .summary = "one migration does more than anybody can review or take back as a whole",
    .why =
        "the more it does, the longer its transaction holds what it locks, and the more there is "
        "to "
        "repair where it stops halfway",
    .help = "make several of it, each with one thing to do",
    .docs = R"md(
What is too large is for a project to say; without a word of its own it is told of very large ones
alone:

```sql
-- layout: numbered files
-- option: migration-too-large.statements = 2
-- option: migration-too-large.tables = 1
--- 001_create.sql
create table account (id bigint primary key);
create table invoice (id bigint primary key);
create table payment (id bigint primary key);
--- 002_columns.sql
alter table account add column note text;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ migration-too-large: 3 statements and 2 tables changed or locked in one migration
alter table invoice add column note text;
create table letter (id bigint primary key);
--- 003_few.sql
alter table account add column mail text;
create table parcel (id bigint primary key);
```

What a history begins with may be as large as it is, and so may a dump, wherever it stands:

```sql
-- layout: numbered files
-- option: migration-too-large.kilobytes = 0
-- option: migration-too-large.statements = 0
--- 001_create.sql
create table account (id bigint primary key);
--- 002_baseline.sql
-- PostgreSQL database dump
create table invoice (id bigint primary key);
```

Files that no runner counts are no migrations:

```sql
-- option: migration-too-large.statements = 0
--- accounts.sql
create table account (id bigint primary key);
--- invoices.sql
create table invoice (id bigint primary key);
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          const std::vector<uint32_t> ups = UpsOf(history);
          for (const uint32_t m : ups) {
            const Migration& migration = history.migrations()[m];
            const Script& script = *migration.script;
            if (m == ups.front() || migration.version.empty() || IsDump(script)) continue;
            std::vector<std::string> large;
            const auto measure = [&](const char* option, int64_t size, absl::string_view of) {
              if (size > NumberOption(history, migration_too_large, option)) {
                large.push_back(absl::StrCat(size, of));
              }
            };
            measure("statements", Statements(script), " statements");
            measure("kilobytes", static_cast<int64_t>(script.source->text().size()) / kKilobyte,
                    " KB");
            measure("tables", LiveTables(history, m), " tables changed or locked");
            if (large.empty()) continue;
            report(OfFile(history, m,
                          absl::StrCat(absl::StrJoin(large, " and "), " in one migration")));
          }
        },
    .options = kOptions,
};

}  // namespace plimsoll::rules
