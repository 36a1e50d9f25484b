// The grammar behind its wall: what it accepts, and that nothing a text does reaches beyond the
// call.

#include "analyzer/syntax/grammar.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "analyzer/limits.h"
#include "gtest/gtest.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define PLIMSOLL_TEST_SANITIZED 1
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PLIMSOLL_TEST_SANITIZED 1
#endif
#ifndef PLIMSOLL_TEST_SANITIZED
#define PLIMSOLL_TEST_SANITIZED 0
#endif

namespace plimsoll {
namespace {

bool Sandboxed() { return absl::StrContains(GrammarName(), "sandboxed"); }

std::string Repeat(absl::string_view piece, size_t times) {
  std::string text;
  text.reserve(piece.size() * times);
  for (size_t i = 0; i < times; ++i) absl::StrAppend(&text, piece);
  return text;
}

std::string Terms(size_t count) { return absl::StrCat("select 1", Repeat("-1", count - 1)); }

std::string Garbage(size_t size) {
  std::string text(size, '\0');
  uint32_t state = 1;
  for (char& c : text) {
    state = state * 1664525u + 1013904223u;
    c = static_cast<char>(state >> 24);
  }
  return text;
}

tree::Node FirstStatement(const Parsed& parsed) {
  return parsed.tree.root().Items("stmts")[0]["stmt"];
}

testing::AssertionResult ParsesNormally() {
  const Parsed parsed = Parse("alter table t alter column c set not null");
  if (!parsed.ok()) return testing::AssertionFailure() << parsed.error->message;
  const tree::Node command = FirstStatement(parsed)["AlterTableStmt"].Items("cmds")[0];
  if (command["AlterTableCmd"].Text("subtype") != "AT_SetNotNull") {
    return testing::AssertionFailure()
           << ParseToJson("alter table t alter column c set not null").json;
  }
  return testing::AssertionSuccess();
}

// ---- what it says -----------------------------------------------------------------------------

TEST(Grammar, GivesTheTree) {
  const Parsed parsed = Parse("select 1; drop table t");
  ASSERT_TRUE(parsed.ok());
  const tree::NodeList statements = parsed.tree.root().Items("stmts");
  ASSERT_EQ(statements.size(), 2u);
  EXPECT_EQ(statements[0]["stmt"].Tag(), "SelectStmt");
  EXPECT_EQ(statements[0].Number("stmt_len"), 8);
  EXPECT_EQ(statements[1]["stmt"]["DropStmt"].Text("removeType"), "OBJECT_TABLE");
  EXPECT_EQ(statements[1].Number("stmt_location"), Sandboxed() ? 10 : 9);
}

TEST(Grammar, WritesTheTreeAsJson) {
  const WrittenTree written = ParseToJson("select 1; drop table t");
  ASSERT_TRUE(written.ok());
  EXPECT_TRUE(absl::StartsWith(written.json, absl::StrCat("{\"version\":", GrammarServerVersion())))
      << written.json;
  EXPECT_TRUE(absl::StrContains(written.json, "\"SelectStmt\"")) << written.json;
  EXPECT_EQ(written.json.back(), '}');
  EXPECT_FALSE(ParseToJson("select 1; drop table").ok());
}

TEST(Grammar, TextWithoutStatementsIsATreeWithoutStatements) {
  for (const char* text : {"", " ", ";", "-- nothing\n", "/* nothing */"}) {
    const Parsed parsed = Parse(text);
    EXPECT_TRUE(parsed.ok()) << text;
    EXPECT_TRUE(parsed.tree.root().Items("stmts").empty()) << text;
  }
}

TEST(Grammar, TreesOutliveTheNextParse) {
  const Parsed first = Parse("drop table a");
  Parsed second = Parse("drop table b");
  const Parsed third = std::move(second);
  const auto dropped = [](const Parsed& parsed) {
    return FirstStatement(parsed)["DropStmt"]
        .Items("objects")[0]["List"]
        .Items("items")[0]["String"]
        .Text("sval");
  };
  EXPECT_TRUE(ParsesNormally());
  EXPECT_EQ(dropped(first), "a");
  EXPECT_EQ(dropped(third), "b");
}

TEST(Grammar, ErrorsAreInPostgresqlsWords) {
  const Parsed parsed = Parse("select 1; selct 2");
  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.error->message, "syntax error at or near \"selct\"");
  EXPECT_EQ(parsed.error->cursor, 10);
  EXPECT_FALSE(parsed.error->internal);
  EXPECT_FALSE(parsed.tree.root());
}

TEST(Grammar, CursorCountsBytes) {
  struct Case {
    std::string text;
    absl::string_view at;
  };
  const Case cases[] = {
      {"select 'é' from from", "from"},
      {"select 'Grüße, 世界 🎉' as x frm frm", "frm frm"},
      {"-- naïve\nselct", "selct"},
      {"select \"é\" é ö", "ö"},
  };
  for (const Case& c : cases) {
    const Parsed parsed = Parse(c.text);
    ASSERT_FALSE(parsed.ok()) << c.text;
    const absl::string_view rest = absl::string_view(c.text).substr(parsed.error->cursor);
    EXPECT_EQ(rest, c.at) << c.text << ": " << parsed.error->message;
  }
}

TEST(Grammar, ErrorWithoutPositionPointsToTheEnd) {
  const absl::string_view incomplete = "select 1 +";
  const Parsed parsed = Parse(incomplete);
  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.error->message, "syntax error at end of input");
  EXPECT_EQ(parsed.error->cursor, incomplete.size());
}

TEST(Grammar, LongNamesAreCutBetweenCharacters) {
  const Parsed parsed = Parse(absl::StrCat("create table ", Repeat("a", 62), "éé (x int)"));
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(FirstStatement(parsed)["CreateStmt"]["relation"].Text("relname"), Repeat("a", 62));
}

TEST(Grammar, ReadsPlpgsql) {
  const Parsed parsed =
      ParsePlpgsql("create function f() returns int language plpgsql as $$ begin return 1; end $$");
  ASSERT_TRUE(parsed.ok()) << parsed.error->message;
  const tree::Node function = parsed.tree.root().Items("plpgsql_funcs")[0]["PLpgSQL_function"];
  const tree::NodeList body = function["action"]["PLpgSQL_stmt_block"].Items("body");
  EXPECT_EQ(body[0].Tag(), "PLpgSQL_stmt_return");
}

TEST(Grammar, PlpgsqlErrorsPointNowhere) {
  const absl::string_view text = "do $$ begin if; end $$";
  const Parsed parsed = ParsePlpgsql(text);
  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.error->cursor, text.size());
  EXPECT_FALSE(parsed.error->internal);
  EXPECT_FALSE(parsed.error->message.empty());
  EXPECT_TRUE(ParsesNormally());
}

TEST(Grammar, SpeaksPostgresql16To18) {
  if (GrammarServerVersion() < 18) GTEST_SKIP() << "this is the grammar of an older PostgreSQL";
  for (const char* text : {
           // 16
           "select json_array(1, 2), json_object('a': 1), '{}' is json object",
           "select 1_000_000, 0xFF, 0o17, 0b101",
           "select * from (select 1)",
           "grant a to b with inherit true, set false granted by c",
           "create table t (c int storage default)",
           "vacuum (skip_database_stats, buffer_usage_limit '1MB') t",
           // 17
           "merge into t using s on t.i = s.i when matched then update set v = s.v "
           "when not matched by source then delete returning merge_action(), t.*",
           "select * from json_table('[1]', '$[*]' columns (i int path '$')) as j",
           "select json_exists('{}', '$.a'), json_value('{}', '$.a'), json_query('{}', '$')",
           "alter table t alter column c set expression as (a + b)",
           "alter table t set access method default",
           // 18
           "alter table t add constraint n not null c not valid",
           "alter table t add check (c > 0) not enforced",
           "alter table t add foreign key (a) references s (a) not enforced",
           "alter table t alter constraint f not enforced",
           "alter table t alter constraint f inherit",
           "create table t (a int, b int generated always as (a * 2) virtual)",
           "create table t (a int, b int generated always as (a * 2))",
           "create table t (i int, p tstzrange, primary key (i, p without overlaps))",
           "alter table t add foreign key (i, period p) references s (i, period p)",
           "update t set a = 1 returning old.a, new.a",
           "delete from t returning with (old as o, new as n) o.a, n.a",
           "create foreign table t (like s including all) server x",
       }) {
    const Parsed parsed = Parse(text);
    EXPECT_TRUE(parsed.ok()) << text << "\n" << (parsed.ok() ? "" : parsed.error->message);
  }
}

// ---- what it withstands -----------------------------------------------------------------------

struct Hostile {
  const char* name;
  std::string text;
  // In words of the error; null where the text must parse, empty where either is right.
  const char* error;
  bool internal = false;
};

const std::vector<Hostile>& HostileTexts() {
  static const auto& texts = *new std::vector<Hostile>{
      {"50,000 terms", Terms(50'000), nullptr},
      {"1,000,000 terms", Terms(1'000'000), "nested too deeply", true},
      {"100,000 parentheses",
       absl::StrCat("select ", Repeat("(", 100'000), "1", Repeat(")", 100'000)),
       "memory exhausted at or near \"(\""},
      {"100,000 open parentheses", absl::StrCat("select ", Repeat("(", 100'000)),
       "memory exhausted at or near \"(\""},
      {"9,000 nested NOTs", absl::StrCat("select ", Repeat("not ", 9'000), "true"), nullptr},
      {"100,000 nested NOTs", absl::StrCat("select ", Repeat("not ", 100'000), "true"),
       "memory exhausted at or near \"not\""},
      {"300,000 casts", absl::StrCat("select 1", Repeat("::int", 300'000)), "nested too deeply",
       true},
      {"200,000 unions", absl::StrCat("select 1", Repeat(" union select 1", 200'000)), nullptr},
      {"300,000 joins", absl::StrCat("select * from a", Repeat(" join b using (x)", 300'000)),
       "nested too deeply", true},
      {"nested subselects",
       absl::StrCat("select ", Repeat("(select ", 3'000), "1", Repeat(")", 3'000)), nullptr},
      {"a NUL byte", std::string("select 1;\0drop table t", 22), "NUL byte", true},
      {"a NUL byte alone", std::string(1, '\0'), "NUL byte", true},
      {"a stray byte", "select '\xff'", "not valid UTF-8: byte 0xff", true},
      {"a cut character", "select '\xe4\xb8", "not valid UTF-8", true},
      {"an overlong slash", "select '\xc0\xaf'", "not valid UTF-8", true},
      {"a surrogate", "select '\xed\xa0\x80'", "not valid UTF-8", true},
      {"beyond Unicode", "select '\xf4\x90\x80\x80'", "not valid UTF-8", true},
      {"20 MB of garbage", Garbage(20'000'000), "more than the", true},
      {"1 MB of garbage", Garbage(1'000'000), "", true},
      {"1 MB of one operator", absl::StrCat("select 1 ", std::string(1'000'000, '+'), "1"),
       "too many operator characters", true},
      {"10,000 signs", absl::StrCat("select 1 ", std::string(10'000, '+'), "1"),
       "memory exhausted at or near \"+\""},
      {"a name of 1 MB", absl::StrCat("select ", std::string(1'000'000, 'a')), nullptr},
      {"a number of 1 MB", absl::StrCat("select ", std::string(1'000'000, '9')), nullptr},
      {"an open quote", "select 'abc", "unterminated quoted string"},
      {"an open identifier", "select \"abc", "unterminated quoted identifier"},
      {"an open dollar quote", "select $a$abc$$", "unterminated dollar-quoted string"},
      {"an open comment", "select /* /* abc */", "unterminated /* comment"},
      {"an open escape string", "select E'abc\\", "unterminated quoted string"},
      {"a broken escape", "select E'\\xff'", "invalid byte sequence"},
      {"a broken Unicode escape", "select U&'\\d800'", "invalid Unicode surrogate pair"},
      {"5,000 open comments", Repeat("/*", 5'000), "unterminated /* comment"},
      {"100,000 open comments", Repeat("/*", 100'000), "too many operator characters", true},
  };
  return texts;
}

void Withstand(const Hostile& hostile) {
  SCOPED_TRACE(hostile.name);
  const Parsed parsed = Parse(hostile.text);
  if (hostile.error == nullptr) {
    EXPECT_TRUE(parsed.ok()) << parsed.error->message;
  } else if (*hostile.error != '\0') {
    ASSERT_FALSE(parsed.ok());
    EXPECT_TRUE(absl::StrContains(parsed.error->message, hostile.error)) << parsed.error->message;
    EXPECT_EQ(parsed.error->internal, hostile.internal) << parsed.error->message;
  }
  if (parsed.ok()) {
    EXPECT_TRUE(parsed.tree.root());
  } else {
    EXPECT_FALSE(parsed.error->message.empty());
    EXPECT_LE(parsed.error->cursor, hostile.text.size());
    EXPECT_FALSE(parsed.tree.root());
  }
  EXPECT_TRUE(ParsesNormally());
}

// Far more than any of these takes, far less than what grows with the square of the text would.
constexpr auto kPatience = std::chrono::seconds(20);

TEST(HostileText, ComesBackAsAValue) {
  for (const Hostile& hostile : HostileTexts()) {
    const auto begin = std::chrono::steady_clock::now();
    Withstand(hostile);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, kPatience) << hostile.name;
  }
}

TEST(HostileText, ComesBackAsAValueFromPlpgsqlToo) {
  for (const Hostile& hostile : HostileTexts()) {
    SCOPED_TRACE(hostile.name);
    // The body's own parser meets it, and the expressions in the body go to the main grammar.
    const auto begin = std::chrono::steady_clock::now();
    const Parsed parsed =
        ParsePlpgsql(absl::StrCat("do $body$ begin perform ", hostile.text, "; end $body$"));
    if (!parsed.ok()) {
      EXPECT_FALSE(parsed.error->message.empty());
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begin, kPatience);
    EXPECT_TRUE(ParsesNormally());
  }
}

TEST(HostileText, RunsOutOfMemoryInTheSandboxOnly) {
  if (!Sandboxed()) GTEST_SKIP() << "only the sandbox bounds memory";
  // The densest text there is: two bytes an expression.
  const std::string text = absl::StrCat("select 1", Repeat(",1", kMaxGrammarBytes / 2 - 8));
  const Parsed parsed = Parse(text);
  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.error->message, "the parser ran out of memory");
  EXPECT_TRUE(parsed.error->internal);
  EXPECT_TRUE(ParsesNormally());
}

TEST(HostileText, IsWithstoodByEightThreadsAtOnce) {
  std::vector<std::thread> threads;
  for (size_t thread = 0; thread < 8; ++thread) {
    threads.emplace_back([thread] {
      const std::vector<Hostile>& texts = HostileTexts();
      for (size_t i = 0; i < texts.size(); ++i) Withstand(texts[(i + thread * 3) % texts.size()]);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

// Runs `function` on a thread with a stack of this many bytes.
void OnSmallStack(size_t bytes, std::function<void()> function) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, bytes), 0);
  pthread_t thread;
  const auto run = [](void* argument) -> void* {
    (*static_cast<std::function<void()>*>(argument))();
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, run, &function), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

TEST(HostileText, IsJudgedAlikeOnEveryStack) {
  if (!Sandboxed()) GTEST_SKIP() << "the system's grammar uses the caller's stack";
  for (const size_t terms : {50'000u, 100'000u, 150'000u, 200'000u, 1'000'000u}) {
    const std::string text = Terms(terms);
    const bool here = Parse(text).ok();
    OnSmallStack(size_t{128} << 10, [&] {
      EXPECT_EQ(Parse(text).ok(), here) << terms;
      EXPECT_TRUE(ParsesNormally());
    });
  }
}

// ---- what it leaves behind --------------------------------------------------------------------

size_t ResidentBytes() {
  size_t total = 0;
  size_t resident = 0;
  FILE* const file = fopen("/proc/self/statm", "r");
  if (file == nullptr || fscanf(file, "%zu %zu", &total, &resident) != 2) resident = 0;
  if (file != nullptr) fclose(file);
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

TEST(GrammarMemory, DoesNotGrowWithTheNumberOfParses) {
  const auto parse_some = [](int count) {
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(Parse("create table t (a int primary key, b text not null)").ok());
      ASSERT_FALSE(Parse("create table t (a int primary kee, b text not null)").ok());
      if (i % 10 != 0) continue;
      ASSERT_TRUE(ParsePlpgsql("do $$ begin perform 1; end $$").ok());
      ASSERT_FALSE(ParsePlpgsql("do $$ begin if; end $$").ok());
    }
  };
  parse_some(2'000);
  const size_t before = ResidentBytes();
  parse_some(PLIMSOLL_TEST_SANITIZED != 0 ? 5'000 : 50'000);
  EXPECT_LT(ResidentBytes(), before + (size_t{4} << 20));
}

TEST(GrammarMemory, IsGivenBackAfterALargeText) {
  if (!Sandboxed()) GTEST_SKIP() << "the process's heap keeps what it keeps";
  ASSERT_TRUE(ParsesNormally());
  const size_t before = ResidentBytes();
  {
    const std::string text = absl::StrCat("select 1", Repeat(", 1", 1'000'000));
    const Parsed parsed = Parse(text);
    ASSERT_TRUE(parsed.ok());
    EXPECT_GT(ResidentBytes(), before + (size_t{128} << 20));
  }
  ASSERT_TRUE(ParsesNormally());
  // The process's heap may keep up to 64 MB of what the tree was in (mallopt, M_TRIM_THRESHOLD).
  EXPECT_LT(ResidentBytes(), before + (size_t{80} << 20));
}

TEST(GrammarMemory, IsGivenBackWhenAThreadEnds) {
  const auto parse_on_threads = [](int count) {
    for (int i = 0; i < count; ++i) std::thread([] { EXPECT_TRUE(ParsesNormally()); }).join();
  };
  parse_on_threads(10);
  const size_t before = ResidentBytes();
  parse_on_threads(200);
  EXPECT_LT(ResidentBytes(), before + (size_t{16} << 20));
}

TEST(GrammarMemory, IsGivenBackOnRequest) {
  ASSERT_TRUE(ParsesNormally());
  const size_t held = ResidentBytes();
  ReleaseGrammar();
  // An instance of the sandbox touches some 800 kB for the smallest text.
  if (Sandboxed()) {
    EXPECT_LT(ResidentBytes() + (size_t{256} << 10), held);
  }
  ReleaseGrammar();  // with nothing to give back
  EXPECT_TRUE(ParsesNormally());
}

TEST(GrammarSignals, ThreadIsLeftAsItWasFound) {
  stack_t stack_before{};
  sigset_t mask_before;
  ASSERT_EQ(sigaltstack(nullptr, &stack_before), 0);
  ASSERT_EQ(pthread_sigmask(SIG_SETMASK, nullptr, &mask_before), 0);
  if (Sandboxed()) {
    ASSERT_FALSE(Parse(Terms(1'000'000)).ok());
  }
  ASSERT_TRUE(ParsesNormally());

  stack_t stack_after{};
  sigset_t mask_after;
  ASSERT_EQ(sigaltstack(nullptr, &stack_after), 0);
  ASSERT_EQ(pthread_sigmask(SIG_SETMASK, nullptr, &mask_after), 0);
  EXPECT_EQ(stack_after.ss_sp, stack_before.ss_sp);
  EXPECT_EQ(stack_after.ss_flags, stack_before.ss_flags);
  for (const int signal : {SIGSEGV, SIGBUS, SIGTERM}) {
    EXPECT_EQ(sigismember(&mask_after, signal), sigismember(&mask_before, signal));
  }
}

void Fault() {
  volatile int* volatile nowhere = nullptr;
  *nowhere = 1;  // NOLINT: the point
}

void ExitWith42(int /*signal*/, siginfo_t* /*info*/, void* /*context*/) { _exit(42); }

// Each of these re-executes the binary, so that the handlers are installed in the order given here.
class ForeignFault : public testing::Test {
 protected:
  ForeignFault() { testing::FLAGS_gtest_death_test_style = "threadsafe"; }
};
using ForeignFaultDeathTest = ForeignFault;

TEST_F(ForeignFaultDeathTest, ReachesThePreviousHandler) {
  EXPECT_EXIT(
      {
        struct sigaction action {};
        action.sa_sigaction = ExitWith42;
        action.sa_flags = SA_SIGINFO;
        sigaction(SIGSEGV, &action, nullptr);
        (void)Parse(Terms(1'000'000));
        Fault();
      },
      testing::ExitedWithCode(42), "");
}

TEST_F(ForeignFaultDeathTest, KillsWhereNobodyHandlesIt) {
  const auto died = [](int status) {
    // A sanitizer is a previous handler too, and exits.
    return PLIMSOLL_TEST_SANITIZED != 0 || testing::KilledBySignal(SIGSEGV)(status);
  };
  EXPECT_EXIT(
      {
        (void)Parse(Terms(1'000'000));
        Fault();
      },
      died, "");
}

TEST_F(ForeignFaultDeathTest, SentByAProcessKillsToo) {
  const auto died = [](int status) {
    return PLIMSOLL_TEST_SANITIZED != 0 || testing::KilledBySignal(SIGSEGV)(status);
  };
  EXPECT_EXIT(
      {
        (void)ParsesNormally();
        raise(SIGSEGV);
      },
      died, "");
}

}  // namespace
}  // namespace plimsoll
