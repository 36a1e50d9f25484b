// Words of SQL, as PostgreSQL's own scanner (scan.l) cuts them, found without its grammar.
//
// The grammar decides what a text means; this lexer answers the smaller questions that remain where
// the grammar has no answer: where comments stand, where a statement that does not parse ends,
// where the subcommands of an ALTER TABLE begin. It never fails: every byte that is not blank
// belongs to exactly one token, whatever the bytes are. It allocates nothing and takes time linear
// in the text.

#ifndef PLIMSOLL_ANALYZER_SYNTAX_LEXER_H_
#define PLIMSOLL_ANALYZER_SYNTAX_LEXER_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "analyzer/syntax/source.h"

namespace plimsoll {

enum class TokenKind : uint8_t {
  kIdentifier,        // unquoted; every keyword is one
  kQuotedIdentifier,  // "x", U&"x"
  kString,            // 'x', E'x', B'x', X'x', N'x', U&'x', with continuations on later lines
  kDollarString,      // $$x$$, $tag$x$tag$
  kNumber,            // 1, 1.5e3, 0xFF, 1_000
  kParameter,         // $1
  kOperator,          // +, ->>, @>, …
  kPunctuation,       // ( ) [ ] , ; . : and :: := ..
  kComment,           // -- x without the end of the line, /* x */ nested
  kOther,             // a byte that begins no token: \ { } $ and control characters
};

struct Token {
  Span span;
  TokenKind kind = TokenKind::kOther;
  // A quote or comment that the text does not close; the token reaches to the end of the text.
  bool unterminated = false;
  // The byte of a one-byte operator, punctuation or kOther, such as ';'. The first byte of a
  // comment, which tells `--` from `/*`. Zero for all else.
  char symbol = 0;
};

// Walks over a text, one token a call. psql's variables are not tokens of their own: `:x` is
// punctuation followed by an identifier without a blank between them.
class Lexer {
 public:
  // The text must stay where it is while the lexer is used. `offset` is added to every span: where
  // the text stands in its source.
  explicit Lexer(absl::string_view text, uint32_t offset = 0)
      : data_(text.data()), size_(text.size()), offset_(offset) {}

  // The next token, comments included; false at the end of the text.
  bool Next(Token* token);
  // The next token that is no comment.
  bool NextCode(Token* token);

  // Where the next token is looked for, `offset` included. Seek may go either way.
  uint32_t position() const { return offset_ + static_cast<uint32_t>(at_); }
  void Seek(uint32_t position);

 private:
  // Each takes the place of the token's first byte and returns the place after its last one.
  size_t Word(size_t at, Token* token) const;
  size_t Number(size_t at) const;
  size_t Operator(size_t at) const;
  size_t Quoted(size_t quote, bool escapes, Token* token) const;
  size_t QuotedIdentifier(size_t quote, Token* token) const;
  size_t Dollar(size_t at, Token* token) const;
  size_t BlockComment(size_t at, Token* token) const;

  size_t Digits(size_t at) const;
  size_t LineEnd(size_t at) const;
  size_t ContinuedAt(size_t at) const;
  char Peek(size_t at) const { return at < size_ ? data_[at] : '\0'; }

  const char* data_;
  size_t size_;
  uint32_t offset_;
  size_t at_ = 0;
};

// Whether PostgreSQL takes the byte as part of an unquoted identifier that has begun; the dollar
// sign is one such byte, and so is every byte of a character outside ASCII.
bool IsIdentifierByte(char byte);
// What PostgreSQL skips between tokens: blank, tab, line feed, carriage return, form feed and
// vertical tab.
bool IsBlankByte(char byte);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SYNTAX_LEXER_H_
