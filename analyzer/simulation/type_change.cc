#include "analyzer/simulation/type_change.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "analyzer/simulation/volatility.h"

namespace plimsoll {
namespace {

constexpr int32_t kAllIntervalFields = 0x7FFF;  // INTERVAL_FULL_RANGE (utils/timestamp.h)
constexpr int32_t kMaxFractionDigits = 6;

bool IsOneOf(absl::string_view name, std::initializer_list<absl::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

int32_t Modifier(const std::vector<int32_t>& modifiers, size_t index, int32_t otherwise) {
  return index < modifiers.size() ? modifiers[index] : otherwise;
}

// What an interval of these fields is cut to, as a rank: seconds 0, … years 5
// (utils/adt/timestamp.c:intervaltypmodleastfield; the bits are those of utils/datetime.h).
int SmallestField(int32_t fields) {
  constexpr int kBits[] = {12, 11, 10, 3, 1, 2};  // SECOND, MINUTE, HOUR, DAY, MONTH, YEAR
  int rank = 0;
  for (const int bit : kBits) {
    if ((fields & (1 << bit)) != 0) return rank;
    ++rank;
  }
  return rank;
}

bool WidensInterval(const std::vector<int32_t>& from, const std::vector<int32_t>& to) {
  const int least = SmallestField(Modifier(from, 0, kAllIntervalFields));
  return SmallestField(Modifier(to, 0, kAllIntervalFields)) <= least &&
         (least > 0 ||
          Modifier(to, 1, kMaxFractionDigits) >= Modifier(from, 1, kMaxFractionDigits));
}

// Whether the planner drops the function that cuts a value of this type to its modifier: the
// support functions varchar_support, numeric_support, timestamp_support, interval_support and
// varbit_support. No other type's function has one.
bool Widens(absl::string_view name, const std::vector<int32_t>& from,
            const std::vector<int32_t>& to) {
  if (IsOneOf(name, {"varchar", "varbit"})) return !from.empty() && to[0] >= from[0];
  if (name == "numeric") {
    return !from.empty() && to[0] >= from[0] && Modifier(to, 1, 0) == Modifier(from, 1, 0);
  }
  if (IsOneOf(name, {"timestamp", "timestamptz", "time", "timetz"})) {
    return to[0] >= (from.empty() ? kMaxFractionDigits : from[0]);
  }
  return name == "interval" && WidensInterval(from, to);
}

// An expression over the column while casts are put around it. `value.modifiers` are those that
// nodeFuncs.c:exprTypmod reads off it: a domain hides the length of its values, and so does a cast
// to another type.
struct Converted {
  Type value;
  bool computes = false;  // more than a look at the column's bits
  bool possible = false;
};

class Converter {
 public:
  Converter(const TypeScope& scope, bool utc) : scope_(scope), utc_(utc) {}

  // parse_coerce.c:coerce_to_target_type. False where there is no cast.
  bool Convert(Converted& expression, const Type& to, CastContext context) const {
    if (!expression.value.Is(to) && !ChangeType(expression, to, context)) return false;
    if (to.type_class != TypeClass::kDomain || to.array) Cut(expression, to);
    expression.value.collation = to.collation;
    return true;
  }

 private:
  // parse_coerce.c:coerce_type
  bool ChangeType(Converted& expression, const Type& to, CastContext context) const {
    const Type source = BaseOf(expression.value, scope_);
    bool constrained = false;
    const Type base = BaseOf(to, scope_, &constrained);
    const Conversion conversion = FindConversion(source, base, context, scope_);
    const bool to_domain = to.type_class == TypeClass::kDomain && !to.array;
    switch (conversion.path) {
      case CastPath::kNone:
        return false;
      case CastPath::kUnknown:
        expression.possible = true;
        expression.computes = true;
        break;
      case CastPath::kRelabel:
        // What is left of the modifiers is what the domain's length is compared with.
        if (to_domain) Cut(expression, base);
        break;
      case CastPath::kFunction:
        expression.computes = expression.computes || !IsSameInUtc(source, base);
        if (to_domain) {
          expression.value.modifiers.clear();
          Cut(expression, base);
        }
        break;
      case CastPath::kInputOutput:
      case CastPath::kArray:
        expression.computes = true;
        break;
    }
    expression.computes = expression.computes || constrained;
    expression.value = to;
    expression.value.modifiers.clear();
    return true;
  }

  // parse_coerce.c:coerce_type_typmod
  void Cut(Converted& expression, const Type& to) const {
    if (!to.modifiers.empty() && to.modifiers != expression.value.modifiers) {
      const bool widens = !to.array && to.user == nullptr &&
                          Widens(to.name, expression.value.modifiers, to.modifiers);
      expression.computes = expression.computes || !widens;
    }
    expression.value.modifiers = to.modifiers;
  }

  // timestamptz_timestamp and its inverse do nothing at offset zero (tablecmds.c:
  // ATColumnChangeRequiresRewrite asks TimestampTimestampTzRequiresRewrite).
  bool IsSameInUtc(const Type& from, const Type& to) const {
    return utc_ && ((from.name == "timestamp" && to.name == "timestamptz") ||
                    (from.name == "timestamptz" && to.name == "timestamp"));
  }

  const TypeScope& scope_;
  bool utc_;
};

// Whether the expression is the column with nothing but casts around it.
bool IsCastColumn(const Expression& expression, absl::string_view column) {
  const std::vector<Operation>& operations = expression.operations;
  return !operations.empty() && operations[0].kind == OperationKind::kColumn &&
         operations[0].text == column &&
         std::all_of(operations.begin() + 1, operations.end(), [](const Operation& operation) {
           return operation.kind == OperationKind::kCast ||
                  operation.kind == OperationKind::kCollate;
         });
}

std::string Quoted(const Type& type) { return absl::StrCat(type.name, type.array ? "[]" : ""); }

TypeChange Refused(absl::string_view sqlstate, std::string message) {
  return {.sqlstate = std::string(sqlstate), .message = std::move(message)};
}

// What the new type is refused for whatever the old one was; `sqlstate` is empty otherwise.
TypeChange JudgeTarget(const TypeName& name, const Type& to,
                       const OptionalExpression& using_expression) {
  if (name.name.schema.empty() && to.type_class == TypeClass::kUnknown &&
      IsOneOf(to.name, {"serial", "bigserial", "smallserial", "serial2", "serial4", "serial8"})) {
    return Refused("42704", absl::StrCat("type \"", to.name, "\" does not exist"));
  }
  if (to.type_class == TypeClass::kPseudo) {
    return Refused("42P16", absl::StrCat("a column cannot have the pseudo-type ", to.name));
  }
  if (!to.collation.empty() && to.builtin != nullptr && !to.builtin->collatable) {
    return Refused("42804", absl::StrCat("collations are not supported by type ", Quoted(to)));
  }
  if (using_expression && using_expression->has_subquery) {
    return Refused("0A000", "cannot use subquery in transform expression");
  }
  return {};
}

}  // namespace

TypeChange JudgeTypeChange(const TypeName& from, const TypeName& to,
                           const OptionalExpression& using_expression, absl::string_view column,
                           const TypeScope& scope, bool utc) {
  const Type target = ResolveType(to, scope);
  TypeChange judged = JudgeTarget(to, target, using_expression);
  if (!judged.sqlstate.empty()) return judged;
  if (using_expression && !IsCastColumn(*using_expression, column)) return {};
  const Converter converter(scope, utc);
  Converted expression = {.value = ResolveType(from, scope)};
  const Type source = expression.value;
  if (using_expression) {
    for (const Operation& operation : using_expression->operations) {
      if (operation.kind != OperationKind::kCast) continue;
      const Type next = ResolveType(*operation.type, scope);
      if (!converter.Convert(expression, next, CastContext::kExplicit)) {
        return Refused("42846", absl::StrCat("cannot cast type ", Quoted(expression.value), " to ",
                                             Quoted(next)));
      }
    }
  }
  if (!converter.Convert(expression, target, CastContext::kAssignment)) {
    return Refused(
        "42804",
        absl::StrCat(using_expression ? "result of USING clause for column \"" : "column \"",
                     column, "\" cannot be cast automatically to type ", Quoted(target)));
  }
  return {.rewrites = expression.computes, .possible = expression.possible};
}

bool MayKeepBytes(const TypeName& to, const OptionalExpression& using_expression, bool utc) {
  if (using_expression &&
      (using_expression->operations.empty() ||
       !IsCastColumn(*using_expression, using_expression->operations[0].text))) {
    return false;
  }
  if (IsOneOf(to.name.name, {"timestamp", "timestamptz"})) return utc || !to.modifiers.empty();
  return !to.array &&
         IsOneOf(to.name.name, {"text", "varchar", "citext", "numeric", "varbit", "interval"});
}

IndexFate JudgeIndexKey(const TypeName& from, const TypeName& to, absl::string_view method,
                        const action::IndexColumn& key, const TypeScope& scope) {
  const Type source = ResolveType(from, scope);
  const Type target = ResolveType(to, scope);
  const BuiltinOperatorClass* source_class = DefaultOperatorClass(method, source, scope);
  const BuiltinOperatorClass* target_class = DefaultOperatorClass(method, target, scope);
  const bool known = source_class != nullptr;
  // pg_get_indexdef leaves out the class that the old type has by default: the new type then gets
  // the one that it has.
  if (!key.operator_class.empty()) {
    const absl::string_view name =
        absl::string_view(key.operator_class).substr(key.operator_class.rfind('.') + 1);
    const BuiltinOperatorClass* asked =
        FindOperatorClass(method, scope.server_version,
                          [&](const BuiltinOperatorClass& row) { return name == row.name; });
    if (asked == nullptr) {
      source_class = target_class = nullptr;
    } else if (asked != source_class) {
      if (!IsBinaryCoercible(target, asked->type, scope)) return IndexFate::kWrongClass;
      source_class = target_class = asked;
    }
  } else if (target_class == nullptr && known && target.type_class != TypeClass::kUnknown) {
    return IndexFate::kNoClass;
  }
  if (source_class != target_class) return IndexFate::kRebuilt;
  // Of no class that is known: an extension's, which takes the types that share one for btree.
  if (source_class == nullptr && !source.Is(target) &&
      DefaultOperatorClass("btree", source, scope) !=
          DefaultOperatorClass("btree", target, scope)) {
    return IndexFate::kRebuilt;
  }
  const bool polymorphic =
      source_class != nullptr &&
      IsOneOf(source_class->type, {"anyarray", "anyenum", "anyrange", "anymultirange"});
  // A hash index stores numbers: its own columns are never of a type that such a class takes.
  const bool other_storage =
      source_class != nullptr && (source_class->other_storage || method == "hash");
  if (polymorphic && (other_storage || !source.Is(target))) {
    return IndexFate::kRebuilt;
  }
  // A collation of the index's own that is not the column's stays; another goes with the column's.
  const std::string old_collation = BaseOf(source, scope).collation;
  const std::string new_collation = BaseOf(target, scope).collation;
  const bool own = !key.collation.empty() && key.collation != old_collation;
  return own || old_collation == new_collation ? IndexFate::kKept : IndexFate::kRebuilt;
}

bool StillCompares(const Predicate& predicate, const std::string& column, const TypeName& from,
                   const TypeName& to, const TypeScope& scope) {
  const auto compares = [&](const Predicate& part) {
    return StillCompares(part, column, from, to, scope);
  };
  if (!std::all_of(predicate.parts.begin(), predicate.parts.end(), compares)) return false;
  const bool compared = predicate.kind == PredicateKind::kCompare &&
                        predicate.term.column == column && predicate.term.cast.empty();
  if (!compared) return true;
  const Literal& literal = predicate.literal;
  const Type old_type = ResolveType(from, scope);
  const Type new_type = ResolveType(to, scope);
  // Those of one enum compare with no other's.
  const bool enums = old_type.type_class == TypeClass::kEnum &&
                     new_type.type_class == TypeClass::kEnum && literal.type.empty();
  if (enums) return old_type.Is(new_type);
  TypeName constant = from;
  if (literal.kind == LiteralKind::kNumber) {
    constant = {.name = {.name = literal.text.find_first_of(".eE") == std::string::npos
                                     ? "int4"
                                     : "numeric"}};
  } else if (literal.kind != LiteralKind::kString) {
    return true;
  }
  if (!literal.type.empty()) constant = {.name = {.name = literal.type}};
  const std::vector<TableColumn> operands = {
      {.name = "column", .type = std::make_shared<const TypeName>(to)},
      {.name = "constant", .type = std::make_shared<const TypeName>(constant)}};
  Expression comparison;
  comparison.operations = {
      {.kind = OperationKind::kColumn, .text = "column"},
      {.kind = OperationKind::kColumn, .text = "constant"},
      {.kind = OperationKind::kOperator, .operands = 2, .name = {.name = "="}}};
  return FindMisfit(comparison, operands, scope).empty();
}

bool CanConvertDefault(const Expression& value, const TypeName& from, const TypeName& to,
                       const TypeScope& scope) {
  if (!value.is_constant || value.operations.empty() || value.is_null) return true;
  // What the grammar does not give a type takes the column's when the default is made
  // (heap.c:cookDefault).
  const Operation& constant = value.operations.front();
  const bool untyped = constant.kind == OperationKind::kConstant && constant.name.name == "unknown";
  Type source = value.operations.size() > 1 ? ResolveType(*value.operations.back().type, scope)
                : untyped                   ? ResolveType(from, scope)
                                            : BuiltinNamed(constant.name.name, scope);
  const Type target = ResolveType(to, scope);
  return FindConversion(source, target, CastContext::kAssignment, scope).path != CastPath::kNone;
}

}  // namespace plimsoll
