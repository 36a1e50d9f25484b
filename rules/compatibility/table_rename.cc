#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {

PLIMSOLL_RULE(table_rename) = {
    .id = "table-rename",
    .family = Family::kCompatibility,
    .severity = Severity::kError,
    .risk = Risk::kComplex,
    .since = "0.1",
    .summary = "renaming a table breaks the running code that uses its old name",
    .why =
        "old and new code run side by side during a deployment, and one of them always meets "
        "the wrong name",
    .help =
        "rename it and create a view of the old name in one transaction; drop the view when no "
        "code uses it any more",
    .docs = R"md(
```sql
--- 001_create.sql
create table device (id bigint primary key);
--- 002_rename.sql
alter table device rename to appliance;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ table-rename: `device` becomes `appliance` under the running code
```

A view of the old name, made in the same transaction, keeps old code working; PostgreSQL can write
through it.

```sql
--- 001_create.sql
create table device (id bigint primary key);
--- 002_rename.sql
begin;
alter table device rename to appliance;
create view device as select * from appliance;
commit;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* rename = step.As<action::RenameRelation>();
            if (rename == nullptr) continue;
            for (const Break& broken : step.effects.breaks) {
              if (broken.kind != BreakKind::kRenamedTable || !broken.relation.live) continue;
              report(step,
                     {.message = absl::StrCat(Quoted(broken.relation.name), " becomes ",
                                              Quoted(rename->to), " under the running code")});
            }
          }
        },
};

}  // namespace plimsoll::rules
