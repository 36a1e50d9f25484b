#include "analyzer/checking/rule.h"
#include "analyzer/checking/suppression.h"

namespace plimsoll::rules {

PLIMSOLL_RULE(allowance_without_reason) = {
    .id = "allowance-without-reason",
    .family = Family::kAllowances,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .opt_in = true,
    .since = "0.1",
    .summary = "a comment allows something and does not say why",
    .why = "whoever reviews the migration, or copies from it, cannot tell a decision from a habit",
    .help = "write why behind it: `-- plimsoll:allow table-drop -- nobody has read it since June`",
    .docs = R"md(
```sql
-- plimsoll:allow table-drop
--^^^^^^^^^^^^^^^^^^^^^^^^^^ allowance-without-reason: it is not said why
drop table account;
```

```sql
-- plimsoll:allow table-drop -- nobody has read it since June
drop table owner;
-- plimsoll:allow-begin table-drop -- a copy stands in the archive
drop table team;
-- plimsoll:allow-end table-drop
```
)md",
    .check_allowances =
        [](const History& /*history*/, absl::Span<const Allowance> allowances,
           const Reporter& report) {
          for (const Allowance& allowance : allowances) {
            if (allowance.reach == Reach::kEnd || !allowance.reason.empty()) continue;
            report({.migration = allowance.migration,
                    .statement = Complaint::kWholeFile,
                    .span = allowance.span,
                    .message = "it is not said why this is allowed"});
          }
        },
};

}  // namespace plimsoll::rules
