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

// Whether objects of the kind have names that tell them apart, so that one that is gone is missed.
bool HasPlainName(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::kSchema:
    case ObjectKind::kExtension:
    case ObjectKind::kStatistics:
    case ObjectKind::kPublication:
    case ObjectKind::kSubscription:
    case ObjectKind::kEventTrigger:
    case ObjectKind::kServer:
    case ObjectKind::kForeignDataWrapper:
    case ObjectKind::kCollation:
    case ObjectKind::kConversion:
    case ObjectKind::kLanguage:
    case ObjectKind::kAccessMethod:
    case ObjectKind::kDatabase:
    case ObjectKind::kTablespace:
    case ObjectKind::kRole:
      return true;
    default:
      return IsType(kind) || IsRoutine(kind);
  }
}

bool IsSystemSchema(absl::string_view schema) {
  return absl::StartsWith(schema, "pg_") || schema == "information_schema";
}

// Neither this history nor PostgreSQL brings the object; extensions, where there are any, may. Of
// the kinds that are left out not every object is known.
bool IsOfNobody(ObjectKind kind, const Name& name, const CatalogView& view,
                absl::Span<const std::string> search_path) {
  const bool extended = view.FindObject(ObjectKind::kExtension, kAnyExtension, {}) != nullptr;
  if (extended || IsSystemSchema(name.schema)) return false;
  if (kind == ObjectKind::kSchema) {
    return !view.HasSchema(name.name) && name.name != "public" && !IsSystemSchema(name.name);
  }
  if (kind == ObjectKind::kExtension) return name.name != "plpgsql";
  // An aggregate is a ROUTINE too.
  if (IsRoutine(kind)) {
    return kind != ObjectKind::kRoutine && !IsBuiltinFunction(name) &&
           view.FindRoutine(name, search_path) == nullptr;
  }
  // Arrays and multiranges have types of their own.
  const bool derived = name.name[0] == '_' || absl::StrContains(name.name, "multirange");
  if (!IsType(kind) || derived) return false;
  return view.FindType(name, search_path) == nullptr && view.Find(name, search_path) == nullptr;
}

}  // namespace

bool Inspector::IsGone(ObjectKind kind, const Name& name) const {
  if (situation_.trusted_since > 0 || name.name.empty() || !HasPlainName(kind)) return false;
  if (IsType(kind) && IsBuiltinType(name)) return false;
  return view_.IsObjectMissing(kind, name, situation_.search_path) ||
         (situation_.closed && IsOfNobody(kind, name, view_, situation_.search_path));
}

bool Inspector::FailIfGone(ObjectKind kind, const Name& name) {
  if (!IsGone(kind, name)) return false;
  const absl::string_view sqlstate = kind == ObjectKind::kSchema     ? "3F000"
                                     : kind == ObjectKind::kDatabase ? "3D000"
                                     : IsRoutine(kind)               ? "42883"
                                                                     : "42704";
  Fail(sqlstate, absl::StrCat("\"", name.name, "\" does not exist"));
  return true;
}

// namespace.c:RangeVarGetCreationNamespace
void Inspector::CheckPlace(const Name& name) {
  if (name.schema.empty()) return;
  const bool made_here = Sibling<action::CreateSchema>(
      [&](const action::CreateSchema& create) { return create.name == name.schema; });
  if (!made_here) FailIfGone(ObjectKind::kSchema, {.name = name.schema});
}

// ---- DROP of what is no relation -------------------------------------------------------------

// functioncmds.c:RemoveFunctions; parse_func.c:LookupFuncWithArgs
void Inspector::CheckDroppedRoutine(const Name& name, const std::optional<std::string>& signature,
                                    const action::Drop& drop) {
  const Routine* routine = view_.FindRoutine(name, situation_.search_path);
  if (routine == nullptr || MayHaveFallen(routine->created)) return;
  if (!signature && routine->overloads.size() > 1) {
    return Fail("42725", absl::StrCat("function name \"", name.name, "\" is not unique"));
  }
  const bool meant = routine->overloads.size() == 1 &&
                     (!signature || routine->overloads[0].signature == *signature);
  const bool other_kind = drop.kind != ObjectKind::kRoutine &&
                          routine->procedure != (drop.kind == ObjectKind::kProcedure);
  if (meant && other_kind) Fail("42809", absl::StrCat(name.name, " is of another kind"));
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

void Inspector::NoteDroppedObjects(const action::Drop& drop) {
  const bool type = IsType(drop.kind);
  const bool routine = IsRoutine(drop.kind);
  std::vector<FallenObject> named;
  for (size_t i = 0; i < drop.objects.size(); ++i) {
    const Name& name = drop.objects[i];
    const std::optional<std::string> signature =
        i < drop.signatures.size() ? drop.signatures[i] : std::nullopt;
    if (IsGone(drop.kind, name)) {
      if (!drop.if_exists) return (void)FailIfGone(drop.kind, name);
      continue;
    }
    facts_.breaks.push_back({.kind = BreakKind::kDroppedObject,
                             .relation = {.name = name.name, .live = !type || IsLiveType(name)}});
    if (type && !CheckDroppedType(name, drop)) return;
    if (type && FindComposite(name) != nullptr) AddTypeRelation(Role::kTable, name);
    if (routine) CheckDroppedRoutine(name, signature, drop);
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
    others = others || (!member && !MayHaveFallen(relation->created));
    if (cascade || member) NoteFallenPart(part, *relation);
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
