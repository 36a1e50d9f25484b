#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "analyzer/checking/made.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

// Whether two keys are known to be the same. Of DESC and NULLS FIRST the catalog only knows that
// one of them is said; of some expressions the text does not tell all.
bool IsSame(const action::IndexColumn& a, const action::IndexColumn& b) {
  return !a.reordered && !b.reordered && a.column == b.column && a.collation == b.collation &&
         a.operator_class == b.operator_class && a.expression == b.expression &&
         !a.expression.murky;
}

bool IsMurky(const Predicate& predicate) {
  return predicate.term.murky ||
         std::any_of(predicate.parts.begin(), predicate.parts.end(), IsMurky);
}

bool HaveSameRows(const Relation& a, const Relation& b) {
  if (!a.has_predicate || !b.has_predicate) return a.has_predicate == b.has_predicate;
  return a.predicate != nullptr && b.predicate != nullptr && *a.predicate == *b.predicate &&
         !IsMurky(*a.predicate);
}

const TableConstraint* BackedBy(const Relation& table, const Relation& index) {
  for (const TableConstraint& constraint : table.constraints) {
    if (constraint.index == index.id) return &constraint;
  }
  return nullptr;
}

bool Holds(const Relation& index, const std::string& column) {
  return std::find(index.include.begin(), index.include.end(), column) != index.include.end() ||
         std::any_of(index.keys.begin(), index.keys.end(),
                     [&](const action::IndexColumn& key) { return key.column == column; });
}

// Whether the table could do without `spare`, because `other` does all that it does.
bool IsSpare(const Relation& table, const Relation& spare, const Relation& other) {
  if (!spare.valid || !other.valid || spare.keys.empty() || spare.method != other.method) {
    return false;
  }
  const size_t size = spare.keys.size();
  if (size > other.keys.size() || !HaveSameRows(spare, other)) return false;
  if (!std::equal(spare.keys.begin(), spare.keys.end(), other.keys.begin(), IsSame)) return false;
  if (!std::all_of(spare.include.begin(), spare.include.end(),
                   [&](const std::string& column) { return Holds(other, column); })) {
    return false;
  }
  const TableConstraint* constraint = BackedBy(table, spare);
  if (constraint != nullptr && constraint->kind != ConstraintKind::kUnique) return false;
  const bool whole = size == other.keys.size();
  // Of a longer index the first columns alone can be searched in a btree only.
  if (!spare.unique) return whole || spare.method == "btree";
  const TableConstraint* others = BackedBy(table, other);
  const bool later = others != nullptr && others->deferrable;
  return whole && other.unique && !later && spare.nulls_not_distinct == other.nulls_not_distinct;
}

// Whether the step itself made the index, and not another of its statement.
bool IsOf(const Step& step, const Relation& table, const Relation& index) {
  const TableConstraint* backed = BackedBy(table, index);
  const auto* constraint = step.As<action::AddConstraint>();
  if (constraint != nullptr && backed != nullptr && !constraint->constraint.name.empty()) {
    return constraint->constraint.name == backed->name;
  }
  std::vector<std::string> columns;
  if (const auto* add = step.As<action::AddConstraint>()) columns = add->constraint.columns;
  const auto same = [](const std::string& column, const action::IndexColumn& key) {
    return column == key.column;
  };
  return columns.empty() ||
         std::equal(columns.begin(), columns.end(), index.keys.begin(), index.keys.end(), same);
}

bool MakesIndex(const Constraint& constraint) {
  return constraint.kind == ConstraintKind::kPrimaryKey ||
         constraint.kind == ConstraintKind::kUnique ||
         constraint.kind == ConstraintKind::kExclusion;
}

// The table on which the step may make indexes, as it is afterwards. Those of a column that it adds
// are on a column that no other index has.
const Relation* TableOf(const History& history, const Step& step) {
  const Name* name = nullptr;
  if (const auto* create = step.As<action::CreateIndex>()) name = &create->table;
  if (const auto* create = step.As<action::CreateTable>()) name = &create->table;
  if (const auto* add = step.As<action::AddConstraint>()) {
    if (MakesIndex(add->constraint)) name = &add->table.name;
  }
  if (name == nullptr || step.effects.failure) return nullptr;
  return history.After(LastOfStatement(history, step))
      .Find(*name, history.SessionAt(step).search_path);
}

// Two indexes of one table, of which `made` came with the step and `old` was there, or came with it
// and was made first. Null: there are none.
struct Pair {
  const Relation* made = nullptr;
  const Relation* old = nullptr;
  bool made_is_spare = false;
  bool either = false;  // the old one is spare as well, and nothing but an index
};

Pair FindPair(const History& history, const Step& step, const Relation& table) {
  // What a later statement or file drops, such as the index that this one replaces, is not there.
  const CatalogView end = history.At(static_cast<Moment>(history.steps().size()));
  const Relation* last = end.Find(table.id);
  if (last == nullptr) return {};
  const Step& first = FirstOfStatement(history, step);
  const CatalogView before = history.Before(first);
  const CatalogView after = history.After(LastOfStatement(history, step));
  const std::vector<const Relation*> indexes = end.IndexesOf(*last);
  for (const Relation* made : indexes) {
    // Most are older: no need to ask further.
    if (made->created < first.index) continue;
    if (before.Find(made->id) != nullptr || after.Find(made->id) == nullptr) continue;
    if (!IsOf(step, *last, *made)) continue;
    const auto covers = [&](const Relation& spare, const Relation* other) {
      return other->id < made->id && other->id != spare.id && IsSpare(*last, spare, *other);
    };
    for (const Relation* old : indexes) {
      if (!covers(*made, old)) continue;
      const bool either = BackedBy(*last, *old) == nullptr && IsSpare(*last, *old, *made);
      return {.made = made, .old = old, .made_is_spare = true, .either = either};
    }
    for (const Relation* old : indexes) {
      if (old->id >= made->id || !IsSpare(*last, *old, *made)) continue;
      // It was so before, and was said then; of two equal ones the later was spoken of.
      const bool said = std::any_of(indexes.begin(), indexes.end(), [&](const Relation* other) {
        return covers(*old, other) && (other->id < old->id || !IsSpare(*last, *other, *old));
      });
      if (!said) return {.made = made, .old = old};
    }
  }
  return {};
}

}  // namespace

PLIMSOLL_RULE(duplicate_index) = {
    .id = "duplicate-index",
    .family = Family::kPerformance,
    .severity = Severity::kWarning,
    .risk = Risk::kSafe,
    .since = "0.1",
    .summary = "two indexes of one table do the same",
    .why = "each INSERT and most UPDATEs pay for both, and hardly a query is faster for the second",
    .help = "do not create it, or drop the other one in this migration",
    .docs = R"md(
An index on `(a)` finds nothing that one on `(a, b)` does not find.

```sql
create table account (id bigint primary key, area text, email text unique);
create index account_area on account (area);
create index account_area_again on account (area);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ duplicate-index: index `account_area_again` of `account` does nothing that `account_area` does not do
create index account_email on account (email);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ duplicate-index: index `account_email` of `account` does nothing that `account_email_key` does not do
create index account_area_email on account (area, email);
--^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ duplicate-index: index `account_area` of `account` does nothing that `account_area_email` does not do
```

Method, columns and their order, operator classes, collations and the condition of a partial index
all have to agree, and a unique index is never spare beside one that is not. An index that is
dropped later, as one that is being replaced, is no finding either.

```sql
create table account (id bigint primary key, area text, email text);
create index account_area on account (area);
create unique index account_area_email on account (area, email);
create index account_email on account (email);
create index account_email_prefix on account (email text_pattern_ops);
create index account_area_mail on account (area) where email is not null;
drop index account_area;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            const Relation* table = TableOf(history, step);
            if (table == nullptr || table->persistence == Persistence::kTemporary) continue;
            const Pair pair = FindPair(history, step, *table);
            if (pair.made == nullptr) continue;
            const Relation& spare = pair.made_is_spare ? *pair.made : *pair.old;
            const Relation& other = pair.made_is_spare ? *pair.old : *pair.made;
            const std::string help =
                pair.made_is_spare ? "do not create it" : absl::StrCat("drop ", Quoted(spare.name));
            report(step, {.message = absl::StrCat(
                              "index ", Quoted(spare.name), " of ", Quoted(table->DisplayName()),
                              " does nothing that ", Quoted(other.name), " does not do"),
                          .help = pair.either ? "" : help,
                          .locks = std::vector<Lock>(),
                          .severity = pair.made_is_spare ? Severity::kWarning : Severity::kNote});
          }
        },
};

}  // namespace plimsoll::rules
