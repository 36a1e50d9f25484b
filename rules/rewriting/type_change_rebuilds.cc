#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

struct Rebuilds {
  const Work* first = nullptr;
  size_t others = 0;
};

Rebuilds FindRebuilds(const Step& step) {
  Rebuilds found;
  for (const Work& work : step.effects.work) {
    if (work.kind != WorkKind::kIndexBuild || !work.relation.live || work.shell) continue;
    if (found.first == nullptr) {
      found.first = &work;
    } else {
      ++found.others;
    }
  }
  return found;
}

// Such an index cannot be dropped by itself.
bool BacksConstraint(const CatalogView& before, const Work& build) {
  const Relation* table = before.Find(build.relation.id);
  if (table == nullptr) return false;
  for (const TableConstraint& constraint : table->constraints) {
    const Relation* index = before.Find(constraint.index);
    if (index != nullptr && index->DisplayName() == build.index) return true;
  }
  return false;
}

}  // namespace

PLIMSOLL_RULE(type_change_rebuilds) = {
    .id = "type-change-rebuilds",
    .family = Family::kRewriting,
    .severity = Severity::kError,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "ALTER COLUMN TYPE builds indexes again or reads the table while nobody can use it",
    .why =
        "the rows keep their bytes, but what was computed from the old type has to be computed "
        "again, under ACCESS EXCLUSIVE",
    .help =
        "drop the check before, add it again NOT VALID after, and validate it in a transaction of "
        "its own",
    .docs = R"md(
A change of type that needs no new copy of the table (see `type-change-rewrites`) may still take as
long as the table is large. A check on the column is looked at in every row:

```sql
--- 001_create.sql
create table invoice (id int primary key, note varchar(40), check (note <> ''));
--- 002_longer.sql
alter table invoice alter column note type varchar(80);
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ type-change-rebuilds: checks every row of `invoice` again while ACCESS EXCLUSIVE on `invoice` blocks reads and writes
```

And an index is built again where it has an expression or a predicate on the column, or sorts its
values in another way, as after a change of collation:

```sql
--- 001_create.sql
create table invoice (id int primary key, note varchar(40), place text);
create index invoice_lower_note on invoice (lower(note));
create index invoice_place on invoice (place);
--- 002_longer.sql
alter table invoice alter column note type varchar(80);
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ type-change-rebuilds: builds index `invoice_lower_note` again while ACCESS EXCLUSIVE on `invoice` blocks reads and writes
alter table invoice alter column place type text collate "C";
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ type-change-rebuilds: builds index `invoice_place` again while ACCESS EXCLUSIVE on `invoice` blocks reads and writes
```

An index on the column itself, sorted as before, keeps its file:

```sql
--- 001_create.sql
create table invoice (id int primary key, note varchar(40));
create index invoice_note on invoice (note);
--- 002_longer.sql
alter table invoice alter column note type varchar(80);
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            if (step.As<action::AlterColumnType>() == nullptr) continue;
            if (step.effects.LiveWork(WorkKind::kRewrite) != nullptr) continue;
            const Rebuilds builds = FindRebuilds(step);
            const Work* scan = step.effects.LiveWork(WorkKind::kScan, Cause::kCheck);
            if (builds.first == nullptr && scan == nullptr) continue;
            Complaint complaint;
            if (builds.first != nullptr) {
              complaint.message =
                  absl::StrCat("builds index ", Quoted(builds.first->index),
                               builds.others == 0 ? std::string()
                                                  : absl::StrCat(" and ", builds.others, " more"),
                               " again while ", BlockingWords(step));
              complaint.help =
                  BacksConstraint(history.Before(step), *builds.first)
                      ? "the index of a constraint cannot be dropped for a while: add a column of "
                        "the new type, keep it in step with a trigger, fill it in batches, switch "
                        "over"
                      : "drop the index CONCURRENTLY before, build it CONCURRENTLY after";
            } else {
              complaint.message = absl::StrCat("checks every row of ", Quoted(scan->relation.name),
                                               " again while ", BlockingWords(step));
            }
            report(step, std::move(complaint));
          }
        },
};

}  // namespace plimsoll::rules
