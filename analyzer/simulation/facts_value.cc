// The facts of values: defaults, the numbers of sequences, the columns that queries show.

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "analyzer/simulation/facts.h"
#include "analyzer/simulation/query_columns.h"
#include "analyzer/simulation/sequence_numbers.h"
#include "analyzer/simulation/value_text.h"
#include "analyzer/simulation/volatility.h"

namespace plimsoll {
namespace {

// Functions of PostgreSQL's own that return sets and that are met in the place of a value.
constexpr absl::string_view kSetReturning[] = {
    "generate_series", "generate_subscripts",   "json_array_elements",
    "json_each",       "jsonb_array_elements",  "jsonb_each",
    "regexp_matches",  "regexp_split_to_table", "string_to_table",
    "unnest",          "json_object_keys",      "jsonb_object_keys",
};

bool ReturnsSet(const FunctionCall& call) {
  return std::find(std::begin(kSetReturning), std::end(kSetReturning), call.function.name) !=
         std::end(kSetReturning);
}

bool IsIntegerType(const Type& type) {
  return !type.array && type.builtin != nullptr &&
         (type.name == "int2" || type.name == "int4" || type.name == "int8");
}

}  // namespace

// ---- columns and their defaults --------------------------------------------------------------

// What has no place for them, and the scale of numeric (parse_type.c:typenameTypeMod,
// numeric.c:numerictypmodin; 15 lets the scale be negative, or beyond the precision). A modifier of
// -1 may be one that the grammar could not read.
bool Inspector::CheckModifiers(const TypeName& type) {
  if (type.modifiers.empty() || !IsBuiltinType(type.name)) return true;
  static constexpr absl::string_view kModified[] = {"varchar",     "bpchar",  "bit",    "varbit",
                                                    "numeric",     "time",    "timetz", "timestamp",
                                                    "timestamptz", "interval"};
  const std::string& name = type.name.name;
  if (std::find(std::begin(kModified), std::end(kModified), name) == std::end(kModified)) {
    Fail("42601", absl::StrCat("type modifier is not allowed for type \"", name, "\""));
    return false;
  }
  if (name != "numeric" || type.modifiers.size() < 2 || type.modifiers[1] == -1) return true;
  constexpr int32_t kMostScale = 1000;
  const int32_t scale = type.modifiers[1];
  const bool wide = situation_.server_version >= 15;
  const bool fits =
      wide ? -kMostScale <= scale && scale <= kMostScale : 0 <= scale && scale <= type.modifiers[0];
  if (fits && type.modifiers.size() == 2) return true;
  Fail("22023", "the scale of type numeric is out of range");
  return false;
}

// catalog/heap.c:CheckAttributeType, parse_type.c:GetColumnDefCollation
bool Inspector::CheckColumnType(const TypeName& type, RelationId of) {
  const Type resolved = ResolveType(type, Scope());
  if (resolved.type_class == TypeClass::kPseudo) {
    Fail("42P16", absl::StrCat("a column cannot have the pseudo-type ", resolved.name));
    return false;
  }
  // varchar.c:anychar_typmodin, numeric.c:numerictypmodin, varbit.c:anybit_typmodin
  const bool counted = IsBuiltinType(type.name) && !type.modifiers.empty();
  const int32_t first = counted ? type.modifiers[0] : 1;
  const std::string& name = type.name.name;
  const bool letters = name == "varchar" || name == "bpchar";
  const bool bits = name == "bit" || name == "varbit";
  if (counted && ((letters && (first < 1 || first > 10485760)) || (bits && first < 1) ||
                  (name == "numeric" && (first < 1 || first > 1000)))) {
    Fail("22023", absl::StrCat("the modifier of type ", name, " is out of range"));
    return false;
  }
  if (!CheckModifiers(type)) return false;
  if (of != 0 && resolved.row_of == of) {
    Fail("42P16", "a table cannot be made a member of itself");
    return false;
  }
  const Type base = BaseOf(resolved, Scope());
  if (!type.collation.empty() && base.builtin != nullptr && !base.builtin->collatable) {
    Fail("42804", absl::StrCat("collations are not supported by type ", base.name));
    return false;
  }
  return true;
}

// That the functions are there, in this version; where extensions may bring some, nothing is said.
// `b(t)` is `t.b` where no function is called that (parse_func.c:ParseFuncOrColumn). Only where a
// missing function would be a failure is it worth the search.
static bool MayBeColumn(const FunctionCall& call, const CatalogView& view,
                        const Situation& situation) {
  const Name& name = call.function;
  if (!situation.closed || call.arguments != 1 || !name.schema.empty()) return false;
  if (IsBuiltinFunctionName(name.name)) return false;
  if (view.FindRoutine(name, situation.search_path) != nullptr) return false;
  const std::vector<const Relation*> relations = view.AllRelations();
  return std::any_of(relations.begin(), relations.end(), [&](const Relation* relation) {
    return relation->FindColumn(name.name) != nullptr;
  });
}

bool Inspector::CheckCalls(absl::Span<const FunctionCall> calls) {
  if (!situation_.closed || situation_.trusted_since > 0) return true;
  for (const FunctionCall& call : calls) {
    const bool aggregate =
        view_.FindObject(ObjectKind::kAggregate, call.function, situation_.search_path) != nullptr;
    if (MayBeColumn(call, view_, situation_)) continue;
    if (!aggregate && FailIfGone(ObjectKind::kFunction, call.function)) return false;
    if (!IsPlain()) continue;
    const auto rows = FindBuiltinFunctions(call.function.name, situation_.server_version);
    const bool later = std::none_of(rows.begin(), rows.end(), [&](const BuiltinFunction& row) {
      return IsIn(row, situation_.server_version);
    });
    const bool own = view_.FindRoutine(call.function, situation_.search_path) != nullptr;
    if (!later || own || rows.empty()) continue;
    Fail("42883", absl::StrCat("function ", call.function.name, " does not exist"));
    return false;
  }
  return true;
}

bool Inspector::CheckExpression(const Expression& expression,
                                absl::Span<const TableColumn> columns) {
  if (!CheckCalls(expression.calls)) return false;
  if (!IsPlain()) return !facts_.failure;
  const TypeScope scope = Scope();
  const absl::string_view misfit = FindMisfit(expression, columns, scope);
  if (!misfit.empty()) Fail(misfit, "a value is of a type that is not taken there");
  return !facts_.failure;
}

// parse_agg.c:check_agglevels_and_constraints, parse_expr.c:transformSubLink
bool Inspector::CheckComputedKey(const Expression& expression,
                                 absl::Span<const TableColumn> columns, absl::string_view where) {
  if (expression.has_subquery) {
    Fail("0A000", absl::StrCat("cannot use subquery in ", where));
    return false;
  }
  const auto is_aggregate = [&](const FunctionCall& call) {
    return IsAggregate(call, situation_.server_version);
  };
  if (std::any_of(expression.calls.begin(), expression.calls.end(), is_aggregate)) {
    Fail("42803", absl::StrCat("aggregate functions are not allowed in ", where));
    return false;
  }
  return CheckExpression(expression, columns);
}

// parse_coerce.c:coerce_to_boolean
bool Inspector::CheckTruth(const Expression& condition, absl::Span<const TableColumn> columns,
                           absl::string_view where) {
  const TypeScope scope = Scope();
  const ExpressionType type = TypeOf(condition, columns, scope);
  if (condition.text) {
    const absl::string_view bad = JudgeText(*condition.text, BuiltinNamed("bool", scope), scope);
    if (!bad.empty()) Fail(bad, absl::StrCat("\"", *condition.text, "\" is no truth"));
  } else if (type.IsKnown() && BaseOf(type.type, scope).name != "bool") {
    Fail("42804", absl::StrCat("argument of ", where, " must be type boolean"));
  }
  return !facts_.failure;
}

// A condition on a row: of a check, or of a policy.
bool Inspector::CheckCondition(const Expression& condition, absl::Span<const TableColumn> columns,
                               absl::string_view where) {
  const bool queries = where == "POLICY" && condition.has_subquery;
  // What stands in a query within it is not told from what stands around.
  if (queries ? !CheckExpression(condition, columns)
              : !CheckComputedKey(condition, columns, where)) {
    return false;
  }
  return CheckTruth(condition, columns, where);
}

// typecmds.c:domainAddCheckConstraint: VALUE is all that there is.
bool Inspector::CheckDomainCondition(const Expression& condition, const TypeName& base) {
  for (const std::string& column : condition.columns) {
    if (column == "value" || condition.has_subquery) continue;
    Fail("42703", absl::StrCat("column \"", column, "\" does not exist"));
    return false;
  }
  const TableColumn value = {.name = "value", .type = std::make_shared<const TypeName>(base)};
  return CheckCondition(condition, absl::MakeConstSpan(&value, 1));
}

// catalog/heap.c:cookDefault, parser/parse_expr.c under EXPR_KIND_COLUMN_DEFAULT. `type` is the
// column's; null where it is not known.
bool Inspector::CheckDefault(const Expression& value, const TypeName* type) {
  const auto refuse = [&](absl::string_view sqlstate, absl::string_view what) {
    Fail(sqlstate, absl::StrCat("cannot use ", what, " in a DEFAULT"));
    return false;
  };
  if (value.has_subquery) return refuse("0A000", "a subquery");
  if (!value.columns.empty()) return refuse("0A000", "a column reference");
  if (value.has_window) return refuse("42P20", "a window function");
  const auto is_aggregate = [&](const FunctionCall& call) {
    return IsAggregate(call, situation_.server_version);
  };
  if (std::any_of(value.calls.begin(), value.calls.end(), is_aggregate)) {
    return refuse("42803", "an aggregate");
  }
  if (std::any_of(value.calls.begin(), value.calls.end(), ReturnsSet)) {
    return refuse("0A000", "a function that returns a set");
  }
  // A new table's own sequences are made before it.
  const auto is_serial = [](const Column& column) { return column.serial; };
  const bool makes = Sibling<action::CreateTable>([&](const action::CreateTable& create) {
    return std::any_of(create.columns.begin(), create.columns.end(), is_serial);
  });
  for (const Name& name : value.depends_on) {
    if (!makes && Find(name) == nullptr) FailMissing(name);
  }
  if (!CheckExpression(value, {})) return false;
  if (type == nullptr || value.is_null) return true;
  const TypeScope scope = Scope();
  const Type target = ResolveType(*type, scope);
  const ExpressionType given = TypeOf(value, {}, scope);
  if (value.text) {
    const absl::string_view bad = JudgeText(*value.text, target, scope);
    if (!bad.empty()) Fail(bad, absl::StrCat("\"", *value.text, "\" is no ", target.name));
  } else if (given.IsKnown() &&
             FindConversion(given.type, target, CastContext::kAssignment, scope).path ==
                 CastPath::kNone) {
    Fail("42804", absl::StrCat("the default is of type ", given.type.name, ", the column of type ",
                               target.name));
  }
  return !facts_.failure;
}

// ADD COLUMN computes a default that is the same for all rows at once (ATExecAddColumn).
void Inspector::CheckStoredDefault(const Expression& value, const TypeName& type) {
  if (value.operations.size() != 1 || value.is_null) return;
  const Operation& constant = value.operations[0];
  if (constant.kind != OperationKind::kConstant) return;
  const TypeScope scope = Scope();
  const Type base = BaseOf(ResolveType(type, scope), scope);
  const absl::string_view bad = JudgeFit(constant.text, value.text.has_value(), base);
  if (!bad.empty()) Fail(bad, absl::StrCat("the default does not fit into ", base.name));
}

// parse_utilcmd.c:generateSerialExtraStmts, sequence.c:init_params
bool Inspector::CheckIdentity(const TypeName& type, const SequenceOptions& options) {
  const Type resolved = ResolveType(type, Scope());
  if (resolved.type_class == TypeClass::kUnknown) return true;
  if (!IsIntegerType(resolved)) {
    Fail("22023", "identity column type must be smallint, integer, or bigint");
    return false;
  }
  if (options.type) {
    Fail("42601", "an identity column has the type that it has");
    return false;
  }
  SequenceNumbers numbers = NewNumbers(resolved.name);
  const absl::string_view bad = ApplyOptions(options, /*created=*/true, numbers);
  if (!bad.empty()) Fail(bad, "the options of the sequence contradict each other");
  return bad.empty();
}

bool Inspector::CheckNewColumn(const Column& column, bool made_of_rows) {
  if (column.serial && column.type.array) {
    Fail("0A000", "array of serial is not implemented");
    return false;
  }
  if (!column.clash.empty()) {
    Fail("42601", column.clash);
    return false;
  }
  // parse_utilcmd.c:transformColumnDefinition, since NOT NULL is a constraint.
  const auto has = [&](ConstraintKind kind) {
    return std::any_of(column.constraints.begin(), column.constraints.end(),
                       [kind](const Constraint& constraint) { return constraint.kind == kind; });
  };
  const bool keyed = has(ConstraintKind::kNull) && has(ConstraintKind::kPrimaryKey);
  if (keyed && situation_.server_version >= 18) {
    Fail("42601",
         absl::StrCat("conflicting NULL/NOT NULL declarations for column \"", column.name, "\""));
    return false;
  }
  if (!CheckColumnType(column.type)) return false;
  if (column.generated == Generated::kIdentity &&
      !CheckIdentity(column.type, column.numbers.OrDefault())) {
    return false;
  }
  if (column.default_value == nullptr) return true;
  if (!CheckDefault(*column.default_value, &column.type)) return false;
  if (made_of_rows) CheckStoredDefault(*column.default_value, column.type);
  return !facts_.failure;
}

// ---- sequences -------------------------------------------------------------------------------

void Inspector::CheckSequence(const SequenceOptions& options, const Relation& sequence) {
  SequenceNumbers numbers = sequence.numbers.OrDefault();
  const absl::string_view bad = ApplyOptions(options, /*created=*/false, numbers);
  if (!bad.empty()) {
    Fail(bad,
         absl::StrCat("the options of sequence \"", sequence.name, "\" contradict each other"));
  }
}

// ALTER COLUMN … ADD GENERATED and SET …
void Inspector::CheckIdentityOf(const action::AlterRelation& alter, const Relation& table) {
  const TableColumn* column = table.FindColumn(alter.column);
  if (alter.alteration == action::Alteration::kAddIdentity) {
    if (column != nullptr && column->type != nullptr) CheckIdentity(*column->type, alter.numbers);
    return;
  }
  for (const Relation* sequence : view_.SequencesOf(table)) {
    if (sequence->owner_column == alter.column) CheckSequence(alter.numbers, *sequence);
  }
}

// ---- queries ---------------------------------------------------------------------------------

QueryColumns Inspector::CheckSelection(const OptionalSelection& selection,
                                       std::optional<absl::Span<const std::string>> names,
                                       absl::Span<const std::string> variables) {
  if (selection == nullptr) return {};
  const Relation* only =
      selection->sources.size() == 1 ? Find(selection->sources[0].relation) : nullptr;
  for (const ShownColumn& shown : selection->columns) {
    if (shown.value == nullptr) continue;
    if (!CheckCalls(shown.value->calls)) return {};
    CheckTypesOf(*shown.value);
    CheckLabels(shown.value->texts, only);
  }
  for (const auto& arm : selection->arms) CheckSelection(arm, std::nullopt, variables);
  for (const ShownColumn& assigned : selection->assigned) {
    if (!CheckCalls(assigned.value->calls)) return {};
  }
  for (const OptionalExpression& condition : selection->conditions) {
    if (!CheckCalls(condition->calls)) return {};
    CheckTypesOf(*condition);
    CheckLabels(condition->texts, only);
  }
  const TypeScope scope = Scope();
  QueryColumns query = ColumnsOf(
      *selection, names, scope, IsPlain(),
      [&](const Relation& relation) { return KnowsAll(relation); }, variables);
  if (query.failure) Fail(query.failure->sqlstate, query.failure->message);
  return query;
}

// view.c:checkViewColumns
bool Inspector::CheckReplacedColumns(const Relation& view, const QueryColumns& query) {
  const TypeScope scope = Scope();
  const auto refuse = [&](std::string message) {
    Fail("42P16", std::move(message));
    return false;
  };
  if (query.columns.size() < view.columns.size()) return refuse("cannot drop columns from view");
  for (size_t i = 0; i < view.columns.size(); ++i) {
    const TableColumn& old = view.columns[i];
    const TableColumn& made = query.columns[i];
    if (old.name != made.name) {
      return refuse(absl::StrCat("cannot change name of view column \"", old.name, "\" to \"",
                                 made.name, "\""));
    }
    if (old.type == nullptr || made.type == nullptr) continue;
    const Type from = ResolveType(*old.type, scope);
    const Type to = ResolveType(*made.type, scope);
    const bool known =
        from.type_class != TypeClass::kUnknown && to.type_class != TypeClass::kUnknown;
    if (!known || (from.Is(to) && from.modifiers == to.modifiers)) continue;
    return refuse(absl::StrCat("cannot change data type of view column \"", old.name, "\""));
  }
  return true;
}

}  // namespace plimsoll
