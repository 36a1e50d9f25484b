#include <algorithm>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// The column that stands twice among the keys; empty: none does. A second operator class or
// collation makes another key of it.
std::string RepeatedKey(const action::CreateIndex& create) {
  for (size_t i = 0; i < create.columns.size(); ++i) {
    const action::IndexColumn& key = create.columns[i];
    const bool again =
        !key.column.empty() &&
        std::any_of(create.columns.begin(), create.columns.begin() + static_cast<std::ptrdiff_t>(i),
                    [&](const action::IndexColumn& other) {
                      return other.column == key.column && other.collation == key.collation &&
                             other.operator_class == key.operator_class;
                    });
    if (again) return key.column;
  }
  return "";
}

// The column that INCLUDE names though the index has it already.
std::string RepeatedInclude(const std::vector<std::string>& keys,
                            const std::vector<std::string>& include) {
  absl::flat_hash_set<std::string> seen(keys.begin(), keys.end());
  for (const std::string& column : include) {
    if (!seen.insert(column).second) return column;
  }
  return "";
}

std::string RepeatedIn(const Constraint& constraint) {
  if (constraint.kind == ConstraintKind::kForeignKey ||
      constraint.kind == ConstraintKind::kExclusion) {
    return "";
  }
  return RepeatedInclude(constraint.columns, constraint.include);
}

std::string RepeatedIn(const action::CreateIndex& create) {
  const std::string key = RepeatedKey(create);
  if (!key.empty()) return key;
  std::vector<std::string> keys;
  for (const action::IndexColumn& column : create.columns) keys.push_back(column.column);
  return RepeatedInclude(keys, create.include);
}

std::string Repeated(const Step& step) {
  if (const auto* create = step.As<action::CreateIndex>()) return RepeatedIn(*create);
  if (const auto* add = step.As<action::AddConstraint>()) return RepeatedIn(add->constraint);
  if (const auto* create = step.As<action::CreateTable>()) {
    for (const Constraint& constraint : create->constraints) {
      const std::string column = RepeatedIn(constraint);
      if (!column.empty()) return column;
    }
  }
  return "";
}

}  // namespace

PLIMSOLL_RULE(index_repeats_column) = {
    .id = "index-repeats-column",
    .family = Family::kPerformance,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .since = "0.1",
    .summary = "an index that holds a column twice is a slip, or wastes room",
    .why = "it is accepted, the value is stored twice, and often another column was meant",
    .help = "leave the second one out, or name the column that was meant",
    .docs = R"md(
```sql
create table account (id bigint primary key, area text, email text);
create index account_area on account (area, email, area);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ index-repeats-column: the index holds column `area` twice
create unique index account_email on account (email) include (area, email);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ index-repeats-column: the index holds column `email` twice
```

With another operator class or another collation it is another key.

```sql
create table account (id bigint primary key, area text, email text);
create index account_area on account (area, email);
create index account_email on account (email, email text_pattern_ops);
```

`UNIQUE (a, a)` is rejected by PostgreSQL itself, `UNIQUE (a) INCLUDE (a)` is not.
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            if (step.effects.failure) continue;
            const std::string column = Repeated(step);
            if (column.empty()) continue;
            report(step,
                   {.message = absl::StrCat("the index holds column ", Quoted(column), " twice"),
                    .locks = std::vector<Lock>()});
          }
        },
};

}  // namespace plimsoll::rules
