#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {

PLIMSOLL_RULE(delete_all_rows) = {
    .id = "delete-all-rows",
    .family = Family::kDataLoss,
    .severity = Severity::kWarning,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "DELETE without WHERE loses every row of a table that is in use",
    .why =
        "rolling forward cannot bring the rows back; each of them stays locked until the "
        "transaction ends, and its dead version on disk until a vacuum",
    .help =
        "say with WHERE which rows are meant, and delete many of them in batches; where all are "
        "meant, keep a backup and say so with `-- plimsoll:allow delete-all-rows -- reason`",
    .docs = R"md(
```sql
--- 001_create.sql
create table login_attempt (id bigint primary key, at timestamptz not null);
--- 002_clean.sql
delete from login_attempt;
--^^^^^^^^^^^^^^^^^^^^^^^ delete-all-rows: deletes every row of `login_attempt`
```

With a condition it is a choice of rows, and a batch keeps the locks short:

```sql
--- 001_create.sql
create table login_attempt (id bigint primary key, at timestamptz not null);
--- 002_clean.sql
delete from login_attempt where id between 1 and 10000 and at < '2020-01-01';
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* modify = step.As<action::ModifyData>();
            // EXPLAIN only plans it.
            if (modify == nullptr || modify->planned_only) continue;
            std::string tables;
            for (const Loss& loss : step.effects.losses) {
              if (!loss.relation.live) continue;
              absl::StrAppend(&tables, tables.empty() ? "" : ", ", Quoted(loss.relation.name));
            }
            if (tables.empty()) continue;
            report(step, {.message = absl::StrCat("deletes every row of ", tables)});
          }
        },
};

}  // namespace plimsoll::rules
