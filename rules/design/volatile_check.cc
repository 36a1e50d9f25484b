#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analyzer/checking/made.h"
#include "analyzer/checking/rule.h"
#include "analyzer/simulation/volatility.h"

namespace plimsoll::rules {
namespace {

// The check that was written, where the table has it and it is none of `others`.
const TableConstraint* Kept(const Relation& table, const Constraint& written,
                            const std::vector<std::string>& others) {
  const auto is_it = [&](const TableConstraint& constraint) {
    if (!written.name.empty()) return constraint.name == written.name;
    return constraint.kind == ConstraintKind::kCheck &&
           constraint.columns == written.expression->columns &&
           std::find(others.begin(), others.end(), Quoted(constraint.name)) == others.end();
  };
  const auto found = std::find_if(table.constraints.begin(), table.constraints.end(), is_it);
  return found == table.constraints.end() ? nullptr : &*found;
}

// Whether the same row may pass at one time and fail at another.
bool Wavers(const History& history, const Step& step, const Constraint& written,
            const Relation& left) {
  if (written.kind != ConstraintKind::kCheck || written.expression == nullptr) return false;
  const CatalogView after = history.After(step);
  const TypeScope scope = {.view = after,
                           .search_path = history.SessionAt(step).search_path,
                           .server_version = history.server_version()};
  return JudgeVolatility(*written.expression, left.columns.All(), scope).IsMutable();
}

}  // namespace

PLIMSOLL_RULE(volatile_check) = {
    .id = "volatile-check",
    .family = Family::kDesign,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .opt_in = true,
    .since = "0.1",
    .summary =
        "a CHECK that asks for the time, the settings or other tables may let a row pass today and "
        "fail tomorrow",
    .why =
        "PostgreSQL looks at a row when it is written and never again: such a check stays valid "
        "over rows that violate it, and a dump that holds them cannot be restored",
    .help =
        "compare columns with each other, keep the moment in a column of its own, or let a trigger "
        "check what is true only when the row is written",
    .docs = R"md(
```sql
create table booking (id bigint primary key, starts timestamptz check (starts > now()), day date);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ volatile-check: `booking_starts_check` of `booking` depends on more than the row, which may fail it when it is written again
alter table booking add constraint booking_day check (day >= current_date);
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ volatile-check: `booking_day` of `booking` depends on more than the row, which may fail it when it is written again
```

```sql
create table booking (
  id bigint primary key, made_at timestamptz default now(), starts timestamptz,
  constraint booking_ahead check (starts > made_at)
);
alter table booking add constraint booking_first check (starts > timestamptz '2020-01-01
  00:00:00+00');
```

A conversion that depends on the session's TimeZone is no better than the clock:

```sql
create table visit (id bigint primary key, came timestamptz, day date);
alter table visit add constraint visit_day check (came::date = day);
--                ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ volatile-check: `visit_day` of `visit` depends on more than the row, which may fail it when it is written again
alter table visit add constraint visit_utc check ((came at time zone 'UTC')::date = day);
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const Relation* left = TableLeft(history, step);
            if (left == nullptr) continue;
            const Relation* before = history.Before(step).Find(left->id);
            std::vector<std::string> names;
            for (const Constraint* written : ConstraintsIn(step)) {
              if (!Wavers(history, step, *written, *left)) continue;
              // IF NOT EXISTS is content with an older table or column.
              if (before != nullptr && Kept(*before, *written, {}) != nullptr) continue;
              const TableConstraint* kept = Kept(*left, *written, names);
              if (kept != nullptr) names.push_back(Quoted(kept->name));
            }
            if (names.empty()) continue;
            report(step, {.message = absl::StrCat(
                              absl::StrJoin(names, ", "), " of ", Quoted(left->DisplayName()),
                              names.size() > 1 ? " depend" : " depends",
                              " on more than the row, which may fail it when it is written again"),
                          .locks = std::vector<Lock>()});
          }
        },
};

}  // namespace plimsoll::rules
