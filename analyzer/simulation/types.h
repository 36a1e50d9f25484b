#ifndef PLIMSOLL_ANALYZER_SIMULATION_TYPES_H_
#define PLIMSOLL_ANALYZER_SIMULATION_TYPES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/types/span.h"
#include "analyzer/simulation/builtins.h"
#include "analyzer/simulation/catalog.h"
#include "analyzer/syntax/action.h"

// What the names of types mean, and how PostgreSQL gets from one type to another
// (parser/parse_coerce.c). Private to analyzer/simulation.

namespace plimsoll {

// Where types are looked up.
struct TypeScope {
  const CatalogView& view;
  absl::Span<const std::string> search_path;
  int server_version = 18;
};

enum class TypeClass : uint8_t {
  kUnknown,  // neither PostgreSQL nor a contrib extension brings it, and no file creates it
  kScalar,   // a base type
  kEnum,
  kComposite,
  kRange,
  kMultirange,
  kDomain,
  kPseudo,
};

// A type that a name stood for.
struct Type {
  TypeClass type_class = TypeClass::kUnknown;
  std::string name;                // of a built-in type; of another, for people
  const UserType* user = nullptr;  // not of a built-in type; lives as long as the catalog
  RelationId row_of = 0;           // the table whose row type it is
  const BuiltinType* builtin = nullptr;
  bool array = false;
  std::vector<int32_t> modifiers;  // as TypeName has them, those that say nothing left out
  std::string collation;           // of a COLLATE clause; empty: the type's own

  // The same but for modifiers and collation: one OID.
  bool Is(const Type& other) const {
    return array == other.array && user == other.user && row_of == other.row_of &&
           (user != nullptr || row_of != 0 || name == other.name);
  }
  // Of the type itself, arrays being 'A' (pg_type.typcategory); 0 where it is not known.
  char Category() const;
  // As the tables of builtins.h spell it.
  std::string Spelling() const { return array ? name + "[]" : name; }
  bool IsSpelled(absl::string_view spelling) const {
    return (!array || absl::ConsumeSuffix(&spelling, "[]")) && spelling == name;
  }
};

Type ResolveType(const TypeName& name, const TypeScope& scope);
// A type spelled as the tables of builtins.h spell it; no name: a type of which nothing is known.
Type BuiltinNamed(absl::string_view spelling, const TypeScope& scope);

// The type under any number of domains, with the modifiers they give it
// (lsyscache.c:getBaseTypeAndTypmod). `constrained`, where asked for, is set if one has a
// constraint.
Type BaseOf(const Type& type, const TypeScope& scope, bool* constrained = nullptr);

enum class CastContext : uint8_t { kImplicit, kAssignment, kExplicit };

enum class CastPath : uint8_t {
  kNone,
  kRelabel,      // the bits are those of the other type
  kFunction,     // a function computes the value
  kInputOutput,  // by way of the text
  kArray,        // element by element
  kUnknown,      // one of the types is not known
};

// parse_coerce.c:find_coercion_pathway. `cast` is the row behind it, if there is one.
struct Conversion {
  CastPath path = CastPath::kNone;
  const BuiltinCast* cast = nullptr;
};
Conversion FindConversion(const Type& from, const Type& to, CastContext context,
                          const TypeScope& scope);

// Whether values of `from` pass as they are for those of the type that a row of builtins.h names
// (parse_coerce.c:IsBinaryCoercible).
bool IsBinaryCoercible(const Type& from, absl::string_view to, const TypeScope& scope);

// The class an index takes for a column of that type when it is told none
// (indexcmds.c:GetDefaultOpClass). Null: none is known.
const BuiltinOperatorClass* DefaultOperatorClass(absl::string_view method, const Type& type,
                                                 const TypeScope& scope);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SIMULATION_TYPES_H_
