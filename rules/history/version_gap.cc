#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "analyzer/checking/files.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

struct Numbered {
  uint32_t migration = 0;
  int64_t number = 0;
};

// Those that are counted, in ascending order: no dates. Of several parts the first one counts:
// 17.1 is where 17 would be.
std::vector<Numbered> Counted(const History& history) {
  std::vector<Numbered> counted;
  for (const uint32_t m : UpsOf(history)) {
    const Migration& migration = history.migrations()[m];
    Numbered entry = {.migration = m};
    const absl::string_view first =
        absl::string_view(migration.version).substr(0, migration.version.find_first_of("._"));
    const bool number =
        KindOf(first) == VersionKind::kNumber && absl::SimpleAtoi(first, &entry.number);
    if (number) counted.push_back(entry);
  }
  std::stable_sort(counted.begin(), counted.end(),
                   [](const Numbered& a, const Numbered& b) { return a.number < b.number; });
  return counted;
}

// The project counts: from 0 or 1 on, where any two follow each other by one, and from elsewhere
// where more than half do, or share a number. Who counts by tens, or by tickets, does neither.
bool CountsByOne(const std::vector<Numbered>& counted) {
  size_t steps = 0;
  for (size_t i = 1; i < counted.size(); ++i) {
    if (counted[i].number - counted[i - 1].number <= 1) ++steps;
  }
  const bool from_the_start = counted.front().number <= 1;
  return from_the_start ? steps > 0 : steps * 2 > counted.size() - 1;
}

// Most of several gaps lead to a round number: releases, or subjects, have ten numbers each.
bool CountsByTens(const std::vector<Numbered>& counted) {
  size_t gaps = 0;
  size_t round = 0;
  for (size_t i = 1; i < counted.size(); ++i) {
    if (counted[i].number - counted[i - 1].number <= 1) continue;
    ++gaps;
    if (counted[i].number % 10 == 0) ++round;
  }
  return gaps > 2 && round * 2 > gaps;
}

std::string Missing(const Numbered& before, const Numbered& after) {
  const int64_t first = before.number + 1;
  const int64_t last = after.number - 1;
  return first == last ? absl::StrCat(first, " is missing")
                       : absl::StrCat(first, " to ", last, " are missing");
}

constexpr RuleOption kOptions[] = {
    {"allowed", RuleOption::Type::kNumber, "0", "so many numbers in a row may be missing"},
};

}  // namespace

PLIMSOLL_RULE(version_gap) = {
    .id = "version-gap",
    .family = Family::kHistory,
    .severity = Severity::kNote,
    .risk = Risk::kSafe,
    .since = "0.1",
    .summary = "a number is missing between two migrations",
    .why =
        "a file was lost or deleted, or lies on another branch: it may have run on some databases "
        "and not on others, and some runners stop here",
    .help = "bring the missing migration back, or number the later ones again if none of them ran",
    .docs = R"md(
```sql
-- layout: numbered files
--- 001_create_account.sql
create table account (id bigint primary key);
--- 002_add_note.sql
alter table account add column note text;
--- 003_add_mail.sql
alter table account add column mail text;
--- 006_add_state.sql
alter table account add column state text;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ version-gap: version 006 follows 003: 4 to 5 are missing
```

Numbers that begin with 0 or 1 are counted as soon as any two of them follow each other; those that
begin elsewhere where more than half do, for else they are the numbers of tickets:

```sql
-- layout: numbered files
--- 001_create_account.sql
create table account (id bigint primary key);
--- 002_add_note.sql
alter table account add column note text;
--- 010_add_mail.sql
alter table account add column mail text;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ version-gap: version 010 follows 002: 3 to 9 are missing
--- 020_add_state.sql
alter table account add column state text;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ version-gap: version 020 follows 010: 11 to 19 are missing
```

```sql
-- layout: numbered files
--- 17_create_account.sql
create table account (id bigint primary key);
--- 18_add_note.sql
alter table account add column note text;
--- 42_add_mail.sql
alter table account add column mail text;
```

Runners that take programs as migrations too (Flyway's `.java`, goose's `.go`) may have one in its
place. Versions that are dates have no gaps, and whoever counts by tens means to:

```sql
-- layout: numbered files
--- 10_create_account.sql
create table account (id bigint primary key);
--- 20_add_note.sql
alter table account add column note text;
--- 30_add_mail.sql
alter table account add column mail text;
```

So does whoever leaves ten numbers to each release, and uses some of them:

```sql
-- layout: numbered files
--- 001_create_account.sql
create table account (id bigint primary key);
--- 002_add_note.sql
alter table account add column note text;
--- 010_add_mail.sql
alter table account add column mail text;
--- 020_add_state.sql
alter table account add column state text;
--- 021_add_city.sql
alter table account add column city text;
--- 030_add_street.sql
alter table account add column street text;
```

Where files are made on several branches, some numbers are never used:

```sql
-- layout: numbered files
-- option: version-gap.allowed = 1
--- 001_create_account.sql
create table account (id bigint primary key);
--- 002_add_note.sql
alter table account add column note text;
--- 004_add_mail.sql
alter table account add column mail text;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          const std::vector<Numbered> counted = Counted(history);
          if (counted.empty() || !CountsByOne(counted) || CountsByTens(counted)) return;
          const int64_t allowed = NumberOption(history, version_gap, "allowed");
          for (size_t i = 1; i < counted.size(); ++i) {
            const Numbered& before = counted[i - 1];
            const Numbered& after = counted[i];
            if (after.number - before.number < 2 + allowed) continue;
            const std::vector<Migration>& all = history.migrations();
            report(
                OfFile(history, after.migration,
                       absl::StrCat("version ", all[after.migration].version, " follows ",
                                    all[before.migration].version, ": ", Missing(before, after))));
          }
        },
    .options = kOptions,
};

}  // namespace plimsoll::rules
