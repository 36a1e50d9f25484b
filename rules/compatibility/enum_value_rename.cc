#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {

PLIMSOLL_RULE(enum_value_rename) = {
    .id = "enum-value-rename",
    .family = Family::kCompatibility,
    .severity = Severity::kError,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "renaming a value of an enum breaks the running code that says the old one",
    .why =
        "queries with the old label fail at once (22P02), and code that reads rows meets a label "
        "that it does not know",
    .help =
        "ADD VALUE the new label, deploy code that reads both, then code that writes the new one, "
        "update the old rows in batches; the old label stays, unused",
    .docs = R"md(
```sql
--- 001_create.sql
create type state as enum ('open', 'closed');
--- 002_rename.sql
alter type state rename value 'closed' to 'done';
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ enum-value-rename: value `closed` of enum `state` becomes `done` under the running code
```

Both labels stand beside each other until no code says the old one:

```sql
--- 001_create.sql
create type state as enum ('open', 'closed');
create table ticket (id bigint primary key, state state not null);
--- 002_add.sql
alter type state add value 'done' after 'closed';
--- 003_fill.sql
update ticket set state = 'done' where state = 'closed' and id between 1 and 10000;
```

A type that this migration made has no users yet:

```sql
create type state as enum ('open', 'closed');
alter type state rename value 'closed' to 'done';
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* alter = step.As<action::AlterType>();
            if (alter == nullptr || alter->change != action::TypeChangeKind::kRenameValue) continue;
            for (const Break& broken : step.effects.breaks) {
              if (!broken.relation.live) continue;
              report(step, {.message = absl::StrCat("value ", Quoted(alter->part), " of enum ",
                                                    Quoted(broken.relation.name), " becomes ",
                                                    Quoted(alter->to), " under the running code")});
            }
          }
        },
};

}  // namespace plimsoll::rules
