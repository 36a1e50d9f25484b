#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {

PLIMSOLL_RULE(type_change_rewrites) = {
    .id = "type-change-rewrites",
    .family = Family::kRewriting,
    .severity = Severity::kError,
    .risk = Risk::kComplex,
    .since = "0.1",
    .summary = "ALTER COLUMN TYPE copies the whole table while nobody can use it",
    .why =
        "a new copy of every row is written, and all indexes are built again, under ACCESS "
        "EXCLUSIVE; code that was written for the old type meets the new one at once",
    .help =
        "add a column of the new type, keep it in step with a trigger, fill it in batches, "
        "switch the code, drop the old column",
    .docs = R"md(
Most changes of type write every row anew:

```sql
--- 001_create.sql
create table invoice (id int primary key, note varchar(40));
--- 002_bigint.sql
alter table invoice alter column id type bigint;
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^ type-change-rewrites: rewrites `invoice` while ACCESS EXCLUSIVE on `invoice` blocks reads and writes
```

Some need not. A `varchar` that only gets longer, or loses its limit, keeps its bytes, as do a
`numeric` that gets more digits before the point, and a `timestamp` that becomes `timestamptz` while
the session's time zone is UTC:

```sql
--- 001_create.sql
create table invoice (id int primary key, note varchar(40), made_at timestamp);
--- 002_longer.sql
alter table invoice alter column note type varchar(80);
alter table invoice alter column note type text;
set timezone = 'UTC';
alter table invoice alter column made_at type timestamptz;
```

Even then checks may be read and indexes built again: see `type-change-rebuilds`.
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            if (step.As<action::AlterColumnType>() == nullptr) continue;
            if (const Work* rewrite = step.effects.LiveWork(WorkKind::kRewrite)) {
              Complaint complaint = {
                  .message =
                      absl::StrCat(rewrite->possible ? "may rewrite " : "rewrites ",
                                   Quoted(rewrite->relation.name), " while ", BlockingWords(step))};
              if (rewrite->possible) {
                absl::StrAppend(&complaint.message, ": the old type stands in no file here");
                complaint.severity = Severity::kWarning;
                complaint.risk = Risk::kRisky;
              }
              report(step, std::move(complaint));
            }
          }
        },
};

}  // namespace plimsoll::rules
