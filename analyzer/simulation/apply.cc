#include "analyzer/simulation/apply.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "analyzer/simulation/applier.h"
#include "analyzer/simulation/dependence.h"
#include "analyzer/simulation/facts.h"
#include "analyzer/simulation/sequence_numbers.h"
#include "analyzer/simulation/volatility.h"
#include "analyzer/syntax/body.h"
#include "analyzer/syntax/index_name.h"

namespace plimsoll {
namespace {

void EraseValue(std::vector<RelationId>& ids, RelationId id) {
  ids.erase(std::remove(ids.begin(), ids.end(), id), ids.end());
}

}  // namespace

std::string Applier::SchemaFor(const Name& name, Persistence persistence) const {
  if (persistence == Persistence::kTemporary) return "pg_temp";
  if (!name.schema.empty()) return name.schema;
  const absl::string_view schema = view().CreationSchema(situation_.search_path, situation_.closed);
  return schema.empty() ? "public" : std::string(schema);
}

// An option that is named without a value is switched on.
static Parameters WithOptions(const Parameters& before, std::vector<Parameter> said,
                              bool resets = false) {
  for (Parameter& option : said) {
    if (resets) option.value.clear();
    if (!resets && option.value.empty()) option.value = "true";
  }
  return With(before, said);
}

Relation Applier::Fresh(RelationKind kind, const std::string& schema,
                        Persistence persistence) const {
  Relation relation;
  relation.schema = schema;
  relation.kind = kind;
  relation.persistence = persistence;
  relation.migration = situation_.migration;
  relation.transaction = situation_.transaction;
  relation.created = situation_.now;
  relation.defined = situation_.now + 1;
  return relation;
}

RelationId Applier::Create(Relation relation) {
  // Taken: IF NOT EXISTS, or something assumed under the name that the text now makes.
  const Relation* existing = view().Find({.schema = relation.schema, .name = relation.name}, {});
  if (existing != nullptr && !existing->assumed) return 0;
  if (existing != nullptr) DropRelation(existing->id);
  const RelationId id = catalog_.Create(moment_, std::move(relation));
  created.push_back(id);
  return id;
}

// ---- tables ----------------------------------------------------------------------------------

TableColumn Applier::MakeColumn(const Column& column) {
  TableColumn made = {.name = column.name,
                      .type = std::make_shared<const TypeName>(column.type),
                      .not_null = column.serial || column.generated == Generated::kIdentity,
                      .generated = column.generated,
                      .always = column.always,
                      .defined = situation_.now + 1};
  GiveDefault(made, column.default_value);
  made.has_default = made.has_default || column.serial || column.generated != Generated::kNo;
  // NULL is a default where it stands in the way of a domain's (heap.c:cookDefault's callers).
  const UserType* domain = view().FindType(column.type.name, situation_.search_path);
  made.has_default = made.has_default || (column.default_value && domain != nullptr &&
                                          domain->has_default && column.default_value->is_null);
  if (column.generated_from) made.generated_from = column.generated_from->columns;
  made.expression = column.generated_from;
  const TypeScope scope = Scope();
  made.stands_on =
      std::move(DependenceList(scope).Add(column.default_value).Add(column.generated_from))
          .Finish();
  for (const Constraint& constraint : column.constraints) {
    made.not_null = made.not_null || constraint.kind == ConstraintKind::kPrimaryKey ||
                    constraint.kind == ConstraintKind::kNotNull;
  }
  return made;
}

void Applier::MakeSequence(const Relation& table, const std::string& column,
                           const SequenceOptions& options) {
  // Until 14 no sequence was unlogged.
  const bool unlogged = table.persistence == Persistence::kUnlogged;
  Relation sequence = Fresh(
      RelationKind::kSequence, table.schema,
      unlogged && situation_.server_version < 15 ? Persistence::kPermanent : table.persistence);
  sequence.name = options.name.empty() ? view().ChooseName(table.schema, table.name, column, "seq")
                                       : options.name;
  sequence.owner = table.id;
  sequence.owner_column = column;
  const TableColumn* of = table.FindColumn(column);
  if (of != nullptr && of->type != nullptr) {
    sequence.numbers = NewNumbers(of->type->name.name);
    ApplyOptions(options, /*created=*/true, *sequence.numbers);
  }
  const Name name = {.schema = sequence.schema, .name = sequence.name};
  Create(std::move(sequence));
  const RelationId id = table.id;
  catalog_.Change(moment_, id, [&](Relation& changed) {
    TableColumn* owner = changed.FindColumn(column);
    if (owner == nullptr || owner->generated == Generated::kIdentity) return;
    const std::vector<Dependence> on = {{.on = ObjectKind::kSequence, .object = name}};
    owner->stands_on = std::make_shared<const std::vector<Dependence>>(on);
  });
}

// Since 18 a NOT NULL is a constraint with a name (heap.c:AddRelationNotNullConstraints).
void Applier::AddNotNull(RelationId id, const std::string& column, const std::string& name,
                         bool inherited) {
  if (!NamesNotNulls()) return;
  const Relation& table = *view().Find(id);
  if (const TableConstraint* known = table.FindNotNull(column)) {
    if (known->validated && (inherited || !known->inherited)) return;
    catalog_.Change(moment_, id, [&](Relation& changed) {
      TableConstraint& constraint = *changed.FindNotNull(column);
      constraint.validated = true;
      constraint.inherited = constraint.inherited && inherited;
    });
    return;
  }
  TableConstraint made = {
      .kind = ConstraintKind::kNotNull, .columns = {column}, .inherited = inherited};
  const bool taken = name.empty() || table.FindConstraint(name) != nullptr;
  made.name = taken ? ConstraintName(table, {.kind = made.kind, .columns = made.columns}) : name;
  catalog_.AddConstraint(moment_, id, std::move(made), {});
}

// The table's own first, by the names that the text gives; then those of its parents, by theirs.
void Applier::NameNotNulls(RelationId id, const action::CreateTable& create) {
  for (const Column& column : create.columns) {
    bool not_null = column.serial || column.generated == Generated::kIdentity;
    std::string name;
    for (const Constraint& constraint : column.constraints) {
      const bool named = constraint.kind == ConstraintKind::kNotNull;
      not_null = not_null || named || constraint.kind == ConstraintKind::kPrimaryKey;
      if (named && name.empty()) name = constraint.name;
    }
    if (not_null) AddNotNull(id, column.name, name, false);
  }
  for (const Constraint& constraint : create.constraints) {
    const bool named = constraint.kind == ConstraintKind::kNotNull;
    if (!named && constraint.kind != ConstraintKind::kPrimaryKey) continue;
    for (const std::string& column : constraint.columns) {
      AddNotNull(id, column, named ? constraint.name : "", false);
    }
  }
  const std::vector<RelationId> parents = view().Find(id)->parents;
  for (const RelationId parent : parents) {
    for (const TableConstraint& constraint : view().Find(parent)->constraints) {
      if (constraint.kind != ConstraintKind::kNotNull || constraint.no_inherit) continue;
      const bool has = view().Find(id)->FindNotNull(constraint.columns[0]) != nullptr;
      if (!has) AddNotNull(id, constraint.columns[0], constraint.name, true);
    }
  }
}

// What a child says of a column that it inherits as well (tablecmds.c:MergeAttributes).
static void MergeColumn(const TableColumn& own, TableColumn& inherited) {
  inherited.not_null = inherited.not_null || own.not_null;
  if (own.has_default) {
    inherited.has_default = true;
    inherited.default_value = own.default_value;
    inherited.stands_on = own.stands_on;
  }
  if (own.generated != Generated::kNo) {
    inherited.generated = own.generated;
    inherited.generated_from = own.generated_from;
  }
}

void Applier::InheritFrom(RelationId child_id, const Relation& parent, bool partition) {
  catalog_.Change(moment_, child_id, [&](Relation& child) {
    child.parents.push_back(parent.id);
    child.is_partition = partition;
    child.columns_known = child.columns_known && parent.columns_known;
    for (const TableConstraint& constraint : parent.constraints) {
      const bool travels =
          constraint.kind == ConstraintKind::kCheck
              ? !constraint.no_inherit && child.FindConstraint(constraint.name) == nullptr
              : partition && constraint.kind == ConstraintKind::kForeignKey;
      if (!travels) continue;
      child.constraints.push_back(constraint);
      TableConstraint& own = child.constraints.back();
      own.inherited = true;
      // Of a new table no row can contradict it.
      if (own.kind == ConstraintKind::kCheck) own.validated = own.enforced;
    }
  });
  catalog_.Change(moment_, parent.id,
                  [&](Relation& changed) { changed.children.push_back(child_id); });
  if (partition) InheritIndexes(child_id, parent);
}

// A partition gets an index for each of its parent's.
void Applier::InheritIndexes(RelationId child_id, const Relation& parent) {
  for (const Relation* index : view().IndexesOf(*view().Find(parent.id))) {
    const Relation& partition_table = *view().Find(child_id);
    const action::CreateIndex create = LikeIndex(*index);
    const auto& constraints = view().Find(parent.id)->constraints;
    const auto behind =
        std::find_if(constraints.begin(), constraints.end(),
                     [&](const TableConstraint& c) { return c.index == index->id; });
    const TableConstraint* constraint = behind == constraints.end() ? nullptr : &*behind;
    const RelationId whole = index->id;
    const std::string name = PartName(partition_table, *index, constraint);
    const RelationId made = MakeIndex(partition_table, create, name);
    if (made == 0) continue;
    Attach(made, whole);
    if (constraint == nullptr) continue;
    TableConstraint own = *constraint;
    own.name = name;
    own.index = made;
    own.inherited = true;
    catalog_.Change(moment_, child_id,
                    [&](Relation& child) { child.constraints.push_back(std::move(own)); });
  }
}

// indexcmds.c:ChooseIndexName
std::string Applier::PartName(const Relation& table, const Relation& whole,
                              const TableConstraint* constraint) const {
  const bool primary = constraint != nullptr && constraint->kind == ConstraintKind::kPrimaryKey;
  const bool exclusion = constraint != nullptr && constraint->kind == ConstraintKind::kExclusion;
  const absl::string_view label = primary                 ? "pkey"
                                  : exclusion             ? "excl"
                                  : constraint != nullptr ? "key"
                                                          : "idx";
  return view().ChooseName(table.schema, table.name, primary ? "" : whole.name_hint, label);
}

// LIKE … INCLUDING INDEXES: constraints come with their indexes, and all get names of their own.
void Applier::CopyIndexes(const Relation& from, RelationId to) {
  for (const TableConstraint& constraint : from.constraints) {
    if (constraint.index == 0) continue;
    const Relation* index = view().Find(constraint.index);
    AddTo(to, {.kind = constraint.kind,
               .columns = constraint.columns,
               .include = index == nullptr ? ThinVector<std::string>() : index->include,
               .nulls_not_distinct = index != nullptr && index->nulls_not_distinct});
  }
  for (const Relation* index : view().IndexesOf(from)) {
    const bool constrained =
        std::any_of(from.constraints.begin(), from.constraints.end(),
                    [&](const TableConstraint& c) { return c.index == index->id; });
    if (constrained) continue;
    MakeIndex(*view().Find(to), LikeIndex(*index), "");
  }
}

// The columns of all parents, in their order.
std::vector<TableColumn> Applier::InheritedColumns(const action::CreateTable& create) const {
  std::vector<Name> parents = create.inherits;
  if (create.partition_of) parents.push_back(*create.partition_of);
  std::vector<TableColumn> inherited;
  for (const Name& name : parents) {
    const Relation* parent = Find(name);
    if (parent == nullptr) continue;
    for (const TableColumn& column : parent->columns) {
      const auto known =
          std::find_if(inherited.begin(), inherited.end(),
                       [&](const TableColumn& other) { return other.name == column.name; });
      if (known == inherited.end()) {
        inherited.push_back(column);
        inherited.back().only_inherited = true;
        // Identity belongs to the parent alone, but from 17 on a partition has it too.
        if (column.generated == Generated::kIdentity &&
            !(create.partition_of && situation_.server_version >= 17)) {
          inherited.back().generated = Generated::kNo;
          inherited.back().has_default = false;
        }
      } else {
        MergeColumn(column, *known);
      }
    }
  }
  return inherited;
}

// A column of another table as LIKE makes it: what the options leave out it has not
// (parse_utilcmd.c:transformTableLikeClause).
static TableColumn LikeColumn(TableColumn column, uint32_t options) {
  const uint32_t needed = column.generated == Generated::kNo         ? kLikeDefaults
                          : column.generated == Generated::kIdentity ? kLikeIdentity
                                                                     : kLikeGenerated;
  column.only_inherited = false;
  if ((options & needed) != 0) return column;
  return {.name = column.name, .type = column.type, .not_null = column.not_null};
}

// What LIKE brings besides the columns.
void Applier::CopyFrom(const Name& name, uint32_t options, RelationId to) {
  const Relation* like = Find(name);
  if (like == nullptr) return;
  for (const TableColumn& column : like->columns) {
    const bool numbered =
        column.generated == Generated::kIdentity && (options & kLikeIdentity) != 0;
    if (numbered) MakeSequence(*view().Find(to), column.name, {});
  }
  for (const TableConstraint& constraint : like->constraints) {
    if (constraint.kind == ConstraintKind::kNotNull) {
      AddNotNull(to, constraint.columns[0], constraint.name, false);
    } else if (constraint.kind == ConstraintKind::kCheck && (options & kLikeConstraints) != 0) {
      TableConstraint own = constraint;
      own.inherited = false;
      own.validated = own.enforced;
      catalog_.Change(moment_, to,
                      [&](Relation& made) { made.constraints.push_back(std::move(own)); });
    }
  }
  if ((options & kLikeIndexes) != 0) CopyIndexes(*like, to);
}

void Applier::Apply(const action::CreateTable& create) {
  Relation table = Fresh(create.partitioned ? RelationKind::kPartitionedTable
                         : create.foreign   ? RelationKind::kForeignTable
                                            : RelationKind::kTable,
                         SchemaFor(create.table, create.persistence), create.persistence);
  table.name = create.table.name;
  table.maybe_has_rows = create.as_query && create.with_data;
  if (create.as_query) {
    QueryColumns query = ShownBy(create.selection, create.column_names);
    table.columns_known = query.known;
    if (query.known) table.columns = std::move(query.columns);
  }
  table.if_not_exists = create.if_not_exists || situation_.conditional;
  table.drops_at_commit = create.drops_at_commit;
  table.is_default_partition = create.default_partition;
  table.partition_keys = create.partition_keys;
  table.partition_terms = create.partition_terms;
  table.partition_columns = create.partition_columns;
  table.partition_strategy = create.partition_strategy;
  table.bound = create.bound;
  table.tablespace = create.tablespace == "pg_default" ? "" : create.tablespace;
  table.access_method = create.access_method == "heap" ? "" : create.access_method;
  table.options = WithOptions(nullptr, create.parameters);
  const Relation* whole = create.partition_of ? Find(*create.partition_of) : nullptr;
  // tablecmds.c:DefineRelation
  if (whole != nullptr && create.tablespace.empty()) table.tablespace = whole->tablespace;
  if (whole != nullptr && create.access_method.empty()) table.access_method = whole->access_method;
  table.of_type = create.of_type;
  if (create.of_type) AddAttributes(*create.of_type, table);
  const TypeScope scope = Scope();
  if (create.foreign) {
    DependenceList stands_on(scope);
    table.stands_on =
        std::move(stands_on.Add(ObjectKind::kServer, {.name = create.server})).Finish();
  }
  for (size_t i = 0; i < create.like.size(); ++i) {
    const Relation* like = Find(create.like[i]);
    if (like == nullptr) {
      AddAttributes(create.like[i], table);
      continue;
    }
    if (!like->columns_known) table.columns_known = false;
    for (const TableColumn& column : like->columns) {
      table.columns.push_back(LikeColumn(column, create.like_options[i]));
    }
  }
  const std::vector<TableColumn> inherited = InheritedColumns(create);
  table.columns.insert(table.columns.begin(), inherited.begin(), inherited.end());
  std::vector<const Column*> sequences;
  for (const Column& column : create.columns) {
    TableColumn made = MakeColumn(column);
    if (TableColumn* known = table.FindColumn(column.name)) {
      MergeColumn(made, *known);
      known->only_inherited = false;
    } else {
      table.columns.push_back(std::move(made));
    }
    if (column.serial || column.generated == Generated::kIdentity) sequences.push_back(&column);
  }
  const RelationId id = Create(std::move(table));
  if (id == 0) return;
  for (const Column* column : sequences) {
    MakeSequence(*view().Find(id), column->name, column->numbers.OrDefault());
  }
  for (size_t i = 0; i < create.like.size(); ++i) {
    CopyFrom(create.like[i], create.like_options[i], id);
  }
  for (const Name& name : create.inherits) {
    if (const Relation* parent = Find(name)) InheritFrom(id, *parent, false);
  }
  if (create.partition_of) {
    if (const Relation* parent = Find(*create.partition_of)) InheritFrom(id, *parent, true);
  }
  if (NamesNotNulls()) NameNotNulls(id, create);
  for (const MadeConstraint& made : MadeBy(create)) {
    Constraint renamed;
    AddTo(id, AsMade(made, renamed));
  }
}

void Applier::Apply(const action::AddColumn& add) {
  const Relation* old = Find(add.table.name);
  // IF NOT EXISTS leaves out the constraints too.
  if (old != nullptr && old->FindColumn(add.column.name) != nullptr) return;
  const RelationId parent = old == nullptr ? 0 : old->id;
  std::vector<RelationId> grown;
  ForEach(add.table, [&](Relation& table) {
    if (table.FindColumn(add.column.name) != nullptr) return;
    grown.push_back(table.id);
    table.columns.push_back(MakeColumn(add.column));
    table.columns.back().only_inherited = table.id != parent;
  });
  const Relation* named = Find(add.table.name);
  if (named == nullptr) return;
  const RelationId id = named->id;
  const bool has_sequence = add.column.serial || add.column.generated == Generated::kIdentity;
  if (has_sequence) MakeSequence(*named, add.column.name, add.column.numbers.OrDefault());
  const TableColumn* made = view().Find(id)->FindColumn(add.column.name);
  const bool made_not_null = made != nullptr && made->not_null;
  // Any other type may be a domain with a default, and with IF NOT EXISTS the column may be there.
  const bool may_have_value = add.if_not_exists || has_sequence || made == nullptr ||
                              made->has_default || made->generated != Generated::kNo ||
                              !IsBuiltinType(add.column.type.name);
  bool named_not_null = false;
  for (const Constraint& constraint : add.column.constraints) {
    if (constraint.kind != ConstraintKind::kNotNull) continue;
    named_not_null = true;
    // Before 18 a column that was there, and is merged, stays as it is.
    if (NamesNotNulls()) AddToAll(add.table, constraint);
  }
  for (const MadeConstraint& one : MadeBy(add.column)) {
    Constraint renamed;
    AddToAll(add.table, AsMade(one, renamed));
  }
  if (made_not_null && !named_not_null && NamesNotNulls()) {
    AddToAll(add.table, {.kind = ConstraintKind::kNotNull, .columns = {add.column.name}});
  }
  if (!made_not_null || may_have_value || situation_.conditional) return;
  // Where there is a row without a value that fails (tablecmds.c:ATRewriteTable), and until the
  // transaction ends nobody else can bring one. A child that had the column has values.
  for (const RelationId empty : grown) {
    catalog_.Change(moment_, empty,
                    [&](Relation& table) { table.truncated = situation_.transaction + 1; });
  }
}

// With what cannot be without it (dependency.c:findDependentObjects).
void Applier::RemoveColumn(RelationId id, const std::string& name, bool cascade) {
  const Relation table = *view().Find(id);
  for (const TableColumn& other : table.columns) {
    const auto& from = other.generated_from;
    if (std::find(from.begin(), from.end(), name) != from.end()) {
      RemoveColumn(id, other.name, cascade);
    }
  }
  for (const TableConstraint& constraint : table.constraints) {
    const auto& columns = constraint.columns;
    if (std::find(columns.begin(), columns.end(), name) != columns.end()) {
      RemoveConstraint(id, constraint.name);
    }
  }
  RemoveStatisticsOn(table, &name);
  std::vector<RelationId> doomed;
  std::vector<Name> defaults;
  for (const Relation* index : view().IndexesOf(table)) {
    if (Mentions(*index, name)) doomed.push_back(index->id);
  }
  for (const Relation* sequence : view().SequencesOf(table)) {
    if (sequence->owner_column != name) continue;
    doomed.push_back(sequence->id);
    // Defaults elsewhere that ask it.
    if (cascade) defaults.push_back({.schema = sequence->schema, .name = sequence->name});
  }
  for (const Name& sequence : defaults) {
    const TypeScope scope = {view(), situation_.search_path, situation_.server_version};
    Fall fall = FallOf({{.object = {.on = ObjectKind::kSequence, .object = sequence}}}, scope);
    for (const FallenPart& part : fall.parts) {
      if (part.part == PartKind::kDefault) RemovePart(part);
    }
  }
  for (const Relation* on : cascade ? view().ViewsOn(table) : std::vector<const Relation*>()) {
    for (const ViewUse& use : on->uses) {
      const auto& columns = use.columns;
      const bool reads = std::find(columns.begin(), columns.end(), name) != columns.end();
      if (use.relation == id && reads) doomed.push_back(on->id);
    }
  }
  for (const RelationId relation : doomed) DropRelation(relation);
  const auto uses = [&](const auto& guard) {
    return std::find(guard.columns.begin(), guard.columns.end(), name) != guard.columns.end();
  };
  catalog_.Change(moment_, id, [&](Relation& changed) {
    erase_if(changed.columns, [&](const TableColumn& c) { return c.name == name; });
    erase_if(changed.policies, uses);
    erase_if(changed.triggers, uses);
    erase_if(changed.rules, uses);
    erase_if(changed.publications, uses);
  });
  catalog_.MoveComment(moment_, id, ObjectKind::kColumn, name, "");
}

void Applier::Apply(const action::DropColumn& drop) {
  const Relation* named = Find(drop.table.name);
  if (named == nullptr) return;
  std::vector<RelationId> ids = {named->id};
  if (!drop.table.only) {
    for (const Relation* child : LosersOfColumn(*named, drop.column, view())) {
      ids.push_back(child->id);
    }
  }
  // With ONLY it stays, as the children's own.
  for (const RelationId id : drop.table.only ? named->children : std::vector<RelationId>()) {
    catalog_.Change(moment_, id, [&](Relation& child) {
      if (TableColumn* kept = child.FindColumn(drop.column)) kept->only_inherited = false;
    });
  }
  for (const RelationId id : ids) {
    if (drop.cascade) catalog_.DropRoutinesOn(moment_, *view().Find(id), &drop.column);
    RemoveColumn(id, drop.column, drop.cascade);
  }
}

void Applier::SetNullability(const Target& target, const std::string& name, bool not_null) {
  std::string constraint;  // the name that children get too (tablecmds.c:ATExecSetNotNull)
  RelationId first = 0;
  ForEach(target, [&](Relation& table) {
    if (first == 0) first = table.id;
    if (TableColumn* column = table.FindColumn(name)) {
      column->not_null = not_null;
    } else if (!table.columns_known) {
      table.columns.push_back({.name = name, .not_null = not_null});
    }
    if (not_null) return;
    erase_if(table.constraints, [&](const TableConstraint& c) {
      return c.kind == ConstraintKind::kNotNull && c.columns == std::vector<std::string>{name};
    });
  });
  if (!not_null || first == 0 || !NamesNotNulls()) return;
  AddNotNull(first, name, "", false);
  constraint = view().Find(first)->FindNotNull(name)->name;
  if (target.only) return;
  for (const Relation* child : view().DescendantsOf(*view().Find(first))) {
    AddNotNull(child->id, name, constraint, true);
  }
}

void Applier::GiveDefault(TableColumn& column, const OptionalExpression& value) const {
  const TypeScope scope = Scope();
  column.has_default = value && !value->is_null;
  column.default_value = column.has_default ? value : nullptr;
  column.stands_on = std::move(DependenceList(scope).Add(column.default_value)).Finish();
}

void Applier::ChangeDefault(const Target& target, const std::string& name,
                            const OptionalExpression& value) {
  ForEach(target, [&](Relation& table) {
    if (TableColumn* column = table.FindColumn(name)) GiveDefault(*column, value);
  });
}

void Applier::Apply(const action::AlterColumnType& alter) {
  const auto type = std::make_shared<const TypeName>(alter.type);
  ForEach(alter.table, [&](Relation& table) {
    if (TableColumn* column = table.FindColumn(alter.column)) {
      column->type = type;
    } else if (!table.columns_known) {
      table.columns.push_back({.name = alter.column, .type = type});
    }
  });
}

// ---- constraints and indexes -----------------------------------------------------------------

static bool BringsIndex(ConstraintKind kind) {
  return kind == ConstraintKind::kUnique || kind == ConstraintKind::kPrimaryKey ||
         kind == ConstraintKind::kExclusion;
}

// indexcmds.c:ChooseIndexColumnNames sees the columns of INCLUDE too.
static std::string IndexColumnsOf(const Constraint& constraint) {
  std::vector<std::string> columns = constraint.columns;
  columns.insert(columns.end(), constraint.include.begin(), constraint.include.end());
  return JoinIndexColumns(columns);
}

// pg_constraint.c:ChooseConstraintName and its callers.
std::string Applier::ConstraintName(const Relation& table, const Constraint& constraint) const {
  if (!constraint.name.empty()) return constraint.name;
  if (!constraint.using_index.empty()) return constraint.using_index;
  std::string columns = absl::StrJoin(constraint.columns, "_");
  absl::string_view label = "check";
  switch (constraint.kind) {
    case ConstraintKind::kCheck:
      columns.clear();
      // One column and no other, be it the system's; a name may be that of the whole row.
      if (constraint.expression && constraint.expression->columns.size() == 1) {
        const std::string& only = constraint.expression->columns[0];
        if (IsSystemColumn(only) || table.FindColumn(only) != nullptr) columns = only;
      }
      break;
    case ConstraintKind::kForeignKey:
      label = "fkey";
      break;
    case ConstraintKind::kNotNull:
    case ConstraintKind::kNull:
      label = "not_null";
      break;
    case ConstraintKind::kUnique:
      label = "key";
      columns = IndexColumnsOf(constraint);
      break;
    case ConstraintKind::kPrimaryKey:
      label = "pkey";
      columns.clear();
      break;
    case ConstraintKind::kExclusion:
      label = "excl";
      columns = IndexColumnsOf(constraint);
      break;
  }
  return view().ChooseConstraintName(table.schema, table.name, columns, label,
                                     BringsIndex(constraint.kind));
}

RelationId Applier::MakeConstraintIndex(const Relation& table, const Constraint& constraint,
                                        absl::string_view given) {
  action::CreateIndex create = {.name_hint = absl::StrJoin(constraint.columns, "_"),
                                .unique = constraint.kind != ConstraintKind::kExclusion};
  if (!constraint.method.empty()) create.method = constraint.method;
  if (constraint.overlaps) create.method = "gist";
  // Made on ONLY the whole: the parts' have to be attached.
  create.only = constraint.only && !table.children.empty();
  for (const std::string& column : constraint.columns) {
    create.columns.push_back({.column = column});
  }
  create.include = constraint.include;
  create.nulls_not_distinct = constraint.nulls_not_distinct;
  create.has_predicate = constraint.predicate != nullptr;
  return MakeIndex(table, create, std::string(given));
}

void Applier::AddTo(RelationId table_id, const Constraint& constraint) {
  const Relation& table = *view().Find(table_id);
  const TableConstraint* merged =
      constraint.kind == ConstraintKind::kCheck ? table.FindConstraint(constraint.name) : nullptr;
  if (merged != nullptr && merged->inherited) {
    const auto place = static_cast<size_t>(merged - table.constraints.data());
    catalog_.Change(moment_, table_id,
                    [&](Relation& changed) { changed.constraints[place].inherited = false; });
    return;
  }
  TableConstraint made = {.name = ConstraintName(table, constraint),
                          .kind = constraint.kind,
                          .columns = constraint.columns,
                          .validated = !constraint.not_valid && !constraint.not_enforced,
                          .enforced = !constraint.not_enforced,
                          .no_inherit = constraint.no_inherit,
                          .deferrable = constraint.deferrable,
                          .initially_deferred = constraint.initially_deferred,
                          .on_delete = constraint.on_delete,
                          .on_update = constraint.on_update,
                          .referenced_columns = constraint.referenced_columns,
                          .set_columns = constraint.set_columns,
                          .match_full = constraint.match_full,
                          .overlaps = constraint.overlaps,
                          .defined = situation_.now + 1};
  if (constraint.kind == ConstraintKind::kCheck && constraint.expression) {
    made.columns = constraint.expression->columns;
    // The table's own name stands for its whole row.
    if (table.FindColumn(table.name) == nullptr) std::erase(made.columns, table.name);
    made.predicate = constraint.expression->predicate;
    const TypeScope scope = Scope();
    made.stands_on = std::move(DependenceList(scope).Add(constraint.expression)).Finish();
  }
  if (constraint.kind == ConstraintKind::kForeignKey) {
    const Relation* referenced = Find(constraint.referenced);
    const TableConstraint* key = referenced == nullptr ? nullptr : referenced->PrimaryKey();
    if (referenced != nullptr) made.referenced = referenced->id;
    // REFERENCES without columns means the primary key as it is now.
    if (made.referenced_columns.empty() && key != nullptr) made.referenced_columns = key->columns;
  }
  const bool key = constraint.kind == ConstraintKind::kPrimaryKey;
  if (!constraint.using_index.empty()) {
    const Relation* index = Find({.schema = table.schema, .name = constraint.using_index});
    if (index != nullptr) {
      made.index = index->id;
      made.columns.clear();
      for (const action::IndexColumn& column : index->keys) made.columns.push_back(column.column);
      // The index takes the constraint's name (ATExecAddIndexConstraint).
      if (Find({.schema = table.schema, .name = made.name}) == nullptr) {
        catalog_.Move(moment_, index->id, {.schema = table.schema, .name = made.name});
      }
    }
  } else if (BringsIndex(constraint.kind)) {
    made.index = MakeConstraintIndex(table, constraint, made.name);
  }
  const bool not_null = key || (constraint.kind == ConstraintKind::kNotNull && made.validated);
  const std::vector<std::string> columns = made.columns;
  // A second NOT NULL of one column is the first again.
  const bool again = constraint.kind == ConstraintKind::kNotNull && columns.size() == 1 &&
                     table.FindNotNull(columns[0]) != nullptr;
  if (!again) {
    catalog_.AddConstraint(moment_, table_id, std::move(made),
                           not_null ? columns : std::vector<std::string>());
  } else if (not_null) {
    catalog_.Change(moment_, table_id, [&](Relation& changed) {
      TableColumn* column = changed.FindColumn(columns[0]);
      if (column != nullptr) column->not_null = true;
    });
  }
  if (!not_null || (!key && !again)) return;
  for (const std::string& column : columns) AddNotNull(table_id, column, "", false);
}

// To the target and, where the constraint travels, to its descendants.
void Applier::AddToAll(const Target& target, const Constraint& constraint) {
  const Relation* named = Find(target.name);
  if (named == nullptr || constraint.kind == ConstraintKind::kNull) return;
  const Relation& table = *named;
  const size_t before = table.constraints.size();
  AddTo(table.id, constraint);
  if (target.only || constraint.no_inherit) return;
  const std::vector<TableConstraint>& constraints = view().Find(table.id)->constraints;
  // A primary key comes before the NOT NULL constraints that it brings.
  std::string name = constraint.name;
  if (before < constraints.size()) name = constraints[before].name;
  if (constraint.kind == ConstraintKind::kNotNull && constraint.columns.size() == 1) {
    const TableConstraint* known = view().Find(table.id)->FindNotNull(constraint.columns[0]);
    if (known != nullptr) name = known->name;
  }
  for (const Relation* child : view().DescendantsOf(*view().Find(table.id))) {
    AddToPart(child->id, constraint, name);
  }
}

// What a descendant gets when its ancestor has got `constraint` under `name`.
void Applier::AddToPart(RelationId id, const Constraint& constraint, const std::string& name) {
  const Relation& child = *view().Find(id);
  Constraint own = constraint;
  if (constraint.kind == ConstraintKind::kPrimaryKey) {
    // Every descendant, a partition or not (parse_utilcmd.c:transformIndexConstraint).
    const Relation& parent = *view().Find(child.parents[0]);
    for (const std::string& column : constraint.columns) {
      const TableConstraint* known = parent.FindNotNull(column);
      AddNotNull(id, column, known == nullptr ? "" : known->name, true);
      catalog_.Change(moment_, id, [&](Relation& changed) {
        if (TableColumn* found = changed.FindColumn(column)) found->not_null = true;
      });
    }
  }
  if (BringsIndex(constraint.kind)) {
    if (!child.is_partition) return;
    own.name.clear();
    return AddIndexToPart(id, own);
  }
  if (constraint.kind == ConstraintKind::kForeignKey) {
    if (!child.is_partition || TakeOverKey(id, name)) return;
    own.name = child.FindConstraint(name) == nullptr ? name : "";
  } else {
    if (child.FindConstraint(name) != nullptr) return;
    own.name = name;
  }
  const size_t before = view().Find(id)->constraints.size();
  AddTo(id, own);
  catalog_.Change(moment_, id, [&](Relation& changed) {
    if (before < changed.constraints.size()) changed.constraints[before].inherited = true;
  });
}

// A partition's foreign key becomes part of its whole's where it is the same.
bool Applier::TakeOverKey(RelationId id, const std::string& name) {
  const Relation& part = *view().Find(id);
  const Relation* whole = view().Find(part.parents[0]);
  const TableConstraint* key = whole == nullptr ? nullptr : whole->FindConstraint(name);
  if (key == nullptr || key->kind != ConstraintKind::kForeignKey) return false;
  const TableConstraint* same = FindSameKey(part, *key, situation_.server_version);
  if (same == nullptr) return false;
  const std::string own = same->name;
  const bool validated = same->validated || key->validated;
  catalog_.Change(moment_, id, [&](Relation& changed) {
    for (TableConstraint& constraint : changed.constraints) {
      if (constraint.name != own) continue;
      constraint.inherited = true;
      constraint.validated = validated;
    }
  });
  return true;
}

// Its index becomes a part of the whole's: one that the partition has, or a new one.
void Applier::AddIndexToPart(RelationId id, const Constraint& constraint) {
  const Relation& part = *view().Find(id);
  const Relation* whole = view().Find(part.parents[0]);
  const TableConstraint* above = nullptr;
  for (const TableConstraint& other : whole->constraints) {
    if (other.kind == constraint.kind && other.columns == constraint.columns) above = &other;
  }
  const RelationId whole_index = above == nullptr ? 0 : above->index;
  const Relation* index = view().Find(whole_index);
  RelationId own = 0;
  if (index != nullptr) {
    for (const Relation* other : view().IndexesOf(part)) {
      // Its own whole was taken over, and brought it along.
      if (!other->parents.empty() && other->parents[0] == whole_index) return;
    }
    const Relation* same = FindMatchingIndex(part, LikeIndex(*index), above, view());
    if (same != nullptr) own = same->id;
  }
  if (own == 0) {
    const size_t before = part.constraints.size();
    AddTo(id, constraint);
    const auto& constraints = view().Find(id)->constraints;
    if (before < constraints.size()) own = constraints[before].index;
  }
  if (index != nullptr && own != 0) Attach(own, whole_index);
  catalog_.Change(moment_, id, [&](Relation& changed) {
    for (TableConstraint& made : changed.constraints) {
      if (made.index != 0 && made.index == own) made.inherited = true;
    }
  });
}

void Applier::Apply(const action::AddConstraint& add) { AddToAll(add.table, add.constraint); }

// Those that stand on a unique index that is gone.
void Applier::RemoveForeignKeysTo(const Relation& index) {
  const Relation referenced = *view().Find(index.table);  // a copy: it may change below
  const CatalogView now = view();
  const auto stands_on_it = [&](const TableConstraint& c) {
    return c.referenced == index.table && ReliesOn(c, index, referenced, now);
  };
  std::vector<const Relation*> tables = view().ReferencingTables(referenced);
  tables.push_back(view().Find(index.table));
  for (const Relation* table : tables) {
    const auto& constraints = table->constraints;
    if (std::none_of(constraints.begin(), constraints.end(), stands_on_it)) continue;
    catalog_.Change(moment_, table->id,
                    [&](Relation& changed) { erase_if(changed.constraints, stands_on_it); });
  }
}

// Views that stand on the primary key of a table.
void Applier::RemoveGroupedBy(const Relation& table) {
  std::vector<RelationId> doomed;
  for (const Relation* on : view().ViewsOn(table)) {
    for (const ViewUse& use : on->uses) {
      if (use.relation == table.id && use.by_key) doomed.push_back(on->id);
    }
  }
  for (const RelationId id : doomed) DropRelation(id);
}

void Applier::RemoveConstraint(RelationId table_id, const std::string& name) {
  const Relation* found = view().Find(table_id);
  const TableConstraint* constraint = found == nullptr ? nullptr : found->FindConstraint(name);
  if (constraint == nullptr) return;
  const TableConstraint removed = *constraint;
  if (removed.kind == ConstraintKind::kPrimaryKey) RemoveGroupedBy(*found);
  if (removed.index != 0) DropRelation(removed.index);
  catalog_.Change(moment_, table_id, [&](Relation& table) {
    erase_if(table.constraints, [&](const TableConstraint& c) { return c.name == name; });
    if (removed.kind == ConstraintKind::kNotNull && removed.columns.size() == 1) {
      if (TableColumn* column = table.FindColumn(removed.columns[0])) column->not_null = false;
    }
  });
  catalog_.MoveComment(moment_, table_id, ObjectKind::kTableConstraint, name, "");
}

void Applier::Apply(const action::DropConstraint& drop) {
  const Relation* named = Find(drop.table.name);
  if (named == nullptr) return;
  std::vector<RelationId> ids = {named->id};
  if (!drop.table.only) {
    for (const Relation* child : view().DescendantsOf(*named)) ids.push_back(child->id);
  }
  for (const RelationId id : ids) RemoveConstraint(id, drop.constraint);
}

void Applier::Apply(const action::ValidateConstraint& validate) {
  ForEach(validate.table, [&](Relation& table) {
    for (TableConstraint& constraint : table.constraints) {
      if (constraint.name != validate.constraint) continue;
      constraint.validated = true;
      if (constraint.kind != ConstraintKind::kNotNull || constraint.columns.empty()) continue;
      if (TableColumn* column = table.FindColumn(constraint.columns[0])) column->not_null = true;
    }
  });
}

static Name LastPart(absl::string_view text) {
  const size_t dot = text.rfind('.');
  return {.name = std::string(dot == absl::string_view::npos ? text : text.substr(dot + 1))};
}

// EXTRACT was a call of date_part before 14, and names an index after it.
static std::string NameHint(const action::CreateIndex& create, int server_version) {
  const auto extracts = [](const OptionalExpression& expression) {
    return expression != nullptr &&
           std::any_of(expression->calls.begin(), expression->calls.end(),
                       [](const FunctionCall& call) { return call.function.name == "extract"; });
  };
  const bool old = server_version < 14 &&
                   std::any_of(create.expressions.begin(), create.expressions.end(), extracts);
  return old ? absl::StrReplaceAll(create.name_hint, {{"extract", "date_part"}}) : create.name_hint;
}

RelationId Applier::MakeIndex(const Relation& table, const action::CreateIndex& create,
                              const std::string& given) {
  const bool partitioned =
      table.kind == RelationKind::kPartitionedTable || (create.only && table.assumed);
  Relation index = Fresh(partitioned ? RelationKind::kPartitionedIndex : RelationKind::kIndex,
                         table.schema, table.persistence);
  // The index of ON ONLY becomes valid when every partition's is attached to it.
  // indexcmds.c:DefineIndex: a whole without parts lacks no part's index.
  const bool has_parts = !table.children.empty() || table.assumed;
  index.valid = !create.only || !partitioned || !has_parts;
  index.name_hint = NameHint(create, situation_.server_version);
  index.name =
      given.empty() ? view().ChooseName(table.schema, table.name, index.name_hint, "idx") : given;
  index.table = table.id;
  index.method = create.method;
  index.tablespace = create.tablespace == "pg_default" ? "" : create.tablespace;
  index.unique = create.unique;
  index.has_expression = create.has_expression;
  index.has_predicate = create.has_predicate;
  index.nulls_not_distinct = create.nulls_not_distinct;
  index.predicate = create.predicate;
  index.keys = create.columns;
  index.include = create.include;
  index.options = WithOptions(nullptr, create.parameters);
  index.mentions = create.mentions;
  for (const action::IndexColumn& key : create.columns) {
    if (!key.column.empty()) index.mentions.push_back(key.column);
  }
  index.mentions.insert(index.mentions.end(), create.include.begin(), create.include.end());
  const TypeScope scope = Scope();
  DependenceList stands_on(scope);
  stands_on.Add(create.expressions);
  for (const action::IndexColumn& key : create.columns) {
    stands_on.Add(ObjectKind::kOperatorClass, LastPart(key.operator_class));
    stands_on.Add(ObjectKind::kCollation, LastPart(key.collation));
  }
  index.stands_on = std::move(stands_on).Finish();
  return Create(std::move(index));
}

// Whether the index of a partition above, which became part of `whole`, brought one along.
bool Applier::ComesAlong(const Relation& part, const action::CreateIndex& create,
                         RelationId whole) const {
  for (const Relation* index : view().IndexesOf(part)) {
    if (!IsSameIndex(*index, create, part)) continue;
    const Relation* top = index;
    while (top != nullptr && top->id != whole) {
      top = top->parents.empty() ? nullptr : view().Find(top->parents[0]);
    }
    if (top != nullptr) return true;
  }
  return false;
}

void Applier::Apply(const action::CreateIndex& create) {
  const Relation* named = Find(create.table);
  if (named == nullptr) return;
  const Relation& table = *named;
  const RelationId whole = MakeIndex(table, create, create.name);
  if (whole == 0 || create.only || table.kind != RelationKind::kPartitionedTable) return;
  for (const Relation* child : view().DescendantsOf(table)) {
    if (ComesAlong(*child, create, whole)) continue;
    const Relation* matching = FindMatchingIndex(*child, create, nullptr, view());
    const RelationId part = matching != nullptr ? matching->id : MakeIndex(*child, create, "");
    if (part != 0) Attach(part, whole);
  }
}

void Applier::Attach(RelationId part, RelationId whole) {
  catalog_.Change(moment_, part, [&](Relation& index) { index.parents.push_back(whole); });
  catalog_.Change(moment_, whole, [&](Relation& index) { index.children.push_back(part); });
}

// ---- other objects ---------------------------------------------------------------------------

void Applier::Apply(const action::CreateSequence& create) {
  Relation sequence = Fresh(RelationKind::kSequence, SchemaFor(create.sequence, create.persistence),
                            create.persistence);
  sequence.name = create.sequence.name;
  const Relation* owner = create.owned_by ? Find(*create.owned_by) : nullptr;
  if (owner != nullptr) sequence.owner = owner->id;
  sequence.owner_column = create.owned_column;
  sequence.numbers = NewNumbers("int8");
  ApplyOptions(create.options, /*created=*/true, *sequence.numbers);
  Create(std::move(sequence));
}

// Of the relations the one that has the column; null where that is not certain.
const Relation* Applier::OwnerOf(const std::string& column, const std::vector<Name>& reads) const {
  const Relation* owner = nullptr;
  for (const Name& name : reads) {
    const Relation* read = Find(name);
    if (read == nullptr || !read->columns_known) return nullptr;
    if (read->FindColumn(column) == nullptr) continue;
    if (owner != nullptr) return nullptr;
    owner = read;
  }
  return owner;
}

// Only uses that are certain: a column with a qualifier that means one relation, or one without
// where no other relation has it.
std::vector<ViewUse> Applier::UsesOf(const action::CreateView& create) const {
  std::vector<ViewUse> uses;
  const bool only_one = create.reads.size() == 1 && !create.has_subquery;
  for (const Name& name : create.reads) {
    const Relation* read = Find(name);
    if (read == nullptr) continue;
    const auto holds = [&](const ThinVector<Name>& names) {
      return std::find(names.begin(), names.end(), name) != names.end();
    };
    ViewUse use = {.relation = read->id,
                   .only = holds(create.reads_only),
                   .row_locked = create.locks_rows || holds(create.row_locked)};
    for (const action::ColumnUse& column : create.columns_used) {
      const bool star = column.column.empty();
      const bool here = column.relation
                            ? *column.relation == name
                            : only_one || (star && !create.has_subquery) ||
                                  (column.read && OwnerOf(column.column, create.reads) == read);
      if (!here) continue;
      if (!column.column.empty()) {
        use.columns.push_back(column.column);
        continue;
      }
      for (const TableColumn& known : read->columns) use.columns.push_back(known.name);
    }
    uses.push_back(std::move(use));
  }
  for (const RelationId key : ShownBy(create.selection, {}).keys) {
    for (ViewUse& use : uses) use.by_key = use.by_key || use.relation == key;
  }
  return uses;
}

QueryColumns Applier::ShownBy(const OptionalSelection& selection,
                              const std::vector<std::string>& names) const {
  if (selection == nullptr) return {};
  const TypeScope scope = Scope();
  return ColumnsOf(*selection, names, scope, /*plain=*/false,
                   [](const Relation&) { return false; });
}

bool Applier::StandsIn(const action::CreateView& create) const {
  if (!create.plain || create.materialized || create.reads.size() != 1) return false;
  const Relation* read = Find(create.reads[0]);
  if (create.star || read == nullptr) return create.star;
  return read->columns_known &&
         std::all_of(read->columns.begin(), read->columns.end(), [&](const TableColumn& column) {
           return std::find(create.columns.begin(), create.columns.end(), column.name) !=
                  create.columns.end();
         });
}

void Applier::Apply(const action::CreateView& create) {
  const bool temporary =
      std::any_of(create.reads.begin(), create.reads.end(), [&](const Name& name) {
        const Relation* read = Find(name);
        return read != nullptr && read->persistence == Persistence::kTemporary;
      });
  const Persistence persistence = temporary ? Persistence::kTemporary : create.persistence;
  Relation made = Fresh(create.materialized ? RelationKind::kMaterializedView : RelationKind::kView,
                        SchemaFor(create.view, persistence), persistence);
  made.name = create.view.name;
  if (const QueryColumns query = ShownBy(create.selection, create.column_names); query.known) {
    made.columns = query.columns;
  } else {
    made.columns_known = !create.columns.empty();
    for (const std::string& column : create.columns) made.columns.push_back({.name = column});
  }
  made.maybe_has_rows = create.materialized && create.with_data;
  made.uses = UsesOf(create);
  made.stands_in = StandsIn(create);
  made.derived = create.derived;
  const TypeScope scope = Scope();
  DependenceList on(scope);
  on.Add(create.calls).AddTypes(create.types);
  for (const ShownColumn& shown :
       create.selection ? create.selection->columns : std::vector<ShownColumn>()) {
    on.Add(shown.value);
  }
  made.stands_on = std::move(on).Finish();
  made.calls_unknown = CallsUnknown(create.calls, scope);
  made.options = WithOptions(nullptr, create.parameters);
  const Relation* existing = Find({.schema = made.schema, .name = made.name});
  if (existing != nullptr && create.or_replace) {
    // What ALTER VIEW has given its columns they keep.
    for (TableColumn& column : made.columns) {
      const TableColumn* old = existing->FindColumn(column.name);
      if (old == nullptr) continue;
      column.has_default = old->has_default;
      column.default_value = old->default_value;
    }
    catalog_.Change(moment_, existing->id, [&](Relation& replaced) {
      replaced.defined = made.defined;
      replaced.uses = std::move(made.uses);
      replaced.stands_in = made.stands_in;
      replaced.derived = made.derived;
      replaced.stands_on = made.stands_on;
      replaced.calls_unknown = made.calls_unknown;
      replaced.options = made.options;
      replaced.columns = std::move(made.columns);
      replaced.columns_known = made.columns_known;
    });
    return;
  }
  Create(std::move(made));
}

// Only uses that are certain, as of views: a column without a qualifier where nothing else is read.
std::vector<ViewUse> Applier::UsesOf(const Body& body) const {
  std::vector<Name> named;
  for (const BodyStatement& statement : body.statements) {
    const auto* modify = std::get_if<action::ModifyData>(&statement.actions[0].kind);
    if (modify == nullptr) continue;
    named.insert(named.end(), modify->reads.begin(), modify->reads.end());
    for (const action::Write& write : modify->writes) named.push_back(write.table.name);
  }
  const bool only_one =
      !named.empty() && !body.has_subquery &&
      std::all_of(named.begin(), named.end(), [&](const Name& name) { return name == named[0]; });
  std::vector<ViewUse> uses;
  for (const Name& name : named) {
    const Relation* relation = Find(name);
    if (relation == nullptr) continue;
    ViewUse use = {.relation = relation->id};
    for (const action::ColumnUse& column : body.columns_used) {
      if (column.relation ? *column.relation == name : only_one)
        use.columns.push_back(column.column);
    }
    uses.push_back(std::move(use));
    if (only_one) break;
  }
  return uses;
}

// ---- keeping, partitions ---------------------------------------------------------------------

void Applier::AlterColumn(const action::AlterRelation& alter, const Relation& named) {
  const RelationId id = named.id;
  const bool drops_identity = alter.alteration == action::Alteration::kDropIdentity;
  std::vector<RelationId> doomed;
  const auto is_identity = [](const TableColumn& column) {
    return column.generated == Generated::kIdentity;
  };
  const TableColumn* of = named.FindColumn(alter.column);
  for (const Relation* sequence : view().SequencesOf(named)) {
    const bool goes = drops_identity && of != nullptr && is_identity(*of);
    if (goes && sequence->owner_column == alter.column) doomed.push_back(sequence->id);
  }
  for (const RelationId sequence : doomed) DropRelation(sequence);
  ForEach(alter.relation, [&](Relation& table) {
    TableColumn* column = table.FindColumn(alter.column);
    if (column == nullptr) return;
    // Partitions have had identities of their own since 17.
    const bool whole = table.id == id || (table.is_partition && situation_.server_version >= 17);
    switch (alter.alteration) {
      case action::Alteration::kAddIdentity:
        if (whole) column->generated = Generated::kIdentity;
        if (whole) column->has_default = true;
        column->always = alter.always.value_or(false);
        return;
      case action::Alteration::kSetIdentity:
        if (alter.always) column->always = *alter.always;
        return;
      case action::Alteration::kDropIdentity:
      case action::Alteration::kDropExpression:
        // IF EXISTS leaves a column alone that is of the other kind, or of neither.
        if (column->generated == Generated::kNo || is_identity(*column) != drops_identity) return;
        column->generated = Generated::kNo;
        column->has_default = false;
        column->generated_from.clear();
        column->expression = nullptr;
        return;
      case action::Alteration::kSetExpression:
        if (alter.expression) column->generated_from = alter.expression->columns;
        column->expression = alter.expression;
        return;
      default:
        return;
    }
  });
  if (alter.alteration == action::Alteration::kAddIdentity) {
    MakeSequence(*view().Find(id), alter.column, alter.numbers);
  }
  if (alter.alteration != action::Alteration::kSetIdentity || !alter.numbers.any) return;
  for (const Relation* sequence : view().SequencesOf(*view().Find(id))) {
    if (sequence->owner_column != alter.column || !sequence->numbers) continue;
    catalog_.Change(moment_, sequence->id, [&](Relation& changed) {
      ApplyOptions(alter.numbers, /*created=*/false, *changed.numbers);
    });
  }
}

// tablecmds.c:ATPrepChangePersistence; owned sequences follow since 15.
void Applier::SetPersistence(const Relation& named, Persistence persistence) {
  std::vector<RelationId> ids = {named.id};
  for (const Relation* index : view().IndexesOf(named)) ids.push_back(index->id);
  for (const Relation* sequence : view().SequencesOf(named)) {
    if (situation_.server_version >= 15) ids.push_back(sequence->id);
  }
  for (const RelationId id : ids) {
    catalog_.Change(moment_, id, [&](Relation& changed) { changed.persistence = persistence; });
  }
}

void Applier::Apply(const action::AlterRelation& alter) {
  using action::Alteration;
  const Relation* named = Find(alter.relation.name);
  if (named == nullptr) return;
  if (action::IsOfColumn(alter.alteration)) return AlterColumn(alter, *named);
  // Before 18 a partitioned table has no persistence of its own to change.
  const bool persists =
      alter.alteration == Alteration::kSetLogged || alter.alteration == Alteration::kSetUnlogged;
  if (persists && named->kind == RelationKind::kPartitionedTable) return;
  const RelationId id = named->id;
  const Relation* parent = Find(alter.other);
  const auto set = [&](auto change) { catalog_.Change(moment_, id, change); };
  switch (alter.alteration) {
    case Alteration::kSetLogged:
      return SetPersistence(*named, Persistence::kPermanent);
    case Alteration::kSetUnlogged:
      return SetPersistence(*named, Persistence::kUnlogged);
    case Alteration::kEnableTrigger:
    case Alteration::kDisableTrigger:
      return ForEach(alter.relation, [&](Relation& changed) {
        for (Trigger& trigger : changed.triggers) {
          const bool meant =
              alter.object == "ALL" || alter.object == "USER" || alter.object == trigger.name;
          if (meant) trigger.disabled = alter.alteration == Alteration::kDisableTrigger;
        }
      });
    case Alteration::kSetTablespace:
      return set([&](Relation& changed) {
        changed.tablespace = alter.object == "pg_default" ? "" : alter.object;
      });
    case Alteration::kSetAccessMethod:
      return set([&](Relation& changed) {
        changed.access_method = alter.object == "heap" ? "" : alter.object;
      });
    case Alteration::kClusterOn:
    case Alteration::kSetWithoutCluster:
      return set([&](Relation& changed) { changed.clustered_on = alter.object; });
    case Alteration::kReplicaIdentity: {
      const Relation* index = Find({.schema = named->schema, .name = alter.object});
      const RelationId used = alter.object.empty() || index == nullptr ? 0 : index->id;
      const auto says = [&](absl::string_view word) {
        return !alter.options.empty() && alter.options[0].name == word;
      };
      return set([&](Relation& changed) {
        changed.replica_identity = used;
        changed.replica_full = says("full");
        changed.replica_nothing = says("nothing");
      });
    }
    case Alteration::kOfType:
      return set([&](Relation& changed) { changed.of_type = alter.other; });
    case Alteration::kNotOfType:
      return set([](Relation& changed) { changed.of_type.reset(); });
    case Alteration::kSetOptions:
      return set([&](Relation& changed) {
        changed.options = WithOptions(changed.options, alter.options, alter.resets);
      });
    case Alteration::kOwner:
      return set([&](Relation& changed) { changed.owned_by_role = alter.object; });
    case Alteration::kInherit:
      if (parent != nullptr) JoinParent(id, *parent);
      return;
    case Alteration::kNoInherit:
      if (parent != nullptr) LeaveParent(id, parent->id);
      return;
    default:
      return;
  }
}

void Applier::Apply(const action::AlterConstraint& alter) {
  ForEach(alter.table, [&](Relation& table) {
    for (TableConstraint& constraint : table.constraints) {
      if (constraint.name != alter.constraint) continue;
      if (alter.enforced) constraint.enforced = constraint.validated = *alter.enforced;
      if (alter.no_inherit) constraint.no_inherit = *alter.no_inherit;
      if (!alter.deferrability) continue;
      constraint.deferrable = alter.deferrable;
      constraint.initially_deferred = alter.initially_deferred;
    }
  });
  const Relation* table = Find(alter.table.name);
  const TableConstraint* known =
      table == nullptr ? nullptr : table->FindConstraint(alter.constraint);
  // ATExecAlterConstrInheritability: the children get it now.
  const bool spreads = known != nullptr && known->kind == ConstraintKind::kNotNull &&
                       alter.no_inherit == false && known->columns.size() == 1;
  if (!spreads) return;
  const std::string column = known->columns[0];
  const std::string name = known->name;
  for (const Relation* child : view().DescendantsOf(*table)) {
    AddNotNull(child->id, column, name, /*inherited=*/true);
    catalog_.Change(moment_, child->id, [&](Relation& changed) {
      if (TableColumn* own = changed.FindColumn(column)) own->not_null = true;
    });
  }
}

// What the parent asks for, the child has already: it is only no longer its own alone.
void Applier::JoinParent(RelationId child_id, const Relation& parent) {
  const RelationId parent_id = parent.id;
  catalog_.Change(moment_, child_id, [&](Relation& child) { child.parents.push_back(parent_id); });
  catalog_.Change(moment_, parent_id,
                  [&](Relation& changed) { changed.children.push_back(child_id); });
}

// What came from the parent stays, as the child's own.
void Applier::LeaveParent(RelationId child_id, RelationId parent_id) {
  const Relation& left = *view().Find(parent_id);
  const auto elsewhere = [&](const std::string& column) {
    const std::vector<RelationId>& parents = view().Find(child_id)->parents;
    return std::any_of(parents.begin(), parents.end(), [&](RelationId id) {
      const Relation* parent = view().Find(id);
      return id != parent_id && parent != nullptr && parent->FindColumn(column) != nullptr;
    });
  };
  std::vector<std::string> own;
  for (const TableColumn& column : left.columns) {
    if (!elsewhere(column.name)) own.push_back(column.name);
  }
  catalog_.Change(moment_, child_id, [&](Relation& child) {
    EraseValue(child.parents, parent_id);
    child.is_partition = false;
    child.is_default_partition = false;
    child.bound = nullptr;
    for (TableConstraint& constraint : child.constraints) constraint.inherited = false;
    for (const std::string& name : own) {
      if (TableColumn* column = child.FindColumn(name)) column->only_inherited = false;
    }
  });
  catalog_.Change(moment_, parent_id,
                  [&](Relation& parent) { EraseValue(parent.children, child_id); });
}

void Applier::Apply(const action::AttachPartition& attach) {
  const Relation* whole = Find(attach.whole.name);
  const Relation* part = Find(attach.part);
  if (whole == nullptr || part == nullptr) return;
  const RelationId whole_id = whole->id;
  const RelationId part_id = part->id;
  if (whole->IsIndex()) {
    Attach(part_id, whole_id);
    return ValidateWhole(whole_id);
  }
  JoinParent(part_id, *whole);
  catalog_.Change(moment_, part_id, [&](Relation& changed) {
    changed.is_partition = true;
    changed.bound = attach.bound;
    changed.is_default_partition = attach.bound != nullptr && attach.bound->is_default;
    const Relation& parent = *view().Find(whole_id);
    for (const TableConstraint& constraint : parent.constraints) {
      const bool foreign = constraint.kind == ConstraintKind::kForeignKey;
      const bool has = std::any_of(
          changed.constraints.begin(), changed.constraints.end(), [&](const TableConstraint& own) {
            return own.kind == constraint.kind && own.referenced == constraint.referenced &&
                   own.columns == constraint.columns;
          });
      if (foreign && !has) changed.constraints.push_back(constraint);
    }
    for (const Trigger& trigger : parent.triggers) changed.triggers.push_back(trigger);
    // tablecmds.c:MergeAttributesIntoExisting: a partition has the identities of its whole
    // since 17.
    for (const TableColumn& column : parent.columns) {
      const bool gives =
          column.generated == Generated::kIdentity && situation_.server_version >= 17;
      TableColumn* own = gives ? changed.FindColumn(column.name) : nullptr;
      if (own == nullptr) continue;
      own->generated = column.generated;
      own->always = column.always;
      own->has_default = true;
    }
  });
  AttachIndexes(part_id, *view().Find(whole_id));
}

// What partitions hold together; null where that is not known. Those of a range follow upon each
// other, or MERGE refuses them (partbounds.c of 19).
static OptionalBound BoundOfAll(const std::vector<OptionalBound>& bounds) {
  PartitionBound all;
  for (const OptionalBound& bound : bounds) {
    if (bound == nullptr) return nullptr;
    all.is_default = all.is_default || bound->is_default;
    all.strategy = bound->strategy;
    all.values.insert(all.values.end(), bound->values.begin(), bound->values.end());
    const auto is_any = [&](auto side, const std::vector<BoundValue>& edge) {
      return std::any_of(bounds.begin(), bounds.end(), [&](const OptionalBound& other) {
        return other != nullptr && (*other).*side == edge;
      });
    };
    if (!is_any(&PartitionBound::upper, bound->lower)) all.lower = bound->lower;
    if (!is_any(&PartitionBound::lower, bound->upper)) all.upper = bound->upper;
  }
  return std::make_shared<const PartitionBound>(std::move(all));
}

void Applier::Apply(const action::RearrangePartitions& rearrange) {
  std::vector<OptionalBound> bounds;
  for (const Name& name : rearrange.from) {
    const Relation* part = Find(name);
    if (part == nullptr) continue;
    bounds.push_back(part->bound);
    DropRelation(part->id);
  }
  for (const action::NewPartition& made : rearrange.into) {
    action::CreateTable create = {.table = made.name, .partition_of = rearrange.whole.name};
    create.bound = made.bound != nullptr ? made.bound : BoundOfAll(bounds);
    create.default_partition = create.bound != nullptr && create.bound->is_default;
    Apply(create);
    const Relation* part = Find(made.name);
    if (part == nullptr) continue;
    catalog_.Change(moment_, part->id, [](Relation& table) { table.maybe_has_rows = true; });
  }
}

// tablecmds.c:AttachPartitionEnsureIndexes: one that the part has is taken, else one is made.
void Applier::AttachIndexes(RelationId part_id, const Relation& whole) {
  for (const Relation* index : view().IndexesOf(whole)) {
    const RelationId whole_index = index->id;
    const action::CreateIndex create = LikeIndex(*index);
    const TableConstraint* behind = nullptr;
    for (const TableConstraint& constraint : view().Find(whole.id)->constraints) {
      if (constraint.index == whole_index) behind = &constraint;
    }
    const Relation& part = *view().Find(part_id);
    if (const Relation* matching = FindMatchingIndex(part, create, behind, view())) {
      Attach(matching->id, whole_index);
      continue;
    }
    const std::string name = PartName(part, *index, behind);
    const RelationId made = MakeIndex(part, create, name);
    if (made == 0) continue;
    Attach(made, whole_index);
    if (behind == nullptr) continue;
    TableConstraint own = *behind;
    own.name = name;
    own.index = made;
    own.inherited = true;
    catalog_.Change(moment_, part_id,
                    [&](Relation& changed) { changed.constraints.push_back(std::move(own)); });
  }
}

// The index of ON ONLY is valid once each partition has its part (tablecmds.c:
// validatePartitionedIndex).
void Applier::ValidateWhole(RelationId index_id) {
  const Relation& index = *view().Find(index_id);
  const Relation* table = view().Find(index.table);
  if (table == nullptr || index.children.size() < table->children.size()) return;
  catalog_.Change(moment_, index_id, [](Relation& whole) { whole.valid = true; });
}

void Applier::Apply(const action::DetachPartition& detach) {
  const Relation* whole = Find(detach.whole.name);
  const Relation* part = Find(detach.part);
  if (whole == nullptr || part == nullptr) return;
  const RelationId whole_id = whole->id;
  const RelationId part_id = part->id;
  const std::vector<Trigger> inherited = whole->triggers;
  for (const Relation* index : view().IndexesOf(*part)) {
    const std::vector<RelationId> parents = index->parents;
    for (const RelationId parent : parents) {
      catalog_.Change(moment_, parent,
                      [&](Relation& changed) { EraseValue(changed.children, index->id); });
    }
    catalog_.Change(moment_, index->id, [](Relation& changed) { changed.parents.clear(); });
  }
  LeaveParent(part_id, whole_id);
  // Triggers that were made for the whole go (tablecmds.c:DropClonedTriggersFromPartition).
  catalog_.Change(moment_, part_id, [&](Relation& changed) {
    // An identity is the whole's (tablecmds.c:DetachPartitionFinalize).
    for (TableColumn& column : changed.columns) {
      if (column.generated != Generated::kIdentity) continue;
      column.generated = Generated::kNo;
      column.has_default = false;
    }
    erase_if(changed.triggers, [&](const Trigger& trigger) {
      return std::any_of(inherited.begin(), inherited.end(),
                         [&](const Trigger& other) { return other.name == trigger.name; });
    });
  });
}

void Applier::Apply(const action::Maintain& maintain) {
  if (maintain.upkeep == action::Upkeep::kRefresh && !maintain.relations.empty()) {
    const Relation* view_named = Find(maintain.relations[0].name);
    if (view_named == nullptr) return;
    return catalog_.Change(moment_, view_named->id,
                           [&](Relation& changed) { changed.maybe_has_rows = maintain.with_data; });
  }
  const bool clusters =
      maintain.upkeep == action::Upkeep::kCluster || maintain.upkeep == action::Upkeep::kRepack;
  if (!clusters || maintain.object.empty()) return;
  for (const Target& target : maintain.relations) {
    const Relation* named = Find(target.name);
    if (named == nullptr) continue;
    catalog_.Change(moment_, named->id,
                    [&](Relation& table) { table.clustered_on = maintain.object; });
  }
}

// ---- renaming, dropping, rows ----------------------------------------------------------------

template <typename Names>
requires requires(Names& names) { names.begin(); }
static void RenameIn(Names& names, const std::string& from, const std::string& to) {
  std::replace(names.begin(), names.end(), from, to);
}

static void RenameIn(Relation& table, const std::string& from, const std::string& to) {
  TableColumn* column = table.FindColumn(from);
  if (column != nullptr) {
    column->name = to;
  } else if (!table.columns_known) {
    table.columns.push_back({.name = to});
  }
  for (TableColumn& other : table.columns) RenameIn(other.generated_from, from, to);
  for (TableConstraint& constraint : table.constraints) {
    RenameIn(constraint.columns, from, to);
    if (constraint.referenced == table.id) RenameIn(constraint.referenced_columns, from, to);
    constraint.predicate = Renamed(constraint.predicate, from, to);
  }
  for (Trigger& trigger : table.triggers) RenameIn(trigger.columns, from, to);
  for (RowPolicy& policy : table.policies) RenameIn(policy.columns, from, to);
  for (RewriteRule& rule : table.rules) RenameIn(rule.columns, from, to);
  for (Publishing& place : table.publications) RenameIn(place.columns, from, to);
  RenameIn(table.partition_keys, from, to);
  for (Term& term : table.partition_terms) RenameIn(term, from, to);
}

// Those that know the column of `named` by its number, and so follow its name.
void Applier::RenameAround(const Relation& named, const std::string& from, const std::string& to) {
  const RelationId id = named.id;
  const auto change_all = [&](const std::vector<const Relation*>& found, auto change) {
    std::vector<RelationId> ids;
    for (const Relation* one : found) ids.push_back(one->id);
    for (const RelationId one : ids) catalog_.Change(moment_, one, change);
  };
  change_all(view().IndexesOf(named), [&](Relation& index) {
    RenameIn(index.mentions, from, to);
    for (action::IndexColumn& key : index.keys) {
      if (key.column == from) key.column = to;
      RenameIn(key.expression, from, to);
    }
    index.predicate = Renamed(index.predicate, from, to);
  });
  change_all(view().SequencesOf(named), [&](Relation& sequence) {
    if (sequence.owner_column == from) sequence.owner_column = to;
  });
  change_all(view().ReferencingTables(named), [&](Relation& table) {
    for (TableConstraint& constraint : table.constraints) {
      if (constraint.referenced == id) RenameIn(constraint.referenced_columns, from, to);
    }
  });
  const auto rename_use = [&](auto& uses) {
    for (ViewUse& use : uses) {
      if (use.relation == id) RenameIn(use.columns, from, to);
    }
  };
  change_all(view().ViewsOn(named), [&](Relation& reader) { rename_use(reader.uses); });
  catalog_.ChangeRoutinesOn(moment_, named, [&](Routine& routine) { rename_use(routine.uses); });
}

void Applier::Apply(const action::RenameColumn& rename) {
  const Relation* named = Find(rename.table.name);
  if (named == nullptr) return;
  std::vector<RelationId> ids = {named->id};
  if (!rename.table.only) {
    for (const Relation* child : view().DescendantsOf(*named)) ids.push_back(child->id);
  }
  for (const RelationId id : ids) {
    RenameAround(*view().Find(id), rename.column, rename.to);
    catalog_.Change(moment_, id,
                    [&](Relation& table) { RenameIn(table, rename.column, rename.to); });
    catalog_.MoveComment(moment_, id, ObjectKind::kColumn, rename.column, rename.to);
  }
}

void Applier::Apply(const action::RenameConstraint& rename) {
  RelationId index = 0;
  ForEach(rename.table, [&](Relation& table) {
    for (TableConstraint& constraint : table.constraints) {
      if (constraint.name != rename.constraint) continue;
      constraint.name = rename.to;
      if (table.clustered_on == rename.constraint) table.clustered_on = rename.to;
      catalog_.NoteConstraint(table.id, rename.to);
      catalog_.MoveComment(moment_, table.id, ObjectKind::kTableConstraint, rename.constraint,
                           rename.to);
      if (index == 0) index = constraint.index;
    }
  });
  const Relation* backing = view().Find(index);
  if (backing == nullptr) return;
  catalog_.Move(moment_, index, {.schema = backing->schema, .name = rename.to});
}

void Applier::Apply(const action::RenameRelation& rename) {
  const Relation* named = Find(rename.relation.name);
  if (named == nullptr) return;
  const RelationId id = named->id;
  const std::string schema = named->schema;
  const std::string from = named->name;
  // A constraint and its index have one name (tablecmds.c:RenameRelationInternal).
  if (const Relation* table = view().Find(named->table)) {
    catalog_.Change(moment_, table->id, [&](Relation& changed) {
      if (changed.clustered_on == from) changed.clustered_on = rename.to;
      for (TableConstraint& constraint : changed.constraints) {
        if (constraint.index != id) continue;
        constraint.name = rename.to;
        catalog_.NoteConstraint(changed.id, rename.to);
      }
    });
  }
  catalog_.Move(moment_, id, {.schema = schema, .name = rename.to});
  Redirect(ObjectKind::kSequence, {.schema = schema, .name = from},
           {.schema = schema, .name = rename.to});
  Redirect(ObjectKind::kType, {.schema = schema, .name = from},
           {.schema = schema, .name = rename.to});
}

void Applier::MoveTo(RelationId id, const std::string& schema) {
  const Relation* found = view().Find(id);
  if (found == nullptr || Find({.schema = schema, .name = found->name}) != nullptr) return;
  catalog_.Move(moment_, id, {.schema = schema, .name = found->name});
}

// Indexes and owned sequences stand where their table does.
void Applier::Apply(const action::SetSchema& set) {
  const Relation* named = Find(set.relation.name);
  if (named == nullptr) return;
  const Relation& relation = *named;
  MoveTo(relation.id, set.schema);
  for (const Relation* index : view().IndexesOf(relation)) MoveTo(index->id, set.schema);
  for (const Relation* sequence : view().SequencesOf(relation)) MoveTo(sequence->id, set.schema);
}

void Applier::Apply(const action::RenameSchema& rename) {
  for (const Relation* member : view().RelationsIn(rename.schema)) MoveTo(member->id, rename.to);
  catalog_.SetSchema(moment_, rename.schema, false);
  catalog_.SetSchema(moment_, rename.to, true);
}

// The foreign keys that lead to the table.
void Applier::RemoveKeysTo(const Relation& table) {
  const RelationId id = table.id;
  std::vector<RelationId> referencing;
  for (const Relation* child : view().ReferencingTables(table)) referencing.push_back(child->id);
  for (const RelationId child : referencing) {
    catalog_.Change(moment_, child, [&](Relation& changed) {
      erase_if(changed.constraints, [&](const TableConstraint& c) { return c.referenced == id; });
    });
  }
}

void Applier::DropRelation(RelationId id) {
  const Relation* found = view().Find(id);
  if (found == nullptr) return;
  const Relation relation = *found;
  catalog_.Drop(moment_, id);
  for (const Relation* index : view().IndexesOf(relation)) DropRelation(index->id);
  for (const Relation* sequence : view().SequencesOf(relation)) DropRelation(sequence->id);
  for (const Relation* on : view().ViewsOn(relation)) DropRelation(on->id);
  catalog_.DropRoutinesOn(moment_, relation, nullptr);
  for (const RelationId child : relation.children) DropRelation(child);
  if (relation.IsIndex() && view().Find(relation.table) != nullptr) {
    catalog_.Change(moment_, relation.table, [&](Relation& table) {
      erase_if(table.constraints, [&](const TableConstraint& c) { return c.index == id; });
      if (table.clustered_on == relation.name) table.clustered_on.clear();
    });
    if (relation.unique) RemoveForeignKeysTo(relation);
  }
  for (const RelationId parent_id : relation.parents) {
    const Relation* parent = view().Find(parent_id);
    if (parent == nullptr) continue;
    catalog_.Change(moment_, parent_id,
                    [&](Relation& changed) { EraseValue(changed.children, id); });
  }
  RemoveKeysTo(relation);
  // A key to a whole leads to each of its parts, and goes with any of them.
  for (const Relation* part = &relation; part->is_partition && !part->parents.empty();) {
    part = view().Find(part->parents[0]);
    if (part == nullptr) break;
    RemoveKeysTo(*part);
  }
  RemoveGuardsOn(relation);
  RemoveStatisticsOn(relation, nullptr);
  // What stood on its row type, or named it in an expression.
  const CatalogView after = view();
  const TypeScope scope = {after, situation_.search_path, situation_.server_version};
  Remove(FallOf(ObjectsOf(relation), scope));
}

void Applier::SetMayHaveRows(const Name& name) {
  const Relation* named = Find(name);
  if (named == nullptr) return;
  std::vector<const Relation*> tables = view().DescendantsOf(*named);
  tables.push_back(named);
  for (const Relation* table : tables) {
    if (table->maybe_has_rows && table->truncated == 0) continue;
    catalog_.Change(moment_, table->id, [](Relation& changed) {
      changed.maybe_has_rows = true;
      changed.truncated = 0;
    });
  }
}

// The lock keeps them empty until the transaction ends, and no longer: what stays is that they may
// have rows.
void Applier::Apply(const action::Truncate& truncate) {
  if (situation_.conditional) return;
  std::vector<const Relation*> tables;
  for (const Target& target : truncate.tables) {
    const Relation* table = Find(target.name);
    if (table == nullptr) continue;
    tables.push_back(table);
    if (target.only) continue;
    for (const Relation* child : view().DescendantsOf(*table)) tables.push_back(child);
  }
  for (const Relation* table : EmptiedBy(truncate, std::move(tables), view())) {
    catalog_.Change(moment_, table->id,
                    [&](Relation& changed) { changed.truncated = situation_.transaction + 1; });
  }
}

void Applier::Apply(const action::ModifyData& modify) {
  for (const action::Write& write : modify.writes) {
    if (modify.planned_only) return;
    const bool adds =
        write.verb == action::DataVerb::kInsert || write.verb == action::DataVerb::kMerge;
    if (adds) SetMayHaveRows(write.table.name);
  }
}

void Applier::Apply(const action::Execute& execute) {
  if (situation_.state == nullptr || execute.planned_only) return;
  const auto prepared = situation_.state->prepared.find(execute.name);
  if (prepared != situation_.state->prepared.end()) Apply(*prepared->second);
}

void Applier::Apply(const action::SetRowSecurity& set) {
  ForEach({.name = set.table.name, .only = true}, [&](Relation& table) {
    const bool on =
        set.security == action::RowSecurity::kEnable || set.security == action::RowSecurity::kForce;
    const bool forces = set.security == action::RowSecurity::kForce ||
                        set.security == action::RowSecurity::kNoForce;
    (forces ? table.forces_row_security : table.row_security) = on;
  });
}

void Applier::Apply(const action::MoveAll& move) {
  for (const Relation* relation : MovedBy(move, view())) {
    catalog_.Change(moment_, relation->id, [&](Relation& changed) {
      changed.tablespace = move.to == "pg_default" ? "" : move.to;
    });
  }
}

void DropTemporary(absl::Span<const RelationId> ids, const Situation& situation, Moment moment,
                   Catalog& catalog) {
  Applier applier(catalog, moment, situation);
  for (const RelationId id : ids) applier.DropRelation(id);
}

void FillTables(Catalog& catalog, Moment moment) {
  for (const Relation* relation : catalog.At(moment).AllRelations()) {
    catalog.Change(moment, relation->id, [](Relation& changed) { changed.maybe_has_rows = true; });
  }
}

std::vector<RelationId> Apply(absl::Span<const Action> statement, const Situation& situation,
                              Moment moment, Catalog& catalog) {
  std::vector<const Action*> order;
  for (const Action& action : statement) order.push_back(&action);
  std::stable_sort(order.begin(), order.end(),
                   [](const Action* a, const Action* b) { return PassOf(*a) < PassOf(*b); });
  Applier applier(catalog, moment, situation);
  for (const Action* action : order) {
    std::visit([&](const auto& kind) { applier.Apply(kind); }, action->kind);
  }
  return std::move(applier.created);
}

}  // namespace plimsoll
