#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

absl::string_view Reason(Cause cause) {
  if (cause == Cause::kIdentity) return "each row draws a number from a sequence";
  if (cause == Cause::kStoredGenerated) return "a stored generated column is computed for each row";
  if (cause == Cause::kConstrainedDomain) return "each row is checked against the domain";
  return "the default is volatile and gives each row a value of its own";
}

}  // namespace

PLIMSOLL_RULE(add_column_rewrites) = {
    .id = "add-column-rewrites",
    .family = Family::kRewriting,
    .severity = Severity::kError,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "ADD COLUMN with a volatile default copies the whole table while nobody can use it",
    .why =
        "a new copy of every row is written, and all indexes are built again, under ACCESS "
        "EXCLUSIVE",
    .help =
        "add the column without the default, set the default for new rows, fill the old rows in "
        "batches",
    .docs = R"md(
A constant default, and one like `now()` that is the same for the whole statement, is stored once
and costs nothing. A default that gives another value for every row has to be written into each:

```sql
--- 001_create.sql
create table account (id bigint primary key);
--- 002_token.sql
alter table account add column token uuid default gen_random_uuid();
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ add-column-rewrites: rewrites `account` while ACCESS EXCLUSIVE on `account` blocks reads and writes: the default is volatile and gives each row a value of its own
```

The same holds for `serial`, `GENERATED … AS IDENTITY`, `GENERATED … STORED`, and for a column of a
domain that has a constraint. Apart they are all cheap:

```sql
--- 001_create.sql
create table account (id bigint primary key);
--- 002_token.sql
alter table account add column token uuid, add column created_at timestamptz default now();
alter table account alter column token set default gen_random_uuid();
--- 003_fill.sql
update account set token = gen_random_uuid() where id between 1 and 10000 and token is null;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const auto* add = step.As<action::AddColumn>();
            if (add == nullptr) continue;
            const Work* rewrite = step.effects.LiveWork(WorkKind::kRewrite);
            if (rewrite == nullptr) continue;
            report(step,
                   {.message = absl::StrCat(
                        rewrite->possible ? "may rewrite " : "rewrites ",
                        Quoted(rewrite->relation.name), " while ", BlockingWords(step), ": ",
                        rewrite->possible ? "the default calls a function that is not known here"
                                          : Reason(rewrite->cause)),
                    .about = absl::StrCat("for ", Quoted(add->column.name))});
          }
        },
};

}  // namespace plimsoll::rules
