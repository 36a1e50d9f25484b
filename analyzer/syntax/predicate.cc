#include "analyzer/syntax/predicate.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace plimsoll {
namespace {

void RenameIn(Predicate& predicate, absl::string_view from, absl::string_view to) {
  RenameIn(predicate.term, from, to);
  for (Predicate& part : predicate.parts) RenameIn(part, from, to);
}

}  // namespace

Predicate Join(PredicateKind kind, std::vector<Predicate> parts) {
  Predicate joined;
  joined.kind = kind;
  for (Predicate& part : parts) {
    if (part.kind != kind || part.from_list) {
      joined.parts.push_back(std::move(part));
      continue;
    }
    for (Predicate& below : part.parts) joined.parts.push_back(std::move(below));
  }
  if (joined.parts.size() != 1) return joined;
  Predicate only = std::move(joined.parts[0]);
  return only;
}

Comparison Negate(Comparison comparison) {
  switch (comparison) {
    case Comparison::kLess:
      return Comparison::kGreaterEqual;
    case Comparison::kLessEqual:
      return Comparison::kGreater;
    case Comparison::kEqual:
      return Comparison::kNotEqual;
    case Comparison::kGreaterEqual:
      return Comparison::kLess;
    case Comparison::kGreater:
      return Comparison::kLessEqual;
    case Comparison::kNotEqual:
      return Comparison::kEqual;
  }
  return comparison;
}

Comparison Commute(Comparison comparison) {
  switch (comparison) {
    case Comparison::kLess:
      return Comparison::kGreater;
    case Comparison::kLessEqual:
      return Comparison::kGreaterEqual;
    case Comparison::kGreaterEqual:
      return Comparison::kLessEqual;
    case Comparison::kGreater:
      return Comparison::kLess;
    case Comparison::kEqual:
    case Comparison::kNotEqual:
      return comparison;
  }
  return comparison;
}

Predicate Negate(Predicate predicate) {
  switch (predicate.kind) {
    case PredicateKind::kAnd:
    case PredicateKind::kOr:
      predicate.kind =
          predicate.kind == PredicateKind::kAnd ? PredicateKind::kOr : PredicateKind::kAnd;
      for (Predicate& part : predicate.parts) part = Negate(std::move(part));
      break;
    case PredicateKind::kConstant:
      if (predicate.literal.kind == LiteralKind::kBool) {
        predicate.literal.text = predicate.literal.text == "true" ? "false" : "true";
      }
      break;
    case PredicateKind::kCompare:
      predicate.comparison = Negate(predicate.comparison);
      break;
    case PredicateKind::kIsNull:
    case PredicateKind::kHolds:
      predicate.negated = !predicate.negated;
      break;
  }
  return predicate;
}

// No name holds a NUL, so no other text looks like one of these.
std::string ColumnMark(absl::string_view column) {
  return absl::StrCat(absl::string_view("\0", 1), column, absl::string_view("\0", 1));
}

void RenameIn(Term& term, absl::string_view from, absl::string_view to) {
  if (term.column == from && !term.column.empty()) term.column = std::string(to);
  if (term.text.empty()) return;
  term.text = absl::StrReplaceAll(term.text, {{ColumnMark(from), ColumnMark(to)}});
}

OptionalPredicate Renamed(const OptionalPredicate& predicate, absl::string_view from,
                          absl::string_view to) {
  if (predicate == nullptr) return nullptr;
  Predicate renamed = *predicate;
  RenameIn(renamed, from, to);
  return std::make_shared<const Predicate>(std::move(renamed));
}

}  // namespace plimsoll
