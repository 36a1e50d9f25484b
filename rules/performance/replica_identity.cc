#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

bool HasPrimaryKey(const Relation& table) {
  return std::any_of(table.constraints.begin(), table.constraints.end(),
                     [](const TableConstraint& constraint) {
                       return constraint.kind == ConstraintKind::kPrimaryKey;
                     });
}

// Whether subscribers can be told which row changed (relcache.c:RelationGetReplicaIndex).
bool IsIdentified(const Relation& table, const CatalogView& view) {
  if (table.replica_full) return true;
  if (table.replica_nothing) return false;
  if (table.replica_identity != 0) return view.Find(table.replica_identity) != nullptr;
  return HasPrimaryKey(table);
}

// Whether one of its publications sends changes of rows that are there.
bool PublishesChanges(const Relation& table, const CatalogView& view) {
  return std::any_of(table.publications.begin(), table.publications.end(),
                     [&](const Publishing& place) {
                       const NamedObject* publication = view.FindObject(
                           ObjectKind::kPublication, {.schema = "", .name = place.publication}, {});
                       if (publication == nullptr) return false;
                       return publication->publishes.empty() ||
                              absl::StrContains(publication->publishes, "update") ||
                              absl::StrContains(publication->publishes, "delete");
                     });
}

// The published table whose changes nobody can identify once the transaction has ended; null where
// there is none.
const Relation* Unidentified(const History& history, const Step& step) {
  const CatalogView before = history.Before(step);
  const CatalogView after = history.After(step);
  const CatalogView end =
      history.At(static_cast<Moment>(history.TransactionOf(step).last_step) + 1);
  for (const Lock& lock : step.effects.locks) {
    const Relation* table = before.Find(lock.relation.id);
    if (table == nullptr || table->publications.empty()) continue;
    const Relation* changed = after.Find(lock.relation.id);
    const Relation* last = end.Find(lock.relation.id);
    if (!lock.relation.live || changed == nullptr || last == nullptr) continue;
    if (!table->IsTable() || !IsIdentified(*table, before)) continue;
    if (IsIdentified(*changed, after) || IsIdentified(*last, end)) continue;
    if (PublishesChanges(*last, end)) return last;
  }
  return nullptr;
}

void ReportBroken(const Reporter& report, const Step& step, const Relation& table) {
  const std::string name = SqlName(Name{.schema = table.schema, .name = table.name});
  report(step,
         {.message = absl::StrCat("every UPDATE and DELETE of ", Quoted(table.DisplayName()),
                                  " fails from now on: it is published and has no replica "
                                  "identity"),
          .why = "changes that subscribers cannot be told of are refused (55000)",
          .help = absl::StrCat("before that, in the same transaction: ALTER TABLE ", name,
                               " REPLICA IDENTITY USING INDEX, with a unique index of NOT NULL "
                               "columns"),
          .severity = Severity::kError,
          .risk = Risk::kRisky});
}

// FULL or NOTHING, as the step sets it on a live table where it can do harm; else empty.
std::string Chosen(const History& history, const Step& step) {
  const auto* alter = step.As<action::AlterRelation>();
  if (alter == nullptr || alter->alteration != action::Alteration::kReplicaIdentity) return "";
  const Lock* lock = step.effects.StrongestLiveLock();
  const Relation* table = lock == nullptr ? nullptr : history.Before(step).Find(lock->relation.id);
  if (table == nullptr || alter->options.empty()) return "";
  const std::string& choice = alter->options[0].name;
  // Without a key FULL is all there is.
  const bool needed = choice == "full" && !table->assumed && !HasPrimaryKey(*table);
  return needed ? "" : choice;
}

}  // namespace

PLIMSOLL_RULE(replica_identity) = {
    .id = "replica-identity",
    .family = Family::kPerformance,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .since = "0.1",
    .summary = "a table's replica identity decides whether logical replication can follow it",
    .why =
        "FULL writes each old row whole into the WAL and has subscribers search for it; without "
        "any identity UPDATE and DELETE of a published table fail",
    .help = "use the primary key (DEFAULT), or REPLICA IDENTITY USING INDEX with a unique index",
    .docs = R"md(
```sql
--- 001_create.sql
create table account (id bigint primary key, email text);
--- 002_full.sql
alter table account replica identity full;
--                  ^^^^^^^^^^^^^^^^^^^^^ replica-identity
--- 003_nothing.sql
alter table account replica identity nothing;
--                  ^^^^^^^^^^^^^^^^^^^^^^^^ replica-identity: no subscriber can be told of an UPDATE or DELETE of `account`
```

A published table that loses its identity refuses every `UPDATE` and `DELETE` (55000):

```sql
--- 001_create.sql
create table account (id bigint primary key, email text);
create publication changes for table account;
--- 002_key.sql
alter table account drop constraint account_pkey;
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ replica-identity
```

Give it another one first. A table without a primary key needs `FULL`, so there it is no finding.

```sql
--- 001_create.sql
create table account (id bigint primary key, email text not null);
create unique index account_email on account (email);
create publication changes for table account;
create table log (line text);
--- 002_key.sql
alter table account replica identity using index account_email;
alter table account drop constraint account_pkey;
alter table log replica identity full;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            if (step.effects.failure) continue;
            if (const Relation* table = Unidentified(history, step)) {
              ReportBroken(report, step, *table);
              continue;
            }
            const std::string choice = Chosen(history, step);
            if (choice.empty()) continue;
            const std::string name = Quoted(step.effects.StrongestLiveLock()->relation.name);
            report(step, {.message = choice == "full"
                                         ? absl::StrCat("each UPDATE and DELETE of ", name,
                                                        " writes the whole old row into the WAL")
                                         : absl::StrCat("no subscriber can be told of an UPDATE or "
                                                        "DELETE of ",
                                                        name)});
          }
        },
};

}  // namespace plimsoll::rules
