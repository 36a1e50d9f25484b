#ifndef PLIMSOLL_ANALYZER_SIMULATION_BUILTINS_H_
#define PLIMSOLL_ANALYZER_SIMULATION_BUILTINS_H_

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

// What PostgreSQL and its contrib extensions bring, as pg_proc, pg_operator, pg_type, pg_cast and
// pg_opclass of real servers show it; builtins.sh writes the tables. Types are spelled as the
// grammar spells them (`int4`, `bpchar`) and arrays with `[]`. Letters are those of the catalogs.
// `since` and `until` are major versions of the server, both included. Private to
// analyzer/simulation.

namespace plimsoll {

struct BuiltinFunction {
  absl::string_view name;
  absl::string_view arguments;  // types, with blanks between them
  absl::string_view result;
  char volatility;   // pg_proc.provolatile: i, s, v
  char kind;         // pg_proc.prokind: f, a, w, p
  uint8_t defaults;  // how many of the last arguments may be left out
  bool variadic;     // the last argument may be given any number of times
  uint8_t since = 0;
  uint8_t until = 99;

  bool Takes(uint32_t count) const;  // that many arguments
};

struct BuiltinOperator {
  absl::string_view name;
  absl::string_view left;  // empty: a prefix operator
  absl::string_view right;
  absl::string_view result;
  char volatility;
  uint8_t since = 0;
  uint8_t until = 99;
};

// One that nobody calls in a query: of types and access methods, of triggers.
struct BuiltinSupport {
  absl::string_view name;
  // What it gives: t a trigger, e an event trigger, i and h the handler of an index and of a table
  // access method, l of a language, f of a foreign-data wrapper, o another value.
  char returns;
  uint8_t since = 0;
  uint8_t until = 99;
};

struct BuiltinType {
  absl::string_view name;
  char kind;      // pg_type.typtype: b, r, m, p
  char category;  // pg_type.typcategory
  bool preferred;
  bool collatable;
  char input_volatility;
  char output_volatility;
  uint8_t since = 0;
  uint8_t until = 99;
};

struct BuiltinCast {
  absl::string_view source;
  absl::string_view target;
  char context;  // pg_cast.castcontext: i, a, e
  char method;   // pg_cast.castmethod: f, b, i
  char volatility;
  uint8_t since = 0;
  uint8_t until = 99;
};

struct BuiltinOperatorClass {
  absl::string_view method;
  absl::string_view name;
  absl::string_view type;  // that it is for
  bool is_default;
  bool other_storage;  // what the index holds is not of that type
  uint8_t since = 0;
  uint8_t until = 99;
};

// Whether a contrib extension brings a type or a function of that name.
bool IsExtensionName(absl::string_view name);

// Of every version; those of contrib extensions where PostgreSQL brings none of that name. What SQL
// writes as an operator (EXTRACT, SIMILAR TO) goes by the name that our grammar, a newer one, gives
// it: on an older server another function is called (gram.y:func_expr_common_subexpr, a_expr).
absl::Span<const BuiltinFunction> FindBuiltinFunctions(absl::string_view name, int server_version);
absl::Span<const BuiltinOperator> FindBuiltinOperators(absl::string_view name);
// Whether PostgreSQL itself brings one of that name, in some version.
bool IsBuiltinFunctionName(absl::string_view name);
// PostgreSQL's own; null: there is none.
const BuiltinSupport* FindBuiltinSupport(absl::string_view name, int server_version);
// Null: there is none.
const BuiltinType* FindBuiltinType(absl::string_view name, int server_version);
const BuiltinType* FindExtensionType(absl::string_view name, int server_version);
// Of PostgreSQL itself and of contrib extensions.
const BuiltinCast* FindBuiltinCast(absl::string_view source, absl::string_view target,
                                   int server_version);
// The first operator class of the access method, PostgreSQL's own first, for which `matches` holds.
const BuiltinOperatorClass* FindOperatorClass(
    absl::string_view method, int server_version,
    absl::FunctionRef<bool(const BuiltinOperatorClass&)> matches);

// Whether this server version has what the row says.
template <typename Row>
bool IsIn(const Row& row, int server_version) {
  return row.since <= server_version && server_version <= row.until;
}

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SIMULATION_BUILTINS_H_
