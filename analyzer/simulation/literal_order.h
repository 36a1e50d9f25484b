#ifndef PLIMSOLL_ANALYZER_SIMULATION_LITERAL_ORDER_H_
#define PLIMSOLL_ANALYZER_SIMULATION_LITERAL_ORDER_H_

#include "analyzer/syntax/action.h"
#include "analyzer/syntax/predicate.h"

// How PostgreSQL orders two constants that are compared with one column, as far as their text and
// the column's type tell. Private to analyzer/simulation.

namespace plimsoll {

enum class Order : uint8_t {
  kLess,
  kEqual,
  kGreater,
  kDifferent,  // not equal; which is greater depends on the collation
  kUnknown,
  kUnprovable,  // no immutable operator compares them: PostgreSQL proves nothing of the two
};

// `type` is the column's; null where it is not known.
Order CompareLiterals(const Literal& a, const Literal& b, const TypeName* type);

// The type that the operator casts the column to before it compares it with `literal`: an integer
// column meets 1.5 as a numeric. Empty where it compares the column itself.
std::string CastBefore(const Literal& literal, const TypeName& type);

// Whether casting a column of that type so gives the operator what it has without the cast.
bool IsIdleCast(const TypeName& type, const std::string& cast);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SIMULATION_LITERAL_ORDER_H_
