#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analyzer/checking/made.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// Nobody says which of the two it is where nothing is written to it.
bool IsOpen(const TableColumn& column) {
  const bool boolean = column.type->name == Name{.name = "bool"} && !column.type->array;
  return boolean && !column.not_null && !column.has_default && column.generated == Generated::kNo;
}

}  // namespace

PLIMSOLL_RULE(three_state_boolean) = {
    .id = "three-state-boolean",
    .family = Family::kDesign,
    .severity = Severity::kNote,
    .risk = Risk::kSafe,
    .opt_in = true,
    .since = "0.1",
    .summary = "a boolean that may be NULL and has no default has three states",
    .why = "WHERE flag and WHERE NOT flag both leave out the rows in which it is NULL",
    .help = "NOT NULL DEFAULT false (or true), which ADD COLUMN does without touching the rows",
    .docs = R"md(
```sql
create table account (id bigint primary key, active boolean, checked bool);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ three-state-boolean: `active`, `checked` of `account` may be true, false or NULL
alter table account add column hidden boolean;
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^ three-state-boolean: `hidden` of `account` may be true, false or NULL
```

```sql
create table account (
  id bigint primary key, active boolean not null, checked boolean default false
);
alter table account add column hidden boolean not null default false;
```

What the same migration mends is left alone:

```sql
create table account (id bigint primary key, active boolean);
alter table account alter column active set not null;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const Relation* left = TableLeft(history, step);
            if (left == nullptr) continue;
            std::vector<std::string> open;
            for (const TableColumn& column : ColumnsLeft(history, step, *left)) {
              if (IsOpen(column)) open.push_back(Quoted(column.name));
            }
            if (open.empty()) continue;
            report(step, {.message = absl::StrCat(absl::StrJoin(open, ", "), " of ",
                                                  Quoted(left->DisplayName()),
                                                  " may be true, false or NULL"),
                          .locks = std::vector<Lock>()});
          }
        },
};

}  // namespace plimsoll::rules
