#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analyzer/checking/rule.h"
#include "analyzer/checking/suppression.h"

namespace plimsoll::rules {

PLIMSOLL_RULE(expired_allowance) = {
    .id = "expired-allowance",
    .family = Family::kAllowances,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .since = "0.1",
    .summary = "the last day of a comment that allows something is over",
    .why = "it was put off until that day, and what it silenced is told again",
    .help = "mend what is told again and remove the comment, or put it off to a later day",
    .docs = R"md(
Today is 2026-01-01 here:

```sql
-- layout: numbered files
--- 001_create.sql
create table account (id bigint primary key);
--- 002_drop.sql
-- plimsoll:allow table-drop until 2025-12-31 -- the export runs until then
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ expired-allowance: allows `table-drop` until 2025-12-31, which is over
drop table account;
```

The last day counts:

```sql
-- layout: numbered files
--- 001_create.sql
create table account (id bigint primary key);
--- 002_drop.sql
-- plimsoll:allow table-drop until 2026-01-01 -- the export runs until then
drop table account;
```
)md",
    .check_allowances =
        [](const History& /*history*/, absl::Span<const Allowance> allowances,
           const Reporter& report) {
          for (const Allowance& allowance : allowances) {
            if (!allowance.over) continue;
            const std::string words = absl::StrJoin(
                allowance.words, ", ", [](std::string* out, const Allowance::Word& word) {
                  absl::StrAppend(out, "`", word.said.text, "`");
                });
            report({.migration = allowance.migration,
                    .statement = Complaint::kWholeFile,
                    .span = allowance.span,
                    .message = absl::StrCat("allows ", words, " until ", allowance.until,
                                            ", which is over")});
          }
        },
};

}  // namespace plimsoll::rules
