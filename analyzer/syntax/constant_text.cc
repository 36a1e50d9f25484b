#include "analyzer/syntax/constant_text.h"

#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "analyzer/limits.h"
#include "analyzer/syntax/lower_expression.h"

namespace plimsoll::tree {
namespace {

// quote_ident leaves plain names as they are; quotes around them change nothing.
std::string QuoteIdentifier(absl::string_view name) {
  return absl::StrCat("\"", absl::StrReplaceAll(name, {{"\"", "\"\""}}), "\"");
}

// utils/adt/quote.c:quote_literal_internal: backslashes make it an E'' string.
std::string QuoteLiteral(absl::string_view text) {
  const bool escapes = text.find('\\') != absl::string_view::npos;
  return absl::StrCat(escapes ? "E'" : "'",
                      absl::StrReplaceAll(text, {{"'", "''"}, {"\\", "\\\\"}}), "'");
}

class Evaluator {
 public:
  Evaluator(const Constants& constants, size_t limit) : constants_(constants), limit_(limit) {}

  std::optional<std::string> Evaluate(const Node& node);

 private:
  std::optional<std::string> OfOperator(const Node& body);
  std::optional<std::string> OfCall(const Node& body);
  std::optional<std::string> Format(const std::vector<std::string>& arguments) const;
  std::optional<std::string> OfName(const Node& body) const;

  const Constants& constants_;
  size_t limit_;
  int depth_ = 0;
};

// The text of A_Const. `format('%s', 1)` takes numbers too.
std::optional<std::string> OfConstant(const Node& body) {
  if (body["sval"]) return std::string(body["sval"].Text("sval"));
  if (body["ival"]) return absl::StrCat(body["ival"].Number("ival"));
  if (body["fval"]) return std::string(body["fval"].Text("fval"));
  return std::nullopt;
}

bool IsTextType(const Node& type_name) {
  const TypeName type = LowerType(type_name);
  if (type.array || !type.modifiers.empty() || !type.name.schema.empty()) return false;
  return type.name.name == "text" || type.name.name == "varchar";
}

std::optional<std::string> Evaluator::OfName(const Node& body) const {
  const std::vector<std::string> fields = Strings(body["fields"]);
  if (fields.size() != 1) return std::nullopt;
  const auto found = constants_.find(fields[0]);
  if (found == constants_.end()) return std::nullopt;
  return found->second;
}

std::optional<std::string> Evaluator::Evaluate(const Node& node) {
  if (depth_ >= kMaxBodyDepth) return std::nullopt;
  ++depth_;
  const absl::string_view tag = node.Tag();
  const Node body = node.Body();
  std::optional<std::string> text;
  if (tag == "A_Const") text = OfConstant(body);
  if (tag == "ColumnRef") text = OfName(body);
  if (tag == "A_Expr") text = OfOperator(body);
  if (tag == "FuncCall") text = OfCall(body);
  if (tag == "TypeCast" && IsTextType(body["typeName"])) text = Evaluate(body["arg"]);
  --depth_;
  if (text && text->size() > limit_) return std::nullopt;
  return text;
}

std::optional<std::string> Evaluator::OfOperator(const Node& body) {
  const std::vector<std::string> name = Strings(body["name"]);
  if (body.Text("kind") != "AEXPR_OP" || name != std::vector<std::string>{"||"}) {
    return std::nullopt;
  }
  std::optional<std::string> left = Evaluate(body["lexpr"]);
  if (!left) return std::nullopt;
  const std::optional<std::string> right = Evaluate(body["rexpr"]);
  if (!right) return std::nullopt;
  left->append(*right);
  return left;
}

std::optional<std::string> Evaluator::OfCall(const Node& body) {
  const Name function = QualifiedName(body["funcname"]);
  if (!function.schema.empty() && function.schema != "pg_catalog") return std::nullopt;
  for (const tree::Key clause : tree::Keys{"func_variadic", "agg_filter", "over", "agg_order"}) {
    if (body[clause]) return std::nullopt;
  }
  const bool formats = function.name == "format";
  const bool joins = function.name == "concat";
  const bool identifier = function.name == "quote_ident";
  const bool literal = function.name == "quote_literal" || function.name == "quote_nullable";
  if (!formats && !joins && !identifier && !literal) return std::nullopt;
  std::vector<std::string> arguments;
  for (const Node& argument : body.Items("args")) {
    std::optional<std::string> text = Evaluate(argument);
    if (!text) return std::nullopt;
    arguments.push_back(*std::move(text));
  }
  if (arguments.empty()) return std::nullopt;
  if (formats) return Format(arguments);
  if (identifier) return QuoteIdentifier(arguments[0]);
  if (literal) return QuoteLiteral(arguments[0]);
  std::string joined;
  for (const std::string& argument : arguments) joined += argument;
  return joined;
}

// utils/adt/varlena.c:text_format, but for widths, which no statement needs.
std::optional<std::string> Evaluator::Format(const std::vector<std::string>& arguments) const {
  const absl::string_view format = arguments[0];
  std::string result;
  size_t next = 1;
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      result.push_back(format[i]);
      continue;
    }
    size_t digits = i + 1;
    while (digits < format.size() && format[digits] >= '0' && format[digits] <= '9') ++digits;
    if (digits < format.size() && digits > i + 1 && format[digits] == '$') {
      uint32_t position = 0;
      if (!absl::SimpleAtoi(format.substr(i + 1, digits - i - 1), &position)) return std::nullopt;
      next = position;
      i = digits;
    }
    if (++i >= format.size()) return std::nullopt;
    if (format[i] == '%') {
      result.push_back('%');
      continue;
    }
    if (next == 0 || next >= arguments.size()) return std::nullopt;
    const std::string& argument = arguments[next++];
    if (format[i] == 's') result += argument;
    if (format[i] == 'I') result += QuoteIdentifier(argument);
    if (format[i] == 'L') result += QuoteLiteral(argument);
    if (!absl::StrContains("sIL", format[i]) || result.size() > limit_) return std::nullopt;
  }
  return result;
}

}  // namespace

std::optional<std::string> ConstantText(const Node& expression, const Constants& constants,
                                        size_t limit) {
  return Evaluator(constants, limit).Evaluate(expression);
}

}  // namespace plimsoll::tree
