#include <utility>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/line_cuts.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {

PLIMSOLL_RULE(statement_cut) = {
    .id = "statement-cut",
    .family = Family::kFailure,
    .severity = Severity::kError,
    .risk = Risk::kRisky,
    .fixable = true,
    .since = "0.1",
    .summary = "goose or sql-migrate ends a statement where PostgreSQL does not",
    .why =
        "these runners read lines and know no SQL: a statement ends where a line ends in a "
        "semicolon, also within a body, a string or a comment, and nowhere else",
    .help =
        "put StatementBegin and StatementEnd around a statement with semicolons at the ends of its "
        "lines, and end every other one with a semicolon that ends its line",
    .docs = R"md(
```sql
-- layout: goose
--- 00001_touch.sql
-- +goose Up
create function touch() returns trigger language plpgsql as $$
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^… statement-cut: goose ends the statement at a semicolon within it
begin
  new.touched := now();
  return new;
end $$;
/* was: create table owner;
--^^^^^^^^^^^^^^^^^^^^^^^^^… statement-cut: goose ends a statement at a semicolon within this comment
   a view since */
create table account (id bigint primary key);

-- +goose Down
drop table account;
drop function touch()
--^^^^^^^^^^^^^^^^^^^ statement-cut: goose finds no end of the statement: no line ends in a semicolon
```

A block holds the lines together:

```sql
-- layout: goose
--- 00001_touch.sql
-- +goose Up
-- +goose StatementBegin
create function touch() returns trigger language plpgsql as $$
begin
  new.touched := now();
  return new;
end $$;
-- +goose StatementEnd
create table account (id bigint primary key, note text default 'none; yet');

-- +goose Down
drop table account; -- with its notes
drop function touch();
```

```sql
-- layout: sql-migrate
--- 1_fill.sql
-- +migrate Up
create table account (id bigint primary key);
do $$
--^^^… statement-cut: sql-migrate ends the statement at a semicolon within it
begin
  insert into account values (1);
end $$;

-- +migrate Down
drop table account;
/* and nothing else */
--^^^^^^^^^^^^^^^^^^^^ statement-cut: sql-migrate finds no end of what begins with this comment: no line ends in a semicolon
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (uint32_t m = 0; m < history.migrations().size(); ++m) {
            const Script& script = *history.migrations()[m].script;
            for (Miscut& miscut : MiscutsOf(script)) {
              const bool comment = miscut.statement == Complaint::kWholeFile;
              const absl::string_view what =
                  miscut.unended ? comment ? "finds no end of what begins with this comment: no "
                                             "line ends in a semicolon"
                                           : "finds no end of the statement: no line ends in a "
                                             "semicolon"
                  : comment      ? "ends a statement at a semicolon within this comment"
                                 : "ends the statement at a semicolon within it";
              Complaint complaint = {.migration = m,
                                     .statement = miscut.statement,
                                     .span = miscut.span,
                                     .message = absl::StrCat(LineRunnerOf(script), " ", what)};
              if (miscut.fix) complaint.fixes.push_back(*std::move(miscut.fix));
              report(std::move(complaint));
            }
          }
        },
};

}  // namespace plimsoll::rules
