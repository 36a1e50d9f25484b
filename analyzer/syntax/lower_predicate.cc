#include "analyzer/syntax/lower_predicate.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "analyzer/syntax/lower_expression.h"

namespace plimsoll::tree {
namespace {

// ---- canonical text --------------------------------------------------------------------------

bool IsPlace(Key key) {
  constexpr Key kPlaces[] = {"location", "rexpr_list_start", "rexpr_list_end", "list_start",
                             "list_end", "funcformat",       "typemod"};
  return std::find(std::begin(kPlaces), std::end(kPlaces), key) != std::end(kPlaces);
}

bool IsTextCast(const Node& cast) {
  const TypeName type = LowerType(cast["typeName"]);
  return type.name.name == "text" && !type.array && cast["arg"].As("A_Const")["sval"];
}

class Canonicalizer {
 public:
  // False where the text would be too long or the tree is too deep.
  bool Add(const Node& node, size_t depth) {
    if (depth > kMaxPredicateDepth || text_.size() > kMaxCanonicalText) return false;
    switch (node.present() ? node.value().kind : tree::Kind::kNothing) {
      case tree::Kind::kNothing:
        return true;
      case tree::Kind::kNumber:
      case tree::Kind::kFlag:
        absl::StrAppend(&text_, node.value().number);
        return true;
      case tree::Kind::kText:
        absl::StrAppend(&text_, node.Text().size(), "'", node.Text(), "'");
        return true;
      case tree::Kind::kList:
        return AddList(node.Items(), depth);
      case tree::Kind::kTyped:
      case tree::Kind::kFields:
        return AddObject(node, depth);
    }
    return true;
  }
  std::string Take() { return std::move(text_); }

 private:
  bool AddList(const NodeList& items, size_t depth) {
    text_ += '[';
    for (const Node& item : items) {
      if (!Add(item, depth + 1)) return false;
      text_ += ',';
    }
    text_ += ']';
    return true;
  }
  bool AddObject(const Node& node, size_t depth) {
    const absl::string_view tag = node.Tag();
    if (tag == "TypeCast" && IsTextCast(node.Body())) {
      return Add(node.Body()["arg"], depth + 1);
    }
    if (tag == "ColumnRef") {
      absl::StrAppend(&text_, ColumnMark(ColumnRefName(node.Body())));
      return true;
    }
    text_ += '{';
    for (const Value& field : node.Parts()) {
      if (IsPlace(Key::FromNumber(field.key))) continue;
      absl::StrAppend(&text_, absl::Hex(field.key), ":");
      if (!Add(Node(&field), depth + 1)) return false;
      text_ += ' ';
    }
    text_ += '}';
    return true;
  }

  std::string text_;
};

// ---- constants -------------------------------------------------------------------------------

bool IsBoolType(absl::string_view type) { return type == "bool"; }

std::optional<Literal> LowerConstant(const Node& constant) {
  if (constant.Flag("isnull")) return Literal{.kind = LiteralKind::kNull};
  if (constant["boolval"]) {
    const bool value = constant["boolval"].Flag("boolval");
    return Literal{.kind = LiteralKind::kBool, .text = value ? "true" : "false"};
  }
  if (constant["ival"]) {
    return Literal{.kind = LiteralKind::kNumber,
                   .text = absl::StrCat(constant["ival"].Number("ival"))};
  }
  if (constant["fval"]) {
    return Literal{.kind = LiteralKind::kNumber,
                   .text = std::string(constant["fval"].Text("fval"))};
  }
  if (constant["sval"]) {
    return Literal{.kind = LiteralKind::kString,
                   .text = std::string(constant["sval"].Text("sval"))};
  }
  return std::nullopt;
}

void CastTo(Literal& literal, const std::string& type) {
  literal.type = type;
  if (!IsBoolType(type) || literal.kind != LiteralKind::kString) return;
  // Older grammars have no constants TRUE and FALSE, only casts of these.
  const bool is_true = literal.text == "t" || literal.text == "true";
  const bool is_false = literal.text == "f" || literal.text == "false";
  if (is_true || is_false) {
    literal = {.kind = LiteralKind::kBool, .text = is_true ? "true" : "false"};
  }
}

// A constant, or one cast of one; anything else PostgreSQL would have to compute.
std::optional<Literal> LowerLiteral(const Node& node) {
  if (node.Tag() == "A_Const") return LowerConstant(node.Body());
  if (node.Tag() != "TypeCast" || node.Body()["arg"].Tag() != "A_Const") return std::nullopt;
  const TypeName type = LowerType(node.Body()["typeName"]);
  if (type.array || !type.modifiers.empty()) return std::nullopt;
  std::optional<Literal> literal = LowerConstant(node.Body()["arg"].Body());
  if (literal) CastTo(*literal, type.name.name);
  return literal;
}

// `{1,2}`, without quotes and nesting.
std::optional<std::vector<Literal>> ParseArray(absl::string_view text, const std::string& type) {
  if (text.size() < 3 || text.front() != '{' || text.back() != '}') return std::nullopt;
  std::vector<Literal> literals;
  for (const absl::string_view item : absl::StrSplit(text.substr(1, text.size() - 2), ',')) {
    if (item.empty() || item.find_first_of("\"\\{} ") != absl::string_view::npos) {
      return std::nullopt;
    }
    Literal literal = {.kind = LiteralKind::kString, .text = std::string(item)};
    if (absl::EqualsIgnoreCase(item, "null")) literal = {.kind = LiteralKind::kNull};
    CastTo(literal, type);
    literals.push_back(std::move(literal));
  }
  return literals;
}

std::optional<std::vector<Literal>> LowerLiterals(const NodeList& items) {
  std::vector<Literal> literals;
  for (const Node& item : items) {
    std::optional<Literal> literal = LowerLiteral(item);
    if (!literal) return std::nullopt;
    literals.push_back(*std::move(literal));
  }
  return literals;
}

// The right side of ANY and ALL: ARRAY[…] or '{…}', perhaps cast.
std::optional<std::vector<Literal>> LowerArray(Node node) {
  std::string element;
  if (node.Tag() == "TypeCast") {
    const TypeName type = LowerType(node.Body()["typeName"]);
    if (!type.array) return std::nullopt;
    element = type.name.name;
    node = node.Body()["arg"];
  }
  if (node.Tag() == "A_ArrayExpr") {
    std::optional<std::vector<Literal>> literals = LowerLiterals(node.Body().Items("elements"));
    if (!literals) return std::nullopt;
    for (Literal& literal : *literals) {
      // Strings make an array of text (parse_coerce.c:select_common_type).
      const bool untyped = literal.kind == LiteralKind::kString && literal.type.empty();
      if (!element.empty()) CastTo(literal, element);
      if (element.empty() && untyped) literal.type = "text";
    }
    return literals;
  }
  const Node constant = node.As("A_Const");
  return constant["sval"] ? ParseArray(constant["sval"].Text("sval"), element) : std::nullopt;
}

// ---- conditions ------------------------------------------------------------------------------

std::optional<Comparison> ComparisonOf(absl::string_view name) {
  if (name == "<") return Comparison::kLess;
  if (name == "<=") return Comparison::kLessEqual;
  if (name == "=") return Comparison::kEqual;
  if (name == ">=") return Comparison::kGreaterEqual;
  if (name == ">") return Comparison::kGreater;
  if (name == "<>" || name == "!=") return Comparison::kNotEqual;
  return std::nullopt;
}

bool MentionsColumn(const Node& node) {
  bool found = false;
  Walk(node, [&](absl::string_view tag, const Node&) { found = found || tag == "ColumnRef"; });
  return found;
}

// What stands for the moment or the session is not known before the statement runs.
bool MayBeComputed(const Node& node) {
  if (node.Tag() == "SQLValueFunction" || MentionsColumn(node)) return false;
  return node.Tag() != "FuncCall" || QualifiedName(node.Body()["funcname"]).name != "now";
}

Predicate Compare(Term term, Comparison comparison, Literal literal) {
  Predicate compare;
  compare.kind = PredicateKind::kCompare;
  compare.comparison = comparison;
  compare.term = std::move(term);
  compare.literal = std::move(literal);
  return compare;
}

Predicate IsNull(const Node& argument, bool negated) {
  Predicate test;
  test.kind = PredicateKind::kIsNull;
  test.negated = negated;
  test.term = LowerTerm(argument);
  return test;
}

Predicate Holds(const Node& node, bool murky) {
  Predicate holds;
  holds.term.text = CanonicalText(node);
  holds.term.murky = murky || holds.term.text.empty();
  return holds;
}

// `1 = 1` and its kin are TRUE or FALSE before anybody looks.
Predicate Fold(const Node& node, const Literal& left, Comparison comparison, const Literal& right) {
  int64_t x = 0;
  int64_t y = 0;
  const bool numbers = left.kind == LiteralKind::kNumber && right.kind == LiteralKind::kNumber &&
                       absl::SimpleAtoi(left.text, &x) && absl::SimpleAtoi(right.text, &y);
  if (!numbers) return Holds(node, true);
  const bool less = comparison == Comparison::kLess || comparison == Comparison::kLessEqual ||
                    comparison == Comparison::kNotEqual;
  const bool equal = comparison == Comparison::kEqual || comparison == Comparison::kLessEqual ||
                     comparison == Comparison::kGreaterEqual;
  const bool greater = comparison == Comparison::kGreater ||
                       comparison == Comparison::kGreaterEqual ||
                       comparison == Comparison::kNotEqual;
  const bool holds = x < y ? less : x > y ? greater : equal;
  Predicate constant;
  constant.kind = PredicateKind::kConstant;
  constant.literal = {.kind = LiteralKind::kBool, .text = holds ? "true" : "false"};
  return constant;
}

class Lowerer {
 public:
  Predicate Lower(const Node& node, size_t depth) {
    if (depth > kMaxPredicateDepth || leaves_ > kMaxPredicateLeaves) {
      overflowed_ = true;
      return {};
    }
    const absl::string_view tag = node.Tag();
    const Node body = node.Body();
    if (tag == "BoolExpr") return LowerBool(body, depth);
    ++leaves_;
    if (tag == "NullTest") return LowerNullTest(body);
    if (tag == "A_Expr") return LowerOperator(node, body, depth);
    if (tag == "TypeCast" && IsBoolType(LowerType(body["typeName"]).name.name) &&
        body["arg"].Tag() != "ColumnRef" && !LowerLiteral(node)) {
      return Lower(body["arg"], depth + 1);
    }
    if (const std::optional<Literal> literal = LowerLiteral(node)) {
      Predicate constant;
      constant.kind = PredicateKind::kConstant;
      constant.literal = *literal;
      return constant;
    }
    if (tag == "ColumnRef") {
      Predicate holds;
      holds.term = LowerTerm(node);
      return holds;
    }
    // A function in SQL may be replaced by its body; IS TRUE and its kin mean something since 17.
    return Holds(node, tag == "FuncCall" || tag == "BooleanTest" || tag == "TypeCast");
  }
  bool overflowed() const { return overflowed_; }

 private:
  Predicate LowerBool(const Node& body, size_t depth) {
    std::vector<Predicate> parts;
    for (const Node& argument : body.Items("args")) parts.push_back(Lower(argument, depth + 1));
    if (body.Text("boolop") == "NOT_EXPR" && !parts.empty()) return Negate(std::move(parts[0]));
    return Join(body.Text("boolop") == "AND_EXPR" ? PredicateKind::kAnd : PredicateKind::kOr,
                std::move(parts));
  }

  // One of a row asks for each of its fields (clauses.c:eval_const_expressions_mutator).
  static Predicate LowerNullTest(const Node& body) {
    const bool negated = body.Text("nulltesttype") == "IS_NOT_NULL";
    const NodeList fields = body["arg"].Body().Items("args");
    if (body["arg"].Tag() != "RowExpr" || fields.empty()) return IsNull(body["arg"], negated);
    std::vector<Predicate> tests;
    for (const Node& field : fields) tests.push_back(IsNull(field, negated));
    return Join(PredicateKind::kAnd, std::move(tests));
  }

  Predicate LowerOperator(const Node& node, const Node& body, size_t depth) {
    const absl::string_view kind = body.Text("kind");
    const NodeList names = body.Items("name");
    const absl::string_view name = names.back()["String"].Text("sval");
    if (kind == "AEXPR_OP") {
      if (std::optional<Predicate> truth = LowerTruth(body, name, depth)) return *std::move(truth);
      return LowerComparison(node, body, name);
    }
    if (kind == "AEXPR_IN") {
      return LowerList(node, body, name, LowerLiterals(body["rexpr"]["List"].Items("items")),
                       name == "=");
    }
    if (kind == "AEXPR_OP_ANY" || kind == "AEXPR_OP_ALL") {
      return LowerList(node, body, name, LowerArray(body["rexpr"]), kind == "AEXPR_OP_ANY");
    }
    if (absl::StartsWith(kind, "AEXPR_BETWEEN")) return LowerBetween(node, body, kind);
    if (absl::StartsWith(kind, "AEXPR_NOT_BETWEEN")) {
      return Negate(LowerBetween(node, body, kind));
    }
    if (kind == "AEXPR_DISTINCT" || kind == "AEXPR_NOT_DISTINCT") {
      return LowerDistinct(body, kind == "AEXPR_DISTINCT");
    }
    const bool negated = absl::StartsWith(name, "!");
    Predicate holds;
    holds.term.text =
        absl::StrCat(kind, " ", CanonicalText(body["lexpr"]), " ", negated ? name.substr(1) : name,
                     " ", CanonicalText(body["rexpr"]));
    holds.negated = negated;
    return holds;
  }

  // `condition = true` is the condition (clauses.c:simplify_boolean_equality).
  std::optional<Predicate> LowerTruth(const Node& body, absl::string_view name, size_t depth) {
    const absl::string_view tag = body["lexpr"].Tag();
    if (tag != "NullTest" && tag != "BoolExpr" && tag != "A_Expr") return std::nullopt;
    const std::optional<Literal> literal = LowerLiteral(body["rexpr"]);
    const bool equal = name == "=";
    if (!literal || literal->kind != LiteralKind::kBool || (!equal && name != "<>")) {
      return std::nullopt;
    }
    Predicate condition = Lower(body["lexpr"], depth + 1);
    return (literal->text == "true") == equal ? condition : Negate(std::move(condition));
  }

  static Predicate LowerComparison(const Node& node, const Node& body, absl::string_view name) {
    const std::optional<Comparison> comparison = ComparisonOf(name);
    const Node left = body["lexpr"];
    const Node right = body["rexpr"];
    if (!comparison || !left) return Holds(node, !MentionsColumn(node));
    const std::optional<Literal> left_literal = LowerLiteral(left);
    const std::optional<Literal> right_literal = LowerLiteral(right);
    if (right_literal && !left_literal)
      return Compare(LowerTerm(left), *comparison, *right_literal);
    if (left_literal && !right_literal) {
      Predicate compare = Compare(LowerTerm(right), Commute(*comparison), *left_literal);
      compare.commuted = true;
      return compare;
    }
    if (left_literal && right_literal)
      return Fold(node, *left_literal, *comparison, *right_literal);
    // An order of rows is no comparison to the prover; that they are equal is one of each column.
    if (left.Tag() == "RowExpr") {
      return Holds(node, *comparison == Comparison::kEqual || *comparison == Comparison::kNotEqual);
    }
    // A side without a column is computed before the proof, if it can be.
    return Holds(node, MayBeComputed(left) || MayBeComputed(right));
  }

  Predicate LowerList(const Node& node, const Node& body, absl::string_view name,
                      std::optional<std::vector<Literal>> literals, bool any) {
    const std::optional<Comparison> comparison = ComparisonOf(name);
    if (!comparison || !literals || literals->empty() || literals->size() > kMaxListElements) {
      return Holds(node, true);
    }
    leaves_ += literals->size();
    const Term term = LowerTerm(body["lexpr"]);
    if (literals->size() == 1) return Compare(term, *comparison, std::move((*literals)[0]));
    Predicate list;
    list.kind = any ? PredicateKind::kOr : PredicateKind::kAnd;
    list.from_list = true;
    for (Literal& literal : *literals) {
      list.parts.push_back(Compare(term, *comparison, std::move(literal)));
    }
    return list;
  }

  static Predicate LowerBetween(const Node& node, const Node& body, absl::string_view kind) {
    const NodeList bounds = body["rexpr"]["List"].Items("items");
    const std::optional<Literal> low = LowerLiteral(bounds[0]);
    const std::optional<Literal> high = LowerLiteral(bounds[1]);
    if (!low || !high) return Holds(node, true);
    const Term term = LowerTerm(body["lexpr"]);
    const auto between = [&](const Literal& from, const Literal& to) {
      return Join(PredicateKind::kAnd, {Compare(term, Comparison::kGreaterEqual, from),
                                        Compare(term, Comparison::kLessEqual, to)});
    };
    if (!absl::EndsWith(kind, "_SYM")) return between(*low, *high);
    return Join(PredicateKind::kOr, {between(*low, *high), between(*high, *low)});
  }

  static Predicate LowerDistinct(const Node& body, bool distinct) {
    const Node left = body["lexpr"];
    const Node right = body["rexpr"];
    // parse_expr.c:transformAExprDistinct
    if (right.As("A_Const").Flag("isnull")) return IsNull(left, distinct);
    if (left.As("A_Const").Flag("isnull")) return IsNull(right, distinct);
    Predicate holds;
    holds.term.text = absl::StrCat("DISTINCT ", CanonicalText(left), " ", CanonicalText(right));
    holds.negated = !distinct;
    return holds;
  }

  size_t leaves_ = 0;
  bool overflowed_ = false;
};

}  // namespace

// ---- bounds ----------------------------------------------------------------------------------

BoundValue LowerBoundValue(const Node& node) {
  if (node.Tag() == "ColumnRef") {
    const absl::string_view name = ColumnRefName(node.Body());
    if (name == "minvalue") return {.kind = BoundKind::kMinValue};
    if (name == "maxvalue") return {.kind = BoundKind::kMaxValue};
  }
  if (std::optional<Literal> literal = LowerLiteral(node)) return {.literal = *std::move(literal)};
  return {.kind = BoundKind::kUnknown};
}

namespace {

std::vector<BoundValue> LowerBoundValues(const NodeList& items) {
  std::vector<BoundValue> values;
  for (const Node& item : items) values.push_back(LowerBoundValue(item));
  return values;
}

}  // namespace

std::string CanonicalText(const Node& expression) {
  if (!expression) return "";
  Canonicalizer canonicalizer;
  return canonicalizer.Add(expression, 0) ? canonicalizer.Take() : "";
}

Term LowerTerm(const Node& expression) {
  if (expression.Tag() == "ColumnRef") {
    return {.column = std::string(ColumnRefName(expression.Body()))};
  }
  if (expression.Tag() == "TypeCast" && expression.Body()["arg"].Tag() == "ColumnRef") {
    const TypeName type = LowerType(expression.Body()["typeName"]);
    if (!type.array && type.modifiers.empty()) {
      return {.column = std::string(ColumnRefName(expression.Body()["arg"].Body())),
              .cast = type.name.name};
    }
  }
  Term term = {.text = CanonicalText(expression)};
  Walk(expression, [&](absl::string_view tag, const Node&) {
    term.murky = term.murky || tag == "CollateClause";
  });
  term.murky = term.murky || term.text.empty();
  return term;
}

OptionalPredicate LowerPredicate(const Node& condition) {
  if (!condition) return nullptr;
  Lowerer lowerer;
  Predicate predicate = lowerer.Lower(condition, 0);
  if (lowerer.overflowed()) predicate = Holds(condition, true);
  return std::make_shared<const Predicate>(std::move(predicate));
}

PartitionStrategy LowerPartitionStrategy(const Node& partition_spec) {
  // An enum since 16, a word before.
  const absl::string_view strategy = partition_spec.Text("strategy");
  if (absl::EndsWithIgnoreCase(strategy, "list")) return PartitionStrategy::kList;
  if (absl::EndsWithIgnoreCase(strategy, "range")) return PartitionStrategy::kRange;
  if (absl::EndsWithIgnoreCase(strategy, "hash")) return PartitionStrategy::kHash;
  return PartitionStrategy::kNone;
}

std::vector<Term> LowerPartitionTerms(const Node& partition_spec) {
  std::vector<Term> terms;
  for (const Node& parameter : partition_spec.Items("partParams")) {
    const Node element = parameter["PartitionElem"];
    Term term = element["expr"] ? LowerTerm(element["expr"])
                                : Term{.column = std::string(element.Text("name"))};
    term.murky = term.murky || element["collation"] || element["opclass"];
    terms.push_back(std::move(term));
  }
  return terms;
}

PartitionBound LowerPartitionBound(const Node& bound_spec) {
  PartitionBound bound = {.is_default = bound_spec.Flag("is_default"),
                          .values = LowerBoundValues(bound_spec.Items("listdatums")),
                          .lower = LowerBoundValues(bound_spec.Items("lowerdatums")),
                          .upper = LowerBoundValues(bound_spec.Items("upperdatums")),
                          .modulus = static_cast<int32_t>(bound_spec.Number("modulus")),
                          .remainder = static_cast<int32_t>(bound_spec.Number("remainder"))};
  const absl::string_view strategy = bound_spec.Text("strategy");
  if (bound.is_default) return bound;
  bound.strategy = strategy == "l"   ? PartitionStrategy::kList
                   : strategy == "r" ? PartitionStrategy::kRange
                   : strategy == "h" ? PartitionStrategy::kHash
                                     : PartitionStrategy::kNone;
  return bound;
}

}  // namespace plimsoll::tree
