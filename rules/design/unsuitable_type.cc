#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "analyzer/checking/made.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

struct Misfit {
  absl::string_view type;  // in the grammar's spelling
  absl::string_view words;
};
constexpr Misfit kMisfits[] = {
    {"json", "json (jsonb can be compared, grouped and indexed)"},
    {"money", "money (numeric does not change its meaning with lc_monetary)"},
    {"timetz", "timetz (timestamptz has the date without which no time zone has an offset)"},
    {"bpchar", "char (text keeps the blanks at its end, and is given none)"},
};
// In a table they keep pg_upgrade from running (upgrade/check.c: check_for_reg_data_type_usage).
constexpr absl::string_view kRegTypes[] = {"regcollation", "regconfig",   "regdictionary",
                                           "regnamespace", "regoper",     "regoperator",
                                           "regproc",      "regprocedure"};

// What the type is and which is better; empty where nothing speaks against it.
std::string Objection(const TypeName& type) {
  // A type of that name in another schema is somebody's own.
  if (!type.name.schema.empty()) return "";
  for (const Misfit& misfit : kMisfits) {
    if (misfit.type == type.name.name) return std::string(misfit.words);
  }
  if (absl::c_linear_search(kRegTypes, type.name.name)) {
    return absl::StrCat(type.name.name, " (text of the name lets pg_upgrade run)");
  }
  const bool moment = type.name.name == "timestamp" || type.name.name == "timestamptz";
  if (moment && type.modifiers == std::vector<int32_t>{0}) {
    return absl::StrCat(type.name.name, "(0) (", type.name.name,
                        " does not round up to a second that is yet to come)");
  }
  return "";
}

}  // namespace

PLIMSOLL_RULE(unsuitable_type) = {
    .id = "unsuitable-type",
    .family = Family::kDesign,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .opt_in = true,
    .since = "0.1",
    .summary =
        "json, money, timetz, char(n), timestamp(0) and some reg… types seldom keep what they "
        "promise",
    .why =
        "each of them surprises later, when the column is full and another type costs a rewrite of "
        "the table",
    .help = "choose the type in parentheses now",
    .docs = R"md(
| type | what it does | better |
|---|---|---|
| `json` | keeps the text; has no `=`, so DISTINCT and GROUP BY fail with 42883 | `jsonb` |
| `money` | reads and shows its digits by the setting `lc_monetary` | `numeric` |
| `timetz` | an offset without a date, which no zone with summer time has | `timestamptz` |
| `timestamp(0)`, `timestamptz(0)` | rounds: 23:59:59.6 on the 31st is the 1st | without `(0)` |
| `char(n)` | fills up with blanks that it drops again as text | `text` |
| `regproc` and seven of its kin | `pg_upgrade` refuses a database with such a column | `text` |

```sql
create table event (id bigint primary key, body json, price money);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ unsuitable-type: of `event`, `body` is json (jsonb can be compared, grouped and indexed), `price` is money (numeric does not change its meaning with lc_monetary)
create table shift (id bigint primary key, starts timetz, seen timestamptz(0), code char(3));
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ unsuitable-type: of `shift`, `starts` is timetz (timestamptz has the date without which no time zone has an offset), `seen` is timestamptz(0) (timestamptz does not round up to a second that is yet to come), `code` is char (text keeps the blanks at its end, and is given none)
alter table event add column handler regproc;
--                ^^^^^^^^^^^^^^^^^^^^^^^^^^ unsuitable-type: of `event`, `handler` is regproc (text of the name lets pg_upgrade run)
```

```sql
create table event (id bigint primary key, body jsonb, price numeric(12, 2));
create table shift (id bigint primary key, starts timestamptz, seen timestamptz(3), code text);
alter table event add column handler regclass;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const Relation* left = TableLeft(history, step);
            if (left == nullptr) continue;
            std::vector<std::string> objections;
            for (const TableColumn& column : ColumnsLeft(history, step, *left)) {
              const std::string objection = Objection(*column.type);
              if (objection.empty()) continue;
              objections.push_back(absl::StrCat(Quoted(column.name), " is ", objection));
            }
            if (objections.empty()) continue;
            report(step, {.message = absl::StrCat("of ", Quoted(left->DisplayName()), ", ",
                                                  absl::StrJoin(objections, ", ")),
                          .locks = std::vector<Lock>()});
          }
        },
};

}  // namespace plimsoll::rules
