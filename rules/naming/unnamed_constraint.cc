#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "analyzer/checking/made.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

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
  for (const Constraint* written : ConstraintsIn(step)) {
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
            const Relation* left = TableLeft(history, step);
            if (left == nullptr || WasThere(step, history.Before(step).Find(left->id))) continue;
            report(step, {.message = absl::StrCat(
                              absl::StrJoin(unnamed, ", "), " of ", Quoted(left->DisplayName()),
                              unnamed.size() > 1 ? " have" : " has", " no name"),
                          .locks = std::vector<Lock>()});
          }
        },
};

}  // namespace plimsoll::rules
