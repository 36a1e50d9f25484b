#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "analyzer/checking/rewrite.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// Whether subscribers can be told which row changed (relcache.c:RelationGetReplicaIndex).
bool IsIdentified(const Relation& table, const CatalogView& view) {
  if (table.replica_full) return true;
  if (table.replica_nothing) return false;
  if (table.replica_identity != 0) return view.Find(table.replica_identity) != nullptr;
  return table.PrimaryKey() != nullptr;
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

// The table that has lost its identity once the transaction has ended; null where there is none.
const Relation* Unidentified(const History& history, const Step& step) {
  const CatalogView before = history.Before(step);
  const CatalogView after = history.After(step);
  const CatalogView end =
      history.At(static_cast<Moment>(history.TransactionOf(step).last_step) + 1);
  for (const Lock& lock : step.effects.locks) {
    if (!lock.relation.live) continue;
    const Relation* table = before.Find(lock.relation.id);
    if (table == nullptr || table->persistence != Persistence::kPermanent) continue;
    const Relation* changed = after.Find(lock.relation.id);
    const Relation* last = end.Find(lock.relation.id);
    if (changed == nullptr || last == nullptr) continue;
    if (!table->IsTable() || !IsIdentified(*table, before)) continue;
    if (IsIdentified(*changed, after) || IsIdentified(*last, end)) continue;
    // Publications for other operations only, and for nothing known.
    if (last->publications.empty() || PublishesChanges(*last, end)) return last;
  }
  return nullptr;
}

// A publication that no file makes may be there all the same.
void ReportLost(const Reporter& report, const Step& step, const Relation& table) {
  const std::string name = SqlName(Name{.schema = table.schema, .name = table.name});
  const std::string shown = Quoted(table.DisplayName());
  const bool published = !table.publications.empty();
  report(step,
         {.message = published ? absl::StrCat("every UPDATE and DELETE of ", shown,
                                              " fails from now on: it is published and has no "
                                              "replica identity")
                               : absl::StrCat("leaves ", shown, " without a replica identity"),
          .why = published ? "changes that subscribers cannot be told of are refused (55000)"
                           : "where a publication made elsewhere sends its changes, every UPDATE "
                             "and DELETE fails from now on (55000)",
          .help = absl::StrCat("before that, in the same transaction: ALTER TABLE ", name,
                               " REPLICA IDENTITY USING INDEX, with a unique index of NOT NULL "
                               "columns"),
          .severity = published ? Severity::kError : Severity::kNote,
          .risk = published ? Risk::kRisky : Risk::kSafe});
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
  const bool needed = choice == "full" && !table->assumed && table->PrimaryKey() == nullptr;
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

Where no file makes a publication, one may be there all the same:

```sql
--- 001_create.sql
create table account (id bigint primary key, email text);
--- 002_key.sql
alter table account drop constraint account_pkey;
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ replica-identity: leaves `account` without a replica identity
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
            const std::string choice = Chosen(history, step);
            const Relation* lost = Unidentified(history, step);
            if (lost != nullptr && (choice.empty() || !lost->publications.empty())) {
              ReportLost(report, step, *lost);
              continue;
            }
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
