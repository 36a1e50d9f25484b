#include "analyzer/syntax/piece.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "analyzer/limits.h"
#include "analyzer/syntax/lexer.h"
#include "analyzer/syntax/marker.h"
#include "analyzer/syntax/placeholder.h"
#include "analyzer/syntax/psql.h"

namespace plimsoll {
namespace {

constexpr size_t kNoPiece = static_cast<size_t>(-1);
constexpr size_t kLongestTag = 64;

// What a statement's first words say about the semicolons in and after it.
enum class Head {
  kUndecided,
  kCopy,     // data may follow it
  kCreate,   // CREATE, perhaps OR REPLACE, and what is created is still to come
  kRoutine,  // CREATE FUNCTION or PROCEDURE: BEGIN ATOMIC … END holds semicolons
  kRule,     // CREATE RULE: parentheses may hold semicolons
  kPlain,
};

bool EndsOperand(const Token& token) {
  return token.symbol == ')' || token.symbol == ']' ||
         (token.kind != TokenKind::kOperator && token.kind != TokenKind::kPunctuation &&
          token.kind != TokenKind::kOther);
}

// Whether a word that touches the string before it may be meant to: `'a'as b`. Any other word is
// rather the rest of `it's` or `l'eau`.
bool FollowsStrings(absl::string_view word) {
  static constexpr absl::string_view kWords[] = {
      "and",  "as",      "asc",    "between", "collate", "desc",  "else",      "end",     "for",
      "from", "group",   "having", "ilike",   "in",      "into",  "is",        "like",    "limit",
      "not",  "offset",  "on",     "or",      "order",   "over",  "returning", "similar", "then",
      "to",   "uescape", "union",  "using",   "when",    "where", "window",    "with"};
  return std::any_of(std::begin(kWords), std::end(kWords),
                     [word](absl::string_view one) { return absl::EqualsIgnoreCase(word, one); });
}

// The first words of statements that take something back.
bool BeginsStatement(absl::string_view word) {
  static constexpr absl::string_view kWords[] = {
      "alter",  "begin", "comment", "create", "delete", "do",    "drop",     "grant",
      "insert", "merge", "reindex", "revoke", "set",    "start", "truncate", "update"};
  return std::any_of(std::begin(kWords), std::end(kWords),
                     [word](absl::string_view one) { return absl::EqualsIgnoreCase(word, one); });
}

// Walks over the tokens once and cuts. It writes only upon what the lexer has passed, or makes the
// lexer go back to what it wrote.
class Cutter {
 public:
  explicit Cutter(std::string text)
      : text_(std::move(text)), lexer_(text_), placeholders_(text_), head_end_(HeadEnd(text_)) {}

  Pieces Cut();

 private:
  // What to do with a token that the lexer has just passed.
  void On(const Token& token);
  void OnComment(const Token& token);
  void SkipChangeset(uint32_t from);
  // Whether a block comment is the way back, put into a comment so that it does not run.
  bool HoldsRollback(const Token& comment);
  bool IsFollowedByCode(uint32_t at);
  // Whether a comment is how Liquibase takes the changeset back, and was dealt with.
  bool OnRollback(const Token& comment);
  // The words of the rollback lines from this one on, from its first byte to the end of the last.
  std::string RollbackLines(uint32_t begin, uint32_t* end) const;
  void EnterRollback(Span opening, uint32_t end);
  void LeaveRollback();
  void OnOpenQuote(const Token& token);
  void OnString(const Token& token);
  void OnWord(const Token& token);
  void OnPunctuation(const Token& token);
  void OnOperator(const Token& token);
  void OnBackslash(const Token& token);
  // Whether a placeholder starts at `at`, a byte of the token, and was dealt with.
  bool OnPlaceholder(const Token& token, uint32_t at);
  bool OnColon(const Token& token);
  void Replace(const Placeholder& placeholder);

  void Open(uint32_t begin);
  void Extend(const Token& token);
  // Ends the open piece amid a quote, at the next semicolon that ends a line.
  bool CutQuote(const Token& quote);
  void Close(uint32_t end);
  void CloseEach(uint32_t end);
  void CloseInPlaceOf(Span separator);
  void ReadWord(absl::string_view word);
  void AwaitCopyData(uint32_t from);
  void SkipCopyData();

  // Whether a semicolon separates statements of a body and not those of the script.
  bool IsWithinBody() const { return blocks_ > 0 || (head_ == Head::kRule && parentheses_ > 0); }
  bool StartsLine(uint32_t at) const;
  bool EndsLine(size_t at) const;
  void Blank(uint32_t begin, uint32_t end);
  absl::string_view Words(Span span) const {
    return absl::string_view(text_).substr(span.begin, span.size());
  }
  char Peek(size_t at) const { return at < text_.size() ? text_[at] : '\0'; }

  std::string text_;
  Lexer lexer_;
  PlaceholderFinder placeholders_;
  Pieces result_;
  Direction direction_ = Direction::kUp;
  bool liquibase_ = false;
  const size_t head_end_;
  uint32_t code_ahead_ = 0;  // up to there some code is known to follow
  uint32_t changeset_ = 0;
  bool changeset_alone_ = false;
  uint32_t block_ = 0;  // the one that is open
  uint32_t last_block_ = 0;
  std::optional<uint32_t> rollback_end_;  // of the rollback comments that are being read
  size_t quote_recoveries_ = 0;
  // The piece whose data start at `copy_begin_`, the next line.
  size_t copying_ = kNoPiece;
  uint32_t copy_begin_ = 0;

  // Of the piece that is open.
  bool open_ = false;
  Piece piece_;
  Head head_ = Head::kUndecided;
  bool copies_from_stdin_ = false;
  int parentheses_ = 0;
  int brackets_ = 0;
  int blocks_ = 0;  // BEGIN ATOMIC and the CASEs within it
  Token previous_;
  absl::string_view previous_word_;  // the previous token's text where it is an unquoted word
  uint32_t operator_run_begin_ = 0;
  bool slipped_ = false;  // an apostrophe stood in a string: 'it's'
  std::vector<uint32_t> body_separators_;
};

Pieces Cutter::Cut() {
  Token token;
  SkipCopyData();
  while (lexer_.Next(&token)) {
    On(token);
    SkipCopyData();
  }
  if (open_) Close(piece_.span.end);
  result_.text = std::move(text_);
  return std::move(result_);
}

void Cutter::On(const Token& token) {
  if (rollback_end_ && token.span.begin >= *rollback_end_) LeaveRollback();
  if (token.unterminated) return OnOpenQuote(token);
  switch (token.kind) {
    case TokenKind::kComment:
      return OnComment(token);
    case TokenKind::kIdentifier:
      return OnWord(token);
    case TokenKind::kPunctuation:
      return OnPunctuation(token);
    case TokenKind::kOperator:
      return OnOperator(token);
    case TokenKind::kOther:
      if (token.symbol == '\\') return OnBackslash(token);
      if (!OnPlaceholder(token, token.span.begin)) Extend(token);
      return;
    case TokenKind::kString:
      return OnString(token);
    case TokenKind::kQuotedIdentifier:
    case TokenKind::kDollarString:
    case TokenKind::kNumber:
    case TokenKind::kParameter:
      return Extend(token);
  }
}

void Cutter::OnComment(const Token& token) {
  if (changeset_ > 0 && OnRollback(token)) return;
  result_.comments.push_back({.span = token.span});
  if (token.symbol != '-') {
    if (!HoldsRollback(token)) return;
    direction_ = Direction::kDown;
    Blank(token.span.begin, token.span.begin + 2);
    Blank(token.span.end - 2, token.span.end);
    return lexer_.Seek(token.span.begin + 2);
  }
  const uint32_t begin = token.span.begin;
  const bool starts_file = begin == 0 || (begin == 3 && Peek(0) == ' ');
  liquibase_ = liquibase_ || (starts_file && IsLiquibase(Words(token.span)));
  const Marker marker =
      ReadMarker(Words(token.span), {.starts_file = starts_file,
                                     .in_header = !open_ && result_.pieces.empty(),
                                     .in_head = begin < head_end_,
                                     .starts_line = StartsLine(begin),
                                     .liquibase = liquibase_});
  if (marker.ends_statement) CloseInPlaceOf(token.span);
  if (marker.ends_statement || marker.section != Marker::Section::kNone) block_ = 0;
  if (marker.begins_block) block_ = ++last_block_;
  if (marker.section == Marker::Section::kUp) direction_ = Direction::kUp;
  if (marker.section == Marker::Section::kDown) direction_ = Direction::kDown;
  if (marker.passed_over) return SkipChangeset(token.span.end);
  if (marker.changeset) {
    ++changeset_;
    changeset_alone_ = marker.no_transaction;
    result_.changesets.push_back({.span = token.span, .name = std::string(marker.name)});
    return;
  }
  result_.has_sections |= marker.sectioned;
  result_.has_down_section |= marker.sectioned && marker.section == Marker::Section::kDown;
  result_.cut_at_lines |= marker.cuts_at_lines;
  if (!marker.no_transaction) return;
  const bool of_file = marker.sectioned && marker.section == Marker::Section::kNone;
  result_.opts_out_of_transaction |= of_file || direction_ == Direction::kUp;
  result_.down_opts_out_of_transaction |= of_file || direction_ == Direction::kDown;
}

// What another database runs is not for this grammar: all of it up to the next changeset is blank.
void Cutter::SkipChangeset(uint32_t from) {
  const auto size = static_cast<uint32_t>(text_.size());
  uint32_t at = from;
  while (at < size) {
    const auto end = static_cast<uint32_t>(std::min<size_t>(text_.find('\n', at), size));
    const absl::string_view line = absl::StripLeadingAsciiWhitespace(Words({at, end}));
    const MarkerPlace place = {.starts_line = true, .liquibase = true};
    if (absl::StartsWith(line, "--") && ReadMarker(line, place).changeset) break;
    at = std::min(end + 1, size);
  }
  Blank(from, at);
  lexer_.Seek(at);
}

// The last thing in a file, under a line that calls it so:
//   -- Rollback script
//   /* BEGIN; DROP TABLE account; COMMIT; */
// Sentences that tell the way back are no SQL: they begin otherwise, or end without a semicolon.
bool Cutter::HoldsRollback(const Token& comment) {
  const std::vector<Comment>& comments = result_.comments;
  if (comments.size() < 2 || open_ || result_.has_sections || liquibase_) return false;
  const Span title = comments[comments.size() - 2].span;
  absl::string_view words = Words(title);
  words.remove_prefix(std::min(words.find_first_not_of("-/* \t"), words.size()));
  if (!absl::StartsWithIgnoreCase(words, "rollback") || direction_ == Direction::kDown) {
    return false;
  }
  const absl::string_view between = Words({title.end, comment.span.begin});
  if (!absl::StripAsciiWhitespace(between).empty()) return false;
  const Span held = {comment.span.begin + 2, comment.span.end - 2};
  const Span code = TokensWithin(text_, held);
  const absl::string_view sql = Words(code);
  const bool is_sql =
      absl::EndsWith(sql, ";") && BeginsStatement(sql.substr(0, sql.find_first_of(" \t\r\n;")));
  return is_sql && !IsFollowedByCode(comment.span.end);
}

// Whatever stands in such comments is one script, which runs when the changeset is taken back:
//   --rollback alter table account
//   --rollback   drop column note;
// Each line loses its first words before the lexer comes there, for a quote may span several.
bool Cutter::OnRollback(const Token& comment) {
  Changeset& changeset = result_.changesets.back();
  const Span span = comment.span;
  if (rollback_end_ || changeset.no_rollback || !StartsLine(span.begin)) return false;
  const bool block = comment.symbol != '-';
  if (block ? !IsLiquibaseRollbackBlock(Words(span)) : !LiquibaseRollback(Words(span))) {
    return false;
  }
  uint32_t end = span.end;
  const auto line_end = static_cast<uint32_t>(std::min(text_.find('\n', span.begin), text_.size()));
  const std::string words =
      block ? std::string(Words({line_end, span.end - 2})) : RollbackLines(span.begin, &end);
  switch (ReadRollback(words)) {
    case RollbackWords::kNone: {
      absl::string_view why = absl::StripAsciiWhitespace(words);
      why.remove_prefix(absl::StartsWithIgnoreCase(why, "empty") ? 5 : 12);
      why.remove_prefix(std::min(why.find_first_not_of(" \t\r\n.,:;-"), why.size()));
      changeset.no_rollback = std::string(why);
      return false;
    }
    case RollbackWords::kChangeset:
      CloseInPlaceOf({span.begin, end});
      Blank(span.begin + 1, end);
      result_.pieces.push_back({.span = {span.begin + 1, end},
                                .end = end,
                                .form = StatementForm::kTemplate,
                                .direction = Direction::kDown,
                                .changeset = changeset_});
      lexer_.Seek(end);
      return true;
    case RollbackWords::kSql:
      break;
  }
  if (block) {
    Blank(span.end - 2, span.end);
    EnterRollback({span.begin, line_end}, span.end);
    return true;
  }
  for (uint32_t at = span.begin; at < end;) {
    const auto next = static_cast<uint32_t>(std::min(text_.find('\n', at), text_.size()));
    const absl::string_view line = Words({at, next});
    const size_t kept = LiquibaseRollback(line)->size();
    Blank(at, next - static_cast<uint32_t>(kept));
    at = next + 1;
  }
  EnterRollback({span.begin, span.begin + 2}, end);
  return true;
}

std::string Cutter::RollbackLines(uint32_t begin, uint32_t* end) const {
  std::string words;
  for (size_t at = begin; at < text_.size();) {
    const size_t next = std::min(text_.find('\n', at), text_.size());
    const auto line = absl::string_view(text_).substr(at, next - at);
    const std::optional<absl::string_view> own = LiquibaseRollback(line);
    if (!own) break;
    absl::StrAppend(&words, *own, "\n");
    *end = static_cast<uint32_t>(next);
    at = next + 1;
  }
  return words;
}

void Cutter::EnterRollback(Span opening, uint32_t end) {
  CloseInPlaceOf(opening);
  Blank(opening.begin + 1, opening.end);
  if (text_[opening.begin] != ';') Blank(opening.begin, opening.begin + 1);
  direction_ = Direction::kDown;
  rollback_end_ = end;
  lexer_.Seek(opening.begin + 1);
}

void Cutter::LeaveRollback() {
  rollback_end_.reset();
  if (open_) {
    piece_.apart = true;
    Close(piece_.span.end);
  }
  direction_ = Direction::kUp;
}

bool Cutter::IsFollowedByCode(uint32_t at) {
  if (at < code_ahead_) return true;
  Lexer rest(absl::string_view(text_).substr(at), at);
  Token token;
  if (!rest.NextCode(&token)) return false;
  code_ahead_ = token.span.begin;
  return true;
}

// A quote that is never closed would hide all the rest. Most likely it was meant to end before the
// statement did, so we go on after the next semicolon that ends a line. A dollar quote or a comment
// holds such semicolons by nature: they keep the rest.
void Cutter::OnOpenQuote(const Token& token) {
  Extend(token);
  piece_.has_open_quote = true;
  const bool is_short =
      token.kind == TokenKind::kString || token.kind == TokenKind::kQuotedIdentifier;
  if (is_short && CutQuote(token)) return;
  piece_.hides_rest = is_short && quote_recoveries_ >= kMaxQuoteRecoveries;
  while (IsBlankByte(text_[piece_.span.end - 1])) --piece_.span.end;
  Close(piece_.span.end);
}

// After the slip in `'it's'` strings and SQL have changed places: the next string begins where one
// was meant to end, and reaches to wherever the next one begins.
void Cutter::OnString(const Token& token) {
  Extend(token);
  if (slipped_) CutQuote(token);
}

bool Cutter::CutQuote(const Token& quote) {
  if (quote_recoveries_ >= kMaxQuoteRecoveries) return false;
  const absl::string_view text = absl::string_view(text_).substr(0, quote.span.end);
  size_t end = text.find(';', quote.span.begin);
  while (end != absl::string_view::npos && !EndsLine(end + 1)) end = text.find(';', end + 1);
  if (end == absl::string_view::npos) return false;
  ++quote_recoveries_;
  piece_.span.end = static_cast<uint32_t>(end);
  piece_.has_open_quote = true;
  lexer_.Seek(piece_.span.end + 1);
  Close(piece_.span.end + 1);
  return true;
}

void Cutter::OnWord(const Token& token) {
  // `app_${env}`: a dollar sign within a word belongs to it, unless a brace follows.
  if (Peek(token.span.end) == '{' && text_[token.span.end - 1] == '$' &&
      OnPlaceholder(token, token.span.end - 1)) {
    return;
  }
  const absl::string_view word = Words(token.span);
  if (!open_) Open(token.span.begin);
  if (head_ != Head::kPlain && head_ != Head::kRule) ReadWord(word);
  slipped_ |= previous_.kind == TokenKind::kString && previous_.span.end == token.span.begin &&
              !FollowsStrings(word);
  Extend(token);
  previous_word_ = word;
}

void Cutter::OnPunctuation(const Token& token) {
  switch (token.symbol) {
    case ';':
      if (!open_) return;
      if (!IsWithinBody()) return Close(token.span.end);
      // No expression holds a semicolon, so this ends the CASEs that were left open.
      blocks_ = std::min(blocks_, 1);
      body_separators_.push_back(token.span.begin);
      break;
    case ':':
      if (OnColon(token)) return;
      break;
    default:
      break;
  }
  Extend(token);
  if (token.symbol == '(') ++parentheses_;
  if (token.symbol == ')' && parentheses_ > 0) --parentheses_;
  if (token.symbol == '[') ++brackets_;
  if (token.symbol == ']' && brackets_ > 0) --brackets_;
}

void Cutter::OnOperator(const Token& token) {
  const uint32_t last = token.span.end - 1;
  if ((text_[last] == '%' || text_[last] == '@' || text_[last] == '#') &&
      OnPlaceholder(token, last)) {
    return;
  }
  const bool continues =
      open_ && previous_.kind == TokenKind::kOperator && previous_.span.end == token.span.begin;
  if (!continues) operator_run_begin_ = token.span.begin;
  Extend(token);
  if (token.span.end - operator_run_begin_ <= kMaxOperatorRun) return;
  Span& endless = piece_.endless_operator;
  if (endless.empty()) endless.begin = operator_run_begin_;
  if (endless.begin == operator_run_begin_) endless.end = token.span.end;
}

// psql takes a backslash anywhere outside quotes. Within a statement only a name that psql knows
// counts; anything else is a slip for PostgreSQL to report.
void Cutter::OnBackslash(const Token& token) {
  const uint32_t at = token.span.begin;
  if (Peek(at + 1) == ';') {  // A semicolon that psql sends without ending its own statement.
    text_[at] = ' ';
    return;
  }
  const MetaCommand command = ReadMetaCommand(text_, at);
  if (open_ && !command.is_known) return Extend(token);
  Piece piece = {.span = command.span,
                 .end = command.span.end,
                 .form = StatementForm::kMetaCommand,
                 .direction = direction_,
                 .changeset = changeset_,
                 .changeset_alone = changeset_alone_,
                 .block = block_,
                 .tag = absl::StrCat("\\", command.name.substr(0, kLongestTag))};
  if (command.sends_query) CloseInPlaceOf(command.span);
  // A command amid a statement belongs to it and is not listed.
  const bool listed = !open_;
  const uint32_t written = text_[at] == ';' ? at + 1 : at;
  const bool reads_data = command.reads_data && listed;
  Blank(written, command.end);
  lexer_.Seek(command.end);
  if (!listed) return;
  result_.pieces.push_back(std::move(piece));
  if (reads_data) AwaitCopyData(command.end);
}

bool Cutter::OnPlaceholder(const Token& token, uint32_t at) {
  const std::optional<Placeholder> placeholder = placeholders_.At(at);
  if (!placeholder) return false;
  if (token.span.begin < at) {
    Token before = token;
    before.span.end = at;
    before.symbol = 0;
    Extend(before);
  }
  Replace(*placeholder);
  return true;
}

// `a[1:n]` is a slice and `json_object('a':b)` a pair: there the colon touches what stands before
// it, or brackets are open.
bool Cutter::OnColon(const Token& token) {
  if (brackets_ > 0) return false;
  const bool touches = open_ && previous_.span.end == token.span.begin;
  if (touches && EndsOperand(previous_)) return false;
  const std::optional<Placeholder> variable = PsqlVariable(text_, token.span.begin);
  if (!variable) return false;
  Replace(*variable);
  return true;
}

void Cutter::Replace(const Placeholder& placeholder) {
  const Span span = placeholder.span;
  const bool leaves_text = placeholder.kind == Placeholder::Kind::kExpression ||
                           placeholder.kind == Placeholder::Kind::kLiteral;
  result_.substitutes.Fill(placeholder, &text_);
  lexer_.Seek(leaves_text ? span.begin : span.end);
  if (!open_) {
    if (placeholder.kind == Placeholder::Kind::kRemark) return;
    if (!leaves_text || EndsLine(span.end)) {  // Nothing but a placeholder.
      Blank(span.begin, span.end);
      result_.pieces.push_back({.span = span,
                                .end = span.end,
                                .form = StatementForm::kTemplate,
                                .direction = direction_,
                                .changeset = changeset_,
                                .changeset_alone = changeset_alone_,
                                .block = block_});
      return;
    }
    Open(span.begin);
  }
  if (!piece_.first_placeholder.has_value()) piece_.first_placeholder = span.begin;
}

void Cutter::Open(uint32_t begin) {
  piece_ = {.span = {begin, begin},
            .direction = direction_,
            .changeset = changeset_,
            .changeset_alone = changeset_alone_,
            .block = block_};
  open_ = true;
  head_ = Head::kUndecided;
  copies_from_stdin_ = false;
  parentheses_ = brackets_ = blocks_ = 0;
  previous_ = {.span = {begin, begin}};
  previous_word_ = {};
  slipped_ = false;
  body_separators_.clear();
}

void Cutter::Extend(const Token& token) {
  if (!open_) Open(token.span.begin);
  if (token.kind != TokenKind::kIdentifier &&
      (head_ == Head::kUndecided || head_ == Head::kCreate)) {
    head_ = Head::kPlain;
  }
  piece_.span.end = token.span.end;
  previous_ = token;
  previous_word_ = {};
}

void Cutter::Close(uint32_t end) {
  open_ = false;
  if (IsWithinBody() && !body_separators_.empty()) return CloseEach(end);
  piece_.end = end;
  result_.pieces.push_back(std::move(piece_));
  if (copies_from_stdin_) AwaitCopyData(end);
}

// A body that is never closed would hide all the rest: its semicolons count after all.
void Cutter::CloseEach(uint32_t end) {
  const Piece whole = std::move(piece_);
  if (body_separators_.back() < whole.span.end) body_separators_.push_back(whole.span.end);
  uint32_t begin = whole.span.begin;
  for (const uint32_t separator : body_separators_) {
    Piece piece = whole;
    piece.span = TokensWithin(text_, {begin, separator});
    piece.end = std::min(separator + 1, end);
    begin = piece.end;
    if (piece.span.empty()) continue;
    // Where the later placeholders stand is not known: each part may hold one.
    if (piece.first_placeholder.has_value()) {
      piece.first_placeholder = std::max(*piece.first_placeholder, piece.span.begin);
      if (*piece.first_placeholder >= piece.span.end) piece.first_placeholder.reset();
    }
    result_.pieces.push_back(std::move(piece));
  }
}

// Ends the open piece, if there is one, where something else than a semicolon separates.
void Cutter::CloseInPlaceOf(Span separator) {
  if (!open_) return;
  Blank(separator.begin, separator.end);
  text_[separator.begin] = ';';
  Close(separator.begin + 1);
}

void Cutter::ReadWord(absl::string_view word) {
  switch (head_) {
    case Head::kUndecided:
      head_ = absl::EqualsIgnoreCase(word, "create") ? Head::kCreate
              : absl::EqualsIgnoreCase(word, "copy") ? Head::kCopy
                                                     : Head::kPlain;
      return;
    case Head::kCreate:
      if (absl::EqualsIgnoreCase(word, "function") || absl::EqualsIgnoreCase(word, "procedure")) {
        head_ = Head::kRoutine;
      } else if (absl::EqualsIgnoreCase(word, "rule")) {
        head_ = Head::kRule;
      } else if (!absl::EqualsIgnoreCase(word, "or") && !absl::EqualsIgnoreCase(word, "replace")) {
        head_ = Head::kPlain;
      }
      return;
    case Head::kCopy:
      copies_from_stdin_ |= parentheses_ == 0 && absl::EqualsIgnoreCase(word, "stdin") &&
                            absl::EqualsIgnoreCase(previous_word_, "from");
      return;
    case Head::kRoutine:
      if (blocks_ == 0) {
        if (absl::EqualsIgnoreCase(word, "atomic") &&
            absl::EqualsIgnoreCase(previous_word_, "begin")) {
          blocks_ = 1;
        }
        return;
      }
      // `t.end` and `1 AS end` are names.
      if (previous_.symbol == '.' || absl::EqualsIgnoreCase(previous_word_, "as")) return;
      if (absl::EqualsIgnoreCase(word, "case")) ++blocks_;
      if (absl::EqualsIgnoreCase(word, "end")) --blocks_;
      return;
    case Head::kRule:
    case Head::kPlain:
      return;
  }
}

// The last piece is followed by data, from the line after `from` on. Where two such statements
// share a line, the data are taken for the first one's.
void Cutter::AwaitCopyData(uint32_t from) {
  if (copying_ != kNoPiece) return;
  copying_ = result_.pieces.size() - 1;
  copy_begin_ = static_cast<uint32_t>(std::min(text_.size(), text_.find('\n', from)) + 1);
}

void Cutter::SkipCopyData() {
  if (copying_ == kNoPiece) return;
  uint32_t at = lexer_.position();
  while (at < copy_begin_ && at < text_.size() && IsBlankByte(text_[at])) ++at;
  if (at < copy_begin_ && at < text_.size()) return;  // More SQL on the statement's own line.
  if (copy_begin_ <= at) {
    const CopyData data = ReadCopyData(text_, copy_begin_);
    result_.pieces[copying_].copy_data = data.span;
    Blank(copy_begin_, data.end);
    lexer_.Seek(data.end);
  }
  copying_ = kNoPiece;
}

bool Cutter::StartsLine(uint32_t at) const {
  while (at > 0 && IsBlankByte(text_[at - 1])) {
    if (text_[at - 1] == '\n' || text_[at - 1] == '\r') return true;
    --at;
  }
  return at == 0;
}

// Whether nothing but a semicolon or a line comment stands between here and the end of the line.
bool Cutter::EndsLine(size_t at) const {
  while (at < text_.size() && text_[at] != '\n' && IsBlankByte(text_[at])) ++at;
  const char byte = Peek(at);
  return at >= text_.size() || byte == '\n' || byte == ';' || (byte == '-' && Peek(at + 1) == '-');
}

void Cutter::Blank(uint32_t begin, uint32_t end) {
  for (uint32_t at = begin; at < end; ++at) {
    if (!IsBlankByte(text_[at])) text_[at] = ' ';
  }
}

}  // namespace

Span TokensWithin(absl::string_view text, Span part) {
  Lexer lexer(text.substr(part.begin, part.size()), part.begin);
  Token token;
  Span span = {part.end, part.end};
  while (lexer.NextCode(&token)) {
    if (span.empty()) span.begin = token.span.begin;
    span.end = token.span.end;
  }
  return span;
}

Pieces CutIntoPieces(std::string text) { return Cutter(std::move(text)).Cut(); }

}  // namespace plimsoll
