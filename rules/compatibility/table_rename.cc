#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// A view of the old name stands in for the table until no code asks for it any more.
std::vector<PlanStep> PlanOf(const History& history, const Step& step, RelationKind kind) {
  const auto* rename = step.As<action::RenameRelation>();
  const Name& old_name = rename->relation.name;
  const std::string old_sql = SqlName(old_name);
  const std::string both =
      absl::StrCat(AlterWord(kind), old_sql, " rename to ", SqlName(rename->to), ";\ncreate view ",
                   old_sql, " as select * from ", SqlName(Name{old_name.schema, rename->to}), ";");
  return {
      {.stage = Stage::kExpand,
       .what = "rename it and make a view of the old name, in one transaction; grant on the "
               "view what its users have on the table, and with row security make it WITH "
               "(security_invoker = true)",
       .sql = InTransaction(history, step, both)},
      {.stage = Stage::kSwitch, .what = absl::StrCat("deploy code that says ", Quoted(rename->to))},
      {.stage = Stage::kContract,
       .what = "drop the view when no code asks for it any more",
       .sql = absl::StrCat("drop view ", old_sql, ";")}};
}

}  // namespace

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
              report(step, {.message = absl::StrCat(Quoted(broken.relation.name), " becomes ",
                                                    Quoted(rename->to), " under the running code"),
                            .plan = PlanOf(history, step, broken.relation.kind)});
            }
          }
        },
};

}  // namespace plimsoll::rules
