#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "analyzer/checking/made.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// Whether rows are told apart by the column alone, or point to another row by it.
bool IsKey(const Relation& table, const std::string& column) {
  return std::any_of(
      table.constraints.begin(), table.constraints.end(), [&](const TableConstraint& constraint) {
        const bool alone = constraint.columns.size() == 1;
        const bool primary = constraint.kind == ConstraintKind::kPrimaryKey && alone;
        const bool foreign = constraint.kind == ConstraintKind::kForeignKey;
        return (primary || foreign) &&
               std::find(constraint.columns.begin(), constraint.columns.end(), column) !=
                   constraint.columns.end();
      });
}

// The last number that a narrow integer holds; empty of other types.
absl::string_view LastOf(const TypeName& type) {
  if (type.name == Name{.name = "int2"}) return "32767";
  if (type.name == Name{.name = "int4"}) return "2147483647";
  return "";
}

}  // namespace

PLIMSOLL_RULE(narrow_key) = {
    .id = "narrow-key",
    .family = Family::kDesign,
    .severity = Severity::kNote,
    .risk = Risk::kSafe,
    .opt_in = true,
    .since = "0.1",
    .summary = "a key of type integer or smallint runs out of numbers",
    .why =
        "when it does, every INSERT fails, and bigint then costs a rewrite of this table and of "
        "all that refer to it; failed inserts and rolled back ones use up numbers too",
    .help = "bigint from the start, for the key and for every column that refers to it",
    .docs = R"md(
```sql
create table account (id serial primary key);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ narrow-key: keys of `account` end: `id` at 2147483647
create table invoice (id bigint primary key, account_id int references account);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ narrow-key: keys of `invoice` end: `account_id` at 2147483647
```

```sql
create table account (id bigint generated always as identity primary key, age int);
create table invoice (id bigint primary key, account_id bigint references account);
```

In a key of several columns each counts for a part only:

```sql
create table invoice_line (invoice_id bigint, number int, primary key (invoice_id, number));
```

A key that is added later in the same migration counts:

```sql
create table account (id int, age int);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ narrow-key: keys of `account` end: `id` at 2147483647
alter table account add primary key (id);
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const Relation* left = TableLeft(history, step);
            if (left == nullptr) continue;
            std::vector<std::string> ends;
            for (const TableColumn& column : ColumnsLeft(history, step, *left)) {
              const absl::string_view last = LastOf(*column.type);
              if (last.empty() || !IsKey(*left, column.name)) continue;
              ends.push_back(absl::StrCat(Quoted(column.name), " at ", last));
            }
            if (ends.empty()) continue;
            report(step, {.message = absl::StrCat("keys of ", Quoted(left->DisplayName()),
                                                  " end: ", absl::StrJoin(ends, ", ")),
                          .locks = std::vector<Lock>()});
          }
        },
};

}  // namespace plimsoll::rules
