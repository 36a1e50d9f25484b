#include "analyzer/checking/rule.h"
#include "analyzer/checking/suppression.h"

namespace plimsoll::rules {

PLIMSOLL_RULE(malformed_allowance) = {
    .id = "malformed-allowance",
    .family = Family::kAllowances,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .since = "0.1",
    .summary = "a comment that should allow something cannot",
    .why = "it silences nothing, while whoever reads it takes the statement for discussed",
    .help =
        "write `-- plimsoll:allow RULE -- reason` in front of the statement, with `until` and the "
        "last day on which it holds where it is to end by itself",
    .docs = R"md(
```sql
-- plimsoll:allow
--^^^^^^^^^^^^^^^ malformed-allowance: no rule is named
drop table account;
-- plimsoll:allow table-drop until 2026-02-30
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ malformed-allowance: `2026-02-30` is no day, as 2027-01-31 is
drop table owner;
-- plimsoll:allow table-drop until the end of time
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ malformed-allowance: `until` takes one day
drop table team;
-- plimsoll:ignore table-drop
--^^^^^^^^^^^^^^^^^^^^^^^^^^^ malformed-allowance: `plimsoll:ignore` is no comment of Plimsoll's
drop table member;
```

One that begins and one that ends say the same, and neither holds without the other:

```sql
-- plimsoll:allow-begin table-drop
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ malformed-allowance: nothing ends it: `plimsoll:allow-end` does, and `allow-file` needs no end
drop table account;
-- plimsoll:allow-end column-drop
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ malformed-allowance: nothing has begun that it ends
drop table owner;
-- plimsoll:allow table-drop
--^^^^^^^^^^^^^^^^^^^^^^^^^^ malformed-allowance: there is no statement behind it
```

```sql
-- plimsoll:allow-begin table-drop
drop table account;
-- plimsoll:allow-end
-- plimsoll:allow-begin table-drop
drop table owner;
-- plimsoll:allow-end table-drop
-- plimsoll:allow-begin table-drop, column-drop
drop table team;
-- plimsoll:allow-end
```
)md",
    .check_allowances =
        [](const History& /*history*/, absl::Span<const Allowance> allowances,
           const Reporter& report) {
          for (const Allowance& allowance : allowances) {
            if (allowance.mistake.empty()) continue;
            report({.migration = allowance.migration,
                    .statement = Complaint::kWholeFile,
                    .span = allowance.span,
                    .message = allowance.mistake});
          }
        },
};

}  // namespace plimsoll::rules
