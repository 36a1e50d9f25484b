#ifndef PLIMSOLL_ANALYZER_SYNTAX_PREDICATE_H_
#define PLIMSOLL_ANALYZER_SYNTAX_PREDICATE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

// What a condition says, as far as PostgreSQL's prover (optimizer/util/predtest.c) looks into one:
// AND and OR, null tests, comparisons with a constant, and whatever else by its text alone. NOT is
// pushed down to the leaves as prepqual.c:negate_clause does. No type is known here: what constants
// mean is decided where the columns are (analyzer/simulation/implication.h).

namespace plimsoll {

enum class LiteralKind : uint8_t { kNull, kNumber, kString, kBool };

// A constant as written. PostgreSQL gives one without a cast the type of what it meets.
struct Literal {
  LiteralKind kind = LiteralKind::kNull;
  std::string text;  // a number's digits with their sign, a string's value, `true` or `false`
  std::string type;  // of its cast, in the grammar's spelling; empty: it has none

  friend bool operator==(const Literal&, const Literal&) = default;
};

// What is tested: a column, a cast of one, or any other expression.
struct Term {
  std::string column;  // empty: an expression
  std::string cast;    // the type a column is cast to; empty: it is not
  std::string text;    // of an expression: equal texts are equal expressions, see CanonicalText
  // PostgreSQL may see in it what its text does not show: a collation, an operator class, a
  // constant to be computed.
  bool murky = false;

  friend bool operator==(const Term&, const Term&) = default;
};

enum class Comparison : uint8_t { kLess, kLessEqual, kEqual, kGreaterEqual, kGreater, kNotEqual };

enum class PredicateKind : uint8_t {
  kAnd,
  kOr,
  kConstant,  // TRUE, FALSE or NULL: `literal`
  kIsNull,    // of `term`
  kCompare,   // `term` with `literal`
  kHolds,     // `term` is true: a boolean column, or what is none of the above
};

struct Predicate {
  PredicateKind kind = PredicateKind::kHolds;
  bool negated = false;    // kIsNull: IS NOT NULL; kHolds: NOT
  bool from_list = false;  // kAnd, kOr: of IN or ANY, which PostgreSQL does not merge with others
  // kCompare: the constant was written first. `5 < a` is no other condition than `a > 5`, but
  // another expression: an index over one is none over the other.
  bool commuted = false;
  Comparison comparison = Comparison::kEqual;
  Term term;
  Literal literal;
  std::vector<Predicate> parts;

  friend bool operator==(const Predicate&, const Predicate&) = default;
};

using OptionalPredicate = std::shared_ptr<const Predicate>;

// Beyond these an expression is one murky leaf. The first is predtest.c:MAX_SAOP_ARRAY_SIZE; the
// others keep a proof, which takes the product of both sides' leaves, cheap.
inline constexpr size_t kMaxListElements = 100;
inline constexpr size_t kMaxPredicateLeaves = 400;
inline constexpr size_t kMaxPredicateDepth = 40;
inline constexpr size_t kMaxCanonicalText = 4096;  // bytes

// AND or OR of `parts`, with those of the same kind below merged into it; one part stands alone.
Predicate Join(PredicateKind kind, std::vector<Predicate> parts);
Predicate Negate(Predicate predicate);
Comparison Negate(Comparison comparison);
// `5 < a` for `a > 5`.
Comparison Commute(Comparison comparison);

// A column's place in canonical texts, so that it can be renamed there.
std::string ColumnMark(absl::string_view column);
void RenameIn(Term& term, absl::string_view from, absl::string_view to);
OptionalPredicate Renamed(const OptionalPredicate& predicate, absl::string_view from,
                          absl::string_view to);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SYNTAX_PREDICATE_H_
