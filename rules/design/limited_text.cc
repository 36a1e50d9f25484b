#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analyzer/checking/made.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
PLIMSOLL_RULE(limited_text) = {
    .id = "limited-text",
    .family = Family::kDesign,
    .severity = Severity::kNote,
    .risk = Risk::kSafe,
    .opt_in = true,
    .since = "0.1",
    .summary = "varchar(n) makes a guess at a length a part of the type",
    .why =
        "a longer value fails with 22001; another length takes ACCESS EXCLUSIVE, is refused while "
        "a view shows the column, and a shorter one rewrites the table",
    .help =
        "text, and where a limit is meant a CHECK (length(…) <= n), which is changed by NOT VALID "
        "and VALIDATE CONSTRAINT while others write",
    .docs = R"md(
```sql
create table account (id bigint primary key, name varchar(50), mail varchar(100));
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ limited-text: longer values in `account` fail: `name` holds 50 characters, `mail` holds 100 characters
alter table account add column phone character varying(20);
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ limited-text: longer values in `account` fail: `phone` holds 20 characters
```

```sql
create table account (
  id bigint primary key, name text, mail varchar,
  constraint account_name_length check (length(name) <= 50)
);
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const Relation* left = TableLeft(history, step);
            if (left == nullptr) continue;
            std::vector<std::string> limits;
            for (const TableColumn& column : ColumnsLeft(history, step, *left)) {
              const TypeName& type = *column.type;
              if (type.name != Name{.name = "varchar"} || type.modifiers.empty()) continue;
              limits.push_back(
                  absl::StrCat(Quoted(column.name), " holds ", type.modifiers[0], " characters"));
            }
            if (limits.empty()) continue;
            report(step, {.message = absl::StrCat("longer values in ", Quoted(left->DisplayName()),
                                                  " fail: ", absl::StrJoin(limits, ", ")),
                          .locks = std::vector<Lock>()});
          }
        },
};

}  // namespace plimsoll::rules
