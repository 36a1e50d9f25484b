#ifndef PLIMSOLL_ANALYZER_SIMULATION_TYPE_CHANGE_H_
#define PLIMSOLL_ANALYZER_SIMULATION_TYPE_CHANGE_H_

#include <optional>
#include <string>

#include "absl/types/span.h"
#include "analyzer/simulation/catalog.h"
#include "analyzer/syntax/action.h"

// Private to analyzer/simulation.

namespace plimsoll {

// What ALTER COLUMN TYPE does to the rows and to an ordinary index on the column.
struct TypeChange {
  bool rewrites = true;
  bool keeps_indexes = false;  // a plain index keeps its file
};

// `from` to `to`, by way of `using_expression` where there is one. Domains are looked up in
// `view`. `utc`: the session's TimeZone is known to have no offset, which makes timestamp and
// timestamptz the same bits.
TypeChange JudgeTypeChange(const TypeName& from, const TypeName& to,
                           const OptionalExpression& using_expression, absl::string_view column,
                           const CatalogView& view, absl::Span<const std::string> search_path,
                           bool utc);

// Of a column whose type is not known: whether there are types, other than those of a few system
// catalogs, whose rows `to` takes over as they are.
bool MayKeepBytes(const TypeName& to, const OptionalExpression& using_expression, bool utc);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SIMULATION_TYPE_CHANGE_H_
