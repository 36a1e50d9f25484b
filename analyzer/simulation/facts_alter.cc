// The facts of ALTER TABLE's subcommands (commands/tablecmds.c).

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/match.h"
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

// parse_expr.c:transformColumnRef
bool IsComputedFromComputed(const Expression& expression, const Relation& table) {
  return std::any_of(expression.columns.begin(), expression.columns.end(),
                     [&](const std::string& name) {
                       const TableColumn* column = table.FindColumn(name);
                       return column != nullptr && (column->generated == Generated::kStored ||
                                                    column->generated == Generated::kVirtual);
                     });
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
  const Expression* value = DefaultOf(column);
  if (value == nullptr || value->is_null) return Cause::kQuery;
  const VolatilityBounds bounds = JudgeVolatility(*value, {}, Scope());
  possible = !bounds.IsVolatile();
  return bounds.IsSteady() ? Cause::kQuery : Cause::kVolatileDefault;
}

// What a new column gets in the rows there are: its own default or, since 13, its domain's
// (ATExecAddColumn). Null: none that is known.
const Expression* Inspector::DefaultOf(const Column& column) const {
  if (column.default_value) return column.default_value.get();
  const UserType* type = view_.FindType(column.type.name, situation_.search_path);
  const bool domain = type != nullptr && !column.type.array && situation_.server_version >= 13;
  return domain ? type->default_value.get() : nullptr;
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
  if (computed || column.default_value) return computed || !column.default_value->is_null;
  return type != nullptr && type->has_default && !column.type.array &&
         (type->constrained || situation_.server_version >= 13);
}

void Inspector::FailNull(const Relation& table, const std::string& column) {
  Fail("23502", absl::StrCat("column \"", column, "\" of relation \"", table.name,
                             "\" contains null values"));
}

// What its expressions speak of: columns of the table, and itself.
bool Inspector::CheckComputedColumn(const Column& column, const Relation& table) {
  const auto has = [&](const OptionalExpression& expression) {
    return expression == nullptr ||
           std::all_of(expression->columns.begin(), expression->columns.end(),
                       [&](const std::string& name) {
                         return name == column.name || name == table.name || IsSystemColumn(name) ||
                                HasColumn(table, name);
                       });
  };
  if (!has(column.generated_from)) return false;
  if (!CheckSystemUse(column.generated_from, "column generation expression")) return false;
  if (column.generated_from && Contains(column.generated_from->columns, column.name)) {
    Fail("42P17", "a generated column cannot be computed of itself");
    return false;
  }
  const TableConstraint* key = table.PrimaryKey();
  bool has_key = key != nullptr && !IsDroppedBeside(*key);
  for (const Constraint& constraint : column.constraints) {
    if (!CheckSystemUse(constraint.expression, "check constraint")) return false;
    if (!has(constraint.expression)) return false;
    if (constraint.kind != ConstraintKind::kPrimaryKey || !std::exchange(has_key, true)) continue;
    Fail("42P16",
         absl::StrCat("multiple primary keys for table \"", table.name, "\" are not allowed"));
    return false;
  }
  return true;
}

// A child that has the column already merges it with its own, and goes no further
// (ATExecAddColumn); constraints reach all of them, as does NOT NULL since it is one.
void Inspector::NoteAddedBelow(const Relation& table, const Column& column) {
  const bool constrained = std::any_of(
      column.constraints.begin(), column.constraints.end(), [&](const Constraint& constraint) {
        return constraint.kind == ConstraintKind::kCheck ||
               (constraint.kind == ConstraintKind::kNotNull && situation_.server_version >= 18);
      });
  const bool merges = !constrained && table.FindColumn(column.name) == nullptr;
  for (const Relation* child : view_.DescendantsOf(table)) {
    const bool has = merges && child->FindColumn(column.name) != nullptr;
    const bool below =
        has && std::all_of(child->parents.begin(), child->parents.end(), [&](RelationId id) {
          const Relation* parent = view_.Find(id);
          return parent != nullptr && id != table.id && parent->FindColumn(column.name) != nullptr;
        });
    if (!below) Add(Role::kDescendant, *child);
  }
}

void Inspector::Look(const action::AddColumn& add) {
  const Relation* table = NameTarget(add.table, false);
  if (table != nullptr && !add.table.only) NoteAddedBelow(*table, add.column);
  if (table == nullptr || !CheckUntyped(*table, "add column to")) return;
  const Column& column = add.column;
  const auto same = [&](const auto& other) { return other.column.name == column.name; };
  const bool exists = table->FindColumn(column.name) != nullptr &&
                      !Sibling<action::DropColumn>([&](const action::DropColumn& drop) {
                        return drop.column == column.name;
                      });
  const auto refuse_part = [&] { Fail("42809", "cannot add column to a partition"); };
  const bool part = table->is_partition && table->parents.size() == 1;
  if (exists || DoneBefore(add, same)) {
    if (part) return refuse_part();
    if (!add.if_not_exists) {
      Fail("42701", absl::StrCat("column \"", column.name, "\" of relation \"", table->name,
                                 "\" already exists"));
    }
    return;
  }
  if (IsSystemColumn(column.name)) {
    return Fail("42701", absl::StrCat("column name \"", column.name,
                                      "\" conflicts with a system column name"));
  }
  const bool whole = table->kind == RelationKind::kPartitionedTable || table->is_partition;
  if (whole && column.generated == Generated::kIdentity && situation_.server_version < 17) {
    return Fail("42P16", "cannot add an identity column to a partitioned table");
  }
  if (!CheckComputedColumn(column, *table)) return;
  if (column.generated_from != nullptr && IsComputedFromComputed(*column.generated_from, *table)) {
    return Fail("42P17", "cannot use a generated column to compute another");
  }
  // access/htup_details.h:MaxHeapAttributeNumber
  if (table->columns.size() >= 1600) {
    return Fail("54011", "tables can have at most 1600 columns");
  }
  if (part) return refuse_part();
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
  if (!CheckColumnType(column.type, table->id)) return;
  if (!column.constraints.empty()) {
    Relation alone;
    alone.columns.push_back(
        {.name = column.name, .type = std::make_shared<const TypeName>(column.type)});
    for (const Constraint& constraint : column.constraints) {
      CheckKeyTypes(constraint, alone, column.name);
    }
    if (facts_.failure) return;
  }
  if (!CheckNewColumn(column, !Heaps(*table, add.table.only).empty())) return;
  if (!HasFunctions(column.default_value) || !HasFunctions(column.generated_from)) return;
  if (column.generated_from && column.generated != Generated::kIdentity &&
      !CheckImmutable(*column.generated_from, table->columns, "generation expression")) {
    return;
  }
  const std::vector<const Relation*> heaps = Heaps(*table, add.table.only);
  // Who merges it keeps the values that it has.
  std::vector<const Relation*> filled = heaps;
  std::vector<const Relation*> merging;
  if (table->FindColumn(column.name) == nullptr) {
    const auto has = [&](const Relation* heap) { return heap->FindColumn(column.name) != nullptr; };
    std::copy_if(heaps.begin(), heaps.end(), std::back_inserter(merging), has);
    std::erase_if(filled, has);
  }
  bool possible = false;
  const Cause rewrite = CauseOfRewrite(column, possible);
  const bool rewrites = rewrite != Cause::kQuery;
  if (rewrites) Rewrite(filled, rewrite, possible);
  // Each row of a copy asks its sequence.
  if (rewrite == Cause::kVolatileDefault && MayHoldRows(heaps)) {
    NoteSequences(DefaultOf(column)->sequences);
  }
  const bool has_value = HasValue(column, rewrite);
  const bool required = IsRequired(column);
  const bool is_virtual = column.generated == Generated::kVirtual;
  if (required && !has_value && !is_virtual) {
    facts_.breaks.push_back(
        {.kind = BreakKind::kRequiredColumn, .relation = Describe(*table), .detail = column.name});
    if (MayHoldRows(heaps)) return FailNull(*table, column.name);
  }
  if (required && !rewrites && (!has_value || is_virtual)) {
    Scan(heaps, Cause::kNotNull);
  } else if (required && situation_.server_version >= 18) {
    Scan(merging, Cause::kNotNull);
  }
  for (const Constraint& constraint : column.constraints) {
    if (constraint.kind == ConstraintKind::kCheck && !constraint.not_enforced && !rewrites) {
      Scan(heaps, Cause::kCheck);
    } else if (constraint.kind == ConstraintKind::kForeignKey) {
      // With no value in the new column there is nothing to look up (ATAddForeignKeyConstraint).
      // So it is where only its domain has a default.
      const bool looks = has_value && (rewrite == Cause::kIdentity || column.default_value ||
                                       column.generated != Generated::kNo);
      NoteForeignKey(table, constraint, looks && !constraint.not_enforced, &column);
      // 12 looks it up as soon as any of the statement's columns has a default
      // (parse_utilcmd.c:transformAlterTableStmt).
      const bool careful =
          situation_.server_version < 13 && Sibling<action::AddColumn>([](const auto& other) {
            return other.column.default_value != nullptr;
          });
      if (careful && !looks) Scan(heaps, Cause::kForeignKey);
    }
  }
  for (const MadeConstraint& made : MadeBy(column)) {
    if (!IsIndexConstraint(made.asked->kind)) continue;
    Constraint renamed;
    NoteIndexConstraint(*table, add.table.only, AsMade(made, renamed), column.name);
  }
}

// ATExecDropColumn and ATPrepAlterColumnType go through the partitions.
bool Inspector::FailLowerKey(const Relation& table, const std::string& column,
                             absl::string_view verb) {
  for (const Relation* child : view_.DescendantsOf(table)) {
    if (!Contains(child->partition_keys, column) && !Contains(child->partition_columns, column)) {
      continue;
    }
    Fail("42P16", absl::StrCat("cannot ", verb, " column \"", column,
                               "\" because it is part of the partition key of relation \"",
                               child->name, "\""));
    return true;
  }
  return false;
}

static bool Reads(const Relation& view, const Relation& table, const std::string& column) {
  return std::any_of(view.uses.begin(), view.uses.end(), [&](const ViewUse& use) {
    return use.relation == table.id && Contains(use.columns, column);
  });
}

// Who depends on the column as it is (tablecmds.c:RememberAllDependentForRebuilding refuses them);
// empty: nobody.
absl::string_view Inspector::UserOf(const Relation& table, const std::string& column) const {
  for (const Relation* view : view_.ViewsOn(table)) {
    if (Reads(*view, table, column)) return "view or rule";
  }
  if (const absl::string_view guard = GuardOf(table, column); !guard.empty()) return guard;
  return IsUsedByRoutine(table, &column) ? "function or procedure" : "";
}

// The views that read the column go with CASCADE; without it, they and others hold it: then false.
bool Inspector::NoteReaders(const Relation& table, const std::string& column, bool cascade) {
  if (!cascade) return UserOf(table, column).empty();
  for (const Relation* view : view_.ViewsOn(table)) {
    if (Reads(*view, table, column)) NoteDroppedView(*view);
  }
  return true;
}

void Inspector::Look(const action::DropColumn& drop) {
  const Relation* table = NameTarget(drop.table, true);
  if (table == nullptr) return;
  const std::string& column = drop.column;
  if (drop.if_exists && KnowsAll(*table) && table->FindColumn(column) == nullptr) return;
  if (!HasColumn(*table, column, Pass::kDrop)) return;
  if (DoneBefore(drop, [&](const auto& other) { return other.column == column; })) {
    if (drop.if_exists) return;
    return Fail("42703", absl::StrCat("column \"", column, "\" of relation \"", table->name,
                                      "\" does not exist"));
  }
  if (!CheckUntyped(*table, "drop column from")) return;
  // Even ONLY has to tell the children that their column is now their own (ATExecDropColumn).
  for (const RelationId id : drop.table.only ? table->children : std::vector<RelationId>()) {
    if (const Relation* child = view_.Find(id)) Add(Role::kDescendant, *child);
  }
  if (IsInherited(*table, column)) {
    return Fail("42P16", absl::StrCat("cannot drop inherited column \"", column, "\""));
  }
  if (Contains(table->partition_keys, column) || Contains(table->partition_columns, column)) {
    return Fail("42P16", absl::StrCat("cannot drop column \"", column,
                                      "\" because it is part of the partition key of relation \"",
                                      table->name, "\""));
  }
  if (drop.table.only && table->kind == RelationKind::kPartitionedTable &&
      !table->children.empty()) {
    return Fail("42P16",
                "cannot drop column from only the partitioned table when partitions exist");
  }
  if (FailLowerKey(*table, column, "drop")) return;
  const auto depend = [&] {
    Fail("2BP01", absl::StrCat("cannot drop column ", column, " of table ", table->name,
                               " because other objects depend on it"));
  };
  std::vector<const Relation*> losers = {table};
  if (!drop.table.only) {
    const std::vector<const Relation*> below = LosersOfColumn(*table, column, view_);
    losers.insert(losers.end(), below.begin(), below.end());
  }
  for (const Relation* loser : losers) {
    if (!NoteReaders(*loser, column, drop.cascade)) return depend();
  }
  for (const TableColumn& other : table->columns) {
    // One that goes with the same statement is gone by then, if it stands before this.
    if (DoneBefore(drop, [&](const auto& beside) { return beside.column == other.name; })) continue;
    // Up to 14 the generated column went silently with it.
    if (Contains(other.generated_from, column) && !drop.cascade &&
        situation_.server_version >= 15) {
      return depend();
    }
  }
  for (const TableConstraint& constraint : table->constraints) {
    if (!Contains(constraint.columns, column)) continue;
    // Without triggers on the other table, that is left alone.
    if (constraint.kind == ConstraintKind::kForeignKey && !constraint.enforced) continue;
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
  NoteOwnedSequences(*table, column, drop.cascade);
  for (const Relation* loser : losers) NoteColumnGone(*loser, column);
  facts_.losses.push_back(
      {.kind = LossKind::kColumn, .relation = Describe(*table), .column = column});
  facts_.breaks.push_back(
      {.kind = BreakKind::kDroppedObject, .relation = Describe(*table), .detail = column});
}

// The sequences that go with a column, and the defaults elsewhere that ask them.
void Inspector::NoteOwnedSequences(const Relation& table, const std::string& column, bool cascade) {
  const TypeScope scope = Scope();
  for (const Relation* sequence : view_.SequencesOf(table)) {
    if (sequence->owner_column != column) continue;
    Fall fall = FallOf(ObjectsOf(*sequence), scope);
    std::erase_if(fall.parts, [&](const FallenPart& part) {
      const Relation* relation = view_.Find(part.relation);
      const bool below = relation != nullptr && !relation->parents.empty();
      return part.name == column && (part.relation == table.id || below);
    });
    NoteFall(fall, cascade, {}, sequence->name);
  }
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
  if (table == nullptr || !CheckHasConstraints(*table) || !HasColumn(*table, set.column)) return;
  const TableColumn* column = table->FindColumn(set.column);
  const bool already = column != nullptr && column->not_null;
  if (set.table.only && !already) CheckNotNullOfParts(*table, set.column);
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
  const Relation* named = Find(drop.table.name);
  const TableColumn* column = named == nullptr ? nullptr : named->FindColumn(drop.column);
  // Since 18 a constraint is dropped, below too; where there is none nobody looks there.
  const bool idle = situation_.server_version >= 18 && column != nullptr && !column->not_null &&
                    KnowsAll(*named) && named->FindNotNull(drop.column) == nullptr;
  const Relation* table = NameTarget(drop.table, !idle);
  if (table == nullptr || !CheckHasConstraints(*table) ||
      !HasColumn(*table, drop.column, Pass::kDrop)) {
    return;
  }
  // Since 18 even ONLY has to tell the children that the constraint is now their own.
  const bool tells = drop.table.only && situation_.server_version >= 18;
  for (const RelationId id : tells ? table->children : std::vector<RelationId>()) {
    if (const Relation* child = view_.Find(id)) Add(Role::kDescendant, *child);
  }
  CheckDroppedNotNull(*table, drop);
}

void Inspector::Look(const action::SetDefault& set) {
  const Relation* table = NameTarget(set.table, true);
  if (table == nullptr || !HasColumn(*table, set.column)) return;
  CheckTakesDefault(*table, set.column);
  const TableColumn* column = table->FindColumn(set.column);
  // It is made for the type that the same statement gives the column.
  const TypeName* type = column == nullptr ? nullptr : column->type.get();
  for (const Action& action : with_) {
    const auto* alter = std::get_if<action::AlterColumnType>(&action.kind);
    if (alter != nullptr && alter->column == set.column) type = &alter->type;
  }
  CheckDefault(set.value, type);
  CheckLabels(set.value.texts, table);
  if (type == nullptr || type->array) return;
  if (set.value.text) CheckLabel(type->name, *set.value.text);
}

// tablecmds.c:ATExecColumnDefault: an identity or a generated column has none to set or drop.
void Inspector::CheckTakesDefault(const Relation& table, const std::string& name) {
  const TableColumn* column = table.FindColumn(name);
  if (column == nullptr || column->generated == Generated::kNo) return;
  const bool identity_goes = Sibling<action::AlterRelation>([&](const action::AlterRelation& drop) {
    return drop.column == name && (drop.alteration == action::Alteration::kDropIdentity ||
                                   drop.alteration == action::Alteration::kDropExpression);
  });
  if (identity_goes) return;
  Fail("42601",
       absl::StrCat("column \"", name, "\" of relation \"", table.name, "\" is ",
                    column->generated == Generated::kIdentity ? "an identity" : "a generated",
                    " column"));
}

void Inspector::Look(const action::DropDefault& drop) {
  const Relation* table = NameTarget(drop.table, true);
  if (table == nullptr || !HasColumn(*table, drop.column, Pass::kDrop)) return;
  CheckTakesDefault(*table, drop.column);
  const TableColumn* column = table->FindColumn(drop.column);
  // Inserts that relied on the default now lack a value.
  if (column != nullptr && column->not_null && column->has_default) {
    facts_.breaks.push_back(
        {.kind = BreakKind::kRequiredColumn, .relation = Describe(*table), .detail = drop.column});
  }
}

// ---- ALTER COLUMN TYPE -----------------------------------------------------------------------

// tablecmds.c:ATPrepAlterColumnType
bool Inspector::CheckUsing(const action::AlterColumnType& alter, const Relation& table) {
  const TableColumn* column = table.FindColumn(alter.column);
  const bool computed = column != nullptr && (column->generated == Generated::kStored ||
                                              column->generated == Generated::kVirtual);
  if (computed) {
    Fail("42611", "cannot specify USING when altering type of generated column");
    return false;
  }
  return CheckCalls(alter.using_expression->calls);
}

void Inspector::Look(const action::AlterColumnType& alter) {
  const Relation* table = NameTarget(alter.table, true);
  if (table == nullptr) return;
  if (table->kind == RelationKind::kView || table->kind == RelationKind::kMaterializedView) {
    return Fail("42809", absl::StrCat("ALTER action ALTER COLUMN ... SET DATA TYPE cannot be "
                                      "performed on relation \"",
                                      table->name, "\""));
  }
  if (!HasColumn(*table, alter.column, Pass::kType)) return;
  if (!CheckUntyped(*table, "alter column type of")) return;
  if (IsInherited(*table, alter.column)) {
    return Fail("42P16", absl::StrCat("cannot alter inherited column \"", alter.column, "\""));
  }
  if (Contains(table->partition_keys, alter.column) ||
      Contains(table->partition_columns, alter.column)) {
    return Fail("42P16", absl::StrCat("cannot alter column \"", alter.column,
                                      "\" because it is part of the partition key of relation \"",
                                      table->name, "\""));
  }
  const auto same = std::count_if(with_.begin(), with_.end(), [&](const Action& action) {
    const auto* other = std::get_if<action::AlterColumnType>(&action.kind);
    return other != nullptr && other->column == alter.column;
  });
  if (same > 1) {
    return Fail("0A000", absl::StrCat("cannot alter type of column \"", alter.column, "\" twice"));
  }
  if (!HasFunctions(alter.using_expression)) return;
  if (alter.using_expression && !CheckUsing(alter, *table)) return;
  // USING is read before anything is dropped or added (ATPrepAlterColumnType).
  for (const std::string& used :
       alter.using_expression ? alter.using_expression->columns : std::vector<std::string>()) {
    if (used != table->name && !HasColumn(*table, used, Pass::kDrop)) return;
  }
  // Whether there is a cast is asked first (ATPrepAlterColumnType).
  const TableColumn* now = table->FindColumn(alter.column);
  if (now != nullptr && now->type && now->generated != Generated::kVirtual) {
    const TypeChange change = JudgeTypeChange(*now->type, alter.type, alter.using_expression,
                                              alter.column, Scope(), situation_.utc);
    if (!change.sqlstate.empty()) return Fail(change.sqlstate, change.message);
  }
  std::vector<const Relation*> altered = {table};
  if (!alter.table.only) {
    const std::vector<const Relation*> below = view_.DescendantsOf(*table);
    altered.insert(altered.end(), below.begin(), below.end());
  }
  for (const Relation* one : altered) {
    if (const absl::string_view user = UserOf(*one, alter.column); !user.empty()) {
      return Fail("0A000", absl::StrCat("cannot alter type of a column used by a ", user));
    }
    if (IsStoredAsRow({.schema = one->schema, .name = one->name})) {
      return Fail("0A000", absl::StrCat("cannot alter table \"", one->name,
                                        "\" because a column uses its row type"));
    }
  }
  for (const TableColumn& other : table->columns) {
    // ALTER TABLE drops before it changes types.
    const bool gone =
        Sibling<action::DropColumn>([&](const auto& drop) { return drop.column == other.name; }) ||
        Sibling<action::AlterRelation>([&](const action::AlterRelation& change) {
          return change.alteration == action::Alteration::kDropExpression &&
                 change.column == other.name;
        });
    if (gone) continue;
    if (Contains(other.generated_from, alter.column)) {
      return Fail(situation_.server_version >= 15 ? "0A000" : "42601",
                  "cannot alter type of a column used by a generated column");
    }
  }
  if (FailSharedColumn(*table, alter.column, "alter")) return;
  if (alter.table.only && !table->children.empty()) {
    return Fail("42P16", absl::StrCat("type of inherited column \"", alter.column,
                                      "\" must be changed in child tables too"));
  }
  if (FailLowerKey(*table, alter.column, "alter")) return;
  std::vector<const Relation*> wholes = {table};
  for (const Relation* child : view_.DescendantsOf(*table)) wholes.push_back(child);
  for (const Relation* whole : wholes) {
    const TableColumn* of = whole->FindColumn(alter.column);
    const bool heap = whole->kind != RelationKind::kPartitionedTable;
    if (!heap && of != nullptr && of->type && !CheckComparisons(*whole, alter, *of->type)) return;
    for (const Relation* index : view_.IndexesOf(*whole)) {
      // The partitioned index itself has no file to keep or to build.
      if (index->kind == RelationKind::kPartitionedIndex && Mentions(*index, alter.column)) {
        Add(Role::kRecreatedIndex, *index, Cause::kTypeChange);
      }
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
    const bool gone = Sibling<action::DropColumn>(
        [&](const action::DropColumn& drop) { return Mentions(*index, drop.column); });
    if (gone) continue;
    Add(Role::kRecreatedIndex, *index, Cause::kTypeChange);
    // indexcmds.c:CheckIndexCompatible; the parts of partitioned indexes are always built again.
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

// The checks and the predicates of indexes are read again over the new type.
bool Inspector::CheckComparisons(const Relation& heap, const action::AlterColumnType& alter,
                                 const TypeName& from) {
  const auto holds = [&](const OptionalPredicate& predicate) {
    return predicate == nullptr ||
           StillCompares(*predicate, alter.column, from, alter.type, Scope());
  };
  bool all = IsPlain();
  for (const TableConstraint& constraint : heap.constraints) {
    if (!all) break;
    const bool check = constraint.kind == ConstraintKind::kCheck && !IsDroppedBeside(constraint);
    all = all && (!check || holds(constraint.predicate));
  }
  for (const Relation* index : view_.IndexesOf(heap)) all = all && holds(index->predicate);
  if (!all && IsPlain()) {
    Fail("42883", absl::StrCat("a check or an index compares column \"", alter.column,
                               "\" with values of its old type"));
  }
  return !facts_.failure;
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
  if (column != nullptr && column->generated == Generated::kIdentity && change.sqlstate.empty()) {
    const Type wanted = ResolveType(alter.type, Scope());
    const bool integer = wanted.type_class == TypeClass::kUnknown ||
                         (!wanted.array && (wanted.name == "int2" || wanted.name == "int4" ||
                                            wanted.name == "int8"));
    if (!integer) {
      return Fail("22023", "identity column type must be smallint, integer, or bigint");
    }
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
  if (from != nullptr && !CheckComparisons(heap, alter, *from)) return;
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
    if (rewrites && constraint.validated && constraint.enforced && !IsDroppedBeside(constraint)) {
      Match({referenced});
    }
  }
  NoteReferencing(heap, alter.column, rewrites);
  // Keys that lead to the whole look into its parts.
  for (const Relation* part = &heap; part->is_partition && !part->parents.empty();) {
    part = view_.Find(part->parents[0]);
    if (part == nullptr) break;
    NoteReferencing(*part, alter.column, rewrites);
  }
  CheckKeysOfType(heap, alter);
}

// The foreign keys to a column of `referenced` whose type changes.
void Inspector::NoteReferencing(const Relation& referenced, const std::string& column,
                                bool rewrites) {
  for (const Relation* child : view_.ReferencingTables(referenced)) {
    for (const TableConstraint& constraint : child->constraints) {
      const TableConstraint* key = referenced.PrimaryKey();
      const bool by_key =
          constraint.referenced_columns.empty() && key != nullptr && Contains(key->columns, column);
      const bool touches = constraint.referenced == referenced.id &&
                           (by_key || Contains(constraint.referenced_columns, column));
      if (!touches) continue;
      Add(Role::kPartner, *child);
      if (!rewrites || !constraint.validated || !constraint.enforced) continue;
      Match(Heaps(*child, false));
    }
  }
}

// Foreign keys are made again over the new type.
void Inspector::CheckKeysOfType(const Relation& heap, const action::AlterColumnType& alter) {
  const auto check = [&](const TypeName* own, const TypeName* referenced) {
    if (own == nullptr || referenced == nullptr || !AreIncomparable(*own, *referenced)) return;
    Fail("42804",
         absl::StrCat("a foreign key over column \"", alter.column, "\" cannot be implemented"));
  };
  const auto type_in = [&](const Relation& table, const std::string& name) -> const TypeName* {
    const TableColumn* column = table.FindColumn(name);
    if (table.id == heap.id && name == alter.column) return &alter.type;
    return column == nullptr ? nullptr : column->type.get();
  };
  std::vector<const Relation*> tables = view_.ReferencingTables(heap);
  tables.push_back(&heap);
  for (const Relation* table : tables) {
    for (const TableConstraint& key : table->constraints) {
      const Relation* referenced = view_.Find(key.referenced);
      if (key.kind != ConstraintKind::kForeignKey || referenced == nullptr) continue;
      if (table->id == heap.id && IsDroppedBeside(key)) continue;
      for (size_t i = 0; i < key.columns.size() && i < key.referenced_columns.size(); ++i) {
        const bool own = table->id == heap.id && key.columns[i] == alter.column;
        const bool other = referenced->id == heap.id && key.referenced_columns[i] == alter.column;
        if (!own && !other) continue;
        check(type_in(*table, key.columns[i]), type_in(*referenced, key.referenced_columns[i]));
      }
    }
  }
}

// ---- names and behaviour ---------------------------------------------------------------------

void Inspector::Look(const action::RenameColumn& rename) {
  if (FindComposite(rename.table.name) != nullptr) {
    return Look(action::AlterType{.type = rename.table.name,
                                  .change = action::TypeChangeKind::kRenameAttribute,
                                  .part = rename.column,
                                  .to = rename.to});
  }
  const Relation* table = NameTarget(rename.table, true);
  if (table == nullptr || !CheckUntyped(*table, "rename column of")) return;
  if (!HasColumn(*table, rename.column)) return;
  if (IsInherited(*table, rename.column)) {
    return Fail("42P16", absl::StrCat("cannot rename inherited column \"", rename.column, "\""));
  }
  if (FailSharedColumn(*table, rename.column, "rename")) return;
  if (rename.table.only && !table->children.empty()) {
    return Fail("42P16", absl::StrCat("inherited column \"", rename.column,
                                      "\" must be renamed in child tables too"));
  }
  if (table->FindColumn(rename.to) != nullptr || IsSystemColumn(rename.to)) {
    return Fail("42701", absl::StrCat("column \"", rename.to, "\" of relation \"", table->name,
                                      "\" already exists"));
  }
  for (const Relation* child : view_.DescendantsOf(*table)) {
    if (child->FindColumn(rename.to) == nullptr) continue;
    return Fail("42701", absl::StrCat("column \"", rename.to, "\" of relation \"", child->name,
                                      "\" already exists"));
  }
  facts_.breaks.push_back(
      {.kind = BreakKind::kRenamedColumn, .relation = Describe(*table), .detail = rename.column});
}

void Inspector::Look(const action::RenameType& rename) {
  if (FailIfGone(ObjectKind::kType, rename.type)) return;
  const Relation* of =
      view_.FindType(rename.type, situation_.search_path) == nullptr && !IsBuiltinType(rename.type)
          ? Find(rename.type)
          : nullptr;
  if (of != nullptr && !of->assumed && !of->IsIndex()) {
    return Fail("42809", absl::StrCat(rename.type.name, " is a table's row type"));
  }
  const Name to = {.schema = rename.type.schema, .name = rename.to};
  const bool composite = FindComposite(rename.type) != nullptr;
  if (composite && (Find(to) != nullptr || FindComposite(to) != nullptr)) {
    return Fail("42P07", absl::StrCat("relation \"", rename.to, "\" already exists"));
  }
  if (view_.FindType(to, situation_.search_path) != nullptr) {
    return Fail("42710", absl::StrCat("type \"", rename.to, "\" already exists"));
  }
  if (composite) AddTypeRelation(Role::kTable, to);
  facts_.breaks.push_back(
      {.kind = BreakKind::kDroppedObject,
       .relation = {.name = rename.type.name, .live = IsLiveType(rename.type)}});
}

void Inspector::Look(const action::RenameRelation& rename) {
  // ALTER INDEX renames tables too, as ALTER TABLE would.
  const Relation* found = Find(rename.relation.name);
  const bool index = found != nullptr && (found->IsIndex() || found->assumed);
  if (index && rename.relation.kind == ObjectKind::kIndex) facts_.conditions |= kNamedAsIndex;
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
  if (relation->owner != 0) {
    return Fail("0A000", "cannot move an owned sequence into another schema");
  }
  // A schema that no file creates may be an extension's.
  if (IsPlain() && set.schema != "public" && set.schema != "information_schema" &&
      !absl::StartsWith(set.schema, "pg_") && !view_.HasSchema(set.schema)) {
    return Fail("3F000", absl::StrCat("schema \"", set.schema, "\" does not exist"));
  }
  if (Find({.schema = set.schema, .name = relation->name}) != nullptr) {
    return Fail("42P07", absl::StrCat("relation \"", relation->name,
                                      "\" already exists in schema \"", set.schema, "\""));
  }
  // What goes along needs its name too (tablecmds.c:AlterTableNamespaceInternal).
  std::vector<const Relation*> parts = view_.IndexesOf(*relation);
  for (const Relation* sequence : view_.SequencesOf(*relation)) {
    Add(Role::kSequence, *sequence);
    parts.push_back(sequence);
  }
  for (const Relation* part : parts) {
    const Relation* other = Find({.schema = set.schema, .name = part->name});
    if (other == nullptr || other->assumed || MayHaveFallen(other->created)) continue;
    return Fail("42P07", absl::StrCat("relation \"", part->name, "\" already exists in schema \"",
                                      set.schema, "\""));
  }
  facts_.breaks.push_back({.kind = BreakKind::kRenamedTable, .relation = Describe(*relation)});
}

// No relation is locked: only those who ask for the name notice.
void Inspector::Look(const action::RenameSchema& rename) {
  if (FailIfGone(ObjectKind::kSchema, {.name = rename.schema})) return;
  if (absl::StartsWith(rename.to, "pg_")) {
    return Fail("42939", absl::StrCat("unacceptable schema name \"", rename.to, "\""));
  }
  if (HasSchema(rename.to)) {
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
