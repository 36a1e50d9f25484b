#ifndef PLIMSOLL_ANALYZER_SIMULATION_TYPE_CHANGE_H_
#define PLIMSOLL_ANALYZER_SIMULATION_TYPE_CHANGE_H_

#include <cstdint>
#include <string>

#include "analyzer/simulation/types.h"
#include "analyzer/syntax/action.h"

// Private to analyzer/simulation.

namespace plimsoll {

// What ALTER COLUMN TYPE does to the rows (tablecmds.c:ATPrepAlterColumnType and
// ATColumnChangeRequiresRewrite).
struct TypeChange {
  bool rewrites = true;
  bool possible = false;  // not certain: a type is not known
  std::string sqlstate;   // it must fail; empty: it need not
  std::string message;
};

// `from` to `to` of a column, by way of `using_expression` where there is one. `utc`: the session's
// TimeZone is known to have no offset, which makes timestamp and timestamptz the same bits.
TypeChange JudgeTypeChange(const TypeName& from, const TypeName& to,
                           const OptionalExpression& using_expression, absl::string_view column,
                           const TypeScope& scope, bool utc);

// Of a column whose type is not known: whether there are types, other than those of a few system
// catalogs, whose rows `to` takes over as they are.
bool MayKeepBytes(const TypeName& to, const OptionalExpression& using_expression, bool utc);

// What becomes of one key of an index when the column's type changes and the rows stay
// (indexcmds.c:CheckIndexCompatible). An index keeps its file where all of its keys do; one that is
// invalid, partial, or has an expression never does.
enum class IndexFate : uint8_t { kKept, kRebuilt, kNoClass, kWrongClass };
// `key` is one of `method` on the column. kNoClass: the type has no operator class for it (42704);
// kWrongClass: the one that is asked for does not take it (42804). Both are so whether the rows
// stay or not.
IndexFate JudgeIndexKey(const TypeName& from, const TypeName& to, absl::string_view method,
                        const action::IndexColumn& key, const TypeScope& scope);

// Whether a column's default can follow it to its new type: constants alone are judged, others are
// taken to. Where not, PostgreSQL says 42804.
bool CanConvertDefault(const Expression& value, const TypeName& from, const TypeName& to,
                       const TypeScope& scope);

// Whether what a check or an index says of the column can be said of its new type. Its constants
// have the old type, or that of their own (ruleutils.c deparses them so, and tablecmds.c:
// ATPostAlterTypeParse reads that again); where they do not compare, PostgreSQL says 42883.
bool StillCompares(const Predicate& predicate, const std::string& column, const TypeName& from,
                   const TypeName& to, const TypeScope& scope);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SIMULATION_TYPE_CHANGE_H_
