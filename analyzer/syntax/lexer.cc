#include "analyzer/syntax/lexer.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace plimsoll {
namespace {

// An operator that PostgreSQL accepts has at most 63 bytes. Looking no further keeps a megabyte of
// `+` linear: each of them is a token, found only at the end of the whole run.
constexpr size_t kLongestOperator = 64;
constexpr size_t kNowhere = static_cast<size_t>(-1);

enum class Class : uint8_t {
  kOther,
  kBlank,
  kLetter,  // letters, underscore, every byte outside ASCII
  kDigit,
  kQuote,
  kDoubleQuote,
  kDollar,
  kDot,
  kColon,
  kSelf,  // ( ) [ ] , ;
  kOperator,
};

constexpr std::array<Class, 256> MakeClasses() {
  std::array<Class, 256> classes = {};
  for (size_t byte = 0x80; byte < 256; ++byte) classes[byte] = Class::kLetter;
  for (size_t byte = 'a'; byte <= 'z'; ++byte) classes[byte] = Class::kLetter;
  for (size_t byte = 'A'; byte <= 'Z'; ++byte) classes[byte] = Class::kLetter;
  for (size_t byte = '0'; byte <= '9'; ++byte) classes[byte] = Class::kDigit;
  for (char byte : {' ', '\t', '\n', '\r', '\f', '\v'}) {
    classes[static_cast<unsigned char>(byte)] = Class::kBlank;
  }
  for (char byte : {'(', ')', '[', ']', ',', ';'}) {
    classes[static_cast<unsigned char>(byte)] = Class::kSelf;
  }
  for (char byte :
       {'~', '!', '@', '#', '^', '&', '|', '`', '?', '+', '-', '*', '/', '%', '<', '>', '='}) {
    classes[static_cast<unsigned char>(byte)] = Class::kOperator;
  }
  classes['_'] = Class::kLetter;
  classes['\''] = Class::kQuote;
  classes['"'] = Class::kDoubleQuote;
  classes['$'] = Class::kDollar;
  classes['.'] = Class::kDot;
  classes[':'] = Class::kColon;
  return classes;
}

constexpr std::array<Class, 256> kClasses = MakeClasses();

Class ClassOf(char byte) { return kClasses[static_cast<unsigned char>(byte)]; }
bool IsDigit(char byte) { return byte >= '0' && byte <= '9'; }

bool IsDigitOfBase(char byte, char base) {
  switch (base) {
    case 'x':
      return IsDigit(byte) || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
    case 'o':
      return byte >= '0' && byte <= '7';
    default:
      return byte == '0' || byte == '1';
  }
}

// The characters that no operator of the SQL standard has; one of them lets an operator end in
// `+` or `-`.
bool IsOddOperatorByte(char byte) { return std::memchr("~!@#^&|`?%", byte, 10) != nullptr; }

}  // namespace

bool IsIdentifierByte(char byte) {
  const Class c = ClassOf(byte);
  return c == Class::kLetter || c == Class::kDigit || c == Class::kDollar;
}

bool IsBlankByte(char byte) { return ClassOf(byte) == Class::kBlank; }

void Lexer::Seek(uint32_t position) {
  at_ = std::min(size_, static_cast<size_t>(position - std::min(position, offset_)));
}

bool Lexer::Next(Token* token) {
  size_t at = at_;
  while (at < size_ && IsBlankByte(data_[at])) ++at;
  at_ = at;
  if (at == size_) return false;
  const char first = data_[at];
  const char second = Peek(at + 1);
  size_t end = at + 1;
  token->unterminated = false;
  token->symbol = 0;
  switch (ClassOf(first)) {
    case Class::kLetter:
      end = Word(at, token);
      break;
    case Class::kDigit:
      token->kind = TokenKind::kNumber;
      end = Number(at);
      break;
    case Class::kQuote:
      end = Quoted(at, /*escapes=*/false, token);
      break;
    case Class::kDoubleQuote:
      end = QuotedIdentifier(at, token);
      break;
    case Class::kDollar:
      end = Dollar(at, token);
      break;
    case Class::kDot:
      token->kind = IsDigit(second) ? TokenKind::kNumber : TokenKind::kPunctuation;
      end = IsDigit(second) ? Number(at) : second == '.' ? at + 2 : at + 1;
      break;
    case Class::kColon:
      token->kind = TokenKind::kPunctuation;
      if (second == ':' || second == '=') end = at + 2;
      break;
    case Class::kSelf:
      token->kind = TokenKind::kPunctuation;
      break;
    case Class::kOperator:
      if (first == '-' && second == '-') {
        token->kind = TokenKind::kComment;
        end = LineEnd(at);
      } else if (first == '/' && second == '*') {
        end = BlockComment(at, token);
      } else {
        token->kind = TokenKind::kOperator;
        end = Operator(at);
      }
      break;
    case Class::kBlank:
    case Class::kOther:
      token->kind = TokenKind::kOther;
      break;
  }
  const bool is_comment = token->kind == TokenKind::kComment;
  if (is_comment || (end == at + 1 && token->kind >= TokenKind::kOperator)) token->symbol = first;
  token->span = {offset_ + static_cast<uint32_t>(at), offset_ + static_cast<uint32_t>(end)};
  at_ = end;
  return true;
}

bool Lexer::NextCode(Token* token) {
  while (Next(token)) {
    if (token->kind != TokenKind::kComment) return true;
  }
  return false;
}

// An identifier, or the letter before a string: E'', B'', X'', N'', U&'' and U&"".
size_t Lexer::Word(size_t at, Token* token) const {
  const char second = Peek(at + 1);
  if (second == '\'') {
    const char letter = static_cast<char>(data_[at] | 0x20);
    if (letter == 'e') return Quoted(at + 1, /*escapes=*/true, token);
    if (letter == 'b' || letter == 'x' || letter == 'n') return Quoted(at + 1, false, token);
  } else if (second == '&' && (data_[at] == 'u' || data_[at] == 'U')) {
    if (Peek(at + 2) == '\'') return Quoted(at + 2, /*escapes=*/false, token);
    if (Peek(at + 2) == '"') return QuotedIdentifier(at + 2, token);
  }
  token->kind = TokenKind::kIdentifier;
  ++at;
  while (at < size_ && IsIdentifierByte(data_[at])) ++at;
  return at;
}

// Past the digits, which single underscores may divide.
size_t Lexer::Digits(size_t at) const {
  while (IsDigit(Peek(at)) || (Peek(at) == '_' && IsDigit(Peek(at + 1)))) ++at;
  return at;
}

size_t Lexer::Number(size_t at) const {
  if (data_[at] == '0') {
    const char base = static_cast<char>(Peek(at + 1) | 0x20);
    if (base == 'x' || base == 'o' || base == 'b') {
      size_t end = at + 2;
      while (IsDigitOfBase(Peek(end), base) ||
             (Peek(end) == '_' && IsDigitOfBase(Peek(end + 1), base))) {
        ++end;
      }
      if (end > at + 2) return end;
    }
  }
  size_t end = Digits(at);
  // `1..10` is a range of two integers, not `1.` and `.10`.
  if (Peek(end) == '.' && Peek(end + 1) != '.') end = Digits(end + 1);
  if ((Peek(end) | 0x20) == 'e') {
    const size_t sign = Peek(end + 1) == '+' || Peek(end + 1) == '-' ? 1 : 0;
    if (IsDigit(Peek(end + 1 + sign))) end = Digits(end + 1 + sign);
  }
  return end;
}

size_t Lexer::Operator(size_t at) const {
  size_t end = at + 1;
  bool odd = IsOddOperatorByte(data_[at]);
  while (end < size_ && end - at < kLongestOperator && ClassOf(data_[end]) == Class::kOperator) {
    // A comment ends an operator.
    if (data_[end] == '-' && Peek(end + 1) == '-') break;
    if (data_[end] == '/' && Peek(end + 1) == '*') break;
    odd = odd || IsOddOperatorByte(data_[end]);
    ++end;
  }
  // `a*-1` is a product with a negative number: `*-` is no operator, but `@-` is.
  if (!odd) {
    while (end > at + 1 && (data_[end - 1] == '+' || data_[end - 1] == '-')) --end;
  }
  return end;
}

// Where a string goes on, just after its next opening quote, if the text at `at` (after a closing
// quote) is blanks and line comments with at least one line feed, then a quote.
size_t Lexer::ContinuedAt(size_t at) const {
  bool crossed_line = false;
  while (at < size_) {
    const char byte = data_[at];
    if (byte == '\n' || byte == '\r') {
      crossed_line = true;
      ++at;
    } else if (IsBlankByte(byte)) {
      ++at;
    } else if (byte == '-' && Peek(at + 1) == '-') {
      at = LineEnd(at);
    } else {
      return byte == '\'' && crossed_line ? at + 1 : kNowhere;
    }
  }
  return kNowhere;
}

size_t Lexer::Quoted(size_t quote, bool escapes, Token* token) const {
  token->kind = TokenKind::kString;
  size_t at = quote + 1;
  while (at < size_) {
    if (escapes) {
      while (at < size_ && data_[at] != '\'' && data_[at] != '\\') ++at;
      if (Peek(at) == '\\' && at < size_) {
        at = std::min(at + 2, size_);
        continue;
      }
    } else {
      const void* found = std::memchr(data_ + at, '\'', size_ - at);
      at = found == nullptr ? size_ : static_cast<size_t>(static_cast<const char*>(found) - data_);
    }
    if (at >= size_) break;
    ++at;  // The quote.
    if (Peek(at) == '\'') {
      ++at;  // Doubled: a quote inside.
      continue;
    }
    const size_t next = ContinuedAt(at);
    if (next == kNowhere) return at;
    at = next;
  }
  token->unterminated = true;
  return size_;
}

size_t Lexer::QuotedIdentifier(size_t quote, Token* token) const {
  token->kind = TokenKind::kQuotedIdentifier;
  size_t at = quote + 1;
  while (at < size_) {
    const void* found = std::memchr(data_ + at, '"', size_ - at);
    if (found == nullptr) break;
    at = static_cast<size_t>(static_cast<const char*>(found) - data_) + 1;
    if (Peek(at) != '"') return at;
    ++at;
  }
  token->unterminated = true;
  return size_;
}

size_t Lexer::Dollar(size_t at, Token* token) const {
  if (IsDigit(Peek(at + 1))) {
    token->kind = TokenKind::kParameter;
    size_t end = at + 2;
    while (IsDigit(Peek(end))) ++end;
    return end;
  }
  size_t tag_end = at + 1;
  if (tag_end < size_ && ClassOf(data_[tag_end]) == Class::kLetter) {
    do {
      ++tag_end;
    } while (tag_end < size_ && (ClassOf(data_[tag_end]) == Class::kLetter ||
                                 ClassOf(data_[tag_end]) == Class::kDigit));
  }
  if (Peek(tag_end) != '$') {
    token->kind = TokenKind::kOther;
    return at + 1;
  }
  token->kind = TokenKind::kDollarString;
  const absl::string_view delimiter(data_ + at, tag_end + 1 - at);
  const size_t close = absl::string_view(data_, size_).find(delimiter, tag_end + 1);
  if (close != absl::string_view::npos) return close + delimiter.size();
  token->unterminated = true;
  return size_;
}

size_t Lexer::BlockComment(size_t at, Token* token) const {
  token->kind = TokenKind::kComment;
  size_t depth = 1;
  at += 2;
  while (at + 1 < size_) {
    if (data_[at] == '*' && data_[at + 1] == '/') {
      at += 2;
      if (--depth == 0) return at;
    } else if (data_[at] == '/' && data_[at + 1] == '*') {
      at += 2;
      ++depth;
    } else {
      ++at;
    }
  }
  token->unterminated = true;
  return size_;
}

size_t Lexer::LineEnd(size_t at) const {
  while (at < size_ && data_[at] != '\n' && data_[at] != '\r') ++at;
  return at;
}

}  // namespace plimsoll
