#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// The moment behind the last step of the migration.
Moment EndOf(const History& history, const Step& step) {
  const std::vector<Step>& steps = history.steps();
  const auto end =
      std::partition_point(steps.begin() + step.index, steps.end(),
                           [&](const Step& later) { return later.migration == step.migration; });
  return static_cast<Moment>(end - steps.begin());
}

// The table to which the step may add constraints, as its migration leaves it; null where it is
// gone by then, or temporary.
const Relation* LeftBehind(const History& history, const Step& step) {
  const Name* name = nullptr;
  if (const auto* create = step.As<action::CreateTable>()) name = &create->table;
  if (const auto* add = step.As<action::AddColumn>()) name = &add->table.name;
  if (const auto* add = step.As<action::AddConstraint>()) name = &add->table.name;
  if (name == nullptr) return nullptr;
  const Relation* table = history.After(step).Find(*name, history.SessionAt(step).search_path);
  if (table == nullptr || table->persistence == Persistence::kTemporary) return nullptr;
  return history.At(EndOf(history, step)).Find(table->id);
}

// The constraints that the step's words hold.
std::vector<const Constraint*> WrittenIn(const Step& step) {
  std::vector<const Constraint*> written;
  const auto take = [&](const std::vector<Constraint>& constraints) {
    for (const Constraint& constraint : constraints) written.push_back(&constraint);
  };
  if (const auto* create = step.As<action::CreateTable>()) {
    for (const Column& column : create->columns) take(column.constraints);
    take(create->constraints);
  }
  if (const auto* add = step.As<action::AddColumn>()) take(add->column.constraints);
  if (const auto* add = step.As<action::AddConstraint>()) written.push_back(&add->constraint);
  return written;
}

// `foreign key`; empty of kinds whose names hardly anybody needs: that of a primary key is the
// table's with `_pkey`, and NOT NULL is dropped by its column.
absl::string_view WordsOf(ConstraintKind kind) {
  switch (kind) {
    case ConstraintKind::kCheck:
      return "a check";
    case ConstraintKind::kForeignKey:
      return "a foreign key";
    case ConstraintKind::kUnique:
      return "a unique constraint";
    case ConstraintKind::kExclusion:
      return "an exclusion constraint";
    case ConstraintKind::kNotNull:
    case ConstraintKind::kNull:
    case ConstraintKind::kPrimaryKey:
      return "";
  }
  return "";
}

// Whether IF NOT EXISTS is content with an older table or column.
bool WasThere(const Step& step, const Relation* before) {
  if (before == nullptr) return false;
  const auto* add = step.As<action::AddColumn>();
  return step.As<action::CreateTable>() != nullptr ||
         (add != nullptr && before->FindColumn(add->column.name) != nullptr);
}

// Those without a name; one that takes over an index has its name.
std::vector<std::string> Unnamed(const Step& step) {
  std::vector<std::string> unnamed;
  for (const Constraint* written : WrittenIn(step)) {
    const absl::string_view words = WordsOf(written->kind);
    if (words.empty() || !written->name.empty() || !written->using_index.empty()) continue;
    const std::string columns = absl::StrJoin(written->columns, ", ");
    unnamed.push_back(columns.empty() ? std::string(words)
                                      : absl::StrCat(words, " over ", Quoted(columns)));
  }
  return unnamed;
}

}  // namespace

PLIMSOLL_RULE(unnamed_constraint) = {
    .id = "unnamed-constraint",
    .family = Family::kNaming,
    .severity = Severity::kNote,
    .risk = Risk::kSafe,
    .opt_in = true,
    .since = "0.1",
    .summary = "a constraint without a name gets one that depends on what else is there",
    .why =
        "PostgreSQL puts a number behind it where the name is taken, so a later DROP or VALIDATE "
        "CONSTRAINT may fail, or hit another one, in some of the databases",
    .help = "CONSTRAINT name before its words",
    .docs = R"md(
```sql
create table account (id bigint primary key, age int check (age > 0), mail text unique);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ unnamed-constraint: a check, a unique constraint over `mail` of `account` have no name
alter table account add foreign key (id) references account;
--                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ unnamed-constraint: a foreign key over `id` of `account` has no name
```

```sql
create table account (
  id bigint primary key,
  age int constraint account_age_positive check (age > 0),
  mail text not null constraint account_mail_once unique
);
alter table account add constraint account_self foreign key (id) references account;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const std::vector<std::string> unnamed = Unnamed(step);
            if (unnamed.empty() || step.effects.failure) continue;
            const Relation* left = LeftBehind(history, step);
            if (left == nullptr || WasThere(step, history.Before(step).Find(left->id))) continue;
            report(step, {.message = absl::StrCat(
                              absl::StrJoin(unnamed, ", "), " of ", Quoted(left->DisplayName()),
                              unnamed.size() > 1 ? " have" : " has", " no name"),
                          .locks = std::vector<Lock>()});
          }
        },
};

}  // namespace plimsoll::rules
