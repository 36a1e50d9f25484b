#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// Of roles that these files make it is known what they own.
bool MayTakeAnything(const Step& step) {
  return std::any_of(step.effects.losses.begin(), step.effects.losses.end(),
                     [](const Loss& loss) { return loss.kind == LossKind::kOther; });
}

// What goes that others may use, as far as these files tell.
std::string Taken(const Step& step) {
  std::string taken;
  for (const Break& broken : step.effects.breaks) {
    if (!broken.relation.live) continue;
    absl::StrAppend(&taken, taken.empty() ? "" : ", ", Quoted(broken.relation.name));
  }
  return taken;
}

std::string RolesOf(const action::ChangeOwned& change) {
  return absl::StrJoin(change.roles, ", ", [](std::string* out, const std::string& role) {
    absl::StrAppend(out, Quoted(role));
  });
}

}  // namespace

PLIMSOLL_RULE(owned_drop) = {
    .id = "owned-drop",
    .family = Family::kDataLoss,
    .severity = Severity::kError,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "DROP OWNED loses every table of a role, named or not",
    .why =
        "whatever the role made in this database goes with its rows, and the statement names none "
        "of it; the privileges that others gave the role go as well",
    .help =
        "REASSIGN OWNED to another role first: then DROP OWNED only takes the privileges that are "
        "left, and the role can be dropped",
    .docs = R"md(
```sql
drop owned by reporting;
--^^^^^^^^^^^^^^^^^^^^^ owned-drop: drops all that `reporting` owns in this database
```

Where these files gave the role what it owns, they tell what goes:

```sql
--- 001_create.sql
create role reporting;
create table report (id bigint primary key);
alter table report owner to reporting;
--- 002_leave.sql
drop owned by reporting;
--^^^^^^^^^^^^^^^^^^^^^ owned-drop: drops all that `reporting` owns in this database, among it `report`
```

What is handed over first is kept:

```sql
--- 001_create.sql
create role reporting;
create role keeper;
create table report (id bigint primary key);
alter table report owner to reporting;
--- 002_leave.sql
reassign owned by reporting to keeper;
drop owned by reporting;
drop role reporting;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* change = step.As<action::ChangeOwned>();
            if (change == nullptr) continue;
            const std::string taken = Taken(step);
            if (!MayTakeAnything(step) && taken.empty()) continue;
            report(step, {.message = absl::StrCat("drops all that ", RolesOf(*change),
                                                  " owns in this database",
                                                  taken.empty() ? "" : ", among it ", taken)});
          }
        },
};

}  // namespace plimsoll::rules
