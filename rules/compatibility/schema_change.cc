#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

bool IsQueried(const Relation& relation) {
  return relation.IsTable() || relation.kind == RelationKind::kView ||
         relation.kind == RelationKind::kMaterializedView;
}

std::string ViewOf(const std::string& schema, const std::string& name, const std::string& to) {
  return absl::StrCat("create view ", SqlName(Name{schema, name}), " as select * from ",
                      SqlName(Name{to, name}), ";");
}

constexpr char kGrants[] =
    "grant on the view what its users have on the table; with row security, make it WITH "
    "(security_invoker = true)";

std::vector<PlanStep> PlanOfMove(const History& history, const Step& step, const Relation& moved) {
  const std::string& to = step.As<action::SetSchema>()->schema;
  const std::string move =
      absl::StrCat(AlterWord(moved.kind), SqlName(Name{moved.schema, moved.name}), " set schema ",
                   SqlName(to), ";\n", ViewOf(moved.schema, moved.name, to));
  return {
      {.stage = Stage::kExpand,
       .what = absl::StrCat("move it and leave a view in its place, in one transaction; ", kGrants),
       .sql = InTransaction(history, step, move)},
      {.stage = Stage::kSwitch,
       .what = absl::StrCat("deploy code that finds it in schema ", Quoted(to))},
      {.stage = Stage::kContract,
       .what = "drop the view when no code asks for it there any more",
       .sql = absl::StrCat("drop view ", SqlName(Name{moved.schema, moved.name}), ";")}};
}

std::vector<PlanStep> PlanOfRename(const History& history, const Step& step) {
  const auto* rename = step.As<action::RenameSchema>();
  std::string all =
      absl::StrCat("alter schema ", SqlName(rename->schema), " rename to ", SqlName(rename->to),
                   ";\ncreate schema ", SqlName(rename->schema), ";");
  std::string views;
  for (const Relation* member : history.Before(step).RelationsIn(rename->schema)) {
    if (!IsQueried(*member)) continue;
    absl::StrAppend(&all, "\n", ViewOf(rename->schema, member->name, rename->to));
    absl::StrAppend(&views, "drop view ", SqlName(Name{rename->schema, member->name}), ";\n");
  }
  return {{.stage = Stage::kExpand,
           .what = absl::StrCat("rename it and leave a schema of the old name with a view of each "
                                "relation, in one transaction; functions, types and sequences that "
                                "code names need a stand-in of their own; ",
                                kGrants),
           .sql = InTransaction(history, step, all)},
          {.stage = Stage::kSwitch,
           .what = absl::StrCat("deploy code that names schema ", Quoted(rename->to))},
          {.stage = Stage::kContract,
           .what = "drop the views and the old schema when no code names it any more",
           .sql = absl::StrCat(views, "drop schema ", SqlName(rename->schema), ";")}};
}

bool BreaksLive(const Step& step) {
  return std::any_of(step.effects.breaks.begin(), step.effects.breaks.end(),
                     [](const Break& broken) { return broken.relation.live; });
}

void CheckMove(const History& history, const Step& step, const Reporter& report) {
  const auto* set = step.As<action::SetSchema>();
  if (set == nullptr) return;
  const Relation* moved =
      history.Before(step).Find(set->relation.name, history.SessionAt(step).search_path);
  if (moved == nullptr) return;
  Complaint complaint = {.message = absl::StrCat(Quoted(moved->DisplayName()), " moves to schema ",
                                                 Quoted(set->schema), " under the running code")};
  if (IsQueried(*moved)) complaint.plan = PlanOfMove(history, step, *moved);
  report(step, std::move(complaint));
}

void CheckObject(const Step& step, const Reporter& report) {
  const auto* change = step.As<action::ChangeObject>();
  if (change == nullptr || change->change != action::ObjectChange::kSetSchema) return;
  report(step,
         {.message = absl::StrCat(Quoted(change->object.name), " moves to schema ",
                                  Quoted(change->to), " under the running code"),
          .help = "make a second one in the new schema, deploy code that finds it there, drop "
                  "the old one in a later migration",
          .risk = Risk::kRisky});
}

}  // namespace

PLIMSOLL_RULE(schema_change) = {
    .id = "schema-change",
    .family = Family::kCompatibility,
    .severity = Severity::kError,
    .risk = Risk::kComplex,
    .since = "0.1",
    .summary =
        "moving a relation to another schema breaks the running code that finds it in the old",
    .why =
        "code that names the schema, or whose search_path does not hold the new one, fails at "
        "once; old and new code run side by side during a deployment",
    .help =
        "leave a view in the old place in the same transaction, and drop it when no code asks for "
        "it there any more",
    .docs = R"md(
```sql
--- 001_create.sql
create schema archive;
create table invoice (id bigint primary key);
create schema sales;
create table sales.lead (id bigint primary key);
--- 002_move.sql
alter table invoice set schema archive;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ schema-change: `invoice` moves to schema `archive` under the running code
alter schema sales rename to crm;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ schema-change: schema `sales` becomes `crm` under the running code
```

A view in the old place, made in the same transaction, keeps old code working; PostgreSQL can write
through it:

```sql
--- 001_create.sql
create schema archive;
create table invoice (id bigint primary key);
create schema sales;
create table sales.lead (id bigint primary key);
--- 002_move.sql
begin;
alter table invoice set schema archive;
create view invoice as select * from archive.invoice;
commit;
--- 003_rename.sql
begin;
alter schema sales rename to crm;
create schema sales;
create view sales.lead as select * from crm.lead;
commit;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            if (step.effects.failure || !BreaksLive(step)) continue;
            CheckMove(history, step, report);
            CheckObject(step, report);
            const auto* rename = step.As<action::RenameSchema>();
            if (rename == nullptr) continue;
            report(step, {.message = absl::StrCat("schema ", Quoted(rename->schema), " becomes ",
                                                  Quoted(rename->to), " under the running code"),
                          .plan = PlanOfRename(history, step)});
          }
        },
};

}  // namespace plimsoll::rules
