#include "absl/strings/str_cat.h"
#include "analyzer/checking/made.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {

PLIMSOLL_RULE(column_drop) = {
    .id = "column-drop",
    .family = Family::kDataLoss,
    .severity = Severity::kWarning,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "dropping a column loses its values and breaks the code that still names it",
    .why =
        "rolling forward cannot bring the values back, and code that still selects or inserts "
        "the column fails at once",
    .help =
        "deploy code that no longer names it first, keep a backup; then say so with "
        "`-- plimsoll:allow column-drop -- reason`",
    .docs = R"md(
```sql
--- 001_create.sql
create table account (id bigint primary key, fax text);
--- 002_drop.sql
alter table account drop column fax;
--                  ^^^^^^^^^^^^^^^ column-drop: drops column `fax` of `account` with all its values
```

Where the same migration has emptied the table, the values are gone already, and the code still
breaks:

```sql
--- 001_create.sql
create table account (id bigint primary key, fax text);
create table session (id bigint primary key, key text);
--- 002_drop.sql
delete from session;
alter table session drop column key;
--                  ^^^^^^^^^^^^^^^ column-drop: drops column `key` of `session` under the running code
--- 003_filled.sql
delete from session;
insert into session (id) values (1);
alter table session drop column id cascade;
--                  ^^^^^^^^^^^^^^^^^^^^^^ column-drop: drops column `id` of `session` with all its values
```

What the migration itself made is nobody's loss:

```sql
create table account (id bigint primary key, fax text);
alter table account drop column fax;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          Emptied emptied;
          for (const Step& step : history.steps()) {
            emptied.Take(step);
            for (const Loss& loss : step.effects.losses) {
              if (loss.kind != LossKind::kColumn || !loss.relation.live) continue;
              report(step,
                     {.message = absl::StrCat(
                          "drops column ", Quoted(loss.column), " of ", Quoted(loss.relation.name),
                          emptied.Has(loss.relation.id) ? " under the running code"
                                                        : " with all its values"),
                      .about = Quoted(loss.column)});
            }
          }
        },
};

}  // namespace plimsoll::rules
