#include "tests/support/annotations.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace plimsoll::testing_support {
namespace {

Example Parsed(absl::string_view text) {
  absl::StatusOr<Example> example = ParseExample(text, "m.sql");
  EXPECT_TRUE(example.ok()) << example.status();
  return example.ok() ? *std::move(example) : Example{};
}

std::string ErrorOf(absl::string_view text) {
  const absl::StatusOr<Example> example = ParseExample(text, "m.sql");
  return example.ok() ? "no error" : std::string(example.status().message());
}

TEST(ParseExample, TextWithoutHeadersIsOneFile) {
  const Example example = Parsed("select 1;\nselect 2;\n");
  ASSERT_EQ(example.files.size(), 1U);
  EXPECT_EQ(example.files[0].name, "m.sql");
  EXPECT_EQ(example.files[0].text, "select 1;\nselect 2;\n");
}

TEST(ParseExample, TextWithoutLastLineFeedStaysWithoutIt) {
  EXPECT_EQ(Parsed("select 1;").files[0].text, "select 1;");
}

TEST(ParseExample, DirectivesHeadersAndMarksAreNoCode) {
  const Example example = Parsed(
      "-- server: 14\n"
      "-- transaction: file\n"
      "-- rules: a-b, all\n"
      "-- A remark.\n"
      "--- 001.sql\n"
      "select 1;\n"
      "--^^^^^^ a-b: said so\n"
      "--- 002.sql\n"
      "select 2;\n"
      "--     ^ a-c\n");
  EXPECT_EQ(example.server_version, 14);
  EXPECT_EQ(example.wrapping, Wrapping::kFile);
  EXPECT_EQ(example.rules, (std::vector<std::string>{"a-b", "all"}));
  ASSERT_EQ(example.files.size(), 2U);
  EXPECT_EQ(example.files[0].name, "001.sql");
  EXPECT_EQ(example.files[0].text, "select 1;\n");
  EXPECT_EQ(example.files[1].text, "select 2;\n");
  ASSERT_EQ(example.expected.size(), 2U);
  EXPECT_EQ(example.expected[0].rule, "a-b");
  EXPECT_EQ(example.expected[0].text, "said so");
  EXPECT_EQ(example.expected[0].column, 1U);
  EXPECT_EQ(example.expected[0].length, 8U);
  EXPECT_EQ(example.expected[1].file, 1U);
  EXPECT_EQ(example.expected[1].column, 8U);
  EXPECT_EQ(example.expected[1].length, 1U);
}

TEST(ParseExample, StatementBreakpointsAndRulersAreCode) {
  const std::string text = "--> statement-breakpoint\n-----------\n";
  EXPECT_EQ(Parsed(text).files[0].text, text);
}

TEST(ParseExample, SaysWhatIsWrong) {
  EXPECT_EQ(ErrorOf("-- server: 9\n"), "line 1: `server` takes a version from 12 to 19");
  EXPECT_EQ(ErrorOf("-- transaction: yes\n"),
            "line 1: `transaction` is `none`, `file`, `message`, `around-forbidden`, `goose` or "
            "`golang-migrate`");
  EXPECT_EQ(ErrorOf("select 1;\n-- server: 12\n"), "line 2: a directive must stand above all code");
  EXPECT_EQ(ErrorOf("--^^ a\n"), "line 1: no code above these carets");
  EXPECT_EQ(ErrorOf("select 1;\n--  ^^\n"),
            "line 2: an annotation is `-- ^^^ rule-id` or `-- ^^^ rule-id: message`");
  EXPECT_EQ(ErrorOf("select 1;\n--- 2.sql\n"), "line 2: code stands above the first `---` line");
}

// Every column and length must survive being written and read.
TEST(FormatMark, IsReadAsItWasWritten) {
  const std::string code = "\tselect é, 'a';  -- long enough";
  for (uint32_t column = 1; column < 12; ++column) {
    for (uint32_t length = 1; length < 6; ++length) {
      for (const bool continues : {false, true}) {
        const Mark mark{.column = column,
                        .length = length,
                        .continues = continues,
                        .rule = "some-rule",
                        .text = "text: with a colon"};
        const std::string line = FormatMark(mark, code);
        const Example example = Parsed(code + "\n" + line + "\n");
        ASSERT_EQ(example.expected.size(), 1U) << line;
        const Mark& read = example.expected[0];
        EXPECT_EQ(read.column, column) << line;
        EXPECT_EQ(read.length, length) << line;
        EXPECT_EQ(read.continues, continues) << line;
        EXPECT_EQ(read.rule, "some-rule") << line;
        EXPECT_EQ(read.text, "text: with a colon") << line;
      }
    }
  }
}

TEST(FormatMark, StandsBelowTheCode) {
  EXPECT_EQ(FormatMark({.column = 1, .length = 9, .rule = "r"}, "drop view"), "--^^^^^^^ r");
  EXPECT_EQ(FormatMark({.column = 3, .length = 9, .rule = "r"}, "  drop view"), "  --^^^^^^^ r");
  EXPECT_EQ(FormatMark({.column = 6, .length = 4, .rule = "r"}, "drop view"), "--   ^^^^ r");
  EXPECT_EQ(FormatMark({.column = 1, .length = 1, .rule = "r"}, ")"), "--<^ r");
}

TEST(Disagreements, NoneWhereEveryMarkHolds) {
  const Example example = Parsed("drop table t;\n--^^^^^^^^^^ drop-table: loses\n");
  const Mark actual{.line = 1, .column = 1, .length = 12, .rule = "drop-table", .text = "it loses"};
  EXPECT_TRUE(Disagreements(example, {actual}, "x.sql").empty());
}

TEST(Disagreements, NameTheLineToAddAndTheLineToRemove) {
  const Example example = Parsed("drop table t;\n--^^^^^^^^^ drop-table\n");
  const Mark actual{.line = 1, .column = 1, .length = 12, .rule = "drop-table", .text = "lost"};
  EXPECT_EQ(Disagreements(example, {actual}, "x.sql"),
            (std::vector<std::string>{
                "x.sql:2: this finding did not come; if that is right, remove the line\n"
                "--^^^^^^^^^ drop-table",
                "x.sql:1: a finding came that is not written down; if it is right, add the line "
                "below the code\n"
                "drop table t;\n"
                "--^^^^^^^^^^ drop-table: lost"}));
}

TEST(Disagreements, OneMarkStandsForOneFinding) {
  const Example example = Parsed("drop table t;\n--^^^^^^^^^^ drop-table\n");
  const Mark actual{.line = 1, .column = 1, .length = 12, .rule = "drop-table", .text = "lost"};
  EXPECT_EQ(Disagreements(example, {actual, actual}, "x.sql").size(), 1U);
}

TEST(Disagreements, RuleTextAndContinuationCount) {
  const Example example = Parsed("drop table t;\n--^^^^^^^^^^ drop-table: a\n");
  const Mark actual{.line = 1, .column = 1, .length = 12, .rule = "drop-table", .text = "a"};
  Mark other_rule = actual;
  other_rule.rule = "drop";
  Mark other_text = actual;
  other_text.text = "b";
  Mark longer = actual;
  longer.continues = true;
  for (const Mark& mark : {other_rule, other_text, longer}) {
    EXPECT_EQ(Disagreements(example, {mark}, "x.sql").size(), 2U);
  }
}

TEST(WithMarks, RewritesAnnotationsAndNothingElse) {
  const Example example = Parsed(
      "-- server: 15\n"
      "\n"
      "--- 1.sql\n"
      "drop table t;\r\n"
      "--^^^^^^^^^^ drop-table: lo\n"
      "--^^^^ stale\n"
      "-- A comment.\n"
      "drop table u;");
  const std::vector<Mark> actual = {
      {.line = 1, .column = 1, .length = 12, .rule = "drop-table", .text = "lost"},
      {.line = 3, .column = 12, .length = 1, .rule = "other", .text = "new"}};
  EXPECT_EQ(WithMarks(example, actual),
            "-- server: 15\n"
            "\n"
            "--- 1.sql\n"
            "drop table t;\r\n"
            "--^^^^^^^^^^ drop-table: lo\n"
            "-- A comment.\n"
            "drop table u;\n"
            "--         ^ other: new");
}

TEST(WithMarks, RewrittenTextAgrees) {
  const std::string text = "drop table t;\n--^^ stale\ndrop table u;\n";
  const std::vector<Mark> actual = {
      {.line = 1, .column = 1, .length = 12, .rule = "a", .text = "x"},
      {.line = 1, .column = 1, .length = 12, .rule = "b", .text = "y"},
      {.line = 2, .column = 6, .length = 5, .continues = true, .rule = "a", .text = "z"}};
  const std::string rewritten = WithMarks(Parsed(text), actual);
  EXPECT_TRUE(Disagreements(Parsed(rewritten), actual, "").empty()) << rewritten;
  EXPECT_EQ(WithMarks(Parsed(rewritten), actual), rewritten);
  EXPECT_EQ(WithMarks(Parsed(rewritten), {}), "drop table t;\ndrop table u;\n");
}

TEST(SqlBlocks, FindsSqlAndNothingElse) {
  const std::string markdown =
      "# Title\n"
      "```sql\n"
      "select 1;\n"
      "```\n"
      "```text\n"
      "```sql\n"
      "```\n"
      "```sql\n"
      "```\n";
  const std::vector<MarkdownBlock> blocks = SqlBlocks(markdown);
  ASSERT_EQ(blocks.size(), 2U);
  EXPECT_EQ(markdown.substr(blocks[0].begin, blocks[0].end - blocks[0].begin), "select 1;\n");
  EXPECT_EQ(blocks[0].line, 3U);
  EXPECT_EQ(blocks[1].begin, blocks[1].end);
  EXPECT_EQ(blocks[1].line, 9U);
}

}  // namespace
}  // namespace plimsoll::testing_support
