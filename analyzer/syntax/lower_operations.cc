// From the tree of an expression to its operations.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "analyzer/syntax/lower_expression.h"

namespace plimsoll::tree {
namespace {

// A operation, and the nodes of its operands.
struct Lowered {
  Operation operation;
  std::vector<Node> operands;
};

void AddItems(const Node& list, std::vector<Node>& operands) {
  for (const Node& item : list.Items()) operands.push_back(item);
}

Lowered LowerConstant(const Node& body) {
  Operation operation = {.kind = OperationKind::kConstant, .name = {.name = "unknown"}};
  if (body["ival"]) {
    operation.name.name = "int4";
    operation.text = absl::StrCat(body["ival"].Number("ival"));
  } else if (body["fval"]) {
    // What looks like an integer is one as long as it fits (parse_node.c:make_const).
    int64_t value = 0;
    operation.name.name = absl::SimpleAtoi(body["fval"].Text("fval"), &value) ? "int8" : "numeric";
    operation.text = std::string(body["fval"].Text("fval"));
  } else if (body["boolval"]) {
    operation.name.name = "bool";
    operation.text = body["boolval"].Flag("boolval") ? "true" : "false";
  } else if (body["bsval"]) {
    operation.name.name = "bit";
  } else {
    operation.text = std::string(body["sval"].Text("sval"));
  }
  return {.operation = std::move(operation)};
}

Lowered LowerColumn(const Node& body) {
  const NodeList fields = body.Items("fields");
  Operation operation = {.kind = OperationKind::kColumn};
  if (!fields.empty()) operation.text = std::string(fields.back()["String"].Text("sval"));
  if (fields.size() > 1) {
    operation.name.name = std::string(fields[fields.size() - 2]["String"].Text("sval"));
  }
  return {.operation = std::move(operation)};
}

Lowered LowerCall(const Node& body) {
  Lowered lowered = {
      .operation = {.kind = OperationKind::kCall, .name = QualifiedName(body["funcname"])}};
  if (body["over"] || body["agg_filter"] || body["agg_order"])
    lowered.operation.kind = OperationKind::kOpaque;
  for (const Node& argument : body.Items("args")) {
    const Node named = argument.As("NamedArgExpr");
    lowered.operands.push_back(named ? named["arg"] : argument);
    if (named || body["func_variadic"]) lowered.operation.text = "=>";
  }
  return lowered;
}

Lowered LowerOperator(const Node& body) {
  const absl::string_view kind = body.Text("kind");
  Lowered lowered = {
      .operation = {.kind = OperationKind::kOperator, .name = QualifiedName(body["name"])}};
  if (body["lexpr"]) lowered.operands.push_back(body["lexpr"]);
  const Node right = body["rexpr"];
  if (right.Tag() == "List") {
    AddItems(right.Body()["items"], lowered.operands);
  } else if (right) {
    lowered.operands.push_back(right);
  }
  Operation& operation = lowered.operation;
  if (kind == "AEXPR_OP_ANY" || kind == "AEXPR_OP_ALL")
    operation.kind = OperationKind::kAnyOperator;
  if (kind == "AEXPR_NULLIF") operation.kind = OperationKind::kCommon;
  if (kind == "AEXPR_DISTINCT" || kind == "AEXPR_NOT_DISTINCT") operation.name = {.name = "="};
  if (absl::StartsWith(kind, "AEXPR_BETWEEN") || absl::StartsWith(kind, "AEXPR_NOT_BETWEEN")) {
    operation.name = {.name = "<="};
  }
  return lowered;
}

// CURRENT_TIMESTAMP and its kin, as functions of their names.
Lowered LowerValueFunction(const Node& body) {
  absl::string_view name = body.Text("op");
  absl::ConsumePrefix(&name, "SVFOP_");
  absl::ConsumeSuffix(&name, "_N");
  return {.operation = {.kind = OperationKind::kCall,
                        .name = {.schema = "pg_catalog", .name = absl::AsciiStrToUpper(name)}}};
}

Lowered LowerCase(const Node& body) {
  Lowered lowered = {.operation = {.kind = OperationKind::kCommon}};
  if (body["arg"]) {
    lowered.operands.push_back(body["arg"]);
  } else {
    // Its conditions are truths, as those of AND.
    lowered.operation.name.name = "bool";
  }
  for (const Node& item : body.Items("args")) {
    lowered.operands.push_back(item["CaseWhen"]["expr"]);
  }
  const size_t conditions = lowered.operands.size();
  for (const Node& item : body.Items("args")) {
    lowered.operands.push_back(item["CaseWhen"]["result"]);
  }
  if (body["defresult"]) lowered.operands.push_back(body["defresult"]);
  lowered.operation.results = static_cast<uint32_t>(lowered.operands.size() - conditions);
  return lowered;
}

Lowered LowerList(OperationKind kind, const Node& list) {
  Lowered lowered = {.operation = {.kind = kind}};
  AddItems(list, lowered.operands);
  return lowered;
}

Lowered LowerOperation(const Node& node) {
  const absl::string_view tag = node.Tag();
  const Node body = node.Body();
  if (tag == "A_Const") return LowerConstant(body);
  if (tag == "ColumnRef") return LowerColumn(body);
  if (tag == "FuncCall") return LowerCall(body);
  if (tag == "A_Expr") return LowerOperator(body);
  if (tag == "SQLValueFunction") return LowerValueFunction(body);
  if (tag == "CaseExpr") return LowerCase(body);
  if (tag == "TypeCast") {
    return {.operation = {.kind = OperationKind::kCast,
                          .type = std::make_shared<const TypeName>(LowerType(body["typeName"]))},
            .operands = {body["arg"]}};
  }
  if (tag == "CollateClause") {
    return {.operation = {.kind = OperationKind::kCollate, .name = QualifiedName(body["collname"])},
            .operands = {body["arg"]}};
  }
  if (tag == "NullTest") {
    return {.operation = {.kind = OperationKind::kTruth}, .operands = {body["arg"]}};
  }
  if (tag == "BooleanTest") {
    return {.operation = {.kind = OperationKind::kTruth, .name = {.name = "bool"}},
            .operands = {body["arg"]}};
  }
  if (tag == "BoolExpr") {
    // Its operands are truths themselves, which those of IS NULL need not be.
    auto lowered = LowerList(OperationKind::kTruth, body["args"]);
    lowered.operation.name.name = "bool";
    return lowered;
  }
  if (tag == "CoalesceExpr" || tag == "MinMaxExpr") {
    return LowerList(OperationKind::kCommon, body["args"]);
  }
  if (tag == "A_ArrayExpr") return LowerList(OperationKind::kArray, body["elements"]);
  if (tag == "RowExpr") {
    Lowered row = LowerList(OperationKind::kOther, body["args"]);
    row.operation.name.name = "record";
    return row;
  }
  if (tag == "A_Indirection") {
    return {.operation = {.kind = OperationKind::kOther}, .operands = {body["arg"]}};
  }
  return {.operation = {.kind = OperationKind::kOpaque}};
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

std::vector<Operation> LowerOperations(const Node& expression) {
  std::vector<Operation> operations;
  // Iterative, as expressions nest as deeply as they are long. A operation waits below its
  // operands.
  struct Frame {
    Node node;
    std::optional<Operation> operation;
  };
  std::vector<Frame> frames;
  if (expression) frames.push_back({.node = expression});
  while (!frames.empty()) {
    Frame frame = std::move(frames.back());
    frames.pop_back();
    if (frame.operation) {
      operations.push_back(std::move(*frame.operation));
      continue;
    }
    Lowered lowered = LowerOperation(frame.node);
    lowered.operation.operands = static_cast<uint32_t>(lowered.operands.size());
    frames.push_back({.operation = std::move(lowered.operation)});
    for (auto operand = lowered.operands.rbegin(); operand != lowered.operands.rend(); ++operand) {
      frames.push_back({.node = *operand});
    }
  }
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
