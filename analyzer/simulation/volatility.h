#ifndef PLIMSOLL_ANALYZER_SIMULATION_VOLATILITY_H_
#define PLIMSOLL_ANALYZER_SIMULATION_VOLATILITY_H_

#include <string>

#include "absl/types/span.h"
#include "analyzer/simulation/catalog.h"
#include "analyzer/syntax/action.h"

// Private to analyzer/simulation.

namespace plimsoll {

enum class Steadiness {
  kSteady,  // immutable or stable: one value for the whole statement
  kVolatile,
  kUnknown,  // calls a function that neither PostgreSQL brings nor this history creates
};

// Whether an expression gives another value for every row. Unknown functions count for what
// CREATE FUNCTION makes of them when it is told nothing: volatile.
Steadiness JudgeSteadiness(const Expression& expression, const CatalogView& view,
                           absl::Span<const std::string> search_path);

// Whether something is called of which nobody can say that it does no harm: a volatile function
// that PostgreSQL does not bring, or one that it brings for its effects on others
// (pg_terminate_backend, lo_unlink, query_to_xml).
// `bodies_run`: the history runs the bodies that it knows, so nothing of them is unknown.
bool CallsUnknown(absl::Span<const FunctionCall> calls, const CatalogView& view,
                  absl::Span<const std::string> search_path, bool bodies_run = false);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SIMULATION_VOLATILITY_H_
