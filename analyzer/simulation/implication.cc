#include "analyzer/simulation/implication.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "analyzer/simulation/literal_order.h"

namespace plimsoll {
namespace {

using Predicates = std::vector<Predicate>;

const TypeName* TypeOf(const Term& term, const Relation& table) {
  const TableColumn* column = term.column.empty() ? nullptr : table.FindColumn(term.column);
  return column == nullptr || !term.cast.empty() ? nullptr : column->type.get();
}

Predicate Truth(bool value) {
  Predicate truth;
  truth.kind = PredicateKind::kConstant;
  truth.literal = {.kind = LiteralKind::kBool, .text = value ? "true" : "false"};
  return truth;
}

// A condition of which nothing is known.
Predicate Unknowable() {
  Predicate unknown;
  unknown.term.murky = true;
  return unknown;
}

bool IsConstant(const Predicate& predicate, absl::string_view value) {
  return predicate.kind == PredicateKind::kConstant && predicate.literal.text == value;
}

// ---- simplification --------------------------------------------------------------------------

// A boolean column compared with a constant is the column itself, or its NOT
// (clauses.c:simplify_boolean_equality), unless it is an element of a list.
Predicate SimplifyCompare(Predicate compare, const Relation& table, bool in_list) {
  if (compare.literal.kind == LiteralKind::kNull) {
    compare.kind = PredicateKind::kConstant;
    return compare;
  }
  const TypeName* type = TypeOf(compare.term, table);
  if (type == nullptr) return compare;
  const std::string cast = CastBefore(compare.literal, *type);
  if (!cast.empty()) compare.term.cast = cast;
  // A string says no more by a cast to what the column makes of it.
  if (cast.empty() && compare.literal.kind == LiteralKind::kString &&
      IsIdleCast(*type, compare.literal.type)) {
    compare.literal.type.clear();
  }
  const bool equality =
      compare.comparison == Comparison::kEqual || compare.comparison == Comparison::kNotEqual;
  if (in_list || !equality || type->array || type->name.name != "bool") return compare;
  const Literal yes = {.kind = LiteralKind::kBool, .text = "true"};
  const Order order = CompareLiterals(compare.literal, yes, type);
  if (order == Order::kUnknown) return compare;
  compare.kind = PredicateKind::kHolds;
  compare.negated = (order == Order::kEqual) != (compare.comparison == Comparison::kEqual);
  compare.comparison = Comparison::kEqual;
  compare.literal = {};
  return compare;
}

// Constants in AND and OR (clauses.c:simplify_and_arguments and its twin). In a check NULL is as
// good as TRUE (prepqual.c:find_duplicate_ors).
Predicate SimplifyParts(PredicateKind kind, Predicates parts) {
  const bool conjunction = kind == PredicateKind::kAnd;
  Predicates kept;
  for (Predicate& part : parts) {
    if (part.kind != PredicateKind::kConstant) {
      kept.push_back(std::move(part));
      continue;
    }
    const bool holds = !IsConstant(part, "false");
    if (holds != conjunction) return Truth(holds);
  }
  if (kept.empty()) return Truth(conjunction);
  return Join(kind, std::move(kept));
}

bool Contains(const Predicates& parts, const Predicate& part) {
  return std::find(parts.begin(), parts.end(), part) != parts.end();
}

// The conjuncts of an arm of an OR.
Predicates ConjunctsOf(const Predicate& arm) {
  if (arm.kind == PredicateKind::kAnd && !arm.from_list) return arm.parts;
  return {arm};
}

// What all arms of an OR have in common comes before it: (a AND b) OR (a AND c) is
// a AND (b OR c) (prepqual.c:process_duplicate_ors).
Predicate FactorOut(Predicate disjunction) {
  if (disjunction.kind != PredicateKind::kOr || disjunction.from_list) return disjunction;
  Predicates common;
  for (const Predicate& conjunct : ConjunctsOf(disjunction.parts[0])) {
    const bool everywhere =
        std::all_of(disjunction.parts.begin(), disjunction.parts.end(),
                    [&](const Predicate& arm) { return Contains(ConjunctsOf(arm), conjunct); });
    if (everywhere && !Contains(common, conjunct)) common.push_back(conjunct);
  }
  if (common.empty()) return disjunction;
  Predicates arms;
  for (const Predicate& arm : disjunction.parts) {
    Predicates rest = ConjunctsOf(arm);
    std::erase_if(rest, [&](const Predicate& part) { return Contains(common, part); });
    // An arm that is nothing but what is common makes the others superfluous.
    if (rest.empty()) return Join(PredicateKind::kAnd, std::move(common));
    arms.push_back(Join(PredicateKind::kAnd, std::move(rest)));
  }
  common.push_back(Join(PredicateKind::kOr, std::move(arms)));
  return Join(PredicateKind::kAnd, std::move(common));
}

// As PostgreSQL prepares checks and partition constraints for the proof.
Predicate Simplify(const Predicate& predicate, const Relation& table, bool in_list = false) {
  if (predicate.kind == PredicateKind::kAnd || predicate.kind == PredicateKind::kOr) {
    Predicates parts;
    for (const Predicate& part : predicate.parts) {
      parts.push_back(Simplify(part, table, predicate.from_list));
    }
    if (predicate.from_list) {
      Predicate list = predicate;
      list.parts = std::move(parts);
      return list;
    }
    return FactorOut(SimplifyParts(predicate.kind, std::move(parts)));
  }
  Predicate leaf = predicate;
  const TableColumn* column = table.FindColumn(leaf.term.column);
  if (!leaf.term.cast.empty() && column != nullptr && column->type != nullptr &&
      IsIdleCast(*column->type, leaf.term.cast)) {
    leaf.term.cast.clear();
  }
  if (leaf.kind == PredicateKind::kCompare) {
    return SimplifyCompare(std::move(leaf), table, in_list);
  }
  return leaf;
}

// ---- leaves ----------------------------------------------------------------------------------

// Whether a term that PostgreSQL may understand better than we do could be about the other one.
bool MayConcern(const Term& murky, const Term& term) {
  if (!murky.column.empty()) {
    return term.column == murky.column || absl::StrContains(term.text, ColumnMark(murky.column));
  }
  const bool mentions = absl::StrContains(murky.text, absl::string_view("\0", 1));
  if (!mentions) return true;
  if (!term.column.empty()) return absl::StrContains(murky.text, ColumnMark(term.column));
  // Columns stand at the odd places.
  const std::vector<absl::string_view> pieces =
      absl::StrSplit(term.text, absl::string_view("\0", 1));
  for (size_t i = 1; i < pieces.size(); i += 2) {
    if (absl::StrContains(murky.text, ColumnMark(pieces[i]))) return true;
  }
  return term.murky && pieces.size() < 2;
}

enum class Test : uint8_t { kNone, kLess, kLessEqual, kEqual, kGreaterEqual, kGreater, kNotEqual };

// How the target's constant has to compare with the given one for `x given c` to imply
// `x target d` (predtest.c:BT_implic_table). KnownRows: given; columns: target; both in the order
// of Comparison.
constexpr Test kImplications[6][6] = {
    // <                  <=                   =             >=                 >             <>
    {Test::kGreaterEqual, Test::kGreaterEqual, Test::kNone, Test::kNone, Test::kNone,
     Test::kGreaterEqual},  // <
    {Test::kGreater, Test::kGreaterEqual, Test::kNone, Test::kNone, Test::kNone,
     Test::kGreater},  // <=
    {Test::kGreater, Test::kGreaterEqual, Test::kEqual, Test::kLessEqual, Test::kLess,
     Test::kNotEqual},                                                                    // =
    {Test::kNone, Test::kNone, Test::kNone, Test::kLessEqual, Test::kLess, Test::kLess},  // >=
    {Test::kNone, Test::kNone, Test::kNone, Test::kLessEqual, Test::kLessEqual,
     Test::kLessEqual},                                                               // >
    {Test::kNone, Test::kNone, Test::kNone, Test::kNone, Test::kNone, Test::kEqual},  // <>
};

Proof Passes(Test test, Order order) {
  if (test == Test::kNone || order == Order::kUnprovable) return Proof::kNo;
  if (order == Order::kUnknown) return Proof::kUnknown;
  if (order == Order::kDifferent) {
    if (test == Test::kEqual) return Proof::kNo;
    return test == Test::kNotEqual ? Proof::kYes : Proof::kUnknown;
  }
  bool passes = false;
  switch (test) {
    case Test::kNone:
      break;
    case Test::kLess:
      passes = order == Order::kLess;
      break;
    case Test::kLessEqual:
      passes = order != Order::kGreater;
      break;
    case Test::kEqual:
      passes = order == Order::kEqual;
      break;
    case Test::kGreaterEqual:
      passes = order != Order::kLess;
      break;
    case Test::kGreater:
      passes = order == Order::kGreater;
      break;
    case Test::kNotEqual:
      passes = order != Order::kEqual;
      break;
  }
  return passes ? Proof::kYes : Proof::kNo;
}

// Proves conditions of one table.
class Prover {
 public:
  explicit Prover(const Relation& table) : table_(table) {}

  // predtest.c:predicate_implied_by_recurse: `given` is not false; is `target` not false then?
  Proof Implies(const Predicate& given, const Predicate& target) const {
    if (given.kind == PredicateKind::kOr) {
      if (target.kind == PredicateKind::kOr) {
        return Every(given, [&](const Predicate& arm) {
          return Some(target, [&](const Predicate& part) { return Implies(arm, part); });
        });
      }
      return Every(given, [&](const Predicate& arm) { return Implies(arm, target); });
    }
    if (target.kind == PredicateKind::kAnd) {
      return Every(target, [&](const Predicate& part) { return Implies(given, part); });
    }
    Proof proof = Proof::kNo;
    if (target.kind == PredicateKind::kOr) {
      proof = Some(target, [&](const Predicate& part) { return Implies(given, part); });
    } else if (given.kind != PredicateKind::kAnd) {
      return LeafImplies(given, target);
    }
    if (given.kind != PredicateKind::kAnd || proof == Proof::kYes) return proof;
    return std::max(proof,
                    Some(given, [&](const Predicate& part) { return Implies(part, target); }));
  }

 private:
  template <typename Prove>
  static Proof Every(const Predicate& predicate, Prove prove) {
    Proof proof = Proof::kYes;
    for (const Predicate& part : predicate.parts) {
      proof = std::min(proof, prove(part));
      if (proof == Proof::kNo) break;
    }
    return proof;
  }
  template <typename Prove>
  static Proof Some(const Predicate& predicate, Prove prove) {
    Proof proof = Proof::kNo;
    for (const Predicate& part : predicate.parts) {
      proof = std::max(proof, prove(part));
      if (proof == Proof::kYes) break;
    }
    return proof;
  }

  // predtest.c:predicate_implied_by_simple_clause, in its weak form.
  Proof LeafImplies(const Predicate& given, const Predicate& target) const {
    if (target.kind == PredicateKind::kConstant) {
      return IsConstant(target, "false") ? Proof::kNo : Proof::kYes;
    }
    if (given.kind == PredicateKind::kConstant) return Proof::kNo;
    const bool murky = (given.term.murky && MayConcern(given.term, target.term)) ||
                       (target.term.murky && MayConcern(target.term, given.term));
    if (given.term != target.term || given.kind != target.kind) {
      // `x IN (true)` and `x` may be one.
      const bool boolean = given.term == target.term && given.kind != PredicateKind::kIsNull &&
                           target.kind != PredicateKind::kIsNull;
      return murky || boolean ? Proof::kUnknown : Proof::kNo;
    }
    if (given.kind != PredicateKind::kCompare) {
      if (given.term.text.empty() && given.term.column.empty()) return Proof::kUnknown;
      return given.negated == target.negated ? Proof::kYes : Proof::kNo;
    }
    const Test test =
        kImplications[static_cast<int>(given.comparison)][static_cast<int>(target.comparison)];
    return Passes(test,
                  CompareLiterals(target.literal, given.literal, TypeOf(target.term, table_)));
  }

  const Relation& table_;
};

}  // namespace

// ---- rows ------------------------------------------------------------------------------------

KnownRows::KnownRows(const Relation& table, absl::FunctionRef<bool(const TableConstraint&)> dropped)
    : table_(table) {
  for (const TableColumn& column : table.columns) {
    if (!column.not_null) continue;
    Predicate test;
    test.kind = PredicateKind::kIsNull;
    test.negated = true;
    test.term.column = column.name;
    not_null_.push_back(std::move(test));
  }
  for (const TableConstraint& check : table.constraints) {
    if (check.kind != ConstraintKind::kCheck || !check.validated || !check.enforced) continue;
    if (dropped(check)) continue;
    checks_.push_back(check.predicate == nullptr ? Unknowable()
                                                 : Simplify(*check.predicate, table));
  }
}

Proof KnownRows::ProveNotNull(const std::string& column) const {
  Predicate test;
  test.kind = PredicateKind::kIsNull;
  test.negated = true;
  test.term.column = column;
  return Prover(table_).Implies(SimplifyParts(PredicateKind::kAnd, checks_), test);
}

Proof KnownRows::Prove(const Predicate& condition) const {
  Predicates known = not_null_;
  known.insert(known.end(), checks_.begin(), checks_.end());
  return Prover(table_).Implies(SimplifyParts(PredicateKind::kAnd, std::move(known)),
                                Simplify(condition, table_));
}

// ---- partitions ------------------------------------------------------------------------------

namespace {

Predicate NullTest(const Term& term, bool negated) {
  Predicate test;
  test.kind = PredicateKind::kIsNull;
  test.term = term;
  test.negated = negated;
  return test;
}

Predicate KeyCompare(const Term& term, Comparison comparison, const Literal& literal) {
  Predicate compare;
  compare.kind = PredicateKind::kCompare;
  compare.comparison = comparison;
  compare.term = term;
  compare.literal = literal;
  return compare;
}

bool IsKnown(const std::vector<BoundValue>& values) {
  return std::none_of(values.begin(), values.end(),
                      [](const BoundValue& value) { return value.kind == BoundKind::kUnknown; });
}

// A bound's constant becomes one of the key's type; null where the text does not tell which.
std::optional<Literal> Coerce(const Literal& literal, const Term& key, const Relation& parent) {
  const TypeName* type = TypeOf(key, parent);
  Literal coerced = literal;
  coerced.type.clear();
  if (type != nullptr && !CastBefore(coerced, *type).empty()) return std::nullopt;
  return coerced;
}

// partbounds.c:get_qual_for_list, of one partition or, negated, of the default beside `values`.
Predicate ListConstraint(const Relation& parent, const std::vector<BoundValue>& values) {
  const Term& key = parent.partition_terms[0];
  Predicate list;
  list.kind = PredicateKind::kOr;
  list.from_list = true;
  bool has_null = false;
  for (const BoundValue& value : values) {
    if (value.literal.kind == LiteralKind::kNull) {
      has_null = true;
      continue;
    }
    const std::optional<Literal> literal = Coerce(value.literal, key, parent);
    if (!literal) return Unknowable();
    list.parts.push_back(KeyCompare(key, Comparison::kEqual, *literal));
  }
  Predicates parts = {NullTest(key, !has_null)};
  if (list.parts.size() == 1) {
    parts.push_back(list.parts[0]);
  } else if (list.parts.size() > kMaxListElements) {
    parts.push_back(Unknowable());
  } else if (!list.parts.empty()) {
    parts.push_back(std::move(list));
  }
  return Join(has_null ? PredicateKind::kOr : PredicateKind::kAnd, std::move(parts));
}

// partbounds.c:get_qual_for_range writes one side of a range over several keys as an OR of arms:
// the first key is beyond its value, or equal to it and the second is beyond its own, and so on.
class RangeSide {
 public:
  RangeSide(const std::vector<Term>& keys, const std::vector<BoundValue>& values, size_t start,
            bool lower)
      : keys_(keys), values_(values), start_(start), lower_(lower) {}

  // Nothing where the side is open.
  std::optional<Predicate> Build() const {
    Predicates arms;
    for (size_t last = start_; last < keys_.size() && IsValue(last); ++last) {
      Predicates arm;
      for (size_t i = start_; i <= last; ++i) {
        arm.push_back(
            KeyCompare(keys_[i], i < last ? Comparison::kEqual : Beyond(last), values_[i].literal));
      }
      arms.push_back(Join(PredicateKind::kAnd, std::move(arm)));
    }
    if (arms.empty()) return std::nullopt;
    return Join(PredicateKind::kOr, std::move(arms));
  }

 private:
  bool IsValue(size_t i) const { return values_[i].kind == BoundKind::kConstant; }

  Comparison Beyond(size_t i) const {
    const bool is_last = i + 1 == keys_.size();
    if (lower_) {
      const bool open = !is_last && values_[i + 1].kind == BoundKind::kMinValue;
      return is_last || open ? Comparison::kGreaterEqual : Comparison::kGreater;
    }
    const bool open = !is_last && values_[i + 1].kind == BoundKind::kMaxValue;
    return open ? Comparison::kLessEqual : Comparison::kLess;
  }

  const std::vector<Term>& keys_;
  const std::vector<BoundValue>& values_;
  size_t start_;
  bool lower_;
};

Predicates RangeNullTests(const Relation& parent) {
  Predicates tests;
  for (const Term& key : parent.partition_terms) tests.push_back(NullTest(key, true));
  return tests;
}

bool CoerceAll(std::vector<BoundValue>& values, const Relation& parent) {
  if (values.size() != parent.partition_terms.size() || !IsKnown(values)) return false;
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i].kind != BoundKind::kConstant) continue;
    const std::optional<Literal> literal =
        Coerce(values[i].literal, parent.partition_terms[i], parent);
    if (!literal) return false;
    values[i].literal = *literal;
  }
  return true;
}

// Without its null tests.
Predicates RangeConstraint(const Relation& parent, const PartitionBound& bound) {
  std::vector<BoundValue> lower = bound.lower;
  std::vector<BoundValue> upper = bound.upper;
  if (!CoerceAll(lower, parent) || !CoerceAll(upper, parent)) return {Unknowable()};
  const std::vector<Term>& keys = parent.partition_terms;
  Predicates result;
  size_t start = 0;
  // Keys at the front with equal values on both sides are equal to them.
  for (; start < keys.size(); ++start) {
    const bool values =
        lower[start].kind == BoundKind::kConstant && upper[start].kind == BoundKind::kConstant;
    if (!values) break;
    const Order order =
        CompareLiterals(lower[start].literal, upper[start].literal, TypeOf(keys[start], parent));
    if (order == Order::kUnknown) return {Unknowable()};
    if (order != Order::kEqual) break;
    result.push_back(KeyCompare(keys[start], Comparison::kEqual, lower[start].literal));
  }
  for (const bool is_lower : {true, false}) {
    const RangeSide side(keys, is_lower ? lower : upper, start, is_lower);
    if (std::optional<Predicate> built = side.Build()) result.push_back(*std::move(built));
  }
  return result;
}

// Of every partition but the default one; false where a bound is not known.
bool SiblingBounds(const Relation& parent, const CatalogView& view,
                   std::vector<const PartitionBound*>& bounds) {
  for (const RelationId id : parent.children) {
    const Relation* sibling = view.Find(id);
    if (sibling == nullptr || sibling->is_default_partition) continue;
    if (sibling->bound == nullptr) return false;
    bounds.push_back(sibling->bound.get());
  }
  return true;
}

Predicate DefaultConstraint(const Relation& parent, const CatalogView& view) {
  std::vector<const PartitionBound*> bounds;
  if (!SiblingBounds(parent, view, bounds)) return Unknowable();
  if (bounds.empty()) return Truth(true);
  if (parent.partition_strategy == PartitionStrategy::kList) {
    std::vector<BoundValue> values;
    for (const PartitionBound* bound : bounds) {
      values.insert(values.end(), bound->values.begin(), bound->values.end());
    }
    if (!IsKnown(values)) return Unknowable();
    return Negate(ListConstraint(parent, values));
  }
  Predicates ranges;
  for (const PartitionBound* bound : bounds) {
    Predicates range = RangeConstraint(parent, *bound);
    // A partition of everything says so by its null tests.
    if (range.empty()) range = RangeNullTests(parent);
    ranges.push_back(Join(PredicateKind::kAnd, std::move(range)));
  }
  Predicates others = RangeNullTests(parent);
  others.push_back(Join(PredicateKind::kOr, std::move(ranges)));
  return Negate(Join(PredicateKind::kAnd, std::move(others)));
}

}  // namespace

Predicate BoundConstraint(const Relation& parent, const PartitionBound& bound,
                          const CatalogView& view) {
  if (parent.partition_terms.empty()) return Unknowable();
  const bool murky = std::any_of(parent.partition_terms.begin(), parent.partition_terms.end(),
                                 [](const Term& key) { return key.murky; });
  if (parent.partition_strategy == PartitionStrategy::kHash) {
    Predicate hash;
    hash.term.text = "satisfies_hash_partition";
    return hash;
  }
  if (murky) return Unknowable();
  if (bound.is_default) return DefaultConstraint(parent, view);
  if (parent.partition_strategy == PartitionStrategy::kList) {
    return IsKnown(bound.values) && !bound.values.empty() ? ListConstraint(parent, bound.values)
                                                          : Unknowable();
  }
  Predicates parts = RangeNullTests(parent);
  for (Predicate& part : RangeConstraint(parent, bound)) parts.push_back(std::move(part));
  return Join(PredicateKind::kAnd, std::move(parts));
}

Predicate PartitionConstraint(const Relation& parent, const PartitionBound& bound,
                              const CatalogView& view) {
  Predicates parts = {BoundConstraint(parent, bound, view)};
  // A partition has one parent; the walk is up a tree.
  for (const Relation* part = &parent; part != nullptr && part->is_partition;) {
    const Relation* above = part->parents.empty() ? nullptr : view.Find(part->parents[0]);
    parts.push_back(above == nullptr || part->bound == nullptr
                        ? Unknowable()
                        : BoundConstraint(*above, *part->bound, view));
    part = above;
  }
  return Join(PredicateKind::kAnd, std::move(parts));
}

namespace {

// tablecmds.c:QueuePartitionConstraintValidation. Below the first relation each is opened before it
// is asked.
void AddScans(const Relation& relation, const Predicate& condition, bool below, bool possible,
              const CatalogView& view, std::vector<BoundScan>& scans) {
  const Proof proof = KnownRows(relation).Prove(condition);
  possible = possible || proof == Proof::kUnknown;
  const bool reads = proof != Proof::kYes && relation.kind == RelationKind::kTable;
  if (reads || below) scans.push_back({.heap = &relation, .reads = reads, .possible = possible});
  if (proof == Proof::kYes) return;
  for (const RelationId id : relation.children) {
    const Relation* child = view.Find(id);
    if (child != nullptr) AddScans(*child, condition, true, possible, view, scans);
  }
}

}  // namespace

std::vector<BoundScan> ScansOfAttached(const Relation& parent, const Relation& attached,
                                       const PartitionBound& bound, const CatalogView& view) {
  std::vector<BoundScan> scans;
  AddScans(attached, PartitionConstraint(parent, bound, view), false, false, view, scans);
  return scans;
}

const Relation* DefaultPartitionOf(const Relation& parent, const CatalogView& view) {
  for (const RelationId id : parent.children) {
    const Relation* child = view.Find(id);
    if (child != nullptr && child->is_default_partition) return child;
  }
  return nullptr;
}

std::vector<BoundScan> ScansOfDefault(const Relation& parent, const PartitionBound& bound,
                                      bool attaches, const CatalogView& view) {
  std::vector<BoundScan> scans;
  const Relation* fallback = DefaultPartitionOf(parent, view);
  if (fallback == nullptr || bound.is_default) return scans;
  const Predicate outside = Negate(BoundConstraint(parent, bound, view));
  if (attaches) {
    AddScans(*fallback, outside, false, false, view, scans);
    return scans;
  }
  const Proof whole = KnownRows(*fallback).Prove(outside);
  if (whole == Proof::kYes) return scans;
  std::vector<const Relation*> parts = view.DescendantsOf(*fallback);
  parts.insert(parts.begin(), fallback);
  for (const Relation* part : parts) {
    const Proof proof = part == fallback ? whole : KnownRows(*part).Prove(outside);
    const bool reads = part->kind == RelationKind::kTable && proof != Proof::kYes;
    const bool possible = whole == Proof::kUnknown || proof == Proof::kUnknown;
    // All below the default partition are opened before any is asked.
    if (reads || part != fallback) {
      scans.push_back({.heap = part, .reads = reads, .possible = possible});
    }
  }
  return scans;
}

// ---- queries ---------------------------------------------------------------------------------

namespace {

// A comparison holds for no NULL: with each one, that its term is none.
Predicate Strict(const Predicate& given) {
  Predicates parts;
  const bool conjunction = given.kind == PredicateKind::kAnd && !given.from_list;
  for (const Predicate& part : conjunction ? given.parts : Predicates{given}) {
    const Predicate* leaf = &part;
    if (part.from_list && !part.parts.empty()) leaf = part.parts.data();
    if (leaf->kind == PredicateKind::kCompare && !leaf->term.murky) {
      parts.push_back(NullTest(leaf->term, true));
    }
    parts.push_back(part);
  }
  return Join(PredicateKind::kAnd, std::move(parts));
}

// Whether rows of `parent` that satisfy `given` are all in the partition, or all outside of it.
struct Placing {
  bool inside = false;
  bool outside = false;
};
Placing PlaceOf(const Relation& parent, const Predicate& given, const Relation& part,
                const CatalogView& view) {
  if (part.bound == nullptr) return {};
  const Predicate bound = Simplify(BoundConstraint(parent, *part.bound, view), parent);
  const Predicate known = Simplify(given, parent);
  const Prover prover(parent);
  return {.inside = prover.Implies(known, bound) == Proof::kYes,
          .outside = prover.Implies(known, Simplify(Negate(bound), parent)) == Proof::kYes};
}

}  // namespace

std::vector<const Relation*> ReachedBy(const Relation& parent, const OptionalPredicate& where,
                                       const CatalogView& view) {
  if (where == nullptr) return view.DescendantsOf(parent);
  const Predicate given = Strict(*where);
  std::vector<const Relation*> reached;
  std::vector<const Relation*> wholes = {&parent};
  for (size_t next = 0; next < wholes.size(); ++next) {
    for (const RelationId id : wholes[next]->children) {
      const Relation* part = view.Find(id);
      if (part == nullptr || PlaceOf(*wholes[next], given, *part, view).outside) continue;
      reached.push_back(part);
      if (part->kind == RelationKind::kPartitionedTable) wholes.push_back(part);
    }
  }
  return reached;
}

Routing RouteOf(const Relation& parent, const Predicate& row, const CatalogView& view) {
  const Predicate given = Strict(row);
  Routing routing;
  const Relation* whole = &parent;
  while (whole != nullptr && whole->kind == RelationKind::kPartitionedTable) {
    const Relation* found = nullptr;
    for (const RelationId id : whole->children) {
      const Relation* part = view.Find(id);
      if (part == nullptr) continue;
      const Placing placing = PlaceOf(*whole, given, *part, view);
      if (placing.inside) found = part;
      routing.known = routing.known && (placing.inside || placing.outside);
    }
    if (found != nullptr) routing.partitions.push_back(found);
    whole = found;
  }
  return routing;
}

// ---- indexes ---------------------------------------------------------------------------------

Proof SamePredicate(const OptionalPredicate& a, const OptionalPredicate& b, const Relation& table) {
  if (a == nullptr || b == nullptr) return a == b ? Proof::kYes : Proof::kNo;
  if (*a == *b) return Proof::kYes;
  return Simplify(*a, table) == Simplify(*b, table) ? Proof::kYes : Proof::kNo;
}

}  // namespace plimsoll
