#include "analyzer/simulation/type_change.h"

#include <algorithm>
#include <cstdint>

namespace plimsoll {
namespace {

constexpr TypeChange kFree = {.rewrites = false, .keeps_indexes = true};
constexpr TypeChange kFreeButIndexes = {.rewrites = false, .keeps_indexes = false};
constexpr TypeChange kRewrite = {.rewrites = true, .keeps_indexes = false};

// INTERVAL_FULL_RANGE and INTERVAL_FULL_PRECISION (utils/timestamp.h, utils/adt/timestamp.c); six
// digits are all there are.
constexpr int32_t kAllIntervalFields = 0x7FFF;
constexpr int32_t kMaxFractionDigits = 6;

bool IsOneOf(absl::string_view name, std::initializer_list<absl::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

int32_t Modifier(const TypeName& type, size_t index, int32_t otherwise) {
  return index < type.modifiers.size() ? type.modifiers[index] : otherwise;
}

// What an interval of these fields is cut to, as a rank: seconds 0, … years 5
// (utils/adt/timestamp.c:interval_support; the bits are those of utils/datetime.h).
int SmallestField(int32_t fields) {
  constexpr int kBits[] = {12, 11, 10, 3, 1, 2};  // SECOND, MINUTE, HOUR, DAY, MONTH, YEAR
  int rank = 0;
  for (const int bit : kBits) {
    if ((fields & (1 << bit)) != 0) return rank;
    ++rank;
  }
  return rank;
}

// The planner's support functions drop a cast to the same type whose modifier allows at least as
// much: varchar_support, numeric_support, timestamp_support, interval_support, varbit_support.
bool Widens(const TypeName& from, const TypeName& to) {
  const std::string& name = to.name.name;
  if (from.modifiers == to.modifiers) return true;
  if (name == "varchar" || name == "varbit") {
    return to.modifiers.empty() ||
           (!from.modifiers.empty() && to.modifiers[0] >= from.modifiers[0]);
  }
  if (name == "bpchar") return to.modifiers.empty();
  if (name == "numeric") {
    if (to.modifiers.empty()) return true;
    return !from.modifiers.empty() && to.modifiers[0] >= from.modifiers[0] &&
           Modifier(to, 1, 0) == Modifier(from, 1, 0);
  }
  if (IsOneOf(name, {"timestamp", "timestamptz", "time", "timetz"})) {
    return Modifier(to, 0, kMaxFractionDigits) >= Modifier(from, 0, kMaxFractionDigits);
  }
  if (name == "interval") {
    const int32_t to_fields = Modifier(to, 0, kAllIntervalFields);
    return SmallestField(to_fields) <= SmallestField(Modifier(from, 0, kAllIntervalFields)) &&
           Modifier(to, 1, kMaxFractionDigits) >= Modifier(from, 1, kMaxFractionDigits);
  }
  return false;
}

// Types whose bits are the same although their names differ (pg_cast.castmethod 'b'), and whether
// they share an operator class, so that an index stays as it is.
TypeChange JudgeOtherType(const TypeName& from, const TypeName& to, bool utc) {
  const std::string& a = from.name.name;
  const std::string& b = to.name.name;
  const bool unlimited = to.modifiers.empty();
  if (IsOneOf(a, {"varchar", "text"}) && IsOneOf(b, {"varchar", "text"}) && unlimited) return kFree;
  if (IsOneOf(a, {"varchar", "text", "citext"}) && IsOneOf(b, {"varchar", "text", "citext"}) &&
      unlimited) {
    return kFreeButIndexes;
  }
  if (a == "xml" && IsOneOf(b, {"text", "varchar"}) && unlimited) return kFree;
  if (a == "cidr" && b == "inet") return kFree;
  const auto is_reg = [](const std::string& name) {
    return IsOneOf(
        name, {"oid", "regclass", "regtype", "regproc", "regprocedure", "regoper", "regoperator",
               "regrole", "regnamespace", "regconfig", "regdictionary", "regcollation"});
  };
  if (is_reg(a) && is_reg(b) && (a == "oid" || b == "oid")) return kFree;
  if ((a == "int4" && is_reg(b)) || (is_reg(a) && b == "int4")) return kFreeButIndexes;
  const bool zoned =
      (a == "timestamp" && b == "timestamptz") || (a == "timestamptz" && b == "timestamp");
  // timestamptz_timestamp and its inverse do nothing at offset zero (tablecmds.c:
  // ATColumnChangeRequiresRewrite asks TimestampTimestampTzRequiresRewrite).
  if (zoned && utc &&
      Modifier(to, 0, kMaxFractionDigits) >= Modifier(from, 0, kMaxFractionDigits)) {
    return kFreeButIndexes;
  }
  return kRewrite;
}

TypeChange JudgePlain(const TypeName& from, const TypeName& to, bool utc) {
  const bool same_name = from.name == to.name;
  if (from.array != to.array) return kRewrite;
  if (from.array) {
    // An array's elements are converted one by one whenever anything differs; only dropping the
    // length leaves nothing to do.
    const bool same = same_name && (from.modifiers == to.modifiers || to.modifiers.empty());
    return same ? kFree : kRewrite;
  }
  if (!same_name) return JudgeOtherType(from, to, utc);
  return Widens(from, to) ? kFree : kRewrite;
}

// Follows domains down to their base. False where one of them has a constraint.
bool PeelDomains(TypeName& type, const CatalogView& view,
                 absl::Span<const std::string> search_path) {
  bool unconstrained = true;
  // A domain cannot contain itself; the bound is for histories that redefine one.
  for (int depth = 0; depth < 32 && !type.array; ++depth) {
    const UserType* found = view.FindType(type.name, search_path);
    if (found == nullptr || found->kind != action::TypeKind::kDomain || !found->base) break;
    unconstrained = unconstrained && !found->constrained;
    std::string collation = type.collation;
    type = *found->base;
    if (!collation.empty()) type.collation = std::move(collation);
  }
  return unconstrained;
}

}  // namespace

TypeChange JudgeTypeChange(const TypeName& from, const TypeName& to,
                           const OptionalExpression& using_expression, absl::string_view column,
                           const CatalogView& view, absl::Span<const std::string> search_path,
                           bool utc) {
  if (using_expression) {
    const Expression& expression = *using_expression;
    if (!expression.is_bare_column || expression.columns.size() != 1 ||
        expression.columns[0] != column) {
      return kRewrite;
    }
    if (expression.cast_to) {
      const TypeChange first =
          JudgeTypeChange(from, *expression.cast_to, nullptr, column, view, search_path, utc);
      const TypeChange second =
          JudgeTypeChange(*expression.cast_to, to, nullptr, column, view, search_path, utc);
      return {.rewrites = first.rewrites || second.rewrites,
              .keeps_indexes = first.keeps_indexes && second.keeps_indexes};
    }
  }
  TypeName source = from;
  TypeName target = to;
  PeelDomains(source, view, search_path);
  if (from.name == to.name && from.array == to.array && from.modifiers == to.modifiers) {
    // A domain to itself: nothing is coerced, so its constraints are not looked at.
    target = source;
    target.collation = to.collation;
  } else if (!PeelDomains(target, view, search_path)) {
    return kRewrite;
  }
  // A domain hides the length of its values from the planner, which takes them for unlimited.
  const bool same = from.name == to.name && from.array == to.array;
  if (!(from.name == source.name) && !same) source.modifiers.clear();
  TypeChange change = JudgePlain(source, target, utc);
  // Another order of sorting: the rows stay, the indexes do not.
  if (source.collation != target.collation) change.keeps_indexes = false;
  return change;
}

bool MayKeepBytes(const TypeName& to, const OptionalExpression& using_expression, bool utc) {
  if (using_expression && !using_expression->is_bare_column) return false;
  if (IsOneOf(to.name.name, {"timestamp", "timestamptz"})) return utc || !to.modifiers.empty();
  return !to.array &&
         IsOneOf(to.name.name, {"text", "varchar", "citext", "numeric", "varbit", "interval"});
}

}  // namespace plimsoll
