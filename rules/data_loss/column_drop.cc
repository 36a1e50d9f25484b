#include "absl/strings/str_cat.h"
#include "analyzer/checking/made.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// Whether the migration gives the table another column of that name.
bool ComesBack(const History& history, const Step& step, const Loss& loss) {
  const Relation* left = history.At(EndOfMigration(history, step)).Find(loss.relation.id);
  return left != nullptr && left->FindColumn(loss.column) != nullptr;
}

Complaint Describe(const Loss& loss, bool emptied, bool comes_back) {
  Complaint complaint = {
      .message =
          absl::StrCat("drops column ", Quoted(loss.column), " of ", Quoted(loss.relation.name),
                       emptied ? " under the running code" : " with all its values"),
      .about = Quoted(loss.column)};
  if (!comes_back) return complaint;
  absl::StrAppend(&complaint.message, "; another column of that name takes its place");
  complaint.why =
      "rolling forward cannot bring the values back, and code that still reads the name gets "
      "others without an error";
  complaint.help =
      "where they are the same values, carry them over before; else deploy code that knows what "
      "the name will mean, keep a backup, and say so with `-- plimsoll:allow column-drop -- "
      "reason`";
  return complaint;
}

}  // namespace

PLIMSOLL_RULE(column_drop) = {
    .id = "column-drop",
    .family = Family::kDataLoss,
    .severity = Severity::kWarning,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "dropping a column loses its values and breaks the code that still names it",
    .why =
        "values that nothing else keeps cannot be brought back by rolling forward, and code that "
        "still selects or inserts the column fails at once",
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

The name may come back in the same migration, for other values:

```sql
--- 001_create.sql
create table inbox (id bigint primary key, url text, shared_url text);
--- 002_one_url.sql
begin;
alter table inbox drop column url;
--                ^^^^^^^^^^^^^^^ column-drop: drops column `url` of `inbox` with all its values; another column of that name takes its place
alter table inbox rename column shared_url to url;
commit;
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
                     Describe(loss, emptied.Has(loss.relation.id), ComesBack(history, step, loss)));
            }
          }
        },
};

}  // namespace plimsoll::rules
