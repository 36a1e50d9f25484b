// What PostgreSQL's scan.l and the chapter "Lexical Structure" of its manual say, token by token.

#include "analyzer/syntax/lexer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace plimsoll {
namespace {

std::string KindName(TokenKind kind) {
  switch (kind) {
    case TokenKind::kIdentifier:
      return "word";
    case TokenKind::kQuotedIdentifier:
      return "quoted";
    case TokenKind::kString:
      return "string";
    case TokenKind::kDollarString:
      return "dollar";
    case TokenKind::kNumber:
      return "number";
    case TokenKind::kParameter:
      return "parameter";
    case TokenKind::kOperator:
      return "operator";
    case TokenKind::kPunctuation:
      return "punctuation";
    case TokenKind::kComment:
      return "comment";
    case TokenKind::kOther:
      return "other";
  }
  return "";
}

// Each token as `kind text`, with a `!` where it is not closed.
std::vector<std::string> Lex(absl::string_view text) {
  std::vector<std::string> tokens;
  Lexer lexer(text);
  Token token;
  while (lexer.Next(&token)) {
    tokens.push_back(absl::StrCat(KindName(token.kind), token.unterminated ? "! " : " ",
                                  text.substr(token.span.begin, token.span.size())));
  }
  return tokens;
}

using Tokens = std::vector<std::string>;

TEST(Lexer, ReadsIdentifiers) {
  EXPECT_EQ(Lex("select Foo_1 _x a$1 größe"),
            (Tokens{"word select", "word Foo_1", "word _x", "word a$1", "word größe"}));
  EXPECT_EQ(Lex(R"("a b" "say ""hi""" U&"d\0061t" u&"x")"),
            (Tokens{"quoted \"a b\"", "quoted \"say \"\"hi\"\"\"", "quoted U&\"d\\0061t\"",
                    "quoted u&\"x\""}));
  EXPECT_EQ(Lex("a.\"b\".c"),
            (Tokens{"word a", "punctuation .", "quoted \"b\"", "punctuation .", "word c"}));
}

TEST(Lexer, ReadsStrings) {
  EXPECT_EQ(Lex("'' 'it''s' 'back\\'"), (Tokens{"string ''", "string 'it''s'", "string 'back\\'"}));
  EXPECT_EQ(Lex(R"(E'it\'s' e'\\' B'01' x'FF' N'n' U&'\0061')"),
            (Tokens{R"(string E'it\'s')", R"(string e'\\')", "string B'01'", "string x'FF'",
                    "string N'n'", R"(string U&'\0061')"}));
  // The letter has to touch the quote.
  EXPECT_EQ(Lex("E 'a'"), (Tokens{"word E", "string 'a'"}));
  // A longer word does not introduce a string.
  EXPECT_EQ(Lex("type'a'"), (Tokens{"word type", "string 'a'"}));
}

TEST(Lexer, ContinuesStringsAcrossLinesOnly) {
  EXPECT_EQ(Lex("'a'\n  'b'"), (Tokens{"string 'a'\n  'b'"}));
  EXPECT_EQ(Lex("'a' -- why\r\n -- not\n'b' c"),
            (Tokens{"string 'a' -- why\r\n -- not\n'b'", "word c"}));
  EXPECT_EQ(Lex("'a' 'b'"), (Tokens{"string 'a'", "string 'b'"}));
  EXPECT_EQ(Lex("'a' /* no */\n'b'"), (Tokens{"string 'a'", "comment /* no */", "string 'b'"}));
  // What continues an E'' string is read by its rules.
  EXPECT_EQ(Lex("E'a'\n'\\'' c"), (Tokens{"string E'a'\n'\\''", "word c"}));
  // Quoted identifiers do not continue.
  EXPECT_EQ(Lex("\"a\"\n\"b\""), (Tokens{"quoted \"a\"", "quoted \"b\""}));
}

TEST(Lexer, ReadsDollarQuotes) {
  EXPECT_EQ(Lex("$$a;'b$$"), (Tokens{"dollar $$a;'b$$"}));
  EXPECT_EQ(Lex("$f$ $$ $g$ $f$ x"), (Tokens{"dollar $f$ $$ $g$ $f$", "word x"}));
  EXPECT_EQ(Lex("$a$$b$a$"), (Tokens{"dollar $a$$b$a$"}));
  EXPECT_EQ(Lex("$ä1$x$ä1$"), (Tokens{"dollar $ä1$x$ä1$"}));
  // Within an identifier the dollar sign is a letter.
  EXPECT_EQ(Lex("a$$b$$"), (Tokens{"word a$$b$$"}));
  // A tag cannot begin with a digit: this is a parameter, then a lone dollar sign.
  EXPECT_EQ(Lex("$1$ $"), (Tokens{"parameter $1", "other $", "other $"}));
  EXPECT_EQ(Lex("$x y"), (Tokens{"other $", "word x", "word y"}));
}

TEST(Lexer, ReadsNumbers) {
  EXPECT_EQ(Lex("1 1.5 .5 1. 1e5 1.5E-3 1_000 0xFF 0o17 0b_1"),
            (Tokens{"number 1", "number 1.5", "number .5", "number 1.", "number 1e5",
                    "number 1.5E-3", "number 1_000", "number 0xFF", "number 0o17", "number 0b_1"}));
  EXPECT_EQ(Lex("1..10"), (Tokens{"number 1", "punctuation ..", "number 10"}));
  EXPECT_EQ(Lex("1e+ 2"), (Tokens{"number 1", "word e", "operator +", "number 2"}));
}

TEST(Lexer, ReadsComments) {
  EXPECT_EQ(Lex("a -- b\nc"), (Tokens{"word a", "comment -- b", "word c"}));
  EXPECT_EQ(Lex("--\r\nc"), (Tokens{"comment --", "word c"}));
  // A carriage return alone ends a line too (scan.l: `newline`); a form feed does not.
  EXPECT_EQ(Lex("-- a\rb -- c\fd\n'e'\r'f'"),
            (Tokens{"comment -- a", "word b", "comment -- c\fd", "string 'e'\r'f'"}));
  EXPECT_EQ(Lex("/* a /* b */ c */ d"), (Tokens{"comment /* a /* b */ c */", "word d"}));
  EXPECT_EQ(Lex("/**/ /***/ x"), (Tokens{"comment /**/", "comment /***/", "word x"}));
  EXPECT_EQ(Lex("-- 'x /*\ny"), (Tokens{"comment -- 'x /*", "word y"}));
  EXPECT_EQ(Lex("'-- x'"), (Tokens{"string '-- x'"}));
}

TEST(Lexer, ReadsOperators) {
  EXPECT_EQ(Lex("a->>b @> <@"),
            (Tokens{"word a", "operator ->>", "word b", "operator @>", "operator <@"}));
  // A comment ends an operator.
  EXPECT_EQ(Lex("a+--x"), (Tokens{"word a", "operator +", "comment --x"}));
  EXPECT_EQ(Lex("a*/*x*/b"), (Tokens{"word a", "operator *", "comment /*x*/", "word b"}));
  // An operator may end in a sign only if it has a character that standard operators lack.
  EXPECT_EQ(Lex("a*-1"), (Tokens{"word a", "operator *", "operator -", "number 1"}));
  EXPECT_EQ(Lex("a@-1"), (Tokens{"word a", "operator @-", "number 1"}));
  EXPECT_EQ(Lex("a=-+1"), (Tokens{"word a", "operator =", "operator -", "operator +", "number 1"}));
}

TEST(Lexer, ReadsPunctuation) {
  EXPECT_EQ(Lex("(a[1:2]::int, b := c);"),
            (Tokens{"punctuation (", "word a", "punctuation [", "number 1", "punctuation :",
                    "number 2", "punctuation ]", "punctuation ::", "word int", "punctuation ,",
                    "word b", "punctuation :=", "word c", "punctuation )", "punctuation ;"}));
  EXPECT_EQ(Lex(":x :'y'"), (Tokens{"punctuation :", "word x", "punctuation :", "string 'y'"}));
  EXPECT_EQ(Lex("\\c {{x}}"),
            (Tokens{"other \\", "word c", "other {", "other {", "word x", "other }", "other }"}));
}

TEST(Lexer, TakesWhatIsNotClosedToTheEnd) {
  EXPECT_EQ(Lex("a 'b; c"), (Tokens{"word a", "string! 'b; c"}));
  EXPECT_EQ(Lex("E'b\\"), (Tokens{"string! E'b\\"}));
  EXPECT_EQ(Lex("E'b\\'"), (Tokens{"string! E'b\\'"}));
  EXPECT_EQ(Lex("\"b"), (Tokens{"quoted! \"b"}));
  EXPECT_EQ(Lex("$a$ b $A$"), (Tokens{"dollar! $a$ b $A$"}));
  EXPECT_EQ(Lex("/* a /* b */"), (Tokens{"comment! /* a /* b */"}));
  EXPECT_EQ(Lex("/*/"), (Tokens{"comment! /*/"}));
  EXPECT_EQ(Lex("'a'\n'b"), (Tokens{"string! 'a'\n'b"}));
}

TEST(Lexer, NamesTheSymbolOfOneByteTokens) {
  Lexer lexer("; :: -- x\n /* */ + ->");
  std::string symbols;
  Token token;
  while (lexer.Next(&token)) symbols += token.symbol == '\0' ? '0' : token.symbol;
  EXPECT_EQ(symbols, ";0-/+0");
}

TEST(Lexer, SkipsCommentsOnRequest) {
  Lexer lexer("/* a */ b -- c");
  Token token;
  ASSERT_TRUE(lexer.NextCode(&token));
  EXPECT_EQ(token.kind, TokenKind::kIdentifier);
  EXPECT_FALSE(lexer.NextCode(&token));
}

TEST(Lexer, CountsFromTheOffset) {
  Lexer lexer("  ab cd", 100);
  Token token;
  EXPECT_EQ(lexer.position(), 100U);
  ASSERT_TRUE(lexer.Next(&token));
  EXPECT_EQ(token.span, (Span{102, 104}));
  lexer.Seek(103);
  ASSERT_TRUE(lexer.Next(&token));
  EXPECT_EQ(token.span, (Span{103, 104}));
  lexer.Seek(50);  // Before the text: its beginning.
  EXPECT_EQ(lexer.position(), 100U);
  lexer.Seek(5000);
  EXPECT_FALSE(lexer.Next(&token));
}

TEST(Lexer, HoldsNulBytes) {
  const std::string text("a\0b", 3);
  EXPECT_EQ(Lex(text), (Tokens{"word a", std::string("other \0", 7), "word b"}));
  EXPECT_TRUE(Lex("").empty());
  EXPECT_TRUE(Lex(" \t\r\n\f\v").empty());
}

// Every byte that is not blank belongs to one token, whatever the bytes are.
TEST(Lexer, CoversAnyText) {
  constexpr absl::string_view kPool[] = {"'",  "\"",       "$",    "$$", "$a$", "/*", "*/", "--",
                                         "\n", "\\",       "E'",   "U&", ":",   "::", "{",  "}",
                                         "%",  "a",        "1",    ".",  "e",   ";",  " ",  "+",
                                         "@",  "\xC3\xA4", "\xFF", "_",  "0x",  "\r"};
  std::mt19937 random(20260101);
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    const size_t count = random() % 12;
    for (size_t i = 0; i < count; ++i) {
      absl::StrAppend(&text, kPool[random() % std::size(kPool)]);
    }
    Lexer lexer(text);
    Token token;
    uint32_t at = 0;
    while (lexer.Next(&token)) {
      ASSERT_LT(token.span.begin, token.span.end) << text;
      for (; at < token.span.begin; ++at) ASSERT_TRUE(IsBlankByte(text[at])) << text;
      at = token.span.end;
      ASSERT_LE(at, text.size()) << text;
      ASSERT_EQ(at, lexer.position()) << text;
      if (token.unterminated) {
        ASSERT_EQ(at, text.size()) << text;
      }
    }
    for (; at < text.size(); ++at) ASSERT_TRUE(IsBlankByte(text[at])) << text;
  }
}

// Quadratic time would take minutes here.
TEST(Lexer, StaysLinearOnHostileText) {
  for (const absl::string_view unit :
       {"+", "-", "'", "''\n", "$a", "$$", "/*", "1e", "E'\\", "*/", "'' --\n", "{", "\\"}) {
    std::string text;
    while (text.size() < (size_t{4} << 20)) text.append(unit.data(), unit.size());
    const auto start = std::chrono::steady_clock::now();
    Lexer lexer(text);
    Token token;
    size_t count = 0;
    while (lexer.Next(&token)) ++count;
    EXPECT_GT(count, 0U);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20)) << unit;
  }
}

}  // namespace
}  // namespace plimsoll
