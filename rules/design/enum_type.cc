#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/made.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// Whether the step makes the type, and its migration keeps it.
bool MakesForGood(const History& history, const Step& step, const Name& type) {
  if (step.effects.failure || type.schema == "pg_temp") return false;
  const std::vector<std::string>& path = history.SessionAt(step).search_path;
  const UserType* made = history.After(step).FindType(type, path);
  const UserType* left = history.At(EndOfMigration(history, step)).FindType(type, path);
  return made != nullptr && left != nullptr && left->created == made->created;
}

}  // namespace

PLIMSOLL_RULE(enum_type) = {
    .id = "enum-type",
    .family = Family::kDesign,
    .severity = Severity::kNote,
    .risk = Risk::kSafe,
    .opt_in = true,
    .since = "0.1",
    .summary =
        "the values of an enum can be added and renamed, not removed or put into another order",
    .why =
        "to be rid of a value, a new type has to be made and every column of the old one rewritten "
        "under ACCESS EXCLUSIVE",
    .help =
        "a text column with a CHECK, which is replaced by NOT VALID and VALIDATE CONSTRAINT, or a "
        "table of the values with a foreign key to it",
    .docs = R"md(
```sql
create type mood as enum ('calm', 'tense');
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ enum-type: no value of enum `mood` can be removed later
```

```sql
create table visit (
  id bigint primary key,
  mood text not null constraint visit_mood check (mood in ('calm', 'tense'))
);
create type reading as (taken_at timestamptz, value numeric);
```

A value that is added without a place comes last, for as long as the type is there:

```sql
--- 001_create.sql
create type mood as enum ('calm', 'tense');
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ enum-type: no value of enum `mood` can be removed later
--- 002_values.sql
alter type mood add value 'glad';
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ enum-type: value `glad` comes behind all others of enum `mood`, and cannot be moved or removed later
alter type mood add value 'angry' after 'tense';
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            if (const auto* alter = step.As<action::AlterType>()) {
              if (alter->change != action::TypeChangeKind::kAddValue || step.effects.failure)
                continue;
              if (!alter->neighbour.empty()) continue;
              report(step,
                     {.message = absl::StrCat(
                          "value ", Quoted(alter->part), " comes behind all others of enum ",
                          Quoted(alter->type.name), ", and cannot be moved or removed later"),
                      .help = "say BEFORE or AFTER where ORDER BY and comparisons are to find "
                              "it in its place",
                      .locks = std::vector<Lock>()});
              continue;
            }
            const auto* create = step.As<action::CreateType>();
            if (create == nullptr || create->kind != action::TypeKind::kEnum) continue;
            if (!MakesForGood(history, step, create->type)) continue;
            report(step, {.message = absl::StrCat("no value of enum ", Quoted(create->type.name),
                                                  " can be removed later"),
                          .locks = std::vector<Lock>()});
          }
        },
};

}  // namespace plimsoll::rules
