#include "analyzer/simulation/partition_bound.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "analyzer/simulation/implication.h"
#include "analyzer/simulation/literal_order.h"

namespace plimsoll {
namespace {

// The youngest siblings that a new bound is compared with: a tree of very many partitions must not
// cost the square of their number.
constexpr size_t kMaxSiblings = 500;

Failure Refusal(absl::string_view sqlstate, std::string message) {
  return {.sqlstate = std::string(sqlstate), .message = std::move(message)};
}

absl::string_view NameOf(PartitionStrategy strategy) {
  switch (strategy) {
    case PartitionStrategy::kList:
      return "list";
    case PartitionStrategy::kRange:
      return "range";
    case PartitionStrategy::kHash:
      return "hash";
    case PartitionStrategy::kNone:
      return "";
  }
  return "";
}

const TypeName* TypeOfKey(const Relation& parent, size_t key) {
  const Term& term = parent.partition_terms[key];
  const TableColumn* column = term.column.empty() ? nullptr : parent.FindColumn(term.column);
  return column == nullptr || !term.cast.empty() ? nullptr : column->type.get();
}

// A bound's constant is one of the key's type, however it is written.
Order CompareAsKey(Literal a, Literal b, const TypeName* type) {
  a.type.clear();
  b.type.clear();
  return CompareLiterals(a, b, type);
}

// One side of a range (parse_utilcmd.c:transformPartitionRangeBounds, validateInfiniteBounds).
std::optional<Failure> MisfitOfSide(const Relation& parent, const std::vector<BoundValue>& side,
                                    absl::string_view name) {
  if (side.size() != parent.partition_terms.size()) {
    return Refusal("42P16",
                   absl::StrCat(name, " must specify exactly one value per partitioning column"));
  }
  BoundKind open = BoundKind::kConstant;
  for (const BoundValue& value : side) {
    if (value.kind == BoundKind::kConstant && value.literal.kind == LiteralKind::kNull) {
      return Refusal("42P17", "cannot specify NULL in range bound");
    }
    const bool closes = open != BoundKind::kConstant && value.kind != open;
    if (closes) {
      const absl::string_view word = open == BoundKind::kMinValue ? "MINVALUE" : "MAXVALUE";
      return Refusal("42804", absl::StrCat("every bound following ", word, " must also be ", word));
    }
    if (value.kind == BoundKind::kMinValue || value.kind == BoundKind::kMaxValue) open = value.kind;
  }
  return std::nullopt;
}

int RankOf(BoundKind kind) {
  return kind == BoundKind::kMinValue ? 0 : kind == BoundKind::kMaxValue ? 2 : 1;
}

// partbounds.c:partition_rbound_cmp, without which side each is of.
Order CompareSides(const Relation& parent, const std::vector<BoundValue>& a,
                   const std::vector<BoundValue>& b) {
  if (a.size() != parent.partition_terms.size() || b.size() != a.size()) return Order::kUnknown;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i].kind == BoundKind::kUnknown || b[i].kind == BoundKind::kUnknown) {
      return Order::kUnknown;
    }
    if (a[i].kind != b[i].kind) {
      return RankOf(a[i].kind) < RankOf(b[i].kind) ? Order::kLess : Order::kGreater;
    }
    if (a[i].kind != BoundKind::kConstant) return Order::kEqual;
    const Order order = CompareAsKey(a[i].literal, b[i].literal, TypeOfKey(parent, i));
    if (order != Order::kEqual) return order;
  }
  return Order::kEqual;
}

bool SharesValue(const Relation& parent, const PartitionBound& a, const PartitionBound& b) {
  const auto same = [&](const BoundValue& x, const BoundValue& y) {
    if (x.kind != BoundKind::kConstant || y.kind != BoundKind::kConstant) return false;
    const bool null = x.literal.kind == LiteralKind::kNull;
    if (null || y.literal.kind == LiteralKind::kNull) return null && x.literal == y.literal;
    return CompareAsKey(x.literal, y.literal, TypeOfKey(parent, 0)) == Order::kEqual;
  };
  return std::any_of(a.values.begin(), a.values.end(), [&](const BoundValue& x) {
    return std::any_of(b.values.begin(), b.values.end(),
                       [&](const BoundValue& y) { return same(x, y); });
  });
}

bool Overlaps(const Relation& parent, const PartitionBound& a, const PartitionBound& b) {
  switch (parent.partition_strategy) {
    case PartitionStrategy::kList:
      return SharesValue(parent, a, b);
    case PartitionStrategy::kRange:
      return CompareSides(parent, a.lower, b.upper) == Order::kLess &&
             CompareSides(parent, b.lower, a.upper) == Order::kLess;
    case PartitionStrategy::kHash: {
      const int32_t modulus = std::min(a.modulus, b.modulus);
      return modulus > 0 && a.remainder % modulus == b.remainder % modulus;
    }
    case PartitionStrategy::kNone:
      return false;
  }
  return false;
}

// Every modulus is a factor of the next larger one.
bool ModuliAgree(const PartitionBound& a, const PartitionBound& b) {
  const int32_t less = std::min(a.modulus, b.modulus);
  return less <= 0 || std::max(a.modulus, b.modulus) % less == 0;
}

bool IsEmptyRange(const Relation& parent, const PartitionBound& bound) {
  if (parent.partition_strategy != PartitionStrategy::kRange) return false;
  const Order order = CompareSides(parent, bound.lower, bound.upper);
  return order == Order::kGreater || order == Order::kEqual;
}

}  // namespace

std::optional<Failure> MisfitOf(const Relation& parent, const PartitionBound& bound) {
  const PartitionStrategy strategy = parent.partition_strategy;
  if (strategy == PartitionStrategy::kNone || parent.partition_terms.empty()) return std::nullopt;
  if (bound.is_default) {
    if (strategy != PartitionStrategy::kHash) return std::nullopt;
    return Refusal("42P16", "a hash-partitioned table may not have a default partition");
  }
  if (bound.strategy == PartitionStrategy::kNone) return std::nullopt;
  if (bound.strategy != strategy) {
    return Refusal("42P16", absl::StrCat("invalid bound specification for a ", NameOf(strategy),
                                         " partition"));
  }
  if (strategy == PartitionStrategy::kRange) {
    std::optional<Failure> misfit = MisfitOfSide(parent, bound.lower, "FROM");
    return misfit ? misfit : MisfitOfSide(parent, bound.upper, "TO");
  }
  if (strategy != PartitionStrategy::kHash) return std::nullopt;
  if (bound.modulus <= 0) {
    return Refusal("42P16",
                   "modulus for hash partition must be an integer value greater than zero");
  }
  if (bound.remainder >= bound.modulus) {
    return Refusal("42P16", "remainder for hash partition must be less than modulus");
  }
  return std::nullopt;
}

std::optional<Failure> ConflictOf(const Relation& parent, const PartitionBound& bound,
                                  const CatalogView& view) {
  if (bound.is_default) {
    const Relation* other = DefaultPartitionOf(parent, view);
    if (other == nullptr) return std::nullopt;
    return Refusal("42P17", absl::StrCat("partition conflicts with existing default partition \"",
                                         other->name, "\""));
  }
  if (parent.partition_terms.empty() || bound.strategy != parent.partition_strategy) {
    return std::nullopt;
  }
  if (IsEmptyRange(parent, bound)) {
    return Refusal("42P17", "empty range bound specified for partition");
  }
  const size_t siblings = std::min(parent.children.size(), kMaxSiblings);
  for (size_t i = 0; i < siblings; ++i) {
    const Relation* sibling = view.Find(parent.children[parent.children.size() - 1 - i]);
    if (sibling == nullptr || sibling->bound == nullptr || sibling->bound->is_default) continue;
    const bool hash = parent.partition_strategy == PartitionStrategy::kHash;
    if (hash && !ModuliAgree(bound, *sibling->bound)) {
      return Refusal("42P17",
                     "every hash partition modulus must be a factor of the next larger modulus");
    }
    if (Overlaps(parent, bound, *sibling->bound)) {
      return Refusal("42P17",
                     absl::StrCat("partition would overlap partition \"", sibling->name, "\""));
    }
  }
  return std::nullopt;
}

}  // namespace plimsoll
