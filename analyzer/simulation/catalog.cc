#include "analyzer/simulation/catalog.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "analyzer/check.h"
#include "analyzer/simulation/builtins.h"

namespace plimsoll {
namespace {

// Identifiers hold at most this many bytes (pg_config_manual.h: NAMEDATALEN - 1).
constexpr size_t kMaxNameBytes = 63;

// Of what stands in a schema. Looking one up is what a simulation does most often: it costs no
// memory from the heap.
class Key {
 public:
  Key(absl::string_view schema, absl::string_view name)
      : schema_bytes_(schema.size()), bytes_(schema.size() + 1 + name.size()) {
    char* text = buffer_;
    if (bytes_ > sizeof buffer_) {
      long_.resize(bytes_);
      text = long_.data();
    }
    std::copy(schema.begin(), schema.end(), text);
    text[schema.size()] = '\0';
    std::copy(name.begin(), name.end(), text + schema.size() + 1);
  }

  operator absl::string_view() const {  // NOLINT(google-explicit-constructor)
    return {long_.empty() ? buffer_ : long_.data(), bytes_};
  }
  std::string ToString() const { return std::string(absl::string_view(*this)); }
  absl::string_view Schema() const { return absl::string_view(*this).substr(0, schema_bytes_); }

 private:
  size_t schema_bytes_;
  size_t bytes_;
  char buffer_[2 * kMaxNameBytes + 1];
  std::string long_;  // where the buffer is too small
};

// Calls `visit` with the key of `name` in each schema it may stand in, until it returns true.
template <typename Visit>
void ForEachPlace(const Name& name, absl::Span<const std::string> search_path, Visit visit,
                  bool temporaries = true) {
  if (!name.schema.empty()) {
    visit(Key(name.schema, name.name));
    return;
  }
  // A temporary relation hides a permanent one of its name (namespace.c:recomputeNamespacePath).
  if (temporaries && visit(Key("pg_temp", name.name))) return;
  for (const std::string& schema : search_path) {
    if (visit(Key(schema, name.name))) return;
  }
}

// Cuts to `bytes` without cutting a character of UTF-8 in two.
absl::string_view Clip(absl::string_view text, size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0U) == 0x80U) --bytes;
  return text.substr(0, bytes);
}

// commands/indexcmds.c:makeObjectName: the longer of the two parts gives way until all fits.
std::string MakeObjectName(absl::string_view first, absl::string_view second,
                           absl::string_view label) {
  const size_t overhead = (second.empty() ? 0 : 1) + (label.empty() ? 0 : label.size() + 1);
  size_t first_bytes = first.size();
  size_t second_bytes = second.size();
  while (first_bytes + second_bytes + overhead > kMaxNameBytes) {
    --(first_bytes > second_bytes ? first_bytes : second_bytes);
  }
  std::string name(Clip(first, first_bytes));
  if (!second.empty()) absl::StrAppend(&name, "_", Clip(second, second_bytes));
  if (!label.empty()) absl::StrAppend(&name, "_", label);
  return name;
}

template <typename Item>
const Item* FindNamed(const SharedVector<Item>& items, absl::string_view name) {
  for (const Item& item : items) {
    if (item.name == name) return &item;
  }
  return nullptr;
}

// The item that was found, to be changed.
template <typename Item>
Item* ToChange(SharedVector<Item>& items, const Item* found) {
  if (found == nullptr) return nullptr;
  const auto index = static_cast<size_t>(found - items.All().data());
  return &items[index];
}

}  // namespace

bool IsBuiltinType(const Name& name) {
  // PostgreSQL keeps the types it has: what the newest knows is all.
  constexpr int kNewest = 99;
  return (name.schema.empty() || name.schema == "pg_catalog") &&
         FindBuiltinType(name.name, kNewest) != nullptr;
}

bool IsOfType(const TableColumn& column, absl::string_view type) {
  return column.type != nullptr && column.type->name.name == type;
}

const TableColumn* Relation::FindColumn(absl::string_view column) const {
  return FindNamed(columns, column);
}
TableColumn* Relation::FindColumn(absl::string_view column) {
  return ToChange(columns, FindNamed(columns, column));
}

const TableConstraint* Relation::FindConstraint(absl::string_view constraint) const {
  return FindNamed(constraints, constraint);
}

const TableConstraint* Relation::PrimaryKey() const {
  for (const TableConstraint& constraint : constraints) {
    if (constraint.kind == ConstraintKind::kPrimaryKey) return &constraint;
  }
  return nullptr;
}

const TableConstraint* Relation::FindNotNull(absl::string_view column) const {
  for (const TableConstraint& constraint : constraints) {
    const bool here = constraint.kind == ConstraintKind::kNotNull &&
                      constraint.columns.size() == 1 && constraint.columns[0] == column;
    if (here) return &constraint;
  }
  return nullptr;
}
TableConstraint* Relation::FindNotNull(absl::string_view column) {
  return ToChange(constraints, std::as_const(*this).FindNotNull(column));
}

std::string Relation::DisplayName() const {
  return schema == "public" ? name : absl::StrCat(schema, ".", name);
}

const Relation* CatalogView::Find(RelationId id) const {
  return catalog_->relations_.At(id, moment_);
}

const Relation* CatalogView::Find(const Name& name,
                                  absl::Span<const std::string> search_path) const {
  const Relation* found = nullptr;
  // Most histories have none; this is the lookup that all others stand on.
  const bool temporaries = catalog_->members_.contains("pg_temp");
  ForEachPlace(
      name, search_path,
      [&](const Key& key) {
        const RelationId* id = catalog_->names_.At(key, moment_);
        if (id != nullptr) found = Find(*id);
        return found != nullptr;
      },
      temporaries);
  return found;
}

bool CatalogView::IsKnownMissing(const Name& name,
                                 absl::Span<const std::string> search_path) const {
  bool ever = false;
  ForEachPlace(name, search_path, [&](const Key& key) {
    ever = ever || catalog_->names_.WasEver(key, moment_);
    return false;
  });
  return ever && Find(name, search_path) == nullptr;
}

Moment CatalogView::MissingSince(const Name& name,
                                 absl::Span<const std::string> search_path) const {
  Moment since = 0;
  if (Find(name, search_path) != nullptr) return since;
  ForEachPlace(name, search_path, [&](const Key& key) {
    since = std::max(since, catalog_->names_.SetAt(key, moment_));
    return false;
  });
  return since;
}

const UserType* CatalogView::FindType(const Name& name,
                                      absl::Span<const std::string> search_path) const {
  const UserType* found = nullptr;
  ForEachPlace(name, search_path, [&](const Key& key) {
    found = catalog_->types_.At(key, moment_);
    return found != nullptr;
  });
  return found;
}

const Routine* CatalogView::FindRoutine(const Name& name,
                                        absl::Span<const std::string> search_path) const {
  const Routine* found = nullptr;
  ForEachPlace(name, search_path, [&](const Key& key) {
    found = catalog_->routines_.At(key, moment_);
    return found != nullptr;
  });
  return found;
}

std::string CatalogView::ChooseName(const std::string& schema, absl::string_view table,
                                    absl::string_view columns, absl::string_view label) const {
  for (uint32_t number = 0;; ++number) {
    const std::string numbered = number == 0 ? std::string(label) : absl::StrCat(label, number);
    std::string name = MakeObjectName(table, columns, numbered);
    if (catalog_->names_.At(Key(schema, name), moment_) == nullptr) return name;
  }
}

namespace {

bool IsRoutine(ObjectKind kind) {
  return kind == ObjectKind::kFunction || kind == ObjectKind::kProcedure ||
         kind == ObjectKind::kRoutine;
}

bool IsType(ObjectKind kind) { return kind == ObjectKind::kType || kind == ObjectKind::kDomain; }

// Objects of these kinds stand in schemas; the others belong to the database or the cluster.
bool HasSchemas(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::kStatistics:
    case ObjectKind::kCollation:
    case ObjectKind::kConversion:
    case ObjectKind::kAggregate:
    case ObjectKind::kOperator:
    case ObjectKind::kOperatorClass:
    case ObjectKind::kOperatorFamily:
    case ObjectKind::kTextSearchConfiguration:
    case ObjectKind::kTextSearchDictionary:
    case ObjectKind::kTextSearchParser:
    case ObjectKind::kTextSearchTemplate:
      return true;
    default:
      return false;
  }
}

std::string ObjectKey(ObjectKind kind, const std::string& schema, const std::string& name) {
  const std::string letter(1, static_cast<char>(kind));
  return letter + '\0' + (HasSchemas(kind) ? schema : "") + '\0' + name;
}

std::string StandingKey(ObjectKind on, const std::string& name) {
  return std::string(1, static_cast<char>(on)) + name;
}

}  // namespace

const NamedObject* CatalogView::FindObject(ObjectKind kind, const Name& name,
                                           absl::Span<const std::string> search_path) const {
  if (!HasSchemas(kind)) return catalog_->objects_.At(ObjectKey(kind, "", name.name), moment_);
  const Name place = Resolve(kind, name, search_path);
  return catalog_->objects_.At(ObjectKey(kind, place.schema, place.name), moment_);
}

Name CatalogView::Resolve(ObjectKind kind, const Name& name,
                          absl::Span<const std::string> search_path) const {
  if (!name.schema.empty()) return name;
  for (const std::string& schema : search_path) {
    const Key key(schema, name.name);
    const bool here =
        IsType(kind) ? catalog_->types_.At(key, moment_) != nullptr ||
                           catalog_->names_.At(key, moment_) != nullptr
        : IsRoutine(kind) ? catalog_->routines_.At(key, moment_) != nullptr
        : kind == ObjectKind::kSequence
            ? catalog_->names_.At(key, moment_) != nullptr
            : catalog_->objects_.At(ObjectKey(kind, schema, name.name), moment_) != nullptr;
    if (here &&
        (HasSchemas(kind) || IsType(kind) || IsRoutine(kind) || kind == ObjectKind::kSequence)) {
      return {.schema = schema, .name = name.name};
    }
  }
  return name;
}

bool CatalogView::IsObjectMissing(ObjectKind kind, const Name& name,
                                  absl::Span<const std::string> search_path) const {
  if (kind == ObjectKind::kSchema) {
    const bool* exists = catalog_->schemas_.At(name.name, moment_);
    return exists != nullptr && !*exists;
  }
  bool ever = false;
  bool now = false;
  const auto look = [&](const auto& timeline, absl::string_view key) {
    ever = ever || timeline.WasEver(key, moment_);
    now = now || timeline.At(key, moment_) != nullptr;
  };
  ForEachPlace(name, search_path, [&](const Key& key) {
    if (IsType(kind)) look(catalog_->types_, key);
    if (IsType(kind)) now = now || catalog_->names_.At(key, moment_) != nullptr;
    if (IsRoutine(kind)) look(catalog_->routines_, key);
    const std::string schema(key.Schema());
    if (!IsType(kind) && !IsRoutine(kind)) {
      look(catalog_->objects_, ObjectKey(kind, schema, name.name));
    }
    return false;
  });
  return ever && !now;
}

std::vector<const Relation*> CatalogView::DependentsOn(ObjectKind on,
                                                       const std::string& name) const {
  std::vector<const Relation*> dependents;
  const auto found = catalog_->standing_.find(StandingKey(on, name));
  if (found == catalog_->standing_.end()) return dependents;
  absl::flat_hash_set<RelationId> seen;
  for (const RelationId id : found->second) {
    const Relation* relation = seen.insert(id).second ? Find(id) : nullptr;
    if (relation != nullptr) dependents.push_back(relation);
  }
  return dependents;
}

std::vector<Dependence> CatalogView::ObjectsOn(ObjectKind on, const std::string& name) const {
  const auto found = catalog_->objects_on_.find(StandingKey(on, name));
  return found == catalog_->objects_on_.end() ? std::vector<Dependence>() : found->second;
}

std::vector<Dependence> CatalogView::ObjectsIn(absl::string_view schema) const {
  std::vector<Dependence> live;
  const auto found = catalog_->objects_in_.find(schema);
  if (found == catalog_->objects_in_.end()) return live;
  for (const Dependence& object : found->second) {
    const Key key(object.object.schema, object.object.name);
    const bool exists = IsType(object.on) ? catalog_->types_.At(key, moment_) != nullptr
                        : IsRoutine(object.on)
                            ? catalog_->routines_.At(key, moment_) != nullptr
                            : FindObject(object.on, object.object, {}) != nullptr;
    if (exists && std::find(live.begin(), live.end(), object) == live.end()) {
      live.push_back(object);
    }
  }
  return live;
}

std::vector<const Relation*> CatalogView::ConstrainedIn(absl::string_view schema,
                                                        const std::string& constraint) const {
  std::vector<const Relation*> relations;
  const auto found = catalog_->constrained_.find(absl::HashOf(constraint));
  if (found == catalog_->constrained_.end()) return relations;
  for (const RelationId id : found->second) {
    const Relation* relation = Find(id);
    const bool has = relation != nullptr && relation->schema == schema &&
                     relation->FindConstraint(constraint) != nullptr;
    if (has) relations.push_back(relation);
  }
  return relations;
}

std::string CatalogView::ChooseConstraintName(const std::string& schema, absl::string_view table,
                                              absl::string_view columns, absl::string_view label,
                                              bool has_index) const {
  for (uint32_t number = 0;; ++number) {
    const std::string numbered = number == 0 ? std::string(label) : absl::StrCat(label, number);
    std::string name = MakeObjectName(table, columns, numbered);
    const bool taken = !ConstrainedIn(schema, name).empty() ||
                       (has_index && catalog_->names_.At(Key(schema, name), moment_) != nullptr);
    if (!taken) return name;
  }
}

absl::string_view CatalogView::CreationSchema(absl::Span<const std::string> search_path,
                                              bool closed) const {
  for (const std::string& schema : search_path) {
    const bool gone = IsObjectMissing(ObjectKind::kSchema, {.name = schema}, search_path);
    if (!gone && (!closed || schema == "public" || HasSchema(schema))) return schema;
  }
  return search_path.empty() ? absl::string_view() : search_path[0];
}

bool CatalogView::HasSchema(absl::string_view schema) const {
  const bool* exists = catalog_->schemas_.At(schema, moment_);
  return exists != nullptr && *exists;
}

std::vector<const Relation*> CatalogView::RelationsIn(absl::string_view schema) const {
  std::vector<const Relation*> relations;
  const auto members = catalog_->members_.find(schema);
  if (members == catalog_->members_.end()) return relations;
  for (const RelationId id : members->second) {
    const Relation* relation = Find(id);
    if (relation != nullptr && relation->schema == schema) relations.push_back(relation);
  }
  return relations;
}

std::vector<const Relation*> CatalogView::AllRelations() const {
  std::vector<const Relation*> relations;
  for (RelationId id = 1; id <= catalog_->last_id_; ++id) {
    if (const Relation* relation = Find(id)) relations.push_back(relation);
  }
  return relations;
}

namespace {

// The dependents that `belongs` still accepts at the view's moment.
template <typename Belongs>
std::vector<const Relation*> Dependents(const CatalogView& view,
                                        const std::vector<RelationId>* candidates,
                                        Belongs belongs) {
  std::vector<const Relation*> found;
  if (candidates == nullptr) return found;
  for (const RelationId id : *candidates) {
    const Relation* relation = view.Find(id);
    if (relation != nullptr && belongs(*relation)) found.push_back(relation);
  }
  return found;
}

}  // namespace

const std::vector<RelationId>* CatalogView::Candidates(RelationId on) const {
  const auto found = catalog_->dependents_.find(on);
  return found == catalog_->dependents_.end() ? nullptr : &found->second;
}

std::vector<const Relation*> CatalogView::IndexesOf(const Relation& table) const {
  const auto found = catalog_->indexes_.find(table.id);
  if (found == catalog_->indexes_.end()) return {};
  return Dependents(*this, &found->second,
                    [&](const Relation& index) { return index.table == table.id; });
}

std::vector<const Relation*> CatalogView::SequencesOf(const Relation& table) const {
  return Dependents(*this, Candidates(table.id), [&](const Relation& relation) {
    return relation.kind == RelationKind::kSequence && relation.owner == table.id;
  });
}

std::vector<const Relation*> CatalogView::ViewsOn(const Relation& on) const {
  return Dependents(*this, Candidates(on.id), [&](const Relation& relation) {
    return std::any_of(relation.uses.begin(), relation.uses.end(),
                       [&](const ViewUse& use) { return use.relation == on.id; });
  });
}

bool DependsOn(const Routine& routine, RelationId relation, const std::string* column) {
  return std::any_of(routine.uses.begin(), routine.uses.end(), [&](const ViewUse& use) {
    return use.relation == relation &&
           (column == nullptr ||
            std::find(use.columns.begin(), use.columns.end(), *column) != use.columns.end());
  });
}

std::vector<const Routine*> CatalogView::RoutinesOn(const Relation& relation) const {
  std::vector<const Routine*> routines;
  const auto found = catalog_->routines_on_.find(relation.id);
  if (found == catalog_->routines_on_.end()) return routines;
  for (const std::string& key : found->second) {
    const Routine* routine = catalog_->routines_.At(key, moment_);
    if (routine != nullptr && DependsOn(*routine, relation.id, nullptr))
      routines.push_back(routine);
  }
  return routines;
}

std::vector<const Relation*> CatalogView::GuardedWith(const Relation& on) const {
  const auto reads = [&](const auto& guards) {
    return std::any_of(guards.begin(), guards.end(), [&](const auto& guard) {
      return std::find(guard.reads.begin(), guard.reads.end(), on.id) != guard.reads.end();
    });
  };
  return Dependents(*this, Candidates(on.id), [&](const Relation& relation) {
    return relation.id != on.id && (reads(relation.policies) || reads(relation.rules));
  });
}

std::vector<const Relation*> CatalogView::UsersOfType(const std::string& type) const {
  std::vector<const Relation*> users = DependentsOn(ObjectKind::kType, type);
  std::erase_if(users, [&](const Relation* relation) {
    const bool holds = relation->IsTable() || relation->kind == RelationKind::kMaterializedView;
    return !holds ||
           std::none_of(relation->columns.begin(), relation->columns.end(),
                        [&](const TableColumn& column) { return IsOfType(column, type); });
  });
  return users;
}

std::vector<const Relation*> CatalogView::TriggeredBy(const std::string& function) const {
  std::vector<const Relation*> tables = DependentsOn(ObjectKind::kFunction, function);
  std::erase_if(tables, [&](const Relation* relation) {
    return std::none_of(relation->triggers.begin(), relation->triggers.end(),
                        [&](const Trigger& trigger) { return trigger.function == function; });
  });
  return tables;
}

std::vector<const Relation*> CatalogView::DescendantsOf(const Relation& table) const {
  std::vector<const Relation*> descendants;
  if (table.children.empty()) return descendants;
  std::vector<const Relation*> pending = {&table};
  for (size_t next = 0; next < pending.size(); ++next) {
    for (const RelationId id : pending[next]->children) {
      const Relation* child = Find(id);
      if (child == nullptr || std::find(pending.begin(), pending.end(), child) != pending.end()) {
        continue;
      }
      descendants.push_back(child);
      pending.push_back(child);
    }
  }
  return descendants;
}

std::vector<const Relation*> CatalogView::ReferencingTables(const Relation& table) const {
  return Dependents(*this, Candidates(table.id), [&](const Relation& relation) {
    return relation.id != table.id &&
           std::any_of(relation.constraints.begin(), relation.constraints.end(),
                       [&](const TableConstraint& c) { return c.referenced == table.id; });
  });
}

// ---- changing --------------------------------------------------------------------------------

void Catalog::NoteDependent(RelationId on, RelationId dependent) {
  if (on == 0) return;
  if (!noted_.insert((uint64_t{on} << 32U) | dependent).second) return;
  dependents_[on].push_back(dependent);
}

void Catalog::NoteDependencies(const Relation& relation) {
  NoteDependent(relation.owner, relation.id);
  for (const ViewUse& use : relation.uses) NoteDependent(use.relation, relation.id);
  for (const TableConstraint& constraint : relation.constraints) {
    NoteDependent(constraint.referenced, relation.id);
  }
  NoteStanding(relation.stands_on, relation.id);
  for (const TableConstraint& constraint : relation.constraints) {
    NoteStanding(constraint.stands_on, relation.id);
  }
  for (const Trigger& trigger : relation.triggers) {
    NoteStanding(ObjectKind::kFunction, trigger.function, relation.id);
    NoteStanding(trigger.stands_on, relation.id);
  }
  for (const RowPolicy& policy : relation.policies) {
    NoteStanding(policy.stands_on, relation.id);
    for (const RelationId read : policy.reads) NoteDependent(read, relation.id);
  }
  for (const Publishing& place : relation.publications) {
    NoteStanding(ObjectKind::kPublication, place.publication, relation.id);
  }
  for (const RewriteRule& rule : relation.rules) {
    NoteStanding(rule.stands_on, relation.id);
    for (const RelationId read : rule.reads) NoteDependent(read, relation.id);
  }
  if (!relation.owned_by_role.empty()) {
    NoteStanding(ObjectKind::kRole, relation.owned_by_role, relation.id);
  }
  if (relation.of_type) NoteStanding(ObjectKind::kType, relation.of_type->name, relation.id);
}

void Catalog::NoteDependencies(RelationId id, const TableColumn& column) {
  NoteStanding(column.stands_on, id);
  if (column.type == nullptr) return;
  const std::string& collation = column.type->collation;
  if (!collation.empty()) {
    NoteStanding(ObjectKind::kCollation, collation.substr(collation.rfind('.') + 1), id);
  }
  if (!IsBuiltinType(column.type->name)) {
    NoteStanding(ObjectKind::kType, column.type->name.name, id);
  }
}

void Catalog::NoteStanding(ObjectKind on, const std::string& name, RelationId dependent) {
  std::vector<RelationId>& relations = standing_[StandingKey(on, name)];
  if (relations.empty() || relations.back() != dependent) relations.push_back(dependent);
}

void Catalog::NoteStanding(const Dependences& on, RelationId dependent) {
  if (on == nullptr) return;
  for (const Dependence& one : *on) NoteStanding(one.on, one.object.name, dependent);
}

void Catalog::NoteObject(const Dependence& object, const Dependences& on) {
  if (HasSchemas(object.on) || IsType(object.on) || IsRoutine(object.on)) {
    objects_in_[object.object.schema].push_back(object);
  }
  if (on == nullptr) return;
  for (const Dependence& one : *on) {
    std::vector<Dependence>& objects = objects_on_[StandingKey(one.on, one.object.name)];
    if (objects.empty() || !(objects.back() == object)) objects.push_back(object);
  }
}

void Catalog::NoteConstraint(RelationId id, const std::string& name) {
  auto& relations = constrained_[absl::HashOf(name)];
  if (relations.empty() || relations.back() != id) relations.push_back(id);
}

RelationId Catalog::Create(Moment moment, Relation relation) {
  const std::string key = Key(relation.schema, relation.name).ToString();
  PLIMSOLL_CHECK(names_.At(key, moment) == nullptr);
  relation.id = ++last_id_;
  const RelationId id = relation.id;
  names_.Set(key, moment, std::make_shared<RelationId>(id));
  members_[relation.schema].push_back(id);
  if (relation.table != 0) indexes_[relation.table].push_back(id);
  NoteDependencies(relation);
  for (const TableColumn& column : relation.columns.All()) NoteDependencies(id, column);
  for (const TableConstraint& constraint : relation.constraints) {
    NoteConstraint(id, constraint.name);
  }
  relations_.Set(id, moment, std::make_shared<Relation>(std::move(relation)));
  return id;
}

RelationId Catalog::Assume(Relation relation) {
  relation.id = ++last_id_;
  relation.assumed = true;
  relation.columns_known = false;
  relation.maybe_has_rows = true;
  const RelationId id = relation.id;
  names_.SetFromTheStart(Key(relation.schema, relation.name).ToString(),
                         std::make_shared<RelationId>(id));
  members_[relation.schema].push_back(id);
  NoteDependencies(relation);
  for (const TableColumn& column : relation.columns.All()) NoteDependencies(id, column);
  relations_.SetFromTheStart(id, std::make_shared<Relation>(std::move(relation)));
  return id;
}

void Catalog::Change(Moment moment, RelationId id, absl::FunctionRef<void(Relation&)> change) {
  Relation& relation = relations_.Change(id, moment);
  const size_t constraints = relation.constraints.size();
  // What the columns stand on before, to see what is new; held, so that no address comes again.
  absl::InlinedVector<std::pair<std::shared_ptr<const TypeName>, Dependences>, 16> known;
  for (const TableColumn& column : relation.columns.All()) {
    known.emplace_back(column.type, column.stands_on);
  }
  change(relation);
  const std::vector<TableColumn>& columns = relation.columns;
  for (size_t i = 0; i < columns.size(); ++i) {
    const bool same = i < known.size() && known[i].first == columns[i].type &&
                      known[i].second == columns[i].stands_on;
    if (!same) NoteDependencies(id, columns[i]);
  }
  const std::vector<TableConstraint>& now = relation.constraints;
  for (size_t i = constraints; i < now.size(); ++i) NoteConstraint(id, now[i].name);
  NoteDependencies(relation);
}

void Catalog::AddConstraint(Moment moment, RelationId id, TableConstraint constraint,
                            absl::Span<const std::string> not_null) {
  Relation& relation = relations_.Change(id, moment);
  for (const std::string& name : not_null) {
    TableColumn* column = relation.FindColumn(name);
    if (column != nullptr) column->not_null = true;
  }
  NoteConstraint(id, constraint.name);
  NoteDependent(constraint.referenced, id);
  NoteStanding(constraint.stands_on, id);
  relation.constraints.push_back(std::move(constraint));
}

void Catalog::Move(Moment moment, RelationId id, const Name& place) {
  Relation& relation = relations_.Change(id, moment);
  names_.Set(Key(relation.schema, relation.name).ToString(), moment, nullptr);
  names_.Set(Key(place.schema, place.name).ToString(), moment, std::make_shared<RelationId>(id));
  if (place.schema != relation.schema) members_[place.schema].push_back(id);
  relation.schema = place.schema;
  relation.name = place.name;
}

void Catalog::Drop(Moment moment, RelationId id) {
  const Relation* before = relations_.At(id, moment);
  if (before == nullptr) return;
  names_.Set(Key(before->schema, before->name).ToString(), moment, nullptr);
  relations_.Set(id, moment, nullptr);
}

void Catalog::SetType(Moment moment, const std::string& schema, const std::string& name,
                      std::optional<UserType> type) {
  if (type) {
    const Dependence made = {.on = ObjectKind::kType, .object = {.schema = schema, .name = name}};
    NoteObject(made, type->stands_on);
    for (const DomainConstraint& constraint : type->constraints) {
      NoteObject(made, constraint.stands_on);
    }
  }
  types_.Set(Key(schema, name).ToString(), moment,
             type ? std::make_shared<UserType>(*std::move(type)) : nullptr);
}

void Catalog::SetRoutine(Moment moment, const std::string& schema, const std::string& name,
                         std::optional<Routine> routine) {
  for (const ViewUse& use : routine ? routine->uses : std::vector<ViewUse>()) {
    std::vector<std::string>& keys = routines_on_[use.relation];
    const std::string key = Key(schema, name).ToString();
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  }
  for (const Overload& overload : routine ? routine->overloads : std::vector<Overload>()) {
    NoteObject({.on = ObjectKind::kFunction, .object = {.schema = schema, .name = name}},
               overload.stands_on);
  }
  routines_.Set(Key(schema, name).ToString(), moment,
                routine ? std::make_shared<Routine>(*routine) : nullptr);
}

void Catalog::SetObject(Moment moment, ObjectKind kind, const Name& name,
                        std::optional<NamedObject> object) {
  if (object) NoteObject({.on = kind, .object = name}, object->stands_on);
  objects_.Set(ObjectKey(kind, name.schema, name.name), moment,
               object ? std::make_shared<NamedObject>(*std::move(object)) : nullptr);
}

// Of a relation of whatever kind there is one.
static std::string CommentKey(ObjectKind part, const std::string& name) {
  const bool whole = part <= ObjectKind::kForeignTable;
  return whole ? "" : absl::StrCat(static_cast<int>(part), " ", name);
}

Moment CatalogView::CommentOn(RelationId relation, ObjectKind part, const std::string& name) const {
  const Moment* comment =
      catalog_->comments_.At(std::make_pair(relation, CommentKey(part, name)), moment_);
  return comment == nullptr ? 0 : *comment;
}

void Catalog::SetComment(Moment moment, RelationId relation, ObjectKind part,
                         const std::string& name, Moment comment) {
  const std::pair<RelationId, std::string> key = {relation, CommentKey(part, name)};
  const bool none = comment == 0 && comments_.At(key, moment) == nullptr;
  if (!none) comments_.Set(key, moment, std::make_shared<Moment>(comment));
}

void Catalog::MoveComment(Moment moment, RelationId relation, ObjectKind part,
                          const std::string& from, const std::string& to) {
  const Moment comment = At(moment).CommentOn(relation, part, from);
  SetComment(moment, relation, part, from, 0);
  if (!to.empty()) SetComment(moment, relation, part, to, comment);
}

void Catalog::DropRoutinesOn(Moment moment, const Relation& relation, const std::string* column) {
  const auto found = routines_on_.find(relation.id);
  if (found == routines_on_.end()) return;
  for (const std::string& key : found->second) {
    const Routine* routine = routines_.At(key, moment);
    if (routine != nullptr && DependsOn(*routine, relation.id, column)) {
      routines_.Set(key, moment, nullptr);
    }
  }
}

void Catalog::ChangeRoutinesOn(Moment moment, const Relation& relation,
                               absl::FunctionRef<void(Routine&)> change) {
  const auto found = routines_on_.find(relation.id);
  if (found == routines_on_.end()) return;
  for (const std::string& key : found->second) {
    const Routine* routine = routines_.At(key, moment);
    if (routine == nullptr || !DependsOn(*routine, relation.id, nullptr)) continue;
    auto changed = std::make_shared<Routine>(*routine);
    change(*changed);
    routines_.Set(key, moment, std::move(changed));
  }
}

void Catalog::SetSchema(Moment moment, const std::string& schema, bool exists) {
  schemas_.Set(schema, moment, std::make_shared<bool>(exists));
}

void Catalog::Restore(Moment past, Moment moment) {
  relations_.Restore(past, moment);
  names_.Restore(past, moment);
  types_.Restore(past, moment);
  routines_.Restore(past, moment);
  schemas_.Restore(past, moment);
  objects_.Restore(past, moment);
  comments_.Restore(past, moment);
}

void Catalog::Truncate(Moment moment) {
  relations_.Truncate(moment);
  names_.Truncate(moment);
  types_.Truncate(moment);
  routines_.Truncate(moment);
  schemas_.Truncate(moment);
  objects_.Truncate(moment);
  comments_.Truncate(moment);
}

void Catalog::ForgetAssumed(RelationId last) {
  for (RelationId id = last_id_; id > last; --id) {
    const Relation* assumed = relations_.At(id, 0);
    if (assumed == nullptr) continue;
    names_.Forget(Key(assumed->schema, assumed->name).ToString());
    relations_.Forget(id);
  }
}

Changes Catalog::ChangedSince(Moment past) const {
  const auto place = [](absl::string_view key) {
    const size_t end = key.find('\0');
    return Name{.schema = std::string(key.substr(0, end)),
                .name = std::string(key.substr(end + 1))};
  };
  Changes changes = {.relations = relations_.ChangedSince(past),
                     .schemas = schemas_.ChangedSince(past)};
  absl::flat_hash_set<RelationId> known(changes.relations.begin(), changes.relations.end());
  for (const auto& [id, part] : comments_.ChangedSince(past)) {
    if (known.insert(id).second) changes.relations.push_back(id);
  }
  for (const std::string& key : types_.ChangedSince(past)) changes.types.push_back(place(key));
  for (const std::string& key : routines_.ChangedSince(past))
    changes.routines.push_back(place(key));
  for (const std::string& key : objects_.ChangedSince(past)) {
    changes.objects.push_back({.on = static_cast<ObjectKind>(static_cast<unsigned char>(key[0])),
                               .object = place(absl::string_view(key).substr(2))});
  }
  return changes;
}

}  // namespace plimsoll
