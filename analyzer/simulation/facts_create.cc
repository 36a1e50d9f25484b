// The facts of CREATE.

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "analyzer/simulation/apply.h"
#include "analyzer/simulation/facts.h"
#include "analyzer/simulation/sequence_numbers.h"
#include "analyzer/simulation/settings.h"
#include "analyzer/syntax/body.h"

namespace plimsoll {
namespace {

std::string Exists(absl::string_view what, absl::string_view name) {
  return absl::StrCat(what, " \"", name, "\" already exists");
}

// IndexInfo's keys: columns by name, expressions by their text.
bool SameKeys(const std::vector<action::IndexColumn>& a,
              const std::vector<action::IndexColumn>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const action::IndexColumn& x, const action::IndexColumn& y) {
                      return x.column == y.column && x.expression == y.expression &&
                             x.collation == y.collation && x.operator_class == y.operator_class;
                    });
}

}  // namespace

namespace {

// Part of an index already, which is not below `whole` and comes along with its own whole.
bool IsTaken(const Relation& index, const Relation* whole, const CatalogView& view) {
  const Relation* top = &index;
  while (!top->parents.empty()) {
    const Relation* above = view.Find(top->parents[0]);
    if (above == nullptr) return true;
    top = above;
  }
  return top != &index && (whole == nullptr || top->table == whole->id);
}

}  // namespace

// indexcmds.c:DefineIndex takes an index of a partition over where index.c:CompareIndexInfo finds
// no difference.
const Relation* FindMatchingIndex(const Relation& table, const action::CreateIndex& create,
                                  const TableConstraint* constraint, const CatalogView& view,
                                  const Relation* whole) {
  const auto backs = [&](const Relation& index) {
    return std::any_of(table.constraints.begin(), table.constraints.end(),
                       [&](const TableConstraint& own) {
                         return own.index == index.id && own.kind == constraint->kind;
                       });
  };
  for (const Relation* index : view.IndexesOf(table)) {
    if (index->valid && !IsTaken(*index, whole, view) && IsSameIndex(*index, create, table) &&
        (constraint == nullptr || backs(*index))) {
      return index;
    }
  }
  return nullptr;
}

bool IsSameIndex(const Relation& index, const action::CreateIndex& create, const Relation& table) {
  return index.unique == create.unique && index.method == create.method &&
         index.nulls_not_distinct == create.nulls_not_distinct && index.include == create.include &&
         SameKeys(index.keys, create.columns) &&
         SamePredicate(index.predicate, create.predicate, table) == Proof::kYes;
}

action::CreateIndex LikeIndex(const Relation& index) {
  return {.name_hint = index.name_hint,
          .unique = index.unique,
          .method = index.method,
          .columns = index.keys,
          .include = index.include,
          .mentions = index.mentions,
          .has_expression = index.has_expression,
          .has_predicate = index.has_predicate,
          .nulls_not_distinct = index.nulls_not_distinct,
          .predicate = index.predicate};
}

// A column of both has to be of one type (tablecmds.c:MergeAttributes).
void Inspector::NoteParent(const Name& name, const action::CreateTable& create) {
  const Relation* parent = Find(name);
  if (parent == nullptr) return FailMissing(name);
  if (!CheckParent(*parent, create)) return;
  Add(Role::kInherited, *parent);
  for (const Column& column : create.columns) {
    const TableColumn* inherited = parent->FindColumn(column.name);
    if (inherited == nullptr || inherited->type == nullptr) continue;
    if (!IsOfType(*inherited, column.type.name.name)) {
      return Fail("42804", absl::StrCat("column \"", column.name, "\" has a type conflict"));
    }
  }
  if (!CheckInheritedChecks(create, *parent)) return;
  for (const Name& other_name : create.inherits) {
    const Relation* other = Find(other_name);
    if (other == parent || other == nullptr) break;
    for (const TableColumn& column : parent->columns) {
      const TableColumn* first = other->FindColumn(column.name);
      const bool known = first != nullptr && first->type != nullptr && column.type != nullptr;
      if (known && !IsOfType(*first, column.type->name.name)) {
        return Fail("42804",
                    absl::StrCat("inherited column \"", column.name, "\" has a type conflict"));
      }
    }
  }
}

// tablecmds.c:MergeAttributes
bool Inspector::CheckParent(const Relation& parent, const action::CreateTable& create) {
  const auto refuse = [&](absl::string_view kind) {
    Fail("42809", absl::StrCat("cannot inherit from ", kind, " \"", parent.name, "\""));
    return false;
  };
  const auto times = std::count_if(create.inherits.begin(), create.inherits.end(),
                                   [&](const Name& other) { return Find(other) == &parent; });
  if (times > 1) {
    Fail("42P07", absl::StrCat("relation \"", parent.name, "\" would be inherited from twice"));
    return false;
  }
  if (parent.kind == RelationKind::kPartitionedTable) return refuse("partitioned table");
  if (parent.is_partition) return refuse("partition");
  const bool temporary = parent.persistence == Persistence::kTemporary;
  return !temporary || create.persistence == Persistence::kTemporary ||
         refuse("temporary relation");
}

// Literals and operators, and nothing that becomes another tree when it is read.
static bool IsBareDefault(const Expression& value) {
  return !value.operations.empty() &&
         std::all_of(value.operations.begin(), value.operations.end(), [](const Operation& one) {
           const bool plain = one.kind == OperationKind::kConstant ||
                              one.kind == OperationKind::kCall ||
                              one.kind == OperationKind::kOperator;
           return plain && one.name.name != "unknown" && one.name.name != "numeric";
         });
}

bool Inspector::AreOtherDefaults(const Relation& a, const TableColumn& in_a, const Relation& b,
                                 const TableColumn& in_b) const {
  const auto serial = [&](const Relation& table, const TableColumn& column) {
    const std::vector<const Relation*> sequences = view_.SequencesOf(table);
    return std::any_of(sequences.begin(), sequences.end(), [&](const Relation* sequence) {
      return sequence->owner_column == column.name;
    });
  };
  const auto value_of = [](const TableColumn& column) {
    return column.default_value != nullptr ? column.default_value : column.expression;
  };
  if (value_of(in_a) == nullptr || value_of(in_b) == nullptr) {
    return serial(a, in_a) && serial(b, in_b);
  }
  const Expression& one = *value_of(in_a);
  const Expression& other = *value_of(in_b);
  if (one.text && other.text) {
    return *one.text != *other.text && (IsOfType(in_a, "text") || IsOfType(in_a, "varchar"));
  }
  // nextval() of its own sequence each, as a catalog has it.
  if (!IsBareDefault(one) && !IsBareDefault(other)) return serial(a, in_a) && serial(b, in_b);
  if (!IsBareDefault(one) || !IsBareDefault(other)) return false;
  return !std::equal(one.operations.begin(), one.operations.end(), other.operations.begin(),
                     other.operations.end(), [](const Operation& x, const Operation& y) {
                       return x.kind == y.kind && x.operands == y.operands && x.name == y.name &&
                              x.text == y.text;
                     });
}

static bool IsComputed(const TableColumn& column) {
  return column.generated == Generated::kStored || column.generated == Generated::kVirtual;
}

static bool IsValued(const TableColumn& column) { return column.has_default || IsComputed(column); }

// tablecmds.c:MergeAttributes, of columns that the text gives no default of their own.
void Inspector::CheckInheritedDefaults(const action::CreateTable& create) {
  for (size_t i = 1; i < create.inherits.size() && !facts_.failure; ++i) {
    const Relation* later = Find(create.inherits[i]);
    for (const TableColumn& column :
         later == nullptr ? std::vector<TableColumn>() : later->columns.All()) {
      const auto own = std::find_if(create.columns.begin(), create.columns.end(),
                                    [&](const Column& other) { return other.name == column.name; });
      const bool overrides = own != create.columns.end() && own->default_value;
      for (size_t j = 0; j < i; ++j) {
        const Relation* first = Find(create.inherits[j]);
        const TableColumn* known = first == nullptr ? nullptr : first->FindColumn(column.name);
        const bool both = known != nullptr && KnowsAll(*first) && KnowsAll(*later);
        if (both && IsComputed(*known) != IsComputed(column)) {
          return Fail("42804", absl::StrCat("inherited column \"", column.name,
                                            "\" has a generation conflict"));
        }
        const bool clash = known != nullptr && !overrides && IsValued(*known) && IsValued(column) &&
                           AreOtherDefaults(*first, *known, *later, column);
        if (!clash) continue;
        return Fail("42611", absl::StrCat("column \"", column.name,
                                          "\" inherits conflicting default values"));
      }
    }
  }
}

// heap.c:MergeWithExistingConstraint
bool Inspector::CheckInheritedChecks(const action::CreateTable& create, const Relation& parent) {
  const auto clashes = [&](const Constraint& constraint) {
    const bool check = constraint.kind == ConstraintKind::kCheck && constraint.expression;
    const TableConstraint* inherited =
        check && !constraint.name.empty() ? parent.FindConstraint(constraint.name) : nullptr;
    return inherited != nullptr && inherited->kind == ConstraintKind::kCheck &&
           !inherited->no_inherit &&
           AreOtherConditions(constraint.expression->predicate, inherited->predicate);
  };
  const auto any = [&](const std::vector<Constraint>& constraints) {
    return std::any_of(constraints.begin(), constraints.end(), clashes);
  };
  const bool refused = any(create.constraints) ||
                       std::any_of(create.columns.begin(), create.columns.end(),
                                   [&](const Column& column) { return any(column.constraints); });
  if (refused)
    Fail("42710", "a check constraint of that name is inherited, with another condition");
  return !refused;
}

// parse_utilcmd.c:transformTableLikeClause: they are columns as those that are written.
bool Inspector::CheckLikeColumns(const action::CreateTable& create) {
  if (create.like.empty()) return true;
  std::vector<absl::string_view> names;
  for (const Column& column : create.columns) names.push_back(column.name);
  for (const Name& name : create.like) {
    const Relation* like = Find(name);
    if (like == nullptr) continue;
    for (const TableColumn& column : like->columns) names.push_back(column.name);
  }
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice == names.end()) return true;
  Fail("42701", absl::StrCat("column \"", *twice, "\" specified more than once"));
  return false;
}

// A unique constraint of a partitioned table has to tell the partition (indexcmds.c:DefineIndex).
void Inspector::CheckPartitionKey(const std::vector<std::string>& keys,
                                  const Constraint& constraint, const std::string& inline_column) {
  const bool primary = constraint.kind == ConstraintKind::kPrimaryKey;
  if (!primary && constraint.kind != ConstraintKind::kUnique) return;
  for (const std::string& key : keys) {
    // What is partitioned by an expression (no name) can have none.
    const bool covered =
        !key.empty() &&
        (key == inline_column || std::find(constraint.columns.begin(), constraint.columns.end(),
                                           key) != constraint.columns.end());
    if (covered) continue;
    return Fail("0A000",
                absl::StrCat(primary ? "PRIMARY KEY" : "unique",
                             " constraint on partitioned table must include all partitioning "
                             "columns"));
  }
}

// parse_relation.c:scanRTEForColumn, of a column that is computed of another that is.
bool Inspector::CheckGeneratedFrom(const Expression& expression,
                                   const action::CreateTable& create) {
  for (const Column& column : create.columns) {
    const bool used = std::find(expression.columns.begin(), expression.columns.end(),
                                column.name) != expression.columns.end();
    if (!used || !column.generated_from) continue;
    Fail("42P17", absl::StrCat("cannot use generated column \"", column.name,
                               "\" in column generation expression"));
    return false;
  }
  return true;
}

bool Inspector::CheckGenerated(const action::CreateTable& create) {
  std::vector<TableColumn> columns;
  for (const Column& column : create.columns) {
    columns.push_back({.name = column.name, .type = std::make_shared<const TypeName>(column.type)});
  }
  return std::all_of(create.columns.begin(), create.columns.end(), [&](const Column& column) {
    return !column.generated_from ||
           (CheckSystemUse(column.generated_from, "column generation expression") &&
            CheckGeneratedFrom(*column.generated_from, create) &&
            CheckImmutable(*column.generated_from, columns, "generation expression"));
  });
}

// What the text of a new table alone shows to be wrong (parse_utilcmd.c:transformCreateStmt,
// heap.c:CheckAttributeNamesTypes).
bool Inspector::CheckNewTable(const action::CreateTable& create) {
  std::vector<std::string> names;
  int keys = 0;
  for (const Column& column : create.columns) {
    names.push_back(column.name);
    for (const Constraint& constraint : column.constraints) {
      keys += constraint.kind == ConstraintKind::kPrimaryKey ? 1 : 0;
    }
  }
  for (const Constraint& constraint : create.constraints) {
    keys += constraint.kind == ConstraintKind::kPrimaryKey ? 1 : 0;
  }
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) {
    Fail("42701", absl::StrCat("column \"", *twice, "\" specified more than once"));
  } else if (std::any_of(names.begin(), names.end(),
                         [](const std::string& name) { return IsSystemColumn(name); })) {
    Fail("42701", "a column name conflicts with a system column name");
  } else if (keys > 1) {
    Fail("42P16", absl::StrCat("multiple primary keys for table \"", create.table.name,
                               "\" are not allowed"));
  } else if (FindComposite(PlaceFor(create.table)) != nullptr) {
    Fail("42P07", Exists("relation", create.table.name));
  } else if (view_.FindType(PlaceFor(create.table), {}) != nullptr) {
    Fail("42710", Exists("type", create.table.name));
  }
  return !facts_.failure;
}

// The new table as far as its columns go; those that it takes from others come without types where
// they are not known.
Relation Inspector::Sketch(const action::CreateTable& create) {
  Relation made;
  made.name = create.table.name;
  made.persistence = create.persistence;
  made.created = situation_.now;
  made.columns_known = !create.as_query && !create.of_type && !create.partition_of;
  made.columns.reserve(create.columns.size());
  for (const Column& column : create.columns) {
    // The sketch is gone before the action is, and borrows its types.
    std::shared_ptr<const TypeName> type(std::shared_ptr<const void>(), &column.type);
    made.columns.push_back(
        {.name = column.name, .type = std::move(type), .generated = column.generated});
  }
  std::vector<Name> sources = create.inherits;
  sources.insert(sources.end(), create.like.begin(), create.like.end());
  if (create.partition_of) sources.push_back(*create.partition_of);
  for (const Name& name : sources) {
    const Relation* source = Find(name);
    made.columns_known = made.columns_known && source != nullptr && KnowsAll(*source);
    if (source == nullptr) continue;
    made.columns.insert(made.columns.end(), source->columns.begin(), source->columns.end());
  }
  return made;
}

// The columns of its constraints, and the keys by which it references itself
// (parse_utilcmd.c:transformIndexConstraint, tablecmds.c:ATAddForeignKeyConstraint).
bool Inspector::CheckOwnKeys(const action::CreateTable& create, const Relation& made) {
  std::vector<const Constraint*> constraints;
  for (const Constraint& constraint : create.constraints) constraints.push_back(&constraint);
  for (const Column& column : create.columns) {
    for (const Constraint& constraint : column.constraints) constraints.push_back(&constraint);
  }
  std::vector<std::vector<std::string>> keys;
  const std::vector<std::string>* primary = nullptr;
  for (const Constraint* constraint : constraints) {
    for (const std::string& name : constraint->columns) {
      if (IsSystemColumn(name) && IsIndexConstraint(constraint->kind)) {
        Fail("0A000", "index creation on system columns is not supported");
        return false;
      }
      const bool there = name.empty() || IsSystemColumn(name) || made.FindColumn(name) != nullptr;
      if (there || !made.columns_known) continue;
      Fail("42703", absl::StrCat("column \"", name, "\" named in key does not exist"));
      return false;
    }
    const bool is_primary = constraint->kind == ConstraintKind::kPrimaryKey;
    if (is_primary) primary = &constraint->columns;
    if (is_primary || constraint->kind == ConstraintKind::kUnique) {
      keys.push_back(constraint->columns);
      std::sort(keys.back().begin(), keys.back().end());
    }
  }
  if (!CheckOwnConstraints(create, made, constraints)) return false;
  if (!made.columns_known || !create.like.empty()) return true;
  for (const Constraint* constraint : constraints) {
    const bool self = constraint->kind == ConstraintKind::kForeignKey &&
                      PlaceFor(constraint->referenced) == PlaceFor(create.table);
    if (!self) continue;
    if (constraint->referenced_columns.empty() && primary == nullptr) {
      Fail("42704",
           absl::StrCat("there is no primary key for referenced table \"", made.name, "\""));
      return false;
    }
    const bool all = constraint->referenced_columns.empty();
    const std::vector<std::string>& columns = all ? *primary : constraint->referenced_columns.All();
    if (!CheckSelfReference(made, *constraint, columns, keys)) return false;
  }
  return true;
}

void Inspector::CheckKeyTypes(const Constraint& constraint, const Relation& table,
                              const std::string& inline_column) {
  const bool unique =
      constraint.kind == ConstraintKind::kPrimaryKey || constraint.kind == ConstraintKind::kUnique;
  const bool excludes = constraint.kind == ConstraintKind::kExclusion;
  if ((!unique && !excludes) || constraint.overlaps || !constraint.using_index.empty()) return;
  const absl::string_view method = unique ? "btree" : absl::string_view(constraint.method);
  const auto check = [&](const std::string& name) {
    const TableColumn* column = name.empty() ? nullptr : table.FindColumn(name);
    return column == nullptr || CheckKeyType(*column, method);
  };
  if (unique && !inline_column.empty() && !check(inline_column)) return;
  for (const std::string& name : constraint.columns) {
    if (!check(name)) return;
  }
}

// tablecmds.c:transformPartitionSpec, ComputePartitionAttrs
bool Inspector::CheckPartitioning(const action::CreateTable& create, const Relation& made) {
  if (create.partition_strategy == PartitionStrategy::kList && create.partition_keys.size() > 1) {
    Fail("42P17", "cannot use \"list\" partition strategy with more than one column");
    return false;
  }
  for (const std::string& key : create.partition_keys) {
    if (key.empty()) continue;
    if (IsSystemColumn(key)) {
      Fail("42P17", absl::StrCat("cannot use system column \"", key, "\" in partition key"));
      return false;
    }
    const TableColumn* column = made.FindColumn(key);
    if (column == nullptr && made.columns_known) {
      Fail("42703", absl::StrCat("column \"", key, "\" named in partition key does not exist"));
      return false;
    }
    if (column == nullptr) continue;
    if (column->generated == Generated::kStored || column->generated == Generated::kVirtual) {
      Fail("42P17", "cannot use generated column in partition key");
      return false;
    }
    const bool hash = create.partition_strategy == PartitionStrategy::kHash;
    if (!CheckKeyType(*column, hash ? "hash" : "btree")) return false;
  }
  for (const OptionalExpression& expression : create.partition_expressions) {
    if (expression == nullptr || !made.columns_known) continue;
    if (!HasColumns(expression, made) || !HasFunctions(expression)) return false;
    if (!CheckComputedKey(*expression, made.columns, "partition key")) return false;
    if (!CheckImmutable(*expression, made.columns, "partition key expression")) return false;
    if (!expression->columns.empty()) continue;
    Fail("42P17", "cannot use constant expression as partition key");
    return false;
  }
  return true;
}

// Whether both ask for the same index (parse_utilcmd.c:transformIndexConstraints).
static bool AskTheSame(const Constraint& a, const Constraint& b) {
  const auto is_key = [](const Constraint& constraint) {
    return constraint.kind == ConstraintKind::kPrimaryKey ||
           constraint.kind == ConstraintKind::kUnique;
  };
  return is_key(a) && is_key(b) && a.columns == b.columns && a.include == b.include &&
         a.deferrable == b.deferrable && a.initially_deferred == b.initially_deferred &&
         a.nulls_not_distinct == b.nulls_not_distinct && a.overlaps == b.overlaps;
}

static void AddMade(const Constraint& constraint, std::vector<MadeConstraint>& made) {
  const auto same = std::find_if(made.begin(), made.end(), [&](const MadeConstraint& other) {
    return AskTheSame(*other.asked, constraint);
  });
  if (same == made.end()) {
    made.push_back({&constraint, constraint.name});
  } else if (constraint.kind == ConstraintKind::kPrimaryKey) {
    *same = {&constraint, constraint.name.empty() ? same->name : constraint.name};
  } else if (same->name.empty()) {
    same->name = constraint.name;
  }
}

static void AddMade(const Column& column, std::vector<MadeConstraint>& made) {
  for (const Constraint& constraint : column.constraints) {
    const bool kept =
        constraint.kind != ConstraintKind::kNotNull && constraint.kind != ConstraintKind::kNull;
    if (kept) AddMade(constraint, made);
  }
}

std::vector<MadeConstraint> MadeBy(const Column& column) {
  std::vector<MadeConstraint> made;
  AddMade(column, made);
  return made;
}

std::vector<MadeConstraint> MadeBy(const action::CreateTable& create) {
  std::vector<MadeConstraint> made;
  for (const Column& column : create.columns) AddMade(column, made);
  for (const Constraint& constraint : create.constraints) AddMade(constraint, made);
  return made;
}

const Constraint& AsMade(const MadeConstraint& made, Constraint& renamed) {
  if (made.name == made.asked->name) return *made.asked;
  renamed = *made.asked;
  renamed.name = std::string(made.name);
  return renamed;
}

// The columns of the checks; the names that the indexes get.
bool Inspector::CheckOwnConstraints(const action::CreateTable& create, const Relation& made,
                                    const std::vector<const Constraint*>& constraints) {
  for (const Constraint* constraint : constraints) {
    const bool check = constraint->kind == ConstraintKind::kCheck && made.columns_known;
    if (check && !CheckSystemUse(constraint->expression, "check constraint")) return false;
    if (check && !HasColumns(constraint->expression, made)) return false;
    if (check && constraint->expression && !CheckCondition(*constraint->expression, made.columns)) {
      return false;
    }
    if (constraint->predicate && made.columns_known && IsPlain() &&
        !CheckTruth(*constraint->predicate, made.columns, "index predicate")) {
      return false;
    }
    for (const std::string& name : constraint->columns) {
      const auto times = std::count(constraint->columns.begin(), constraint->columns.end(), name);
      const bool twice = times > 1 && !name.empty() && IsIndexConstraint(constraint->kind) &&
                         constraint->kind != ConstraintKind::kExclusion;
      if (!twice) continue;
      Fail("42701", absl::StrCat("column \"", name, "\" appears twice in a constraint"));
      return false;
    }
    const auto same_name = [&](const Constraint* other) { return other->name == constraint->name; };
    if (!constraint->name.empty() && constraint->kind != ConstraintKind::kNotNull &&
        std::count_if(constraints.begin(), constraints.end(), same_name) > 1) {
      Fail("42710", Exists("constraint", constraint->name));
      return false;
    }
  }
  for (const MadeConstraint& constraint : MadeBy(create)) {
    const bool named = IsIndexConstraint(constraint.asked->kind) && !constraint.name.empty();
    const Relation* namesake = named ? view_.Find({.schema = PlaceFor(create.table).schema,
                                                   .name = std::string(constraint.name)},
                                                  {})
                                     : nullptr;
    if (namesake == nullptr || namesake->assumed || create.persistence == Persistence::kTemporary) {
      continue;
    }
    Fail("42P07", Exists("relation", constraint.name));
    return false;
  }
  return true;
}

bool Inspector::CheckSelfReference(const Relation& made, const Constraint& constraint,
                                   const std::vector<std::string>& columns,
                                   const std::vector<std::vector<std::string>>& keys) {
  for (const std::string& name : columns) {
    if (made.FindColumn(name) != nullptr) continue;
    Fail("42703",
         absl::StrCat("column \"", name, "\" referenced in foreign key constraint does not exist"));
    return false;
  }
  std::vector<std::string> wanted = columns;
  std::sort(wanted.begin(), wanted.end());
  if (columns.size() != constraint.columns.size() ||
      std::find(keys.begin(), keys.end(), wanted) == keys.end()) {
    Fail("42830", absl::StrCat("there is no unique constraint matching given keys for referenced "
                               "table \"",
                               made.name, "\""));
    return false;
  }
  for (size_t i = 0; i < columns.size(); ++i) {
    const TableColumn* own = made.FindColumn(constraint.columns[i]);
    const TableColumn* other = made.FindColumn(columns[i]);
    if (own == nullptr || own->type == nullptr || other->type == nullptr) continue;
    if (!AreIncomparable(*own->type, *other->type)) continue;
    Fail("42804", absl::StrCat("key columns \"", own->name, "\" and \"", other->name,
                               "\" are of incompatible types"));
    return false;
  }
  return true;
}

// There is a relation of that name; but what the columns are made of is looked up before it
// (parse_utilcmd.c:transformCreateStmt, tablecmds.c:MergeAttributes).
void Inspector::FailNewName(const action::CreateTable& create) {
  if (!CheckNewTable(create) || !CheckFormOf(create)) return;
  for (const Column& column : create.columns) CheckType(column.type);
  std::vector<Name> sources = create.like;
  if (create.partition_of) sources.push_back(*create.partition_of);
  sources.insert(sources.end(), create.reads.begin(), create.reads.end());
  for (const Name& name : sources) {
    if (Find(name) == nullptr && FindComposite(name) == nullptr) FailMissing(name);
  }
  for (const Name& name : create.inherits) NoteParent(name, create);
  Fail("42P07", Exists("relation", create.table.name));
}

// tablecmds.c:DefineRelation, reloptions.c:transformRelOptions
bool Inspector::CheckFormOf(const action::CreateTable& create) {
  if (create.says_on_commit && create.persistence != Persistence::kTemporary) {
    Fail("42P16", "ON COMMIT can only be used on temporary tables");
    return false;
  }
  for (const Parameter& parameter : create.parameters) {
    const bool off = parameter.value == "false" || parameter.value == "off" ||
                     parameter.value == "0" || parameter.value == "no";
    if (parameter.name != "oids" || !parameter.space.empty() || off) continue;
    Fail("0A000", "tables declared WITH OIDS are not supported");
    return false;
  }
  return true;
}

void Inspector::Look(const action::CreateTable& create) {
  const bool temporary = create.persistence == Persistence::kTemporary;
  const Relation* existing = Find(PlaceFor(create.table, temporary));
  if (existing != nullptr && !existing->assumed &&
      temporary == (existing->persistence == Persistence::kTemporary)) {
    if (!create.if_not_exists) return FailNewName(create);
    // The query is planned before the name is looked for (createas.c:CreateTableAsRelExists).
    for (const Name& name : create.reads) {
      if (const Relation* read = FindRead(name)) NoteRead(*read);
    }
    return;
  }
  if (!CheckNewTable(create)) return;
  const bool generates = std::any_of(create.columns.begin(), create.columns.end(),
                                     [](const Column& column) { return column.generated_from; });
  if (generates && !CheckGenerated(create)) return;
  Relation kept;
  kept.kind = create.partitioned ? RelationKind::kPartitionedTable : RelationKind::kTable;
  kept.access_method = create.access_method;
  CheckParameters(create.parameters, kept, /*resets=*/false);
  CheckAccessMethod(create.access_method);
  if (create.of_type) {
    if (FailIfGone(ObjectKind::kType, *create.of_type)) return;
    CheckRowOf(*create.of_type);
    const UserType* row = FindComposite(*create.of_type);
    for (const Column& column : row == nullptr ? std::vector<Column>() : create.columns) {
      const bool there =
          std::any_of(row->attributes.begin(), row->attributes.end(),
                      [&](const Attribute& known) { return known.name == column.name; });
      if (!there) Fail("42703", absl::StrCat("column \"", column.name, "\" does not exist"));
    }
  }
  if (create.tablespace == "pg_global") return FailGlobal();
  if (FailIfGone(ObjectKind::kTablespace, {.name = create.tablespace}) ||
      FailIfGone(ObjectKind::kServer, {.name = create.server})) {
    return;
  }
  for (const Column& column : create.columns) {
    if (!CheckNewColumn(column, /*made_of_rows=*/false)) return;
    if (column.default_value == nullptr) continue;
    CheckLabels(column.default_value->texts, nullptr);
    if (column.default_value->text && !column.type.array) {
      CheckLabel(column.type.name, *column.default_value->text);
    }
  }
  if (create.refused) {
    for (const Name& name : create.reads) FindRead(name);
    return Fail(create.refused->sqlstate, create.refused->message);
  }
  CheckSelection(create.selection, create.column_names);
  if (!CheckFormOf(create)) return;
  if (create.partition_of) NotePartition(create);
  for (const Name& name : create.inherits) NoteParent(name, create);
  CheckInheritedDefaults(create);
  for (const Name& name : create.like) {
    if (FindComposite(name) != nullptr) {
      AddTypeRelation(Role::kLike, name);
    } else if (const Relation* like = Find(name)) {
      Add(Role::kLike, *like);
    } else {
      return FailMissing(name);
    }
  }
  if (!facts_.failure && !CheckLikeColumns(create)) return;
  for (const Name& name : create.reads) {
    const Relation* read = FindRead(name);
    if (read == nullptr) continue;
    if (create.with_data) {
      const auto& only = create.reads_only;
      NoteReadAll(*read, std::find(only.begin(), only.end(), name) != only.end());
    } else {
      // Nobody plans it, so what a view reads is not looked at (createas.c:ExecCreateTableAs).
      Add(Role::kRead, *read);
    }
  }
  // A composite type is a relation of its own kind, without rows.
  if (create.of_type) {
    facts_.actors.push_back({.role = Role::kLike, .relation = {.name = create.of_type->name}});
  }
  if (create.with_data) NoteCalls(create.calls);
  if (!create.executes.empty()) {
    const action::ModifyData* prepared = FindPrepared(create.executes);
    facts_.calls_unknown = facts_.calls_unknown || (prepared == nullptr && !facts_.failure);
    if (prepared != nullptr) {
      action::ModifyData run = *prepared;
      run.prepares.clear();
      Look(run);
    }
    const bool reads = prepared != nullptr && create.with_data;
    for (const Name& name : reads ? prepared->reads.All() : std::vector<Name>()) {
      if (const Relation* read = Find(name)) NoteReadAll(*read);
    }
  }
  const Relation made = Sketch(create);
  if (!CheckPartitioning(create, made)) return;
  if (!CheckOwnKeys(create, made)) return;
  const auto reference = [&](const Constraint& constraint) {
    // A table that references itself is not there yet.
    const bool self = PlaceFor(constraint.referenced) == PlaceFor(create.table);
    if (constraint.kind == ConstraintKind::kForeignKey && !self) {
      NoteForeignKey(&made, constraint, false);
    }
  };
  for (const Constraint& constraint : create.constraints) {
    reference(constraint);
    CheckPartitionKey(create.partition_keys, constraint, "");
    CheckKeyTypes(constraint, made, "");
  }
  for (const Column& column : create.columns) {
    for (const Constraint& constraint : column.constraints) {
      reference(constraint);
      CheckPartitionKey(create.partition_keys, constraint, column.name);
      CheckKeyTypes(constraint, made, column.name);
    }
  }
}

// tablespace.c, heap.c:heap_create: shared relations alone stand there.
void Inspector::FailGlobal() {
  Fail("22023", "only shared relations can be placed in pg_global tablespace");
}

void Inspector::Look(const action::CreateIndex& create) {
  const Relation* table = Find(create.table);
  if (create.concurrently) facts_.conditions |= kConcurrently;
  if (table == nullptr) {
    return FailMissing(create.table);
  }
  if (table->kind == RelationKind::kView) {
    return Fail("42809", absl::StrCat("cannot create index on relation \"", table->name, "\""));
  }
  const bool partitioned = table->kind == RelationKind::kPartitionedTable;
  if (partitioned && create.concurrently) {
    return Fail("0A000", absl::StrCat("cannot create index on partitioned table \"", table->name,
                                      "\" concurrently"));
  }
  CheckMethod(create);
  const auto is_tableoid = [](const std::string& column) { return column == "tableoid"; };
  for (const action::IndexColumn& column : create.columns) {
    if (!column.column.empty() && !HasColumn(*table, column.column)) return;
    if (is_tableoid(column.column)) return FailSystemIndex();
  }
  for (const std::string& column : create.include) {
    if (!HasColumn(*table, column)) return;
    if (is_tableoid(column)) return FailSystemIndex();
  }
  CheckIndexed(create, *table);
  if (create.tablespace == "pg_global") return FailGlobal();
  FailIfGone(ObjectKind::kTablespace, {.name = create.tablespace});
  Relation index;
  index.kind = RelationKind::kIndex;
  index.method = create.method;
  CheckParameters(create.parameters, index, /*resets=*/false);
  Add(Role::kTable, *table);
  const bool recurses = partitioned && !create.only;
  if (recurses) {
    for (const Relation* child : view_.DescendantsOf(*table)) Add(Role::kDescendant, *child);
  }
  if (!create.name.empty()) {
    const Relation* existing = Find({.schema = table->schema, .name = create.name});
    if (existing != nullptr) {
      if (!create.if_not_exists) Fail("42P07", Exists("relation", create.name));
      return;
    }
  }
  for (const OptionalExpression& expression : create.expressions) {
    if (!HasColumns(expression, *table) || !HasFunctions(expression)) return;
    CheckLabels(expression->texts, table);
    const bool predicate = create.has_predicate && expression == create.expressions.back();
    const absl::string_view where = predicate ? "index predicate" : "index expression";
    if (KnowsAll(*table) && !CheckComputedKey(*expression, table->columns, where)) return;
    if (predicate && KnowsAll(*table) && !CheckTruth(*expression, table->columns, where)) return;
    if (!CheckImmutable(*expression, table->columns, "index expression or predicate")) return;
  }
  if (std::any_of(create.mentions.begin(), create.mentions.end(), is_tableoid)) {
    return FailSystemIndex();
  }
  if (create.unique && recurses) CheckKeysOfParts(create, *table);
  // ONLY is said of partitioned tables: the index is an empty shell.
  const bool shell = partitioned || (create.only && table->assumed);
  Scan(shell ? std::vector<const Relation*>() : Heaps(*table, true), Cause::kIndex);
  if (!recurses) return;
  for (const Relation* child : view_.DescendantsOf(*table)) {
    if (FindMatchingIndex(*child, create, nullptr, view_, table) == nullptr) {
      Scan(Heaps(*child, true), Cause::kIndex);
    }
  }
}

// indexcmds.c:DefineIndex
void Inspector::FailSystemIndex() {
  Fail("0A000", "index creation on system columns is not supported");
}

// A part may be partitioned by columns that its whole is not.
void Inspector::CheckKeysOfParts(const action::CreateIndex& create, const Relation& table) {
  Constraint unique = {.kind = ConstraintKind::kUnique};
  for (const action::IndexColumn& key : create.columns) unique.columns.push_back(key.column);
  for (const Relation* part : view_.DescendantsOf(table)) {
    if (part->kind == RelationKind::kPartitionedTable && KnowsAll(*part)) {
      CheckPartitionKey(part->partition_keys, unique, "");
    }
  }
}

// schemacmds.c:CreateSchemaCommand
void Inspector::Look(const action::CreateSchema& create) {
  if (FailIfGone(ObjectKind::kRole, {.name = create.owner})) return;
  if (absl::StartsWith(create.name, "pg_")) {
    return Fail("42939", absl::StrCat("unacceptable schema name \"", create.name, "\""));
  }
  if (!create.if_not_exists && HasSchema(create.name)) {
    Fail("42P06", Exists("schema", create.name));
  }
}

bool Inspector::HasSchema(const std::string& name) const {
  if (situation_.trusted_since > 0) return false;
  const Name schema = {.name = name};
  const bool own = name == "public" || name == "information_schema";
  return view_.HasSchema(name) ||
         (own && !view_.IsObjectMissing(ObjectKind::kSchema, schema, situation_.search_path));
}

void Inspector::Look(const action::CreateSequence& create) {
  const bool temporary = create.persistence == Persistence::kTemporary;
  const Relation* existing = Find(PlaceFor(create.sequence, temporary));
  if (existing != nullptr && !existing->assumed) {
    if (!create.if_not_exists) Fail("42P07", Exists("relation", create.sequence.name));
    return;
  }
  SequenceNumbers numbers = NewNumbers("int8");
  const absl::string_view bad = ApplyOptions(create.options, /*created=*/true, numbers);
  if (!bad.empty()) {
    return Fail(bad, absl::StrCat("the options of sequence \"", create.sequence.name,
                                  "\" contradict each other"));
  }
  if (!create.owned_by) return;
  const Relation* owner = Find(*create.owned_by);
  if (owner == nullptr) return FailMissing(*create.owned_by);
  if (owner->schema != PlaceFor(create.sequence, temporary).schema && !owner->assumed) {
    return Fail("55000", "sequence must be in same schema as table it is linked to");
  }
  if (HasColumn(*owner, create.owned_column)) Add(Role::kOwner, *owner);
}

// A view keeps the columns it has, and gets new ones behind them (view.c:checkViewColumns).
void Inspector::CheckReplacement(const Relation& view, const action::CreateView& create,
                                 const QueryColumns& query) {
  if (query.known && view.columns_known) return (void)CheckReplacedColumns(view, query);
  if (create.columns.empty() || view.columns.empty() || !view.columns_known) return;
  if (create.columns.size() < view.columns.size()) {
    return Fail("42P16", "cannot drop columns from view");
  }
  for (size_t i = 0; i < view.columns.size(); ++i) {
    if (view.columns[i].name == create.columns[i]) continue;
    return Fail("42P16", absl::StrCat("cannot change name of view column \"", view.columns[i].name,
                                      "\" to \"", create.columns[i], "\""));
  }
}

// A view of what is temporary is itself temporary, named so or not (view.c:DefineView).
static bool ReadsTemporary(const action::CreateView& create, const CatalogView& view,
                           absl::Span<const std::string> search_path) {
  return std::any_of(create.reads.begin(), create.reads.end(), [&](const Name& name) {
    const Relation* read = view.Find(name, search_path);
    return read != nullptr && read->persistence == Persistence::kTemporary;
  });
}

// Nobody can change rows through it (rewriteHandler.c:view_query_is_auto_updatable).
static bool IsFixedView(const action::CreateView& create, const CatalogView& view,
                        absl::Span<const std::string> search_path) {
  if (create.derived || create.reads.size() != 1) return create.derived;
  const Relation* read = view.Find(create.reads[0], search_path);
  return read != nullptr && !read->assumed && read->kind == RelationKind::kMaterializedView;
}

void Inspector::Look(const action::CreateView& create) {
  if (create.selection && create.selection->into) {
    return Fail("0A000", "views must not contain SELECT INTO");
  }
  // The query is analysed first, and its tables before what is done with their columns.
  for (const Name& name : create.reads) {
    if (FindRead(name) == nullptr) return;
  }
  if (create.refused) return Fail(create.refused->sqlstate, create.refused->message);
  const QueryColumns query = CheckSelection(create.selection, create.column_names);
  if (create.checks && IsFixedView(create, view_, situation_.search_path)) {
    return Fail("0A000", "WITH CHECK OPTION is supported only on automatically updatable views");
  }
  bool temporary = create.persistence == Persistence::kTemporary;
  if (!temporary && ReadsTemporary(create, view_, situation_.search_path)) {
    // analyze.c:transformCreateTableAsStmt, namespace.c:RangeVarAdjustRelationPersistence
    if (create.materialized) return Fail("0A000", "a materialized view reads a temporary table");
    if (!create.view.schema.empty()) {
      return Fail("42P16", absl::StrCat("view ", create.view.name, " reads a temporary table, so ",
                                        create.view.schema, " cannot hold it"));
    }
    temporary = true;
  }
  const Relation* existing = Find(PlaceFor(create.view, temporary));
  if (existing != nullptr && !existing->assumed) {
    if (create.if_not_exists) {
      for (const Name& name : create.reads) {
        if (const Relation* read = FindRead(name)) NoteRead(*read);
      }
      return;
    }
    if (!create.or_replace) return Fail("42P07", Exists("relation", create.view.name));
    if (existing->kind != RelationKind::kView) {
      return Fail("42809", absl::StrCat("\"", create.view.name, "\" is not a view"));
    }
    CheckReplacement(*existing, create, query);
    Add(Role::kView, *existing);
  } else if (existing != nullptr && create.or_replace) {
    Add(Role::kView, *existing);
  } else if (view_.FindType(PlaceFor(create.view), {}) != nullptr && !temporary) {
    const bool composite = FindComposite(PlaceFor(create.view)) != nullptr;
    return Fail(composite ? "42P07" : "42710", Exists("relation", create.view.name));
  }
  for (const Name& name : create.reads) {
    const Relation* read = Find(name);
    if (read == nullptr) continue;
    const auto holds = [&](const ThinVector<Name>& names) {
      return std::find(names.begin(), names.end(), name) != names.end();
    };
    const Role role =
        create.locks_rows || holds(create.row_locked) ? Role::kRowLocked : Role::kRead;
    if (create.materialized && create.with_data) {
      NoteReadAll(*read, holds(create.reads_only));
      NoteRead(*read, role, nullptr, holds(create.reads_only));
    } else {
      Add(role, *read);
    }
  }
  if (create.materialized && create.with_data) NoteCalls(create.calls);
}

// Two types as text, of which each is PostgreSQL's own: else a renaming may lie between them.
static bool AreOtherTypes(const std::string& a, const std::string& b) {
  return a != b && IsBuiltinType({.name = a}) && IsBuiltinType({.name = b});
}

// pg_proc.c:ProcedureCreate
void Inspector::CheckOverload(const action::CreateFunction& create) {
  const Routine* routine = view_.FindRoutine(PlaceFor(create.function), {});
  if (routine == nullptr || MayHaveFallen(routine->created)) return;
  for (const Overload& old : routine->overloads) {
    if (old.signature != create.signature) continue;
    if (!create.or_replace) return Fail("42723", Exists("function", create.function.name));
    if (routine->procedure != create.procedure) {
      return Fail("42809", absl::StrCat("cannot change routine kind of ", create.function.name));
    }
    if (AreOtherTypes(old.returns, create.returns)) {
      return Fail("42P13", "cannot change return type of existing function");
    }
    if (old.defaults > create.defaults) {
      return Fail("42P13", "cannot remove parameter defaults from existing function");
    }
    for (size_t i = 0; i < old.input_names.size() && i < create.input_names.size(); ++i) {
      const bool renames =
          !old.input_names[i].empty() && old.input_names[i] != create.input_names[i];
      if (renames) return Fail("42P13", "cannot change name of input parameter");
    }
  }
}

// functioncmds.c:interpret_function_parameter_list, update_proconfig_value
bool Inspector::CheckRoutineForm(const action::CreateFunction& create) {
  if (facts_.failure) return false;
  if (create.refused) {
    Fail(create.refused->sqlstate, create.refused->message);
    return false;
  }
  const size_t first =
      create.inputs.size() - std::min<size_t>(create.defaults, create.inputs.size());
  for (size_t i = 0; i < create.default_values.size() && first + i < create.inputs.size(); ++i) {
    const Expression& value = *create.default_values[i];
    for (const Operation& operation : value.operations) {
      if (operation.kind != OperationKind::kColumn || !operation.name.name.empty()) continue;
      Fail("42703", absl::StrCat("column \"", operation.text, "\" does not exist"));
      return false;
    }
    const bool plain = value.columns.empty() && !value.has_subquery;
    if (plain && !CheckDefault(value, &create.inputs[first + i])) return false;
  }
  for (const Parameter& setting : create.settings) {
    const std::optional<Failure> failure = RefusedSetting(
        {.name = setting.name, .values = {setting.value}}, situation_.server_version);
    if (!failure || failure->sqlstate == "55P02") continue;
    Fail(failure->sqlstate, failure->message);
    return false;
  }
  return true;
}

// pl_gram.y:make_return_stmt, of PL/pgSQL
void Inspector::CheckReturns(const action::CreateFunction& create) {
  const Body& body = *create.body;
  const bool value = !create.procedure && create.result && create.outputs.empty() &&
                     !create.returns_set && create.result->name.name != "void";
  if (body.returns_bare && value) Fail("42601", "missing expression at or near \";\"");
}

// rewriteHandler.c:ApplyRetrieveRule
void Inspector::NoteRewritten(const Relation& read, Role role) {
  Add(role, read);
  if (read.kind != RelationKind::kView) return;
  for (const ViewUse& use : read.uses) {
    const Relation* shown = view_.Find(use.relation);
    if (shown != nullptr) NoteRewritten(*shown, use.row_locked ? Role::kRowLocked : role);
  }
}

// A body in SQL is analysed when it is created, with the locks of a query that is planned; one in
// PL/pgSQL is read only (catalog/pg_proc.c:fmgr_sql_validator).
void Inspector::Look(const action::CreateFunction& create) {
  if (FailIfGone(ObjectKind::kLanguage, {.name = create.language})) return;
  CheckTypes(create);
  if (!CheckRoutineForm(create)) return;
  if (situation_.checks_bodies) CheckBody(create.body.get());
  if (situation_.checks_bodies && create.body != nullptr) CheckReturns(create);
  CheckOverload(create);
  const Name aggregate = {.schema = create.function.schema,
                          .name = absl::StrCat(create.function.name, "(", create.signature, ")")};
  if (ExistsAlready(ObjectKind::kAggregate, PlaceFor(aggregate))) {
    return Fail(create.or_replace ? "42809" : "42723", Exists("function", create.function.name));
  }
  // What the catalog lacks was assumed for bodies that are analysed, and for no others.
  const bool analysed = IsAnalysed(create, situation_);
  const bool checks = create.language == "sql" && situation_.checks_bodies && !IsGeneric(create);
  if (checks && (analysed || situation_.closed) && !CheckSqlBody(create)) return;
  if (!analysed) return;
  for (const BodyStatement& statement : create.body->statements) {
    const auto& modify = std::get<action::ModifyData>(statement.actions[0].kind);
    for (const Name& name : modify.reads) {
      const auto& named = modify.row_locked;
      const bool locked =
          modify.locks_rows || std::find(named.begin(), named.end(), name) != named.end();
      if (const Relation* read = FindRead(name)) {
        NoteRewritten(*read, locked ? Role::kRowLocked : Role::kRead);
      }
    }
    for (const action::Write& write : modify.writes) {
      const Relation* written = Find(write.table.name);
      for (int depth = 0; depth < 32 && written != nullptr; ++depth) {
        Add(Role::kWritten, *written);
        const bool view = written->kind == RelationKind::kView && written->uses.size() == 1;
        written = view ? view_.Find(written->uses[0].relation) : nullptr;
      }
    }
  }
}

// The relations, columns and functions that a body in SQL names, and what it gives back
// (catalog/pg_proc.c:fmgr_sql_validator).
bool Inspector::CheckSqlBody(const action::CreateFunction& create) {
  const Body* body = create.body.get();
  if (facts_.failure || body == nullptr || body->atomic || body->unknown) return !facts_.failure;
  std::vector<std::string> names = create.input_names;
  names.push_back(create.function.name);
  for (const BodyStatement& statement : body->statements) {
    const auto* modify = std::get_if<action::ModifyData>(&statement.actions[0].kind);
    if (modify != nullptr && !CheckSqlStatement(*modify, statement, names)) return false;
  }
  const QueryColumns shown = CheckSelection(body->shown, std::nullopt, names);
  if (!facts_.failure && !create.procedure) CheckReturned(create, shown);
  return !facts_.failure;
}

bool Inspector::CheckSqlStatement(const action::ModifyData& modify, const BodyStatement& statement,
                                  absl::Span<const std::string> names) {
  for (const Name& name : modify.reads) FindRead(name);
  for (const action::Write& write : modify.writes) {
    const Relation* table = Find(write.table.name);
    if (table == nullptr) FailMissing(write.table.name);
    for (const std::string& column : write.columns) {
      if (table != nullptr && !facts_.failure) HasColumn(*table, column);
    }
  }
  if (facts_.failure || !CheckCalls(modify.calls)) return false;
  CheckSelection(statement.selection, std::nullopt, names);
  CheckSelection(statement.returning, std::nullopt, names);
  return !facts_.failure;
}

// The first column that no value of a function can be made of; empty: none is certain. 13 converts
// as an assignment does, 12 takes what is of the type as it is.
static std::string FindOtherType(absl::Span<const TypeName> wanted, const QueryColumns& shown,
                                 const TypeScope& scope) {
  for (size_t i = 0; i < wanted.size(); ++i) {
    const bool untyped =
        std::any_of(shown.untyped.begin(), shown.untyped.end(),
                    [&](const QueryColumns::Untyped& column) { return column.place == i; });
    if (!untyped && shown.columns[i].type == nullptr) continue;
    const Type from =
        untyped ? BuiltinNamed("text", scope) : ResolveType(*shown.columns[i].type, scope);
    const Type to = ResolveType(wanted[i], scope);
    const bool known = from.type_class == TypeClass::kScalar && from.builtin != nullptr &&
                       to.type_class == TypeClass::kScalar && to.builtin != nullptr;
    if (!known || from.Is(to)) continue;
    const CastPath path = FindConversion(from, to, CastContext::kAssignment, scope).path;
    const bool as_it_is = scope.server_version < 13 && path != CastPath::kUnknown;
    if (path == CastPath::kNone || (as_it_is && path != CastPath::kRelabel)) {
      return absl::StrCat(from.name, " is no ", to.name);
    }
  }
  return "";
}

// executor/functions.c:check_sql_fn_retval
void Inspector::CheckReturned(const action::CreateFunction& create, const QueryColumns& shown) {
  const TypeScope scope = Scope();
  const bool one = create.result.has_value();
  if (!one && create.outputs.empty()) return;
  const Type result = ResolveType(one ? *create.result : create.outputs[0], scope);
  const bool nothing = one && result.name == "void" && result.builtin != nullptr;
  if (nothing || !create.body->shows) return;
  const auto refuse = [&](absl::string_view why) {
    Fail("42P13", absl::StrCat("return type mismatch in function: ", why));
  };
  if (one && result.builtin != nullptr &&
      (result.name == "trigger" || result.name == "event_trigger")) {
    return refuse("functions in SQL are no triggers");
  }
  if (!*create.body->shows) return refuse("the last statement shows nothing");
  std::vector<TypeName> wanted = create.outputs;
  if (one) {
    const bool plain = result.type_class == TypeClass::kScalar ||
                       result.type_class == TypeClass::kEnum || result.array;
    const Relation* row = result.row_of == 0 ? nullptr : view_.Find(result.row_of);
    if (!plain && (row == nullptr || !KnowsAll(*row))) return;
    if (plain) wanted.push_back(*create.result);
    for (const TableColumn& column : plain ? std::vector<TableColumn>() : row->columns.All()) {
      wanted.push_back(column.type == nullptr ? TypeName() : *column.type);
    }
  }
  if (!shown.known) return;
  // One column may be the whole row.
  if (wanted.size() != 1 && shown.columns.size() == 1) {
    const auto& type = shown.columns[0].type;
    if (type == nullptr ? shown.untyped.empty() : ResolveType(*type, scope).row_of != 0) return;
  }
  if (shown.columns.size() != wanted.size()) return refuse("it shows other columns");
  const std::string misfit = FindOtherType(wanted, shown, scope);
  if (!misfit.empty()) refuse(misfit);
}

// typecmds.c:DefineDomain
bool Inspector::CheckNewDomain(const action::CreateType& create) {
  const Type base = ResolveType(*create.base, Scope());
  if (base.type_class == TypeClass::kPseudo) {
    Fail("42804", absl::StrCat("\"", base.name, "\" is not a valid base type for a domain"));
    return false;
  }
  if (!CheckColumnType(*create.base)) return false;
  if (!create.clash.empty()) {
    Fail("42601", create.clash);
    return false;
  }
  if (create.default_value && !CheckDefault(*create.default_value, &*create.base)) return false;
  for (const Constraint& constraint : create.constraints) {
    const bool check = constraint.kind == ConstraintKind::kCheck;
    if (check && constraint.no_inherit) {
      Fail("42P17", "check constraints for domains cannot be marked NO INHERIT");
    } else if (!check && constraint.kind != ConstraintKind::kNotNull &&
               constraint.kind != ConstraintKind::kNull) {
      Fail("42601", "constraints of that kind are not possible for domains");
    } else if (check && constraint.expression) {
      CheckDomainCondition(*constraint.expression, *create.base);
    }
  }
  return !facts_.failure;
}

void Inspector::Look(const action::CreateType& create) {
  if (view_.FindType(PlaceFor(create.type), {}) != nullptr) {
    return Fail("42710", Exists("type", create.type.name));
  }
  if (create.kind == action::TypeKind::kDomain && !CheckNewDomain(create)) return;
  std::vector<std::string> names;
  for (const Column& attribute : create.attributes) {
    if (attribute.serial) {
      return Fail("42704", "serial is no type that an attribute can have");
    }
    if (!CheckColumnType(attribute.type)) return;
    names.push_back(attribute.name);
  }
  std::sort(names.begin(), names.end());
  if (std::adjacent_find(names.begin(), names.end()) != names.end()) {
    return Fail("42701", "an attribute is specified more than once");
  }
  for (size_t i = 0; i < create.labels.size(); ++i) {
    const auto rest = create.labels.begin() + static_cast<std::ptrdiff_t>(i) + 1;
    if (std::find(rest, create.labels.end(), create.labels[i]) != create.labels.end()) {
      return Fail("23505", Exists("label", create.labels[i]));
    }
  }
  // Every table, view and sequence has a type of its own name.
  const Relation* relation = Find(PlaceFor(create.type));
  if (relation != nullptr && !relation->assumed && !relation->IsIndex()) {
    Fail("42710", Exists("type", create.type.name));
  }
}

void Inspector::Look(const action::CreateExtension& create) {
  if (ExistsAlready(ObjectKind::kExtension, {.name = create.name})) {
    if (!create.if_not_exists) Fail("42710", Exists("extension", create.name));
    return;
  }
  FailIfGone(ObjectKind::kSchema, {.name = create.schema});
}

}  // namespace plimsoll
