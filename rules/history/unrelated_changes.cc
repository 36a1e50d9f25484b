#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analyzer/checking/files.h"
#include "analyzer/checking/rule.h"
#include "analyzer/checking/touched.h"

namespace plimsoll::rules {
namespace {

// The tables of a migration, in groups of those that something connects.
class Groups {
 public:
  explicit Groups(const std::vector<TouchedTable>& tables) : tables_(tables) {
    for (size_t i = 0; i < tables.size(); ++i) {
      places_.emplace(tables[i].id, i);
      group_.push_back(i);
    }
  }

  void Connect(RelationId a, RelationId b) {
    const auto left = places_.find(a);
    const auto right = places_.find(b);
    if (left == places_.end() || right == places_.end()) return;
    const size_t first = Find(left->second);
    const size_t second = Find(right->second);
    group_[std::max(first, second)] = std::min(first, second);
  }

  // Of each group the table that was touched first, in that order.
  std::vector<const TouchedTable*> Firsts() {
    std::vector<const TouchedTable*> firsts;
    for (size_t i = 0; i < tables_.size(); ++i) {
      if (Find(i) == i) firsts.push_back(&tables_[i]);
    }
    return firsts;
  }

 private:
  size_t Find(size_t table) {
    while (group_[table] != table) table = group_[table] = group_[group_[table]];
    return table;
  }

  const std::vector<TouchedTable>& tables_;
  absl::flat_hash_map<RelationId, size_t> places_;
  std::vector<size_t> group_;  // each leads to an earlier one of its group, the first to itself
};

// Foreign keys, parents and views, as they are at that moment.
void ConnectByCatalog(const CatalogView& catalog, const std::vector<TouchedTable>& touched,
                      Groups& groups) {
  for (const TouchedTable& one : touched) {
    const Relation* table = catalog.Find(one.id);
    if (table == nullptr) continue;
    for (const RelationId parent : table->parents) groups.Connect(one.id, parent);
    for (const TableConstraint& constraint : table->constraints) {
      groups.Connect(one.id, constraint.referenced);
    }
    for (const Relation* view : catalog.ViewsOn(*table)) {
      for (const ViewUse& use : view->uses) groups.Connect(one.id, use.relation);
    }
  }
}

// The column that the step gives to a table, or takes from it: the same one of many tables is one
// change.
const std::string* ColumnOf(const Step& step) {
  if (const auto* add = step.As<action::AddColumn>()) return &add->column.name;
  if (const auto* drop = step.As<action::DropColumn>()) return &drop->column;
  if (const auto* alter = step.As<action::AlterColumnType>()) return &alter->column;
  return nullptr;
}

// What the words of the statements connect.
void ConnectBySteps(absl::Span<const Step> steps, Groups& groups) {
  absl::flat_hash_map<std::string, RelationId> columns;
  for (const Step& step : steps) {
    const std::vector<Lock>& locks = step.effects.locks;
    if (locks.empty()) continue;
    for (const Lock& lock : locks) groups.Connect(locks.front().relation.id, lock.relation.id);
    const std::string* column = ColumnOf(step);
    if (column == nullptr) continue;
    const auto [known, added] = columns.emplace(*column, locks.front().relation.id);
    if (!added) groups.Connect(known->second, locks.front().relation.id);
  }
}

constexpr RuleOption kOptions[] = {
    {"groups", RuleOption::Type::kNumber, "1",
     "so many groups of tables that nothing connects may be changed together"},
};

}  // namespace

PLIMSOLL_RULE(unrelated_changes) = {
    .id = "unrelated-changes",
    .family = Family::kHistory,
    .severity = Severity::kNote,
    .risk = Risk::kSafe,
    .opt_in = true,
    .since = "0.1",
    .summary = "one migration changes tables that have nothing to do with each other",
    .why =
        "they run, fail and are taken back together: what is wrong with one holds the other up, "
        "and "
        "its transaction locks both",
    .help = "give each change a migration of its own",
    .docs = R"md(
```sql
--- 001_create.sql
create table account (id bigint primary key);
create table parcel (id bigint primary key);
--- 002_change.sql
alter table account add column mail text;
alter table parcel add column weight int;
--                 ^^^^^^^^^^^^^^^^^^^^^ unrelated-changes: `parcel` has nothing to do with `account`
update parcel set weight = 1 where id = 1;
```

Tables belong together where a foreign key, a common parent, a view or a statement connects them, or
where the same column is added, dropped or changed:

```sql
--- 001_create.sql
create table account (id bigint primary key);
create table invoice (id bigint primary key, account_id bigint references account (id), due date);
create table event (id bigint, day date) partition by range (day);
create table parcel (id bigint primary key);
create table letter (id bigint primary key);
create view sent as select parcel.id from parcel join letter using (id);
--- 002_key.sql
alter table account add column mail text;
alter table invoice drop column due;
--- 003_part.sql
create table event_2025 partition of event for values from ('2025-01-01') to ('2026-01-01');
create index on event (id);
--- 004_view.sql
alter table parcel add column weight int;
alter table letter add column stamp text;
--- 005_statement.sql
create index on account (mail);
insert into letter select id from account;
--- 006_column.sql
alter table account add column made timestamptz;
alter table event add column made timestamptz;
alter table parcel drop column weight;
alter table parcel add column made timestamptz;
create type state as enum ('new', 'old');
--- 007_dropped_key.sql
drop table invoice;
alter table account drop column mail;
```

How many things a migration may be about is an option:

```sql
-- option: unrelated-changes.groups = 2
--- 001_create.sql
create table account (id bigint primary key);
create table parcel (id bigint primary key);
create table letter (id bigint primary key);
--- 002_change.sql
alter table account add column mail text;
alter table parcel add column weight int;
--- 003_more.sql
create index on account (mail);
create index on parcel (weight);
create index on letter (id);
--^^^^^^^^^^^^^^^^^^^^^^^^^ unrelated-changes: `letter` has nothing to do with `account`, `parcel`
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          const std::vector<uint32_t> ups = UpsOf(history);
          const auto allowed =
              static_cast<size_t>(NumberOption(history, unrelated_changes, "groups"));
          for (const uint32_t m : ups) {
            // What a history begins with is about all there is.
            if (m == ups.front()) continue;
            const std::vector<TouchedTable> touched = TouchedBy(history, m);
            const absl::Span<const Step> steps = StepsOfMigration(history, m);
            if (touched.size() <= allowed) continue;
            Groups groups(touched);
            ConnectByCatalog(history.Before(steps.front()), touched, groups);
            ConnectByCatalog(history.After(steps.back()), touched, groups);
            ConnectBySteps(steps, groups);
            const std::vector<const TouchedTable*> firsts = groups.Firsts();
            if (firsts.size() <= allowed) continue;
            const std::string others =
                absl::StrJoin(firsts.begin(), firsts.begin() + static_cast<std::ptrdiff_t>(allowed),
                              ", ", [](std::string* out, const TouchedTable* table) {
                                absl::StrAppend(out, Quoted(table->names.back()));
                              });
            report(history.steps()[firsts[allowed]->step],
                   {.message = absl::StrCat(Quoted(firsts[allowed]->names.back()),
                                            " has nothing to do with ", others),
                    .locks = std::vector<Lock>()});
          }
        },
    .options = kOptions,
};

}  // namespace plimsoll::rules
