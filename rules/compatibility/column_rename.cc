#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {

PLIMSOLL_RULE(column_rename) = {
    .id = "column-rename",
    .family = Family::kCompatibility,
    .severity = Severity::kError,
    .risk = Risk::kComplex,
    .since = "0.1",
    .summary = "renaming a column breaks the running code that uses its old name",
    .why =
        "old and new code run side by side during a deployment, and one of them always meets "
        "the wrong name",
    .help =
        "add the new column, write both, fill the old rows in batches, switch reads, then drop "
        "the old column in a later migration",
    .docs = R"md(
```sql
--- 001_create.sql
create table device (id bigint primary key, location text);
--- 002_rename.sql
alter table device rename column location to device_location;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ column-rename: column `location` of `device` becomes `device_location` under the running code
```

Expand and contract takes several deployments and never breaks one of them:

```sql
--- 001_create.sql
create table device (id bigint primary key, location text);
--- 002_expand.sql
alter table device add column device_location text;
--- 003_fill.sql
update device set device_location = location where id between 1 and 10000;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* rename = step.As<action::RenameColumn>();
            if (rename == nullptr) continue;
            for (const Break& broken : step.effects.breaks) {
              if (broken.kind != BreakKind::kRenamedColumn || !broken.relation.live) continue;
              report(step,
                     {.message = absl::StrCat("column ", Quoted(broken.detail), " of ",
                                              Quoted(broken.relation.name), " becomes ",
                                              Quoted(rename->to), " under the running code")});
            }
          }
        },
};

}  // namespace plimsoll::rules
