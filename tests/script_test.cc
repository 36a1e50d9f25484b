// How a file becomes statements. What is expected here follows from PostgreSQL's and psql's manuals
// and from what the migration runners document, not from what the code happens to answer.

#include "analyzer/syntax/script.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"

namespace plimsoll {
namespace {

Script Parse(std::string text) {
  return ParseScript(std::make_shared<const Source>("test.sql", std::move(text)));
}

// One line a statement: what is special about its form, its tag, its text, and its problem as
// ` !! token: message`.
std::string Describe(const Script& script, const Statement& statement) {
  std::string line;
  if (statement.direction == Direction::kDown) line = "down ";
  if (statement.form == StatementForm::kMetaCommand) line += "meta ";
  if (statement.form == StatementForm::kTemplate) line += "template ";
  if (!statement.tag.empty()) absl::StrAppend(&line, statement.tag, ": ");
  absl::StrAppend(&line, script.source->Text(statement.span));
  if (statement.problem.has_value()) {
    absl::StrAppend(&line, " !! ", script.source->Text(statement.problem->span), ": ",
                    statement.problem->message);
  }
  return line;
}

using Lines = std::vector<std::string>;

Lines Statements(const Script& script) {
  Lines lines;
  for (const Statement& statement : script.statements) {
    lines.push_back(Describe(script, statement));
  }
  return lines;
}

Lines Statements(std::string text) { return Statements(Parse(std::move(text))); }

// What holds for every script there is.
void ExpectSound(const Script& script) {
  const size_t size = script.source->text().size();
  const auto expect_within = [&](Span span) {
    ASSERT_LE(span.begin, span.end);
    ASSERT_LE(span.end, size);
  };
  uint32_t at = 0;
  uint32_t comment = 0;
  for (const Statement& statement : script.statements) {
    expect_within(statement.span);
    ASSERT_FALSE(statement.span.empty());
    ASSERT_GE(statement.span.begin, at) << script.source->text();
    at = statement.span.end;
    expect_within(statement.copy_data);
    ASSERT_GE(statement.comments_begin, comment);
    ASSERT_LE(statement.comments_begin, statement.comments_end);
    ASSERT_LE(statement.comments_end, script.comments.size());
    comment = statement.comments_end;
    if (statement.problem.has_value()) {
      expect_within(statement.problem->span);
      ASSERT_FALSE(statement.problem->message.empty());
    }
    for (const Action& action : statement.actions) {
      expect_within(action.span);
      ASSERT_GE(action.span.begin, statement.span.begin) << script.source->text();
      ASSERT_LE(action.span.end, statement.span.end) << script.source->text();
    }
  }
  at = 0;
  for (const Comment& one : script.comments) {
    expect_within(one.span);
    ASSERT_GE(one.span.begin, at);
    at = one.span.end;
  }
  for (const Problem& problem : script.problems) expect_within(problem.span);
}

TEST(Script, NothingIsNoStatement) {
  for (const char* text :
       {"", " \n\t", ";", ";; ;\n;", "-- only\n/* comments */", "\xEF\xBB\xBF"}) {
    const Script script = Parse(text);
    EXPECT_TRUE(script.statements.empty()) << text;
    EXPECT_TRUE(script.problems.empty()) << text;
  }
}

TEST(Script, TrimsStatements) {
  EXPECT_EQ(
      Statements("\n  select 1 ;\n-- a\nselect /* in */ 2 /* after */ -- b\n;\nselect 3 -- c"),
      (Lines{"SELECT: select 1", "SELECT: select /* in */ 2", "SELECT: select 3"}));
}

TEST(Script, KeepsSemicolonsWithinStatements) {
  EXPECT_EQ(Statements("select ';', \";\", $$;$$ /* ; */; select 2 -- ;"),
            (Lines{"SELECT: select ';', \";\", $$;$$", "SELECT: select 2"}));
  const std::string routine =
      "create or replace function f(x int) returns int begin atomic select case x when 1 then 2 "
      "end as end; select 3; end";
  EXPECT_EQ(Statements(routine + "; select 4"),
            (Lines{"CREATE FUNCTION: " + routine, "SELECT: select 4"}));
  const std::string rule = "create rule r as on insert to t do also (select 1; select 2)";
  EXPECT_EQ(Statements(rule + "; select 3"), (Lines{"CREATE RULE: " + rule, "SELECT: select 3"}));
  // The same where an error makes each statement stand for itself.
  EXPECT_EQ(Statements("selec; " + routine + "; " + rule + "; select 4"),
            (Lines{"selec !! selec: syntax error at or near \"selec\"",
                   "CREATE FUNCTION: " + routine, "CREATE RULE: " + rule, "SELECT: select 4"}));
}

TEST(Script, GivesEachSubcommandItsSpan) {
  const Script script = Parse("alter table t add a int, -- c\n drop column b; drop table t;");
  ASSERT_EQ(script.statements.size(), 2U);
  const std::vector<Action>& actions = script.statements[0].actions;
  ASSERT_EQ(actions.size(), 2U);
  EXPECT_EQ(script.source->Text(actions[0].span), "add a int");
  EXPECT_EQ(script.source->Text(actions[1].span), "drop column b");
  ASSERT_EQ(script.statements[1].actions.size(), 1U);
  EXPECT_EQ(script.source->Text(script.statements[1].actions[0].span), "drop table t");
}

TEST(Script, ReportsOneProblemForEachBrokenStatement) {
  EXPECT_EQ(
      Statements("create table a (x int);\nselec 1;\ncreate table b (y int,);\nselect 2;"),
      (Lines{"CREATE TABLE: create table a (x int)",
             "selec 1 !! selec: syntax error at or near \"selec\"",
             "create table b (y int,) !! ): syntax error at or near \")\"", "SELECT: select 2"}));
  // An open parenthesis ends with its statement.
  EXPECT_EQ(
      Statements("create table a (x int;\nselect 2;"),
      (Lines{"create table a (x int !! ;: syntax error at or near \";\"", "SELECT: select 2"}));
}

TEST(Script, PointsAtTheLastTokenWhereTheEndIsTheError) {
  EXPECT_EQ(Statements("select 1 +  -- nothing"),
            (Lines{"select 1 + !! +: syntax error at end of input"}));
}

TEST(Script, CountsErrorsInBytes) {
  EXPECT_EQ(Statements("select 'größe'; select 'größe' größe 1"),
            (Lines{"SELECT: select 'größe'",
                   "select 'größe' größe 1 !! 1: syntax error at or near \"1\""}));
}

TEST(Script, EndsAnOpenQuoteWithItsStatement) {
  const Script script = Parse("select 1;\nselect 'abc;\nselect 2;\nselect \"d;\nselect 3;");
  EXPECT_EQ(Statements(script),
            (Lines{"SELECT: select 1",
                   "select 'abc !! 'abc;: unterminated quoted string at or near \"'abc;\"",
                   "SELECT: select 2",
                   "select \"d !! \"d;: unterminated quoted identifier at or near \"\"d;\"",
                   "SELECT: select 3"}));
  // A dollar quote and a comment hold lines that look like statements: the rest belongs to them.
  const Script dollar = Parse("select 1; do $$ begin null;\nend; select 2;");
  ASSERT_EQ(dollar.statements.size(), 2U);
  EXPECT_TRUE(absl::StrContains(dollar.statements[1].problem->message,
                                "unterminated dollar-quoted string"));
  const Script comment = Parse("select 1; /* a;\nselect 2;");
  ASSERT_EQ(comment.statements.size(), 2U);
  EXPECT_TRUE(absl::StrContains(comment.statements[1].problem->message, "unterminated /* comment"));
  ExpectSound(dollar);
  ExpectSound(comment);
}

// Each slip makes strings of the SQL up to the next quote: one problem all the same.
TEST(Script, AnApostropheHidesNothingElse) {
  EXPECT_EQ(Statements("insert into t values ('it's');\nselect 2;\nselect 'x';\n"),
            (Lines{"insert into t values ('it's') !! s: syntax error at or near \"s\"",
                   "SELECT: select 2", "SELECT: select 'x'"}));
  EXPECT_EQ(Statements("select 'don't';\nselect 2;\nselect 'we'll';\nselect 3;"),
            (Lines{"select 'don't' !! ';: unterminated quoted string at or near \"';\"",
                   "SELECT: select 2",
                   "select 'we'll' !! ';: unterminated quoted string at or near \"';\"",
                   "SELECT: select 3"}));
  EXPECT_EQ(Statements("comment on table t is 'l'eau';\nselect 2;\nselect 'x';"),
            (Lines{"comment on table t is 'l'eau' !! eau: syntax error at or near \"eau\"",
                   "SELECT: select 2", "SELECT: select 'x'"}));
  EXPECT_EQ(Statements("select 'a'as b, 'c;\nd'from t;\nselect 2;"),
            (Lines{"SELECT: select 'a'as b, 'c;\nd'from t", "SELECT: select 2"}));
  // Good SQL: an alias that looks like one, and strings with semicolons at the ends of their lines.
  EXPECT_EQ(
      Statements("select 'a's, 'b;c';\ndo 'begin\n null;\nend';\nselect 4;"),
      (Lines{"SELECT: select 'a's, 'b;c'", "DO: do 'begin\n null;\nend'", "SELECT: select 4"}));
}

TEST(Script, ABodyThatIsNeverClosedHidesNothingElse) {
  const std::string routine = "create function f() returns int begin atomic select 1";
  EXPECT_EQ(
      Statements(routine + "; -- c\nselec 2;;\ndrop table t"),
      (Lines{routine + " !! ;: syntax error at end of input",
             "selec 2 !! selec: syntax error at or near \"selec\"", "DROP TABLE: drop table t"}));
  const std::string rule = "create rule r as on insert to t do (select 1";
  EXPECT_EQ(Statements(rule + ";\nselect 2;\n-- +goose Down\nselect 3;"),
            (Lines{rule + " !! ;: syntax error at end of input", "SELECT: select 2",
                   "down SELECT: select 3"}));
  // A semicolon ends a CASE that has no END, so this END is the body's.
  const std::string without_end =
      "create function f() returns int begin atomic select case when a then 1;\nend";
  EXPECT_EQ(Statements(without_end + ";\nselect 2;"),
            (Lines{without_end + " !! ;: syntax error at or near \";\"", "SELECT: select 2"}));
}

TEST(Script, RecordsComments) {
  const Script script =
      Parse("-- one\n/* two */ select 1 /* three */ + 1; -- four\n-- five\nselect 2; -- six");
  ASSERT_EQ(script.comments.size(), 6U);
  EXPECT_EQ(script.source->Text(script.comments[1].span), "/* two */");
  EXPECT_EQ(script.source->Text(script.comments[3].span), "-- four");
  ASSERT_EQ(script.statements.size(), 2U);
  EXPECT_EQ(script.statements[0].comments_begin, 0U);
  EXPECT_EQ(script.statements[0].comments_end, 2U);
  // `three` stands within the first statement, `four` before the second.
  EXPECT_EQ(script.statements[1].comments_begin, 3U);
  EXPECT_EQ(script.statements[1].comments_end, 5U);
}

TEST(Script, KeepsTheAuthorsBytes) {
  const Script script =
      Parse("\xEF\xBB\xBF-- c\r\ncreate table t (\r\n  a int\r\n);\r\nselec;\r\n");
  EXPECT_TRUE(script.problems.empty());
  ASSERT_EQ(script.statements.size(), 2U);
  EXPECT_EQ(script.statements[0].span.begin, 9U);
  EXPECT_EQ(script.source->Text(script.statements[0].span), "create table t (\r\n  a int\r\n)");
  EXPECT_EQ(script.source->Text(script.comments[0].span), "-- c");
  EXPECT_EQ(script.source->Text(script.statements[1].problem->span), "selec");
}

TEST(Script, SurvivesBytesThatPostgresCannotHold) {
  const Script nul = Parse(std::string("select 1;\0 select 2; sel\0ec; select 3", 37));
  ASSERT_EQ(nul.problems.size(), 1U);
  EXPECT_EQ(nul.problems[0].span, (Span{9, 10}));
  EXPECT_EQ(nul.problems[0].message,
            "the file holds a NUL byte, which PostgreSQL takes for its end, here and in 1 more "
            "place");
  ASSERT_EQ(nul.statements.size(), 4U);
  EXPECT_EQ(nul.statements[1].tag, "SELECT");
  EXPECT_EQ(nul.statements[3].tag, "SELECT");

  // Latin-1: gr\xF6\xDFe. The word stays one.
  const Script latin = Parse(
      "create table gr\xF6\xDF"
      "e (a int); select 2; -- \xE4");
  ASSERT_EQ(latin.problems.size(), 1U);
  EXPECT_EQ(latin.problems[0].span, (Span{15, 17}));
  EXPECT_EQ(latin.problems[0].message, "the file is not valid UTF-8, here and in 1 more place");
  ASSERT_EQ(latin.statements.size(), 2U);
  EXPECT_EQ(latin.statements[0].tag, "CREATE TABLE");
  EXPECT_EQ(latin.comments.size(), 1U);

  // An overlong slash, a surrogate and a character past the last.
  for (const char* bad : {"\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82"}) {
    EXPECT_EQ(Parse(absl::StrCat("select '", bad, "'")).problems.size(), 1U);
  }
  EXPECT_TRUE(Parse("select '\xF4\x8F\xBF\xBF \xE2\x82\xAC'").problems.empty());
}

TEST(Script, AsksForUtf8) {
  const Script script = Parse(std::string("\xFF\xFEs\0e\0l\0", 8));
  ASSERT_EQ(script.problems.size(), 1U);
  EXPECT_EQ(script.problems[0].message, "the file is UTF-16 or UTF-32: save it as UTF-8");
  EXPECT_TRUE(script.statements.empty());
}

// ---- places ------------------------------------------------------------------------------------

// `line:column` of each of the bytes.
Lines Places(const std::string& text, const std::vector<uint32_t>& bytes) {
  const Source source("test.sql", text);
  Lines places;
  for (const uint32_t byte : bytes) {
    const Position at = source.Locate(byte);
    EXPECT_EQ(at.byte, byte);
    places.push_back(absl::StrCat(at.line, ":", at.column));
  }
  return places;
}

TEST(Places, CountCharacters) {
  EXPECT_EQ(Places("a\n\u00e4\u20acb\r\nc", {0, 1, 2, 4, 7, 8, 9, 10, 11}),
            (Lines{"1:1", "1:2", "2:1", "2:2", "2:3", "2:4", "2:5", "3:1", "3:2"}));
  // A byte within a character is at that character's place.
  EXPECT_EQ(Places("\u20ac\U0001F600x", {1, 2, 3, 4, 6, 7}),
            (Lines{"1:1", "1:1", "1:2", "1:2", "1:2", "1:3"}));
}

TEST(Places, AByteOrderMarkIsNoCharacter) {
  EXPECT_EQ(Places("\xEF\xBB\xBFxy\nz", {0, 3, 4, 5, 6}),
            (Lines{"1:1", "1:1", "1:2", "1:3", "2:1"}));
  EXPECT_EQ(Places("\xEF\xBB\xBF", {0, 3}), (Lines{"1:1", "1:1"}));
  // Elsewhere it is a character, and PostgreSQL takes it for one.
  EXPECT_EQ(Places("x\xEF\xBB\xBFy", {4}), (Lines{"1:3"}));
}

TEST(Places, InvalidBytesHaveAColumnEach) {
  // Continuation bytes of nothing, a character cut short, an overlong slash, a surrogate.
  EXPECT_EQ(Places("\x80\x80x", {0, 1, 2}), (Lines{"1:1", "1:2", "1:3"}));
  EXPECT_EQ(Places("\xE2\x82x", {0, 1, 2}), (Lines{"1:1", "1:2", "1:3"}));
  EXPECT_EQ(Places("\xC0\xAFx", {1, 2}), (Lines{"1:2", "1:3"}));
  EXPECT_EQ(Places("\xED\xA0\x80x", {1, 2, 3}), (Lines{"1:2", "1:3", "1:4"}));
}

// A long line is counted from places within it: the counts must agree with plain counting.
TEST(Places, LongLinesCountAsShortOnesDo) {
  constexpr absl::string_view kUnits[] = {"a",          "\u00e4", "\u20ac",
                                          "\U0001F600", "\x80",   "\xE2\x82"};
  constexpr uint32_t kCharacters[] = {1, 1, 1, 1, 1, 2};
  std::mt19937 random(20260104);
  std::string text = "\xEF\xBB\xBF";
  std::vector<uint32_t> bytes;
  Lines expected;
  for (uint32_t line = 1; line <= 3; ++line) {
    uint32_t column = 1;
    for (int i = 0; i < 5000; ++i) {
      bytes.push_back(static_cast<uint32_t>(text.size()));
      expected.push_back(absl::StrCat(line, ":", column));
      // A letter ends what was cut short.
      const size_t unit = random() % std::size(kUnits);
      absl::StrAppend(&text, kUnits[unit], "b");
      column += kCharacters[unit] + 1;
    }
    text += '\n';
  }
  EXPECT_EQ(Places(text, bytes), expected);
}

TEST(Places, OneLineOfMegabytesIsNoTrouble) {
  const Source source("test.sql", std::string(size_t{5} << 20, 'x'));
  const auto start = std::chrono::steady_clock::now();
  for (uint32_t byte = 0; byte < source.text().size(); byte += 20) {
    ASSERT_EQ(source.Locate(byte).column, byte + 1);
  }
  // Counting each from the line's start passes over 600 GB.
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
}

// ---- psql --------------------------------------------------------------------------------------

TEST(Psql, ListsCommands) {
  EXPECT_EQ(Statements("\\set ON_ERROR_STOP on\n\\connect \"my db\" -- c\nselect 1;\\i a.sql\r\n"
                       "select 2;\n\\if :x\n  drop table t;\n\\endif"),
            (Lines{"meta \\set: \\set ON_ERROR_STOP on", "meta \\connect: \\connect \"my db\" -- c",
                   "SELECT: select 1", "meta \\i: \\i a.sql", "SELECT: select 2",
                   "meta \\if: \\if :x", "DROP TABLE: drop table t", "meta \\endif: \\endif"}));
}

TEST(Psql, ABackslashEndsACommand) {
  EXPECT_EQ(
      Statements("\\x \\pset pager off \\\\ select 1;\n\\echo 'a\\\\b' \\! ls \\ x\nselect 2;"),
      (Lines{"meta \\x: \\x", "meta \\pset: \\pset pager off", "SELECT: select 1",
             "meta \\echo: \\echo 'a\\\\b'", "meta \\!: \\! ls \\ x", "SELECT: select 2"}));
}

TEST(Psql, SomeCommandsSendTheQuery) {
  EXPECT_EQ(Statements("select 1 \\gexec\nselect 2 \\g out.txt\nselect 3\\gset p_\nselect 4"),
            (Lines{"SELECT: select 1", "meta \\gexec: \\gexec", "SELECT: select 2",
                   "meta \\g: \\g out.txt", "SELECT: select 3", "meta \\gset: \\gset p_",
                   "SELECT: select 4"}));
  EXPECT_EQ(Statements("select 1\\; select 2;"), (Lines{"SELECT: select 1", "SELECT: select 2"}));
}

TEST(Psql, OtherCommandsLeaveTheQueryAlone) {
  const Script script = Parse("select 1\n\\echo hello\n+ 2; select 3;");
  ASSERT_EQ(script.statements.size(), 2U);
  EXPECT_EQ(script.source->Text(script.statements[0].span), "select 1\n\\echo hello\n+ 2");
  EXPECT_EQ(script.statements[0].tag, "SELECT");
  EXPECT_FALSE(script.statements[0].problem.has_value());
  // No command of psql: PostgreSQL's error, not a hidden one.
  EXPECT_EQ(
      Statements("select 1 \\nonsense; select 2"),
      (Lines{"select 1 \\nonsense !! \\: syntax error at or near \"\\\"", "SELECT: select 2"}));
}

TEST(Psql, BackslashesWithinQuotesAreText) {
  EXPECT_EQ(Statements("select 'a\\b', E'\\'', $$ \\g $$ /* \\g */; -- \\g\nselect 2"),
            (Lines{"SELECT: select 'a\\b', E'\\'', $$ \\g $$", "SELECT: select 2"}));
}

TEST(Psql, SkipsCopyData) {
  for (const char* newline : {"\n", "\r\n"}) {
    const std::string text = absl::StrReplaceAll(
        "copy public.t (a, b) from stdin;\n1\tit's; \\N\n$$ /*\n\\.\nselect 1;\n"
        "COPY t FROM STDIN WITH (FORMAT csv); -- c\n\\.\nselect 2;\n\\copy t from stdin\n'x\n\\.\n"
        "select 3;\n",
        {{"\n", newline}});
    const Script script = Parse(text);
    EXPECT_EQ(Statements(script),
              (Lines{"COPY: copy public.t (a, b) from stdin", "SELECT: select 1",
                     "COPY: COPY t FROM STDIN WITH (FORMAT csv)", "SELECT: select 2",
                     "meta \\copy: \\copy t from stdin", "SELECT: select 3"}));
    ASSERT_EQ(script.statements.size(), 6U);
    EXPECT_EQ(script.source->Text(script.statements[0].copy_data),
              absl::StrCat("1\tit's; \\N", newline, "$$ /*", newline));
    EXPECT_TRUE(script.statements[2].copy_data.empty());
    EXPECT_EQ(script.source->Text(script.statements[4].copy_data), absl::StrCat("'x", newline));
  }
}

TEST(Psql, CopyDataMayEndWithTheFile) {
  const Script script = Parse("copy t from stdin;\n1\n2");
  ASSERT_EQ(script.statements.size(), 1U);
  EXPECT_EQ(script.source->Text(script.statements[0].copy_data), "1\n2");
  EXPECT_TRUE(script.problems.empty());
  EXPECT_TRUE(Parse("copy t from stdin").statements[0].copy_data.empty());
}

TEST(Psql, OtherCopiesHaveNoData) {
  EXPECT_EQ(Statements("copy t from 'stdin';\nselect 1;\ncopy t to stdout;\nselect 2;\n"
                       "copy (select stdin from stdin) to stdout;\nselect 3;\n"
                       "select * from stdin;\nselect 4;"),
            (Lines{"COPY: copy t from 'stdin'", "SELECT: select 1", "COPY: copy t to stdout",
                   "SELECT: select 2", "COPY: copy (select stdin from stdin) to stdout",
                   "SELECT: select 3", "SELECT: select * from stdin", "SELECT: select 4"}));
}

// ---- runners -----------------------------------------------------------------------------------

TEST(Runners, DrizzleBreakpointsSeparate) {
  const Script script = Parse(
      "CREATE TABLE a (x int)\n--> statement-breakpoint\nCREATE TABLE b (x int);"
      "--> statement-breakpoint\nDROP TABLE c");
  EXPECT_EQ(Statements(script),
            (Lines{"CREATE TABLE: CREATE TABLE a (x int)", "CREATE TABLE: CREATE TABLE b (x int)",
                   "DROP TABLE: DROP TABLE c"}));
  EXPECT_FALSE(script.has_sections);
}

// A whole file as goose users write it, on Windows: nothing in a function's body is a marker.
TEST(Runners, GooseKeepsFunctionsWhole) {
  const std::string function =
      "CREATE FUNCTION f() RETURNS int AS $body$\r\nBEGIN\r\n  -- +goose Down\r\n  RETURN 1;\r\n"
      "END;\r\n$body$ LANGUAGE plpgsql";
  const Script script =
      Parse("\xEF\xBB\xBF-- +goose Up\r\n-- +goose StatementBegin\r\n" + function +
            "\r\n-- +goose StatementEnd\r\nselect 1;\r\n\r\n-- +goose Down\r\nDROP FUNCTION f();");
  EXPECT_EQ(Statements(script), (Lines{"CREATE FUNCTION: " + function, "SELECT: select 1",
                                       "down DROP FUNCTION: DROP FUNCTION f()"}));
  EXPECT_TRUE(script.has_sections);
  const Position place = script.source->Locate(script.statements[0].span.begin);
  EXPECT_EQ(place.line, 3U);
  EXPECT_EQ(place.column, 1U);
}

TEST(Runners, MarkersEndWhatIsBroken) {
  EXPECT_EQ(
      Statements("-- +goose Up\n-- +goose StatementBegin\ncreate table a (x int\n"
                 "-- +goose StatementEnd\nselect 1;\n"),
      (Lines{"create table a (x int !! int: syntax error at end of input", "SELECT: select 1"}));
  EXPECT_EQ(Statements("-- migrate:up\nselect (1\n-- migrate:down\nselect 2"),
            (Lines{"select (1 !! 1: syntax error at end of input", "down SELECT: select 2"}));
  EXPECT_EQ(Statements("selec 1\n--> statement-breakpoint\nselect 2"),
            (Lines{"selec 1 !! selec: syntax error at or near \"selec\"", "SELECT: select 2"}));
}

// The statements' directions, such as `ud`, then `s` for sections, `n` for no transaction around
// the up, and `N` around the down.
std::string Sections(std::string text) {
  const Script script = Parse(std::move(text));
  std::string result;
  for (const Statement& statement : script.statements) {
    result += statement.direction == Direction::kUp ? 'u' : 'd';
    EXPECT_FALSE(statement.problem.has_value()) << Describe(script, statement);
  }
  if (script.has_sections) result += 's';
  if (script.opts_out_of_transaction) result += 'n';
  if (script.down_opts_out_of_transaction) result += 'N';
  return result;
}

TEST(Runners, KnowTheirSections) {
  EXPECT_EQ(Sections("-- +goose Up\nselect 1;\n-- +goose Down\nselect 2;"), "uds");
  EXPECT_EQ(Sections("-- +GOOSE UP\nselect 1;\n--+goose down\nselect 2;"), "uds");
  EXPECT_EQ(Sections("-- +goose Up\n-- +goose StatementBegin\nselect 1\n-- +goose StatementEnd\n"
                     "select 2;\n-- +goose ENVSUB ON\nselect 3;"),
            "uuus");
  EXPECT_EQ(Sections("-- +goose NO TRANSACTION\n-- +goose Up\nselect 1;"), "usnN");
  EXPECT_EQ(Sections("-- migrate:up\nselect 1\n\n-- migrate:down\r\nselect 2"), "uds");
  EXPECT_EQ(Sections("-- migrate:up transaction:false\nselect 1\n-- migrate:down"), "usn");
  EXPECT_EQ(Sections("-- migrate:up\nselect 1\n-- migrate:down transaction:false\nselect 2"),
            "udsN");
  EXPECT_EQ(Sections("-- +migrate Up notransaction\nselect 1;\n-- +migrate Down\nselect 2;"),
            "udsn");
  EXPECT_EQ(Sections("-- +migrate Up\nselect 1;\n-- +migrate Down notransaction\nselect 2;"),
            "udsN");
  EXPECT_EQ(Sections("-- Up Migration\nselect 1;\n-- Down Migration\nselect 2;"), "uds");
  EXPECT_EQ(Sections("select 1;\n---- create above / drop below ----\nselect 2;"), "uds");
}

TEST(Runners, KnowWhereNoTransactionIsWanted) {
  EXPECT_EQ(Sections("---- tern: disable-tx ----\nselect 1;"), "un");
  EXPECT_EQ(Sections("select 1;\n---- create above / drop below ----\n---- tern: disable-tx ----\n"
                     "select 2;"),
            "udsN");
  EXPECT_EQ(Sections("-- no-transaction\nselect 1;"), "un");
  EXPECT_EQ(Sections("\xEF\xBB\xBF-- no-transaction\nselect 1;"), "un");
  EXPECT_EQ(Sections("-- atlas:txmode none\n\nselect 1;"), "un");
  EXPECT_EQ(Sections("--! Message: x\n--! no-transaction\nselect 1;"), "un");
  EXPECT_EQ(Sections("-- transactional: false\nselect 1;"), "un");
  // In the wrong place, or nearly right.
  EXPECT_EQ(Sections("select 0;\n-- no-transaction\nselect 1;"), "uu");
  EXPECT_EQ(Sections("-- a\n-- no-transaction\nselect 1;"), "u");
  EXPECT_EQ(Sections("-- atlas:txmode all\n\nselect 1;"), "u");
  // Atlas takes comments for the file's that an empty line parts from the statements.
  EXPECT_EQ(Sections("-- atlas:txmode none\nselect 1;"), "u");
  EXPECT_EQ(Sections("-- a\n-- atlas:txmode none\n \nselect 1;"), "un");
  EXPECT_EQ(Sections("-- a\n\n-- atlas:txmode none\n\nselect 1;"), "u");
  EXPECT_EQ(Sections("--! no-transactions\nselect 1;"), "u");
}

TEST(Runners, MarkersWithinQuotesAndSentencesAreText) {
  EXPECT_EQ(Sections("do $$\n-- +goose Down\nbegin end $$; select '\n-- migrate:down\n';\n"
                     "/*\n-- +goose Down\n*/ select 2;"),
            "uuu");
  EXPECT_EQ(Sections("-- down migration drops the table, by hand\nselect 1;"), "u");
  EXPECT_EQ(Sections("select 1; -- +goose Down\nselect 2;"), "uu");
  EXPECT_EQ(Sections("-- migrate:downwards\nselect 2;"), "u");
}

TEST(Runners, AWayBackMayStandInAComment) {
  const std::string up = "BEGIN;\nselect 1;\nCOMMIT;\n\n";
  const Script script = Parse(up +
                              "-- Rollback script\n/*\nBEGIN;\n  -- the table /* x */\n"
                              "  drop table \"a\" ;\nCOMMIT;\n*/\n-- the end\n");
  EXPECT_EQ(Statements(script),
            (Lines{"BEGIN: BEGIN", "SELECT: select 1", "COMMIT: COMMIT", "down BEGIN: BEGIN",
                   "down DROP TABLE: drop table \"a\"", "down COMMIT: COMMIT"}));
  EXPECT_EQ(Sections(up + "/* ROLLBACK: */ /*drop table a;*/"), "uuud");
  // Not the last thing, not called so, not SQL, or no way back.
  EXPECT_EQ(Sections("-- Rollback\n/* drop table a; */ select 1;"), "u");
  EXPECT_EQ(Sections("-- Rollback\n/* drop table a; */\n-- Rollback\n/* drop b; */ select 1;"),
            "u");
  EXPECT_EQ(Sections("select 1; -- Rollback\nselect 2; /* drop table a; */"), "uu");
  EXPECT_EQ(Sections("select 1;\n-- Before\n/* drop table a; */"), "u");
  EXPECT_EQ(Sections("select 1;\n-- Rollback: none\n/* drop the table by hand */"), "u");
  EXPECT_EQ(Sections("select 1;\n-- Rollback: none\n/* By hand; */"), "u");
  EXPECT_EQ(Sections("select 1;\n-- Rollback\n/**/"), "u");
  EXPECT_EQ(Sections("select 1\n-- Rollback\n/* drop table a; */"), "u");
  EXPECT_EQ(Sections("-- +goose Up\nselect 1;\n-- Rollback\n/* drop table a; */"), "us");
}

// ---- templates ---------------------------------------------------------------------------------

std::string AddColumnTable(const std::string& table) {
  const Script script = Parse(absl::StrCat("ALTER TABLE ", table, " ADD COLUMN x int;"));
  if (script.statements.size() != 1 || script.statements[0].actions.size() != 1) return "?";
  const auto* add = std::get_if<action::AddColumn>(&script.statements[0].actions[0].kind);
  if (add == nullptr) return "??";
  return absl::StrCat(add->table.name.schema, "|", add->table.name.name);
}

TEST(Templates, ShowTheirWordsInNames) {
  for (const char* words : {"${schema}",
                            "${Schema}",
                            "{{ .Schema }}",
                            "{{x}}",
                            "{schema}",
                            "@schema@",
                            "#{schema}",
                            "%(schema)s",
                            ":schema",
                            ":\"schema\"",
                            "app_${env}_users",
                            "${env}_users",
                            "app_{{ env }}",
                            "${a}${b}",
                            "${a}_{{ b }}__",
                            ":s",
                            ":ab",
                            "{x}",
                            "%s",
                            "{{ f(\"a\\b\") }}",
                            "${größe}"}) {
    EXPECT_EQ(AddColumnTable(absl::StrCat(words, ".users")), absl::StrCat(words, "|users"));
    EXPECT_EQ(AddColumnTable(words), absl::StrCat("|", words));
  }
  EXPECT_EQ(AddColumnTable("${Schema}.${table}"), "${Schema}|${table}");
  // Within quotes they are what they are.
  EXPECT_EQ(AddColumnTable("\"${schema}\".users"), "${schema}|users");
  // On one line, as messages are.
  EXPECT_EQ(AddColumnTable("{{ a\n | b }}"), "|{{ a  | b }}");
  // PostgreSQL cuts names after 63 bytes. What stands for the placeholder is cut, not its words.
  const std::string wide = absl::StrCat("{{ ", std::string(80, 'x'), " }}");
  EXPECT_EQ(AddColumnTable(wide), absl::StrCat("|", wide));
}

TEST(Templates, LeaveOtherNamesAlone) {
  // The first characters that could stand for a placeholder, in names of the author's.
  for (const char* name : {"\u0700", "a\uE000_", "\U000F0000_____", "größe", "_schema___"}) {
    const Script script =
        Parse(absl::StrCat("drop table ", name, ", :x, {a}, ${schema}, ", name, "_;"));
    ASSERT_EQ(script.statements.size(), 1U);
    ASSERT_EQ(script.statements[0].actions.size(), 1U);
    const auto* drop = std::get_if<action::Drop>(&script.statements[0].actions[0].kind);
    ASSERT_NE(drop, nullptr);
    Lines names;
    for (const Name& object : drop->objects) names.push_back(object.name);
    EXPECT_EQ(names, (Lines{name, ":x", "{a}", "${schema}", absl::StrCat(name, "_")}));
  }
}

TEST(Templates, ShowTheirWordsInStrings) {
  const Script script = Parse("set lock_timeout = :'timeout';");
  ASSERT_EQ(script.statements.size(), 1U);
  ASSERT_EQ(script.statements[0].actions.size(), 1U);
  const auto* set = std::get_if<action::SetParameter>(&script.statements[0].actions[0].kind);
  ASSERT_NE(set, nullptr);
  EXPECT_EQ(set->values, (Lines{":'timeout'"}));
}

TEST(Templates, ExcuseOnlyErrorsThatTheyMayCause) {
  // The parser was beyond mending before it came to the placeholder.
  EXPECT_EQ(Statements("alter tabel ${t} add x int;\nselec ${x};\nselect 1 from where :x;"),
            (Lines{"alter tabel ${t} add x int !! tabel: syntax error at or near \"tabel\"",
                   "selec ${x} !! selec: syntax error at or near \"selec\"",
                   "select 1 from where :x !! where: syntax error at or near \"where\""}));
  EXPECT_EQ(Statements("create table t (a int,) {{ x }};"),
            (Lines{"create table t (a int,) {{ x }} !! ): syntax error at or near \")\""}));
  // At the placeholder, in a word that holds it, after it, or at the end.
  for (const char* text : {"create tab_${x} y (a int)", "create ${what} x y", "alter t_${x} add b",
                           "select ${x} from where a", "select ${x} from", "drop table ${x} (",
                           "select 1 {% if a %} from where b"}) {
    EXPECT_EQ(Statements(text).at(0).substr(0, 9), "template ") << text;
  }
  // The next word says what `not` is: `where a not like b` is fine.
  EXPECT_EQ(Statements("delete from t where a not ${like} b"),
            (Lines{"template delete from t where a not ${like} b"}));
  EXPECT_EQ(Statements("delete from t where a not, ${b}"),
            (Lines{"delete from t where a not, ${b} !! not: syntax error at or near \"not\""}));
}

TEST(Templates, StandForValues) {
  EXPECT_EQ(Statements("insert into t values (%(a)s, %s, :b, :'c', ${d}, {{ e }}, '{{1,2}}');"),
            (Lines{"INSERT: insert into t values (%(a)s, %s, :b, :'c', ${d}, {{ e }}, "
                   "'{{1,2}}')"}));
}

TEST(Templates, HideNothingElse) {
  EXPECT_EQ(
      Statements("create ${what} x y z;\nselec 1;\n{{ all_of_it }};\n{{ more }}\nselect 1;\n"
                 "{% if a %}\ndrop table t;\n{% endif %}{# remark #}\nselect 2"),
      (Lines{"template create ${what} x y z", "selec 1 !! selec: syntax error at or near \"selec\"",
             "template {{ all_of_it }}", "template {{ more }}", "SELECT: select 1",
             "template {% if a %}", "DROP TABLE: drop table t", "template {% endif %}",
             "SELECT: select 2"}));
  EXPECT_EQ(Statements("create table t (a int {{ if .B }}, b int{{ end }});"),
            (Lines{"CREATE TABLE: create table t (a int {{ if .B }}, b int{{ end }})"}));
  // The quotes of the engine's own strings confuse SQL's.
  EXPECT_EQ(Statements("select '{{ f('a', 'b') }}'; select 2;"),
            (Lines{"template select '{{ f('a', 'b') }}'", "SELECT: select 2"}));
}

TEST(Templates, SqlThatLooksLikeThemIsSql) {
  const std::string text =
      "select a::int, b[1:2], b[:n], c%s, d % (e), f @> g, json_object('k':v) from t";
  EXPECT_EQ(Statements(text), (Lines{"SELECT: " + text}));
  EXPECT_EQ(Statements("select a %s from t"), (Lines{"SELECT: select a %s from t"}));
  EXPECT_EQ(Statements("select {a b}"),
            (Lines{"select {a b} !! {: syntax error at or near \"{\""}));
  EXPECT_EQ(Statements("select {{ a"), (Lines{"select {{ a !! {: syntax error at or near \"{\""}));
}

// ---- anything ----------------------------------------------------------------------------------

struct Snippet {
  const char* text;  // ends where the next snippet may begin
  const char* tag;   // nullptr where PostgreSQL rejects it
};

constexpr Snippet kSnippets[] = {
    {"select 1", "SELECT"},
    {"create table t (a int, b text default 'x;y')", "CREATE TABLE"},
    {"alter table t add column c int, drop column d", "ALTER TABLE"},
    {"create index concurrently i on t (a) where b is not null", "CREATE INDEX"},
    {"do $$ begin perform 1; end $$", "DO"},
    {"create function f() returns int begin atomic select 1; select 2; end", "CREATE FUNCTION"},
    {"update t set a = 'it''s' /* ; */ where a > 1", "UPDATE"},
    {"begin", "BEGIN"},
    {"selec 1", nullptr},
    {"create table t (a int,)", nullptr},
    {"insert into \"größe\" values (E'\\'')", "INSERT"},
};

constexpr const char* kBetween[] = {"",     "\n",    "  ", "-- c;\n", "/* a /* b */ ; */",
                                    "\r\n", "--\n\n"};

TEST(Properties, AnySequenceOfStatements) {
  std::mt19937 random(20260102);
  for (int round = 0; round < 1500; ++round) {
    std::string text;
    std::vector<std::pair<uint32_t, const Snippet*>> expected;
    const size_t count = random() % 8;
    for (size_t i = 0; i < count; ++i) {
      for (size_t gap = random() % 3; gap > 0; --gap) {
        text += kBetween[random() % std::size(kBetween)];
      }
      const Snippet& snippet = kSnippets[random() % std::size(kSnippets)];
      expected.emplace_back(text.size(), &snippet);
      text += snippet.text;
      text += random() % 4 == 0 ? " /* end */ ;" : ";";
    }
    const Script script = Parse(text);
    ExpectSound(script);
    ASSERT_EQ(script.statements.size(), expected.size()) << text;
    for (size_t i = 0; i < expected.size(); ++i) {
      const Statement& statement = script.statements[i];
      const auto& [begin, snippet] = expected[i];
      ASSERT_EQ(statement.span.begin, begin) << text;
      ASSERT_EQ(script.source->Text(statement.span), snippet->text) << text;
      ASSERT_EQ(statement.problem.has_value(), snippet->tag == nullptr) << text;
      if (snippet->tag == nullptr) continue;
      ASSERT_EQ(statement.tag, snippet->tag) << text;
      // A statement alone is what it was among others.
      const Script alone = Parse(std::string(script.source->Text(statement.span)));
      ASSERT_EQ(alone.statements.size(), 1U) << text;
      ASSERT_EQ(alone.statements[0].tag, snippet->tag) << text;
    }
  }
}

TEST(Properties, AnyTextAtAll) {
  constexpr absl::string_view kPool[] = {"'",
                                         "\"",
                                         "$$",
                                         "$a$",
                                         "/*",
                                         "*/",
                                         "--",
                                         "\n",
                                         "\\",
                                         "E'",
                                         ";",
                                         " ",
                                         "${",
                                         "}",
                                         "{{",
                                         "}}",
                                         "{%",
                                         "%}",
                                         ":",
                                         "%(",
                                         ")s",
                                         "@x@",
                                         "(",
                                         ")",
                                         "[",
                                         "]",
                                         "copy t from stdin",
                                         "\\.\n",
                                         "\\g",
                                         "\\;",
                                         "begin atomic",
                                         "create function f()",
                                         "end",
                                         "select 1",
                                         "case",
                                         "create rule r",
                                         "-- +goose Down\n",
                                         "--> statement-breakpoint\n",
                                         "\xFF",
                                         "\xC3\xA4",
                                         "\\copy t from stdin\n",
                                         "alter table t add a int, drop b",
                                         ",",
                                         "\r\n",
                                         "x",
                                         "1"};
  std::mt19937 random(20260103);
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    const size_t count = random() % 14;
    for (size_t i = 0; i < count; ++i) {
      absl::StrAppend(&text, kPool[random() % std::size(kPool)]);
      if (random() % 50 == 0) text += '\0';
    }
    const Script script = Parse(text);
    ExpectSound(script);
    if (HasFatalFailure()) FAIL() << text;
  }
}

double SecondsToParse(std::string text) {
  const auto start = std::chrono::steady_clock::now();
  const Script script = Parse(std::move(text));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  ExpectSound(script);
  return took.count();
}

std::string Repeat(absl::string_view unit, size_t bytes) {
  std::string text;
  text.reserve(bytes + unit.size());
  while (text.size() < bytes) text.append(unit.data(), unit.size());
  return text;
}

// Anything quadratic in the size of a file would take hours on these.
// As `futureRollbackSQL` of Liquibase 4.4 shows them, and its parser of 5.0 reads them.
TEST(Liquibase, RollbackCommentsAreTheDownOfTheirChangeset) {
  const Script script = Parse(
      "--liquibase formatted sql\n"
      "--rollback drop table of_no_changeset;\n"
      "--changeset \"ann b\":\"c 1\"\n"
      "create table t (a int)\n"
      "--rollback drop table t -- all of it\n"
      "--changeset ann:2 runInTransaction:false\n"
      "alter table t add b int;\r\n"
      " -- ROLLBACK alter table t\r\n"
      "--rollback   drop column b;\r\n"
      "create index i on t (b);\n"
      "/* liquibase rollback\n"
      "drop index i;\n"
      "*/\n"
      "create function f() returns int language sql as 'select 1';\n"
      "--rollback create or replace function f() returns int language sql as $$\n"
      "--rollback select 2; $$;\n"
      "--changeset ann:3\n"
      "insert into t values (1);\n"
      "--rollback Not required: nobody reads them\n"
      "--changeset ann:4\n"
      "insert into t values (2);\n"
      "--rollback\n"
      "--rollback changesetId:2\n"
      "--rollback changesetAuthor:ann\n"
      "/* rollback\ndrop table t; */\n"
      "select 3;");
  EXPECT_EQ(Statements(script),
            (Lines{"CREATE TABLE: create table t (a int)", "down DROP TABLE: drop table t",
                   "ALTER TABLE: alter table t add b int",
                   "down ALTER TABLE: alter table t\r\n--rollback   drop column b",
                   "CREATE INDEX: create index i on t (b)", "down DROP INDEX: drop index i",
                   "CREATE FUNCTION: create function f() returns int language sql as 'select 1'",
                   "down CREATE FUNCTION: create or replace function f() returns int language sql "
                   "as $$\n--rollback select 2; $$",
                   "INSERT: insert into t values (1)", "INSERT: insert into t values (2)",
                   "down template -rollback changesetId:2\n--rollback changesetAuthor:ann",
                   "SELECT: select 3"}));
  ASSERT_EQ(script.changesets.size(), 4U);
  EXPECT_EQ(script.changesets[0].name, "\"ann b\":\"c 1\"");
  EXPECT_EQ(script.changesets[1].no_rollback, std::nullopt);
  EXPECT_EQ(script.changesets[2].no_rollback, "nobody reads them");
  EXPECT_EQ(script.statements[1].changeset, 1U);
  EXPECT_EQ(script.statements[7].changeset, 2U);
  EXPECT_TRUE(script.statements[7].changeset_alone);
  ExpectSound(script);
}

TEST(Liquibase, WhatTakesTheNeedForARollbackAwayStandsAlone) {
  EXPECT_EQ(
      Statements("--liquibase formatted sql\n"
                 "--changeset ann:1\n"
                 "--rollback empty\n"
                 "--rollback drop table t;\n"),
      Lines{"down empty\n--rollback drop table t !! empty: syntax error at or near \"empty\""});
}

// DatabaseList.java, definitionMatches, of `postgresql`.
TEST(Liquibase, ChangesetsOfOtherDatabasesAreNone) {
  const auto statements = [](const std::string& attributes) {
    return Parse(absl::StrCat("--liquibase formatted sql\n--changeset a:1 ", attributes,
                              "\ncreate table `t` (a int);\n--rollback it's gone;\n"
                              "--changeset a:2\nselect 1;\n"))
        .statements.size();
  };
  for (const char* runs : {"dbms:postgresql", "dbms:h2,postgresql", "DBMS:PostgreSQL", "dbms:!h2",
                           "dbms:all", "dbms:h2,all", "runAlways:true", "dbms:"}) {
    EXPECT_GT(statements(runs), 1) << runs;
  }
  for (const char* not_run : {"dbms:h2", "dbms:!postgresql", "dbms:none", "dbms:postgresql,none",
                              "dbms:oracle,mysql runInTransaction:false", "dbms:!h2,oracle",
                              "ignore:true", "splitStatements:true dbms:cockroachdb"}) {
    EXPECT_EQ(statements(not_run), 1) << not_run;
  }
}

TEST(Liquibase, RollbackCommentsOfOtherFilesAreComments) {
  EXPECT_EQ(Statements("select 1;\n--rollback drop table t;"), Lines{"SELECT: select 1"});
}

TEST(Hostile, LargeFilesTakeLinearTime) {
  constexpr size_t kBytes = size_t{4} << 20;
  for (const absl::string_view unit : {"selec;",
                                       "\\x ",
                                       "{{",
                                       "${",
                                       "copy t from stdin;",
                                       "+",
                                       "'",
                                       "';\n",
                                       "$a$;\n",
                                       "{",
                                       "(",
                                       "\\",
                                       "--> statement-breakpoint\n",
                                       "%(",
                                       ":x ",
                                       "a${x}",
                                       "-- c\n",
                                       "copy t from stdin;\n'\n\\.\n",
                                       "/*",
                                       "[:",
                                       "@x",
                                       "\xFF",
                                       "\\g\n",
                                       "select 1;\n"}) {
    EXPECT_LT(SecondsToParse(Repeat(unit, kBytes)), 60) << unit;
  }
}

TEST(Hostile, OneErrorInALargeFileCostsOneFinding) {
  std::string text = Repeat("alter table t add column a int;\n", size_t{8} << 20);
  text += "selec 1;\n";
  text += Repeat("drop table t;\n", size_t{1} << 20);
  const Script script = Parse(std::move(text));
  const auto broken = std::count_if(script.statements.begin(), script.statements.end(),
                                    [](const Statement& one) { return one.problem.has_value(); });
  EXPECT_EQ(broken, 1);
  EXPECT_EQ(script.statements.back().tag, "DROP TABLE");
}

// The one problem of the only statement that has one.
std::string OnlyProblem(const std::string& text) {
  const Script script = Parse(text);
  Lines problems;
  for (const Statement& statement : script.statements) {
    if (!statement.problem.has_value()) continue;
    problems.push_back(absl::StrCat(statement.problem->span.begin, "-", statement.problem->span.end,
                                    " ", statement.problem->message));
  }
  for (const Problem& problem : script.problems) problems.push_back(problem.message);
  return problems.size() == 1 ? problems[0] : absl::StrCat(problems.size(), " problems");
}

TEST(Hostile, LimitsSayWhereAndWhatToDo) {
  EXPECT_EQ(OnlyProblem(std::string((size_t{64} << 20) + 1, ' ')),
            "the file has 67108865 bytes; more than 67108864 are not analysed: split it");
  EXPECT_EQ(OnlyProblem("select '" + std::string(size_t{16} << 20, 'x') + "'; select 2;"),
            "0-16777225 the text is 16777226 bytes long, more than the 16777216 that are parsed: "
            "split it");
  EXPECT_EQ(OnlyProblem("select 1 " + std::string(257, '+') + " 1 + 1; select 2;"),
            "9-266 more than 256 operator characters in a row: the statement is not analysed; put "
            "blanks between operators");
  EXPECT_EQ(OnlyProblem("select {{ " + std::string(5000, 'x') + " }}; select 2;"),
            "7-8 syntax error at or near \"{\"; a template is recognised up to 4096 bytes, a name "
            "in braces up to 256: shorten it");
  EXPECT_EQ(OnlyProblem("select ${" + std::string(300, 'x') + "}; select 2;"),
            "7-8 syntax error at or near \"$\"; a template is recognised up to 4096 bytes, a name "
            "in braces up to 256: shorten it");
  // After so many quotes that are taken for closed the next one hides what follows, and says so.
  const Script script = Parse(Repeat("select 'it's ';\n", 16 * 64) + "select 'x;\ndrop table t;");
  ASSERT_EQ(script.statements.size(), 65U);
  EXPECT_EQ(script.statements.back().problem->message,
            "unterminated quoted string at or near \"'x;…\"; the rest of the file is not analysed, "
            "as 64 quotes before it are not closed either: close them");
}

TEST(Hostile, MessagesDoNotQuoteTheRestOfTheFile) {
  EXPECT_EQ(OnlyProblem("do $$ begin\n" + Repeat("null;\n", 10'000)),
            "3-11 unterminated dollar-quoted string at or near \"$$ begin…\"");
  const std::string long_line = OnlyProblem("do $$" + Repeat("größe ", 10'000));
  EXPECT_LT(long_line.size(), 230U);
  EXPECT_TRUE(absl::EndsWith(long_line, "…\""));
}

TEST(Hostile, WhatTheGrammarCannotBearStaysOneProblem) {
  const std::string deep = absl::StrCat("select ", Repeat("(", 100'000), "1", Repeat(")", 100'000));
  const std::string wide = absl::StrCat("select ", Repeat("+", 100'000), "1");
  for (const std::string& monster : {deep, wide}) {
    const Script script = Parse(absl::StrCat("select 1;", monster, ";select 2;"));
    ASSERT_EQ(script.statements.size(), 3U);
    EXPECT_EQ(script.statements[0].tag, "SELECT");
    EXPECT_TRUE(script.statements[1].problem.has_value());
    EXPECT_EQ(script.statements[2].tag, "SELECT");
    ExpectSound(script);
  }
}

}  // namespace
}  // namespace plimsoll
