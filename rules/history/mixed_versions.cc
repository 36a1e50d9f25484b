#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "analyzer/checking/files.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// The ups whose versions are numbers, in their order.
std::vector<uint32_t> NumbersOf(const History& history) {
  std::vector<uint32_t> numbers = UpsOf(history);
  std::erase_if(numbers, [&](uint32_t m) {
    return KindOf(history.migrations()[m].version) != VersionKind::kNumber;
  });
  return numbers;
}

// The number of digits that most versions have; of several, the highest.
size_t UsualWidth(const History& history, const std::vector<uint32_t>& numbers) {
  std::map<size_t, size_t> counts;
  for (const uint32_t m : numbers) ++counts[history.migrations()[m].version.size()];
  size_t usual = 0;
  for (const auto& [width, count] : counts) {
    if (usual == 0 || count >= counts[usual]) usual = width;
  }
  return usual;
}

// Zeros in front are there to give all versions one width. A version without any may be as long as
// its number is: 1000 after 999.
void ComplainOfWidths(const History& history, const Reporter& report) {
  const std::vector<uint32_t> numbers = NumbersOf(history);
  const size_t usual = UsualWidth(history, numbers);
  const auto version = [&](uint32_t m) -> const std::string& {
    return history.migrations()[m].version;
  };
  const auto is_padded = [&](uint32_t m) {
    return version(m).size() > 1 && version(m).front() == '0';
  };
  const auto is_usual = [&](uint32_t m) { return version(m).size() == usual; };
  const auto other = std::find_if(numbers.begin(), numbers.end(), is_usual);
  const bool pads = std::any_of(numbers.begin(), numbers.end(),
                                [&](uint32_t m) { return is_usual(m) && is_padded(m); });
  for (const uint32_t m : numbers) {
    const size_t width = version(m).size();
    const bool mixed = width < usual ? pads : width > usual && is_padded(m);
    if (!mixed) continue;
    report(OfFile(
        history, m,
        absl::StrCat("version ", version(m), " has ", width, width == 1 ? " digit" : " digits",
                     ", and that of ", FileNameOf(history.migrations()[*other]), " has ", usual)));
  }
}

// A runner that compares texts takes a longer number before a shorter one that is less.
void ComplainOfTexts(const History& history, const Reporter& report) {
  const Migration* highest = nullptr;
  for (const uint32_t m : NumbersOf(history)) {
    const Migration& migration = history.migrations()[m];
    const bool longer = highest != nullptr && highest->version.size() > migration.version.size() &&
                        highest->version.front() != '0';
    if (longer) {
      report(OfFile(history, m,
                    absl::StrCat("version ", migration.version, " runs after ", highest->version,
                                 ": its runner compares texts")));
      return;
    }
    if (highest == nullptr || migration.version.size() > highest->version.size()) {
      highest = &migration;
    }
  }
}

void ComplainOfDates(const History& history, const Reporter& report) {
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
}

}  // namespace

PLIMSOLL_RULE(mixed_versions) = {
    .id = "mixed-versions",
    .family = Family::kHistory,
    .severity = Severity::kWarning,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "some versions are dates and others have a time as well, or numbers differ in width",
    .why =
        "compared as numbers, 20250830 comes before 20250829120000 and 10 behind 9, and as texts "
        "it is the other way round: runners, and people who list the folder, do not agree on the "
        "order",
    .help =
        "write all versions alike: fourteen digits, YYYYMMDDHHMMSS, or numbers of one width; "
        "rename only what no database has run",
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

So are numbers that are as long as all others, or as they have to be:

```sql
-- layout: numbered files
--- 001_create_account.sql
create table account (id bigint primary key);
--- 002_add_note.sql
alter table account add column note text;
--- 0003_add_mail.sql
alter table account add column mail text;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ mixed-versions: version 0003 has 4 digits, and that of 001_create_account.sql has 3
--- 4_add_state.sql
alter table account add column state text;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ mixed-versions: version 4 has 1 digit, and that of 001_create_account.sql has 3
```

```sql
-- layout: numbered files
--- 998_create_account.sql
create table account (id bigint primary key);
--- 999_add_note.sql
alter table account add column note text;
--- 1000_add_mail.sql
alter table account add column mail text;
```

A runner that compares texts, as dbmate, Atlas and Liquibase's `includeAll` do, takes 1000 before
999:

```sql
-- layout: dbmate
--- 998_create_account.sql
-- migrate:up
--^^^^^^^^^^^ mixed-versions: version 998 runs after 1000: its runner compares texts
create table account (id bigint primary key);
-- migrate:down
drop table account;
--- 999_add_note.sql
-- migrate:up
alter table person add column note text;
-- migrate:down
alter table person drop column note;
--- 1000_create_person.sql
-- migrate:up
create table person (id bigint primary key);
-- migrate:down
drop table person;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          ComplainOfDates(history, report);
          ComplainOfWidths(history, report);
          ComplainOfTexts(history, report);
        },
};

}  // namespace plimsoll::rules
