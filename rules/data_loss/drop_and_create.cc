#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// What the statements of one migration did so far to tables that were there before it.
class Fates {
 public:
  explicit Fates(uint32_t migration) : migration_(migration) {}

  // In the order of the steps.
  void Take(const Step& step, const History& history) {
    if (step.migration != migration_) *this = Fates(step.migration);
    const auto* create = step.As<action::CreateTable>();
    const auto* modify = step.As<action::ModifyData>();
    if (create != nullptr) Save(create->reads);
    if (modify != nullptr && !modify->writes.empty()) Save(modify->reads);
    if (const auto* drop = step.As<action::Drop>()) Lose(*drop, step, history);
  }

  // Dropped, and before that no statement of the migration had put its rows elsewhere.
  bool IsGone(const Name& table) const {
    const auto dropped = saved_when_dropped_.find(KeyOf(table));
    return dropped != saved_when_dropped_.end() && !dropped->second;
  }

 private:
  using Key = std::pair<absl::string_view, absl::string_view>;

  static Key KeyOf(const Name& table) { return {table.schema, table.name}; }

  void Save(const std::vector<Name>& tables) {
    for (const Name& table : tables) saved_.insert(KeyOf(table));
  }

  void Lose(const action::Drop& drop, const Step& step, const History& history) {
    absl::flat_hash_set<absl::string_view> lost;
    for (const Loss& loss : step.effects.losses) {
      const Relation* relation = history.Before(step).Find(loss.relation.id);
      if (loss.relation.live && relation != nullptr) lost.insert(relation->name);
    }
    for (const Name& table : drop.objects) {
      if (lost.contains(table.name)) {
        saved_when_dropped_[KeyOf(table)] = saved_.contains(KeyOf(table));
      }
    }
  }

  uint32_t migration_;
  absl::flat_hash_set<Key> saved_;
  absl::flat_hash_map<Key, bool> saved_when_dropped_;
};

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
          Fates fates(0);
          for (const Step& step : history.steps()) {
            fates.Take(step, history);
            const auto* create = step.As<action::CreateTable>();
            if (create == nullptr || step.effects.failure || !fates.IsGone(create->table)) continue;
            // A query fills it: with what, is its author's choice.
            if (create->with_data && !create->reads.empty()) continue;
            report(step,
                   {.message = absl::StrCat("makes ", Quoted(create->table.name),
                                            " anew and empty: its rows went with the DROP TABLE "
                                            "before")});
          }
        },
};

}  // namespace plimsoll::rules
