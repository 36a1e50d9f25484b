#ifndef PLIMSOLL_ANALYZER_SYNTAX_LOWER_EXPRESSION_H_
#define PLIMSOLL_ANALYZER_SYNTAX_LOWER_EXPRESSION_H_

#include <string>
#include <vector>

#include "analyzer/syntax/action.h"
#include "analyzer/syntax/tree.h"

// The parts of lowering that statements share: names, types, expressions, queries. Private to
// analyzer/syntax.

namespace plimsoll::tree {

// {"relname":…,"schemaname":…}
Name RangeVarName(const Node& range_var);
// A list of String nodes: `a`, `schema.a`, `database.schema.a`.
Name QualifiedName(const Node& strings);
std::vector<std::string> Strings(const Node& strings);
TypeName LowerType(const Node& type_name);
Expression LowerExpression(const Node& expression);

// What a query reads, as far as its text shows.
struct Query {
  std::vector<Name> reads;  // relations, without names of its own WITH list; each once
  std::vector<action::ColumnUse> columns;
  bool has_subquery = false;  // more than one SELECT
  std::vector<Name> writes;   // targets of INSERT, UPDATE, DELETE in WITH
};
Query LowerQuery(const Node& query);

}  // namespace plimsoll::tree

#endif  // PLIMSOLL_ANALYZER_SYNTAX_LOWER_EXPRESSION_H_
