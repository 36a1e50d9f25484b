// What the renderers write, held against expectations made by hand. The findings come from rules of
// this test, so that nothing here changes with the rules of the product.

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "report/code_frame.h"
#include "report/concise.h"
#include "report/effects.h"
#include "report/json.h"
#include "report/pretty.h"
#include "report/rule_list.h"
#include "report/rule_page.h"
#include "report/summary.h"
#include "report/terminal.h"
#include "rules/registry.h"

namespace plimsoll {
namespace {

using Json = nlohmann::ordered_json;

// Complains of every ALTER TABLE, with everything that a finding can hold.
void CheckAlters(const History& history, const Reporter& report) {
  for (uint32_t m = 0; m < history.migrations().size(); ++m) {
    const Script& script = *history.migrations()[m].script;
    for (uint32_t s = 0; s < script.statements.size(); ++s) {
      const Statement& statement = script.statements[s];
      if (statement.tag != "ALTER TABLE") continue;
      const Span start = {.begin = statement.span.begin, .end = statement.span.begin};
      report({.migration = m,
              .statement = s,
              .span = statement.span,
              .message = "alters `t`",
              .locks = std::vector<Lock>{{.relation = {.name = "t"},
                                          .mode = LockMode::kAccessExclusive}},
              .fixes = {{.title = "set a timeout",
                         .edits = {{.span = start, .text = "SET lock_timeout = '2s';\n"}}}}});
    }
  }
}

constexpr Rule kAlters = {
    .id = "alters",
    .family = Family::kDataLoss,
    .severity = Severity::kError,
    .risk = Risk::kRisky,
    .since = "0.1",
    .summary = "a table is altered",
    .why = "nobody can use it meanwhile",
    .help = "do not",
    .docs = "\n## Example\n\n```sql\nalter table t add x int;\n```\n\nThat is all.\n",
    .check = CheckAlters,
};

// Complains of every word `here` in the text, as a note.
void CheckHere(const History& history, const Reporter& report) {
  const absl::string_view word = "here";
  for (uint32_t m = 0; m < history.migrations().size(); ++m) {
    const absl::string_view text = history.migrations()[m].script->source->text();
    for (size_t at = text.find(word); at != absl::string_view::npos; at = text.find(word, at + 1)) {
      const auto begin = static_cast<uint32_t>(at);
      report({.migration = m,
              .statement = Complaint::kWholeFile,
              .span = {.begin = begin, .end = begin + static_cast<uint32_t>(word.size())},
              .message = "it is here"});
    }
  }
}

constexpr Rule kHere = {
    .id = "here",
    .family = Family::kLocking,
    .severity = Severity::kNote,
    .risk = Risk::kSafe,
    .since = "0.2",
    .summary = "the word is here",
    .why = "",
    .help = "",
    .docs = "",
    .check = CheckHere,
};

struct File {
  std::string name;
  std::string text;
};

Inputs InputsOf(const std::vector<File>& files) {
  Inputs inputs;
  for (const File& file : files) {
    const auto source = std::make_shared<const Source>(file.name, file.text);
    inputs.migrations.push_back({.script = std::make_shared<const Script>(ParseScript(source))});
  }
  return inputs;
}

std::vector<Report> ReportsOf(const std::vector<File>& files) {
  const Rule* const rules[] = {&kAlters, &kHere};
  std::vector<Report> reports;
  reports.push_back(Analyze(InputsOf(files), rules, rules::kVocabulary));
  return reports;
}

Json LintJson(const std::vector<File>& files) {
  return Json::parse(report::RenderJson(ReportsOf(files), 18));
}

Json EffectsJson(const std::vector<File>& files) {
  return Json::parse(report::RenderEffectsJson(ReportsOf(files), 16));
}

std::vector<std::string> Keys(const Json& object) {
  std::vector<std::string> keys;
  for (const auto& item : object.items()) keys.push_back(item.key());
  return keys;
}

using Names = std::vector<std::string>;

// ---- lint --format json ------------------------------------------------------------------------

TEST(JsonTest, IsTheDocumentedShapeToTheByte) {
  const std::string text = "alter table t\n  add x int;\n";
  EXPECT_EQ(
      report::RenderJson(ReportsOf({{"m/1.sql", text}}), 17),
      absl::StrCat(
          R"({"schema_version":1,"tool":{"name":"plimsoll","version":")", PLIMSOLL_VERSION,
          R"("},"server_version":17,"measured":true,)",
          R"("summary":{"files":1,"statements":1,"findings":1,"errors":1,)",
          R"("warnings":0,"notes":0,"suppressed":0,"risk":"risky"},)",
          R"("files":[{"path":"m/1.sql","sha256":)",
          R"("0c70730143a0972b2660a1f36e6a548d2a88c3d3f4535808a13a0dc976919522","risk":"risky",)",
          R"("statements":1,"findings":[{"rule":"alters","family":"data-loss","severity":"error",)",
          R"("risk":"risky","message":"alters `t`","why":"nobody can use it meanwhile",)",
          R"("help":"do not","url":"docs/rules/alters.md","range":{"start":{"line":1,"column":1,)",
          R"("byte":0},"end":{"line":2,"column":12,"byte":25}},"also":[],)"
          R"("locks":[{"relation":"t",)",
          R"("mode":"ACCESS EXCLUSIVE"}],"fixes":[{"title":"set a timeout","safe":true,"edits":)",
          R"([{"range":{"start":{"line":1,"column":1,"byte":0},"end":{"line":1,"column":1,)",
          R"("byte":0}},"text":"SET lock_timeout = '2s';\n"}],"following_alone":[],)"
          R"("following":""}],)"
          R"("plan":[]}],"suppressed":[]}]})",
          "\n"));
}

TEST(JsonTest, SuppressedFindingsAreListedWithTheirReason) {
  const std::string comment = "-- plimsoll:allow all -- quiet";
  ASSERT_EQ(comment.size(), 30U);
  const Json json = LintJson({{"1.sql", comment + "\nalter table t add x int;\n"}});
  EXPECT_EQ(json["summary"]["suppressed"], 1);
  EXPECT_EQ(json["files"][0]["suppressed"].dump(),
            R"([{"rule":"alters","severity":"error","risk":"risky","message":"alters `t`",)"
            R"("range":{"start":{"line":2,"column":1,"byte":31},)"
            R"("end":{"line":2,"column":24,"byte":54}},"by":"comment","reason":"quiet",)"
            R"("comment":{"start":{"line":1,"column":1,"byte":0},)"
            R"("end":{"line":1,"column":31,"byte":30}}}])");
}

TEST(JsonTest, ColumnsCountCharactersAndBytesAreOffsets) {
  // Four characters of one to four bytes stand before the word.
  const Json json = LintJson({{"1.sql", "select 1;\n-- aé漢😀here\n"}});
  const Json& range = json["files"][0]["findings"][0]["range"];
  EXPECT_EQ(range.dump(), R"({"start":{"line":2,"column":8,"byte":23},)"
                          R"("end":{"line":2,"column":12,"byte":27}})");
}

TEST(JsonTest, CarriageReturnsBelongToTheLineBefore) {
  const Json json =
      LintJson({{"1.sql", "select 1;\r\n\r\nalter table t add x int;\r\n-- here\r\n"}});
  const Json& findings = json["files"][0]["findings"];
  EXPECT_EQ(findings[0]["range"]["start"].dump(), R"({"line":3,"column":1,"byte":13})");
  EXPECT_EQ(findings[1]["range"]["start"].dump(), R"({"line":4,"column":4,"byte":42})");
}

TEST(JsonTest, FilesWithoutStatementsAreListed) {
  const Json json = LintJson({{"empty.sql", ""}, {"blank.sql", "\n\n"}, {"comment.sql", "-- no"}});
  EXPECT_EQ(json["summary"].dump(), R"({"files":3,"statements":0,"findings":0,"errors":0,)"
                                    R"("warnings":0,"notes":0,"suppressed":0,"risk":"safe"})");
  EXPECT_EQ(json["files"][0].dump(),
            R"({"path":"empty.sql","sha256":)"
            R"("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",)"
            R"("risk":"safe","statements":0,"findings":[],"suppressed":[]})");
  EXPECT_EQ(json["files"].size(), 3U);
}

TEST(JsonTest, NothingAnalysedIsStillADocument) {
  const Json json = Json::parse(report::RenderJson({}, 18));
  EXPECT_EQ(json["files"].dump(), "[]");
  EXPECT_EQ(json["summary"]["risk"], "safe");
}

TEST(JsonTest, IsValidWhateverTheBytesAre) {
  const std::string text =
      report::RenderJson(ReportsOf({{"b\xff.sql", "select '\xc3'; -- here"}}), 18);
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  ASSERT_FALSE(json.is_discarded()) << text;
  EXPECT_EQ(json["files"][0]["path"], "b\xEF\xBF\xBD.sql");
}

TEST(JsonTest, AppliedMigrationsAreContext) {
  Inputs inputs = InputsOf({{"1.sql", "alter table t add x int;"}, {"2.sql", "select 1;"}});
  inputs.migrations[0].applied = true;
  const Rule* const rules[] = {&kHere};
  std::vector<Report> reports;
  reports.push_back(Analyze(std::move(inputs), rules, rules::kVocabulary));
  const Json json = Json::parse(report::RenderJson(reports, 18));
  ASSERT_EQ(json["files"].size(), 1U);
  EXPECT_EQ(json["files"][0]["path"], "2.sql");
  EXPECT_EQ(json["summary"]["statements"], 1);
}

TEST(JsonTest, ReportsFollowOneAnother) {
  std::vector<Report> reports = ReportsOf({{"a.sql", "alter table t add x int;"}});
  reports.push_back(std::move(ReportsOf({{"b.sql", "select 1; -- here"}}).front()));
  const Json json = Json::parse(report::RenderJson(reports, 18));
  EXPECT_EQ(json["files"][0]["path"], "a.sql");
  EXPECT_EQ(json["files"][1]["path"], "b.sql");
  EXPECT_EQ(json["summary"]["findings"], 2);
  EXPECT_EQ(json["summary"]["errors"], 1);
  EXPECT_EQ(json["summary"]["notes"], 1);
}

// ---- concise -----------------------------------------------------------------------------------

TEST(ConciseTest, IsOneLineAFinding) {
  EXPECT_EQ(report::RenderConcise(ReportsOf({{"m/1.sql", "alter table t add x int; -- é here\n"},
                                             {"n.sql", "-- here"}}),
                                  /*colour=*/false),
            "m/1.sql:1:1: error: alters `t` [alters]\n"
            "m/1.sql:1:31: note: it is here [here]\n"
            "n.sql:1:4: note: it is here [here]\n");
}

TEST(ConciseTest, StaysOneLineWhateverTheNamesHold) {
  EXPECT_EQ(report::RenderConcise(ReportsOf({{"a\n\x1b[2Jb.sql", "-- here"}}), /*colour=*/false),
            "a␊␛[2Jb.sql:1:4: note: it is here [here]\n");
}

// ---- pretty ------------------------------------------------------------------------------------

TEST(PrettyTest, ShowsCodeLocksReasonsAndTotals) {
  EXPECT_EQ(report::RenderPretty(ReportsOf({{"m/1.sql", "select 1;\nalter table t add x int;\n"}}),
                                 {.summary = false}),
            "error[alters]: alters `t`\n"
            "  --> m/1.sql:2:1\n"
            "   |\n"
            " 2 | alter table t add x int;\n"
            "   | ^^^^^^^^^^^^^^^^^^^^^^^\n"
            "   = lock: ACCESS EXCLUSIVE on t, blocks reads and writes\n"
            "   = why: nobody can use it meanwhile\n"
            "   = help: do not\n"
            "   = fix: set a timeout\n"
            "\n");
}

TEST(PrettyTest, EndsWithRisksAndTotals) {
  const std::string text = report::RenderPretty(
      ReportsOf({{"1.sql", "select 1; -- here"}, {"2.sql", "alter table t add x int;"}}), {});
  const std::vector<std::string> lines = absl::StrSplit(text, '\n');
  ASSERT_GE(lines.size(), 3U);
  EXPECT_TRUE(absl::StartsWith(lines[lines.size() - 3], "risky    2.sql")) << text;
  EXPECT_EQ(lines[lines.size() - 2], "2 files, 2 statements: 1 error, 1 note; risk: risky");
}

TEST(PrettyTest, NothingToSayIsOneLine) {
  EXPECT_EQ(report::RenderPretty(ReportsOf({{"1.sql", "select 1;"}}), {}),
            "1 file, 1 statement: no findings; risk: safe\n");
  EXPECT_EQ(report::RenderPretty({}, {}), "0 files, 0 statements: no findings; risk: safe\n");
}

TEST(PrettyTest, ColoursOnlyWhenAsked) {
  const std::vector<Report> reports = ReportsOf({{"1.sql", "alter table t add x int;"}});
  const std::string plain = report::RenderPretty(reports, {});
  EXPECT_FALSE(absl::StrContains(plain, "\x1b"));
  std::string coloured = report::RenderPretty(reports, {.colour = true});
  EXPECT_TRUE(absl::StrContains(coloured, "\x1b[1;31merror[alters]\x1b[0m")) << coloured;
  // The same text stands below the colours.
  for (size_t at = 0; (at = coloured.find('\x1b', at)) != std::string::npos;) {
    coloured.erase(at, coloured.find('m', at) - at + 1);
  }
  EXPECT_EQ(coloured, plain);
}

std::string Frame(const std::string& text, const std::string& wanted) {
  const Source source("x.sql", text);
  const auto begin = static_cast<uint32_t>(text.find(wanted));
  const auto size = static_cast<uint32_t>(wanted.size());
  return report::DrawCode(source, {.begin = begin, .end = begin + size}, report::Ink::kRed,
                          report::Painter(false))
      .text;
}

TEST(CodeFrameTest, CaretsStandUnderWhatIsDrawn) {
  EXPECT_EQ(Frame("\tab\tx", "x"), "   |\n 1 |     ab    x\n   |           ^\n");
  EXPECT_EQ(Frame("é漢字 x", "x"), "   |\n 1 | é漢字 x\n   |       ^\n");
  EXPECT_EQ(Frame("漢字 x", "漢字"), "   |\n 1 | 漢字 x\n   | ^^^^\n");
  // An accent as a character of its own takes no column.
  EXPECT_EQ(Frame("e\xCC\x81 x", "x"), "   |\n 1 | e\xCC\x81 x\n   |   ^\n");
  EXPECT_EQ(Frame("\xEF\xBB\xBFx", "x"), "   |\n 1 | x\n   | ^\n");
}

TEST(CodeFrameTest, NothingReachesTheTerminalRaw) {
  EXPECT_EQ(Frame("a\x1b[2J\xff x", "x"), "   |\n 1 | a␛[2J\xEF\xBF\xBD x\n   |        ^\n");
  // A right-to-left override and a C1 control.
  EXPECT_EQ(Frame("\xE2\x80\xAE\xC2\x9Bx", "x"),
            "   |\n 1 | \xEF\xBF\xBD\xEF\xBF\xBDx\n   |   ^\n");
}

TEST(CodeFrameTest, LinesEndBeforeTheirCarriageReturn) {
  EXPECT_EQ(Frame("a\r\nb c\r\nd", "c"), "   |\n 2 | b c\n   |   ^\n");
  EXPECT_EQ(Frame("a\r\nb", "\r\n"), "   |\n 1 | a\n   |  ^\n");
}

TEST(CodeFrameTest, AnEmptySpanPointsSomewhere) {
  EXPECT_EQ(Frame("", ""), "   |\n 1 |\n   | ^\n");
  const Source source("x.sql", "ab\n");
  EXPECT_EQ(
      report::DrawCode(source, {.begin = 3, .end = 3}, report::Ink::kRed, report::Painter(false))
          .text,
      "   |\n 2 |\n   | ^\n");
}

TEST(CodeFrameTest, ManyLinesAreShownByTheirEnds) {
  EXPECT_EQ(Frame("x (a\n\n  b)", "(a\n\n  b)"),
            "   |\n 1 | x (a\n   |   ^^\n 2 |\n 3 |   b)\n   |   ^^\n");
  EXPECT_EQ(Frame("1\n2\n3\n4\n5\n6\n7", "1\n2\n3\n4\n5\n6\n7"),
            "   |\n 1 | 1\n   | ^\n 2 | 2\n   | ^\n 3 | 3\n   | ^\n   :\n 7 | 7\n   | ^\n");
}

TEST(CodeFrameTest, LongLinesAreShownAroundTheSpan) {
  const std::string frame =
      Frame(std::string(100000, 'a') + "here" + std::string(100000, 'b'), "here");
  const std::vector<std::string> lines = absl::StrSplit(frame, '\n');
  EXPECT_EQ(lines[1],
            absl::StrCat(" 1 | …", std::string(60, 'a'), "here", std::string(136, 'b'), "…"));
  EXPECT_EQ(lines[2], absl::StrCat("   | ", std::string(61, ' '), "^^^^"));
}

TEST(WrapTest, BreaksAtBlanksAndCountsColumns) {
  EXPECT_EQ(report::Wrap("one two three", 2, 9), "one two\n  three");
  EXPECT_EQ(report::Wrap("漢字 漢字", 0, 8), "漢字\n漢字");
  EXPECT_EQ(report::Wrap("a\n  code stays as it is\nb", 1, 5), "a\n   code stays as it is\n b");
  EXPECT_EQ(report::Wrap("", 4, 10), "");
  EXPECT_EQ(report::Wrap("say `a b c` now", 0, 8), "say\n`a b c`\nnow");
  EXPECT_EQ(report::Wrap("an open ` is no quote", 0, 12), "an open ` is\nno quote");
  EXPECT_EQ(report::Wrap("a-word-that-is-too-long b", 0, 5), "a-word-that-is-too-long\nb");
}

// ---- effects -----------------------------------------------------------------------------------

TEST(EffectsTest, HasTheDocumentedKeysInOrder) {
  const Json json = EffectsJson({{"1.sql", "alter table t alter column a type bigint;"}});
  EXPECT_EQ(Keys(json), (Names{"schema_version", "server_version", "measured", "files"}));
  EXPECT_EQ(json["schema_version"], 1);
  EXPECT_EQ(json["server_version"], 16);
  EXPECT_EQ(Keys(json["files"][0]), (Names{"path", "problems", "statements"}));
  const Json& statement = json["files"][0]["statements"][0];
  EXPECT_EQ(Keys(statement),
            (Names{"index", "range", "kind", "risk", "locks", "rewrites", "scans", "index_builds",
                   "index_rebuilds", "index_reuses", "transaction", "fails", "modelled", "possible",
                   "held", "effectless", "rolls_back"}));
  EXPECT_EQ(statement["index"], 0);
  EXPECT_EQ(statement["kind"], "ALTER TABLE");
  EXPECT_EQ(statement["locks"].dump(),
            R"([{"relation":"t","mode":"ACCESS EXCLUSIVE","created_here":false}])");
  EXPECT_EQ(statement["rewrites"].dump(), R"(["t"])");
  EXPECT_EQ(statement["scans"].dump(), R"(["t"])");
  EXPECT_EQ(statement["transaction"], "allowed");
  EXPECT_TRUE(statement["fails"].is_null());
  EXPECT_EQ(statement["modelled"], true);
  EXPECT_TRUE(statement["held"].is_null());
  EXPECT_EQ(statement["effectless"], false);
}

// The statements of one file, `field` of each.
Names FieldOf(const std::string& text, const std::string& field) {
  Names values;
  const Json json = EffectsJson({{"1.sql", text}});
  for (const Json& statement : json["files"][0]["statements"]) {
    values.push_back(statement[field].dump());
  }
  return values;
}

TEST(EffectsTest, SaysWhatIsHeldSinceAndUntilWhen) {
  const std::string lock_t =
      R"({"relation":"t","mode":"ROW EXCLUSIVE","since":1,"possible":false})";
  const std::string stronger =
      R"({"relation":"t","mode":"ACCESS EXCLUSIVE","since":3,"possible":false})";
  const std::string lock_u = R"({"relation":"u","mode":"SHARE","since":2,"possible":false})";
  const auto held = [](int count, const std::string& until, const std::string& locks) {
    return absl::StrCat(R"({"count":)", count, R"(,"until":)", until, R"(,"locks":[)", locks, "]}");
  };
  EXPECT_EQ(FieldOf("begin;\nlock table t in row exclusive mode;\nlock table u in share mode;\n"
                    "alter table t add x int;\ncreate table mine (a int);\nselect 1;\n"
                    "commit;\nselect 2;\n",
                    "held"),
            (Names{"null", "null", held(1, "6", lock_t), held(2, "6", lock_u + "," + lock_t),
                   held(2, "6", stronger + "," + lock_u), held(2, "6", stronger + "," + lock_u),
                   held(2, "6", stronger + "," + lock_u), "null"}));
  // A savepoint's locks go with it, and a chain begins anew.
  EXPECT_EQ(FieldOf("begin;\nlock table t in row exclusive mode;\nsavepoint s;\nlock table u;\n"
                    "rollback to s;\nselect 1;\ncommit and chain;\nselect 2;\n",
                    "held")[5],
            held(1, "6", lock_t));
  EXPECT_EQ(FieldOf("begin;\nlock table t in row exclusive mode;\ncommit and chain;\nselect 2;\n",
                    "held")[3],
            "null");
  EXPECT_EQ(FieldOf("begin;\nlock table t in row exclusive mode;\nselect 2;\n", "held")[2],
            held(1, "null", lock_t));
}

TEST(EffectsTest, SaysWhatHasNoEffect) {
  EXPECT_EQ(FieldOf("set local lock_timeout = '1s';\nbegin;\nbegin;\n"
                    "set local lock_timeout = '1s';\ncommit;\ncommit;\nset lock_timeout = '1s';\n",
                    "effectless"),
            (Names{"true", "false", "true", "false", "false", "true", "false"}));
}

// What is held grows with a transaction; what is said of it does not.
TEST(EffectsTest, SaysTheStrongestOfManyLocks) {
  std::string text = "begin;\n";
  for (int i = 0; i < 50; ++i) absl::StrAppend(&text, "lock table t", i, " in share mode;\n");
  absl::StrAppend(&text, "lock table last;\nselect 1;\n");
  const Json json = EffectsJson({{"1.sql", text}});
  const Json& held = json["files"][0]["statements"][52]["held"];
  EXPECT_EQ(held["count"], 51);
  EXPECT_EQ(held["locks"].size(), 20U);
  EXPECT_EQ(held["locks"][0]["relation"], "last");
  EXPECT_EQ(held["locks"][1]["relation"], "t0");
}

TEST(EffectsTest, SumsTheActionsOfAStatement) {
  const Json json = EffectsJson(
      {{"1.sql",
        "create table a (id bigint primary key);\n"
        "alter table t add column x int, add constraint f foreign key (x) references a (id);"}});
  const Json& statement = json["files"][0]["statements"][1];
  Names relations;
  for (const Json& lock : statement["locks"]) {
    relations.push_back(
        absl::StrCat(std::string(lock["relation"]), ": ", std::string(lock["mode"])));
  }
  // ADD COLUMN's lock is the strongest that the statement takes on t, and t stands there once.
  EXPECT_EQ(std::count(relations.begin(), relations.end(), "t: ACCESS EXCLUSIVE"), 1);
  EXPECT_EQ(std::count(relations.begin(), relations.end(), "a: SHARE ROW EXCLUSIVE"), 1);
}

TEST(EffectsTest, ListsEveryStatement) {
  const Json json = EffectsJson({{"1.sql",
                                  "begin;\ncreate table n (id int);\nalter table n add x int;\n"
                                  "commit;\nnot sql;\n\\echo hello\nselect 1;\n"}});
  Names kinds;
  for (const Json& statement : json["files"][0]["statements"]) {
    kinds.push_back(absl::StrCat(std::string(statement["kind"]), " ",
                                 statement["modelled"].get<bool>() ? "yes" : "no"));
  }
  ASSERT_EQ(kinds.size(), 7U) << json.dump();
  EXPECT_EQ(kinds[0], "BEGIN yes");
  EXPECT_EQ(kinds[1], "CREATE TABLE yes");
  EXPECT_EQ(kinds[3], "COMMIT yes");
  // What PostgreSQL's grammar rejects is known to fail.
  EXPECT_TRUE(absl::EndsWith(kinds[4], " yes"));
  EXPECT_EQ(json["files"][0]["statements"][4]["fails"]["sqlstate"], "42601");
  EXPECT_TRUE(absl::EndsWith(kinds[5], " no"));
  EXPECT_EQ(kinds[6], "SELECT yes");
  // Made in the same transaction.
  EXPECT_EQ(json["files"][0]["statements"][2]["locks"][0].dump(),
            R"({"relation":"n","mode":"ACCESS EXCLUSIVE","created_here":true})");
}

TEST(EffectsTest, SaysWhatFailsAndWhatMayNotStandInATransaction) {
  const Json json = EffectsJson({{"1.sql",
                                  "create table a (id int);\ncreate table a (id int);\n"
                                  "create index concurrently i on a (id);"}});
  const Json& statements = json["files"][0]["statements"];
  EXPECT_TRUE(statements[0]["fails"].is_null());
  EXPECT_EQ(Keys(statements[1]["fails"]), (Names{"sqlstate", "message"}));
  EXPECT_EQ(statements[1]["fails"]["sqlstate"], "42P07");
  EXPECT_EQ(statements[2]["transaction"], "forbidden");
  EXPECT_EQ(statements[2]["index_builds"].dump(), R"(["i"])");
}

TEST(EffectsTest, DownSectionsClaimNothing) {
  const Json json = EffectsJson(
      {{"1.sql", "-- migrate:up\ncreate table a (id int);\n-- migrate:down\ndrop table a;\n"}});
  const Json& statements = json["files"][0]["statements"];
  ASSERT_EQ(statements.size(), 2U);
  EXPECT_EQ(statements[0]["modelled"], true);
  EXPECT_EQ(statements[1]["kind"], "DROP TABLE");
  EXPECT_EQ(statements[1]["modelled"], false);
  EXPECT_EQ(statements[1]["locks"].dump(), "[]");
}

TEST(EffectsTest, TheTableLinesUp) {
  const std::string text = report::RenderEffectsText(
      ReportsOf({{"1.sql", "create table a (id int);\nselect 1;\n"}, {"2.sql", ""}}),
      /*colour=*/false);
  const std::vector<std::string> lines = absl::StrSplit(text, '\n');
  ASSERT_GE(lines.size(), 6U) << text;
  EXPECT_EQ(lines[0], "1.sql");
  const size_t column = lines[1].find("risk");
  ASSERT_NE(column, std::string::npos) << text;
  EXPECT_EQ(lines[2].find("safe"), column) << text;
  EXPECT_TRUE(absl::StrContains(text, "ACCESS EXCLUSIVE on a (new)")) << text;
  EXPECT_TRUE(absl::EndsWith(text, "\n2.sql\n  no statements\n")) << text;
  for (const std::string& line : lines) EXPECT_FALSE(absl::EndsWith(line, " ")) << text;
}

TEST(EffectsTest, AFileThatCannotBeReadSaysWhy) {
  const std::vector<Report> reports = ReportsOf({{"1.sql", std::string("\xff\xfe"
                                                                       "c\0",
                                                                       4)}});
  EXPECT_EQ(report::RenderEffectsText(reports, /*colour=*/false),
            "1.sql\n  the file is UTF-16 or UTF-32: save it as UTF-8\n");
  const Json file = Json::parse(report::RenderEffectsJson(reports, 18))["files"][0];
  EXPECT_EQ(file["problems"][0], "the file is UTF-16 or UTF-32: save it as UTF-8");
}

// ---- rules -------------------------------------------------------------------------------------

TEST(RulePageTest, IsMadeFromTheRule) {
  EXPECT_EQ(report::RulePage(kAlters),
            "# alters\n\nA table is altered.\n\n"
            "| family | severity | risk | default | fix | since |\n|---|---|---|---|---|---|\n"
            "| data-loss | error | risky | on | no | 0.1 |\n\n"
            "**Why it hurts.** Nobody can use it meanwhile.\n\n**What to do.** Do not.\n\n"
            "## Example\n\n```sql\nalter table t add x int;\n```\n\nThat is all.\n");
  EXPECT_EQ(report::RulePage(kHere),
            "# here\n\nThe word is here.\n\n"
            "| family | severity | risk | default | fix | since |\n|---|---|---|---|---|---|\n"
            "| locking | note | safe | on | no | 0.2 |\n");
}

TEST(RulePageTest, ReadsWellInATerminal) {
  EXPECT_EQ(report::RuleText(kAlters, /*colour=*/false),
            "alters: a table is altered\ndata-loss, error, risky, since 0.1\n\n"
            "why: nobody can use it meanwhile\nhelp: do not\n\n"
            "Example\n\n    alter table t add x int;\n\nThat is all.\n");
}

TEST(RuleListTest, IsAColumnAFact) {
  const Rule* const rules[] = {&kAlters, &kHere};
  EXPECT_EQ(report::RenderRulesText(rules, /*colour=*/false),
            "alters  data-loss  error    risky    on        a table is altered\n"
            "here    locking    note     safe     on        the word is here\n");
  const auto aliases = [](const Rule& rule) {
    return std::vector<std::string>{absl::StrCat("peer:", rule.id)};
  };
  EXPECT_EQ(
      report::RenderRulesJson(rules, aliases),
      R"({"schema_version":1,"rules":[{"id":"alters","family":"data-loss",)"
      R"("severity":"error","risk":"risky","default":true,"fixable":false,)"
      R"("summary":"a table is altered","since":"0.1","options":[],"aliases":["peer:alters"],)"
      R"("url":"docs/rules/alters.md"},{"id":"here","family":"locking","severity":"note",)"
      R"("risk":"safe","default":true,"fixable":false,"summary":"the word is here",)"
      R"("since":"0.2","options":[],"aliases":["peer:here"],)"
      R"("url":"docs/rules/here.md"}]})"
      "\n");
}

}  // namespace
}  // namespace plimsoll
