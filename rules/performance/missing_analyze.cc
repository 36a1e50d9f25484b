#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// What leaves the planner without statistics of the live table at hand, and why.
struct Stale {
  const Relation* table = nullptr;
  std::string why;
};

const Relation* LiveTable(const History& history, const Step& step, const Name& name) {
  const Relation* table = history.Before(step).Find(name, history.SessionAt(step).search_path);
  const Lock* lock = table == nullptr ? nullptr : step.effects.LockOn(table->id);
  return lock != nullptr && lock->relation.live ? table : nullptr;
}

Stale StaleAfter(const History& history, const Step& step) {
  if (step.effects.failure) return {};
  if (const auto* create = step.As<action::CreateIndex>()) {
    const bool built = step.effects.LiveWork(WorkKind::kIndexBuild) != nullptr;
    if (!create->has_expression || !built) return {};
    return {.table = LiveTable(history, step, create->table),
            .why = "know nothing of the values of the new index's expression"};
  }
  if (const auto* alter = step.As<action::AlterColumnType>()) {
    return {.table = LiveTable(history, step, alter->table.name),
            .why = absl::StrCat("have no statistics of column ", Quoted(alter->column))};
  }
  const auto* modify = step.As<action::ModifyData>();
  if (modify == nullptr || modify->planned_only) return {};
  for (const action::Write& write : modify->writes) {
    if (write.verb != action::DataVerb::kUpdate || write.has_where) continue;
    return {.table = LiveTable(history, step, write.table.name),
            .why = "rest on the values from before the UPDATE"};
  }
  return {};
}

bool Analyzes(const History& history, const Step& step, RelationId table) {
  const auto* maintain = step.As<action::Maintain>();
  if (maintain == nullptr || !maintain->analyzes) return false;
  return maintain->relations.empty() ||
         std::any_of(
             maintain->relations.begin(), maintain->relations.end(), [&](const Target& target) {
               const Relation* relation =
                   history.Before(step).Find(target.name, history.SessionAt(step).search_path);
               return relation != nullptr && relation->id == table;
             });
}

// Whether a later step of the file brings the statistics up to date, takes the table away or makes
// them stale again, and so is the one to speak of.
bool IsSettledLater(const History& history, const Step& step, RelationId table) {
  for (uint32_t i = step.index + 1; i < history.steps().size(); ++i) {
    const Step& later = history.steps()[i];
    if (later.migration != step.migration) return false;
    const Stale stale = StaleAfter(history, later);
    if (stale.table != nullptr && stale.table->id == table) return true;
    if (Analyzes(history, later, table)) return true;
    if (history.After(later).Find(table) == nullptr) return true;
  }
  return false;
}

}  // namespace

PLIMSOLL_RULE(missing_analyze) = {
    .id = "missing-analyze",
    .family = Family::kPerformance,
    .severity = Severity::kNote,
    .risk = Risk::kSafe,
    .opt_in = true,
    .fixable = true,
    .since = "0.1",
    .summary = "until ANALYZE runs, plans rest on statistics that are no longer true, or on none",
    .why =
        "autovacuum comes to it when it comes, and ALTER TYPE and an index's expression are no "
        "reason for it to come at all; until then queries may get far worse plans",
    .help = "ANALYZE the table at the end of the migration",
    .docs = R"md(
`ALTER COLUMN … TYPE` throws away the column's statistics, an index over an expression has none, and
after an `UPDATE` of all rows they describe the values before.

```sql
--- 001_create.sql
create table account (id bigint primary key, email text, area varchar(10));
--- 002_change.sql
create index concurrently account_email on account (lower(email));
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ missing-analyze: until `account` is analyzed, its plans know nothing of the values of the new index's expression
--- 003_change.sql
alter table account alter area type text;
--                  ^^^^^^^^^^^^^^^^^^^^ missing-analyze: until `account` is analyzed, its plans have no statistics of column `area`
--- 004_change.sql
update account set area = 'north';
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ missing-analyze: until `account` is analyzed, its plans rest on the values from before the UPDATE
```

```sql
--- 001_create.sql
create table account (id bigint primary key, email text, area varchar(10));
--- 002_change.sql
create index concurrently account_email on account (lower(email));
analyze account;
--- 003_change.sql
update account set area = 'north' where id = 1;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const Stale stale = StaleAfter(history, step);
            if (stale.table == nullptr) continue;
            if (IsSettledLater(history, step, stale.table->id)) continue;
            const std::string name =
                SqlName(Name{.schema = stale.table->schema == "public" ? "" : stale.table->schema,
                             .name = stale.table->name});
            Complaint complaint = {
                .message = absl::StrCat("until ", Quoted(stale.table->DisplayName()),
                                        " is analyzed, its plans ", stale.why),
                .help = absl::StrCat("ANALYZE ", name, " at the end of the migration"),
                .locks = std::vector<Lock>()};
            if (CanEdit(history, step) && NeighboursRunAlone(history, step)) {
              complaint.fixes.push_back({.title = "analyze the table",
                                         .edits = {InsertStatementsAfter(
                                             history, step, {absl::StrCat("ANALYZE ", name)})}});
            }
            report(step, std::move(complaint));
          }
        },
};

}  // namespace plimsoll::rules
