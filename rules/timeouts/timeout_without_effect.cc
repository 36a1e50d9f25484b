#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

std::string AsText(absl::string_view value) {
  return absl::StrCat("'", absl::StrReplaceAll(value, {{"'", "''"}}), "'");
}

}  // namespace

PLIMSOLL_RULE(timeout_without_effect) = {
    .id = "timeout-without-effect",
    .family = Family::kTimeouts,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .fixable = true,
    .since = "0.1",
    .summary = "SET LOCAL of a timeout outside a transaction protects nothing",
    .why =
        "PostgreSQL warns and leaves the timeout as it was: the statements that it was meant for "
        "wait for as long as it takes",
    .help = "use SET instead of SET LOCAL, or run the file in a transaction",
    .docs = R"md(
`SET LOCAL` lasts until its transaction ends, and a statement on its own is one:

```sql
--- 001_create.sql
create table account (id bigint primary key);
--- 002_column.sql
set local lock_timeout = '5s';
--^^^^^^^^^^^^^^^^^^^^^^^^^^^ timeout-without-effect: `lock_timeout` stays as it was: outside a transaction, SET LOCAL ends with itself
alter table account add column note text;
```

Either of these works:

```sql
--- 001_create.sql
create table account (id bigint primary key);
--- 002_column.sql
set lock_timeout = '5s';
alter table account add column note text;
reset lock_timeout;
begin;
set local lock_timeout = '5s';
alter table account add column state text;
commit;
```

`set_config('lock_timeout', '5s', true)` is `SET LOCAL` by another name.
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* set = step.As<action::SetParameter>();
            if (set == nullptr || !step.effectless) continue;
            if (!absl::EndsWithIgnoreCase(set->name, "_timeout")) continue;
            Complaint complaint = {.message =
                                       absl::StrCat(Quoted(set->name),
                                                    " stays as it was: outside a "
                                                    "transaction, SET LOCAL ends with itself")};
            // Not where a SELECT calls set_config.
            const bool says = history.TagOf(step) == "SET" && set->values.size() == 1;
            if (says && CanEdit(history, step)) {
              complaint.fixes.push_back(
                  {.title = "set it for the session",
                   .safe = false,
                   .edits = {Replace(
                       step, absl::StrCat("SET ", set->name, " = ", AsText(set->values[0])))}});
            }
            report(step, std::move(complaint));
          }
        },
};

}  // namespace plimsoll::rules
