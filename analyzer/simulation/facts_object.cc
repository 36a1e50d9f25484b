// The facts of statements about types, sequences and what is attached to tables: rules, comments,
// privileges, publications.

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "analyzer/simulation/builtins.h"
#include "analyzer/simulation/dependence.h"
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
  const bool based = domain != nullptr && domain->base.has_value();
  if (adds && based && alter.constraint.kind == ConstraintKind::kCheck &&
      alter.constraint.expression) {
    CheckDomainCondition(*alter.constraint.expression, *domain->base);
  }
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
    const bool fresh = known.name == label && known.transaction == situation_.transaction;
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
  if (owner->schema != sequence->schema && !owner->assumed && !sequence->assumed) {
    return Fail("55000", "sequence must be in same schema as table it is linked to");
  }
  if (HasColumn(*owner, alter.owned_column)) Add(Role::kOwner, *owner);
}

// ---- statistics ------------------------------------------------------------------------------

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
  CheckStatistics(create, *table);
  Add(Role::kTable, *table);
}

// statscmds.c:CreateStatistics
void Inspector::CheckStatistics(const action::CreateStatistics& create, const Relation& table) {
  CheckPlace(create.statistics);
  if (create.from_many) return Fail("0A000", "only a single relation is allowed");
  if (create.expressions > 0 && situation_.server_version < 14) {
    return Fail("0A000", "only simple column references are allowed");
  }
  for (const std::string& type : create.types) {
    if (type == "ndistinct" || type == "dependencies" || type == "mcv") continue;
    return Fail("42601", absl::StrCat("unrecognized statistics kind \"", type, "\""));
  }
  for (const std::string& column : create.columns) {
    if (!HasColumn(table, column)) return;
  }
  if (create.keys.size() + create.expressions < 2 && create.expressions == 0) {
    return Fail("42P17", "extended statistics require at least 2 columns");
  }
  for (auto key = create.keys.begin(); key != create.keys.end(); ++key) {
    if (std::find(create.keys.begin(), key, *key) == key) continue;
    return Fail("42701", absl::StrCat("column \"", *key, "\" appears twice"));
  }
}

// ---- comments, privileges, publications ------------------------------------------------------

// A composite type has a relation of its own, of which COMMENT names the columns.
void Inspector::LookAtComposite(const action::Annotate& annotate, const UserType& row) {
  const bool has = std::any_of(
      row.attributes.begin(), row.attributes.end(),
      [&](const Attribute& attribute) { return attribute.name == annotate.object.name; });
  if (!has) {
    return Fail("42703", absl::StrCat("column \"", annotate.object.name, "\" does not exist"));
  }
  AddTypeRelation(Role::kTable, annotate.on_table);
}

void Inspector::CheckAnnotatedPart(const action::Annotate& annotate, const Relation& relation) {
  const std::string& name = annotate.object.name;
  if (annotate.kind == ObjectKind::kTableConstraint) {
    if (KnowsAll(relation) && relation.FindConstraint(name) == nullptr) {
      Fail("42704", absl::StrCat("constraint \"", name, "\" for table \"", relation.name,
                                 "\" does not exist"));
    }
    return;
  }
  if (annotate.kind != ObjectKind::kColumn) {
    CheckPartName(annotate.kind, relation, name);
    return;
  }
  // The columns of a view are known where its text tells them all.
  const bool view = relation.kind == RelationKind::kView && !relation.columns.empty() &&
                    relation.columns_known && KnowsAll(relation);
  if (view && relation.FindColumn(name) == nullptr) {
    return Fail("42703", absl::StrCat("column \"", name, "\" does not exist"));
  }
  HasColumn(relation, name);
}

void Inspector::LookAtDomainConstraint(const action::Annotate& annotate) {
  if (FailIfGone(ObjectKind::kDomain, annotate.on_table)) return;
  const UserType* domain = view_.FindType(annotate.on_table, situation_.search_path);
  if (domain == nullptr || MayHaveFallen(domain->created)) return;
  const bool has = std::any_of(
      domain->constraints.begin(), domain->constraints.end(),
      [&](const DomainConstraint& constraint) { return constraint.name == annotate.object.name; });
  const bool unnamed = situation_.server_version < 17 && domain->not_null;
  if (has || unnamed) return;
  Fail("42704", absl::StrCat("constraint \"", annotate.object.name, "\" does not exist"));
}

void Inspector::Look(const action::Annotate& annotate) {
  if (annotate.label && annotate.provider.empty()) {
    return Fail("22023", "no security label providers have been loaded");
  }
  if (annotate.kind == ObjectKind::kDomainConstraint) return LookAtDomainConstraint(annotate);
  const bool part = IsPart(annotate.kind);
  if (!part && !IsRelation(annotate.kind)) {
    if (!CheckObject(annotate.kind, annotate.object, annotate.signature)) return;
    const UserType* type = annotate.kind == ObjectKind::kDomain
                               ? view_.FindType(annotate.object, situation_.search_path)
                               : nullptr;
    if (type != nullptr && type->kind != action::TypeKind::kDomain) {
      Fail("42809", absl::StrCat("\"", annotate.object.name, "\" is not a domain"));
    }
    return;
  }
  const Name& name = part ? annotate.on_table : annotate.object;
  const Relation* relation = Find(name);
  if (relation == nullptr) {
    const UserType* row = annotate.kind == ObjectKind::kColumn ? FindComposite(name) : nullptr;
    return row == nullptr ? FailMissing(name) : LookAtComposite(annotate, *row);
  }
  if (part) CheckAnnotatedPart(annotate, *relation);
  const bool whole = !part || annotate.kind == ObjectKind::kColumn;
  // comment.c locks what it speaks of; of a part, that is the part, and its table is only read.
  Add(whole ? Role::kTable : Role::kRead, *relation);
}

// ---- privileges ------------------------------------------------------------------------------

namespace {

struct Privileges {
  ObjectKind kind;
  absl::string_view words;  // with blanks around each
};

// What there is to grant on each kind of object (utils/acl.h: ACL_ALL_RIGHTS_…). TABLE is said of
// sequences too, with all that either has.
constexpr absl::string_view kOfRelation =
    " select insert update delete truncate references trigger maintain ";
constexpr Privileges kPrivileges[] = {
    {ObjectKind::kSequence, " select update usage "},
    {ObjectKind::kDatabase, " create temporary temp connect "},
    {ObjectKind::kFunction, " execute "},
    {ObjectKind::kProcedure, " execute "},
    {ObjectKind::kRoutine, " execute "},
    {ObjectKind::kLanguage, " usage "},
    {ObjectKind::kLargeObject, " select update "},
    {ObjectKind::kSchema, " create usage "},
    {ObjectKind::kTablespace, " create "},
    {ObjectKind::kForeignDataWrapper, " usage "},
    {ObjectKind::kServer, " usage "},
    {ObjectKind::kDomain, " usage "},
    {ObjectKind::kType, " usage "},
};
constexpr absl::string_view kOfColumn = " select insert update references ";
constexpr absl::string_view kEveryPrivilege =
    " select insert update delete truncate references trigger maintain usage create temporary temp "
    "connect execute set ";

bool Has(absl::string_view words, absl::string_view word) {
  return absl::StrContains(words, absl::StrCat(" ", word, " "));
}

}  // namespace

// aclchk.c:ExecuteGrantStmt, string_to_privilege
void Inspector::CheckPrivileges(const action::Grant& grant) {
  absl::string_view allowed = IsRelation(grant.kind) ? kOfRelation : "";
  for (const Privileges& row : kPrivileges) {
    if (row.kind == grant.kind) allowed = row.words;
  }
  if (allowed.empty()) return;
  for (size_t i = 0; i < grant.privileges.size(); ++i) {
    const std::string& word = grant.privileges[i];
    const bool unknown = !Has(kEveryPrivilege, word) ||
                         (word == "maintain" && situation_.server_version < 17) ||
                         (word == "set" && situation_.server_version < 15);
    const bool of_columns = i < grant.columns.size() && !grant.columns[i].empty();
    const Relation* sequence = grant.kind == ObjectKind::kTable && grant.objects.size() == 1
                                   ? Find(grant.objects[0])
                                   : nullptr;
    const bool usage = word == "usage" && sequence != nullptr &&
                       (sequence->assumed || sequence->kind == RelationKind::kSequence);
    if (unknown) return Fail("42601", absl::StrCat("unrecognized privilege type \"", word, "\""));
    if (word.empty() || usage || Has(of_columns ? kOfColumn : allowed, word)) continue;
    return Fail("0LP01", absl::StrCat("invalid privilege type ", word));
  }
}

// aclchk.c:expand_col_privileges
bool Inspector::CheckGrantedColumns(const action::Grant& grant, const Relation& relation) {
  for (const std::vector<std::string>& columns : grant.columns) {
    for (const std::string& column : columns) {
      const bool view =
          relation.kind == RelationKind::kView && !relation.columns.empty() && KnowsAll(relation);
      if (view && relation.FindColumn(column) == nullptr) {
        Fail("42703", absl::StrCat("column \"", column, "\" does not exist"));
        return false;
      }
      if (!IsSystemColumn(column) && !HasColumn(relation, column)) return false;
    }
  }
  return true;
}

// Since 18 GRANT and REVOKE lock the relation (aclchk.c:ExecGrant_Relation).
void Inspector::Look(const action::Grant& grant) {
  for (const std::string& role : grant.grantees) {
    if (role != "public" && FailIfGone(ObjectKind::kRole, {.name = role})) return;
    if (role == "public" && grant.with_option && grant.grant) {
      return Fail("0LP01", "grant options can only be granted to roles");
    }
  }
  CheckPrivileges(grant);
  if (facts_.failure) return;
  // Those of a schema are found without being opened.
  if (grant.all_in_schema) {
    for (const Name& schema : grant.objects) FailIfGone(ObjectKind::kSchema, schema);
    return;
  }
  for (size_t i = 0; i < grant.objects.size(); ++i) {
    const Name& name = grant.objects[i];
    if (!IsRelation(grant.kind)) {
      const std::optional<std::string> signature =
          i < grant.signatures.size() ? grant.signatures[i] : std::nullopt;
      if (!CheckObject(grant.kind, name, signature)) return;
      if (!grant.grant) NoteLoss(name);
      continue;
    }
    const Relation* relation = Find(name);
    if (relation == nullptr) {
      const UserType* type = view_.FindType(name, situation_.search_path);
      if (type == nullptr || type->kind != action::TypeKind::kComposite) return FailMissing(name);
      return Fail("42809", absl::StrCat("\"", name.name, "\" is a composite type"));
    }
    if (!CheckGrantedColumns(grant, *relation)) return;
    Add(Role::kTable, *relation);
    if (!grant.grant) {
      NoteBehaviour(*relation,
                    absl::StrCat("who loses privileges on `", relation->name, "` is refused"));
    }
  }
}

void Inspector::NoteLoss(const Name& name) {
  facts_.breaks.push_back(
      {.kind = BreakKind::kBehaviour,
       .relation = {.name = name.name, .live = true},
       .detail = absl::StrCat("who loses privileges on `", name.name, "` is refused")});
}

// ---- publications ----------------------------------------------------------------------------

void Inspector::Look(const action::AlterPublication& alter) {
  const Name name = {.name = alter.publication};
  const NamedObject* publication = view_.FindObject(ObjectKind::kPublication, name, {});
  const bool known = publication != nullptr && !MayHaveFallen(publication->created);
  if (alter.create && known) {
    return Fail("42710", absl::StrCat("publication \"", name.name, "\" already exists"));
  }
  if (!alter.create && FailIfGone(ObjectKind::kPublication, name)) return;
  // publicationcmds.c:parse_publication_options
  for (const Parameter& option : alter.options) {
    const bool taken =
        option.name == "publish" ||
        (option.name == "publish_via_partition_root" && situation_.server_version >= 13) ||
        (option.name == "publish_generated_columns" && situation_.server_version >= 18);
    if (!taken) {
      return Fail("42601",
                  absl::StrCat("unrecognized publication parameter: \"", option.name, "\""));
    }
  }
  for (const std::string& schema : alter.schemas) {
    if (FailIfGone(ObjectKind::kSchema, {.name = schema})) return;
  }
  const bool refuses = known && publication->all_tables && !alter.create &&
                       (!alter.tables.empty() || !alter.schemas.empty());
  if (refuses) {
    return Fail("55000", absl::StrCat("publication \"", name.name, "\" is FOR ALL TABLES"));
  }
  if (alter.sets) {
    for (const Relation* table : view_.DependentsOn(ObjectKind::kPublication, name.name)) {
      if (IsPublished(*table, name.name)) Add(Role::kTable, *table);
    }
  }
  for (const action::PublishedTable& published : alter.tables) {
    const Relation* table = Find(published.table.name);
    if (table == nullptr) return FailMissing(published.table.name);
    if (table->kind == RelationKind::kPartitionedTable && situation_.server_version < 13) {
      return Fail("0A000", absl::StrCat("\"", table->name, "\" is a partitioned table"));
    }
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
    for (const std::string& column : published.columns) {
      if (!IsSystemColumn(column) && !HasColumn(*table, column)) return;
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
  facts_.modelled = known || !owned.empty() || situation_.closed;
  if (!known && drops) {
    facts_.losses.push_back({.kind = LossKind::kOther, .relation = {.name = change.roles[0]}});
  }
}

// Names that PostgreSQL keeps for itself (user.c:CreateRole, tablespace.c:CreateTableSpace).
static bool IsReserved(ObjectKind kind, absl::string_view name) {
  if (kind == ObjectKind::kTablespace) return absl::StartsWith(name, "pg_");
  return kind == ObjectKind::kRole &&
         (absl::StartsWith(name, "pg_") || name == "public" || name == "none");
}

void Inspector::CheckCreated(const action::ChangeObject& change) {
  const ObjectKind kind = change.kind;
  const Name place = PlaceFor(change.object);
  const bool told =
      kind == ObjectKind::kType || kind == ObjectKind::kFunction || kind == ObjectKind::kProcedure;
  if (!change.object.schema.empty()) CheckPlace(change.object);
  if (IsReserved(kind, change.object.name)) {
    return Fail("42939", absl::StrCat("name \"", change.object.name, "\" is reserved"));
  }
  if (!CheckUses(change.uses)) return;
  CheckHandler(change);
  if (kind == ObjectKind::kOperator) CheckOperator(change);
  if (kind == ObjectKind::kEventTrigger) CheckEventTrigger(change);
  if (kind == ObjectKind::kSubscription) CheckNewSubscription(change);
  if (kind == ObjectKind::kConversion) CheckEncodings(change);
  if (facts_.failure || told || change.forgiving || change.object.name.empty()) return;
  if (!ExistsAlready(kind, place)) return;
  const bool search =
      ObjectKind::kTextSearchConfiguration <= kind && kind <= ObjectKind::kTextSearchTemplate;
  const bool function = kind == ObjectKind::kOperator || kind == ObjectKind::kAggregate;
  // Those of text search are told from each other by an index alone.
  Fail(kind == ObjectKind::kDatabase ? "42P04"
       : search                      ? "23505"
       : function                    ? "42723"
                                     : "42710",
       absl::StrCat("\"", place.name, "\" already exists"));
}

// common/encnames.c:pg_encname_tbl, as pg_char_to_encoding cleans the names.
static bool IsEncoding(absl::string_view name) {
  static constexpr absl::string_view kEncodings =
      " abc alt big5 euccn eucjis2004 eucjp euckr euctw gb18030 gbk iso88591 iso885910 iso885913 "
      "iso885914 iso885915 iso885916 iso88592 iso88593 iso88594 iso88595 iso88596 iso88597 "
      "iso88598 "
      "iso88599 johab koi8 koi8r koi8u latin1 latin10 latin2 latin3 latin4 latin5 latin6 latin7 "
      "latin8 latin9 mskanji muleinternal shiftjis shiftjis2004 sjis sqlascii tcvn tcvn5712 uhc "
      "unicode utf8 vscii win win1250 win1251 win1252 win1253 win1254 win1255 win1256 win1257 "
      "win1258 win866 win874 win932 win936 win949 win950 windows1250 windows1251 windows1252 "
      "windows1253 windows1254 windows1255 windows1256 windows1257 windows1258 windows866 "
      "windows874 windows932 windows936 windows949 windows950 ";
  std::string clean;
  for (const char c : absl::AsciiStrToLower(name)) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c))) clean.push_back(c);
  }
  return absl::StrContains(kEncodings, absl::StrCat(" ", clean, " "));
}

// conversioncmds.c:CreateConversionCommand
void Inspector::CheckEncodings(const action::ChangeObject& change) {
  for (const Parameter& option : change.options) {
    if (option.name != "encoding" || IsEncoding(option.value)) continue;
    return Fail("42704", absl::StrCat("encoding \"", option.value, "\" does not exist"));
  }
}

// operatorcmds.c:DefineOperator
void Inspector::CheckOperator(const action::ChangeObject& change) {
  bool function = false;
  bool arguments = false;
  for (const Parameter& option : change.options) {
    function = function || option.name == "function" || option.name == "procedure";
    arguments = arguments || option.name == "leftarg" || option.name == "rightarg";
  }
  if (!function || !arguments) Fail("42P13", "an operator needs a function and an argument");
}

// alter.c:AlterObjectRename_internal, AlterObjectNamespace_internal
void Inspector::CheckMoved(const action::ChangeObject& change) {
  const ObjectKind kind = change.kind;
  const bool renames = change.change == action::ObjectChange::kRename;
  const bool function = kind == ObjectKind::kFunction || kind == ObjectKind::kProcedure ||
                        kind == ObjectKind::kRoutine;
  const bool plain = kind == ObjectKind::kType || kind == ObjectKind::kExtension ||
                     kind == ObjectKind::kAggregate || kind == ObjectKind::kOperator ||
                     kind == ObjectKind::kOperatorClass || kind == ObjectKind::kOperatorFamily;
  if (renames && IsReserved(kind, change.to)) {
    return Fail("42939", absl::StrCat("name \"", change.to, "\" is reserved"));
  }
  if (IsOfOthers(change.kind, change.object)) {
    return Fail(change.kind == ObjectKind::kDatabase ? "3D000" : "42704",
                absl::StrCat("\"", change.object.name, "\" does not exist"));
  }
  if (plain || change.forgiving || change.object.name.empty()) return;
  const Name from = view_.Resolve(kind, change.object, situation_.search_path);
  const Name place = PlaceFor(from);
  const Name to = renames ? Name{.schema = place.schema, .name = change.to}
                          : Name{.schema = change.to, .name = place.name};
  if (!function) {
    if (!ExistsAlready(kind, to)) return;
    return Fail(kind == ObjectKind::kDatabase ? "42P04" : "42710",
                absl::StrCat("\"", to.name, "\" already exists"));
  }
  const Routine* own = view_.FindRoutine(place, {});
  const Routine* other = view_.FindRoutine(to, {});
  // A routine may be moved to where it is, and not be given the name that it has.
  const bool stays = own == other && !renames;
  if (own == nullptr || other == nullptr || stays || MayHaveFallen(other->created)) return;
  if (!change.signature && own->overloads.size() != 1) return;
  const std::string& signature = change.signature ? *change.signature : own->overloads[0].signature;
  for (const Overload& overload : other->overloads) {
    if (overload.signature != signature) continue;
    return Fail("42723", absl::StrCat("function ", to.name, " already exists"));
  }
}

// tcop/cmdtaglist.h, of commands that fire event triggers. What the rest of a tag says is not
// looked at; of several there is no telling from here.
static bool MayBeTag(absl::string_view tag) {
  const std::string word = absl::AsciiStrToLower(tag.substr(0, tag.find(' ')));
  for (const absl::string_view known :
       {"alter", "comment", "create", "drop", "grant", "import", "login", "reassign", "refresh",
        "reindex", "revoke", "security", "select"}) {
    if (word == known) return true;
  }
  return tag.empty() || absl::StrContains(tag, ',');
}

// event_trigger.c:CreateEventTrigger
void Inspector::CheckEventTrigger(const action::ChangeObject& change) {
  for (const Parameter& option : change.options) {
    const bool event = option.name == "event";
    const bool known = event ? option.value == "ddl_command_start" ||
                                   option.value == "ddl_command_end" ||
                                   option.value == "sql_drop" || option.value == "table_rewrite" ||
                                   (option.value == "login" && situation_.server_version >= 17)
                             : option.name == "tag";
    if (known && !event && !MayBeTag(option.value)) {
      return Fail("42601", absl::StrCat("filter value \"", option.value, "\" not recognized"));
    }
    if (!known) {
      return Fail("42601",
                  absl::StrCat("unrecognized \"", event ? option.value : option.name, "\""));
    }
  }
}

// A handler gives what its kind asks for (functioncmds.c, amcmds.c:lookup_am_handler_func,
// event_trigger.c).
void Inspector::CheckHandler(const action::ChangeObject& change) {
  char wanted = 0;
  absl::string_view type;
  if (change.kind == ObjectKind::kEventTrigger) {
    wanted = 'e';
    type = "event_trigger";
  } else if (change.kind == ObjectKind::kAccessMethod) {
    const bool index = !change.options.empty() && change.options[0].value == "i";
    wanted = index ? 'i' : 'h';
    type = index ? "index_am_handler" : "table_am_handler";
  }
  if (wanted == 0 || change.uses.empty()) return;
  const Name& name = change.uses[0].name;
  const Routine* routine = view_.FindRoutine(name, situation_.search_path);
  const BuiltinSupport* support = FindBuiltinSupport(name.name, situation_.server_version);
  const bool wrong = routine != nullptr ? routine->overloads.size() == 1 &&
                                              !routine->overloads[0].returns.empty() &&
                                              routine->overloads[0].returns != type &&
                                              !MayHaveFallen(routine->created)
                                        : support != nullptr && support->returns != wanted;
  if (!wrong) return;
  Fail(wanted == 'e' ? "42P17" : "42809",
       absl::StrCat("function ", name.name, " must return type ", type));
}

// ---- subscriptions ---------------------------------------------------------------------------

namespace {

const Parameter* FindOption(absl::Span<const Parameter> options, absl::string_view name) {
  for (const Parameter& option : options) {
    if (option.name == name) return &option;
  }
  return nullptr;
}

}  // namespace

bool IsSwitchedOn(absl::Span<const Parameter> options, absl::string_view name, bool otherwise) {
  const Parameter* option = FindOption(options, name);
  if (option == nullptr) return otherwise;
  return option->value != "false" && option->value != "off" && option->value != "0";
}

// subscriptioncmds.c:parse_subscription_options
void Inspector::CheckNewSubscription(const action::ChangeObject& change) {
  const auto& options = change.options;
  const bool connects = IsSwitchedOn(options, "connect", true);
  const Parameter* slot = FindOption(options, "slot_name");
  for (const absl::string_view name : {"enabled", "create_slot", "copy_data"}) {
    if (!connects && IsSwitchedOn(options, name, false)) {
      return Fail("42601",
                  absl::StrCat("connect = false and ", name, " = true exclude each other"));
    }
    const bool needs = slot != nullptr && slot->value == "none" && name != "copy_data";
    if (needs && IsSwitchedOn(options, name, connects)) {
      return Fail("42601",
                  absl::StrCat("slot_name = NONE and ", name, " = true exclude each other"));
    }
  }
}

void Inspector::CheckSubscription(const action::ChangeObject& change) {
  const NamedObject* known = view_.FindObject(change.kind, change.object, {});
  if (known == nullptr || MayHaveFallen(known->created)) return;
  const Parameter* slot = FindOption(change.options, "slot_name");
  if (change.outside_transactions && !known->enabled) {
    return Fail("55000", "this is not allowed for disabled subscriptions");
  }
  if (IsSwitchedOn(change.options, "enabled", false) && !known->has_slot) {
    return Fail("55000", "cannot enable subscription that does not have a slot name");
  }
  if (slot != nullptr && slot->value == "none" && known->enabled) {
    Fail("55000", "cannot set slot_name = NONE for enabled subscription");
  }
}

bool Inspector::IsAllowedAfterAll(const Action& action) {
  if (const auto* drop = std::get_if<action::Drop>(&action.kind)) {
    if (drop->kind != ObjectKind::kSubscription || drop->objects.empty()) return false;
    const Name& name = drop->objects[0];
    const NamedObject* known = view_.FindObject(ObjectKind::kSubscription, name, {});
    return IsGone(ObjectKind::kSubscription, name) ||
           (known != nullptr && !MayHaveFallen(known->created) && !known->has_slot);
  }
  const auto* change = std::get_if<action::ChangeObject>(&action.kind);
  if (change == nullptr || change->kind != ObjectKind::kSubscription) return false;
  if (change->change == action::ObjectChange::kCreate) {
    CheckNewSubscription(*change);
  } else if (!FailIfGone(change->kind, change->object)) {
    CheckSubscription(*change);
  }
  return facts_.failure.has_value();
}

// ---- other objects ---------------------------------------------------------------------------

bool Inspector::HasNoHandler(const Name& server) const {
  const NamedObject* known = view_.FindObject(ObjectKind::kServer, server, {});
  if (known == nullptr || known->stands_on == nullptr) return false;
  return std::any_of(known->stands_on->begin(), known->stands_on->end(), [&](const Dependence& on) {
    const NamedObject* wrapper =
        on.on == ObjectKind::kForeignDataWrapper ? view_.FindObject(on.on, on.object, {}) : nullptr;
    return wrapper != nullptr && !wrapper->has_handler && !MayHaveFallen(wrapper->created);
  });
}

void Inspector::CheckForeign(const Relation& table) {
  if (table.kind != RelationKind::kForeignTable || table.stands_on == nullptr) return;
  for (const Dependence& on : *table.stands_on) {
    if (on.on != ObjectKind::kServer || !HasNoHandler(on.object)) continue;
    return Fail("55000", "the foreign-data wrapper has no handler");
  }
}

// What they change for those who are connected, or for what is done from now on.
void Inspector::NoteChanged(const action::ChangeObject& change) {
  using action::ObjectChange;
  const auto note = [&](std::string what) {
    facts_.breaks.push_back({.kind = BreakKind::kBehaviour,
                             .relation = {.name = change.object.name, .live = true},
                             .detail = std::move(what)});
  };
  const bool alters = change.change == ObjectChange::kAlter;
  if (change.kind == ObjectKind::kSystem) return note("a setting of the whole server changes");
  if (alters && change.kind == ObjectKind::kDatabase) {
    return note("a setting of all sessions of the database may change");
  }
  if (alters && change.kind == ObjectKind::kRole) {
    return note("what a role may do, or the settings of its sessions, change");
  }
  if (change.change == ObjectChange::kCreate && change.kind == ObjectKind::kEventTrigger) {
    return note("a function runs with every statement of that kind");
  }
  if (change.kind == ObjectKind::kSubscription &&
      (alters || change.change == ObjectChange::kCreate)) {
    note("rows of another server may come in");
  }
}

void Inspector::Look(const action::ChangeObject& change) {
  using action::ObjectChange;
  // An extension's script may do anything.
  const bool script =
      change.kind == ObjectKind::kExtension && change.change == ObjectChange::kAlter;
  facts_.calls_unknown = script;
  facts_.modelled = !script;
  const bool moves =
      change.change == ObjectChange::kRename || change.change == ObjectChange::kSetSchema;
  if (change.change == ObjectChange::kCreate) {
    CheckCreated(change);
  } else {
    const bool missing = change.forgiving
                             ? IsGone(change.kind, change.object)
                             : !CheckObject(change.kind, change.object, change.signature);
    if (missing) {
      facts_.modelled = true;
      facts_.calls_unknown = false;
      return;
    }
    if (!CheckUses(change.uses)) return;
    // One moves to another tablespace while nobody is in it: it is another's database.
    const bool elsewhere = change.kind == ObjectKind::kDatabase && change.outside_transactions;
    if (elsewhere && IsOfOthers(change.kind, change.object)) {
      return Fail("3D000", absl::StrCat("database \"", change.object.name, "\" does not exist"));
    }
    // aclchk.c:ExecAlterDefaultPrivilegesStmt
    if (!change.privileges.empty()) {
      CheckPrivileges({.kind = change.privileges_on, .privileges = change.privileges});
    }
  }
  const bool owner = change.change == ObjectChange::kOwner;
  if (owner && FailIfGone(ObjectKind::kRole, {.name = change.to})) return;
  const bool places = change.change == ObjectChange::kSetSchema;
  if (places && FailIfGone(ObjectKind::kSchema, {.name = change.to})) return;
  if (moves) CheckMoved(change);
  if (change.kind == ObjectKind::kSubscription && change.change == ObjectChange::kAlter) {
    CheckSubscription(change);
  }
  if (change.kind == ObjectKind::kForeignTable) LookAtImport(change);
  if (change.kind == ObjectKind::kTablespace && change.change == ObjectChange::kCreate) {
    CheckLocation(change);
  }
  if (moves) {
    facts_.breaks.push_back({.kind = BreakKind::kDroppedObject,
                             .relation = {.name = change.object.name, .live = true}});
  }
  NoteChanged(change);
}

// foreigncmds.c:ImportForeignSchema
void Inspector::LookAtImport(const action::ChangeObject& change) {
  for (const ObjectUse& use : change.uses) {
    if (use.kind == ObjectKind::kServer && HasNoHandler(use.name)) {
      return Fail("55000", "the foreign-data wrapper has no handler");
    }
  }
}

// tablespace.c:CreateTableSpace
void Inspector::CheckLocation(const action::ChangeObject& change) {
  const Parameter* location = FindOption(change.options, "location");
  if (location == nullptr || absl::StartsWith(location->value, "/")) return;
  Fail("42P17", "tablespace location must be an absolute path");
}

void Inspector::Look(const action::AlterExtension& alter) {
  if (FailIfGone(ObjectKind::kExtension, {.name = alter.extension})) return;
  if (!IsRelation(alter.kind)) {
    CheckObject(alter.kind, alter.member, std::nullopt);
    return;
  }
  const Relation* member = Find(alter.member);
  if (member == nullptr) return FailMissing(alter.member);
  Add(Role::kTable, *member);
}

}  // namespace plimsoll
