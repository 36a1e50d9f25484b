#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// The relation where others use it, as it was before the step; null where they do not.
const Relation* FindLive(const History& history, const Step& step, const Name& name) {
  const Relation* table = history.Before(step).Find(name, history.SessionAt(step).search_path);
  const Lock* lock = table == nullptr ? nullptr : step.effects.LockOn(table->id);
  return lock != nullptr && lock->relation.live ? table : nullptr;
}

// The columns as they were when the migration began; null where all of it is new.
const Relation* FindAtStart(const History& history, const Step& step, RelationId id) {
  uint32_t first = step.index;
  while (first > 0 && history.steps()[first - 1].migration == step.migration) --first;
  return history.At(first).Find(id);
}

// The column that the check says to be NOT NULL; empty where it says something else.
std::string RequiredBy(const OptionalPredicate& predicate) {
  const bool required = predicate && predicate->kind == PredicateKind::kIsNull &&
                        predicate->negated && predicate->term.cast.empty();
  return required ? predicate->term.column : "";
}

// Whether a check that PostgreSQL enforces already says the same.
bool IsRequired(const Relation& table, const std::string& column) {
  const TableColumn* known = table.FindColumn(column);
  if (known != nullptr && known->not_null) return true;
  return std::any_of(table.constraints.begin(), table.constraints.end(),
                     [&](const TableConstraint& constraint) {
                       return constraint.kind == ConstraintKind::kCheck && constraint.enforced &&
                              RequiredBy(constraint.predicate) == column;
                     });
}

// Whether writers that knew the table before the migration can break a constraint over the columns.
// They leave new columns to their default.
bool ConcernsWriters(const History& history, const Step& step, const Relation& table,
                     const std::vector<std::string>& columns, bool not_null) {
  const Relation* start = FindAtStart(history, step, table.id);
  return std::any_of(columns.begin(), columns.end(), [&](const std::string& name) {
    const bool old = start == nullptr || start->assumed || start->FindColumn(name) != nullptr;
    const TableColumn* column = table.FindColumn(name);
    return old || (not_null && column != nullptr && !column->has_default);
  });
}

void ReportRequired(const History& history, const Step& step, const Relation& table,
                    const std::string& column, const Reporter& report) {
  if (IsRequired(table, column)) return;
  if (!ConcernsWriters(history, step, table, {column}, true)) return;
  report(step,
         {.message = absl::StrCat("from this moment on, writes to ", Quoted(table.DisplayName()),
                                  " that leave ", Quoted(column), " NULL fail (23502 or 23514)")});
}

void CheckConstraint(const History& history, const Step& step, const Reporter& report) {
  const auto* add = step.As<action::AddConstraint>();
  const Relation* table = add == nullptr ? nullptr : FindLive(history, step, add->table.name);
  if (table == nullptr || add->constraint.not_enforced) return;
  const Constraint& constraint = add->constraint;
  // Its index has refused the same rows since it was built.
  if (!constraint.using_index.empty()) return;
  const bool check = constraint.kind == ConstraintKind::kCheck && constraint.expression;
  if (constraint.kind == ConstraintKind::kNotNull) {
    return ReportRequired(history, step, *table, constraint.columns[0], report);
  }
  const std::string required = check ? RequiredBy(constraint.expression->predicate) : "";
  if (!required.empty()) return ReportRequired(history, step, *table, required, report);
  const auto& columns = check ? constraint.expression->columns : constraint.columns;
  if (!ConcernsWriters(history, step, *table, columns, false)) return;
  report(step,
         {.message = absl::StrCat("from this moment on, writes to ", Quoted(table->DisplayName()),
                                  " that do not meet the new constraint fail",
                                  constraint.not_valid ? ", validated or not" : "")});
}

void CheckIndex(const History& history, const Step& step, const Reporter& report) {
  const auto* create = step.As<action::CreateIndex>();
  const Relation* table = create == nullptr ? nullptr : FindLive(history, step, create->table);
  if (table == nullptr || !create->unique) return;
  const std::vector<std::string> columns(create->mentions.begin(), create->mentions.end());
  std::vector<std::string> keys = columns;
  for (const action::IndexColumn& key : create->columns) keys.push_back(key.column);
  if (!ConcernsWriters(history, step, *table, keys, false)) return;
  report(step,
         {.message = absl::StrCat("from this moment on, writes to ", Quoted(table->DisplayName()),
                                  " that repeat a key of the new unique index fail (23505)")});
}

}  // namespace

PLIMSOLL_RULE(required_before_written) = {
    .id = "required-before-written",
    .family = Family::kCompatibility,
    .severity = Severity::kNote,
    .risk = Risk::kRisky,
    .opt_in = true,
    .since = "0.1",
    .summary = "a new constraint refuses what running code still writes",
    .why =
        "NOT VALID spares the rows that are there, not those that come: code that was deployed "
        "before and does not fill the column, or fills it otherwise, fails from the first moment",
    .help =
        "deploy code that writes what the constraint asks for everywhere first, look for rows that "
        "still came without it, then add it",
    .docs = R"md(
```sql
--- 001_create.sql
create table parcel (id bigint primary key, country text, weight int, code text);
--- 002_require.sql
alter table parcel add constraint parcel_country check (country is not null) not valid;
--                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ required-before-written: from this moment on, writes to `parcel` that leave `country` NULL fail (23502 or 23514)
alter table parcel add constraint parcel_weight check (weight > 0) not valid;
--                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ required-before-written: from this moment on, writes to `parcel` that do not meet the new constraint fail, validated or not
create unique index concurrently parcel_code on parcel (code);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ required-before-written: from this moment on, writes to `parcel` that repeat a key of the new unique index fail (23505)
```

What was refused before is refused for no other writer, and a new column with a default suits code
that does not know it:

```sql
--- 001_create.sql
create table parcel (id bigint primary key, country text check (country is not null), code text);
--- 002_require.sql
alter table parcel alter column country set not null;
alter table parcel add column state text default 'new';
alter table parcel add constraint parcel_state check (state is not null) not valid;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            if (step.effects.failure) continue;
            CheckConstraint(history, step, report);
            CheckIndex(history, step, report);
            const auto* set = step.As<action::SetNotNull>();
            const Relation* table =
                set == nullptr ? nullptr : FindLive(history, step, set->table.name);
            if (table != nullptr) ReportRequired(history, step, *table, set->column, report);
          }
        },
};

}  // namespace plimsoll::rules
