#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// The table that the step's statement names, where others use it.
const Relation* FindLive(const History& history, const Step& step, const Target& target) {
  const Relation* table =
      history.Before(step).Find(target.name, history.SessionAt(step).search_path);
  const Lock* lock = table == nullptr ? nullptr : step.effects.LockOn(table->id);
  return lock != nullptr && lock->relation.live ? table : nullptr;
}

bool Requires(const Step& step) {
  for (const Break& broken : step.effects.breaks) {
    if (broken.kind == BreakKind::kRequiredColumn) return true;
  }
  return false;
}

void CheckSet(const History& history, const Step& step, const Reporter& report) {
  const auto* set = step.As<action::SetDefault>();
  const Relation* table = set == nullptr ? nullptr : FindLive(history, step, set->table);
  if (table == nullptr) return;
  const absl::string_view which =
      set->value.calls.empty() ? "another default" : "a default that is computed for each of them";
  report(step, {.message = absl::StrCat("new rows of ", Quoted(table->DisplayName()), " get ",
                                        which, " in ", Quoted(set->column),
                                        "; those that are there keep what they have")});
}

void CheckDrop(const History& history, const Step& step, const Reporter& report) {
  const auto* drop = step.As<action::DropDefault>();
  const Relation* table = drop == nullptr ? nullptr : FindLive(history, step, drop->table);
  if (table == nullptr) return;
  const TableColumn* column = table->FindColumn(drop->column);
  if (column != nullptr && !table->assumed && !column->has_default) return;
  const std::string name = Quoted(table->DisplayName());
  if (Requires(step)) {
    return report(step, {.message = absl::StrCat("inserts into ", name, " that leave out ",
                                                 Quoted(drop->column),
                                                 " fail: it is NOT NULL and loses its default"),
                         .severity = Severity::kWarning,
                         .risk = Risk::kRisky});
  }
  report(step, {.message = absl::StrCat("new rows of ", name, " that leave out ",
                                        Quoted(drop->column), " get NULL in it")});
}

}  // namespace

PLIMSOLL_RULE(default_change) = {
    .id = "default-change",
    .family = Family::kCompatibility,
    .severity = Severity::kNote,
    .risk = Risk::kSafe,
    .opt_in = true,
    .since = "0.1",
    .summary = "a changed default gives the rows of running code another value than before",
    .why =
        "code that leaves the column out relies on its default, often without saying so; and rows "
        "that are there are not changed, so old and new ones differ",
    .help =
        "have the code write the value itself before its default changes; where old rows are to "
        "have it too, update them in batches afterwards",
    .docs = R"md(
```sql
--- 001_create.sql
create table job (
  id bigint primary key, state text not null default 'new', made_at timestamptz,
  owner text default 'me'
);
--- 002_defaults.sql
alter table job alter column state set default 'queued';
--              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ default-change: new rows of `job` get another default in `state`; those that are there keep what they have
alter table job alter column made_at set default clock_timestamp();
--              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ default-change: new rows of `job` get a default that is computed for each of them in `made_at`; those that are there keep what they have
alter table job alter column owner drop default;
--              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ default-change: new rows of `job` that leave out `owner` get NULL in it
alter table job alter column state drop default;
--              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ default-change: inserts into `job` that leave out `state` fail: it is NOT NULL and loses its default
```

A function in a default is called when a row is inserted: SET DEFAULT reads no row, other than ADD
COLUMN with a volatile default, which writes them all.

A column that was just added is used by nobody; the order below is also how a new column gets a
volatile default without a rewrite:

```sql
--- 001_create.sql
create table job (id bigint primary key, state text);
--- 002_fresh.sql
alter table job alter column state drop default;
create table note (id bigint primary key, written_at timestamptz);
alter table note alter column written_at set default clock_timestamp();
alter table note alter column written_at drop default;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            if (step.effects.failure) continue;
            CheckSet(history, step, report);
            CheckDrop(history, step, report);
          }
        },
};

}  // namespace plimsoll::rules
