#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

absl::string_view Reason(Cause cause) {
  if (cause == Cause::kIdentity) return "each row draws a number from a sequence";
  if (cause == Cause::kStoredGenerated) return "a stored generated column is computed for each row";
  if (cause == Cause::kConstrainedDomain) return "each row is checked against the domain";
  return "the default is volatile and gives each row a value of its own";
}

// What to do instead; empty: the rule's own words.
absl::string_view CureFor(Cause cause) {
  switch (cause) {
    case Cause::kIdentity:
      return "add a plain integer column, fill it in batches while new rows draw their numbers "
             "from a "
             "sequence by default; then make it what it is to be";
    case Cause::kStoredGenerated:
      return "add a plain column that a trigger computes for new rows, and fill the old ones in "
             "batches; since PostgreSQL 18 a VIRTUAL generated column is computed when it is read";
    case Cause::kConstrainedDomain:
      return "add the column with the type below the domain, and what the domain checks as a CHECK "
             "that is NOT VALID, to be validated later";
    default:
      return "";
  }
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
                    .about = absl::StrCat("for ", Quoted(add->column.name)),
                    .help = std::string(rewrite->possible ? "" : CureFor(rewrite->cause))});
          }
        },
};

}  // namespace plimsoll::rules
