#include "analyzer/simulation/types.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"

namespace plimsoll {
namespace {

// INTERVAL_FULL_RANGE (utils/timestamp.h); six digits are all the fractions there are.
constexpr int32_t kAllIntervalFields = 0x7FFF;
constexpr int32_t kMaxFractionDigits = 6;

// A domain cannot contain itself; the bound is for histories that redefine one.
constexpr int kMaxDomainDepth = 32;

bool IsOneOf(absl::string_view name, std::initializer_list<absl::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

TypeClass ClassOf(char typtype) {
  switch (typtype) {
    case 'r':
      return TypeClass::kRange;
    case 'm':
      return TypeClass::kMultirange;
    case 'p':
      return TypeClass::kPseudo;
    default:
      return TypeClass::kScalar;
  }
}

TypeClass ClassOf(action::TypeKind kind) {
  switch (kind) {
    case action::TypeKind::kEnum:
      return TypeClass::kEnum;
    case action::TypeKind::kComposite:
      return TypeClass::kComposite;
    case action::TypeKind::kRange:
      return TypeClass::kRange;
    case action::TypeKind::kDomain:
      return TypeClass::kDomain;
    case action::TypeKind::kBase:
      return TypeClass::kScalar;
  }
  return TypeClass::kUnknown;
}

// One spelling for modifiers that mean the same, so that equal ones compare equal.
std::vector<int32_t> Normalized(absl::string_view name, std::vector<int32_t> modifiers) {
  if (name == "numeric" && modifiers.size() == 1) modifiers.push_back(0);
  if (IsOneOf(name, {"time", "timetz", "timestamp", "timestamptz"}) && !modifiers.empty()) {
    modifiers[0] = std::min(modifiers[0], kMaxFractionDigits);
  }
  if (name == "interval" && modifiers.size() == 1 && modifiers[0] == kAllIntervalFields) {
    modifiers.clear();
  }
  return modifiers;
}

// Of the two arrays that have names of their own; empty of other types.
absl::string_view ElementOf(const Type& type) {
  if (type.user != nullptr) return {};
  return type.name == "int2vector" ? "int2" : type.name == "oidvector" ? "oid" : "";
}

Conversion FindElementConversion(Type from, Type to, CastContext context, const TypeScope& scope) {
  from.array = false;
  to.array = false;
  const Conversion element = FindConversion(from, to, context, scope);
  if (element.path == CastPath::kNone || element.path == CastPath::kUnknown) return element;
  return {.path = CastPath::kArray, .cast = element.cast};
}

bool Allows(char cast_context, CastContext context) {
  return cast_context == 'i' || context == CastContext::kExplicit ||
         (cast_context == 'a' && context == CastContext::kAssignment);
}

CastPath PathOf(char method) {
  return method == 'b'   ? CastPath::kRelabel
         : method == 'f' ? CastPath::kFunction
                         : CastPath::kInputOutput;
}

// Nothing is known of the casts that its author made for it.
bool IsForeign(const Type& type) {
  return type.type_class == TypeClass::kUnknown ||
         (type.type_class == TypeClass::kScalar && type.user != nullptr);
}

}  // namespace

char Type::Category() const {
  if (array) return 'A';
  if (builtin != nullptr) return builtin->category;
  switch (type_class) {
    case TypeClass::kEnum:
      return 'E';
    case TypeClass::kComposite:
      return 'C';
    case TypeClass::kRange:
    case TypeClass::kMultirange:
      return 'R';
    case TypeClass::kUnknown:
    case TypeClass::kScalar:
    case TypeClass::kDomain:
    case TypeClass::kPseudo:
      break;
  }
  return 0;
}

Type ResolveType(const TypeName& name, const TypeScope& scope) {
  const bool bare = name.name.schema.empty();
  Type type = {.name = name.name.name,
               .array = name.array,
               .modifiers = Normalized(name.name.name, name.modifiers),
               .collation = std::string(absl::StripPrefix(name.collation, "pg_catalog."))};
  if (type.collation == "default") type.collation.clear();
  // pg_catalog is searched first, unless the search path says otherwise.
  if (bare || name.name.schema == "pg_catalog") {
    type.builtin = FindBuiltinType(type.name, scope.server_version);
  }
  if (type.builtin == nullptr) type.user = scope.view.FindType(name.name, scope.search_path);
  if (type.user != nullptr) {
    type.type_class = ClassOf(type.user->kind);
    if (type.type_class == TypeClass::kDomain && !type.user->base) {
      type.type_class = TypeClass::kUnknown;
    }
    return type;
  }
  if (type.builtin == nullptr) type.builtin = FindExtensionType(type.name, scope.server_version);
  if (type.builtin != nullptr) {
    type.type_class = ClassOf(type.builtin->kind);
    return type;
  }
  const Relation* relation = scope.view.Find(name.name, scope.search_path);
  if (relation != nullptr && !relation->IsIndex() && relation->kind != RelationKind::kSequence) {
    type.type_class = TypeClass::kComposite;
    type.row_of = relation->id;
  }
  return type;
}

Type BuiltinNamed(absl::string_view spelling, const TypeScope& scope) {
  Type type;
  type.array = absl::ConsumeSuffix(&spelling, "[]");
  type.name = std::string(spelling);
  if (spelling.empty()) return type;
  type.builtin = FindBuiltinType(spelling, scope.server_version);
  if (type.builtin == nullptr) type.builtin = FindExtensionType(spelling, scope.server_version);
  if (type.builtin != nullptr) type.type_class = ClassOf(type.builtin->kind);
  return type;
}

Type BaseOf(const Type& type, const TypeScope& scope, bool* constrained) {
  Type base = type;
  for (int depth = 0; depth < kMaxDomainDepth; ++depth) {
    if (base.array || base.type_class != TypeClass::kDomain) break;
    if (constrained != nullptr) *constrained = *constrained || base.user->constrained;
    std::string collation = std::move(base.collation);
    base = ResolveType(*base.user->base, scope);
    if (!collation.empty()) base.collation = std::move(collation);
  }
  return base;
}

Conversion FindConversion(const Type& from, const Type& to, CastContext context,
                          const TypeScope& scope) {
  const Type source = BaseOf(from, scope);
  const Type target = BaseOf(to, scope);
  if (source.Is(target)) return {.path = CastPath::kRelabel};
  // The two are arrays to those who read them.
  const absl::string_view element = source.array ? absl::string_view() : ElementOf(source);
  if (!element.empty() && target.array) {
    return FindElementConversion(BuiltinNamed(element, scope), target, context, scope);
  }
  if (source.array && target.array) return FindElementConversion(source, target, context, scope);
  if (IsForeign(source) || IsForeign(target)) return {.path = CastPath::kUnknown};
  if (source.builtin != nullptr && target.builtin != nullptr) {
    const BuiltinCast* cast =
        FindBuiltinCast(source.Spelling(), target.Spelling(), scope.server_version);
    if (cast != nullptr) {
      if (!Allows(cast->context, context)) return {};
      return {.path = PathOf(cast->method), .cast = cast};
    }
  }
  if ((context != CastContext::kImplicit && target.Category() == 'S') ||
      (context == CastContext::kExplicit && source.Category() == 'S')) {
    return {.path = CastPath::kInputOutput};
  }
  return {};
}

bool IsBinaryCoercible(const Type& from, absl::string_view to, const TypeScope& scope) {
  const Type base = BaseOf(from, scope);
  if (base.IsSpelled(to) || to == "any" || to == "anyelement") return true;
  if (to == "anyarray") return base.array || base.name == "int2vector" || base.name == "oidvector";
  if (base.array) return false;
  if (to == "anyenum") return base.type_class == TypeClass::kEnum;
  if (to == "anyrange") return base.type_class == TypeClass::kRange;
  if (to == "anymultirange") return base.type_class == TypeClass::kMultirange;
  if (to == "record") return base.type_class == TypeClass::kComposite;
  if (base.builtin == nullptr) return false;
  const BuiltinCast* cast = FindBuiltinCast(base.name, to, scope.server_version);
  return cast != nullptr && cast->method == 'b' && cast->context == 'i';
}

const BuiltinOperatorClass* DefaultOperatorClass(absl::string_view method, const Type& type,
                                                 const TypeScope& scope) {
  const Type base = BaseOf(type, scope);
  const BuiltinOperatorClass* exact =
      FindOperatorClass(method, scope.server_version, [&](const BuiltinOperatorClass& row) {
        return row.is_default && base.builtin != nullptr && base.IsSpelled(row.type);
      });
  if (exact != nullptr) return exact;
  const BuiltinOperatorClass* preferred = nullptr;
  const BuiltinOperatorClass* compatible = nullptr;
  FindOperatorClass(method, scope.server_version, [&](const BuiltinOperatorClass& row) {
    if (!row.is_default || !IsBinaryCoercible(base, row.type, scope)) return false;
    const BuiltinType* row_type = FindBuiltinType(row.type, scope.server_version);
    const bool prefers = row_type != nullptr && row_type->preferred;
    (prefers ? preferred : compatible) = &row;
    return false;
  });
  return preferred != nullptr ? preferred : compatible;
}

}  // namespace plimsoll
