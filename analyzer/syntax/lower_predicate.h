#ifndef PLIMSOLL_ANALYZER_SYNTAX_LOWER_PREDICATE_H_
#define PLIMSOLL_ANALYZER_SYNTAX_LOWER_PREDICATE_H_

#include <string>

#include "analyzer/syntax/action.h"
#include "analyzer/syntax/predicate.h"
#include "analyzer/syntax/tree.h"

// Conditions, and the bounds of partitions that are conditions too. Private to analyzer/syntax.

namespace plimsoll::tree {

// Equal for expressions that differ in nothing but white space, qualifiers of columns and casts of
// string constants to text; columns stand in it as ColumnMark. Empty where it would be longer than
// kMaxCanonicalText or the expression is nested more deeply than kMaxPredicateDepth.
std::string CanonicalText(const Node& expression);
Term LowerTerm(const Node& expression);
OptionalPredicate LowerPredicate(const Node& condition);  // null where it is not present

// kUnknown for what is no constant.
BoundValue LowerBoundValue(const Node& expression);

// PARTITION BY.
PartitionStrategy LowerPartitionStrategy(const Node& partition_spec);
std::vector<Term> LowerPartitionTerms(const Node& partition_spec);
// FOR VALUES … or DEFAULT, of CREATE and of ATTACH.
PartitionBound LowerPartitionBound(const Node& bound_spec);

}  // namespace plimsoll::tree

#endif  // PLIMSOLL_ANALYZER_SYNTAX_LOWER_PREDICATE_H_
