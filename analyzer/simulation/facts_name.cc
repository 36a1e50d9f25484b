// Which objects there are: what PostgreSQL brings, what this history made and what it took away.
// What a statement names and nobody made is missing, where the start is known to be empty.

#include <algorithm>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "analyzer/simulation/builtins.h"
#include "analyzer/simulation/dependence.h"
#include "analyzer/simulation/facts.h"
#include "analyzer/simulation/volatility.h"

namespace plimsoll {
namespace {

bool IsRoutine(ObjectKind kind) {
  return kind == ObjectKind::kFunction || kind == ObjectKind::kProcedure ||
         kind == ObjectKind::kRoutine;
}

bool IsType(ObjectKind kind) { return kind == ObjectKind::kType || kind == ObjectKind::kDomain; }

bool IsSystemSchema(absl::string_view schema) {
  return absl::StartsWith(schema, "pg_") || schema == "information_schema";
}

template <size_t size>
bool IsOneOf(absl::string_view name, const char* const (&names)[size]) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

// Whether objects of the kind have names that tell them apart, so that one that is gone is missed.
bool HasPlainName(ObjectKind kind) {
  return kind > ObjectKind::kRule && kind != ObjectKind::kDomainConstraint &&
         kind != ObjectKind::kTransform && kind != ObjectKind::kLargeObject &&
         kind != ObjectKind::kDefaultPrivileges && kind != ObjectKind::kSystem &&
         kind != ObjectKind::kOther;
}

// Those that belong to the cluster: what no file creates may be there in any database.
bool IsOfCluster(ObjectKind kind) {
  return kind == ObjectKind::kRole || kind == ObjectKind::kDatabase ||
         kind == ObjectKind::kTablespace;
}

// pg_language, pg_am and pg_ts_* of a new database.
constexpr const char* kLanguages[] = {"internal", "c", "sql", "plpgsql"};
constexpr const char* kAccessMethods[] = {"heap", "btree", "hash", "gist", "gin", "spgist", "brin"};
constexpr const char* kTemplates[] = {"simple", "synonym", "ispell", "thesaurus", "snowball"};
constexpr const char* kDictionaryLanguages[] = {
    "arabic",  "armenian",  "basque",     "catalan",  "danish",  "dutch",
    "english", "estonian",  "finnish",    "french",   "german",  "greek",
    "hindi",   "hungarian", "indonesian", "irish",    "italian", "lithuanian",
    "nepali",  "norwegian", "portuguese", "romanian", "russian", "serbian",
    "simple",  "spanish",   "swedish",    "tamil",    "turkish", "yiddish"};

// Whether pg_collation may have it: the names of a machine's locales and of ICU's are among them.
bool MayBeLocale(absl::string_view name) {
  constexpr const char* kFixed[] = {"default", "C",         "POSIX",          "ucs_basic",
                                    "unicode", "pg_c_utf8", "pg_unicode_fast"};
  // Names that the C library has for some of its locales.
  constexpr const char* kAliases[] = {
      "bokmal",   "catalan", "croatian",   "czech",     "danish",    "dansk",     "deutsch",
      "dutch",    "eesti",   "estonian",   "finnish",   "french",    "galego",    "galician",
      "german",   "greek",   "hebrew",     "hrvatski",  "hungarian", "icelandic", "italian",
      "japanese", "korean",  "lithuanian", "norwegian", "nynorsk",   "polish",    "portuguese",
      "romanian", "russian", "slovak",     "slovene",   "slovenian", "spanish",   "swedish",
      "thai",     "turkish"};
  if (IsOneOf(name, kFixed) || IsOneOf(name, kAliases)) return true;
  const size_t letters = static_cast<size_t>(
      std::find_if(name.begin(), name.end(), [](char c) { return c < 'a' || c > 'z'; }) -
      name.begin());
  if (letters < 2 || letters > 3) return absl::StrContains(name, '.');
  const absl::string_view rest = name.substr(letters);
  if (rest.empty() || rest[0] != '_') return true;
  const auto is_upper = [&](size_t i) {
    return rest.size() > i && rest[i] >= 'A' && rest[i] <= 'Z';
  };
  return is_upper(1) && is_upper(2);
}

// The operator of a name as ObjectUse has it.
bool IsBuiltinOperator(absl::string_view name, int server_version) {
  const size_t open = name.find('(');
  if (open == absl::string_view::npos) return false;
  const absl::string_view types = absl::StripSuffix(name.substr(open + 1), ")");
  const std::pair<absl::string_view, absl::string_view> sides = absl::StrSplit(types, ", ");
  const auto rows = FindBuiltinOperators(name.substr(0, open));
  return std::any_of(rows.begin(), rows.end(), [&](const BuiltinOperator& row) {
    return IsIn(row, server_version) && sides.first == row.left && sides.second == row.right;
  });
}

// The class or family of a name as ObjectUse has it. The names of PostgreSQL's families end alike.
bool IsBuiltinOfMethod(ObjectKind kind, absl::string_view name, int server_version) {
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(name, " USING ");
  if (kind == ObjectKind::kOperatorFamily) return absl::EndsWith(parts.first, "_ops");
  return FindOperatorClass(parts.second, server_version, [&](const BuiltinOperatorClass& row) {
           return parts.first == row.name;
         }) != nullptr;
}

bool IsBuiltinCast(absl::string_view name, int server_version) {
  absl::string_view types = name;
  if (!absl::ConsumePrefix(&types, "(") || !absl::ConsumeSuffix(&types, ")")) return true;
  const std::pair<absl::string_view, absl::string_view> sides = absl::StrSplit(types, " AS ");
  return FindBuiltinCast(sides.first, sides.second, server_version) != nullptr;
}

// Whether PostgreSQL brings it, or may: of some kinds not every name is known.
bool MayBeBuiltin(ObjectKind kind, const Name& name, int server_version) {
  const std::string& word = name.name;
  switch (kind) {
    case ObjectKind::kExtension:
      return word == "plpgsql";
    case ObjectKind::kLanguage:
      return IsOneOf(word, kLanguages);
    case ObjectKind::kAccessMethod:
      return IsOneOf(word, kAccessMethods);
    case ObjectKind::kCollation:
      return MayBeLocale(word);
    case ObjectKind::kConversion:
      return absl::StrContains(word, "_to_");
    case ObjectKind::kTextSearchParser:
      return word == "default";
    case ObjectKind::kTextSearchTemplate:
      return IsOneOf(word, kTemplates);
    case ObjectKind::kTextSearchConfiguration:
      return IsOneOf(word, kDictionaryLanguages);
    case ObjectKind::kTextSearchDictionary:
      return IsOneOf(absl::StripSuffix(word, "_stem"), kDictionaryLanguages);
    case ObjectKind::kOperator:
      return IsBuiltinOperator(word, server_version);
    case ObjectKind::kOperatorClass:
    case ObjectKind::kOperatorFamily:
      return IsBuiltinOfMethod(kind, word, server_version);
    case ObjectKind::kCast:
      return IsBuiltinCast(word, server_version);
    case ObjectKind::kAggregate:
      return IsBuiltinFunctionName(word.substr(0, word.find('(')));
    default:
      return IsOfCluster(kind);
  }
}

bool IsTypeOfNobody(const Name& name, const TypeScope& scope) {
  if (absl::StartsWith(name.name, "pg_")) return false;
  const bool multirange = absl::StrContains(name.name, "multirange");
  // Arrays and multiranges have types of their own.
  if (name.name[0] == '_' || (multirange && scope.server_version >= 14)) return false;
  return scope.view.FindType(name, scope.search_path) == nullptr &&
         scope.view.Find(name, scope.search_path) == nullptr;
}

// Neither this history nor PostgreSQL brings the object; extensions, where there are any, may.
bool IsOfNobody(ObjectKind kind, const Name& name, const TypeScope& scope) {
  const CatalogView& view = scope.view;
  const bool extended = view.FindObject(ObjectKind::kExtension, kAnyExtension, {}) != nullptr;
  if (extended || IsSystemSchema(name.schema)) return false;
  const bool contrib = view.FindObject(ObjectKind::kExtension, kKnownExtension, {}) != nullptr;
  const bool told = kind == ObjectKind::kSchema || IsRoutine(kind) || IsType(kind);
  if (contrib && (!told || IsFromKnownExtension(name))) return false;
  if (kind == ObjectKind::kSchema) {
    return !view.HasSchema(name.name) && name.name != "public" && !IsSystemSchema(name.name);
  }
  // An aggregate is a ROUTINE too.
  if (IsRoutine(kind)) {
    return kind != ObjectKind::kRoutine && !IsBuiltinFunction(name) &&
           FindBuiltinSupport(name.name, scope.server_version) == nullptr &&
           view.FindRoutine(name, scope.search_path) == nullptr;
  }
  if (IsType(kind)) return IsTypeOfNobody(name, scope);
  const bool outside = !name.schema.empty() && kind != ObjectKind::kCast;
  return (outside || !MayBeBuiltin(kind, name, scope.server_version)) && !IsOfCluster(kind) &&
         view.FindObject(kind, name, scope.search_path) == nullptr;
}

Name NameInText(absl::string_view text) {
  const size_t dot = text.rfind('.');
  if (dot == absl::string_view::npos) return {.name = std::string(text)};
  return {.schema = std::string(text.substr(0, dot)), .name = std::string(text.substr(dot + 1))};
}

// The types of a signature as CreateFunction has it.
std::vector<Name> TypesIn(absl::string_view signature) {
  std::vector<Name> types;
  for (absl::string_view type : absl::StrSplit(signature, ", ", absl::SkipEmpty())) {
    absl::ConsumeSuffix(&type, "[]");
    types.push_back(NameInText(type));
  }
  return types;
}

// The types that the name of an operator, aggregate or cast is made of.
std::vector<Name> TypesOfName(ObjectKind kind, absl::string_view name) {
  const size_t open = name.find('(');
  const bool has =
      kind == ObjectKind::kOperator || kind == ObjectKind::kAggregate || kind == ObjectKind::kCast;
  if (!has || open == absl::string_view::npos) return {};
  const absl::string_view inside = absl::StripSuffix(name.substr(open + 1), ")");
  if (kind != ObjectKind::kCast) return TypesIn(inside);
  std::vector<Name> types;
  for (absl::string_view type : absl::StrSplit(inside, " AS ")) {
    for (Name& one : TypesIn(type)) types.push_back(std::move(one));
  }
  return types;
}

// The types certainly differ: PostgreSQL's own have one name each, others may have been renamed.
bool CertainlyDiffer(absl::string_view a, absl::string_view b) {
  const std::vector<Name> left = TypesIn(a);
  const std::vector<Name> right = TypesIn(b);
  if (left.size() != right.size()) return true;
  for (size_t i = 0; i < left.size(); ++i) {
    const bool builtin = IsBuiltinType(left[i]);
    if (builtin != IsBuiltinType(right[i]) || (builtin && !(left[i] == right[i]))) return true;
  }
  return false;
}

// Whether the name alone stands for more than one that certainly differ.
bool IsAmbiguous(const Routine& routine, ObjectKind kind, int server_version) {
  const Overload* first = nullptr;
  for (const Overload& overload : routine.overloads) {
    const bool suits = server_version < 14 || kind == ObjectKind::kRoutine ||
                       overload.procedure == (kind == ObjectKind::kProcedure);
    if (!suits) continue;
    if (first != nullptr && CertainlyDiffer(first->signature, overload.signature)) return true;
    if (first == nullptr) first = &overload;
  }
  return false;
}

bool StandsInSchema(ObjectKind kind) {
  return IsType(kind) || IsRoutine(kind) || kind == ObjectKind::kAggregate ||
         kind == ObjectKind::kStatistics || kind == ObjectKind::kCollation ||
         kind == ObjectKind::kConversion || kind == ObjectKind::kOperator ||
         kind == ObjectKind::kOperatorClass || kind == ObjectKind::kOperatorFamily ||
         kind == ObjectKind::kTextSearchConfiguration ||
         kind == ObjectKind::kTextSearchDictionary || kind == ObjectKind::kTextSearchParser ||
         kind == ObjectKind::kTextSearchTemplate;
}

}  // namespace

bool Inspector::IsGone(ObjectKind kind, const Name& name) const {
  if (situation_.trusted_since > 0 || name.name.empty() || !HasPlainName(kind)) return false;
  const bool bare = name.schema.empty() || name.schema == "pg_catalog";
  const bool builtin_type =
      IsType(kind) && bare && FindBuiltinType(name.name, situation_.server_version) != nullptr;
  if (builtin_type) return false;
  return view_.IsObjectMissing(kind, name, situation_.search_path) ||
         (situation_.closed && IsOfNobody(kind, name, Scope()));
}

bool Inspector::FailIfGone(ObjectKind kind, const Name& name) {
  if (!IsGone(kind, name)) return false;
  const bool placeless = StandsInSchema(kind) && !name.schema.empty() &&
                         IsGone(ObjectKind::kSchema, {.name = name.schema});
  const absl::string_view sqlstate =
      kind == ObjectKind::kSchema || placeless ? "3F000"
      : kind == ObjectKind::kDatabase          ? "3D000"
      : IsRoutine(kind) || kind == ObjectKind::kAggregate || kind == ObjectKind::kOperator
          ? "42883"
          : "42704";
  Fail(sqlstate, absl::StrCat("\"", name.name, "\" does not exist"));
  return true;
}

bool Inspector::IsPlaceless(const Name& name) const {
  return !name.schema.empty() && IsGone(ObjectKind::kSchema, {.name = name.schema});
}

// namespace.c:RangeVarGetCreationNamespace
void Inspector::CheckPlace(const Name& name) {
  const absl::Span<const std::string> path = situation_.search_path;
  const auto is_gone = [&](const std::string& schema) {
    return IsGone(ObjectKind::kSchema, {.name = schema});
  };
  // Of an empty path it may not be known what it was made of.
  const bool none = situation_.no_path || !path.empty();
  if (name.schema.empty() && none && std::all_of(path.begin(), path.end(), is_gone)) {
    return Fail("3F000", "no schema has been selected to create in");
  }
  if (name.schema.empty()) return;
  const bool made_here = Sibling<action::CreateSchema>(
      [&](const action::CreateSchema& create) { return create.name == name.schema; });
  if (!made_here) FailIfGone(ObjectKind::kSchema, {.name = name.schema});
}

// catalog/heap.c:heap_create
void Inspector::CheckRelationPlace(const Name& name) {
  CheckPlace(name);
  const bool system = name.schema == "pg_catalog" || name.schema == "pg_toast";
  if (!system || situation_.changes_system) return;
  Fail("42501", absl::StrCat("permission denied to create \"", name.schema, ".", name.name, "\""));
}

bool Inspector::FailIfTypesGone(ObjectKind kind, const Name& name) {
  const std::vector<Name> types = TypesOfName(kind, name.name);
  return std::any_of(types.begin(), types.end(),
                     [&](const Name& type) { return FailIfGone(ObjectKind::kType, type); });
}

bool Inspector::ExistsAlready(ObjectKind kind, const Name& place) const {
  const NamedObject* known = view_.FindObject(kind, place, {});
  if (known != nullptr) return !MayHaveFallen(known->created);
  const bool fixed = kind == ObjectKind::kLanguage || kind == ObjectKind::kAccessMethod ||
                     kind == ObjectKind::kCast || kind == ObjectKind::kExtension;
  return fixed && situation_.trusted_since == 0 &&
         MayBeBuiltin(kind, place, situation_.server_version) &&
         !view_.IsObjectMissing(kind, place, situation_.search_path);
}

// parse_func.c:LookupFuncWithArgs
bool Inspector::CheckRoutine(ObjectKind kind, const Name& name,
                             const std::optional<std::string>& signature) {
  if (signature) {
    for (const Name& type : TypesIn(*signature)) {
      if (FailIfGone(ObjectKind::kType, type)) return false;
    }
    const Name aggregate = {.schema = name.schema,
                            .name = absl::StrCat(name.name, "(", *signature, ")")};
    const NamedObject* found =
        view_.FindObject(ObjectKind::kAggregate, aggregate, situation_.search_path);
    if (found != nullptr && kind != ObjectKind::kRoutine) {
      Fail("42809", absl::StrCat(aggregate.name, " is an aggregate function"));
      return false;
    }
  }
  if (FailIfGone(kind, name)) return false;
  const Routine* routine = view_.FindRoutine(name, situation_.search_path);
  if (routine == nullptr || MayHaveFallen(routine->created)) return true;
  // More of them may be there that no file creates.
  const bool others = !situation_.closed || situation_.extended || situation_.trusted_since > 0 ||
                      IsBuiltinFunction(name);
  // Procedures may be named with their OUT arguments.
  const auto fits = [&](const Overload& overload) {
    return !CertainlyDiffer(overload.signature, *signature) ||
           (routine->procedure && TypesIn(overload.signature).size() != TypesIn(*signature).size());
  };
  if (signature && !others &&
      std::none_of(routine->overloads.begin(), routine->overloads.end(), fits)) {
    Fail("42883", absl::StrCat("function ", name.name, "(", *signature, ") does not exist"));
    return false;
  }
  if (!signature && kind != ObjectKind::kRoutine && situation_.server_version >= 14 && !others) {
    // Only those of the kind are looked at (LookupFuncNameInternal).
    const auto suits = [&](const Overload& overload) {
      return overload.procedure == (kind == ObjectKind::kProcedure);
    };
    if (std::none_of(routine->overloads.begin(), routine->overloads.end(), suits)) {
      Fail("42883", absl::StrCat("could not find a function named ", name.name));
      return false;
    }
  }
  if (!signature && IsAmbiguous(*routine, kind, situation_.server_version)) {
    Fail("42725", absl::StrCat("function name \"", name.name, "\" is not unique"));
    return false;
  }
  const bool meant = routine->overloads.size() == 1 &&
                     (!signature || routine->overloads[0].signature == *signature);
  const bool other_kind =
      kind != ObjectKind::kRoutine && routine->procedure != (kind == ObjectKind::kProcedure);
  if (meant && other_kind) {
    Fail("42809", absl::StrCat(name.name, " is of another kind"));
    return false;
  }
  return true;
}

bool Inspector::CheckObject(ObjectKind kind, const Name& name,
                            const std::optional<std::string>& signature) {
  if (IsRoutine(kind)) return CheckRoutine(kind, name, signature);
  if (FailIfTypesGone(kind, name)) return false;
  if (kind == ObjectKind::kOperatorClass || kind == ObjectKind::kOperatorFamily) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(name.name, " USING ");
    if (FailIfGone(ObjectKind::kAccessMethod, {.name = parts.second})) return false;
  }
  if (kind == ObjectKind::kAggregate && IsGone(kind, name)) {
    const size_t open = name.name.find('(');
    const Name plain = {.schema = name.schema, .name = name.name.substr(0, open)};
    const Routine* routine = view_.FindRoutine(plain, situation_.search_path);
    const std::string signature_of(
        absl::StripSuffix(absl::string_view(name.name).substr(open + 1), ")"));
    const bool function =
        routine != nullptr &&
        std::any_of(routine->overloads.begin(), routine->overloads.end(),
                    [&](const Overload& one) { return one.signature == signature_of; });
    if (function) {
      Fail("42809", absl::StrCat("function ", name.name, " is not an aggregate"));
      return false;
    }
  }
  return !FailIfGone(kind, name);
}

bool Inspector::CheckUses(absl::Span<const ObjectUse> uses) {
  return std::all_of(uses.begin(), uses.end(), [&](const ObjectUse& use) {
    return CheckObject(use.kind, use.name, use.signature);
  });
}

// ---- types and collations --------------------------------------------------------------------

void Inspector::CheckType(const TypeName& type) {
  if (FailIfGone(ObjectKind::kType, type.name) || type.collation.empty()) return;
  if (FailIfGone(ObjectKind::kCollation, NameInText(type.collation))) return;
  const bool bare = type.name.schema.empty();
  const BuiltinType* builtin =
      bare ? FindBuiltinType(type.name.name, situation_.server_version) : nullptr;
  if (builtin != nullptr && !builtin->collatable) {
    Fail("42804", absl::StrCat("collations are not supported by type ", type.name.name));
  }
}

void Inspector::CheckTypesOf(const Expression& expression) {
  for (const Name& type : expression.types) FailIfGone(ObjectKind::kType, type);
  for (const Operation& operation : expression.operations) {
    if (operation.kind == OperationKind::kCollate) {
      FailIfGone(ObjectKind::kCollation, operation.name);
    }
  }
}

void Inspector::CheckTypesOf(const OptionalExpression& expression) {
  if (expression != nullptr) CheckTypesOf(*expression);
}

void Inspector::CheckTypesOf(const Column& column) {
  CheckType(column.type);
  CheckTypesOf(column.default_value);
  CheckTypesOf(column.generated_from);
  for (const Constraint& constraint : column.constraints) CheckTypesOf(constraint.expression);
}

void Inspector::CheckTypes(const action::AddColumn& add) {
  const Relation* table = add.if_not_exists ? Find(add.table.name) : nullptr;
  const bool there = table != nullptr && table->FindColumn(add.column.name) != nullptr;
  if (!there || situation_.server_version < 13) CheckTypesOf(add.column);
}

void Inspector::CheckTypes(const action::CreateTable& create) {
  if (create.if_not_exists && Find(create.table) != nullptr) return;
  for (const Column& column : create.columns) CheckTypesOf(column);
  for (const Constraint& constraint : create.constraints) CheckTypesOf(constraint.expression);
}

void Inspector::CheckTypes(const action::AlterColumnType& alter) {
  CheckType(alter.type);
  CheckTypesOf(alter.using_expression);
}

void Inspector::CheckTypes(const action::CreateIndex& create) {
  for (const OptionalExpression& expression : create.expressions) CheckTypesOf(expression);
  for (const action::IndexColumn& key : create.columns) {
    if (!key.collation.empty()) FailIfGone(ObjectKind::kCollation, NameInText(key.collation));
  }
}

void Inspector::CheckTypes(const action::CreateType& create) {
  if (create.base) CheckType(*create.base);
  for (const Column& attribute : create.attributes) CheckTypesOf(attribute);
  for (const Constraint& constraint : create.constraints) CheckTypesOf(constraint.expression);
  CheckTypesOf(create.default_value);
}

// functioncmds.c:interpret_function_parameter_list, parse_type.c:LookupTypeName
void Inspector::CheckTypes(const action::CreateFunction& create) {
  for (const Name& type : create.types) FailIfGone(ObjectKind::kType, type);
  for (const action::ColumnUse& use : create.column_types) {
    const Relation* relation = Find(*use.relation);
    if (relation == nullptr) return FailMissing(*use.relation);
    if (!HasColumn(*relation, use.column)) return;
  }
}

}  // namespace plimsoll
