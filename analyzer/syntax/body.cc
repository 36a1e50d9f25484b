#include "analyzer/syntax/body.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "analyzer/limits.h"
#include "analyzer/syntax/constant_text.h"
#include "analyzer/syntax/grammar.h"
#include "analyzer/syntax/lexer.h"
#include "analyzer/syntax/lower.h"
#include "analyzer/syntax/piece.h"
#include "analyzer/syntax/placeholder.h"
#include "analyzer/syntax/plpgsql.h"
#include "analyzer/syntax/tree.h"

namespace plimsoll {
namespace {

// How far behind the start of its line the words of a fragment are looked for, in bytes.
constexpr size_t kReach = 1024;

// What stands between the quotes; nothing where the quotes are not simple ones.
std::optional<Span> Unquoted(absl::string_view text, const Token& token) {
  const absl::string_view word = text.substr(token.span.begin, token.span.size());
  if (token.unterminated || word.empty()) return std::nullopt;
  size_t quote = 1;
  if (token.kind == TokenKind::kDollarString) {
    quote = word.find('$', 1) + 1;
  } else if (token.kind != TokenKind::kString || word[0] != '\'') {
    return std::nullopt;
  }
  if (word.size() < 2 * quote) return std::nullopt;
  const auto width = static_cast<uint32_t>(quote);
  return Span{token.span.begin + width, token.span.end - width};
}

// A query, or a call, that reaches nothing beyond its own value.
bool IsIdle(const ActionKind& kind) {
  const auto* modify = std::get_if<action::ModifyData>(&kind);
  return modify != nullptr && modify->writes.empty() && modify->reads.empty() &&
         modify->calls.empty();
}

bool EndsTransaction(const ActionKind& kind) {
  return std::holds_alternative<action::Begin>(kind) ||
         std::holds_alternative<action::Commit>(kind) ||
         std::holds_alternative<action::Rollback>(kind);
}

// In quotes, where placeholders stay as they are.
bool HoldsPlaceholder(absl::string_view body) {
  PlaceholderFinder finder(body);
  for (size_t at = 0; at < body.size(); ++at) {
    if (finder.At(at)) return true;
  }
  return false;
}

class BodyReader {
 public:
  BodyReader(const BodyText& text, BodyContext& context) : text_(text), context_(context) {
    FindBody();
  }

  Body ReadSql() &&;
  Body ReadPlpgsql() &&;

 private:
  void FindBody();
  uint32_t LineStart(uint32_t line);
  // The words of a fragment in `body_`; nothing where they are not found.
  std::optional<Span> Locate(const Fragment& fragment);
  Span StatementFrom(uint32_t begin) const;
  Span InSource(Span in_body) const;

  // The tree in the author's words.
  Parsed Parse(absl::string_view sql) const;
  void Read(const Fragment& fragment);
  void Execute(const Fragment& fragment, Span span);
  bool LowerText(absl::string_view sql, uint32_t at, std::optional<Span> stand_in,
                 const Fragment& fragment, Span span);
  std::optional<std::string> Evaluate(absl::string_view select);
  void EvaluateConstants();
  void Add(ActionKind kind, absl::string_view tag, Span span, const Fragment& of);
  void Add(LoweredStatement statement, Span span, bool stands_in, const Fragment& of);
  void Refuse(const GrammarError& error, absl::string_view sqlstate);
  void NoteShown(const LoweredStatement& statement);

  const BodyText& text_;
  BodyContext& context_;
  Body result_;
  absl::string_view body_;  // the body as it stands in the text that is read
  bool verbatim_ = false;   // `body_` is a part of the source
  uint32_t body_at_ = 0;    // where, if so
  Span whole_;              // the statement in the source
  uint32_t cursor_ = 0;     // in `body_`: behind what was located last
  uint32_t line_ = 1;
  uint32_t line_at_ = 0;
  std::vector<std::pair<std::string, std::string>> unread_constants_;
  tree::Constants constants_;
};

// The SQLSTATE of what PL/pgSQL's parser says; empty where it comes from types and names that
// libpg_query has no catalog for (pl_gram.y, pl_comp.c).
absl::string_view SqlstateOf(absl::string_view message) {
  static constexpr std::pair<absl::string_view, absl::string_view> kMessages[] = {
      {"syntax error at", "42601"},
      {"unrecognized exception condition", "42704"},
      {"invalid SQLSTATE code", "42601"},
      {"too few parameters specified for RAISE", "42601"},
      {"too many parameters specified for RAISE", "42601"},
      {"duplicate declaration", "42601"},
      {"loop variable of FOREACH must be", "42601"},
      {"EXIT cannot be used outside a loop", "42601"},
      {"CONTINUE cannot be used outside a loop", "42601"},
      {"there is no label", "42601"},
      {"RETURN cannot have a parameter in a procedure", "42601"},
      {"RETURN cannot have a parameter", "42804"},
  };
  for (const auto& [start, sqlstate] : kMessages) {
    if (absl::StartsWith(message, start)) return sqlstate;
  }
  // Of a field it does not know whether the row has it.
  const bool unknown = absl::EndsWith(message, "is not a known variable");
  if (unknown && !absl::StrContains(message, '.')) return "42601";
  const bool variable = absl::StartsWith(message, "variable \"");
  if (variable && absl::StrContains(message, "must have a default value")) return "22004";
  if (variable && absl::EndsWith(message, "is declared CONSTANT")) return "22005";
  return {};
}

void BodyReader::FindBody() {
  const Span tokens =
      TokensWithin(text_.statement, {0, static_cast<uint32_t>(text_.statement.size())});
  whole_ = {text_.at + tokens.begin, text_.at + tokens.end};
  if (context_.stand_in) whole_ = *context_.stand_in;
  body_ = text_.body;
  Lexer lexer(text_.statement);
  Token token;
  while (lexer.NextCode(&token)) {
    const std::optional<Span> inner = Unquoted(text_.statement, token);
    if (!inner) continue;
    const absl::string_view words = text_.statement.substr(inner->begin, inner->size());
    const bool same = context_.substitutes == nullptr
                          ? words == text_.body
                          : context_.substitutes->Restore(words) == text_.body;
    if (!same) continue;
    body_ = words;
    verbatim_ = !context_.stand_in.has_value();
    body_at_ = text_.at + inner->begin;
    return;
  }
}

void BodyReader::Add(ActionKind kind, absl::string_view tag, Span span, const Fragment& of) {
  BodyStatement statement = {
      .tag = std::string(tag), .conditional = of.conditional, .handled = of.handled};
  statement.actions.push_back({.span = span, .kind = std::move(kind)});
  result_.statements.push_back(std::move(statement));
}

// `span` is that of the statement, and of all within it where it stands for them.
void BodyReader::Add(LoweredStatement statement, Span span, bool stands_in, const Fragment& of) {
  if (statement.actions.empty() || IsIdle(statement.actions[0].kind)) return;
  // Only COMMIT and ROLLBACK of PL/pgSQL itself end a transaction; LANGUAGE sql and EXECUTE refuse.
  if (EndsTransaction(statement.actions[0].kind)) {
    statement.actions[0].kind = action::Other{.what = statement.tag};
    result_.unknown = true;
  }
  BodyStatement added = {
      .tag = std::move(statement.tag), .conditional = of.conditional, .handled = of.handled};
  for (Action& action : statement.actions) {
    if (action.span.empty() || stands_in) action.span = span;
    // A name may be a variable's or a parameter's here.
    if (auto* modify = std::get_if<action::ModifyData>(&action.kind)) {
      added.selection = std::exchange(modify->selection, nullptr);
      added.returning = std::exchange(modify->returning, nullptr);
    }
  }
  added.actions = std::move(statement.actions);
  result_.statements.push_back(std::move(added));
}

// `sqlstate` is empty where PostgreSQL, which has a catalog, may see it otherwise.
void BodyReader::Refuse(const GrammarError& error, absl::string_view sqlstate) {
  result_.unknown = true;
  if (error.internal || sqlstate.empty() || HoldsPlaceholder(body_)) return;
  result_.refusal = {.sqlstate = std::string(sqlstate),
                     .message = context_.substitutes == nullptr
                                    ? error.message
                                    : context_.substitutes->Restore(error.message)};
}

Parsed BodyReader::Parse(absl::string_view sql) const {
  Parsed parsed = plimsoll::Parse(sql);
  if (context_.substitutes != nullptr) context_.substitutes->Restore(parsed.tree);
  return parsed;
}

// ---- where words stand -----------------------------------------------------------------------

// Lines come in order, but for those of declarations.
uint32_t BodyReader::LineStart(uint32_t line) {
  if (line < line_) {
    line_ = 1;
    line_at_ = 0;
    cursor_ = 0;
  }
  while (line_ < line) {
    const size_t feed = body_.find('\n', line_at_);
    if (feed == absl::string_view::npos) break;
    line_at_ = static_cast<uint32_t>(feed) + 1;
    ++line_;
  }
  return line_at_;
}

// From the first token there to its semicolon.
Span BodyReader::StatementFrom(uint32_t begin) const {
  Lexer lexer(body_);
  lexer.Seek(begin);
  Token token;
  Span span = {begin, begin};
  int depth = 0;
  bool first = true;
  while (lexer.NextCode(&token)) {
    if (token.symbol == '(') ++depth;
    if (token.symbol == ')') --depth;
    if (token.symbol == ';' && depth <= 0) break;
    if (first) span.begin = token.span.begin;
    first = false;
    span.end = token.span.end;
  }
  return span;
}

// The word of PL/pgSQL before an expression belongs to it: PERFORM, EXECUTE.
uint32_t WithWordBefore(absl::string_view body, uint32_t begin, absl::string_view word) {
  const absl::string_view before = absl::StripTrailingAsciiWhitespace(body.substr(0, begin));
  return absl::EndsWithIgnoreCase(before, word) ? static_cast<uint32_t>(before.size() - word.size())
                                                : begin;
}

std::optional<Span> BodyReader::Locate(const Fragment& fragment) {
  if (!verbatim_) return std::nullopt;
  const uint32_t line_start = LineStart(fragment.line);
  if (fragment.again) cursor_ = line_start;
  const uint32_t from = std::max(line_start, cursor_);
  absl::string_view words = fragment.words;
  if (fragment.kind == FragmentKind::kRaise) {
    const size_t raise = absl::AsciiStrToLower(body_.substr(from, kReach)).find("raise");
    if (raise == absl::string_view::npos) return std::nullopt;
    const Span span = StatementFrom(from + static_cast<uint32_t>(raise));
    cursor_ = span.end;
    return span;
  }
  const bool performs = fragment.kind == FragmentKind::kStatement && !fragment.has_into &&
                        absl::ConsumePrefix(&words, "SELECT ");
  words = absl::StripAsciiWhitespace(words);
  if (fragment.has_into) words = words.substr(0, words.find_first_of(" \t\r\n"));
  const absl::string_view window = body_.substr(from, words.size() + kReach);
  const size_t found = words.empty() ? absl::string_view::npos : window.find(words);
  if (found == absl::string_view::npos) return std::nullopt;
  Span span = {from + static_cast<uint32_t>(found),
               from + static_cast<uint32_t>(found + words.size())};
  if (fragment.has_into) span = StatementFrom(span.begin);
  cursor_ = span.end;
  if (performs) span.begin = WithWordBefore(body_, span.begin, "PERFORM");
  if (fragment.kind == FragmentKind::kExecute) {
    span.begin = WithWordBefore(body_, span.begin, "EXECUTE");
  }
  return span;
}

Span BodyReader::InSource(Span in_body) const {
  return {body_at_ + in_body.begin, body_at_ + in_body.end};
}

// ---- LANGUAGE sql ----------------------------------------------------------------------------

// executor/functions.c:check_sql_fn_retval looks at the last statement.
void BodyReader::NoteShown(const LoweredStatement& statement) {
  result_.shows = std::nullopt;
  result_.shown = nullptr;
  const ActionKind* kind = statement.actions.empty() ? nullptr : &statement.actions[0].kind;
  const auto* modify = std::get_if<action::ModifyData>(kind);
  if (modify == nullptr) return;
  if (statement.tag == "SELECT") {
    result_.shows = true;
    result_.shown = modify->selection;
    return;
  }
  // What WITH writes is among them.
  if (modify->writes.size() != 1) return;
  const bool inserts = modify->writes[0].verb == action::DataVerb::kInsert;
  if (!inserts && modify->selection == nullptr) return;
  result_.shown = inserts ? modify->returning : modify->selection;
  result_.shows = result_.shown != nullptr && !result_.shown->columns.empty();
}

Body BodyReader::ReadSql() && {
  const Parsed parsed = Parse(body_);
  if (!parsed.ok()) {
    Refuse(*parsed.error, "42601");
    return std::move(result_);
  }
  BodyContext inner = context_;
  ++inner.nesting;
  if (!verbatim_) inner.stand_in = whole_;
  for (LoweredStatement& statement : Lower(parsed.tree, body_, body_at_, &inner)) {
    const auto size = static_cast<uint32_t>(body_.size());
    const uint32_t end = statement.length == 0 ? size : statement.location + statement.length;
    const Span span = verbatim_ ? InSource(TokensWithin(body_, {statement.location, end})) : whole_;
    NoteShown(statement);
    Add(std::move(statement), span, !verbatim_, Fragment());
  }
  context_.executed_bytes = inner.executed_bytes;
  return std::move(result_);
}

// ---- PL/pgSQL --------------------------------------------------------------------------------

// Adds the actions of a text; false where the grammar rejects it.
bool BodyReader::LowerText(absl::string_view sql, uint32_t at, std::optional<Span> stand_in,
                           const Fragment& fragment, Span span) {
  const Parsed parsed = Parse(sql);
  if (!parsed.ok()) return false;
  BodyContext inner = context_;
  ++inner.nesting;
  inner.stand_in = stand_in;
  for (LoweredStatement& statement : Lower(parsed.tree, sql, at, &inner)) {
    Add(std::move(statement), span, stand_in.has_value(), fragment);
  }
  context_.executed_bytes = inner.executed_bytes;
  return true;
}

std::optional<std::string> BodyReader::Evaluate(absl::string_view select) {
  const Parsed parsed = plimsoll::Parse(select);
  if (!parsed.ok()) return std::nullopt;
  const tree::Node query = parsed.tree.root().Items("stmts")[0]["stmt"]["SelectStmt"];
  const tree::NodeList targets = query.Items("targetList");
  if (targets.size() != 1 || query["fromClause"] || query["whereClause"]) return std::nullopt;
  const size_t left = kMaxExecutedBytes - std::min(kMaxExecutedBytes, context_.executed_bytes);
  std::optional<std::string> value =
      tree::ConstantText(targets[0]["ResTarget"]["val"], constants_, left);
  if (value) context_.executed_bytes += value->size();
  return value;
}

// In the order of their declaration: one may be made of those before it.
void BodyReader::EvaluateConstants() {
  for (const auto& [name, expression] : std::exchange(unread_constants_, {})) {
    if (!absl::StrContains(expression, '\'') && !absl::StrContains(expression, '$')) continue;
    std::optional<std::string> value = Evaluate(absl::StrCat("SELECT ", expression));
    if (value) constants_[name] = *std::move(value);
  }
}

void BodyReader::Execute(const Fragment& fragment, Span span) {
  EvaluateConstants();
  if (fragment.bindings) {
    for (const auto& [name, value] : *fragment.bindings) constants_[name] = value;
  }
  const std::optional<std::string> text = Evaluate(fragment.sql);
  if (fragment.bindings) {
    for (const auto& [name, value] : *fragment.bindings) constants_.erase(name);
  }
  if (text && LowerText(*text, span.begin, span, fragment, span)) return;
  result_.unknown = true;
  LowerText(fragment.sql, span.begin, span, fragment, span);
  Add(action::Other{.what = "EXECUTE"}, "EXECUTE", span, fragment);
}

void BodyReader::Read(const Fragment& fragment) {
  const std::optional<Span> located = Locate(fragment);
  Span span = whole_;
  if (located) {
    span = InSource(*located);
  } else if (verbatim_) {
    span = InSource(StatementFrom(LineStart(fragment.line)));
  }
  if (span.empty()) span = whole_;
  switch (fragment.kind) {
    case FragmentKind::kCommit:
      return Add(action::Commit{.chain = fragment.chain}, "COMMIT", span, fragment);
    case FragmentKind::kRollback:
      return Add(action::Rollback{.chain = fragment.chain}, "ROLLBACK", span, fragment);
    case FragmentKind::kRaise:
      return Add(action::RaiseError{.sqlstate = fragment.sql, .message = fragment.words}, "RAISE",
                 span, fragment);
    case FragmentKind::kExecute:
      return Execute(fragment, span);
    case FragmentKind::kStatement:
    case FragmentKind::kExpression:
      break;
  }
  // The words are the text itself where nothing was put before them and nothing was blanked.
  const bool exact = located && span.size() == fragment.sql.size();
  std::optional<Span> stand_in;
  if (!exact) stand_in = span;
  if (LowerText(fragment.sql, span.begin, stand_in, fragment, span)) return;
  result_.unknown = true;
}

// `t%ROWTYPE` as a record, in as many characters: libpg_query, which has no catalog, knows no other
// variable with fields.
std::string WithRecords(absl::string_view statement) {
  std::string text(statement);
  const std::string folded = absl::AsciiStrToLower(statement);
  constexpr absl::string_view kWord = "%rowtype";
  const std::string word(kWord);
  for (size_t at = folded.find(word); at != std::string::npos; at = folded.find(word, at + 1)) {
    size_t begin = at;
    while (begin > 0 && (absl::ascii_isalnum(static_cast<unsigned char>(folded[begin - 1])) ||
                         folded[begin - 1] == '_' || folded[begin - 1] == '.')) {
      --begin;
    }
    const size_t length = at + kWord.size() - begin;
    text.replace(begin, length, absl::StrCat("record", std::string(length - 6, ' ')));
  }
  return text;
}

Body BodyReader::ReadPlpgsql() && {
  Parsed parsed = ParsePlpgsql(text_.statement);
  std::string with_records;
  const bool rows = !parsed.ok() && SqlstateOf(parsed.error->message).empty() &&
                    absl::StrContains(absl::AsciiStrToLower(text_.statement), "%rowtype");
  if (rows) {
    with_records = WithRecords(text_.statement);
    parsed = ParsePlpgsql(with_records);
  }
  if (!parsed.ok()) {
    Refuse(*parsed.error, SqlstateOf(parsed.error->message));
    return std::move(result_);
  }
  PlpgsqlCode code;
  const tree::Node function = parsed.tree.root().Items("plpgsql_funcs")[0]["PLpgSQL_function"];
  if (function["action"]) {
    code = plimsoll::ReadPlpgsql(function);
  } else {
    code.too_deep = true;
  }
  result_.unknown = code.too_deep;
  result_.returns_bare = code.returns_bare;
  result_.types = std::move(code.types);
  // libpg_query takes the quotes off: a dot may be one within a name.
  if (!absl::StrContains(body_, '"')) {
    result_.row_types = std::move(code.row_types);
    result_.column_types = std::move(code.column_types);
  }
  unread_constants_ = std::move(code.constants);
  for (const Fragment& fragment : code.fragments) Read(fragment);
  return std::move(result_);
}

}  // namespace

std::shared_ptr<const Body> ReadBody(const BodyText& text, BodyContext& context) {
  Body body;
  if (context.nesting >= kMaxBodyNesting) {
    body.unknown = true;
  } else if (text.language == "sql") {
    body = BodyReader(text, context).ReadSql();
  } else if (text.language == "plpgsql") {
    body = BodyReader(text, context).ReadPlpgsql();
  } else {
    body.unknown = true;
  }
  return std::make_shared<const Body>(std::move(body));
}

}  // namespace plimsoll
