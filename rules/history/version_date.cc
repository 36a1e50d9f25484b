#include <cstdint>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "analyzer/checking/files.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

int Number(absl::string_view digits) {
  int number = 0;
  return absl::SimpleAtoi(digits, &number) ? number : 0;
}

// The digits of a timestamp, as they are; a civil time would carry 25 o'clock over.
struct Stamp {
  absl::CivilSecond time;
  bool exists = false;
};
Stamp Read(absl::string_view version) {
  const bool timed = version.size() == 14;
  const int year = Number(version.substr(0, 4));
  const int month = Number(version.substr(4, 2));
  const int day = Number(version.substr(6, 2));
  const int hour = timed ? Number(version.substr(8, 2)) : 0;
  const int minute = timed ? Number(version.substr(10, 2)) : 0;
  const int second = timed ? Number(version.substr(12, 2)) : 0;
  const absl::CivilSecond time(year, month, day, hour, minute, second);
  return {time, time.year() == year && time.month() == month && time.day() == day &&
                    time.hour() == hour && time.minute() == minute && time.second() == second};
}

// Whoever is ahead of UTC, and whose clock is a little fast, is not of the future.
constexpr absl::Duration kAhead = absl::Hours(15);

}  // namespace

PLIMSOLL_RULE(version_date) = {
    .id = "version-date",
    .family = Family::kHistory,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .since = "0.1",
    .summary = "a version looks like a time, and is none or lies in the future",
    .why =
        "whatever is made until then sorts before it: runners that go by the highest version never "
        "run those migrations",
    .help = "name it by the time at which it was made, in UTC",
    .docs = R"md(
```sql
-- layout: numbered files
--- 20250228120000_create_account.sql
create table account (id bigint primary key);
--- 20250231120000_add_note.sql
alter table account add column note text;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ version-date: version 20250231120000 is no time that there is
--- 29990101000000_add_mail.sql
alter table account add column mail text;
```

Numbers that are no times are left alone:

```sql
-- layout: numbered files
--- 1700000000000_create_account.sql
create table account (id bigint primary key);
--- 99999999999999_add_note.sql
alter table account add column note text;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          const absl::Time latest = absl::FromUnixSeconds(history.now()) + kAhead;
          for (const uint32_t m : UpsOf(history)) {
            const std::string& version = history.migrations()[m].version;
            const VersionKind kind = KindOf(version);
            if (kind != VersionKind::kTimestamp && kind != VersionKind::kDate) continue;
            const Stamp stamp = Read(version);
            if (!stamp.exists) {
              report(OfFile(history, m,
                            absl::StrCat("version ", version, " is no time that there is")));
            } else if (history.now() != 0 &&
                       absl::FromCivil(stamp.time, absl::UTCTimeZone()) > latest) {
              report(OfFile(history, m, absl::StrCat("version ", version, " lies in the future")));
            }
          }
        },
};

}  // namespace plimsoll::rules
