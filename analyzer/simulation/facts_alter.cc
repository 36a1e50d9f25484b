// The facts of ALTER TABLE's subcommands (commands/tablecmds.c).

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "analyzer/simulation/facts.h"
#include "analyzer/simulation/type_change.h"
#include "analyzer/simulation/volatility.h"

namespace plimsoll {
namespace {

bool Contains(const std::vector<std::string>& values, const std::string& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

bool HasConstraint(const Column& column, ConstraintKind kind) {
  return std::any_of(column.constraints.begin(), column.constraints.end(),
                     [&](const Constraint& c) { return c.kind == kind; });
}

bool IsIndexConstraint(ConstraintKind kind) {
  return kind == ConstraintKind::kUnique || kind == ConstraintKind::kPrimaryKey ||
         kind == ConstraintKind::kExclusion;
}

bool MayHoldRows(const std::vector<const Relation*>& heaps) {
  return std::any_of(heaps.begin(), heaps.end(),
                     [](const Relation* heap) { return heap->maybe_has_rows; });
}

Cause CauseOf(ConstraintKind kind) {
  switch (kind) {
    case ConstraintKind::kNotNull:
    case ConstraintKind::kNull:
      return Cause::kNotNull;
    case ConstraintKind::kCheck:
      return Cause::kCheck;
    case ConstraintKind::kUnique:
      return Cause::kUnique;
    case ConstraintKind::kPrimaryKey:
      return Cause::kPrimaryKey;
    case ConstraintKind::kForeignKey:
      return Cause::kForeignKey;
    case ConstraintKind::kExclusion:
      return Cause::kExclusion;
  }
  return Cause::kCheck;
}

}  // namespace

bool SameType(const TypeName& a, const TypeName& b) {
  return a.name.name == b.name.name && a.modifiers == b.modifiers && a.array == b.array;
}

// ---- columns ---------------------------------------------------------------------------------

// Why ATExecAddColumn copies the table for this column; kQuery where it does not.
Cause Inspector::CauseOfRewrite(const Column& column, bool& possible) const {
  if (column.generated == Generated::kStored) return Cause::kStoredGenerated;
  if (column.generated == Generated::kVirtual) return Cause::kQuery;
  if (column.generated == Generated::kIdentity || column.serial) return Cause::kIdentity;
  const UserType* type = view_.FindType(column.type.name, situation_.search_path);
  if (type != nullptr && type->constrained && !column.type.array) return Cause::kConstrainedDomain;
  if (!column.default_value || column.default_value->is_null) return Cause::kQuery;
  const VolatilityBounds bounds = JudgeVolatility(*column.default_value, {}, Scope());
  possible = !bounds.IsVolatile();
  return bounds.IsSteady() ? Cause::kQuery : Cause::kVolatileDefault;
}

// NOT NULL by itself, by a key, or by its domain.
bool Inspector::IsRequired(const Column& column) const {
  const UserType* type = view_.FindType(column.type.name, situation_.search_path);
  return HasConstraint(column, ConstraintKind::kNotNull) ||
         HasConstraint(column, ConstraintKind::kPrimaryKey) ||
         (type != nullptr && type->not_null && !column.type.array);
}

// Whether existing rows get a value in the new column.
bool Inspector::HasValue(const Column& column, Cause rewrite) const {
  const UserType* type = view_.FindType(column.type.name, situation_.search_path);
  const bool computed = rewrite != Cause::kQuery && rewrite != Cause::kConstrainedDomain;
  return computed || (column.default_value && !column.default_value->is_null) ||
         (type != nullptr && type->has_default);
}

void Inspector::FailNull(const Relation& table, const std::string& column) {
  Fail("23502", absl::StrCat("column \"", column, "\" of relation \"", table.name,
                             "\" contains null values"));
}

void Inspector::Look(const action::AddColumn& add) {
  const Relation* table = NameTarget(add.table, true);
  if (table == nullptr) return;
  const Column& column = add.column;
  if (table->FindColumn(column.name) != nullptr &&
      !Sibling<action::DropColumn>(
          [&](const action::DropColumn& drop) { return drop.column == column.name; })) {
    if (!add.if_not_exists) {
      Fail("42701", absl::StrCat("column \"", column.name, "\" of relation \"", table->name,
                                 "\" already exists"));
    }
    return;
  }
  // access/htup_details.h:MaxHeapAttributeNumber
  if (table->columns.size() >= 1600) {
    return Fail("54011", "tables can have at most 1600 columns");
  }
  if (table->is_partition && table->parents.size() == 1) {
    Fail("42809", "cannot add column to a partition");
    return;
  }
  if (add.table.only && !table->children.empty()) {
    Fail("42P16", "column must be added to child tables too");
    return;
  }
  for (const Relation* child : view_.DescendantsOf(*table)) {
    const TableColumn* own = child->FindColumn(column.name);
    if (own == nullptr || own->type == nullptr || SameType(*own->type, column.type)) continue;
    if (IsInherited(*child, column.name)) continue;  // dropped here, and made anew
    return Fail("42804", absl::StrCat("child table \"", child->name,
                                      "\" has different type for column \"", column.name, "\""));
  }
  if (!HasFunctions(column.default_value) || !HasFunctions(column.generated_from)) return;
  if (column.generated_from && column.generated != Generated::kIdentity &&
      !CheckImmutable(*column.generated_from, table->columns, "generation expression")) {
    return;
  }
  const std::vector<const Relation*> heaps = Heaps(*table, add.table.only);
  bool possible = false;
  const Cause rewrite = CauseOfRewrite(column, possible);
  const bool rewrites = rewrite != Cause::kQuery;
  if (rewrites) Rewrite(heaps, rewrite, possible);
  // Each row of a copy asks its sequence.
  if (rewrite == Cause::kVolatileDefault && MayHoldRows(heaps)) {
    NoteSequences(column.default_value->sequences);
  }
  const bool has_value = HasValue(column, rewrite);
  const bool required = IsRequired(column);
  const bool is_virtual = column.generated == Generated::kVirtual;
  if (required && !has_value && !is_virtual) {
    facts_.breaks.push_back(
        {.kind = BreakKind::kRequiredColumn, .relation = Describe(*table), .detail = column.name});
    if (MayHoldRows(heaps)) return FailNull(*table, column.name);
  }
  if (required && !rewrites && (!has_value || is_virtual)) Scan(heaps, Cause::kNotNull);
  for (const Constraint& constraint : column.constraints) {
    if (constraint.kind == ConstraintKind::kCheck && !constraint.not_enforced && !rewrites) {
      Scan(heaps, Cause::kCheck);
    } else if (constraint.kind == ConstraintKind::kForeignKey) {
      // With no value in the new column there is nothing to look up (ATAddForeignKeyConstraint).
      NoteForeignKey(table, constraint, has_value && !constraint.not_enforced);
    } else if (IsIndexConstraint(constraint.kind)) {
      NoteIndexConstraint(*table, add.table.only, constraint, column.name);
    }
  }
}

void Inspector::Look(const action::DropColumn& drop) {
  const Relation* table = NameTarget(drop.table, true);
  if (table == nullptr) return;
  const std::string& column = drop.column;
  if (drop.if_exists && KnowsAll(*table) && table->FindColumn(column) == nullptr) return;
  if (!HasColumn(*table, column, /*to_drop=*/true)) return;
  // Even ONLY has to tell the children that their column is now their own (ATExecDropColumn).
  for (const RelationId id : drop.table.only ? table->children : std::vector<RelationId>()) {
    if (const Relation* child = view_.Find(id)) Add(Role::kDescendant, *child);
  }
  if (IsInherited(*table, column)) {
    return Fail("42P16", absl::StrCat("cannot drop inherited column \"", column, "\""));
  }
  if (Contains(table->partition_keys, column)) {
    return Fail("42P16", absl::StrCat("cannot drop column \"", column,
                                      "\" because it is part of the partition key of relation \"",
                                      table->name, "\""));
  }
  const auto depend = [&] {
    Fail("2BP01", absl::StrCat("cannot drop column ", column, " of table ", table->name,
                               " because other objects depend on it"));
  };
  for (const Relation* view : view_.ViewsOn(*table)) {
    const bool uses = std::any_of(view->uses.begin(), view->uses.end(), [&](const ViewUse& use) {
      return use.relation == table->id && Contains(use.columns, column);
    });
    if (!uses) continue;
    if (!drop.cascade) return depend();
    NoteDroppedView(*view);
  }
  if (!drop.cascade && IsUsedByRoutine(*table, &column)) return depend();
  for (const TableColumn& other : table->columns) {
    // Up to 14 the generated column went silently with it.
    if (Contains(other.generated_from, column) && !drop.cascade &&
        situation_.server_version >= 15) {
      return depend();
    }
  }
  for (const TableConstraint& constraint : table->constraints) {
    if (!Contains(constraint.columns, column)) continue;
    NoteDroppedConstraint(*table, constraint, drop.cascade);
    // A foreign key of its own goes with the column, unless it stands on other columns.
    const bool kept = std::any_of(
        table->constraints.begin(), table->constraints.end(), [&](const TableConstraint& foreign) {
          return foreign.referenced == table->id && constraint.index != 0 &&
                 foreign.referenced_columns == constraint.columns &&
                 !Contains(foreign.columns, column);
        });
    if (kept && !drop.cascade) return depend();
  }
  NoteColumnGone(*table, column);
  facts_.losses.push_back(
      {.kind = LossKind::kColumn, .relation = Describe(*table), .column = column});
  facts_.breaks.push_back(
      {.kind = BreakKind::kDroppedObject, .relation = Describe(*table), .detail = column});
}

void Inspector::NoteColumnGone(const Relation& table, const std::string& column) {
  for (const Relation* index : view_.IndexesOf(table)) {
    if (Mentions(*index, column)) Add(Role::kDroppedIndex, *index);
  }
  for (const Relation* sequence : view_.SequencesOf(table)) {
    if (sequence->owner_column == column) Add(Role::kSequence, *sequence);
  }
  for (const TableColumn& other : table.columns) {
    if (Contains(other.generated_from, column)) NoteColumnGone(table, other.name);
  }
}

// Reads each heap on which the column is neither NOT NULL nor proven to be.
void Inspector::NoteNotNull(const Relation& table, bool only, const std::string& column,
                            Cause cause) {
  for (const Relation* heap : Heaps(table, only)) {
    const Proof proof = ProvenNotNull(*heap, column);
    if (proof != Proof::kYes) Add(Role::kScanned, *heap, cause, proof == Proof::kUnknown);
  }
}

void Inspector::Look(const action::SetNotNull& set) {
  const Relation* table = NameTarget(set.table, true);
  if (table == nullptr || !HasColumn(*table, set.column)) return;
  const bool empty = Sibling<action::AddColumn>([&](const action::AddColumn& add) {
    bool possible = false;
    return add.column.name == set.column && add.column.generated == Generated::kNo &&
           !HasValue(add.column, CauseOfRewrite(add.column, possible));
  });
  // A column that the same statement adds without a value is null in every row there is.
  if (empty && MayHoldRows(Heaps(*table, set.table.only))) return FailNull(*table, set.column);
  NoteNotNull(*table, set.table.only, set.column, Cause::kNotNull);
}

void Inspector::Look(const action::DropNotNull& drop) {
  const Relation* table = NameTarget(drop.table, true);
  if (table == nullptr || !HasColumn(*table, drop.column)) return;
  const TableConstraint* key = PrimaryKeyOf(*table);
  if (key != nullptr && !IsDroppedBeside(*key) && Contains(key->columns, drop.column)) {
    Fail("42P16", absl::StrCat("column \"", drop.column, "\" is in a primary key"));
  }
}

void Inspector::Look(const action::SetDefault& set) {
  const Relation* table = NameTarget(set.table, true);
  if (table != nullptr) HasColumn(*table, set.column);
}

void Inspector::Look(const action::DropDefault& drop) {
  const Relation* table = NameTarget(drop.table, true);
  if (table == nullptr || !HasColumn(*table, drop.column)) return;
  const TableColumn* column = table->FindColumn(drop.column);
  // Inserts that relied on the default now lack a value.
  if (column != nullptr && column->not_null && column->has_default) {
    facts_.breaks.push_back(
        {.kind = BreakKind::kRequiredColumn, .relation = Describe(*table), .detail = drop.column});
  }
}

// ---- ALTER COLUMN TYPE -----------------------------------------------------------------------

void Inspector::Look(const action::AlterColumnType& alter) {
  const Relation* table = NameTarget(alter.table, true);
  if (table == nullptr) return;
  if (table->kind == RelationKind::kView || table->kind == RelationKind::kMaterializedView) {
    return Fail("42809", absl::StrCat("ALTER action ALTER COLUMN ... SET DATA TYPE cannot be "
                                      "performed on relation \"",
                                      table->name, "\""));
  }
  if (!HasColumn(*table, alter.column)) return;
  const auto same = std::count_if(with_.begin(), with_.end(), [&](const Action& action) {
    const auto* other = std::get_if<action::AlterColumnType>(&action.kind);
    return other != nullptr && other->column == alter.column;
  });
  if (same > 1) {
    return Fail("0A000", absl::StrCat("cannot alter type of column \"", alter.column, "\" twice"));
  }
  if (!HasFunctions(alter.using_expression)) return;
  for (const Relation* view : view_.ViewsOn(*table)) {
    for (const ViewUse& use : view->uses) {
      if (use.relation == table->id && Contains(use.columns, alter.column)) {
        return Fail("0A000", "cannot alter type of a column used by a view or rule");
      }
    }
  }
  if (IsUsedByRoutine(*table, &alter.column)) {
    return Fail("0A000", "cannot alter type of a column used by a function or procedure");
  }
  for (const TableColumn& other : table->columns) {
    if (Contains(other.generated_from, alter.column)) {
      return Fail(situation_.server_version >= 15 ? "0A000" : "42601",
                  "cannot alter type of a column used by a generated column");
    }
  }
  if (IsInherited(*table, alter.column)) {
    return Fail("42P16", absl::StrCat("cannot alter inherited column \"", alter.column, "\""));
  }
  if (alter.table.only && !table->children.empty()) {
    return Fail("42P16", absl::StrCat("type of inherited column \"", alter.column,
                                      "\" must be changed in child tables too"));
  }
  if (Contains(table->partition_keys, alter.column)) {
    return Fail("42P16", absl::StrCat("cannot alter column \"", alter.column,
                                      "\" because it is part of the partition key of relation \"",
                                      table->name, "\""));
  }
  if (alter.table.only && !table->children.empty()) {
    return Fail("42P16", absl::StrCat("type of inherited column \"", alter.column,
                                      "\" must be changed in child tables too"));
  }
  for (const Relation* index : view_.IndexesOf(*table)) {
    // The partitioned index itself has no file to keep or to build.
    if (index->kind == RelationKind::kPartitionedIndex && Mentions(*index, alter.column)) {
      Add(Role::kRecreatedIndex, *index);
    }
  }
  for (const Relation* heap : Heaps(*table, alter.table.only)) NoteTypeChangeOn(*heap, alter);
}

// Whether an index on the column cannot be had over the new type; notes the failure.
bool Inspector::RefusesType(const Relation& heap, const action::AlterColumnType& alter,
                            const TypeName& from) {
  for (const Relation* index : view_.IndexesOf(heap)) {
    for (const action::IndexColumn& key : index->keys) {
      if (key.column != alter.column) continue;
      const IndexFate fate = JudgeIndexKey(from, alter.type, index->method, key, Scope());
      if (fate == IndexFate::kNoClass) {
        Fail("42704", absl::StrCat("data type ", alter.type.name.name,
                                   " has no default operator class for access method \"",
                                   index->method, "\""));
        return true;
      }
      if (fate == IndexFate::kWrongClass) {
        Fail("42804", absl::StrCat("operator class \"", key.operator_class,
                                   "\" does not accept data type ", alter.type.name.name));
        return true;
      }
    }
  }
  return false;
}

// The indexes on the column of a heap whose rows stay as they are.
void Inspector::NoteIndexesOfType(const Relation& heap, const action::AlterColumnType& alter,
                                  const TypeName* from) {
  for (const Relation* index : view_.IndexesOf(heap)) {
    if (!Mentions(*index, alter.column)) continue;
    Add(Role::kRecreatedIndex, *index);
    // indexcmds.c:CheckIndexCompatible; those that belong to one of the whole are built again.
    bool keeps = from != nullptr && !index->has_expression && !index->has_predicate &&
                 index->valid && index->parents.empty();
    for (const action::IndexColumn& key : index->keys) {
      if (key.column != alter.column || from == nullptr) continue;
      keeps = keeps &&
              JudgeIndexKey(*from, alter.type, index->method, key, Scope()) == IndexFate::kKept;
    }
    if (keeps) continue;
    AddBuild(heap, index->DisplayName(), Cause::kTypeChange);
    Add(Role::kScanned, heap, Cause::kTypeChange);
  }
}

void Inspector::NoteTypeChangeOn(const Relation& heap, const action::AlterColumnType& alter) {
  const TableColumn* column = heap.FindColumn(alter.column);
  const TypeName* from = column != nullptr ? column->type.get() : nullptr;
  const bool is_virtual = column != nullptr && column->generated == Generated::kVirtual;
  TypeChange change = {.possible =
                           MayKeepBytes(alter.type, alter.using_expression, situation_.utc)};
  if (from != nullptr) {
    change = JudgeTypeChange(*from, alter.type, alter.using_expression, alter.column, Scope(),
                             situation_.utc);
  }
  // The sequence of an identity column gets the type too.
  for (const Relation* sequence : view_.SequencesOf(heap)) {
    const bool identity = column != nullptr && column->generated == Generated::kIdentity;
    if (identity && sequence->owner_column == alter.column) Add(Role::kUsedSequence, *sequence);
  }
  if (!change.sqlstate.empty() && !is_virtual) return Fail(change.sqlstate, change.message);
  if (from != nullptr && RefusesType(heap, alter, *from)) return;
  const bool drops_default = Sibling<action::DropDefault>(
      [&](const action::DropDefault& drop) { return drop.column == alter.column; });
  if (from != nullptr && column->default_value && !drops_default &&
      !CanConvertDefault(*column->default_value, *from, alter.type, Scope())) {
    return Fail("42804",
                absl::StrCat("default for column \"", alter.column,
                             "\" cannot be cast automatically to type ", alter.type.name.name));
  }
  const bool stored = column != nullptr && column->generated == Generated::kStored;
  const bool rewrites = (change.rewrites || stored) && !is_virtual;
  if (rewrites) {
    Rewrite({&heap}, Cause::kTypeChange, change.possible);
    facts_.breaks.push_back(
        {.kind = BreakKind::kChangedType, .relation = Describe(heap), .detail = alter.column});
  } else {
    NoteIndexesOfType(heap, alter, from);
  }
  for (const TableConstraint& constraint : heap.constraints) {
    if (!Contains(constraint.columns, alter.column)) continue;
    if (constraint.kind == ConstraintKind::kCheck && constraint.validated && constraint.enforced &&
        !rewrites) {
      Add(Role::kScanned, heap, Cause::kCheck);
    }
    if (constraint.kind != ConstraintKind::kForeignKey) continue;
    const Relation* referenced = view_.Find(constraint.referenced);
    if (referenced == nullptr) continue;
    Add(Role::kPartner, *referenced);
    if (rewrites && constraint.validated && constraint.enforced) {
      Scan({&heap, referenced}, Cause::kForeignKey);
    }
  }
  for (const Relation* child : view_.ReferencingTables(heap)) {
    for (const TableConstraint& constraint : child->constraints) {
      const TableConstraint* key = PrimaryKeyOf(heap);
      const bool by_key = constraint.referenced_columns.empty() && key != nullptr &&
                          Contains(key->columns, alter.column);
      const bool touches = constraint.referenced == heap.id &&
                           (by_key || Contains(constraint.referenced_columns, alter.column));
      if (!touches) continue;
      Add(Role::kPartner, *child);
      if (rewrites && constraint.validated && constraint.enforced) {
        Scan({child, &heap}, Cause::kForeignKey);
      }
    }
  }
}

// ---- constraints -----------------------------------------------------------------------------

void Inspector::NoteForeignKey(const Relation* table, const Constraint& constraint, bool scans) {
  const Relation* referenced = Find(constraint.referenced);
  if (referenced == nullptr) {
    FailMissing(constraint.referenced);
    return;
  }
  if (referenced->columns_known && !constraint.referenced_columns.empty() &&
      !HasUniqueOver(*referenced, constraint.referenced_columns, view_)) {
    Fail("42830", absl::StrCat("there is no unique constraint matching given keys for referenced "
                               "table \"",
                               referenced->name, "\""));
    return;
  }
  Add(Role::kReferenced, *referenced);
  for (const Relation* part : view_.DescendantsOf(*referenced)) Add(Role::kReferenced, *part);
  if (!scans || table == nullptr) return;
  const std::vector<const Relation*> heaps = Heaps(*table, false);
  Scan(heaps, Cause::kForeignKey);
  // The join looks into the referenced table only for rows there are.
  if (MayHoldRows(heaps)) Scan(Heaps(*referenced, false), Cause::kForeignKey);
}

// UNIQUE, PRIMARY KEY and EXCLUDE, which build an index or take one over. `inline_column` is the
// column that the same action adds, if any.
void Inspector::NoteIndexConstraint(const Relation& table, bool only, const Constraint& constraint,
                                    const std::string& inline_column) {
  const Cause cause = CauseOf(constraint.kind);
  std::vector<std::string> columns = constraint.columns;
  if (!constraint.using_index.empty()) {
    const Relation* index = Find({.schema = table.schema, .name = constraint.using_index});
    if (index != nullptr) {
      Add(Role::kUsedIndex, *index);
      columns.clear();
      for (const action::IndexColumn& key : index->keys) columns.push_back(key.column);
    } else if (KnowsAll(table)) {
      Fail("42704", absl::StrCat("index \"", constraint.using_index, "\" does not exist"));
      return;
    }
  }
  if (constraint.kind == ConstraintKind::kPrimaryKey) {
    const TableConstraint* key = PrimaryKeyOf(table);
    if (key != nullptr && !IsDroppedBeside(*key)) {
      Fail("42P16",
           absl::StrCat("multiple primary keys for table \"", table.name, "\" are not allowed"));
      return;
    }
    for (const std::string& column : columns) {
      if (column == inline_column) continue;
      for (const TableConstraint& other : table.constraints) {
        if (other.kind == ConstraintKind::kNotNull && !other.validated &&
            Contains(other.columns, column)) {
          return Fail("55000",
                      absl::StrCat("cannot create primary key on column \"", column, "\""));
        }
      }
      const bool set_here = Sibling<action::SetNotNull>(
          [&](const action::SetNotNull& set) { return set.column == column; });
      if (!set_here) NoteNotNull(table, only, column, Cause::kNotNull);
    }
  }
  if (!constraint.using_index.empty()) return;
  CheckPartitionKey(table.partition_keys, constraint, inline_column);
  facts_.conditions |= kBuildsIndex;
  for (const Relation* heap : Heaps(table, only)) {
    if (heap == &table || heap->is_partition) Add(Role::kScanned, *heap, cause);
  }
}

// ALTER TABLE drops before it adds (tablecmds.c:AlterTablePass).
bool Inspector::IsDroppedBeside(const TableConstraint& constraint) const {
  return Sibling<action::DropConstraint>([&](const action::DropConstraint& drop) {
           return drop.constraint == constraint.name;
         }) ||
         Sibling<action::DropColumn>([&](const action::DropColumn& drop) {
           return Contains(constraint.columns, drop.column);
         });
}

// A primary key makes its columns NOT NULL, in the children too; one over an existing index does so
// without looking (parse_utilcmd.c:transformIndexConstraint).
bool Inspector::AddsNotNull(const Relation& table, const Constraint& constraint) {
  if (constraint.kind != ConstraintKind::kPrimaryKey) return false;
  if (!constraint.using_index.empty()) return true;
  return std::any_of(constraint.columns.begin(), constraint.columns.end(),
                     [&](const std::string& name) {
                       const TableColumn* column = table.FindColumn(name);
                       return column == nullptr || !column->not_null;
                     });
}

void Inspector::Look(const action::AddConstraint& add) {
  const Constraint& constraint = add.constraint;
  const ConstraintKind kind = constraint.kind;
  if (kind == ConstraintKind::kForeignKey) facts_.conditions |= kForeignKey;
  if (IsIndexConstraint(kind)) facts_.conditions |= kBuildsIndex;
  if (constraint.no_inherit) facts_.conditions |= kNoInherit;
  const Relation* named = Find(add.table.name);
  if (named != nullptr && AddsNotNull(*named, constraint)) facts_.conditions |= kAddsNotNull;
  // An index constraint reaches partitions, and children by inheritance only to make columns NOT
  // NULL; 18 locks them all the same.
  const bool recurses = !IsIndexConstraint(kind) || situation_.server_version >= 18 ||
                        (facts_.conditions & kAddsNotNull) != 0 ||
                        (named != nullptr && named->kind == RelationKind::kPartitionedTable);
  const Relation* table = NameTarget(add.table, recurses);
  if (table == nullptr) return;
  const TableConstraint* namesake =
      constraint.name.empty() ? nullptr : table->FindConstraint(constraint.name);
  if (namesake != nullptr && !IsDroppedBeside(*namesake)) {
    return Fail("42710", absl::StrCat("constraint \"", constraint.name, "\" for relation \"",
                                      table->name, "\" already exists"));
  }
  for (const std::string& column : constraint.columns) {
    if (!column.empty() && !HasColumn(*table, column)) return;
  }
  const bool checks = constraint.expression != nullptr;
  for (const std::string& column :
       checks ? constraint.expression->columns : std::vector<std::string>()) {
    // A table's own name stands for its whole row.
    if (column != table->name && !HasColumn(*table, column)) return;
  }
  const bool checks_rows = !constraint.not_valid && !constraint.not_enforced;
  const bool validated_here =
      Sibling<action::ValidateConstraint>([&](const action::ValidateConstraint& validate) {
        return !constraint.name.empty() && validate.constraint == constraint.name;
      });
  switch (kind) {
    case ConstraintKind::kCheck:
      if (add.table.only && !table->children.empty() && !constraint.no_inherit) {
        return Fail("42P16", "constraint must be added to child tables too");
      }
      if (checks_rows) Scan(Heaps(*table, add.table.only || constraint.no_inherit), Cause::kCheck);
      break;
    case ConstraintKind::kNotNull:
      if (checks_rows && !constraint.columns.empty()) {
        NoteNotNull(*table, add.table.only, constraint.columns[0], Cause::kNotNull);
      }
      break;
    case ConstraintKind::kForeignKey:
      if (table->kind == RelationKind::kPartitionedTable && constraint.not_valid &&
          situation_.server_version < 18) {
        return Fail("42809",
                    absl::StrCat("cannot add NOT VALID foreign key on partitioned table \"",
                                 table->name, "\""));
      }
      NoteForeignKey(table, constraint, checks_rows);
      break;
    case ConstraintKind::kUnique:
    case ConstraintKind::kPrimaryKey:
    case ConstraintKind::kExclusion:
      NoteIndexConstraint(*table, add.table.only, constraint, "");
      break;
    case ConstraintKind::kNull:
      break;
  }
  // VALIDATE in the same statement finds the constraint that this one adds; its own facts cannot.
  if (validated_here && !checks_rows && kind == ConstraintKind::kForeignKey) {
    NoteForeignKey(table, constraint, true);
  } else if (validated_here && !checks_rows) {
    Scan(Heaps(*table, add.table.only), CauseOf(kind));
  }
}

void Inspector::NoteDroppedConstraint(const Relation& table, const TableConstraint& constraint,
                                      bool cascade) {
  if (const Relation* referenced = view_.Find(constraint.referenced)) {
    if (referenced->id != table.id) {
      Add(Role::kPartner, *referenced);
      for (const Relation* part : view_.DescendantsOf(*referenced)) Add(Role::kPartner, *part);
    }
  }
  const Relation* index = view_.Find(constraint.index);
  if (index == nullptr) return;
  Add(Role::kDroppedIndex, *index);
  // ON CONFLICT names it, or relies on it unnamed (parse_clause.c:transformOnConflictArbiter).
  Affected key = Describe(*index);
  key.live = Describe(table).live;
  facts_.breaks.push_back({.kind = BreakKind::kDroppedObject, .relation = std::move(key)});
  for (const Relation* child : view_.ReferencingTables(table)) {
    for (const TableConstraint& foreign : child->constraints) {
      const bool by_key =
          foreign.referenced_columns.empty() && constraint.kind == ConstraintKind::kPrimaryKey;
      if (foreign.referenced != table.id ||
          (!by_key && foreign.referenced_columns != constraint.columns)) {
        continue;
      }
      if (!cascade) {
        return Fail("2BP01", absl::StrCat("cannot drop constraint ", constraint.name, " on table ",
                                          table.name, " because other objects depend on it"));
      }
      Add(Role::kPartner, *child);
    }
  }
}

// Since 18 every NOT NULL has a name, which the catalog does not keep.
bool Inspector::MayBeNotNull(const Relation& table) const {
  return situation_.server_version >= 18 &&
         std::any_of(table.columns.begin(), table.columns.end(),
                     [](const TableColumn& column) { return column.not_null; });
}

void Inspector::Look(const action::DropConstraint& drop) {
  const Relation* table = NameTarget(drop.table, true);
  if (table == nullptr) return;
  const TableConstraint* constraint = table->FindConstraint(drop.constraint);
  if (constraint != nullptr) {
    NoteDroppedConstraint(*table, *constraint, drop.cascade);
    const bool referenced = std::any_of(
        table->constraints.begin(), table->constraints.end(), [&](const TableConstraint& foreign) {
          const bool dropped =
              Sibling<action::DropConstraint>([&](const action::DropConstraint& other) {
                return other.constraint == foreign.name;
              });
          return foreign.referenced == table->id && constraint->index != 0 && !dropped &&
                 foreign.referenced_columns == constraint->columns;
        });
    if (referenced && !drop.cascade) {
      Fail("2BP01", absl::StrCat("cannot drop constraint ", constraint->name, " on table ",
                                 table->name, " because other objects depend on it"));
    }
  } else if (!drop.if_exists && KnowsAll(*table) && !MayBeNotNull(*table)) {
    Fail("42704", absl::StrCat("constraint \"", drop.constraint, "\" of relation \"", table->name,
                               "\" does not exist"));
  }
}

void Inspector::Look(const action::ValidateConstraint& validate) {
  const Relation* table = NameTarget(validate.table, true);
  if (table == nullptr) return;
  const TableConstraint* constraint = table->FindConstraint(validate.constraint);
  if (constraint == nullptr) {
    const bool added = Sibling<action::AddConstraint>([&](const action::AddConstraint& add) {
      return add.constraint.name == validate.constraint;
    });
    if (added) return;  // AddConstraint counts it
    if (!KnowsAll(*table)) return Scan(Heaps(*table, validate.table.only), Cause::kCheck);
    return Fail("42704", absl::StrCat("constraint \"", validate.constraint, "\" of relation \"",
                                      table->name, "\" does not exist"));
  }
  const bool foreign = constraint->kind == ConstraintKind::kForeignKey;
  if (constraint->validated) return;
  Scan(Heaps(*table, validate.table.only), CauseOf(constraint->kind));
  const Relation* referenced = foreign ? view_.Find(constraint->referenced) : nullptr;
  if (referenced != nullptr) {
    Add(Role::kReferenced, *referenced);
    Scan(Heaps(*referenced, false), Cause::kForeignKey);
  }
}

// ---- names and behaviour ---------------------------------------------------------------------

void Inspector::Look(const action::RenameColumn& rename) {
  const Relation* table = NameTarget(rename.table, true);
  if (table == nullptr || !HasColumn(*table, rename.column)) return;
  if (IsInherited(*table, rename.column)) {
    return Fail("42P16", absl::StrCat("cannot rename inherited column \"", rename.column, "\""));
  }
  if (rename.table.only && !table->children.empty()) {
    return Fail("42P16", absl::StrCat("inherited column \"", rename.column,
                                      "\" must be renamed in child tables too"));
  }
  if (table->FindColumn(rename.to) != nullptr) {
    return Fail("42701", absl::StrCat("column \"", rename.to, "\" of relation \"", table->name,
                                      "\" already exists"));
  }
  facts_.breaks.push_back(
      {.kind = BreakKind::kRenamedColumn, .relation = Describe(*table), .detail = rename.column});
}

void Inspector::Look(const action::RenameConstraint& rename) {
  const Relation* table = NameTarget(rename.table, true);
  if (table == nullptr) return;
  const TableConstraint* constraint = table->FindConstraint(rename.constraint);
  if (constraint == nullptr && KnowsAll(*table) && !MayBeNotNull(*table)) {
    return Fail("42704", absl::StrCat("constraint \"", rename.constraint, "\" for table \"",
                                      table->name, "\" does not exist"));
  }
  const Relation* index = constraint == nullptr ? nullptr : view_.Find(constraint->index);
  if (index != nullptr) Add(Role::kUsedIndex, *index);
}

void Inspector::Look(const action::RenameType& rename) {
  if (view_.FindType({.schema = rename.type.schema, .name = rename.to}, situation_.search_path) !=
      nullptr) {
    return Fail("42710", absl::StrCat("type \"", rename.to, "\" already exists"));
  }
  facts_.breaks.push_back(
      {.kind = BreakKind::kDroppedObject,
       .relation = {.name = rename.type.name, .live = IsLiveType(rename.type)}});
}

void Inspector::Look(const action::RenameRelation& rename) {
  if (rename.relation.kind == ObjectKind::kIndex) facts_.conditions |= kNamedAsIndex;
  const Relation* relation = NameTarget(rename.relation, false);
  if (relation == nullptr) return;
  if (Find({.schema = relation->schema, .name = rename.to}) != nullptr) {
    return Fail("42P07", absl::StrCat("relation \"", rename.to, "\" already exists"));
  }
  // Defaults know a sequence by its number, not by its name; nextval('…') in code does not.
  const bool sequence = relation->kind == RelationKind::kSequence;
  if (!relation->IsIndex()) {
    facts_.breaks.push_back(
        {.kind = sequence ? BreakKind::kDroppedObject : BreakKind::kRenamedTable,
         .relation = Describe(*relation)});
  }
}

void Inspector::Look(const action::SetSchema& set) {
  const Relation* relation = NameTarget(set.relation, false);
  if (relation == nullptr) return;
  if (relation->schema == set.schema) return;
  if (Find({.schema = set.schema, .name = relation->name}) != nullptr) {
    return Fail("42P07", absl::StrCat("relation \"", relation->name,
                                      "\" already exists in schema \"", set.schema, "\""));
  }
  if (relation->owner != 0) {
    return Fail("0A000", "cannot move an owned sequence into another schema");
  }
  for (const Relation* sequence : view_.SequencesOf(*relation)) Add(Role::kSequence, *sequence);
  facts_.breaks.push_back({.kind = BreakKind::kRenamedTable, .relation = Describe(*relation)});
}

// No relation is locked: only those who ask for the name notice.
void Inspector::Look(const action::RenameSchema& rename) {
  if (view_.HasSchema(rename.to)) {
    return Fail("42P06", absl::StrCat("schema \"", rename.to, "\" already exists"));
  }
  for (const Relation* member : view_.RelationsIn(rename.schema)) {
    if (member->IsIndex()) continue;
    facts_.breaks.push_back({.kind = BreakKind::kRenamedTable, .relation = Describe(*member)});
  }
  // A schema that no file creates holds what no file creates.
  if (view_.HasSchema(rename.schema)) return;
  facts_.breaks.push_back(
      {.kind = BreakKind::kRenamedTable, .relation = {.name = rename.schema, .live = true}});
}

void Inspector::Look(const action::SetRowSecurity& set) {
  const Relation* table = NameTarget(set.table, false);
  if (table == nullptr) return;
  if (set.security == action::RowSecurity::kEnable && table->policies.empty()) {
    facts_.breaks.push_back({.kind = BreakKind::kHiddenRows, .relation = Describe(*table)});
  }
}

}  // namespace plimsoll
