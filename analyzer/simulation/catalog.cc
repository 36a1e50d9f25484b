#include "analyzer/simulation/catalog.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "analyzer/check.h"

namespace plimsoll {
namespace {

// Identifiers hold at most this many bytes (pg_config_manual.h: NAMEDATALEN - 1).
constexpr size_t kMaxNameBytes = 63;

std::string Key(absl::string_view schema, absl::string_view name) {
  return absl::StrCat(schema, absl::string_view("\0", 1), name);
}

// Calls `visit` with the key of `name` in each schema it may stand in, until it returns true.
template <typename Visit>
void ForEachPlace(const Name& name, absl::Span<const std::string> search_path, Visit visit) {
  if (!name.schema.empty()) {
    visit(Key(name.schema, name.name));
    return;
  }
  // A temporary relation hides a permanent one of its name (namespace.c:recomputeNamespacePath).
  if (visit(Key("pg_temp", name.name))) return;
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
Item* FindNamed(std::vector<Item>& items, absl::string_view name) {
  for (Item& item : items) {
    if (item.name == name) return &item;
  }
  return nullptr;
}

template <typename Item>
const Item* FindNamed(const std::vector<Item>& items, absl::string_view name) {
  for (const Item& item : items) {
    if (item.name == name) return &item;
  }
  return nullptr;
}

}  // namespace

bool IsOfType(const TableColumn& column, absl::string_view type) {
  return column.type != nullptr && column.type->name.name == type;
}

const TableColumn* Relation::FindColumn(absl::string_view column) const {
  return FindNamed(columns, column);
}
TableColumn* Relation::FindColumn(absl::string_view column) { return FindNamed(columns, column); }

const TableConstraint* Relation::FindConstraint(absl::string_view constraint) const {
  return FindNamed(constraints, constraint);
}

TableConstraint* Relation::FindNotNull(absl::string_view column) {
  for (TableConstraint& constraint : constraints) {
    const bool here = constraint.kind == ConstraintKind::kNotNull &&
                      constraint.columns.size() == 1 && constraint.columns[0] == column;
    if (here) return &constraint;
  }
  return nullptr;
}
const TableConstraint* Relation::FindNotNull(absl::string_view column) const {
  return const_cast<Relation*>(this)->FindNotNull(column);
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
  ForEachPlace(name, search_path, [&](const std::string& key) {
    const RelationId* id = catalog_->names_.At(key, moment_);
    if (id != nullptr) found = Find(*id);
    return found != nullptr;
  });
  return found;
}

bool CatalogView::IsKnownMissing(const Name& name,
                                 absl::Span<const std::string> search_path) const {
  bool ever = false;
  ForEachPlace(name, search_path, [&](const std::string& key) {
    ever = ever || catalog_->names_.WasEver(key, moment_);
    return false;
  });
  return ever && Find(name, search_path) == nullptr;
}

Moment CatalogView::MissingSince(const Name& name,
                                 absl::Span<const std::string> search_path) const {
  Moment since = 0;
  if (Find(name, search_path) != nullptr) return since;
  ForEachPlace(name, search_path, [&](const std::string& key) {
    since = std::max(since, catalog_->names_.SetAt(key, moment_));
    return false;
  });
  return since;
}

const UserType* CatalogView::FindType(const Name& name,
                                      absl::Span<const std::string> search_path) const {
  const UserType* found = nullptr;
  ForEachPlace(name, search_path, [&](const std::string& key) {
    found = catalog_->types_.At(key, moment_);
    return found != nullptr;
  });
  return found;
}

const Routine* CatalogView::FindRoutine(const Name& name,
                                        absl::Span<const std::string> search_path) const {
  const Routine* found = nullptr;
  ForEachPlace(name, search_path, [&](const std::string& key) {
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

bool CatalogView::HasConstraint(absl::string_view schema, const std::string& name) const {
  const auto found = catalog_->constrained_.find(name);
  if (found == catalog_->constrained_.end()) return false;
  return std::any_of(found->second.begin(), found->second.end(), [&](RelationId id) {
    const Relation* relation = Find(id);
    return relation != nullptr && relation->schema == schema &&
           relation->FindConstraint(name) != nullptr;
  });
}

std::string CatalogView::ChooseConstraintName(const std::string& schema, absl::string_view table,
                                              absl::string_view columns, absl::string_view label,
                                              bool has_index) const {
  for (uint32_t number = 0;; ++number) {
    const std::string numbered = number == 0 ? std::string(label) : absl::StrCat(label, number);
    std::string name = MakeObjectName(table, columns, numbered);
    const bool taken = HasConstraint(schema, name) ||
                       (has_index && catalog_->names_.At(Key(schema, name), moment_) != nullptr);
    if (!taken) return name;
  }
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

std::vector<const Relation*> CatalogView::UsersOfType(const std::string& type) const {
  std::vector<const Relation*> users;
  const auto found = catalog_->type_users_.find(type);
  if (found == catalog_->type_users_.end()) return users;
  for (const RelationId id : found->second) {
    const Relation* relation = Find(id);
    if (relation == nullptr || !relation->IsTable()) continue;
    const bool uses =
        std::any_of(relation->columns.begin(), relation->columns.end(),
                    [&](const TableColumn& column) { return IsOfType(column, type); });
    const bool again = std::find(users.begin(), users.end(), relation) != users.end();
    if (uses && !again) users.push_back(relation);
  }
  return users;
}

std::vector<const Relation*> CatalogView::TriggeredBy(const std::string& function) const {
  const auto found = catalog_->triggered_.find(function);
  if (found == catalog_->triggered_.end()) return {};
  return Dependents(*this, &found->second, [&](const Relation& relation) {
    return std::any_of(relation.triggers.begin(), relation.triggers.end(),
                       [&](const Trigger& trigger) { return trigger.function == function; });
  });
}

std::vector<const Relation*> CatalogView::DescendantsOf(const Relation& table) const {
  std::vector<const Relation*> descendants;
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

std::vector<const Relation*> CatalogView::DefaultsUsing(const Relation& used) const {
  return Dependents(*this, Candidates(used.id), [&](const Relation& relation) {
    return std::any_of(relation.columns.begin(), relation.columns.end(),
                       [&](const TableColumn& column) {
                         const std::vector<RelationId>& uses = column.default_uses;
                         return std::find(uses.begin(), uses.end(), used.id) != uses.end();
                       });
  });
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
  for (const Trigger& trigger : relation.triggers) {
    std::vector<RelationId>& tables = triggered_[trigger.function];
    const bool noted = std::find(tables.begin(), tables.end(), relation.id) != tables.end();
    if (!noted) tables.push_back(relation.id);
  }
  for (const TableColumn& column : relation.columns) {
    for (const RelationId used : column.default_uses) NoteDependent(used, relation.id);
    if (column.type == nullptr) continue;
    const auto users = type_users_.find(column.type->name.name);
    if (users == type_users_.end()) continue;
    const bool newest = !users->second.empty() && users->second.back() == relation.id;
    if (!newest) users->second.push_back(relation.id);
  }
}

void Catalog::NoteConstraint(RelationId id, const std::string& name) {
  std::vector<RelationId>& relations = constrained_[name];
  if (relations.empty() || relations.back() != id) relations.push_back(id);
}

RelationId Catalog::Create(Moment moment, Relation relation) {
  const std::string key = Key(relation.schema, relation.name);
  PLIMSOLL_CHECK(names_.At(key, moment) == nullptr);
  relation.id = ++last_id_;
  const RelationId id = relation.id;
  names_.Set(key, moment, std::make_shared<RelationId>(id));
  members_[relation.schema].push_back(id);
  if (relation.table != 0) indexes_[relation.table].push_back(id);
  NoteDependencies(relation);
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
  names_.SetFromTheStart(Key(relation.schema, relation.name), std::make_shared<RelationId>(id));
  members_[relation.schema].push_back(id);
  NoteDependencies(relation);
  relations_.SetFromTheStart(id, std::make_shared<Relation>(std::move(relation)));
  return id;
}

void Catalog::Change(Moment moment, RelationId id, absl::FunctionRef<void(Relation&)> change) {
  Relation& relation = relations_.Change(id, moment);
  const std::string schema = relation.schema;
  const std::string name = relation.name;
  const size_t constraints = relation.constraints.size();
  change(relation);
  for (size_t i = constraints; i < relation.constraints.size(); ++i) {
    NoteConstraint(id, relation.constraints[i].name);
  }
  if (schema != relation.schema || name != relation.name) {
    names_.Set(Key(schema, name), moment, nullptr);
    names_.Set(Key(relation.schema, relation.name), moment, std::make_shared<RelationId>(id));
    if (schema != relation.schema) members_[relation.schema].push_back(id);
  }
  NoteDependencies(relation);
}

void Catalog::Drop(Moment moment, RelationId id) {
  const Relation* before = relations_.At(id, moment);
  if (before == nullptr) return;
  names_.Set(Key(before->schema, before->name), moment, nullptr);
  relations_.Set(id, moment, nullptr);
}

void Catalog::SetType(Moment moment, const std::string& schema, const std::string& name,
                      std::optional<UserType> type) {
  type_users_.try_emplace(name);
  types_.Set(Key(schema, name), moment,
             type ? std::make_shared<UserType>(*std::move(type)) : nullptr);
}

void Catalog::SetRoutine(Moment moment, const std::string& schema, const std::string& name,
                         std::optional<Routine> routine) {
  for (const ViewUse& use : routine ? routine->uses : std::vector<ViewUse>()) {
    std::vector<std::string>& keys = routines_on_[use.relation];
    const std::string key = Key(schema, name);
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  }
  routines_.Set(Key(schema, name), moment, routine ? std::make_shared<Routine>(*routine) : nullptr);
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

void Catalog::SetSchema(Moment moment, const std::string& schema, bool exists) {
  schemas_.Set(schema, moment, std::make_shared<bool>(exists));
}

void Catalog::Restore(Moment past, Moment moment) {
  relations_.Restore(past, moment);
  names_.Restore(past, moment);
  types_.Restore(past, moment);
  routines_.Restore(past, moment);
  schemas_.Restore(past, moment);
}

void Catalog::Truncate(Moment moment) {
  relations_.Truncate(moment);
  names_.Truncate(moment);
  types_.Truncate(moment);
  routines_.Truncate(moment);
  schemas_.Truncate(moment);
}

}  // namespace plimsoll
