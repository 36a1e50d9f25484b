#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analyzer/checking/made.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

enum class Kind { kNone, kInherits, kTyped, kRule };

struct Use {
  Kind kind = Kind::kNone;
  const Name* relation = nullptr;
};

Use UseIn(const Step& step) {
  if (const auto* create = step.As<action::CreateTable>()) {
    const Kind kind = !create->inherits.empty() ? Kind::kInherits
                      : create->of_type         ? Kind::kTyped
                                                : Kind::kNone;
    return {.kind = kind, .relation = &create->table};
  }
  if (const auto* alter = step.As<action::AlterRelation>()) {
    const Kind kind = alter->alteration == action::Alteration::kInherit  ? Kind::kInherits
                      : alter->alteration == action::Alteration::kOfType ? Kind::kTyped
                                                                         : Kind::kNone;
    return {.kind = kind, .relation = &alter->relation.name};
  }
  if (const auto* rule = step.As<action::CreateRule>()) {
    return {.kind = Kind::kRule, .relation = &rule->table};
  }
  return {};
}

std::string InheritsWords(const Relation& table, const CatalogView& view) {
  std::vector<std::string> parents;
  for (const RelationId id : table.parents) {
    if (const Relation* parent = view.Find(id)) parents.push_back(Quoted(parent->DisplayName()));
  }
  // What it inherited may be taken back by now, or be a partition of its parent instead.
  if (parents.empty() || table.is_partition) return "";
  return absl::StrCat("no primary key, unique constraint or foreign key of ",
                      absl::StrJoin(parents, ", "), " holds for the rows of ",
                      Quoted(table.DisplayName()), ", which it shows as its own");
}

std::string RuleWords(const action::CreateRule& rule, const Relation& table) {
  const bool kept = std::any_of(table.rules.begin(), table.rules.end(),
                                [&](const RewriteRule& own) { return own.name == rule.name; });
  if (!kept) return "";
  return absl::StrCat("rule ", Quoted(rule.name), " rewrites every ",
                      absl::AsciiStrToUpper(rule.event), " on ", Quoted(table.DisplayName()),
                      " before it is planned, so what that computes may be computed twice");
}

}  // namespace

PLIMSOLL_RULE(inheritance) = {
    .id = "inheritance",
    .family = Family::kDesign,
    .severity = Severity::kNote,
    .risk = Risk::kSafe,
    .opt_in = true,
    .since = "0.1",
    .summary = "INHERITS, typed tables and rules do less, or more, than they look like",
    .why =
        "a parent's keys do not hold for its children's rows, a typed table's columns change by "
        "ALTER TYPE … CASCADE alone, and a rule copies expressions: nextval() or random() in a "
        "statement may run once more for it",
    .help =
        "partitions, or a foreign key to a common table; columns written out; triggers in the "
        "place of rules",
    .docs = R"md(
```sql
create table city (name text primary key);
create table capital (state text) inherits (city);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ inheritance: no primary key, unique constraint or foreign key of `city` holds for the rows of `capital`, which it shows as its own
create type reading as (taken_at timestamptz, value numeric);
create table sensor of reading;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^ inheritance: the columns of `sensor` are those of type `reading`: only ALTER TYPE … CASCADE changes them
create rule keep as on delete to city do instead nothing;
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ inheritance: rule `keep` rewrites every DELETE on `city` before it is planned, so what that computes may be computed twice
```

```sql
create table city (name text, state text, primary key (name, state)) partition by list (state);
create table city_de partition of city for values in ('de');
create table sensor (taken_at timestamptz, value numeric);
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const Use use = UseIn(step);
            if (use.kind == Kind::kNone) continue;
            const Relation* made =
                history.After(step).Find(*use.relation, history.SessionAt(step).search_path);
            if (made == nullptr || made->persistence == Persistence::kTemporary) continue;
            const CatalogView end = history.At(EndOfMigration(history, step));
            const Relation* left = end.Find(made->id);
            if (left == nullptr) continue;
            std::string message;
            if (use.kind == Kind::kInherits) message = InheritsWords(*left, end);
            if (use.kind == Kind::kTyped && left->of_type) {
              message = absl::StrCat("the columns of ", Quoted(left->DisplayName()),
                                     " are those of type ", Quoted(left->of_type->name),
                                     ": only ALTER TYPE … CASCADE changes them");
            }
            if (use.kind == Kind::kRule) {
              message = RuleWords(*step.As<action::CreateRule>(), *left);
            }
            if (message.empty()) continue;
            report(step, {.message = message, .locks = std::vector<Lock>()});
          }
        },
};

}  // namespace plimsoll::rules
