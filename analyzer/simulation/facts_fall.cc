// The facts of what goes with an object that goes: failures of RESTRICT, and what CASCADE takes.

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "analyzer/simulation/dependence.h"
#include "analyzer/simulation/facts.h"
#include "analyzer/simulation/volatility.h"

namespace plimsoll {
namespace {

bool Contains(absl::Span<const RelationId> ids, RelationId id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

bool IsRoutine(ObjectKind kind) {
  return kind == ObjectKind::kFunction || kind == ObjectKind::kProcedure ||
         kind == ObjectKind::kRoutine;
}

bool IsType(ObjectKind kind) { return kind == ObjectKind::kType || kind == ObjectKind::kDomain; }

}  // namespace

// ---- DROP of what is no relation -------------------------------------------------------------

// functioncmds.c:RemoveFunctions; parse_func.c:LookupFuncWithArgs
bool Inspector::CheckDroppedRoutine(const Name& name, const std::optional<std::string>& signature,
                                    const action::Drop& drop) {
  return CheckRoutine(drop.kind, name, signature);
}

// Whether the type may be dropped as what it is called (typecmds.c:RemoveTypes).
bool Inspector::CheckDroppedType(const Name& name, const action::Drop& drop) {
  const UserType* type = view_.FindType(name, situation_.search_path);
  if (type != nullptr && MayHaveFallen(type->created)) return true;
  if (type != nullptr && drop.kind == ObjectKind::kDomain &&
      type->kind != action::TypeKind::kDomain) {
    Fail("42809", absl::StrCat("\"", name.name, "\" is not a domain"));
    return false;
  }
  if (type != nullptr || IsBuiltinType(name)) return true;
  const Relation* relation = Find(name);
  if (relation == nullptr || relation->assumed || relation->IsIndex()) return true;
  Fail("2BP01", absl::StrCat("cannot drop type ", name.name, " because the relation requires it"));
  return false;
}

// What IF EXISTS forgives. The look is at another inspector's failure.
// A role, database or tablespace that no file makes may be the cluster's, but then it is none that
// the files may drop: they start from nothing.
bool Inspector::IsOfOthers(ObjectKind kind, const Name& name) const {
  const bool shared =
      kind == ObjectKind::kRole || kind == ObjectKind::kDatabase || kind == ObjectKind::kTablespace;
  if (!shared || !situation_.closed || situation_.trusted_since > 0) return false;
  const bool own = name.name == "postgres" || absl::StartsWith(name.name, "pg_") ||
                   absl::StartsWith(name.name, "template");
  return !own && view_.FindObject(kind, name, {}) == nullptr;
}

bool Inspector::IsMissing(const action::Drop& drop, const Name& name,
                          const std::optional<std::string>& signature) const {
  if (!drop.server.empty() && IsGone(ObjectKind::kServer, {.name = drop.server})) return true;
  Inspector other(with_, view_, situation_);
  const bool found = other.CheckObject(drop.kind, name, signature);
  return !found && other.facts_.failure->sqlstate != "42809" &&
         other.facts_.failure->sqlstate != "42725";
}

// Objects of PostgreSQL itself that it keeps (catalog/dependency.c:findDependentObjects, of pinned
// ones; dbcommands.c:dropdb; tablespace.c:DropTableSpace).
void Inspector::CheckFixed(ObjectKind kind, const Name& name) {
  if (kind == ObjectKind::kDatabase && (name.name == "template0" || name.name == "template1")) {
    Fail("42809", "cannot drop a template database");
  } else if (kind == ObjectKind::kTablespace &&
             (name.name == "pg_default" || name.name == "pg_global")) {
    Fail("42501", absl::StrCat("permission denied for tablespace ", name.name));
  } else if ((kind == ObjectKind::kCast || kind == ObjectKind::kAccessMethod ||
              kind == ObjectKind::kLanguage) &&
             view_.FindObject(kind, name, {}) == nullptr && ExistsAlready(kind, name)) {
    Fail("2BP01",
         absl::StrCat("cannot drop ", name.name, " because it is required by the database system"));
  }
}

void Inspector::NoteDroppedStatistics(ObjectKind kind, const Name& name) {
  const NamedObject* object = kind == ObjectKind::kStatistics
                                  ? view_.FindObject(kind, name, situation_.search_path)
                                  : nullptr;
  const Relation* table = object == nullptr ? nullptr : view_.Find(object->table);
  if (table != nullptr) Add(Role::kAnalysed, *table);
}

void Inspector::NoteDroppedObjects(const action::Drop& drop) {
  const bool type = IsType(drop.kind);
  const bool routine = IsRoutine(drop.kind);
  std::vector<FallenObject> named;
  for (size_t i = 0; i < drop.objects.size(); ++i) {
    const Name& name = drop.objects[i];
    const std::optional<std::string> signature =
        i < drop.signatures.size() ? drop.signatures[i] : std::nullopt;
    if (drop.if_exists) {
      if (IsOfOthers(drop.kind, name) || IsMissing(drop, name, signature)) continue;
    } else if (IsOfOthers(drop.kind, name)) {
      return Fail(drop.kind == ObjectKind::kDatabase ? "3D000" : "42704",
                  absl::StrCat("\"", name.name, "\" does not exist"));
    } else if (!drop.server.empty() && FailIfGone(ObjectKind::kServer, {.name = drop.server})) {
      return;
    } else if (!routine && !CheckObject(drop.kind, name, signature)) {
      return;
    }
    facts_.breaks.push_back({.kind = BreakKind::kDroppedObject,
                             .relation = {.name = name.name, .live = !type || IsLiveType(name)}});
    if (type && !CheckDroppedType(name, drop)) return;
    if (type && FindComposite(name) != nullptr) AddTypeRelation(Role::kTable, name);
    if (routine && !CheckDroppedRoutine(name, signature, drop)) return;
    CheckFixed(drop.kind, name);
    NoteDroppedStatistics(drop.kind, name);
    // Which of several is meant by those who call it is not known.
    const Routine* known = routine ? view_.FindRoutine(name, situation_.search_path) : nullptr;
    const bool vague =
        known != nullptr && (known->overloads.size() != 1 ||
                             (signature && known->overloads[0].signature != *signature));
    if (vague) continue;
    const ObjectKind kind = type ? ObjectKind::kType : routine ? ObjectKind::kFunction : drop.kind;
    named.push_back({.object = {.on = kind, .object = name}});
    const bool owns = kind == ObjectKind::kRole && situation_.trusted_since == 0 &&
                      !view_.DependentsOn(kind, name.name).empty();
    for (const Relation* owned :
         owns ? view_.DependentsOn(kind, name.name) : std::vector<const Relation*>()) {
      if (owned->owned_by_role != name.name) continue;
      return Fail("2BP01", absl::StrCat("role \"", name.name, "\" cannot be dropped"));
    }
  }
  if (facts_.failure || named.empty()) return;
  const std::string what = named[0].object.object.name;
  const bool publication = drop.kind == ObjectKind::kPublication;
  if (publication) return;  // its tables only leave it, and are not locked
  const TypeScope scope = Scope();
  NoteFall(FallOf(std::move(named), scope), drop.cascade, {}, what);
}

// ---- what falls ------------------------------------------------------------------------------

// Before 15 a generated column depended on what computes it as on a part of itself
// (pg_attrdef.c:StoreAttrDefault), and what stands on the column alone kept it.
bool Inspector::GoesSilently(const Fall& fall, const FallenPart& part,
                             const Relation& relation) const {
  const bool column = part.part == PartKind::kColumn && situation_.server_version < 15 &&
                      fall.objects[0].object.on == ObjectKind::kFunction;
  const TableColumn* known = column ? relation.FindColumn(part.name) : nullptr;
  if (known == nullptr || known->generated != Generated::kStored) return false;
  for (const Relation* view : view_.ViewsOn(relation)) {
    for (const ViewUse& use : view->uses) {
      const bool reads =
          use.relation == relation.id &&
          std::find(use.columns.begin(), use.columns.end(), part.name) != use.columns.end();
      if (reads) return false;
    }
  }
  return true;
}

void Inspector::NoteFall(const Fall& fall, bool cascade, absl::Span<const RelationId> dropped,
                         const std::string& what) {
  bool others = fall.objects.size() > fall.named;
  for (const FallenPart& part : fall.parts) {
    const Relation* relation = view_.Find(part.relation);
    if (relation == nullptr || Contains(dropped, part.relation)) continue;
    // Members of an extension go with it, as do triggers of a partition with those of its whole.
    const bool member =
        part.part == PartKind::kWhole && relation->stands_on != nullptr &&
        std::any_of(relation->stands_on->begin(), relation->stands_on->end(),
                    [](const Dependence& on) { return on.on == ObjectKind::kExtension; });
    const bool silent = GoesSilently(fall, part, *relation);
    others = others || (!member && !silent && !MayHaveFallen(relation->created));
    if (cascade || member || silent) NoteFallenPart(part, *relation);
  }
  for (size_t i = fall.named; cascade && i < fall.objects.size(); ++i) {
    const Dependence& object = fall.objects[i].object;
    if (object.on != ObjectKind::kType || FindComposite(object.object) == nullptr) continue;
    AddTypeRelation(Role::kTable, object.object);
  }
  if (cascade || !others || situation_.trusted_since > 0) return;
  Fail("2BP01", absl::StrCat("cannot drop ", what, " because other objects depend on it"));
}

void Inspector::NoteFallenColumn(const Relation& table, const std::string& column) {
  NoteColumnGone(table, column);
  for (const Relation* view : view_.ViewsOn(table)) {
    for (const ViewUse& use : view->uses) {
      const bool reads =
          use.relation == table.id &&
          std::find(use.columns.begin(), use.columns.end(), column) != use.columns.end();
      if (reads) NoteDroppedView(*view);
    }
  }
  facts_.losses.push_back(
      {.kind = LossKind::kColumn, .relation = Describe(table), .column = column});
}

void Inspector::NoteFallenPart(const FallenPart& part, const Relation& relation) {
  if (part.part == PartKind::kPublishing) return;
  if (part.part == PartKind::kWhole) {
    const action::Drop cascade = {.cascade = true};
    if (relation.IsIndex()) {
      Add(Role::kDroppedIndex, relation);
      if (const Relation* table = view_.Find(relation.table)) Add(Role::kTable, *table);
    } else if (relation.IsTable()) {
      NoteDroppedRelation(relation, cascade, {relation.id});
    } else {
      NoteDroppedView(relation);
    }
    return;
  }
  Add(Role::kTable, relation);
  if (part.part == PartKind::kColumn) NoteFallenColumn(relation, part.name);
  const TableConstraint* constraint =
      part.part == PartKind::kConstraint ? relation.FindConstraint(part.name) : nullptr;
  if (constraint != nullptr) NoteDroppedConstraint(relation, *constraint, true);
}

void Inspector::NoteStandingOn(const Relation& relation, bool cascade,
                               absl::Span<const RelationId> dropped) {
  const TypeScope scope = Scope();
  NoteFall(FallOf(ObjectsOf(relation), scope), cascade, dropped, relation.name);
  for (const Relation* table : view_.GuardedWith(relation)) {
    if (Contains(dropped, table->id)) continue;
    if (cascade) {
      Add(Role::kTable, *table);
    } else if (!MayHaveFallen(table->created)) {
      Fail("2BP01",
           absl::StrCat("cannot drop ", relation.name, " because other objects depend on it"));
    }
  }
}

bool Inspector::IsStoredAsRow(const Name& type, bool arrays_only) const {
  for (const Relation* user : view_.DependentsOn(ObjectKind::kType, type.name)) {
    if (!user->IsTable() || MayHaveFallen(user->created)) continue;
    for (const TableColumn& column : user->columns) {
      if (column.type == nullptr || IsBuiltinType(column.type->name)) continue;
      const Name used = view_.Resolve(ObjectKind::kType, column.type->name, situation_.search_path);
      if (used == type && (column.type->array || !arrays_only)) return true;
    }
  }
  for (const Dependence& other : view_.ObjectsOn(ObjectKind::kType, type.name)) {
    const UserType* container =
        other.on == ObjectKind::kType ? view_.FindType(other.object, {}) : nullptr;
    if (container == nullptr || container->kind != action::TypeKind::kComposite) continue;
    const bool holds = std::any_of(container->attributes.begin(), container->attributes.end(),
                                   [&](const Attribute& attribute) {
                                     return view_.Resolve(ObjectKind::kType, attribute.type.name,
                                                          situation_.search_path) == type;
                                   });
    if (holds && IsStoredAsRow(other.object)) return true;
  }
  return false;
}

}  // namespace plimsoll
