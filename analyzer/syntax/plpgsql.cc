#include "analyzer/syntax/plpgsql.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "analyzer/limits.h"
#include "analyzer/syntax/conditions.h"
#include "analyzer/syntax/lexer.h"

namespace plimsoll {
namespace {

using tree::Node;

// pl_gram.y and parser.h: how the text of an expression is to be parsed.
constexpr int64_t kParseStatement = 0;
constexpr int64_t kParseExpression = 2;

// elog.h
constexpr int64_t kElogError = 21;

// plpgsql.h:PLpgSQL_raise_option_type
constexpr int64_t kRaiseErrcode = 0;
constexpr int64_t kRaiseMessage = 1;

// Types that SQL spells with words of its own, and what is declared without a type of its name.
constexpr absl::string_view kSpelledTypes[] = {
    "bigint", "bit",    "boolean",   "char",    "character", "cursor", "dec",       "decimal",
    "double", "float",  "int",       "integer", "interval",  "nchar",  "national",  "numeric",
    "real",   "record", "refcursor", "setof",   "smallint",  "time",   "timestamp", "varchar",
};

// A dotted name at the start of a type's words, taken off them; empty where there is none.
std::vector<std::string> ConsumeName(absl::string_view& words) {
  std::vector<std::string> parts;
  Lexer lexer(words);
  Token token;
  size_t end = 0;
  while (lexer.NextCode(&token)) {
    const absl::string_view word = words.substr(token.span.begin, token.span.size());
    const bool dot = word == ".";
    if (dot != (parts.size() % 2 == 1)) break;
    const bool quoted = word.size() > 2 && word.front() == '"';
    const auto first = static_cast<unsigned char>(word.front());
    if (!dot && !quoted && !absl::ascii_isalpha(first) && first != '_') return {};
    parts.push_back(quoted ? absl::StrReplaceAll(word.substr(1, word.size() - 2), {{"\"\"", "\""}})
                           : absl::AsciiStrToLower(word));
    end = token.span.end;
  }
  words.remove_prefix(end);
  // The dots.
  std::vector<std::string> names;
  for (size_t i = 0; i < parts.size(); i += 2) names.push_back(std::move(parts[i]));
  return names;
}

// What stands behind the `:=` of an assignment; the target may hold brackets.
absl::string_view AssignedValue(absl::string_view assignment) {
  Lexer lexer(assignment);
  Token token;
  int depth = 0;
  while (lexer.NextCode(&token)) {
    const absl::string_view word = assignment.substr(token.span.begin, token.span.size());
    if (word == "(" || word == "[") ++depth;
    if (word == ")" || word == "]") --depth;
    if (depth == 0 && (word == ":=" || word == "=")) return assignment.substr(token.span.end);
  }
  return assignment;
}

// Whether an expression can do more than compute: it calls or queries something.
bool MayReach(absl::string_view expression) {
  if (absl::StrContains(expression, '(')) return true;
  return absl::StrContains(absl::AsciiStrToLower(expression), "from");
}

using Bindings = std::vector<std::pair<std::string, std::string>>;

// Rounds of a loop over constants that are followed one by one.
constexpr size_t kMaxUnrolled = 32;

class Reader {
 public:
  explicit Reader(const Node& function) : function_(function) {}

  PlpgsqlCode Read() &&;

 private:
  struct Variable {
    std::string name;
    std::string value;    // the expression that gives it
    int assignments = 0;  // besides
    bool has_value = false;
  };

  void ReadVariables();
  void ReadTypes();
  void ReadType(absl::string_view words);
  std::string RaisedBy(const Node& body) const;
  void AddFailure(std::string sqlstate, absl::string_view message, bool conditional);
  void ReadDefaults(uint32_t begin_line);
  void CountAssignments();
  void NoteAssignment(const Node& body);
  // Returns whether what follows is never reached.
  bool ReadList(const Node& statements, bool conditional);
  bool LeavesLoop(absl::string_view label) const;
  bool ReadStatement(absl::string_view tag, const Node& body, bool conditional);
  void ReadControl(absl::string_view tag, const Node& body, bool conditional);
  bool ReadIf(const Node& body, bool conditional);
  void ReadCase(const Node& body, bool conditional);
  void ReadLoop(absl::string_view tag, const Node& body, bool conditional);
  bool ReadConstantLoop(const Node& body, bool conditional);
  std::vector<std::string> ElementsOf(absl::string_view array) const;
  bool ReadBlock(const Node& body, bool conditional);
  void ReadOpen(const Node& body, bool conditional);
  void ReadRest(absl::string_view tag, const Node& body, bool conditional);

  void AddExpression(const Node& holder, bool conditional);
  void AddExpressions(const tree::NodeList& holders, bool conditional);
  void AddStatement(const Node& holder, bool conditional, bool has_into = false);
  void AddExecute(const Node& holder, bool conditional);
  void Add(Fragment fragment, bool conditional);

  Node function_;
  PlpgsqlCode code_;
  std::vector<Variable> variables_;         // by number
  absl::flat_hash_set<std::string> names_;  // of variables and blocks
  std::vector<std::string> cursors_;        // their queries, by number; empty for other variables
  uint32_t line_ = 1;
  int depth_ = 0;
  std::vector<std::string> loops_;  // the labels of those around; empty for none
  int tries_ = 0;                   // blocks with an EXCEPTION clause around
  std::shared_ptr<const std::vector<std::string>> handled_;  // by those; see BodyStatement
  int handlers_ = 0;                                         // WHEN clauses around
  std::shared_ptr<const Bindings> bindings_;                 // of a loop over constants
  bool again_ = false;                                       // its first round is over
  bool any_call_ = false;
  bool may_have_ended_ = false;
};

void Reader::Add(Fragment fragment, bool conditional) {
  fragment.line = line_;
  fragment.again = again_;
  fragment.bindings = bindings_;
  fragment.conditional = conditional || may_have_ended_ || tries_ > 0;
  if (!conditional && !may_have_ended_) fragment.handled = handled_;
  code_.fragments.push_back(std::move(fragment));
}

// `holder` is the {"PLpgSQL_expr": …} of a field.
void Reader::AddExpression(const Node& holder, bool conditional) {
  const Node expression = holder["PLpgSQL_expr"];
  absl::string_view words = expression.Text("query");
  const int64_t mode = expression.Number("parseMode");
  if (mode == kParseStatement) return AddStatement(holder, conditional);
  if (mode != kParseExpression) words = AssignedValue(words);
  words = absl::StripAsciiWhitespace(words);
  if (words.empty() || !MayReach(words)) return;
  Add({.kind = FragmentKind::kExpression,
       .sql = absl::StrCat("SELECT ", words),
       .words = std::string(words)},
      conditional);
}

void Reader::AddExpressions(const tree::NodeList& holders, bool conditional) {
  for (const Node& holder : holders) AddExpression(holder, conditional);
}

void Reader::AddStatement(const Node& holder, bool conditional, bool has_into) {
  const absl::string_view query = holder["PLpgSQL_expr"].Text("query");
  if (query.empty()) return;
  Add({.kind = FragmentKind::kStatement,
       .sql = std::string(query),
       .words = std::string(query),
       .has_into = has_into},
      conditional);
}

void Reader::AddExecute(const Node& holder, bool conditional) {
  const absl::string_view words = absl::StripAsciiWhitespace(holder["PLpgSQL_expr"].Text("query"));
  if (words.empty()) return;
  Add({.kind = FragmentKind::kExecute,
       .sql = absl::StrCat("SELECT ", words),
       .words = std::string(words)},
      conditional);
}

void Reader::ReadVariables() {
  for (const Node& datum : function_.Items("datums")) {
    const Node body = datum["PLpgSQL_var"];
    names_.insert(std::string(datum.Body().Text("refname")));
    variables_.push_back({.name = std::string(body.Text("refname")),
                          .value = std::string(body["default_val"]["PLpgSQL_expr"].Text("query")),
                          .has_value = body["default_val"].present()});
    cursors_.emplace_back(body["cursor_explicit_expr"]["PLpgSQL_expr"].Text("query"));
  }
}

// Those of the arguments, and FOUND, stand on no line.
void Reader::ReadTypes() {
  for (const Node& datum : function_.Items("datums")) {
    const Node body = datum.Body();
    if (body.Number("lineno") == 0) continue;
    ReadType(body["datatype"]["PLpgSQL_type"].Text("typname"));
  }
}

// pl_gram.y:read_datatype. What stands before %TYPE and %ROWTYPE comes folded and without quotes; a
// name that may be another variable's says nothing.
void Reader::ReadType(absl::string_view words) {
  const size_t percent = words.rfind('%');
  if (percent != absl::string_view::npos) {
    const absl::string_view kind = words.substr(percent);
    std::vector<std::string> parts = absl::StrSplit(words.substr(0, percent), '.');
    if (parts.size() > 3 || names_.contains(parts[0])) return;
    const std::string last = std::move(parts.back());
    parts.pop_back();
    if (absl::EqualsIgnoreCase(kind, "%rowtype") && parts.size() < 2) {
      code_.row_types.push_back({.schema = parts.empty() ? "" : parts[0], .name = last});
    } else if (absl::EqualsIgnoreCase(kind, "%type") && !parts.empty()) {
      Name table = {.schema = parts.size() > 1 ? parts[0] : "", .name = parts.back()};
      code_.column_types.push_back({.relation = std::move(table), .column = last});
    }
    return;
  }
  std::vector<std::string> parts = ConsumeName(words);
  words = absl::StripAsciiWhitespace(words);
  if (parts.empty() || parts.size() > 2) return;
  Name name = {.schema = parts.size() > 1 ? parts[0] : "", .name = parts.back()};
  const bool spelled = std::find(std::begin(kSpelledTypes), std::end(kSpelledTypes), name.name) !=
                       std::end(kSpelledTypes);
  const bool plain = words.empty() || words == "[]";
  if (plain && !(spelled && name.schema.empty())) code_.types.push_back(std::move(name));
}

// The variables of inner blocks are in the same list as those of the outermost, which alone are
// certain to get their values.
void Reader::ReadDefaults(uint32_t begin_line) {
  for (const Node& datum : function_.Items("datums")) {
    const Node body = datum["PLpgSQL_var"];
    if (!body["default_val"]) continue;
    line_ = static_cast<uint32_t>(body.Number("lineno"));
    AddExpression(body["default_val"], line_ > begin_line);
  }
}

// Whatever may write to a variable names its number, or names it as a part of a row.
void Reader::CountAssignments() {
  const auto count = [this](const Node& body, tree::Key key) {
    const auto number = static_cast<size_t>(body.Number(key));
    if (number < variables_.size()) ++variables_[number].assignments;
  };
  tree::Walk(function_["action"], [&](absl::string_view tag, const Node& body) {
    if (tag == "PLpgSQL_stmt_block") names_.insert(std::string(body.Text("label")));
    if (tag == "PLpgSQL_stmt_assign" || tag == "PLpgSQL_stmt_foreach_a") {
      count(body, "varno");
    } else if (tag == "PLpgSQL_diag_item") {
      count(body, "target");
    } else if (tag == "PLpgSQL_row") {
      for (const Node& field : body.Items("fields")) count(field, "varno");
    } else if (tag == "PLpgSQL_stmt_return") {
      // The one that ends the body stands on no line.
      const bool value = body["expr"] || body["retvarno"];
      code_.returns_bare = code_.returns_bare || (!value && body.Number("lineno") > 0);
    } else if (tag == "PLpgSQL_stmt_call") {
      any_call_ = true;
    }
  });
}

// `v := 'ALTER TABLE …'`, where nothing else writes to `v`.
void Reader::NoteAssignment(const Node& body) {
  constexpr int64_t kParseAssignment = 3;  // to a variable, which one name names
  const Node expression = body["expr"]["PLpgSQL_expr"];
  const auto number = static_cast<size_t>(body.Number("varno"));
  if (number >= variables_.size() || expression.Number("parseMode") != kParseAssignment) return;
  Variable& variable = variables_[number];
  if (variable.assignments != 1 || variable.has_value) return;
  const absl::string_view words = expression.Text("query");
  const absl::string_view value = AssignedValue(words);
  const absl::string_view target = words.substr(0, words.size() - value.size());
  if (absl::StrContains(target, '[')) return;
  variable.value = std::string(value);
  variable.assignments = 0;
  variable.has_value = true;
}

PlpgsqlCode Reader::Read() && {
  ReadVariables();
  CountAssignments();
  ReadTypes();
  Node block = function_["action"];
  uint32_t begin_line = 0;
  for (Node inner = block["PLpgSQL_stmt_block"]; inner && begin_line == 0;) {
    begin_line = static_cast<uint32_t>(inner.Number("lineno"));
    inner = inner.Items("body")[0]["PLpgSQL_stmt_block"];
  }
  ReadDefaults(begin_line);
  ReadBlock(block["PLpgSQL_stmt_block"], false);
  absl::flat_hash_map<std::string, int> named;
  for (const Variable& variable : variables_) ++named[variable.name];
  // An INOUT argument of CALL is written to, and which one that is does not show.
  for (Variable& variable : variables_) {
    if (any_call_) break;
    if (!variable.has_value || variable.assignments > 0 || named[variable.name] > 1) continue;
    code_.constants.emplace_back(std::move(variable.name), std::move(variable.value));
  }
  return std::move(code_);
}

bool Reader::ReadList(const Node& statements, bool conditional) {
  if (depth_ >= kMaxBodyDepth) {
    code_.too_deep = true;
    return false;
  }
  ++depth_;
  bool ended = false;
  for (const Node& statement : statements.Items()) {
    ended = ReadStatement(statement.Tag(), statement.Body(), conditional);
    if (ended) break;
  }
  --depth_;
  return ended;
}

bool Reader::LeavesLoop(absl::string_view label) const {
  return std::any_of(loops_.begin(), loops_.end(),
                     [label](const std::string& loop) { return label.empty() || loop == label; });
}

// What a condition says without being computed.
std::optional<bool> ConstantCondition(const Node& holder) {
  const absl::string_view words = absl::StripAsciiWhitespace(holder["PLpgSQL_expr"].Text("query"));
  if (absl::EqualsIgnoreCase(words, "true")) return true;
  if (absl::EqualsIgnoreCase(words, "false") || absl::EqualsIgnoreCase(words, "null")) return false;
  return std::nullopt;
}

bool Reader::ReadStatement(absl::string_view tag, const Node& body, bool conditional) {
  const int64_t line = body.Number("lineno");
  if (line > 0) line_ = static_cast<uint32_t>(line);
  if (tag == "PLpgSQL_stmt_block") return ReadBlock(body, conditional);
  if (tag == "PLpgSQL_stmt_return") {
    AddExpression(body["expr"], conditional);
    may_have_ended_ = true;
    return true;
  }
  if (tag == "PLpgSQL_stmt_exit") {
    AddExpression(body["cond"], conditional);
    // A loop's body is conditional as it is. Out of a block by its label: what follows may not run.
    may_have_ended_ = may_have_ended_ || !LeavesLoop(body.Text("label"));
    return !body["cond"];
  }
  if (tag == "PLpgSQL_stmt_raise") {
    AddExpressions(body.Items("params"), conditional);
    for (const Node& option : body.Items("options")) {
      AddExpression(option["PLpgSQL_raise_option"]["expr"], conditional);
    }
    const std::string sqlstate = RaisedBy(body);
    AddFailure(sqlstate, body.Text("message"), conditional);
    return body.Number("elog_level") >= kElogError || !sqlstate.empty();
  }
  if (tag == "PLpgSQL_stmt_assert" && ConstantCondition(body["cond"]) == false) {
    // Switched off by plpgsql.check_asserts, which stands in no migration.
    AddFailure("P0004", "assertion failed", conditional);
    return true;
  }
  if (tag == "PLpgSQL_stmt_if") return ReadIf(body, conditional);
  ReadControl(tag, body, conditional);
  return false;
}

void Reader::ReadControl(absl::string_view tag, const Node& body, bool conditional) {
  if (tag == "PLpgSQL_stmt_case") return ReadCase(body, conditional);
  for (const absl::string_view loop :
       {"PLpgSQL_stmt_loop", "PLpgSQL_stmt_while", "PLpgSQL_stmt_fori", "PLpgSQL_stmt_fors",
        "PLpgSQL_stmt_forc", "PLpgSQL_stmt_dynfors", "PLpgSQL_stmt_foreach_a"}) {
    if (tag == loop) return ReadLoop(tag, body, conditional);
  }
  if (tag == "PLpgSQL_stmt_open") return ReadOpen(body, conditional);
  ReadRest(tag, body, conditional);
}

// Returns whether what follows is never reached.
bool Reader::ReadIf(const Node& body, bool conditional) {
  // Whether the branches above may have been taken already.
  bool maybe = false;
  const auto branch = [&](const Node& condition, const Node& statements, bool& ended) {
    const std::optional<bool> taken = ConstantCondition(condition);
    if (!taken) AddExpression(condition, conditional || maybe);
    if (taken == false) return false;
    const bool ends = ReadList(statements, conditional || maybe || !taken);
    ended = ends && !maybe && taken == true;
    maybe = true;
    return taken == true;
  };
  bool ended = false;
  if (branch(body["cond"], body["then_body"], ended)) return ended;
  for (const Node& item : body.Items("elsif_list")) {
    const Node alternative = item["PLpgSQL_if_elsif"];
    line_ = static_cast<uint32_t>(alternative.Number("lineno"));
    if (branch(alternative["cond"], alternative["stmts"], ended)) return ended;
  }
  return ReadList(body["else_body"], conditional || maybe) && !maybe;
}

// The string of an expression that is nothing else; nothing where it is more.
std::optional<std::string> StringOf(const Node& holder) {
  const absl::string_view words = absl::StripAsciiWhitespace(holder["PLpgSQL_expr"].Text("query"));
  if (words.size() < 2 || words.front() != '\'' || words.back() != '\'') return std::nullopt;
  const absl::string_view text = words.substr(1, words.size() - 2);
  if (absl::StrContains(text, '\'')) return std::nullopt;
  return std::string(text);
}

// The SQLSTATE that RAISE ends with (pl_exec.c:exec_stmt_raise): P0001 where an exception has no
// condition of its own. Empty where it ends nothing, or where that is not known.
std::string Reader::RaisedBy(const Node& body) const {
  const bool ends = body.Number("elog_level") >= kElogError;
  const absl::string_view condition = body.Text("condname");
  std::optional<std::string> code;
  if (!condition.empty()) code = std::string(condition);
  bool messages = !body.Text("message").empty() || !condition.empty();
  const bool alone = !messages && body.Items("options").empty();
  if (alone) return handlers_ == 0 ? "0Z002" : "";
  messages = !body.Text("message").empty();
  for (const Node& item : body.Items("options")) {
    const Node option = item["PLpgSQL_raise_option"];
    const int64_t type = option.Number("opt_type");
    if (type == kRaiseMessage && std::exchange(messages, true)) return "42601";
    if (type != kRaiseErrcode) continue;
    if (code) return "42601";
    code = StringOf(option["expr"]);
    if (!code) return "";
  }
  if (!code) return ends ? "P0001" : "";
  const std::vector<std::string> sqlstates = SqlstatesOf(*code);
  if (sqlstates.empty() || *code == "others") return "42704";
  return ends ? sqlstates[0] : "";
}

// Who gets past one that may be raised has not raised.
void Reader::AddFailure(std::string sqlstate, absl::string_view message, bool conditional) {
  if (sqlstate.empty() || conditional || may_have_ended_) return;
  Add({.kind = FragmentKind::kRaise, .sql = std::move(sqlstate), .words = std::string(message)},
      conditional);
}

void Reader::ReadCase(const Node& body, bool conditional) {
  AddExpression(body["t_expr"], conditional);
  for (const Node& item : body.Items("case_when_list")) {
    const Node branch = item["PLpgSQL_case_when"];
    line_ = static_cast<uint32_t>(branch.Number("lineno"));
    AddExpression(branch["expr"], true);
    ReadList(branch["stmts"], true);
  }
  ReadList(body["else_stmts"], true);
}

void Reader::ReadLoop(absl::string_view tag, const Node& body, bool conditional) {
  for (const tree::Key bound : tree::Keys{"cond", "lower", "upper", "step", "expr"}) {
    AddExpression(body[bound], conditional);
  }
  if (tag == "PLpgSQL_stmt_fors") AddStatement(body["query"], conditional);
  if (tag == "PLpgSQL_stmt_forc") ReadOpen(body, conditional);
  if (tag == "PLpgSQL_stmt_dynfors") {
    AddExecute(body["query"], conditional);
    AddExpressions(body.Items("params"), conditional);
  }
  loops_.emplace_back(body.Text("label"));
  const bool read = tag == "PLpgSQL_stmt_foreach_a" && ReadConstantLoop(body, conditional);
  if (!read) ReadList(body["body"], true);
  loops_.pop_back();
}

// The strings of ARRAY['a', 'b'] or of '{a,b}', cast or not; none where it is something else.
std::vector<std::string> ConstantElements(absl::string_view array) {
  std::vector<std::string> strings;
  Lexer lexer(array);
  Token token;
  bool ended = false;
  while (!ended && lexer.NextCode(&token)) {
    const absl::string_view word = array.substr(token.span.begin, token.span.size());
    ended = word == "]" || word == "::";
    const bool frame = ended || word == "[" || word == "," || absl::EqualsIgnoreCase(word, "array");
    if (frame) continue;
    const bool plain = word.size() >= 2 && word.front() == '\'' && word.back() == '\'';
    const absl::string_view text = plain ? word.substr(1, word.size() - 2) : "";
    if (!plain || text.find_first_of("'\\") != absl::string_view::npos) return {};
    strings.emplace_back(text);
  }
  if (absl::StartsWithIgnoreCase(array, "array")) return strings;
  if (strings.size() != 1) return {};
  absl::string_view literal = strings[0];
  const bool braced = absl::ConsumePrefix(&literal, "{") && absl::ConsumeSuffix(&literal, "}");
  if (!braced || literal.find_first_of("{}\"") != absl::string_view::npos) return {};
  std::vector<std::string> elements;
  for (const absl::string_view element : absl::StrSplit(literal, ',', absl::SkipWhitespace())) {
    elements.emplace_back(absl::StripAsciiWhitespace(element));
  }
  return elements;
}

// Of an array that is a constant, or a variable that always is.
std::vector<std::string> Reader::ElementsOf(absl::string_view array) const {
  array = absl::StripAsciiWhitespace(array);
  const auto variable = std::find_if(variables_.begin(), variables_.end(),
                                     [&](const Variable& known) { return known.name == array; });
  if (variable == variables_.end()) return ConstantElements(array);
  const bool constant = variable->has_value && variable->assignments == 0;
  return constant ? ConstantElements(absl::StripAsciiWhitespace(variable->value))
                  : std::vector<std::string>();
}

// FOREACH over constants, as often as it runs. False where nothing was read.
bool Reader::ReadConstantLoop(const Node& body, bool conditional) {
  const auto number = static_cast<size_t>(body.Number("varno"));
  const bool sole = number < variables_.size() && variables_[number].assignments == 1;
  if (!sole || bindings_ != nullptr || body.Number("slice") != 0) return false;
  const std::vector<std::string> elements = ElementsOf(body["expr"]["PLpgSQL_expr"].Text("query"));
  if (elements.empty() || elements.size() > kMaxUnrolled) return false;
  bool leaves = false;
  tree::Walk(body["body"], [&](absl::string_view tag, const Node&) {
    leaves = leaves || tag == "PLpgSQL_stmt_exit" || tag == "PLpgSQL_stmt_return";
  });
  for (const std::string& element : elements) {
    bindings_ = std::make_shared<const Bindings>(Bindings{{variables_[number].name, element}});
    const bool ended = ReadList(body["body"], conditional || leaves);
    again_ = true;
    if (ended) break;
  }
  bindings_ = nullptr;
  again_ = false;
  return true;
}

// What the clause catches besides `around`; null where that is all there is.
std::shared_ptr<const std::vector<std::string>> AlsoHandled(
    const Node& exceptions, const std::shared_ptr<const std::vector<std::string>>& around) {
  auto handled = std::make_shared<std::vector<std::string>>();
  if (around) *handled = *around;
  for (const Node& item : exceptions.Items("exc_list")) {
    for (const Node& one : item["PLpgSQL_exception"].Items("conditions")) {
      const absl::string_view name = one["PLpgSQL_condition"].Text("condname");
      const std::vector<std::string> sqlstates = SqlstatesOf(name);
      if (sqlstates.empty()) return nullptr;
      handled->insert(handled->end(), sqlstates.begin(), sqlstates.end());
    }
  }
  return handled;
}

// What a block with an EXCEPTION clause did is undone where it fails.
bool Reader::ReadBlock(const Node& body, bool conditional) {
  const Node exceptions = body["exceptions"]["PLpgSQL_exception_block"];
  const auto around = handled_;
  if (exceptions) {
    handled_ = tries_ == 0 || around ? AlsoHandled(exceptions, around) : nullptr;
    ++tries_;
  }
  const bool ended = ReadList(body["body"], conditional);
  handled_ = around;
  if (exceptions) --tries_;
  ++handlers_;
  for (const Node& item : exceptions.Items("exc_list")) {
    ReadList(item["PLpgSQL_exception"]["action"], true);
  }
  --handlers_;
  return ended && !exceptions && body.Text("label").empty();
}

// OPEN of a cursor that was declared with its query, or with a query of its own.
void Reader::ReadOpen(const Node& body, bool conditional) {
  AddExpression(body["argquery"], conditional);
  AddStatement(body["query"], conditional);
  if (body["dynquery"]) AddExecute(body["dynquery"], conditional);
  AddExpressions(body.Items("params"), conditional);
  const auto cursor = static_cast<size_t>(body.Number("curvar"));
  if (body["query"] || body["dynquery"] || cursor >= cursors_.size()) return;
  if (cursors_[cursor].empty()) return;
  Add({.kind = FragmentKind::kStatement, .sql = cursors_[cursor]}, conditional);
}

void Reader::ReadRest(absl::string_view tag, const Node& body, bool conditional) {
  if (tag == "PLpgSQL_stmt_execsql") {
    AddStatement(body["sqlstmt"], conditional, body.Flag("into"));
  } else if (tag == "PLpgSQL_stmt_perform" || tag == "PLpgSQL_stmt_call") {
    AddStatement(body["expr"], conditional);
  } else if (tag == "PLpgSQL_stmt_dynexecute") {
    AddExecute(body["query"], conditional);
    AddExpressions(body.Items("params"), conditional);
  } else if (tag == "PLpgSQL_stmt_return_query") {
    AddStatement(body["query"], conditional);
    if (body["dynquery"]) AddExecute(body["dynquery"], conditional);
    AddExpressions(body.Items("params"), conditional);
  } else if (tag == "PLpgSQL_stmt_commit") {
    Add({.kind = FragmentKind::kCommit, .words = "commit", .chain = body.Flag("chain")},
        conditional);
  } else if (tag == "PLpgSQL_stmt_rollback") {
    Add({.kind = FragmentKind::kRollback, .words = "rollback", .chain = body.Flag("chain")},
        conditional);
  } else {
    // Assignments, RETURN NEXT, ASSERT, FETCH and the rest compute, and do nothing else.
    if (tag == "PLpgSQL_stmt_assign") NoteAssignment(body);
    for (const tree::Key field : tree::Keys{"expr", "cond", "message"}) {
      if (body[field]["PLpgSQL_expr"]) AddExpression(body[field], conditional);
    }
  }
}

}  // namespace

PlpgsqlCode ReadPlpgsql(const Node& function) { return Reader(function).Read(); }

}  // namespace plimsoll
