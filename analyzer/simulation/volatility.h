#ifndef PLIMSOLL_ANALYZER_SIMULATION_VOLATILITY_H_
#define PLIMSOLL_ANALYZER_SIMULATION_VOLATILITY_H_

#include <algorithm>

#include "absl/types/span.h"
#include "analyzer/simulation/types.h"
#include "analyzer/syntax/action.h"

// Private to analyzer/simulation.

namespace plimsoll {

// Between which two bounds an expression's volatility lies: they differ where it depends on what no
// file says, such as the types of columns or a function that nobody here creates.
struct VolatilityBounds {
  action::Volatility at_least = action::Volatility::kImmutable;
  action::Volatility at_most = action::Volatility::kImmutable;

  // Of what holds both.
  void Add(const VolatilityBounds& other) {
    at_least = std::max(at_least, other.at_least);
    at_most = std::max(at_most, other.at_most);
  }
  bool IsVolatile() const { return at_least == action::Volatility::kVolatile; }
  // One value for the whole statement.
  bool IsSteady() const { return at_most != action::Volatility::kVolatile; }
  // PostgreSQL refuses it where it wants an immutable expression: in indexes, generated columns and
  // partition keys (42P17).
  bool IsMutable() const { return at_least != action::Volatility::kImmutable; }
};

// Of the expression as the planner sees it, trivial SQL functions inlined (clauses.c:
// contain_mutable_functions, contain_volatile_functions). `columns` are those it may mention.
VolatilityBounds JudgeVolatility(const Expression& expression,
                                 absl::Span<const TableColumn> columns, const TypeScope& scope);

// The type of an expression's value; of class kUnknown where it is not certain. `untyped`: a string
// or NULL, which becomes what is wanted.
struct ExpressionType {
  Type type;
  bool untyped = false;

  bool IsKnown() const { return !untyped && type.type_class != TypeClass::kUnknown; }
};
// `columns` are those it may mention, by their names or, where names are given twice, by
// QualifiedColumn.
ExpressionType TypeOf(const Expression& expression, absl::Span<const TableColumn> columns,
                      const TypeScope& scope);
// The SQLSTATE with which PostgreSQL certainly refuses the expression for its types: 42883 where no
// function or operator of its own takes the values that one is given, or that with which a type's
// input refuses a string. Empty: none is certain. Functions and operators that files or extensions
// bring are not looked at.
absl::string_view FindMisfit(const Expression& expression, absl::Span<const TableColumn> columns,
                             const TypeScope& scope);
std::string QualifiedColumn(absl::string_view qualifier, absl::string_view column);

// Whether every function of PostgreSQL's own of that name is an aggregate.
bool IsAggregate(const FunctionCall& call, int server_version);

// A function of PostgreSQL itself: no statement drops it.
bool IsBuiltinFunction(const Name& name);

// A call of a function that PostgreSQL brings, but not in this version and not with that many
// arguments (42883); null where there is none for certain.
const FunctionCall* FindMissingCall(absl::Span<const FunctionCall> calls, const TypeScope& scope);

// Whether something is called of which nobody can say that it does no harm: a volatile function
// that PostgreSQL does not bring, or one that it brings for its effects on others
// (pg_terminate_backend, lo_unlink, query_to_xml). A body that only computes does none, whatever
// its function is declared as. `bodies_run`: the history runs the bodies that it knows, so nothing
// of them is unknown.
bool CallsUnknown(absl::Span<const FunctionCall> calls, const TypeScope& scope,
                  bool bodies_run = false);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SIMULATION_VOLATILITY_H_
