#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {
namespace {

bool IsOneOf(ObjectKind kind, std::initializer_list<ObjectKind> kinds) {
  return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

// How the catalog knows objects that are no relations: domains as types, every routine as a
// function.
ObjectKind KnownAs(ObjectKind kind) {
  if (kind == ObjectKind::kDomain) return ObjectKind::kType;
  const bool routine =
      IsOneOf(kind, {ObjectKind::kProcedure, ObjectKind::kRoutine, ObjectKind::kAggregate});
  return routine ? ObjectKind::kFunction : kind;
}

bool IsRelation(ObjectKind kind) { return kind <= ObjectKind::kForeignTable; }

absl::string_view KindWord(const Relation& relation) {
  switch (relation.kind) {
    case RelationKind::kView:
      return "view";
    case RelationKind::kMaterializedView:
      return "materialized view";
    case RelationKind::kSequence:
      return "sequence";
    case RelationKind::kIndex:
    case RelationKind::kPartitionedIndex:
      return "index";
    default:
      return "table";
  }
}

absl::string_view KindWord(ConstraintKind kind) {
  return kind == ConstraintKind::kForeignKey ? "foreign key" : "constraint";
}

template <typename Parts>
bool Has(const Parts& parts, const std::string& name) {
  return std::any_of(parts.begin(), parts.end(),
                     [&](const auto& part) { return part.name == name; });
}

// Collects what goes with a statement without being named by it: what the catalog had before and
// has not after, of the relations that the statement locks and of the objects that stand on it.
class Cascade {
 public:
  Cascade(const History& history, const Step& step)
      : step_(step),
        path_(history.SessionAt(step).search_path),
        before_(history.Before(step)),
        after_(history.After(step)) {
    uint32_t first = step.index;
    while (first > 0 && history.steps()[first - 1].migration == step.migration) --first;
    start_ = first;
  }

  std::vector<std::string> Taken() {
    for (const Lock& lock : step_.effects.locks) {
      const Relation* old = lock.relation.live ? before_.Find(lock.relation.id) : nullptr;
      if (old == nullptr) continue;
      const Relation* left = after_.Find(old->id);
      if (left == nullptr) {
        NoteGone(*old);
      } else {
        NoteParts(*old, *left);
      }
    }
    if (const auto* drop = step_.As<action::Drop>()) {
      for (const Name& name : drop->objects) {
        if (!IsRelation(drop->kind)) NoteObjectsOn(KnownAs(drop->kind), name.name);
      }
    }
    return std::move(taken_);
  }

 private:
  // Whether the statement names it, or the schema that it is in.
  bool IsNamed(const Relation& relation) const {
    const auto* drop = step_.As<action::Drop>();
    if (drop == nullptr) return false;
    return std::any_of(drop->objects.begin(), drop->objects.end(), [&](const Name& name) {
      if (drop->kind == ObjectKind::kSchema) return relation.schema == name.name;
      return IsRelation(drop->kind) && before_.Find(name, path_) == &relation;
    });
  }

  void NoteGone(const Relation& old) {
    if (IsNamed(old)) return;
    if (old.IsIndex()) return NoteIndex(old);
    // A sequence goes with its column and a partition with its whole, CASCADE or not.
    if (old.owner != 0 || old.is_partition) return;
    taken_.push_back(absl::StrCat(KindWord(old), " ", Quoted(old.DisplayName())));
  }

  // An index goes with its table, its constraint and its columns.
  void NoteIndex(const Relation& index) {
    const Relation* old = before_.Find(index.table);
    const Relation* left = after_.Find(index.table);
    if (old == nullptr || left == nullptr) return;
    for (const TableConstraint& constraint : old->constraints) {
      if (constraint.index == index.id) return;
    }
    for (const std::string& column : index.mentions) {
      if (left->FindColumn(column) == nullptr) return;
    }
    taken_.push_back(
        absl::StrCat("index ", Quoted(index.name), " of ", Quoted(old->DisplayName())));
  }

  bool NamesColumn(const std::string& column) const {
    const auto* drop = step_.As<action::DropColumn>();
    return drop != nullptr && drop->column == column;
  }

  bool NamesConstraint(const std::string& constraint) const {
    const auto* drop = step_.As<action::DropConstraint>();
    return drop != nullptr && drop->constraint == constraint;
  }

  void NoteParts(const Relation& old, const Relation& left) {
    const std::string of = absl::StrCat(" of ", Quoted(old.DisplayName()));
    const auto take = [&](absl::string_view word, const std::string& name) {
      taken_.push_back(absl::StrCat(word, " ", Quoted(name), of));
    };
    for (const TableColumn& column : old.columns) {
      const TableColumn* same = left.FindColumn(column.name);
      if (same == nullptr && !NamesColumn(column.name)) take("column", column.name);
      if (same != nullptr && column.has_default && !same->has_default) {
        take("the default of column", column.name);
      }
    }
    for (const TableConstraint& constraint : old.constraints) {
      if (left.FindConstraint(constraint.name) != nullptr) continue;
      // One over a column that is gone goes with that, CASCADE or not.
      const bool with_column = std::any_of(
          constraint.columns.begin(), constraint.columns.end(),
          [&](const std::string& column) { return left.FindColumn(column) == nullptr; });
      if (with_column || NamesConstraint(constraint.name)) continue;
      take(KindWord(constraint.kind), constraint.name);
    }
    for (const Trigger& trigger : old.triggers) {
      if (!Has(left.triggers, trigger.name)) take("trigger", trigger.name);
    }
    for (const RowPolicy& policy : old.policies) {
      if (!Has(left.policies, policy.name)) take("policy", policy.name);
    }
    for (const RewriteRule& rule : old.rules) {
      if (!Has(left.rules, rule.name)) take("rule", rule.name);
    }
  }

  // When the object was made; nothing where it is not known, or there no more.
  std::optional<Moment> MadeAt(const CatalogView& view, const Dependence& object) const {
    if (object.on == ObjectKind::kType) {
      const UserType* type = view.FindType(object.object, path_);
      return type == nullptr ? std::nullopt : std::optional(type->created);
    }
    if (object.on == ObjectKind::kFunction) {
      const Routine* routine = view.FindRoutine(object.object, path_);
      return routine == nullptr ? std::nullopt : std::optional(routine->created);
    }
    const NamedObject* named = view.FindObject(object.on, object.object, path_);
    return named == nullptr ? std::nullopt : std::optional(named->created);
  }

  void NoteObjectsOn(ObjectKind kind, const std::string& name) {
    for (const Dependence& object : before_.ObjectsOn(kind, name)) {
      const std::optional<Moment> made = MadeAt(before_, object);
      if (!made || *made > start_ || MadeAt(after_, object)) continue;
      const absl::string_view word = object.on == ObjectKind::kType       ? "type"
                                     : object.on == ObjectKind::kFunction ? "function"
                                                                          : "object";
      const std::string taken = absl::StrCat(word, " ", Quoted(object.object.name));
      if (std::find(taken_.begin(), taken_.end(), taken) != taken_.end()) continue;
      taken_.push_back(taken);
      NoteObjectsOn(object.on, object.object.name);
    }
  }

  const Step& step_;
  const std::vector<std::string>& path_;
  CatalogView before_;
  CatalogView after_;
  Moment start_ = 0;  // of the migration
  std::vector<std::string> taken_;
};

bool Cascades(const Step& step) {
  if (const auto* drop = step.As<action::Drop>()) return drop->cascade;
  if (const auto* drop = step.As<action::DropColumn>()) return drop->cascade;
  const auto* drop = step.As<action::DropConstraint>();
  return drop != nullptr && drop->cascade;
}

// The relation of which no file tells what stands on it; null where they do.
const Relation* FindAssumed(const History& history, const Step& step) {
  std::vector<Name> names;
  if (const auto* drop = step.As<action::Drop>()) {
    if (IsRelation(drop->kind)) names = drop->objects;
  } else if (const auto* column = step.As<action::DropColumn>()) {
    names = {column->table.name};
  } else if (const auto* constraint = step.As<action::DropConstraint>()) {
    names = {constraint->table.name};
  }
  for (const Name& name : names) {
    const Relation* found = history.Before(step).Find(name, history.SessionAt(step).search_path);
    if (found != nullptr && found->assumed) return found;
  }
  return nullptr;
}

void Check(const History& history, const Step& step, const Reporter& report) {
  const std::vector<std::string> taken = Cascade(history, step).Taken();
  if (!taken.empty()) {
    return report(step,
                  {.message = absl::StrCat("CASCADE also drops ", absl::StrJoin(taken, ", "))});
  }
  const Relation* assumed = FindAssumed(history, step);
  if (assumed == nullptr) return;
  report(step, {.message = absl::StrCat("CASCADE drops whatever stands on ",
                                        Quoted(assumed->DisplayName()),
                                        " or its parts, and no file here tells what that is"),
                .severity = Severity::kNote});
}

}  // namespace

PLIMSOLL_RULE(drop_cascades) = {
    .id = "drop-cascades",
    .family = Family::kDataLoss,
    .severity = Severity::kError,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "DROP … CASCADE takes along what the statement does not name",
    .why =
        "views, foreign keys, columns and policies of others go without a word in the file, and "
        "what used them fails or is no longer guarded",
    .help =
        "drop what stands on it by name, in statements of its own, and leave CASCADE out: "
        "PostgreSQL then refuses (2BP01) where something was forgotten",
    .docs = R"md(
```sql
--- 001_create.sql
create table customer (id bigint primary key, country text);
create table purchase (id bigint primary key, customer_id bigint references customer);
create view foreigner as select id from customer where country <> 'DE';
create type mood as enum ('glad', 'sad');
create table diary (day date primary key, mood mood);
--- 002_drop.sql
alter table customer drop column country cascade;
--                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^ drop-cascades: CASCADE also drops view `foreigner`
alter table customer drop constraint customer_pkey cascade;
--                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ drop-cascades: CASCADE also drops foreign key `purchase_customer_id_fkey` of `purchase`
drop type mood cascade;
--^^^^^^^^^^^^^^^^^^^^ drop-cascades: CASCADE also drops column `mood` of `diary`
```

By name nothing is forgotten, and nothing goes that was not meant:

```sql
--- 001_create.sql
create table customer (id bigint primary key, country text);
create view foreigner as select id from customer where country <> 'DE';
--- 002_drop.sql
drop view foreigner;
alter table customer drop column country;
```

Where nothing else stands on it, CASCADE changes nothing, and what goes with its table anyway is not
taken by CASCADE:

```sql
--- 001_create.sql
create table customer (id bigserial primary key, country text);
create index customer_country on customer (country);
--- 002_drop.sql
drop table customer cascade;
```
)md",
    .check =
        [](const History& history, const Reporter& report) {
          for (const Step& step : history.steps()) {
            if (Cascades(step) && !step.effects.failure) Check(history, step, report);
          }
        },
};

}  // namespace plimsoll::rules
