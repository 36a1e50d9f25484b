#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

constexpr int64_t kLongest = 60'000;

}  // namespace

PLIMSOLL_RULE(timeout_too_long) = {
    .id = "timeout-too-long",
    .family = Family::kTimeouts,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .opt_in = true,
    .since = "0.1",
    .summary = "a lock_timeout of more than a minute lets everybody wait for a minute",
    .why =
        "all who come to the table queue behind the lock that is waited for, until it is granted "
        "or given up",
    .help = "a few seconds, and run the migration again when they did not suffice",
    .docs = R"md(
```sql
--- 001_create.sql
create table account (id bigint primary key);
--- 002_column.sql
set lock_timeout = '5min';
--^^^^^^^^^^^^^^^^^^^^^^^ timeout-too-long: a lock is waited for up to 300 s, and everybody behind it waits as long
alter table account add column note text;
```

```sql
--- 001_create.sql
create table account (id bigint primary key);
--- 002_column.sql
set lock_timeout = '5s';
alter table account add column note text;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          const std::vector<Step>& steps = history.steps();
          for (const Step& step : steps) {
            const auto* set = step.As<action::SetParameter>();
            if (set == nullptr || !absl::EqualsIgnoreCase(set->name, "lock_timeout")) continue;
            // What it is from then on; for the last statement of all, it is for nobody.
            const bool last =
                step.index + 1 == steps.size() || steps[step.index + 1].migration != step.migration;
            if (last || step.effectless) continue;
            const int64_t timeout =
                history.SessionAt(steps[step.index + 1]).lock_timeout_ms.value_or(0);
            if (timeout <= kLongest) continue;
            report(step, {.message = absl::StrCat("a lock is waited for up to ", timeout / 1000,
                                                  " s, and everybody behind it waits as long")});
          }
        },
};

}  // namespace plimsoll::rules
