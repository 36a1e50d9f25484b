// From the tree of an expression to its operations.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "analyzer/syntax/lower_expression.h"

namespace plimsoll::tree {
namespace {

// Nodes that are to be lowered, the last one first. What lowers one adds its operands, in order.
using Pending = absl::InlinedVector<Node, 8>;

void AddItems(const Node& list, Pending& pending) {
  for (const Node& item : list.Items()) pending.push_back(item);
}

Operation LowerConstant(const Node& body) {
  Operation operation = {.kind = OperationKind::kConstant, .name = {.name = "unknown"}};
  if (const Node text = body["sval"]) {
    operation.text = std::string(text.Text("sval"));
  } else if (const Node integer = body["ival"]) {
    operation.name.name = "int4";
    operation.text = absl::StrCat(integer.Number("ival"));
  } else if (const Node number = body["fval"]) {
    // What looks like an integer is one as long as it fits (parse_node.c:make_const).
    int64_t value = 0;
    operation.text = std::string(number.Text("fval"));
    operation.name.name = absl::SimpleAtoi(operation.text, &value) ? "int8" : "numeric";
  } else if (const Node truth = body["boolval"]) {
    operation.name.name = "bool";
    operation.text = truth.Flag("boolval") ? "true" : "false";
  } else if (body["bsval"]) {
    operation.name.name = "bit";
  }
  return operation;
}

Operation LowerColumn(const Node& body) {
  const NodeList fields = body.Items("fields");
  Operation operation = {.kind = OperationKind::kColumn};
  if (!fields.empty()) operation.text = std::string(fields.back()["String"].Text("sval"));
  if (fields.size() > 1) {
    operation.name.name = std::string(fields[fields.size() - 2]["String"].Text("sval"));
  }
  return operation;
}

Operation LowerCall(const Node& body, Pending& operands) {
  Operation operation = {.kind = OperationKind::kCall, .name = QualifiedName(body["funcname"])};
  if (body["over"] || body["agg_filter"] || body["agg_order"]) {
    operation.kind = OperationKind::kOpaque;
  }
  for (const Node& argument : body.Items("args")) {
    const Node named = argument.As("NamedArgExpr");
    operands.push_back(named ? named["arg"] : argument);
    if (named || body["func_variadic"]) operation.text = "=>";
  }
  return operation;
}

Operation LowerOperator(const Node& body, Pending& operands) {
  const absl::string_view kind = body.Text("kind");
  Operation operation = {.kind = OperationKind::kOperator, .name = QualifiedName(body["name"])};
  const Node left = body["lexpr"];
  const Node right = body["rexpr"];
  if (left) operands.push_back(left);
  if (right.Tag() == "List") {
    AddItems(right.Body()["items"], operands);
  } else if (right) {
    operands.push_back(right);
  }
  if (kind == "AEXPR_OP") return operation;
  if (kind == "AEXPR_OP_ANY" || kind == "AEXPR_OP_ALL") {
    operation.kind = OperationKind::kAnyOperator;
  }
  if (kind == "AEXPR_NULLIF") operation.kind = OperationKind::kCommon;
  if (kind == "AEXPR_DISTINCT" || kind == "AEXPR_NOT_DISTINCT") operation.name = {.name = "="};
  if (absl::StartsWith(kind, "AEXPR_BETWEEN") || absl::StartsWith(kind, "AEXPR_NOT_BETWEEN")) {
    operation.name = {.name = "<="};
  }
  return operation;
}

// CURRENT_TIMESTAMP and its kin, as functions of their names.
Operation LowerValueFunction(const Node& body) {
  absl::string_view name = body.Text("op");
  absl::ConsumePrefix(&name, "SVFOP_");
  absl::ConsumeSuffix(&name, "_N");
  return {.kind = OperationKind::kCall,
          .name = {.schema = "pg_catalog", .name = absl::AsciiStrToUpper(name)}};
}

Operation LowerCase(const Node& body, Pending& operands) {
  // Without an argument its conditions are truths, as those of AND.
  const Node argument = body["arg"];
  if (argument) operands.push_back(argument);
  for (const Node& item : body.Items("args")) operands.push_back(item["CaseWhen"]["expr"]);
  const size_t conditions = operands.size();
  for (const Node& item : body.Items("args")) operands.push_back(item["CaseWhen"]["result"]);
  if (body["defresult"]) operands.push_back(body["defresult"]);
  return {.kind = OperationKind::kCommon,
          .name = {.name = argument ? "" : "bool"},
          .results = static_cast<uint32_t>(operands.size() - conditions)};
}

// One of the kinds that have a list of operands and nothing else.
Operation LowerList(OperationKind kind, const Node& list, Pending& operands,
                    absl::string_view name = "") {
  AddItems(list, operands);
  return {.kind = kind, .name = {.name = std::string(name)}};
}

Operation LowerOperation(const Node& node, Pending& operands) {
  const absl::string_view tag = node.Tag();
  const Node body = node.Body();
  if (tag == "A_Const") return LowerConstant(body);
  if (tag == "ColumnRef") return LowerColumn(body);
  if (tag == "FuncCall") return LowerCall(body, operands);
  if (tag == "A_Expr") return LowerOperator(body, operands);
  if (tag == "SQLValueFunction") return LowerValueFunction(body);
  if (tag == "CaseExpr") return LowerCase(body, operands);
  // Its operands are truths themselves, which those of IS NULL need not be.
  if (tag == "BoolExpr") return LowerList(OperationKind::kTruth, body["args"], operands, "bool");
  if (tag == "CoalesceExpr" || tag == "MinMaxExpr") {
    return LowerList(OperationKind::kCommon, body["args"], operands);
  }
  if (tag == "A_ArrayExpr") return LowerList(OperationKind::kArray, body["elements"], operands);
  if (tag == "RowExpr") return LowerList(OperationKind::kOther, body["args"], operands, "record");
  const bool one = tag == "TypeCast" || tag == "CollateClause" || tag == "NullTest" ||
                   tag == "BooleanTest" || tag == "A_Indirection";
  if (!one) return {.kind = OperationKind::kOpaque};
  operands.push_back(body["arg"]);
  if (tag == "TypeCast") {
    return {.kind = OperationKind::kCast,
            .type = std::make_shared<const TypeName>(LowerType(body["typeName"]))};
  }
  if (tag == "CollateClause") {
    return {.kind = OperationKind::kCollate, .name = QualifiedName(body["collname"])};
  }
  if (tag == "A_Indirection") return {.kind = OperationKind::kOther};
  return {.kind = OperationKind::kTruth, .name = {.name = tag == "BooleanTest" ? "bool" : ""}};
}

// `name` or `"name"`; takes it off the text. Empty where there is none.
std::string ConsumePart(absl::string_view& text) {
  text = absl::StripAsciiWhitespace(text);
  std::string part;
  if (!absl::ConsumePrefix(&text, "\"")) {
    const size_t end = std::min(text.find('.'), text.size());
    part = absl::AsciiStrToLower(absl::StripAsciiWhitespace(text.substr(0, end)));
    text.remove_prefix(end);
    return part;
  }
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c == '"' && !absl::ConsumePrefix(&text, "\"")) break;
    part.push_back(c);
  }
  return part;
}

// The string of a constant or of a cast of one.
std::optional<std::string> ConstantString(Node node) {
  while (node.Tag() == "TypeCast") node = node.Body()["arg"];
  const Node value = node.As("A_Const")["sval"];
  if (!value) return std::nullopt;
  return std::string(value.Text("sval"));
}

}  // namespace

// Iterative, as expressions nest as deeply as they are long. What is written down is each operation
// before its operands, the last operand first: backwards it is postfix.
std::vector<Operation> LowerOperations(const Node& expression) {
  std::vector<Operation> operations;
  Pending pending;
  if (expression) pending.push_back(expression);
  while (!pending.empty()) {
    const Node node = pending.back();
    pending.pop_back();
    const size_t below = pending.size();
    operations.push_back(LowerOperation(node, pending));
    operations.back().operands = static_cast<uint32_t>(pending.size() - below);
  }
  std::reverse(operations.begin(), operations.end());
  return operations;
}

Name ParseName(absl::string_view text) {
  Name name = {.name = ConsumePart(text)};
  while (absl::ConsumePrefix(&text, ".")) {
    name.schema = std::move(name.name);
    name.name = ConsumePart(text);
  }
  return name;
}

std::optional<SequenceUse> LowerSequenceUse(const Node& call) {
  const Name function = QualifiedName(call["funcname"]);
  if (!function.schema.empty() && function.schema != "pg_catalog") return std::nullopt;
  if (function.name != "nextval" && function.name != "currval" && function.name != "setval") {
    return std::nullopt;
  }
  Node argument = call.Items("args")[0];
  while (argument.Tag() == "TypeCast") argument = argument.Body()["arg"];
  if (argument.Tag() == "FuncCall") {
    const NodeList arguments = argument.Body().Items("args");
    if (QualifiedName(argument.Body()["funcname"]).name != "pg_get_serial_sequence") {
      return std::nullopt;
    }
    const std::optional<std::string> table = ConstantString(arguments[0]);
    std::optional<std::string> column = ConstantString(arguments[1]);
    if (!table || !column) return std::nullopt;
    return SequenceUse{.name = ParseName(*table), .column = std::move(*column)};
  }
  const std::optional<std::string> sequence = ConstantString(argument);
  if (!sequence || sequence->empty()) return std::nullopt;
  return SequenceUse{.name = ParseName(*sequence)};
}

}  // namespace plimsoll::tree
