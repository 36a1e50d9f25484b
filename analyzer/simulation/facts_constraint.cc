// The facts of constraints: added, validated, changed, renamed and dropped (commands/tablecmds.c).

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "analyzer/simulation/facts.h"
#include "analyzer/simulation/implication.h"

namespace plimsoll {
namespace {

bool Contains(const std::vector<std::string>& values, const std::string& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

// Types without an operator class for btree, as the grammar spells them.
constexpr absl::string_view kUnordered[] = {"json", "xml",  "point",   "line",  "lseg",
                                            "box",  "path", "polygon", "circle"};

bool IsUnordered(const TableColumn& column) {
  return column.type != nullptr && !column.type->array &&
         std::find(std::begin(kUnordered), std::end(kUnordered), column.type->name.name) !=
             std::end(kUnordered);
}

// Types that an operator family of btree compares with each other.
constexpr absl::string_view kFamilies[][3] = {{"int2", "int4", "int8"},
                                              {"float4", "float8", ""},
                                              {"date", "timestamp", "timestamptz"},
                                              {"text", "name", "varchar"}};

bool ShareFamily(absl::string_view a, absl::string_view b) {
  return std::any_of(std::begin(kFamilies), std::end(kFamilies), [&](const auto& family) {
    return std::count(std::begin(family), std::end(family), a) > 0 &&
           std::count(std::begin(family), std::end(family), b) > 0;
  });
}

// Two conditions without casts and the like are the same only where they are written the same.
bool IsBare(const Predicate& predicate) {
  return !predicate.term.murky && predicate.term.cast.empty() && predicate.literal.type.empty() &&
         std::all_of(predicate.parts.begin(), predicate.parts.end(), IsBare);
}

bool TravelsDown(const TableConstraint& constraint) {
  return !constraint.no_inherit &&
         (constraint.kind == ConstraintKind::kCheck || constraint.kind == ConstraintKind::kNotNull);
}

}  // namespace

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

const TableConstraint* FindSameKey(const Relation& part, const TableConstraint& whole,
                                   int server_version) {
  for (const TableConstraint& own : part.constraints) {
    const bool same = own.kind == ConstraintKind::kForeignKey &&
                      own.referenced == whole.referenced && own.columns == whole.columns &&
                      own.referenced_columns == whole.referenced_columns &&
                      own.enforced == whole.enforced && own.deferrable == whole.deferrable &&
                      own.on_delete == whole.on_delete && own.on_update == whole.on_update;
    if (same && (own.validated || server_version >= 18)) return &own;
  }
  return nullptr;
}

bool Inspector::CheckHasConstraints(const Relation& relation) {
  if (relation.IsTable()) return true;
  Fail("42809", absl::StrCat("\"", relation.name, "\" has no constraints to change"));
  return false;
}

// ---- foreign keys ----------------------------------------------------------------------------

std::vector<Inspector::NewKey> Inspector::KeysBeside(const Relation& table) const {
  std::vector<NewKey> keys;
  const auto add = [&](const Constraint& constraint, const std::string& column) {
    const bool primary = constraint.kind == ConstraintKind::kPrimaryKey;
    if (!primary && constraint.kind != ConstraintKind::kUnique) return;
    NewKey key = {.primary = primary, .columns = constraint.columns};
    if (!column.empty()) key.columns = {column};
    const Relation* used = Find({.schema = table.schema, .name = constraint.using_index});
    if (used != nullptr) {
      for (const action::IndexColumn& part : used->keys) key.columns.push_back(part.column);
    }
    keys.push_back(std::move(key));
  };
  for (const Action& action : with_) {
    if (const auto* other = std::get_if<action::AddConstraint>(&action.kind)) {
      if (Find(other->table.name) == &table) add(other->constraint, "");
    } else if (const auto* column = std::get_if<action::AddColumn>(&action.kind)) {
      if (Find(column->table.name) != &table) continue;
      for (const Constraint& own : column->column.constraints) add(own, column->column.name);
    }
  }
  return keys;
}

std::vector<std::string> Inspector::ReferencedColumns(const Relation& referenced,
                                                      const Constraint& constraint) const {
  if (!constraint.referenced_columns.empty()) return constraint.referenced_columns;
  for (NewKey& key : KeysBeside(referenced)) {
    if (key.primary) return std::move(key.columns);
  }
  const TableConstraint* key = referenced.PrimaryKey();
  return key == nullptr ? std::vector<std::string>() : key->columns;
}

// What the other table has to be, and the key it has to have (transformFkeyCheckAttrs).
bool Inspector::CheckReferenced(const Relation& referenced, const Constraint& constraint) {
  if (referenced.kind != RelationKind::kTable &&
      referenced.kind != RelationKind::kPartitionedTable) {
    Fail("42809", absl::StrCat("referenced relation \"", referenced.name, "\" is not a table"));
    return false;
  }
  if (!KnowsAll(referenced)) return true;
  const std::vector<std::string> columns = ReferencedColumns(referenced, constraint);
  if (columns.empty()) {
    Fail("42704",
         absl::StrCat("there is no primary key for referenced table \"", referenced.name, "\""));
    return false;
  }
  for (const std::string& column : columns) {
    const bool added = Sibling<action::AddColumn>([&](const action::AddColumn& add) {
      return add.column.name == column && Find(add.table.name) == &referenced;
    });
    if (added || referenced.FindColumn(column) != nullptr) continue;
    Fail("42703", absl::StrCat("column \"", column,
                               "\" referenced in foreign key constraint does not exist"));
    return false;
  }
  if (columns.size() != constraint.columns.size() && !constraint.columns.empty()) {
    Fail("42830", "number of referencing and referenced columns for foreign key disagree");
    return false;
  }
  const std::vector<NewKey> beside = KeysBeside(referenced);
  const bool made_beside = std::any_of(beside.begin(), beside.end(), [&](const NewKey& key) {
    return key.columns.size() == columns.size() &&
           std::is_permutation(key.columns.begin(), key.columns.end(), columns.begin());
  });
  if (!made_beside && !HasUniqueOver(referenced, columns, view_)) {
    Fail("42830", absl::StrCat("there is no unique constraint matching given keys for referenced "
                               "table \"",
                               referenced.name, "\""));
    return false;
  }
  for (const TableConstraint& unique : referenced.constraints) {
    if (!unique.deferrable || unique.index == 0 ||
        !std::is_permutation(unique.columns.begin(), unique.columns.end(), columns.begin(),
                             columns.end())) {
      continue;
    }
    Fail("55000", absl::StrCat("cannot use a deferrable unique constraint for referenced table \"",
                               referenced.name, "\""));
    return false;
  }
  return true;
}

// Whether no foreign key can lead from values of the one type to those of the other. The column
// becomes what it points at, never the other way round (ATAddForeignKeyConstraint).
bool Inspector::AreIncomparable(const TypeName& own, const TypeName& referenced) const {
  const TypeScope scope = Scope();
  const Type from = BaseOf(ResolveType(own, scope), scope);
  const Type to = BaseOf(ResolveType(referenced, scope), scope);
  if (from.type_class == TypeClass::kUnknown || to.type_class == TypeClass::kUnknown) return false;
  if (from.Is(to) || (!from.array && !to.array && ShareFamily(from.name, to.name))) return false;
  const BuiltinOperatorClass* operators = DefaultOperatorClass("btree", to, scope);
  if (operators == nullptr) return false;
  const Type wanted = BuiltinNamed(operators->type, scope);
  return wanted.type_class == TypeClass::kPseudo ||
         FindConversion(from, wanted, CastContext::kImplicit, scope).path == CastPath::kNone;
}

// What a generated column cannot have done to it, and which columns ON DELETE SET can name
// (ATAddForeignKeyConstraint).
bool Inspector::CheckKeyActions(const Relation& table, const Constraint& constraint) {
  for (const std::string& name : constraint.columns) {
    const TableColumn* column = table.FindColumn(name);
    if (column == nullptr) continue;
    const bool changes = Sets(constraint.on_delete) || Writes(constraint.on_update);
    if (column->generated == Generated::kVirtual) {
      Fail("0A000", "foreign key constraints on virtual generated columns are not supported");
    } else if (column->generated == Generated::kStored && changes) {
      Fail("42601", "invalid action for a foreign key that contains a generated column");
    }
  }
  for (const std::string& name : constraint.set_columns) {
    const bool there = !KnowsAll(table) || table.FindColumn(name) != nullptr;
    if (!there) {
      Fail("42703", absl::StrCat("column \"", name,
                                 "\" referenced in foreign key constraint does "
                                 "not exist"));
    } else if (!Contains(constraint.columns, name)) {
      Fail("42P10", absl::StrCat("column \"", name,
                                 "\" referenced in ON DELETE SET action must be "
                                 "part of foreign key"));
    }
  }
  return !facts_.failure;
}

// tablecmds.c:ATAddForeignKeyConstraint, before it looks at the columns.
bool Inspector::CheckReach(const Relation& table, const Relation& referenced) {
  const auto weight = [](const Relation& relation) {
    return relation.persistence == Persistence::kPermanent  ? 0
           : relation.persistence == Persistence::kUnlogged ? 1
                                                            : 2;
  };
  const bool temporary = weight(table) == 2;
  if (weight(referenced) > weight(table) || (temporary && weight(referenced) != 2)) {
    Fail("42P16", absl::StrCat("\"", table.name,
                               "\" may not reference a table of the persistence "
                               "of \"",
                               referenced.name, "\""));
    return false;
  }
  return true;
}

// Types (ATAddForeignKeyConstraint).
bool Inspector::CheckKeyColumns(const Relation& table, const Relation& referenced,
                                const Constraint& constraint, const Column* added) {
  if (!CheckKeyActions(table, constraint)) return false;
  const auto type_of = [&](const std::string& name) -> const TypeName* {
    if (added != nullptr && added->name == name) return &added->type;
    const TableColumn* column = table.FindColumn(name);
    return column == nullptr ? nullptr : column->type.get();
  };
  const std::vector<std::string> columns = ReferencedColumns(referenced, constraint);
  for (size_t i = 0; i < columns.size() && i < constraint.columns.size(); ++i) {
    const TypeName* own = type_of(constraint.columns[i]);
    const TableColumn* other = referenced.FindColumn(columns[i]);
    const bool known = own != nullptr && other != nullptr && other->type != nullptr;
    if (!known || !AreIncomparable(*own, *other->type)) continue;
    Fail("42804", absl::StrCat("key columns \"", constraint.columns[i], "\" and \"", columns[i],
                               "\" are of incompatible types"));
    return false;
  }
  return true;
}

void Inspector::NoteForeignKey(const Relation* table, const Constraint& constraint, bool scans,
                               const Column* added) {
  const Relation* referenced = Find(constraint.referenced);
  if (referenced == nullptr) {
    FailMissing(constraint.referenced);
    return;
  }
  if (table != nullptr && referenced->IsTable() && !CheckReach(*table, *referenced)) return;
  if (!CheckReferenced(*referenced, constraint)) return;
  if (table != nullptr && !CheckKeyColumns(*table, *referenced, constraint, added)) return;
  Add(Role::kReferenced, *referenced);
  const bool whole = referenced->kind == RelationKind::kPartitionedTable;
  for (const Relation* part : view_.DescendantsOf(*referenced)) {
    if (whole) Add(Role::kReferenced, *part);
  }
  if (!scans || table == nullptr) return;
  std::vector<const Relation*> heaps;
  // A foreign key reaches partitions, and never children by inheritance.
  const bool partitioned = table->kind == RelationKind::kPartitionedTable;
  for (const Relation* heap : Heaps(*table, !partitioned)) {
    const TableConstraint wanted = {
        .kind = ConstraintKind::kForeignKey,
        .columns = constraint.columns,
        .enforced = !constraint.not_enforced,
        .deferrable = constraint.deferrable,
        .on_delete = constraint.on_delete,
        .on_update = constraint.on_update,
        .referenced = referenced->id,
        .referenced_columns = ReferencedColumns(*referenced, constraint)};
    const TableConstraint* own =
        heap == table ? nullptr : FindSameKey(*heap, wanted, situation_.server_version);
    if (own != nullptr) Add(Role::kPartner, *referenced);
    if (own == nullptr || !own->validated) heaps.push_back(heap);
  }
  Scan(heaps, Cause::kForeignKey);
  // The join looks into the referenced table only for rows there are.
  if (MayHoldRows(heaps)) Match(Heaps(*referenced, !whole));
}

void Inspector::NoteNewForeignKey(const Relation& table, const action::AddConstraint& add) {
  const Constraint& constraint = add.constraint;
  const bool partitioned = table.kind == RelationKind::kPartitionedTable;
  const auto refuse = [&](absl::string_view what) {
    Fail("42809",
         absl::StrCat("cannot ", what, " foreign key on partitioned table \"", table.name, "\""));
  };
  if (table.kind == RelationKind::kForeignTable) {
    return Fail("42809", absl::StrCat("foreign table \"", table.name, "\" has no foreign keys"));
  }
  if (partitioned && add.table.only) return refuse("use ONLY for");
  if (partitioned && constraint.not_valid && situation_.server_version < 18) {
    return refuse("add NOT VALID");
  }
  const bool validated_here =
      Sibling<action::ValidateConstraint>([&](const action::ValidateConstraint& validate) {
        return !constraint.name.empty() && validate.constraint == constraint.name;
      });
  NoteForeignKey(&table, constraint,
                 (!constraint.not_valid || validated_here) && !constraint.not_enforced);
}

// ---- unique, primary key, exclusion ----------------------------------------------------------

// parse_utilcmd.c:transformIndexConstraint, of USING INDEX.
bool Inspector::CheckUsedIndex(const Relation& table, const Relation& index,
                               const Constraint& constraint) {
  const auto refuse = [&](absl::string_view sqlstate, absl::string_view why) {
    Fail(sqlstate, absl::StrCat("index \"", index.name, "\" ", why));
    return false;
  };
  if (!index.IsIndex()) return refuse("42809", "is not an index");
  const Relation* owner = view_.Find(index.table);
  const bool used = owner != nullptr &&
                    std::any_of(owner->constraints.begin(), owner->constraints.end(),
                                [&](const TableConstraint& c) { return c.index == index.id; });
  if (used) return refuse("55000", "is already associated with a constraint");
  if (index.table != table.id) return refuse("55000", "does not belong to the table");
  if (!index.valid) return refuse("55000", "is not valid");
  if (!index.unique) return refuse("42809", "is not a unique index");
  if (index.has_expression) return refuse("42809", "contains expressions");
  if (index.has_predicate) return refuse("42809", "is a partial index");
  const bool odd =
      std::any_of(index.keys.begin(), index.keys.end(), [](const action::IndexColumn& key) {
        return key.reordered || absl::EndsWith(key.operator_class, "_pattern_ops");
      });
  if (odd) return refuse("42809", "does not have default sorting behavior");
  if (index.nulls_not_distinct && constraint.kind == ConstraintKind::kPrimaryKey &&
      situation_.server_version >= 16) {
    return refuse("42P16", "treats NULLs as equal");
  }
  return true;
}

// What a new index can stand on (parse_utilcmd.c:transformIndexConstraint,
// indexcmds.c:DefineIndex).
bool Inspector::CheckIndexed(const Relation& table, const Constraint& constraint,
                             const std::string& inline_column) {
  const bool exclusion = constraint.kind == ConstraintKind::kExclusion;
  const bool partitioned = table.kind == RelationKind::kPartitionedTable;
  if (partitioned && exclusion && situation_.server_version < 17) {
    Fail("0A000", "exclusion constraints are not supported on partitioned tables");
    return false;
  }
  if (exclusion) {
    // indexcmds.c:DefineIndex, of amgettuple
    if (constraint.method == "gin" || constraint.method == "brin") {
      Fail("0A000", absl::StrCat("access method \"", constraint.method,
                                 "\" does not support exclusion constraints"));
      return false;
    }
    action::CreateIndex index = {.method = constraint.method};
    for (const std::string& name : constraint.columns) index.columns.push_back({.column = name});
    CheckMethod(index);
    if (!facts_.failure) CheckIndexed(index, table);
    return !facts_.failure;
  }
  for (const std::string& name : constraint.columns) {
    if (IsSystemColumn(name)) {
      Fail("0A000", "index creation on system columns is not supported");
      return false;
    }
    if (std::count(constraint.columns.begin(), constraint.columns.end(), name) > 1) {
      Fail("42701", absl::StrCat("column \"", name, "\" appears twice in a constraint"));
      return false;
    }
    const TableColumn* column = table.FindColumn(name);
    if (name == inline_column || column == nullptr || !IsUnordered(*column)) continue;
    Fail("42704", absl::StrCat("data type ", column->type->name.name,
                               " has no default operator class for access method \"btree\""));
    return false;
  }
  if (constraint.name.empty() ||
      Find({.schema = table.schema, .name = constraint.name}) == nullptr) {
    return true;
  }
  const TableConstraint* namesake = table.FindConstraint(constraint.name);
  if (namesake != nullptr && IsDroppedBeside(*namesake)) return true;
  Fail("42P07", absl::StrCat("relation \"", constraint.name, "\" already exists"));
  return false;
}

bool Inspector::CheckPrimaryKey(const Relation& table, const std::vector<std::string>& columns,
                                const std::string& inline_column) {
  const TableConstraint* key = table.PrimaryKey();
  if (key != nullptr && !IsDroppedBeside(*key)) {
    Fail("42P16",
         absl::StrCat("multiple primary keys for table \"", table.name, "\" are not allowed"));
    return false;
  }
  for (const std::string& column : columns) {
    if (column == inline_column) continue;
    const TableConstraint* not_null = table.FindNotNull(column);
    if (not_null == nullptr || (not_null->validated && !not_null->no_inherit)) continue;
    Fail("55000", absl::StrCat("cannot create primary key on column \"", column, "\""));
    return false;
  }
  return true;
}

// UNIQUE, PRIMARY KEY and EXCLUDE, which build an index or take one over. `inline_column` is the
// column that the same action adds, if any.
void Inspector::NoteIndexConstraint(const Relation& table, bool only, const Constraint& constraint,
                                    const std::string& inline_column) {
  std::vector<std::string> columns = constraint.columns;
  const bool takes_over = !constraint.using_index.empty();
  if (takes_over) {
    const Relation* index = Find({.schema = table.schema, .name = constraint.using_index});
    const bool known = index != nullptr && !index->assumed;
    if (known && !CheckUsedIndex(table, *index, constraint)) return;
    if (index != nullptr) {
      Add(Role::kUsedIndex, *index);
      columns.clear();
      for (const action::IndexColumn& key : index->keys) columns.push_back(key.column);
    }
    if (table.kind == RelationKind::kPartitionedTable) {
      return Fail("0A000", "ADD CONSTRAINT USING INDEX is not supported on partitioned tables");
    }
  }
  if (constraint.kind == ConstraintKind::kPrimaryKey) {
    if (!CheckPrimaryKey(table, columns, inline_column)) return;
    for (const std::string& column : columns) {
      const bool set_here = Sibling<action::SetNotNull>(
          [&](const action::SetNotNull& set) { return set.column == column; });
      if (!set_here && column != inline_column) {
        NoteNotNull(table, only, column, Cause::kNotNull);
      }
    }
  }
  if (takes_over || !CheckIndexed(table, constraint, inline_column)) return;
  CheckPartitionKey(table.partition_keys, constraint, inline_column);
  for (const Relation* part : only ? std::vector<const Relation*>() : view_.DescendantsOf(table)) {
    if (part->kind == RelationKind::kPartitionedTable) {
      CheckPartitionKey(part->partition_keys, constraint, inline_column);
    }
  }
  facts_.conditions |= kBuildsIndex;
  action::CreateIndex wanted = {.unique = constraint.kind != ConstraintKind::kExclusion,
                                .include = constraint.include};
  for (const std::string& column : constraint.columns) wanted.columns.push_back({.column = column});
  const TableConstraint behind = {.kind = constraint.kind};
  for (const Relation* heap : Heaps(table, only)) {
    const bool has_it =
        heap != &table && FindMatchingIndex(*heap, wanted, &behind, view_, &table) != nullptr;
    if ((heap == &table || heap->is_partition) && !has_it) {
      Add(Role::kScanned, *heap, CauseOf(constraint.kind));
    }
  }
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

// ---- checks, NOT NULL ------------------------------------------------------------------------

// A child's check of the same name is taken over where it says the same
// (heap.c:MergeWithExistingConstraint); notes the failure where it cannot be.
bool Inspector::MergesCheck(const Relation& child, const Constraint& constraint) {
  const TableConstraint* own = child.FindConstraint(constraint.name);
  if (constraint.name.empty() || own == nullptr || IsDroppedBeside(*own)) return false;
  const OptionalPredicate wanted =
      constraint.expression == nullptr ? nullptr : constraint.expression->predicate;
  const bool differs =
      own->kind != ConstraintKind::kCheck ||
      (wanted != nullptr && own->predicate != nullptr && IsBare(*wanted) &&
       IsBare(*own->predicate) && SamePredicate(wanted, own->predicate, child) != Proof::kYes);
  if (differs) {
    Fail("42710", absl::StrCat("constraint \"", own->name, "\" for relation \"", child.name,
                               "\" already exists"));
  } else if (own->no_inherit || (own->enforced && !own->validated && !constraint.not_valid) ||
             (!own->enforced && !constraint.not_enforced)) {
    Fail("42P17", absl::StrCat("constraint \"", own->name, "\" conflicts with that of relation \"",
                               child.name, "\""));
  }
  return true;
}

// heap.c:cookConstraint, parse_relation.c:scanRTEForColumn
bool Inspector::CheckSystemUse(const OptionalExpression& expression, absl::string_view where) {
  for (const std::string& column :
       expression == nullptr ? std::vector<std::string>() : expression->columns) {
    if (!IsSystemColumn(column) || column == "tableoid") continue;
    Fail("42P10", absl::StrCat("system column \"", column, "\" in a ", where, " is invalid"));
    return false;
  }
  return true;
}

// heap.c:AddRelationNewConstraints, index.c:index_create
bool Inspector::CheckNamedOnce(const action::AddConstraint& add) {
  const Constraint& own = add.constraint;
  if (own.name.empty()) return true;
  const bool index = IsIndexConstraint(own.kind);
  bool again = false;
  bool other_index = false;
  const auto note = [&](const Constraint& other) {
    // A second NOT NULL of one column is the first again.
    const bool same = own.kind == ConstraintKind::kNotNull && other.kind == own.kind &&
                      own.columns == other.columns;
    if (other.name != own.name || same) return;
    again = true;
    other_index = other_index || IsIndexConstraint(other.kind);
  };
  for (const Action& action : with_) {
    if (const auto* column = std::get_if<action::AddColumn>(&action.kind)) {
      for (const Constraint& inline_one : column->column.constraints) note(inline_one);
    }
    const auto* other = std::get_if<action::AddConstraint>(&action.kind);
    if (other == &add) break;
    if (other != nullptr) note(other->constraint);
  }
  if (!again) return true;
  Fail(index && other_index ? "42P07" : "42710",
       absl::StrCat("constraint \"", own.name, "\" already exists"));
  return false;
}

void Inspector::NoteNewCheck(const Relation& table, const action::AddConstraint& add) {
  const Constraint& constraint = add.constraint;
  if (constraint.expression != nullptr && constraint.expression->has_subquery) {
    return Fail("0A000", "cannot use subquery in check constraint");
  }
  if (constraint.no_inherit && table.kind == RelationKind::kPartitionedTable) {
    return Fail("42P16", absl::StrCat("cannot add NO INHERIT constraint to partitioned table \"",
                                      table.name, "\""));
  }
  if (add.table.only && !table.children.empty() && !constraint.no_inherit) {
    return Fail("42P16", "constraint must be added to child tables too");
  }
  // Merged with what it inherits: its rows pass already.
  const TableConstraint* inherited = table.FindConstraint(constraint.name);
  if (inherited != nullptr && inherited->inherited) return;
  const bool alone = add.table.only || constraint.no_inherit;
  std::vector<const Relation*> merged;
  for (const Relation* child :
       alone ? std::vector<const Relation*>() : view_.DescendantsOf(table)) {
    if (MergesCheck(*child, constraint)) merged.push_back(child);
  }
  const bool validated_here =
      Sibling<action::ValidateConstraint>([&](const action::ValidateConstraint& validate) {
        return !constraint.name.empty() && validate.constraint == constraint.name;
      });
  if (constraint.not_enforced || (constraint.not_valid && !validated_here)) return;
  for (const Relation* heap : Heaps(table, alone)) {
    if (std::find(merged.begin(), merged.end(), heap) == merged.end()) {
      Scan({heap}, Cause::kCheck);
    }
  }
}

// heap.c:AddRelationNewConstraints, pg_constraint.c:AdjustNotNullInheritance of 18
void Inspector::NoteNewNotNull(const Relation& table, const action::AddConstraint& add) {
  const Constraint& constraint = add.constraint;
  if (constraint.columns.empty()) return;
  const std::string& column = constraint.columns[0];
  if (constraint.no_inherit && table.kind == RelationKind::kPartitionedTable) {
    return Fail("0A000", "not-null constraints on partitioned tables cannot be NO INHERIT");
  }
  const TableConstraint* own = table.FindNotNull(column);
  if (own != nullptr && !IsDroppedBeside(*own)) {
    const bool renames = !constraint.name.empty() && constraint.name != own->name;
    if (renames || own->no_inherit != constraint.no_inherit ||
        (!own->validated && !constraint.not_valid)) {
      Fail("55000", absl::StrCat("cannot create not-null constraint on column \"", column,
                                 "\" of table \"", table.name, "\""));
    }
    return;
  }
  if (add.table.only && !table.children.empty() && !constraint.no_inherit) {
    return Fail("42P16", "constraint must be added to child tables too");
  }
  const bool alone = add.table.only || constraint.no_inherit;
  const bool validated_here =
      Sibling<action::ValidateConstraint>([&](const action::ValidateConstraint& validate) {
        return !constraint.name.empty() && validate.constraint == constraint.name;
      });
  if (validated_here && constraint.not_valid) return Scan(Heaps(table, alone), Cause::kNotNull);
  if (!constraint.not_valid) NoteNotNull(table, alone, column, Cause::kNotNull);
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

// heap.c:MergeWithExistingConstraint. What a table only inherits it may also have of its own.
static bool MayMerge(const Relation& table, const TableConstraint& own, const Constraint& added) {
  if (added.kind != ConstraintKind::kCheck || own.kind != added.kind) return false;
  if (!own.inherited || table.is_partition) return false;
  const OptionalPredicate& predicate = added.expression->predicate;
  return own.predicate == nullptr || predicate == nullptr || *own.predicate == *predicate;
}

bool Inspector::CheckNewConstraint(const Relation& table, const action::AddConstraint& add) {
  const Constraint& constraint = add.constraint;
  if (!CheckHasConstraints(table)) return false;
  // The index to use is looked up when the statement is read (transformIndexConstraint).
  const bool lacks_index =
      !constraint.using_index.empty() && KnowsAll(table) &&
      Find({.schema = table.schema, .name = constraint.using_index}) == nullptr;
  if (lacks_index) {
    Fail("42704", absl::StrCat("index \"", constraint.using_index, "\" does not exist"));
    return false;
  }
  // A check is analysed before its name is judged (heap.c:AddRelationNewConstraints).
  if (constraint.expression != nullptr) {
    CheckLabels(constraint.expression->texts, &table);
    if (constraint.kind == ConstraintKind::kCheck && !IsWithAdded()) {
      CheckCondition(*constraint.expression, table.columns);
    }
    if (!CheckSystemUse(constraint.expression, "check constraint")) return false;
    if (facts_.failure || !HasColumns(constraint.expression, table)) return false;
  }
  if (!CheckNamedOnce(add)) return false;
  const TableConstraint* namesake =
      constraint.name.empty() ? nullptr : table.FindConstraint(constraint.name);
  // A second NOT NULL of one column is the first again.
  const bool again = namesake != nullptr && namesake->kind == ConstraintKind::kNotNull &&
                     constraint.kind == ConstraintKind::kNotNull &&
                     namesake->columns == constraint.columns;
  const bool refused = namesake != nullptr && !again && !MayMerge(table, *namesake, constraint);
  if (refused && !IsDroppedBeside(*namesake)) {
    const bool index = namesake->index != 0 && IsIndexConstraint(constraint.kind) &&
                       constraint.using_index.empty();
    Fail(index ? "42P07" : "42710",
         absl::StrCat("constraint \"", constraint.name, "\" for relation \"", table.name,
                      "\" already exists"));
    return false;
  }
  // Its own columns are looked up after the other table (ATAddForeignKeyConstraint).
  if (constraint.kind == ConstraintKind::kForeignKey && Find(constraint.referenced) == nullptr) {
    FailMissing(constraint.referenced);
    return false;
  }
  for (const std::string& column : constraint.columns) {
    if (!column.empty() && !HasColumn(table, column)) return false;
  }
  for (const std::string& column : constraint.include) {
    if (!HasColumn(table, column)) return false;
  }
  return constraint.predicate == nullptr || !KnowsAll(table) || IsWithAdded() || !IsPlain() ||
         CheckTruth(*constraint.predicate, table.columns, "index predicate");
}

void Inspector::Look(const action::AddConstraint& add) {
  const Constraint& constraint = add.constraint;
  const ConstraintKind kind = constraint.kind;
  const bool foreign = kind == ConstraintKind::kForeignKey;
  if (foreign) facts_.conditions |= kForeignKey;
  if (IsIndexConstraint(kind)) facts_.conditions |= kBuildsIndex;
  // NOT NULL locks the children all the same.
  if (constraint.no_inherit && kind == ConstraintKind::kCheck) facts_.conditions |= kNoInherit;
  const Relation* named = Find(add.table.name);
  if (named != nullptr && AddsNotNull(*named, constraint)) facts_.conditions |= kAddsNotNull;
  const bool partitioned = named != nullptr && named->kind == RelationKind::kPartitionedTable;
  // An index constraint reaches partitions, and children by inheritance only to make columns NOT
  // NULL, a foreign key reaches partitions alone; 18 locks them all the same.
  const bool recurses = foreign ? partitioned || situation_.server_version >= 18
                                : !IsIndexConstraint(kind) || situation_.server_version >= 18 ||
                                      (facts_.conditions & kAddsNotNull) != 0 || partitioned;
  const Relation* table = NameTarget(add.table, recurses);
  if (table == nullptr || !CheckNewConstraint(*table, add)) return;
  switch (kind) {
    case ConstraintKind::kCheck:
      return NoteNewCheck(*table, add);
    case ConstraintKind::kNotNull:
      return NoteNewNotNull(*table, add);
    case ConstraintKind::kForeignKey:
      return NoteNewForeignKey(*table, add);
    case ConstraintKind::kUnique:
    case ConstraintKind::kPrimaryKey:
    case ConstraintKind::kExclusion:
      return NoteIndexConstraint(*table, add.table.only, constraint, "");
    case ConstraintKind::kNull:
      return;
  }
}

// SET NOT NULL of ONLY the whole needs all its partitions to be NOT NULL (ATPrepSetNotNull); 18
// refuses it.
void Inspector::CheckNotNullOfParts(const Relation& table, const std::string& column) {
  if (table.kind != RelationKind::kPartitionedTable) return;
  for (const RelationId id : table.children) {
    const Relation* part = view_.Find(id);
    if (part == nullptr) continue;
    Add(Role::kDescendant, *part);
    const TableColumn* own = part->FindColumn(column);
    const bool holds = situation_.server_version < 18 && (own == nullptr || own->not_null);
    if (!holds) return Fail("42P16", "constraint must be added to child tables too");
  }
}

// ATExecDropNotNull
void Inspector::CheckDroppedNotNull(const Relation& table, const action::DropNotNull& drop) {
  const TableColumn* column = table.FindColumn(drop.column);
  const auto refuse = [&](absl::string_view sqlstate, absl::string_view why) {
    Fail(sqlstate,
         absl::StrCat("column \"", drop.column, "\" of relation \"", table.name, "\" ", why));
  };
  if (column != nullptr && !column->not_null && KnowsAll(table)) {
    const bool named = table.FindNotNull(drop.column) != nullptr;
    if (situation_.server_version >= 18 && !named) return;
  }
  if (column != nullptr && column->generated == Generated::kIdentity) {
    return refuse("42601", "is an identity column");
  }
  if (drop.table.only && situation_.server_version < 18 && !table.children.empty() &&
      table.kind == RelationKind::kPartitionedTable) {
    return refuse("42P16", "is NOT NULL in partitions");
  }
  if (!CheckNullable(table, drop.column)) return;
  // A partition has what its whole has; a child since 18.
  for (const RelationId id : table.parents) {
    const Relation* parent = view_.Find(id);
    const TableColumn* above = parent == nullptr ? nullptr : parent->FindColumn(drop.column);
    const TableConstraint* name = parent == nullptr ? nullptr : parent->FindNotNull(drop.column);
    const bool holds = above != nullptr && above->not_null;
    const bool travels = name != nullptr && !name->no_inherit;
    if ((table.is_partition && holds) || travels) {
      return refuse("42P16", "is marked NOT NULL in parent table");
    }
  }
}

// What keeps a column NOT NULL (ATExecDropNotNull; dropconstraint_internal of 18).
bool Inspector::CheckNullable(const Relation& table, const std::string& column) {
  const auto refuse = [&](absl::string_view sqlstate, absl::string_view why) {
    Fail(sqlstate, absl::StrCat("column \"", column, "\" of \"", table.name, "\" ", why));
    return false;
  };
  const TableConstraint* key = table.PrimaryKey();
  if (key != nullptr && !IsDroppedBeside(*key) && Contains(key->columns, column)) {
    return refuse("42P16", "is in a primary key");
  }
  const Relation* identity = view_.Find(table.replica_identity);
  const bool identifies =
      identity != nullptr &&
      std::any_of(identity->keys.begin(), identity->keys.end(),
                  [&](const action::IndexColumn& used) { return used.column == column; });
  return !identifies || refuse("42P16", "is in the index used as replica identity");
}

// ---- changing and dropping -------------------------------------------------------------------

bool Inspector::ComesFromParent(const Relation& table, const TableConstraint& constraint) const {
  if (constraint.index != 0) {
    const Relation* index = view_.Find(constraint.index);
    return index != nullptr && !index->parents.empty();
  }
  return std::any_of(table.parents.begin(), table.parents.end(), [&](RelationId id) {
    const Relation* parent = view_.Find(id);
    if (parent == nullptr) return false;
    switch (constraint.kind) {
      case ConstraintKind::kNotNull: {
        const TableConstraint* above =
            constraint.columns.empty() ? nullptr : parent->FindNotNull(constraint.columns[0]);
        return above != nullptr && !above->no_inherit;
      }
      case ConstraintKind::kCheck: {
        const TableConstraint* above = parent->FindConstraint(constraint.name);
        return above != nullptr && above->kind == constraint.kind && !above->no_inherit;
      }
      case ConstraintKind::kForeignKey:
        return table.is_partition && constraint.inherited;
      default:
        return false;
    }
  });
}

// Since 18 every NOT NULL has a name, which the catalog may lack.
bool Inspector::MayBeNotNull(const Relation& table) const {
  return situation_.server_version >= 18 &&
         std::any_of(table.columns.begin(), table.columns.end(), [&](const TableColumn& column) {
           return column.not_null && table.FindNotNull(column.name) == nullptr;
         });
}

bool Inspector::FailMissingConstraint(const Relation& table, const std::string& name) {
  if (!KnowsAll(table) || MayBeNotNull(table)) return false;
  Fail("42704",
       absl::StrCat("constraint \"", name, "\" of relation \"", table.name, "\" does not exist"));
  return true;
}

// A view that groups by the primary key, and shows more, needs it (parse_agg.c:
// check_functional_grouping).
void Inspector::NoteGroupedBy(const Relation& table, bool cascade) {
  for (const Relation* view : view_.ViewsOn(table)) {
    const bool needs = std::any_of(view->uses.begin(), view->uses.end(), [&](const ViewUse& use) {
      return use.relation == table.id && use.by_key;
    });
    if (!needs) continue;
    if (cascade) {
      NoteDroppedView(*view);
    } else {
      Fail("2BP01", absl::StrCat("cannot drop the primary key of table ", table.name,
                                 " because view ", view->name, " depends on it"));
    }
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
  if (constraint.kind == ConstraintKind::kPrimaryKey) NoteGroupedBy(table, cascade);
  for (const Relation* part : view_.DescendantsOf(*index)) Add(Role::kDroppedIndex, *part);
  // ON CONFLICT names it, or relies on it unnamed (parse_clause.c:transformOnConflictArbiter).
  Affected key = Describe(*index);
  key.live = Describe(table).live;
  facts_.breaks.push_back({.kind = BreakKind::kDroppedObject, .relation = std::move(key)});
  for (const Relation* child : view_.ReferencingTables(table)) {
    for (const TableConstraint& foreign : child->constraints) {
      const bool by_key =
          foreign.referenced_columns.empty() && constraint.kind == ConstraintKind::kPrimaryKey;
      if (foreign.referenced != table.id || (!by_key && !ReliesOn(foreign, *index, table, view_))) {
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

// dropconstraint_internal
bool Inspector::CheckDroppedConstraint(const Relation& table, const TableConstraint& constraint,
                                       bool only) {
  if (ComesFromParent(table, constraint)) {
    Fail("42P16", absl::StrCat("cannot drop inherited constraint \"", constraint.name,
                               "\" of relation \"", table.name, "\""));
    return false;
  }
  if (only && situation_.server_version < 18 && constraint.kind == ConstraintKind::kCheck &&
      !constraint.no_inherit && table.kind == RelationKind::kPartitionedTable &&
      !table.children.empty()) {
    Fail("42P16", "cannot remove constraint from only the partitioned table when partitions exist");
    return false;
  }
  if (constraint.kind != ConstraintKind::kNotNull || constraint.columns.size() != 1) return true;
  const std::string& name = constraint.columns[0];
  const TableColumn* column = table.FindColumn(name);
  if (!CheckNullable(table, name)) return false;
  if (column == nullptr || column->generated != Generated::kIdentity) return true;
  Fail("55000", absl::StrCat("column \"", name, "\" of relation \"", table.name,
                             "\" is an identity column"));
  return false;
}

// Whether an earlier subcommand of the statement drops it.
bool Inspector::IsDroppedBefore(const action::DropConstraint& drop) const {
  for (const Action& action : with_) {
    const auto* other = std::get_if<action::DropConstraint>(&action.kind);
    if (other == &drop) return false;
    if (other != nullptr && other->constraint == drop.constraint) return true;
  }
  return false;
}

void Inspector::Look(const action::DropConstraint& drop) {
  const Relation* table = NameTarget(drop.table, true);
  if (table == nullptr || !CheckHasConstraints(*table)) return;
  const TableConstraint* constraint = table->FindConstraint(drop.constraint);
  if (constraint == nullptr) {
    if (!drop.if_exists) FailMissingConstraint(*table, drop.constraint);
    return;
  }
  if (IsDroppedBefore(drop)) {
    if (!drop.if_exists) {
      Fail("42704", absl::StrCat("constraint \"", drop.constraint, "\" of relation \"", table->name,
                                 "\" does not exist"));
    }
    return;
  }
  if (!CheckDroppedConstraint(*table, *constraint, drop.table.only)) return;
  // Even ONLY has to tell the children that the constraint is now their own.
  const bool tells = drop.table.only && TravelsDown(*constraint);
  for (const RelationId id : tells ? table->children : std::vector<RelationId>()) {
    if (const Relation* child = view_.Find(id)) Add(Role::kDescendant, *child);
  }
  // Since 18 all parts are asked whether they are in use (ATCheckPartitionsNotInUse).
  const bool asks =
      tells && situation_.server_version >= 18 && table->kind == RelationKind::kPartitionedTable;
  for (const Relation* part : asks ? view_.DescendantsOf(*table) : std::vector<const Relation*>()) {
    Add(Role::kDescendant, *part);
  }
  NoteDroppedConstraint(*table, *constraint, drop.cascade);
  const bool referenced = std::any_of(
      table->constraints.begin(), table->constraints.end(), [&](const TableConstraint& foreign) {
        return foreign.referenced == table->id && constraint->index != 0 &&
               !IsDroppedBeside(foreign) && foreign.referenced_columns == constraint->columns;
      });
  if (referenced && !drop.cascade) {
    Fail("2BP01", absl::StrCat("cannot drop constraint ", constraint->name, " on table ",
                               table->name, " because other objects depend on it"));
  }
}

void Inspector::Look(const action::ValidateConstraint& validate) {
  const Relation* table = NameTarget(validate.table, true);
  if (table == nullptr || !CheckHasConstraints(*table)) return;
  const TableConstraint* constraint = table->FindConstraint(validate.constraint);
  // ALTER TABLE drops first.
  if (constraint != nullptr && Sibling<action::DropConstraint>([&](const auto& drop) {
        return drop.constraint == validate.constraint;
      })) {
    return Fail("42704", absl::StrCat("constraint \"", validate.constraint, "\" does not exist"));
  }
  if (constraint == nullptr) {
    const bool added = Sibling<action::AddConstraint>([&](const action::AddConstraint& add) {
      return add.constraint.name == validate.constraint;
    });
    if (added) return;  // AddConstraint counts it
    if (FailMissingConstraint(*table, validate.constraint)) return;
    return Scan(Heaps(*table, validate.table.only), Cause::kCheck);
  }
  if (IsIndexConstraint(constraint->kind)) {
    return Fail("42809", absl::StrCat("constraint \"", constraint->name, "\" of relation \"",
                                      table->name, "\" cannot be validated"));
  }
  if (!constraint->enforced) return Fail("55000", "cannot validate NOT ENFORCED constraint");
  if (constraint->validated) return;
  if (validate.table.only && TravelsDown(*constraint) && !table->children.empty()) {
    return Fail("42P16", "constraint must be validated on child tables too");
  }
  const bool alone = validate.table.only || constraint->no_inherit;
  Scan(Heaps(*table, alone), CauseOf(constraint->kind));
  const Relation* referenced = view_.Find(constraint->referenced);
  if (constraint->kind == ConstraintKind::kForeignKey && referenced != nullptr) {
    Add(Role::kReferenced, *referenced);
    Match(Heaps(*referenced, false));
  }
}

// rename_constraint_internal
void Inspector::Look(const action::RenameConstraint& rename) {
  const Relation* table = NameTarget(rename.table, false);
  if (table == nullptr) return;
  const TableConstraint* constraint = table->FindConstraint(rename.constraint);
  if (constraint == nullptr) {
    FailMissingConstraint(*table, rename.constraint);
    return;
  }
  if (TravelsDown(*constraint)) {
    if (ComesFromParent(*table, *constraint)) {
      return Fail("42P16",
                  absl::StrCat("cannot rename inherited constraint \"", rename.constraint, "\""));
    }
    if (rename.table.only && !table->children.empty()) {
      return Fail("42P16", absl::StrCat("inherited constraint \"", rename.constraint,
                                        "\" must be renamed in child tables too"));
    }
    for (const Relation* child : view_.DescendantsOf(*table)) Add(Role::kDescendant, *child);
  }
  const Relation* index = view_.Find(constraint->index);
  if (index != nullptr && Find({.schema = index->schema, .name = rename.to}) != nullptr) {
    return Fail("42P07", absl::StrCat("relation \"", rename.to, "\" already exists"));
  }
  if (table->FindConstraint(rename.to) != nullptr) {
    return Fail("42710", absl::StrCat("constraint \"", rename.to, "\" for relation \"", table->name,
                                      "\" already exists"));
  }
  if (index != nullptr) Add(Role::kUsedIndex, *index);
}

void Inspector::Look(const action::AlterConstraint& alter) {
  if (alter.no_inherit == true && situation_.server_version < 18) {
    return Fail("0A000", "ALTER CONSTRAINT statement constraints cannot be marked NO INHERIT");
  }
  const Relation* table = NameTarget(alter.table, false);
  if (table == nullptr || !CheckHasConstraints(*table)) return;
  const TableConstraint* constraint = table->FindConstraint(alter.constraint);
  if (constraint == nullptr) {
    // What the same statement adds is there by then.
    const bool other = Sibling<action::AddConstraint>([&](const action::AddConstraint& add) {
      return add.constraint.name == alter.constraint &&
             add.constraint.kind != ConstraintKind::kForeignKey;
    });
    if (other) return Fail("42809", "not a foreign key constraint");
    const bool added = Sibling<action::AddConstraint>(
        [&](const auto& add) { return add.constraint.name == alter.constraint; });
    if (!added) FailMissingConstraint(*table, alter.constraint);
    return;
  }
  const bool foreign = constraint->kind == ConstraintKind::kForeignKey;
  if ((alter.deferrability || (alter.enforced && situation_.server_version < 19)) && !foreign) {
    return Fail("42809", absl::StrCat("constraint \"", constraint->name, "\" of relation \"",
                                      table->name, "\" is not a foreign key constraint"));
  }
  if (alter.no_inherit && constraint->kind != ConstraintKind::kNotNull) {
    return Fail("42809", absl::StrCat("constraint \"", constraint->name, "\" of relation \"",
                                      table->name, "\" is not a not-null constraint"));
  }
  if (alter.no_inherit == true && ComesFromParent(*table, *constraint)) {
    return Fail("55000", absl::StrCat("cannot alter inherited constraint \"", constraint->name,
                                      "\" on relation \"", table->name, "\""));
  }
  const bool descends = (table->kind == RelationKind::kPartitionedTable && foreign) ||
                        (alter.no_inherit && constraint->no_inherit != *alter.no_inherit);
  // What becomes the parent's alone concerns its own children and none below
  // (ATExecAlterConstrInheritability).
  const bool one_level = alter.no_inherit == true && !foreign;
  for (const Relation* child : view_.DescendantsOf(*table)) {
    const auto& parents = child->parents;
    const bool own = std::find(parents.begin(), parents.end(), table->id) != parents.end();
    if (descends && (own || !one_level)) Add(Role::kDescendant, *child);
  }
  // The children get what was the parent's alone.
  if (alter.no_inherit && !*alter.no_inherit && constraint->no_inherit) {
    for (const Relation* child : view_.DescendantsOf(*table)) {
      NoteNotNull(*child, true, constraint->columns[0], Cause::kNotNull);
    }
  }
  // Since 19, for the children too.
  if (alter.enforced && constraint->kind == ConstraintKind::kCheck) {
    for (const Relation* child : view_.DescendantsOf(*table)) Add(Role::kDescendant, *child);
    if (*alter.enforced && !constraint->enforced) Scan(Heaps(*table, false), Cause::kCheck);
    return;
  }
  const Relation* referenced = foreign ? view_.Find(constraint->referenced) : nullptr;
  if (!alter.enforced || referenced == nullptr || *alter.enforced == constraint->enforced) return;
  if (!*alter.enforced) return Add(Role::kPartner, *referenced);
  Add(Role::kReferenced, *referenced);
  Scan(Heaps(*table, false), Cause::kForeignKey);
  Match(Heaps(*referenced, false));
}

}  // namespace plimsoll
