#ifndef PLIMSOLL_ANALYZER_SIMULATION_QUERY_COLUMNS_H_
#define PLIMSOLL_ANALYZER_SIMULATION_QUERY_COLUMNS_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "analyzer/simulation/effects.h"
#include "analyzer/simulation/types.h"
#include "analyzer/syntax/action.h"

// Private to analyzer/simulation.

namespace plimsoll {

// What a query shows, and what keeps PostgreSQL from analysing it.
struct QueryColumns {
  // A column that is a string or NULL without a type: it becomes what is wanted.
  struct Untyped {
    size_t place = 0;
    std::optional<std::string> text;  // nothing: NULL
  };
  bool known = false;                 // all of them are below
  std::vector<TableColumn> columns;   // a type is null where it is not certain
  std::vector<TableColumn> assigned;  // the values of Selection::assigned, likewise
  std::vector<Untyped> untyped;
  // Relations on whose primary key it stands, because it groups by it and shows more.
  std::vector<RelationId> keys;
  std::optional<Failure> failure;
};

// `names` are given to the first columns (CREATE VIEW v (a, b)); nothing: the columns are only
// shown, and may share a name. `knows_all` tells whether what the
// catalog does not hold of a relation is certainly not there; of others nothing is said to be
// missing. `plain`: no function or operator is there but PostgreSQL's own and those of files.
// `variables`: names that may be those of a routine's arguments, or of the routine.
QueryColumns ColumnsOf(const Selection& selection,
                       std::optional<absl::Span<const std::string>> names, const TypeScope& scope,
                       bool plain, absl::FunctionRef<bool(const Relation&)> knows_all,
                       absl::Span<const std::string> variables = {});

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SIMULATION_QUERY_COLUMNS_H_
