#include "analyzer/syntax/script.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <variant>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "analyzer/limits.h"
#include "analyzer/syntax/encoding.h"
#include "analyzer/syntax/grammar.h"
#include "analyzer/syntax/lexer.h"
#include "analyzer/syntax/lower.h"
#include "analyzer/syntax/newer.h"
#include "analyzer/syntax/piece.h"
#include "analyzer/syntax/placeholder.h"

namespace plimsoll {
namespace {

// A quote that is never closed is shown up to the end of its line.
Span UpToLineEnd(absl::string_view text, Span span) {
  size_t end = span.begin;
  while (end < span.end && text[end] != '\n' && text[end] != '\r') ++end;
  return {span.begin, static_cast<uint32_t>(end)};
}

// The token that PostgreSQL's cursor points at; where it points past the end, the last token.
Span TokenAt(absl::string_view text, Span part, uint32_t cursor) {
  Lexer lexer(text.substr(part.begin, part.size()), part.begin);
  Token token;
  lexer.Seek(part.begin + cursor);
  if (lexer.NextCode(&token)) {
    return token.unterminated ? UpToLineEnd(text, token.span) : token.span;
  }
  lexer.Seek(part.begin);
  Span last = part;
  while (lexer.NextCode(&token)) last = token.span;
  return last;
}

// PostgreSQL quotes all of a token that is never closed, to the end of the file: the start will do.
std::string Shortened(absl::string_view message) {
  constexpr size_t kLongest = 200;
  size_t end = std::min({message.size(), message.find('\n'), message.find('\r'), kLongest});
  if (end == message.size()) return std::string(message);
  while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xC0U) == 0x80U) --end;
  return absl::StrCat(message.substr(0, end), "…\"");
}

// Whether PostgreSQL's parser asks for the token after this one to know what this one is.
bool LooksAhead(absl::string_view token) {
  for (const absl::string_view word : {"format", "not", "nulls", "with", "without"}) {
    if (absl::EqualsIgnoreCase(token, word)) return true;
  }
  return absl::StartsWithIgnoreCase(token, "u&");
}

bool HasPlaceholder(const Piece& piece) { return piece.first_placeholder.has_value(); }

// Turns pieces into statements: asks the grammar about as many of them at once as is wise, and
// about each alone where it rejects them together.
class Reader {
 public:
  Reader(const Pieces& cut, Script* script) : cut_(cut), text_(cut.text), script_(script) {}

  void Read();

 private:
  using PieceList = absl::Span<const Piece>;

  size_t GroupEnd(size_t first) const;
  void ReadAlone(const Piece& piece);
  Span TextOf(PieceList group) const;
  // The tree and the message are in the author's words. They are valid until the next call.
  Parsed Parse(PieceList group);
  // Adds the statements of a group that the grammar accepted; false where its tree is beyond us.
  bool Accept(PieceList group, const Parsed& parsed);
  void Reject(const Piece& piece, const GrammarError& error);

  std::string WhatALimitDid(const Piece& piece, uint32_t cursor) const;
  bool MayBeThePlaceholder(const Piece& piece, uint32_t cursor, Span token) const;

  absl::string_view Words(Span span) const { return text_.substr(span.begin, span.size()); }
  void AddPlain(const Piece& piece);
  void Add(const Piece& piece, Span span, LoweredStatement lowered);
  void AddProblem(const Piece& piece, Span span, std::string message,
                  const Rejection& rejection = {});

  const Pieces& cut_;
  absl::string_view text_;
  Script* script_;
};

void Reader::Read() {
  const PieceList pieces = cut_.pieces;
  script_->statements.reserve(pieces.size());
  size_t at = 0;
  while (at < pieces.size()) {
    const size_t end = GroupEnd(at);
    const PieceList group = pieces.subspan(at, end - at);
    at = end;
    if (group.size() > 1) {
      const Parsed parsed = Parse(group);
      if (parsed.ok() && Accept(group, parsed)) continue;
    }
    for (const Piece& piece : group) ReadAlone(piece);
  }
}

// Groups end where a text has grown large, and around pieces that cannot share one: data stand
// behind them, or nothing behind them would be read.
size_t Reader::GroupEnd(size_t first) const {
  const auto stands_alone = [](const Piece& piece) {
    return piece.has_open_quote || piece.apart || !piece.endless_operator.empty();
  };
  const std::vector<Piece>& pieces = cut_.pieces;
  size_t end = first;
  while (end < pieces.size() && pieces[end].end - pieces[first].span.begin <= kMaxTextBytes) {
    if (stands_alone(pieces[end])) break;
    if (!pieces[end++].copy_data.empty()) break;
  }
  return std::max(end, first + 1);
}

// What the grammar is shown. A semicolon at the end is part of it, as PostgreSQL would name it in
// an error, unless the author wrote something else there.
Span Reader::TextOf(PieceList group) const {
  const Piece& last = group.back();
  const bool author_wrote_it = script_->source->text()[last.end - 1] == ';';
  return {group.front().span.begin, author_wrote_it ? last.end : last.span.end};
}

Parsed Reader::Parse(PieceList group) {
  const Span span = TextOf(group);
  Parsed parsed = plimsoll::Parse(text_.substr(span.begin, span.size()));
  if (std::none_of(group.begin(), group.end(), HasPlaceholder)) return parsed;
  if (!parsed.ok()) {
    parsed.error->message = cut_.substitutes.Restore(parsed.error->message);
    return parsed;
  }
  cut_.substitutes.Restore(parsed.tree);
  return parsed;
}

void Reader::ReadAlone(const Piece& piece) {
  if (piece.form != StatementForm::kSql) return AddPlain(piece);
  if (!piece.endless_operator.empty()) {
    return AddProblem(piece, piece.endless_operator,
                      absl::StrCat("more than ", kMaxOperatorRun,
                                   " operator characters in a row: the statement is not analysed; "
                                   "put blanks between operators"));
  }
  const Parsed parsed = Parse({&piece, 1});
  if (!parsed.ok()) return Reject(piece, *parsed.error);
  if (Accept({&piece, 1}, parsed)) return;
  AddProblem(piece, piece.span,
             "the statement is too large or too deeply nested to be analysed: split it");
}

void Reader::Reject(const Piece& piece, const GrammarError& error) {
  const Span part = TextOf({&piece, 1});
  if (piece.first_placeholder.has_value()) {
    // What looks like a placeholder may be SQL after all, such as the remainder in `a %s`.
    const Parsed parsed = plimsoll::Parse(script_->source->Text(part));
    if (parsed.ok() && Accept({&piece, 1}, parsed)) return;
  }
  const uint32_t cursor = std::min(error.cursor, part.size());
  const Span token = TokenAt(text_, part, cursor);
  if (error.internal) {
    return AddProblem(piece, cursor < part.size() ? token : piece.span, error.message);
  }
  if (auto newer = ReadNewerStatement(Words(piece.span))) {
    return Add(piece, piece.span, *std::move(newer));
  }
  const bool filled_in_later = MayBeThePlaceholder(piece, part.begin + cursor, token) ||
                               IsWithinBrackets(Words(part), cursor);
  if (!filled_in_later) {
    return AddProblem(piece, token,
                      absl::StrCat(Shortened(error.message), WhatALimitDid(piece, cursor)),
                      RejectionOf(error));
  }
  AddPlain(piece);
  script_->statements.back().form = StatementForm::kTemplate;
}

// What the author cannot know: the error is not all there is to say, or comes from a limit of ours.
std::string Reader::WhatALimitDid(const Piece& piece, uint32_t cursor) const {
  if (piece.hides_rest) {
    return absl::StrCat("; the rest of the file is not analysed, as ", kMaxQuoteRecoveries,
                        " quotes before it are not closed either: close them");
  }
  if (OpensBracketsTooLong(Words(TextOf({&piece, 1})), cursor)) {
    return absl::StrCat("; a template is recognised up to ", kMaxPlaceholderBytes,
                        " bytes, a name in braces up to ", kMaxPlaceholderWord, ": shorten it");
  }
  return "";
}

// PostgreSQL's parser stops at the first token that nothing can mend, whatever follows. So a token
// before the placeholder is wrong however that is filled in.
bool Reader::MayBeThePlaceholder(const Piece& piece, uint32_t cursor, Span token) const {
  if (!piece.first_placeholder.has_value()) return false;
  const uint32_t placeholder = *piece.first_placeholder;
  if (cursor >= placeholder || token.end > placeholder) return true;
  // Some tokens are what they are by the next one (parser.c, base_yylex): `NOT` before `LIKE`.
  const bool is_next = TokensWithin(text_, {token.end, placeholder}).empty();
  return is_next && LooksAhead(Words(token));
}

// Usually each of the grammar's statements is one piece. The grammar is right where they differ.
bool Reader::Accept(PieceList group, const Parsed& parsed) {
  const auto [offset, group_end] = TextOf(group);
  const absl::string_view text = text_.substr(offset, group_end - offset);
  size_t at = 0;
  const auto pass_commands = [&] {
    while (at < group.size() && group[at].form != StatementForm::kSql) AddPlain(group[at++]);
  };
  BodyContext context = {.substitutes = &cut_.substitutes};
  const bool as_written = std::none_of(group.begin(), group.end(), HasPlaceholder);
  std::vector<LoweredStatement> statements =
      Lower(parsed.tree, text, offset, as_written ? nullptr : &context);
  if (statements.empty()) return false;
  for (LoweredStatement& lowered : statements) {
    pass_commands();
    if (at == group.size()) break;
    const uint32_t begin = offset + lowered.location;
    const uint32_t end = lowered.length == 0 ? group_end : begin + lowered.length;
    const Piece& piece = group[at];
    const bool ends_with_it = at + 1 == group.size() || group[at + 1].span.begin >= end;
    if (begin <= piece.span.begin && piece.span.end <= end && ends_with_it) {
      Add(piece, piece.span, std::move(lowered));
      ++at;
      continue;
    }
    Add(piece, TokensWithin(text_, {std::max(begin, piece.span.begin), end}), std::move(lowered));
    while (at < group.size() && group[at].span.end <= end) ++at;
  }
  pass_commands();
  return true;
}

void Reader::AddPlain(const Piece& piece) {
  Statement statement;
  statement.span = piece.span;
  statement.form = piece.form;
  statement.direction = piece.direction;
  statement.changeset = piece.changeset;
  statement.changeset_alone = piece.changeset_alone;
  statement.block = piece.block;
  statement.tag = piece.tag;
  statement.copy_data = piece.copy_data;
  script_->statements.push_back(std::move(statement));
}

void Reader::Add(const Piece& piece, Span span, LoweredStatement lowered) {
  AddPlain(piece);
  Statement& statement = script_->statements.back();
  statement.span = span;
  statement.tag = std::move(lowered.tag);
  statement.actions = std::move(lowered.actions);
  for (Action& action : statement.actions) {
    if (action.span.empty()) action.span = span;
  }
}

void Reader::AddProblem(const Piece& piece, Span span, std::string message,
                        const Rejection& rejection) {
  AddPlain(piece);
  script_->statements.back().problem = Problem{.span = span,
                                               .message = std::move(message),
                                               .sqlstate = std::string(rejection.sqlstate),
                                               .since = rejection.since};
}

// Gives each statement the comments after the statement before it and before its own first token.
void AttachComments(Script* script) {
  const auto count = static_cast<uint32_t>(script->comments.size());
  uint32_t at = 0;
  uint32_t previous_end = 0;
  for (Statement& statement : script->statements) {
    while (at < count && script->comments[at].span.begin < previous_end) ++at;
    statement.comments_begin = at;
    while (at < count && script->comments[at].span.begin < statement.span.begin) ++at;
    statement.comments_end = at;
    previous_end = statement.span.end;
  }
}

}  // namespace

Script ParseScript(std::shared_ptr<const Source> source) {
  Script script;
  script.source = std::move(source);
  const absl::string_view text = script.source->text();
  if (text.size() > kMaxSourceBytes) {
    script.problems.push_back(
        {.span = {0, 0},
         .message = absl::StrCat("the file has ", text.size(), " bytes; more than ",
                                 kMaxSourceBytes, " are not analysed: split it")});
    return script;
  }
  if (HasForeignByteOrderMark(text)) {
    script.problems.push_back(
        {.span = {0, 2}, .message = "the file is UTF-16 or UTF-32: save it as UTF-8"});
    return script;
  }
  Pieces cut = CutIntoPieces(MakeReadable(text, &script.problems));
  script.comments = std::move(cut.comments);
  script.changesets = std::move(cut.changesets);
  script.opts_out_of_transaction = cut.opts_out_of_transaction;
  script.down_opts_out_of_transaction = cut.down_opts_out_of_transaction;
  script.cut_at_lines = cut.cut_at_lines;
  script.has_sections = cut.has_sections;
  script.has_down_section = cut.has_down_section;
  Reader(cut, &script).Read();
  AttachComments(&script);
  return script;
}

absl::string_view Problem::SqlstateOn(int server_version) const {
  constexpr int kGrammar = 18;  // the version that our grammar is
  if (sqlstate.empty() || server_version > kGrammar) return "";
  return server_version < since ? "42601" : absl::string_view(sqlstate);
}

bool IsSqlAsItStands(const Script& script, const Statement& statement) {
  if (statement.form != StatementForm::kSql || statement.problem.has_value()) return false;
  const absl::string_view sql = script.source->Text(statement.span);
  // Every placeholder holds one of these.
  if (sql.find_first_of("{%@:") == absl::string_view::npos) return true;
  const Parsed parsed = Parse(sql);
  return parsed.ok() || parsed.error->internal;
}

bool ControlsTransactions(const Script& script) {
  const auto controls = [](const Action& action) {
    return std::holds_alternative<action::Begin>(action.kind) ||
           std::holds_alternative<action::Commit>(action.kind) ||
           std::holds_alternative<action::Rollback>(action.kind);
  };
  return std::any_of(
      script.statements.begin(), script.statements.end(), [&](const Statement& statement) {
        return std::any_of(statement.actions.begin(), statement.actions.end(), controls);
      });
}

}  // namespace plimsoll
