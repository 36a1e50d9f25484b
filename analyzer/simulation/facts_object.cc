// The facts of statements about types, sequences and what is attached to tables: rules, comments,
// privileges, publications.

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "analyzer/simulation/facts.h"

namespace plimsoll {
namespace {

bool IsRelation(ObjectKind kind) { return kind <= ObjectKind::kForeignTable; }

bool IsPublished(const Relation& table, const std::string& publication) {
  return std::any_of(table.publications.begin(), table.publications.end(),
                     [&](const Publishing& place) { return place.publication == publication; });
}

bool IsPart(ObjectKind kind) { return ObjectKind::kColumn <= kind && kind <= ObjectKind::kRule; }

}  // namespace

// ---- types, domains, sequences ---------------------------------------------------------------

// The type, if this history made it; false, with the failure noted, where it is none of that kind.
bool Inspector::NameType(const Name& name, action::TypeKind kind, const UserType*& type) {
  if (FailIfGone(ObjectKind::kType, name)) return false;
  type = view_.FindType(name, situation_.search_path);
  if (type == nullptr || MayHaveFallen(type->created)) {
    type = nullptr;
    return true;
  }
  if (type->kind == kind) return true;
  Fail("42809", absl::StrCat("\"", name.name, "\" is another kind of type"));
  return false;
}

// typecmds.c:AlterEnum, pg_enum.c
void Inspector::LookAtLabel(const action::AlterType& alter, const UserType& type) {
  const auto has = [&](const std::string& label) {
    return std::any_of(type.labels.begin(), type.labels.end(),
                       [&](const EnumLabel& known) { return known.name == label; });
  };
  const auto missing = [&](const std::string& label) {
    Fail("22023", absl::StrCat("\"", label, "\" is not an existing enum label"));
  };
  const auto exists = [&](const std::string& label) {
    Fail("42710", absl::StrCat("enum label \"", label, "\" already exists"));
  };
  if (alter.change == action::TypeChangeKind::kRenameValue) {
    if (!has(alter.part)) return missing(alter.part);
    if (has(alter.to)) exists(alter.to);
    return;
  }
  if (has(alter.part)) {
    if (!alter.if_exists) exists(alter.part);
    return;
  }
  if (!alter.neighbour.empty() && !has(alter.neighbour)) missing(alter.neighbour);
}

// tablecmds.c:ATPrepAddColumn and its kin, of a composite type, which has a relation of its own.
void Inspector::LookAtAttribute(const action::AlterType& alter, const UserType& type) {
  using Kind = action::TypeChangeKind;
  const auto has = [&](const std::string& name) {
    return std::any_of(type.attributes.begin(), type.attributes.end(),
                       [&](const Attribute& known) { return known.name == name; });
  };
  const bool adds = alter.change == Kind::kAddAttribute;
  if (!adds && !has(alter.part)) {
    if (alter.if_exists) return;
    return Fail("42703", absl::StrCat("attribute \"", alter.part, "\" does not exist"));
  }
  const bool taken =
      adds ? has(alter.part) : alter.change == Kind::kRenameAttribute && has(alter.to);
  if (taken) return Fail("42701", absl::StrCat("attribute already exists"));
  const Name name = view_.Resolve(ObjectKind::kType, alter.type, situation_.search_path);
  if (alter.change == Kind::kAlterAttribute && IsStoredAsRow(name)) {
    return Fail("0A000", absl::StrCat("cannot alter type \"", name.name, "\" that a column uses"));
  }
  if (adds) {
    const bool itself =
        view_.Resolve(ObjectKind::kType, alter.attribute_type.name, situation_.search_path) == name;
    if (FailIfGone(ObjectKind::kType, alter.attribute_type.name)) return;
    if (itself) return Fail("42P16", "a composite type cannot be made a member of itself");
    if (!CheckColumnType(alter.attribute_type)) return;
  }
  facts_.actors.push_back({.role = Role::kDescendant, .relation = {.name = name.name}});
  for (const Relation* table : view_.DependentsOn(ObjectKind::kType, name.name)) {
    if (!table->of_type ||
        !MayBeSame(view_.Resolve(ObjectKind::kType, *table->of_type, situation_.search_path),
                   name)) {
      continue;
    }
    if (!alter.cascade) {
      return Fail("2BP01", absl::StrCat("cannot alter type \"", name.name,
                                        "\" because it is the type of a typed table"));
    }
    Add(Role::kDescendant, *table);
    if (alter.change == Kind::kAlterAttribute) {
      NoteTypeChangeOn(*table, {.table = {.name = {.schema = table->schema, .name = table->name}},
                                .column = alter.part,
                                .type = alter.attribute_type});
    } else if (alter.change == Kind::kDropAttribute) {
      NoteFallenColumn(*table, alter.part);
    } else if (alter.change == Kind::kRenameAttribute) {
      facts_.breaks.push_back(
          {.kind = BreakKind::kRenamedColumn, .relation = Describe(*table), .detail = alter.part});
    }
  }
}

void Inspector::Look(const action::AlterType& alter) {
  using Kind = action::TypeChangeKind;
  const bool label = alter.change == Kind::kAddValue || alter.change == Kind::kRenameValue;
  const UserType* type = nullptr;
  const bool named =
      NameType(alter.type, label ? action::TypeKind::kEnum : action::TypeKind::kComposite, type);
  if (!named) return;
  if (type != nullptr && label) LookAtLabel(alter, *type);
  if (type != nullptr && !label) LookAtAttribute(alter, *type);
  const bool breaks = alter.change != Kind::kAddValue && alter.change != Kind::kAddAttribute;
  if (facts_.failure || !breaks) return;
  facts_.breaks.push_back({.kind = BreakKind::kDroppedObject,
                           .relation = {.name = alter.type.name, .live = IsLiveType(alter.type)},
                           .detail = alter.part});
}

// The heaps with a column of the domain, or of one over it (typecmds.c:get_rels_with_domain). What
// holds it inside an array or a row is refused.
std::vector<const Relation*> Inspector::HeapsOfDomain(const Name& domain) {
  std::vector<const Relation*> heaps;
  std::vector<Name> domains = {view_.Resolve(ObjectKind::kType, domain, situation_.search_path)};
  for (size_t next = 0; next < domains.size(); ++next) {
    const Name name = domains[next];
    if (IsStoredAsRow(name, /*arrays_only=*/true)) {
      Fail("0A000", absl::StrCat("cannot alter type \"", name.name, "\" that a column uses"));
      return {};
    }
    for (const Relation* user : view_.UsersOfType(name.name)) {
      const bool holds =
          user->kind == RelationKind::kTable || user->kind == RelationKind::kMaterializedView;
      if (!holds) continue;
      const bool uses =
          std::any_of(user->columns.begin(), user->columns.end(), [&](const TableColumn& column) {
            return column.type != nullptr && !column.type->array &&
                   MayBeSame(
                       view_.Resolve(ObjectKind::kType, column.type->name, situation_.search_path),
                       name);
          });
      if (uses && std::find(heaps.begin(), heaps.end(), user) == heaps.end()) {
        heaps.push_back(user);
      }
    }
    for (const Dependence& other : view_.ObjectsOn(ObjectKind::kType, name.name)) {
      const UserType* over =
          other.on == ObjectKind::kType ? view_.FindType(other.object, {}) : nullptr;
      const bool again = std::find(domains.begin(), domains.end(), other.object) != domains.end();
      if (over == nullptr || over->kind != action::TypeKind::kDomain || again) continue;
      if (over->base && MayBeSame(over->base->name, name)) domains.push_back(other.object);
    }
  }
  return heaps;
}

// False: there is nothing more to say. The failures are certain only of what the history made.
bool Inspector::CheckDomainConstraint(const action::AlterDomain& alter, const UserType& domain) {
  using Kind = action::DomainChangeKind;
  const auto has = [&](const std::string& name) {
    return std::any_of(domain.constraints.begin(), domain.constraints.end(),
                       [&](const DomainConstraint& known) { return known.name == name; });
  };
  const std::string& name = alter.constraint.name;
  const bool names = alter.change == Kind::kDropConstraint ||
                     alter.change == Kind::kValidateConstraint ||
                     alter.change == Kind::kRenameConstraint;
  // Before 17 the NOT NULL of a domain had no name.
  const bool may_be_unnamed = situation_.server_version < 17 && domain.not_null;
  if (names && !has(name) && !may_be_unnamed) {
    if (!alter.if_exists) {
      Fail("42704", absl::StrCat("constraint \"", name, "\" of domain does not exist"));
    }
    return false;
  }
  const std::string& made = alter.change == Kind::kRenameConstraint ? alter.to : name;
  const bool makes =
      alter.change == Kind::kRenameConstraint || alter.change == Kind::kAddConstraint;
  if (makes && !made.empty() && has(made)) {
    Fail("42710", absl::StrCat("constraint \"", made, "\" for domain already exists"));
    return false;
  }
  return alter.change != Kind::kSetNotNull || !domain.not_null;
}

void Inspector::Look(const action::AlterDomain& alter) {
  using Kind = action::DomainChangeKind;
  const UserType* domain = nullptr;
  if (!NameType(alter.domain, action::TypeKind::kDomain, domain)) return;
  const bool adds = alter.change == Kind::kAddConstraint;
  const bool not_null = alter.constraint.kind == ConstraintKind::kNotNull;
  // gram.y knows it since 17.
  if (adds && not_null && situation_.server_version < 17) {
    return Fail("42601", "NOT NULL constraints of domains have no names yet");
  }
  if (domain != nullptr && !CheckDomainConstraint(alter, *domain)) return;
  if (alter.change == Kind::kSetDefault && alter.default_value) {
    CheckDefault(*alter.default_value,
                 domain == nullptr || !domain->base ? nullptr : &*domain->base);
  }
  const bool checks = (adds && !alter.constraint.not_valid) || alter.change == Kind::kSetNotNull ||
                      alter.change == Kind::kValidateConstraint;
  if (!checks) return;
  if (alter.change == Kind::kValidateConstraint) facts_.conditions |= kValidates;
  const Cause cause = (adds && !not_null) || alter.change == Kind::kValidateConstraint
                          ? Cause::kCheck
                          : Cause::kNotNull;
  for (const Relation* heap : HeapsOfDomain(alter.domain)) {
    Add(Role::kTable, *heap);
    Add(Role::kScanned, *heap, cause);
  }
}

const UserType* Inspector::FindComposite(const Name& name) const {
  const UserType* type = view_.FindType(name, situation_.search_path);
  if (type == nullptr || type->kind != action::TypeKind::kComposite) return nullptr;
  return MayHaveFallen(type->created) || Find(name) != nullptr ? nullptr : type;
}

void Inspector::AddTypeRelation(Role role, const Name& type) {
  const Name place = PlaceFor(view_.Resolve(ObjectKind::kType, type, situation_.search_path));
  const bool shown = !place.schema.empty() && place.schema != "public";
  facts_.actors.push_back(
      {.role = role,
       .relation = {.name = shown ? absl::StrCat(place.schema, ".", place.name) : place.name}});
}

bool Inspector::CheckUntyped(const Relation& table, absl::string_view what) {
  if (!table.of_type) return true;
  Fail("42809", absl::StrCat("cannot ", what, " typed table"));
  return false;
}

// typecmds.c, tablecmds.c:check_of_type
void Inspector::CheckRowOf(const Name& name) {
  const Type type = ResolveType({.name = name}, Scope());
  const bool refused = (type.type_class != TypeClass::kComposite || type.row_of != 0) &&
                       type.type_class != TypeClass::kUnknown;
  if (refused) Fail("42809", absl::StrCat("type ", name.name, " is not a composite type"));
}

// tablecmds.c:ATExecAddOf
void Inspector::CheckOfType(const Name& name, const Relation& table) {
  if (FailIfGone(ObjectKind::kType, name)) return;
  CheckRowOf(name);
  if (!table.parents.empty()) return Fail("42809", "typed tables cannot inherit");
  const UserType* type = FindComposite(name);
  if (type == nullptr || facts_.failure) return;
  AddTypeRelation(Role::kLike, name);
  if (!KnowsAll(table)) return;
  bool same = table.columns.size() == type->attributes.size();
  for (size_t i = 0; same && i < table.columns.size(); ++i) {
    const TableColumn& column = table.columns[i];
    const Attribute& attribute = type->attributes[i];
    same = column.name == attribute.name &&
           (column.type == nullptr || SameType(*column.type, attribute.type));
  }
  if (!same) Fail("42804", absl::StrCat("the columns of the table are not those of the type"));
}

// ---- new labels ------------------------------------------------------------------------------

// A label that this transaction added is not to be used by it, unless it made the type as well and
// the server is 17 or newer (enum.c:check_safe_enum_use).
void Inspector::CheckLabel(const Name& name, const std::string& label) {
  const UserType* type = view_.FindType(name, situation_.search_path);
  if (type == nullptr || IsBuiltinType(name)) return;
  const bool whole_new =
      situation_.server_version >= 17 && type->transaction == situation_.transaction;
  for (const EnumLabel& known : type->labels) {
    const bool fresh = known.name == label && known.transaction != 0 &&
                       known.transaction == situation_.transaction;
    if (!fresh || whole_new || situation_.conditional) continue;
    Fail("55P04", absl::StrCat("unsafe use of new value \"", label, "\" of enum type ", name.name));
  }
}

void Inspector::CheckLabels(absl::Span<const TypedText> texts, const Relation* table) {
  for (const TypedText& text : texts) {
    if (!text.type.name.empty()) {
      CheckLabel(text.type, text.text);
      continue;
    }
    const TableColumn* column = table == nullptr ? nullptr : table->FindColumn(text.column);
    if (column == nullptr || column->type == nullptr || column->type->array) continue;
    CheckLabel(column->type->name, text.text);
  }
}

// ---- sequences -------------------------------------------------------------------------------

void Inspector::Look(const action::AlterSequence& alter) {
  if (alter.only_ownership) facts_.conditions |= kOwnership;
  const Relation* sequence = NameTarget(alter.sequence, false);
  if (sequence == nullptr) return;
  if (!sequence->assumed && sequence->kind != RelationKind::kSequence) {
    return Fail("42809", absl::StrCat("\"", sequence->name, "\" is not a sequence"));
  }
  CheckSequence(alter.options, *sequence);
  if (!alter.owned_by) return;
  const Relation* of = view_.Find(sequence->owner);
  const TableColumn* column = of == nullptr ? nullptr : of->FindColumn(sequence->owner_column);
  if (column != nullptr && column->generated == Generated::kIdentity) {
    return Fail("0A000", "cannot change ownership of identity sequence");
  }
  if (alter.owned_by->name.empty()) return;
  const Relation* owner = Find(*alter.owned_by);
  if (owner == nullptr) return FailMissing(*alter.owned_by);
  if (HasColumn(*owner, alter.owned_column)) Add(Role::kOwner, *owner);
}

// ---- rules, statistics, triggers, policies ---------------------------------------------------

void Inspector::Look(const action::CreateRule& create) {
  const Relation* table = Find(create.table);
  if (table == nullptr) return FailMissing(create.table);
  const bool exists =
      std::any_of(table->rules.begin(), table->rules.end(),
                  [&](const RewriteRule& rule) { return rule.name == create.name; });
  if (exists && !create.or_replace) {
    return Fail("42710", absl::StrCat("rule \"", create.name, "\" for relation \"", table->name,
                                      "\" already exists"));
  }
  Add(Role::kTable, *table);
  for (const Name& name : create.reads) {
    if (const Relation* read = Find(name)) Add(Role::kRead, *read);
  }
}

void Inspector::Look(const action::CreateStatistics& create) {
  const Relation* table = Find(create.table);
  if (table == nullptr) return FailMissing(create.table);
  const NamedObject* known =
      create.statistics.name.empty()
          ? nullptr
          : view_.FindObject(ObjectKind::kStatistics, PlaceFor(create.statistics), {});
  if (known != nullptr && !MayHaveFallen(known->created)) {
    if (create.if_not_exists) return Add(Role::kTable, *table);
    return Fail("42710",
                absl::StrCat("statistics object \"", create.statistics.name, "\" already exists"));
  }
  for (const std::string& column : create.columns) {
    if (!HasColumn(*table, column)) return;
  }
  Add(Role::kTable, *table);
}

void Inspector::Look(const action::AlterPart& alter) {
  const Relation* table = Find(alter.table);
  if (table == nullptr) return FailMissing(alter.table);
  if (alter.depends_on_extension) return Add(Role::kRead, *table);
  Add(Role::kTable, *table);
  for (const Name& name : alter.reads) {
    if (const Relation* read = Find(name)) Add(Role::kRead, *read);
  }
  const bool recurses = alter.kind == ObjectKind::kTrigger && situation_.server_version >= 15 &&
                        table->kind == RelationKind::kPartitionedTable;
  if (!recurses) return;
  for (const Relation* child : view_.DescendantsOf(*table)) Add(Role::kDescendant, *child);
}

// ---- comments, privileges, publications ------------------------------------------------------

void Inspector::Look(const action::Annotate& annotate) {
  if (annotate.label && annotate.provider.empty()) {
    return Fail("22023", "no security label providers have been loaded");
  }
  const bool part = IsPart(annotate.kind);
  if (!part && !IsRelation(annotate.kind)) return;
  if (annotate.kind == ObjectKind::kColumn && FindComposite(annotate.on_table) != nullptr) {
    return AddTypeRelation(Role::kTable, annotate.on_table);
  }
  const Name& name = part ? annotate.on_table : annotate.object;
  const Relation* relation = Find(name);
  if (relation == nullptr) return FailMissing(name);
  const bool whole = !part || annotate.kind == ObjectKind::kColumn;
  if (annotate.kind == ObjectKind::kColumn && !HasColumn(*relation, annotate.object.name)) return;
  // comment.c locks what it speaks of; of a part, that is the part, and its table is only read.
  Add(whole ? Role::kTable : Role::kRead, *relation);
}

// Since 18 GRANT and REVOKE lock the relation (aclchk.c:ExecGrant_Relation).
void Inspector::Look(const action::Grant& grant) {
  for (const std::string& role : grant.grantees) {
    if (FailIfGone(ObjectKind::kRole, {.name = role})) return;
  }
  if (!IsRelation(grant.kind)) return;
  // Those of a schema are found without being opened.
  if (grant.all_in_schema) return;
  for (const Name& name : grant.objects) {
    const Relation* relation = Find(name);
    if (relation == nullptr) return FailMissing(name);
    Add(Role::kTable, *relation);
  }
}

void Inspector::Look(const action::AlterPublication& alter) {
  const Name name = {.name = alter.publication};
  const NamedObject* publication = view_.FindObject(ObjectKind::kPublication, name, {});
  const bool known = publication != nullptr && !MayHaveFallen(publication->created);
  if (alter.create && known) {
    return Fail("42710", absl::StrCat("publication \"", name.name, "\" already exists"));
  }
  if (!alter.create && FailIfGone(ObjectKind::kPublication, name)) return;
  if (alter.sets) {
    for (const Relation* table : view_.DependentsOn(ObjectKind::kPublication, name.name)) {
      if (IsPublished(*table, name.name)) Add(Role::kTable, *table);
    }
  }
  for (const action::PublishedTable& published : alter.tables) {
    const Relation* table = Find(published.table.name);
    if (table == nullptr) return FailMissing(published.table.name);
    // publicationcmds.c:check_publication_add_relation
    const bool fit =
        (table->kind == RelationKind::kTable || table->kind == RelationKind::kPartitionedTable) &&
        table->persistence == Persistence::kPermanent;
    if (!table->assumed && !fit && !alter.drops) {
      return Fail("22023",
                  absl::StrCat("cannot add relation \"", table->name, "\" to publication"));
    }
    const bool here = IsPublished(*table, name.name);
    if (!alter.create && !alter.sets && known && here != alter.drops) {
      return Fail(alter.drops ? "42704" : "42710",
                  absl::StrCat("relation \"", table->name, "\" is ", here ? "already" : "not",
                               " a member of the publication"));
    }
    Add(Role::kTable, *table);
    if (published.table.only) continue;
    for (const Relation* child : view_.DescendantsOf(*table)) {
      // Partitions are published with their whole, and not looked at.
      if (!child->is_partition) Add(Role::kDescendant, *child);
    }
  }
}

// ---- the rest --------------------------------------------------------------------------------

// What else the roles own, or may do, is not known: their relations are, and nothing else takes a
// lock that lasts.
void Inspector::Look(const action::ChangeOwned& change) {
  std::vector<const Relation*> owned;
  std::vector<RelationId> ids;
  for (const std::string& role : change.roles) {
    if (FailIfGone(ObjectKind::kRole, {.name = role})) return;
    for (const Relation* relation : view_.DependentsOn(ObjectKind::kRole, role)) {
      if (relation->owned_by_role != role) continue;
      owned.push_back(relation);
      ids.push_back(relation->id);
    }
  }
  const bool drops = change.to.empty();
  const action::Drop drop = {.cascade = change.cascade};
  for (const Relation* relation : owned) {
    if (drops) {
      NoteDroppedRelation(*relation, drop, ids);
      continue;
    }
    Add(Role::kTable, *relation);
    for (const Relation* index : view_.IndexesOf(*relation)) Add(Role::kIndexUnder, *index);
    for (const Relation* sequence : view_.SequencesOf(*relation)) Add(Role::kSequence, *sequence);
  }
  // A role that this history made owns what this history gave it.
  const bool known =
      std::all_of(change.roles.begin(), change.roles.end(), [&](const std::string& role) {
        return view_.FindObject(ObjectKind::kRole, {.name = role}, {}) != nullptr;
      });
  facts_.modelled = known || !owned.empty();
  if (!known && drops) {
    facts_.losses.push_back({.kind = LossKind::kOther, .relation = {.name = change.roles[0]}});
  }
}

// CREATE of what is there, and the rest of what is not.
void Inspector::CheckNewObject(const action::ChangeObject& change) {
  using action::ObjectChange;
  const bool moves =
      change.change == ObjectChange::kRename || change.change == ObjectChange::kSetSchema;
  const bool creates = change.change == ObjectChange::kCreate;
  const bool told = change.kind == ObjectKind::kType || change.kind == ObjectKind::kFunction ||
                    change.kind == ObjectKind::kProcedure;
  if (!creates && !change.forgiving && FailIfGone(change.kind, change.object)) return;
  if (change.change == ObjectChange::kOwner && FailIfGone(ObjectKind::kRole, {.name = change.to})) {
    return;
  }
  if (change.change == ObjectChange::kSetSchema &&
      FailIfGone(ObjectKind::kSchema, {.name = change.to})) {
    return;
  }
  if (change.kind == ObjectKind::kOperator || change.kind == ObjectKind::kAggregate ||
      change.kind == ObjectKind::kOperatorClass || change.kind == ObjectKind::kOperatorFamily ||
      change.kind == ObjectKind::kTextSearch || change.kind == ObjectKind::kCast || told ||
      // An extension is moved with its members, and stays where its name is.
      (change.kind == ObjectKind::kExtension && !creates) || change.forgiving ||
      !(creates || moves) || change.object.name.empty()) {
    return;
  }
  const Name place = PlaceFor(change.object);
  const Name to = creates ? place
                  : change.change == ObjectChange::kRename
                      ? Name{.schema = place.schema, .name = change.to}
                      : Name{.schema = change.to, .name = place.name};
  const NamedObject* known = view_.FindObject(change.kind, to, {});
  if (known == nullptr || MayHaveFallen(known->created)) return;
  Fail(change.kind == ObjectKind::kDatabase ? "42P04" : "42710",
       absl::StrCat("\"", to.name, "\" already exists"));
}

void Inspector::Look(const action::ChangeObject& change) {
  using action::ObjectChange;
  // An extension's script may do anything.
  const bool script =
      change.kind == ObjectKind::kExtension && change.change == ObjectChange::kAlter;
  facts_.calls_unknown = script;
  facts_.modelled = !script;
  CheckNewObject(change);
  if (change.stands_on && change.kind == ObjectKind::kServer &&
      FailIfGone(ObjectKind::kForeignDataWrapper, *change.stands_on)) {
    return;
  }
  const bool moves =
      change.change == ObjectChange::kRename || change.change == ObjectChange::kSetSchema;
  if (moves) {
    facts_.breaks.push_back({.kind = BreakKind::kDroppedObject,
                             .relation = {.name = change.object.name, .live = true}});
  }
}

void Inspector::Look(const action::AlterExtension& alter) {
  if (!IsRelation(alter.kind)) return;
  if (const Relation* member = Find(alter.member)) Add(Role::kTable, *member);
}

}  // namespace plimsoll
