#include <algorithm>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

bool Reads(const action::CreateTable& create, const Name& table) {
  return std::find(create.reads.begin(), create.reads.end(), table) != create.reads.end();
}

bool Copies(const action::ModifyData& modify, const Name& table) {
  return !modify.writes.empty() &&
         std::find(modify.reads.begin(), modify.reads.end(), table) != modify.reads.end();
}

// Whether a step of the migration, before that one, put the table's rows elsewhere.
bool IsSaved(const History& history, const Step& drop, const Name& table) {
  return std::any_of(history.steps().begin(), history.steps().begin() + drop.index,
                     [&](const Step& step) {
                       if (step.migration != drop.migration) return false;
                       const auto* create = step.As<action::CreateTable>();
                       const auto* modify = step.As<action::ModifyData>();
                       return (create != nullptr && Reads(*create, table)) ||
                              (modify != nullptr && Copies(*modify, table));
                     });
}

// The step of the same migration, before that one, which drops a table of that name that was there
// before; null where there is none.
const Step* DropBefore(const History& history, const Step& create) {
  const Name& table = create.As<action::CreateTable>()->table;
  for (uint32_t i = create.index; i-- > 0;) {
    const Step& step = history.steps()[i];
    if (step.migration != create.migration) break;
    const auto* drop = step.As<action::Drop>();
    if (drop == nullptr) continue;
    if (std::find(drop->objects.begin(), drop->objects.end(), table) == drop->objects.end()) {
      continue;
    }
    const auto& losses = step.effects.losses;
    const bool live = std::any_of(losses.begin(), losses.end(), [&](const Loss& loss) {
      const Relation* lost = history.Before(step).Find(loss.relation.id);
      return loss.relation.live && lost != nullptr && lost->name == table.name;
    });
    if (live) return &step;
  }
  return nullptr;
}

}  // namespace

PLIMSOLL_RULE(drop_and_create) = {
    .id = "drop-and-create",
    .family = Family::kDataLoss,
    .severity = Severity::kWarning,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "a table that is dropped and created again comes back without its rows",
    .why =
        "it looks like a way to run a file twice, or to change a table's shape; on a database that "
        "has the table it silently loses every row, with its privileges, indexes and triggers",
    .help =
        "CREATE TABLE IF NOT EXISTS, or change the table that is there with ALTER TABLE; to "
        "replace it, fill the new one from it before it goes",
    .docs = R"md(
```sql
drop table if exists setting;
create table setting (name text primary key, value text not null);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ drop-and-create: makes `setting` anew and empty: its rows went with the DROP TABLE before
```

What was saved before can be put back:

```sql
--- 001_create.sql
create table setting (name text primary key, value text);
--- 002_change.sql
begin;
create temp table saved on commit drop as select name, value from setting;
drop table setting;
create table setting (name text primary key, value text not null);
insert into setting select name, value from saved where value is not null;
commit;
```

So is what a query computes anew:

```sql
--- 001_create.sql
create table sale (id bigint primary key, amount numeric);
create table total as select sum(amount) as amount from sale;
create table shape as select sum(amount) as amount from sale;
--- 002_refresh.sql
drop table total;
create table total as select sum(amount) as amount, count(*) as sales from sale;
drop table shape;
create table shape as select sum(amount) as amount from sale with no data;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ drop-and-create: makes `shape` anew and empty: its rows went with the DROP TABLE before
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* create = step.As<action::CreateTable>();
            if (create == nullptr || step.effects.failure) continue;
            // A query fills it: with what, is its author's choice.
            if (create->with_data && !create->reads.empty()) continue;
            const Step* drop = DropBefore(history, step);
            if (drop == nullptr || IsSaved(history, *drop, create->table)) continue;
            report(step,
                   {.message = absl::StrCat("makes ", Quoted(create->table.name),
                                            " anew and empty: its rows went with the DROP TABLE "
                                            "before")});
          }
        },
};

}  // namespace plimsoll::rules
