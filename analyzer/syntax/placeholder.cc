#include "analyzer/syntax/placeholder.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "analyzer/limits.h"
#include "analyzer/syntax/lexer.h"

namespace plimsoll {
namespace {

constexpr size_t kNone = absl::string_view::npos;

constexpr absl::string_view kOpenings[] = {"{{", "{%", "{#"};
constexpr absl::string_view kClosings[] = {"}}", "%}", "#}"};

bool IsWordByte(char byte) { return IsIdentifierByte(byte) && byte != '$'; }

// The place after the word that starts at `at`; `at` itself where there is none.
size_t WordEnd(absl::string_view text, size_t at) {
  while (at < text.size() && IsWordByte(text[at])) ++at;
  return at;
}

Placeholder Found(Placeholder::Kind kind, size_t begin, size_t end) {
  return {.kind = kind, .span = {static_cast<uint32_t>(begin), static_cast<uint32_t>(end)}};
}

// What `{{ inside }}` does: Go's templates, Handlebars and Mustache have statements in the same
// brackets as expressions.
Placeholder::Kind KindOfBraces(absl::string_view inside) {
  absl::ConsumePrefix(&inside, "{");
  absl::ConsumePrefix(&inside, "-");
  while (!inside.empty() && IsBlankByte(inside[0])) inside.remove_prefix(1);
  if (absl::StartsWith(inside, "/*") || absl::StartsWith(inside, "!")) {
    return Placeholder::Kind::kRemark;
  }
  if (!inside.empty() && (inside[0] == '#' || inside[0] == '/' || inside[0] == '^')) {
    return Placeholder::Kind::kControl;
  }
  const absl::string_view word = inside.substr(0, WordEnd(inside, 0));
  for (const absl::string_view control :
       {"if", "else", "end", "range", "with", "define", "block", "break", "continue"}) {
    if (word == control) return Placeholder::Kind::kControl;
  }
  return Placeholder::Kind::kExpression;
}

}  // namespace

std::optional<Placeholder> PlaceholderFinder::At(size_t at) {
  switch (Peek(at)) {
    case '{':
      if (Peek(at + 1) == '{') return Bracketed(at, kBraces);
      if (Peek(at + 1) == '%') return Bracketed(at, kTag);
      if (Peek(at + 1) == '#') return Bracketed(at, kRemark);
      return Braced(at, at);
    case '$':
    case '#':
      if (Peek(at + 1) == '{') return Braced(at + 1, at);
      return std::nullopt;
    case '%':
      return Formatted(at);
    case '@':
      return Spiral(at);
    default:
      return std::nullopt;
  }
}

std::optional<Placeholder> PlaceholderFinder::Bracketed(size_t at, Bracket bracket) {
  const absl::string_view closing = kClosings[bracket];
  // Whatever lies before was searched for an earlier opening.
  const size_t from = std::max(at + 2, no_closing_before_[bracket]);
  const size_t limit = std::min(text_.size(), at + kMaxPlaceholderBytes);
  if (from >= limit) return std::nullopt;
  const size_t found = text_.substr(from, limit - from).find(closing);
  if (found == kNone) {
    no_closing_before_[bracket] = limit - 1;
    return std::nullopt;
  }
  no_closing_before_[bracket] = from + found;
  size_t end = from + found + closing.size();
  if (bracket == kTag) return Found(Placeholder::Kind::kControl, at, end);
  if (bracket == kRemark) return Found(Placeholder::Kind::kRemark, at, end);
  if (Peek(at + 2) == '{' && Peek(end) == '}') ++end;  // {{{ x }}}
  return Found(KindOfBraces(text_.substr(at + 2, from + found - at - 2)), at, end);
}

// `${x}`, `#{x}` and `{x}`, on one line. The last has to hold a word and its dots only, as there is
// no other sign that a template is meant.
std::optional<Placeholder> PlaceholderFinder::Braced(size_t brace, size_t begin) const {
  const bool is_bare = brace == begin;
  size_t at = brace + 1;
  const size_t limit = std::min(text_.size(), at + kMaxPlaceholderWord);
  while (at < limit && text_[at] != '}' && text_[at] != '\n' && text_[at] != '{') {
    if (is_bare && !IsWordByte(text_[at]) && text_[at] != '.') return std::nullopt;
    ++at;
  }
  if (at >= limit || text_[at] != '}' || at == brace + 1) return std::nullopt;
  return Found(Placeholder::Kind::kExpression, begin, at + 1);
}

// Python's `%(x)s` and `%s`. A remainder may look like the second: `a %s`; so a blank, a comma or
// the like has to stand before it, and script.cc tries the author's own words as well.
std::optional<Placeholder> PlaceholderFinder::Formatted(size_t at) const {
  size_t end = at + 1;
  if (Peek(end) == '(') {
    const size_t word_end = WordEnd(text_.substr(0, at + kMaxPlaceholderWord), end + 1);
    if (word_end == end + 1 || Peek(word_end) != ')') return std::nullopt;
    end = word_end + 1;
  } else if (at > 0 && (IsIdentifierByte(text_[at - 1]) || text_[at - 1] == ')' ||
                        text_[at - 1] == ']' || text_[at - 1] == '\'')) {
    return std::nullopt;
  }
  if (Peek(end) != 's' || IsIdentifierByte(Peek(end + 1))) return std::nullopt;
  return Found(Placeholder::Kind::kExpression, at, end + 1);
}

// `@x@` of Ant and Liquibase.
std::optional<Placeholder> PlaceholderFinder::Spiral(size_t at) const {
  const size_t end = WordEnd(text_.substr(0, at + kMaxPlaceholderWord), at + 1);
  if (end == at + 1 || Peek(end) != '@') return std::nullopt;
  return Found(Placeholder::Kind::kExpression, at, end + 1);
}

bool IsWithinBrackets(absl::string_view text, size_t cursor) {
  const size_t window = cursor - std::min(cursor, kMaxPlaceholderBytes);
  const absl::string_view before = text.substr(window, cursor - window);
  const absl::string_view after = text.substr(cursor, kMaxPlaceholderBytes);
  for (size_t i = 0; i < 2; ++i) {
    const size_t open = before.rfind(kOpenings[i]);
    if (open == kNone || after.find(kClosings[i]) == kNone) continue;
    if (before.find(kClosings[i], open) == kNone) return true;
  }
  const size_t open = before.rfind("${");
  return open != kNone && before.find_first_of("}\n", open) == kNone &&
         after.substr(0, after.find('\n')).find('}') != kNone;
}

bool OpensBracketsTooLong(absl::string_view text, size_t cursor) {
  const absl::string_view rest = text.substr(std::min(cursor, text.size()));
  for (size_t i = 0; i < std::size(kOpenings); ++i) {
    if (!absl::StartsWith(rest, kOpenings[i])) continue;
    const size_t close = rest.find(kClosings[i]);
    return close != kNone && close + 2 > kMaxPlaceholderBytes;
  }
  if (!absl::StartsWith(rest, "${") && !absl::StartsWith(rest, "#{")) return false;
  const size_t close = rest.find_first_of("}{\n", 2);
  return close != kNone && rest[close] == '}' && close > kMaxPlaceholderWord;
}

std::optional<Placeholder> PsqlVariable(absl::string_view text, size_t colon) {
  const size_t at = colon + 1;
  if (at >= text.size()) return std::nullopt;
  text = text.substr(0, at + kMaxPlaceholderWord);
  const char quote = text[at] == '\'' || text[at] == '"' ? text[at] : '\0';
  const size_t name = quote == '\0' ? at : at + 1;
  const size_t end = WordEnd(text, name);
  if (end == name) return std::nullopt;
  if (quote == '\0') return Found(Placeholder::Kind::kExpression, colon, end);
  if (end >= text.size() || text[end] != quote) return std::nullopt;
  return Found(quote == '"' ? Placeholder::Kind::kExpression : Placeholder::Kind::kLiteral, colon,
               end + 1);
}

}  // namespace plimsoll
