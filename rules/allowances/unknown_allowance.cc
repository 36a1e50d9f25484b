#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"
#include "analyzer/checking/suppression.h"

namespace plimsoll::rules {

PLIMSOLL_RULE(unknown_allowance) = {
    .id = "unknown-allowance",
    .family = Family::kAllowances,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .fixable = true,
    .since = "0.1",
    .summary = "a comment allows what is no rule",
    .why = "it silences nothing, while whoever reads it takes the statement for discussed",
    .help = "write the id of a rule or a family, as `plimsoll rules` lists them",
    .docs = R"md(
A misspelt rule never silences another one, nor all of them:

```sql
-- plimsoll:allow tabel-drop -- nobody reads it
--                ^^^^^^^^^^ unknown-allowance: `tabel-drop` is no rule; `table-drop` is the nearest
drop table account;
```

Rules may be named as other linters name them:

```sql
-- plimsoll:allow squawk:ban-drop-colum
--                ^^^^^^^^^^^^^^^^^^^^^ unknown-allowance: `squawk:ban-drop-colum` is no rule; `squawk:ban-drop-column` is the nearest
alter table account drop column note;
-- plimsoll:allow squawk:ban-drop-table
drop table account;
```

Words that mean something are a rule's id, a family, `all`, and `risky` or `complex`:

```sql
-- plimsoll:allow data-loss -- the account's owner asked for it
drop table account;
-- plimsoll:allow risky
drop table owner;
-- plimsoll:allow qqqq
--                ^^^^ unknown-allowance: `qqqq` is no rule
drop table team;
```

Comments of other linters are theirs: what Plimsoll has no rule for is not told.

```sql
-- squawk-ignore no-such-rule
drop table account;
```
)md",
    .check_allowances =
        [](const History& /*history*/, absl::Span<const Allowance> allowances,
           const Reporter& report) {
          for (const Allowance& allowance : allowances) {
            // What ends has begun with the same words.
            if (allowance.reach == Reach::kEnd) continue;
            for (const Allowance::Word& word : allowance.words) {
              if (word.means_something()) continue;
              Complaint complaint = {.migration = allowance.migration,
                                     .statement = Complaint::kWholeFile,
                                     .span = word.said.span,
                                     .message = absl::StrCat("`", word.said.text, "` is no rule")};
              if (!word.nearest.empty()) {
                absl::StrAppend(&complaint.message, "; `", word.nearest, "` is the nearest");
                complaint.fixes.push_back({.title = absl::StrCat("write ", word.nearest),
                                           .safe = false,
                                           .edits = {{word.said.span, word.nearest}}});
              }
              report(std::move(complaint));
            }
          }
        },
};

}  // namespace plimsoll::rules
