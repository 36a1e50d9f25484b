#include <algorithm>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

bool IsMadeHere(const History& history, const Step& drop, ObjectKind kind, const Name& name) {
  return std::any_of(history.steps().begin(), history.steps().begin() + drop.index,
                     [&](const Step& step) {
                       const auto* create = step.As<action::ChangeObject>();
                       return create != nullptr && step.migration == drop.migration &&
                              create->change == action::ObjectChange::kCreate &&
                              create->kind == kind && create->object == name;
                     });
}

}  // namespace

PLIMSOLL_RULE(database_drop) = {
    .id = "database-drop",
    .family = Family::kDataLoss,
    .severity = Severity::kError,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary =
        "DROP DATABASE loses all that is in it, DROP TABLESPACE the place of what others keep",
    .why = "nothing but a backup brings a database back",
    .help =
        "leave databases and tablespaces to whoever runs the servers; a migration is for what is "
        "in one database",
    .docs = R"md(
```sql
drop database shop;
--^^^^^^^^^^^^^^^^ database-drop: drops database `shop` with all that is in it
drop tablespace fast_disk;
--^^^^^^^^^^^^^^^^^^^^^^^ database-drop: drops tablespace `fast_disk`, where any database of the cluster may keep tables
```

A tablespace goes only while nothing lies in it (55000), in any database of the cluster: a
migration, which sees one of them, cannot know that.

```sql
create database probe;
drop database probe;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* drop = step.As<action::Drop>();
            if (drop == nullptr || step.effects.failure) continue;
            const bool database = drop->kind == ObjectKind::kDatabase;
            if (!database && drop->kind != ObjectKind::kTablespace) continue;
            for (const Break& broken : step.effects.breaks) {
              const std::string& name = broken.relation.name;
              if (IsMadeHere(history, step, drop->kind, {.name = name})) continue;
              report(step,
                     {.message = database ? absl::StrCat("drops database ", Quoted(name),
                                                         " with all that is in it")
                                          : absl::StrCat("drops tablespace ", Quoted(name),
                                                         ", where any database of the cluster "
                                                         "may keep tables"),
                      .severity = database ? Severity::kError : Severity::kWarning});
            }
          }
        },
};

}  // namespace plimsoll::rules
