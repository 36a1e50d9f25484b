// What PostgreSQL 19 brings, as its release notes, repack.sgml and alter_table.sgml tell it: there
// is no server to ask. That 18 and older reject these statements with 42601 was seen on 12, 17
// and 18.

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "report/effects.h"
#include "rules/registry.h"

namespace plimsoll {
namespace {

constexpr const char* kSetup =
    "create table t (id int primary key, a int, constraint positive check (a > 0) not enforced);"
    "create index t_a on t (a);"
    "create table bare (a int);"
    "create domain d as int;"
    "create table of_domain (x d);"
    "alter domain d add constraint d_small check (value < 9) not valid;"
    "create table p (k int primary key, v text) partition by range (k);"
    "create table p1 partition of p for values from (0) to (10);"
    "create table p2 partition of p for values from (10) to (20);"
    "create table rest partition of p default;";

History Ran(const std::string& text, int server_version) {
  const auto parse = [](const std::string& name, const std::string& sql) {
    return std::make_shared<const Script>(ParseScript(std::make_shared<const Source>(name, sql)));
  };
  return Simulate({.migrations = {{.script = parse("setup.sql", kSetup), .schema = true},
                                  {.script = parse("change.sql", text)}},
                   .start = Start::kEmpty,
                   .server_version = server_version});
}

// What is said of the last statement.
std::string Told(const std::string& text, int server_version = 19) {
  const History history = Ran(text, server_version);
  const auto last = static_cast<uint32_t>(history.migrations()[1].script->statements.size() - 1);
  const report::StatementEffects sum = report::SumEffects(history, 1, last);
  if (sum.failure) return absl::StrCat("fails ", sum.failure->sqlstate);
  if (!sum.modelled) return "not modelled";
  std::string told;
  for (const Lock& lock : sum.locks) {
    if (lock.relation.created_here) continue;
    absl::StrAppend(&told, LockModeName(lock.mode), " on ", lock.relation.name, "; ");
  }
  return absl::StrCat(told, "rewrites ", absl::StrJoin(sum.rewrites, " "), "; scans ",
                      absl::StrJoin(sum.scans, " "),
                      sum.forbidden_in_transaction ? "; outside" : "");
}

constexpr const char* kSplit =
    "alter table p split partition p1 into "
    "(partition p1a for values from (0) to (5), partition p1b for values from (5) to (10))";

TEST(NewerTest, OlderServersRejectIt) {
  for (const std::string text :
       {"repack t", "REPACK", "repack (concurrently) t", "repack t using index t_a", kSplit,
        "alter table p merge partitions (p1, p2) into p12"}) {
    EXPECT_EQ(Told(text, 18), "fails 42601") << text;
    EXPECT_EQ(Told(text, 12), "fails 42601") << text;
    EXPECT_NE(Told(text), "fails 42601") << text;
  }
  // On no server is this a statement.
  for (const std::string text :
       {"repack (quickly) t", "repack t using", "repack t,", "repack using index t_a",
        "alter table p split partition p1 into ()", "alter table p merge partitions () into x",
        "alter table p split partition p1 into (partition a default)",
        "alter table p merge partitions (p1) into x", "alter table p split", "repack t t"}) {
    EXPECT_EQ(Told(text, 18), "fails 42601") << text;
    EXPECT_EQ(Told(text), "not modelled") << text;
  }
}

TEST(NewerTest, RepackRewrites) {
  const std::string rewritten =
      "ACCESS EXCLUSIVE on t; ACCESS EXCLUSIVE on t_pkey; ACCESS EXCLUSIVE on t_a; rewrites t; "
      "scans t";
  EXPECT_EQ(Told("repack t"), rewritten);
  EXPECT_EQ(Told("Repack (verbose, analyze off) \"t\" /* all */ Using Index t_a;"), rewritten);
  EXPECT_EQ(Told("begin; repack t"), rewritten);
  EXPECT_EQ(Told("repack (concurrently) t"), rewritten + "; outside");
  EXPECT_EQ(Told("repack (analyze) t (a)"), rewritten + "; outside");
  EXPECT_EQ(Told("begin; repack (concurrently) t"), "fails 25001");
  EXPECT_EQ(Told("begin; repack"), "fails 25001");
  EXPECT_EQ(Told("begin; repack p"), "fails 25001");
  EXPECT_EQ(Told("repack nowhere"), "fails 42P01");
  EXPECT_EQ(Told("repack t using index nowhere"), "fails 42704");
  EXPECT_EQ(Told("repack bare using index"), "fails 42704");
  EXPECT_EQ(Told("repack t using index t_a; repack t using index"), rewritten);
}

TEST(NewerTest, RepackOfAWholeRewritesItsParts) {
  const std::string told = Told("repack p");
  for (const std::string lock : {"on p;", "on p1;", "on p2;", "on rest;"}) {
    EXPECT_NE(told.find("ACCESS EXCLUSIVE " + lock), std::string::npos) << told;
  }
  EXPECT_NE(told.find("rewrites p1 p2 rest; scans p1 p2 rest; outside"), std::string::npos) << told;
}

TEST(NewerTest, OnlineRepackIsRiskyForItsSwapOnly) {
  const Report online = Analyze({.migrations = Ran("repack (concurrently) t", 19).migrations(),
                                 .start = Start::kEmpty,
                                 .server_version = 19},
                                {}, rules::kVocabulary);
  EXPECT_EQ(online.statement_risks[1][0].reason,
            "waits for ACCESS EXCLUSIVE on `t` when its copy is made, and reads and writes wait "
            "behind it");
}

TEST(NewerTest, PartitionsAreSplitAndMerged) {
  EXPECT_EQ(
      Told(kSplit),
      "ACCESS EXCLUSIVE on p; ACCESS EXCLUSIVE on p1; ACCESS EXCLUSIVE on p1_pkey; rewrites p1; "
      "scans p1");
  EXPECT_EQ(Told(absl::StrCat(kSplit, "; drop table p1")), "fails 42P01");
  // The new ones are partitions, and their key is theirs.
  EXPECT_EQ(Told("alter table p detach partition p1b"), "fails 42P01");
  EXPECT_NE(Told(absl::StrCat(kSplit, "; alter table p detach partition p1b"))
                .find("ACCESS EXCLUSIVE on p;"),
            std::string::npos);
  EXPECT_EQ(Told(absl::StrCat(kSplit, "; alter table p1a drop constraint p1a_pkey")),
            "fails 42P16");
  const std::string merge = "alter table p merge partitions (p1, p2) into p12";
  EXPECT_EQ(Told(merge),
            "ACCESS EXCLUSIVE on p; ACCESS EXCLUSIVE on p1; ACCESS EXCLUSIVE on p1_pkey; "
            "ACCESS EXCLUSIVE on p2; ACCESS EXCLUSIVE on p2_pkey; rewrites p1 p2; scans p1 p2");
  // It holds what they held, and no more.
  EXPECT_EQ(Told(merge + "; create table q partition of p for values from (19) to (30)"),
            "fails 42P17");
  EXPECT_NE(Told(merge + "; create table q partition of p for values from (20) to (30)"),
            "fails 42P17");
  EXPECT_EQ(Told("alter table p merge partitions (p1, bare) into x"), "fails 42P01");
  EXPECT_EQ(Told("alter table p merge partitions (p1, p2) into t"), "fails 42P07");
  EXPECT_NE(Told("alter table p merge partitions (p1, p2) into p1"), "fails 42P07");
  EXPECT_EQ(
      Told("alter table t split partition p1 into (partition a default, partition b default)"),
      "fails 42809");
}

TEST(NewerTest, ChecksCanBeEnforcedLater) {
  EXPECT_EQ(Told("alter table t alter constraint positive enforced", 18), "fails 42809");
  EXPECT_EQ(Told("alter table t alter constraint positive enforced"),
            "ACCESS EXCLUSIVE on t; rewrites ; scans t");
  EXPECT_EQ(Told("alter table t alter constraint positive not enforced"),
            "ACCESS EXCLUSIVE on t; rewrites ; scans ");
}

TEST(NewerTest, WholesAreCopiedOut) {
  EXPECT_EQ(Told("copy p to stdout", 18), "fails 42809");
  EXPECT_NE(Told("copy p to stdout").find("ACCESS SHARE on p; "), std::string::npos);
}

TEST(NewerTest, DomainsAreValidatedBesideTraffic) {
  EXPECT_EQ(Told("alter domain d validate constraint d_small", 18),
            "SHARE on of_domain; rewrites ; scans of_domain");
  EXPECT_EQ(Told("alter domain d validate constraint d_small"),
            "SHARE UPDATE EXCLUSIVE on of_domain; rewrites ; scans of_domain");
}

}  // namespace
}  // namespace plimsoll
