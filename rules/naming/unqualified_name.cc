#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/made.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// What the step makes in a schema; null where it makes nothing of the kind.
const Name* MadeBy(const Step& step) {
  if (const auto* create = step.As<action::CreateTable>()) return &create->table;
  if (const auto* create = step.As<action::CreateView>()) return &create->view;
  if (const auto* create = step.As<action::CreateSequence>()) return &create->sequence;
  if (const auto* create = step.As<action::CreateFunction>()) return &create->function;
  if (const auto* create = step.As<action::CreateType>()) return &create->type;
  return nullptr;
}

// Whether the object is there when the migration ends, and not temporary.
bool Lasts(const History& history, const Step& step, const Name& name) {
  const std::vector<std::string>& path = history.SessionAt(step).search_path;
  const CatalogView end = history.At(EndOfMigration(history, step));
  if (step.As<action::CreateFunction>() != nullptr) {
    return end.FindRoutine(name, path) != nullptr;
  }
  if (step.As<action::CreateType>() != nullptr) return end.FindType(name, path) != nullptr;
  const Relation* made = history.After(step).Find(name, path);
  return made != nullptr && made->persistence != Persistence::kTemporary &&
         end.Find(made->id) != nullptr;
}

}  // namespace

PLIMSOLL_RULE(unqualified_name) = {
    .id = "unqualified-name",
    .family = Family::kNaming,
    .severity = Severity::kNote,
    .risk = Risk::kSafe,
    .opt_in = true,
    .since = "0.1",
    .summary = "an object without a schema goes to wherever the search_path of the session points",
    .why =
        "who runs the migration, and with which settings, then decides where it stands: a role "
        "with a schema of its own name makes it there",
    .help = "write its schema, or SET search_path at the start of the migration",
    .docs = R"md(
```sql
create table invoice (id bigint primary key);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ unqualified-name: the session's search_path decides in which schema `invoice` is made
create view invoice_ids as select id from invoice;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ unqualified-name: the session's search_path decides in which schema `invoice_ids` is made
create function one() returns int language sql as 'select 1';
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ unqualified-name: the session's search_path decides in which schema `one` is made
create type mood as enum ('calm', 'tense');
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ unqualified-name: the session's search_path decides in which schema `mood` is made
create sequence number;
--^^^^^^^^^^^^^^^^^^^^ unqualified-name: the session's search_path decides in which schema `number` is made
```

```sql
create table public.invoice (id bigint primary key);
create view public.invoice_ids as select id from public.invoice;
create function public.one() returns int language sql as 'select 1';
create type public.mood as enum ('calm', 'tense');
create sequence public.number;
create temporary table scratch (id bigint);
```

```sql
set search_path = public;
create table invoice (id bigint primary key);
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          // The migration that said where its names belong.
          const Step* said = nullptr;
          for (const Step& step : history.steps()) {
            const auto* set = step.As<action::SetParameter>();
            if (set != nullptr && set->name == "search_path" && !set->values.empty()) said = &step;
            if (said != nullptr && said->migration == step.migration) continue;
            const Name* made = MadeBy(step);
            if (made == nullptr || !made->schema.empty() || step.effects.failure) continue;
            // An element of CREATE SCHEMA goes there.
            const Step& first = history.StepsOf(step.migration, step.statement).front();
            if (first.As<action::CreateSchema>() != nullptr) continue;
            if (!Lasts(history, step, *made)) continue;
            report(step, {.message = absl::StrCat("the session's search_path decides in which "
                                                  "schema ",
                                                  Quoted(made->name), " is made"),
                          .locks = std::vector<Lock>()});
          }
        },
};

}  // namespace plimsoll::rules
