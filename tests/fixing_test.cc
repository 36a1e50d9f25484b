// Fixes are right: they apply, they settle, they bring no new finding, and what they make leaves
// the same schema on a real server as what they were made of. The diff is one that git applies.

#include "workspace/fixing.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "report/diff.h"
#include "rules/registry.h"
#include "tests/support/example.h"
#include "tests/support/fixable.h"
#include "tests/support/stage.h"
#include "tests/support/temporary_folder.h"
#include "workspace/files.h"

namespace plimsoll {
namespace {

using testing_support::ExampleFolder;
using testing_support::Fixable;
using testing_support::FixableExamples;
using testing_support::TemporaryFolder;

std::string ReadWhole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// ---- the pieces --------------------------------------------------------------------------------

TEST(WithFixesTest, PutsEditsInAndLeavesThoseThatOverlap) {
  const Fix upper = {.edits = {{.span = {0, 1}, .text = "A"}, {.span = {4, 5}, .text = "C"}}};
  const Fix overlapping = {.edits = {{.span = {4, 5}, .text = "X"}}};
  const Fix insertion = {.edits = {{.span = {3, 3}, .text = "-"}}};
  const Fix same_place = {.edits = {{.span = {3, 3}, .text = "+"}}};
  std::vector<size_t> used;
  EXPECT_EQ(WithFixes("a b c", {&upper, &overlapping, &insertion, &same_place}, used), "A b- C");
  EXPECT_EQ(used, (std::vector<size_t>{0, 2}));
}

TEST(NextPathTest, CountsAsTheNameDoes) {
  EXPECT_EQ(NextPath("m/007_orders.sql", {}), "m/008_finish_orders.sql");
  EXPECT_EQ(NextPath("m/099_orders.sql", {}), "m/100_finish_orders.sql");
  EXPECT_EQ(NextPath("9_orders.up.sql", {}), "10_finish_orders.up.sql");
  EXPECT_EQ(NextPath("V2__orders.sql", {}), "V3__finish_orders.sql");
  EXPECT_EQ(NextPath("20240229235959_x.sql", {}), "20240301000000_finish_x.sql");
  EXPECT_EQ(NextPath("20231231235959_x.sql", {}), "20240101000000_finish_x.sql");
  EXPECT_EQ(NextPath("m/7.sql", {"7.sql", "8_other.sql", "010.sql"}), "m/9_finish.sql");
  EXPECT_EQ(NextPath("m/9.sql", {"9.sql", "010.sql"}), "m/11_finish.sql");
  EXPECT_EQ(NextPath("m/2024-12-31-235959_orders", {}), "m/2025-01-01-000000_finish_orders");
  EXPECT_EQ(NextPath("m/2024-01-01-000000_a", {"2024-01-01-000001_b"}),
            "m/2024-01-01-000002_finish_a");
  EXPECT_EQ(NextPath("orders.sql", {}), "");
}

// ---- the diff ----------------------------------------------------------------------------------

// Has git apply the diff to `before`; what it makes of it.
std::string Patched(const std::string& before, const std::string& after, bool created) {
  const TemporaryFolder folder;
  if (!created) folder.Write("m/a b.sql", before);
  folder.Write("patch", report::UnifiedDiff("m/a b.sql", before, after, created));
  const std::string command = absl::StrCat(
      "cd '", folder.path(), "' && git init -q . && git apply --whitespace=nowarn patch");
  if (std::system(command.c_str()) != 0) return "git apply failed";
  return ReadWhole(folder.Path("m/a b.sql"));
}

std::string RandomText(std::mt19937& random, int most_lines) {
  constexpr absl::string_view kLines[] = {"a", "b", "", "create table t ();", ")", "\ttab", "x\r"};
  std::string text;
  const int lines = std::uniform_int_distribution<int>(0, most_lines)(random);
  for (int i = 0; i < lines; ++i) {
    absl::StrAppend(&text, kLines[std::uniform_int_distribution<size_t>(0, 6)(random)], "\n");
  }
  const bool ends = std::uniform_int_distribution<int>(0, 3)(random) != 0;
  if (!ends && !text.empty()) text.pop_back();
  return text;
}

// Changes a few lines, as fixes do.
std::string Changed(std::mt19937& random, const std::string& text) {
  std::string changed = text;
  for (int i = std::uniform_int_distribution<int>(1, 4)(random); i > 0; --i) {
    const size_t at = std::uniform_int_distribution<size_t>(0, changed.size())(random);
    const size_t size = std::uniform_int_distribution<size_t>(0, 6)(random);
    changed.replace(at, std::min(size, changed.size() - at), RandomText(random, 2));
  }
  return changed;
}

TEST(UnifiedDiffTest, GitMakesTheNewTextOfTheOld) {
  std::mt19937 random(7);
  for (int i = 0; i < 60; ++i) {
    const std::string before = RandomText(random, 40);
    const std::string after = Changed(random, before);
    // An empty file and no file are two things, and git takes a patch of nothing for a mistake.
    if (before == after || before.empty() || after.empty()) continue;
    EXPECT_EQ(Patched(before, after, false), after) << i << "\n" << before;
  }
  EXPECT_EQ(Patched("", "select 1;\n", true), "select 1;\n");
}

// git counts paths from the root, wherever it is called.
TEST(UnifiedDiffTest, NamesAFileFromTheRootOfItsRepository) {
  const TemporaryFolder folder;
  folder.Write("db/m/1.sql", "select 1;\n");
  const std::string here = absl::StrCat("cd '", folder.path(), "' && git init -q . && cd db && ");
  ASSERT_EQ(std::system(absl::StrCat(here, "true").c_str()), 0);
  const std::string path = PathInRepository(folder.Path("db/m/../m/1.sql"));
  EXPECT_EQ(path, "db/m/1.sql");
  folder.Write("patch", report::UnifiedDiff(path, "select 1;\n", "select 2;\n", false));
  EXPECT_EQ(std::system(absl::StrCat(here, "git apply ../patch").c_str()), 0);
  EXPECT_EQ(ReadWhole(folder.Path("db/m/1.sql")), "select 2;\n");
}

TEST(UnifiedDiffTest, IsLinearInTheText) {
  std::string before;
  std::string after;
  for (int i = 0; i < 200'000; ++i) {
    absl::StrAppend(&before, "create table t", i, " ();\n");
    absl::StrAppend(&after, "create table if not exists t", i, " ();\n");
  }
  EXPECT_GT(report::UnifiedDiff("a.sql", before, after, false).size(), before.size());
}

TEST(UnifiedDiffTest, SaysNothingOfEqualTexts) {
  EXPECT_EQ(report::UnifiedDiff("a.sql", "x\n", "x\n", false), "");
}

// ---- the fixes of the rules --------------------------------------------------------------------

std::map<std::string, int> CountsOf(absl::Span<const Report> reports) {
  std::map<std::string, int> counts;
  for (const Report& report : reports) {
    for (const Finding& finding : report.findings) ++counts[finding.rule->id];
  }
  return counts;
}

std::vector<Report> Analysed(const LoadOptions& load) {
  std::vector<Report> reports;
  absl::StatusOr<std::vector<Project>> projects = Load(load);
  EXPECT_TRUE(projects.ok()) << projects.status();
  for (Project& project : *projects) {
    reports.push_back(Analyze(std::move(project.inputs), rules::Defaults(), rules::kVocabulary));
  }
  return reports;
}

TEST(FixesTest, FixableRulesShowAFix) {
  std::map<std::string, int> shown;
  for (const Fixable& one : FixableExamples()) {
    EXPECT_TRUE(one.rule->fixable) << one.rule->id << " offers a fix and is not `fixable`";
    ++shown[one.rule->id];
  }
  for (const Rule* rule : rules::All()) {
    if (!rule->fixable) continue;
    EXPECT_GT(shown[rule->id], 0) << rule->id << " shows no fix in its examples";
  }
}

TEST(FixesTest, SettleAndBringNoOtherFinding) {
  for (const Fixable& one : FixableExamples()) {
    SCOPED_TRACE(testing_support::WhereOf(one.text));
    const ExampleFolder files(one.example);
    const std::map<std::string, int> before = CountsOf(Analysed(files.load()));
    for (const bool unsafe : {false, true}) {
      const absl::StatusOr<Fixing> fixing = FixAll(files.load(), one.rules, unsafe);
      ASSERT_TRUE(fixing.ok()) << fixing.status();
      LoadOptions fixed = files.load();
      for (const FileChange& change : fixing->changes) fixed.overlay[change.path] = change.after;
      // What changes the meaning may bring what belongs to the other meaning.
      if (unsafe) continue;
      for (const auto& [rule, count] : CountsOf(Analysed(fixed))) {
        const auto old = before.find(rule);
        EXPECT_LE(count, old == before.end() ? 0 : old->second)
            << "the fix brings " << rule << "\n"
            << (fixing->changes.empty() ? "" : fixing->changes.front().after);
      }
    }
  }
}

class FixedSchemaTest : public replay::StageTest {
 protected:
  // What the server has after the files ran; `refused` where one of them did not.
  std::string PictureAfter(const LoadOptions& load, std::string* refused) {
    absl::StatusOr<std::vector<Project>> projects = Load(load);
    EXPECT_TRUE(projects.ok()) << projects.status();
    if (!projects.ok() || projects->size() != 1) return "not one history";
    const auto replayed = replay::Replay(*stage_, Simulate(std::move(projects->front().inputs)));
    EXPECT_TRUE(replayed.ok()) << replayed.status();
    if (!replayed.ok()) return "not replayed";
    *refused = replayed->refused;
    const absl::StatusOr<Rows> rows = stage_->Picture();
    EXPECT_TRUE(rows.ok()) << rows.status();
    std::vector<std::string> lines;
    for (const std::vector<Value>& row : rows->values) lines.push_back(row[0].value_or(""));
    std::sort(lines.begin(), lines.end());
    return absl::StrJoin(lines, "\n");
  }
};

TEST_P(FixedSchemaTest, SafeFixesLeaveTheSameSchema) {
  size_t compared = 0;
  for (const Fixable& one : FixableExamples()) {
    SCOPED_TRACE(testing_support::WhereOf(one.text));
    const ExampleFolder files(one.example);
    const absl::StatusOr<Fixing> fixing = FixAll(files.load(), one.rules, /*unsafe=*/false);
    ASSERT_TRUE(fixing.ok()) << fixing.status();
    if (fixing->changes.empty()) continue;
    LoadOptions fixed = files.load();
    for (const FileChange& change : fixing->changes) fixed.overlay[change.path] = change.after;
    std::string refused;
    const std::string before = PictureAfter(files.load(), &refused);
    std::string refused_fixed;
    const std::string after = PictureAfter(fixed, &refused_fixed);
    // An example may show what fails; nothing is left then that could be the same.
    if (!refused.empty()) continue;
    EXPECT_EQ(refused_fixed, "") << fixing->changes.front().after;
    ++compared;
    EXPECT_EQ(after, before) << fixing->changes.front().after;
  }
  EXPECT_GT(compared, 10U) << "what is compared must not shrink unnoticed";
}

// ---- files that follow
// ---------------------------------------------------------------------------

using Texts = std::map<std::string, std::string>;  // by path below the folder

// A project whose second migration builds an index and adds a constraint in the runner's
// transaction, and what unsafe fixes make of it.
struct Split {
  std::string name;
  Texts before;
  Texts after;  // files that are new or changed
};

constexpr char kTable[] = "create table account (id bigint primary key, email text, name text);\n";
constexpr char kIndex[] = "create index account_email on account (email);\n";
constexpr char kBuilt[] = "create index CONCURRENTLY account_email on account (email);\n";
constexpr char kCheck[] = "alter table account add constraint short check (length(email) < 99);\n";
constexpr char kUnchecked[] =
    "alter table account add constraint short check (length(email) < 99) NOT VALID;\n";
constexpr char kValidated[] = "ALTER TABLE account VALIDATE CONSTRAINT short;\n";

std::vector<Split> Splits() {
  const auto cat = [](const auto&... parts) { return absl::StrCat(parts...); };
  const std::string dbmate_down = "\n-- migrate:down\n";
  const std::string nothing = "-- irreversible: it leaves nothing that a down could undo\n";
  return {
      {"dbmate",
       {{"db/migrations/20250101000000_create.sql", cat("-- migrate:up\n", kTable, dbmate_down)},
        {"db/migrations/20250102000000_add.sql",
         cat("-- migrate:up\n", kIndex, kCheck, dbmate_down)}},
       {{"db/migrations/20250102000000_add.sql", cat("-- migrate:up\n", kUnchecked, dbmate_down)},
        {"db/migrations/20250102000001_finish_add.sql",
         cat("-- migrate:up transaction:false\n", kBuilt, dbmate_down)},
        {"db/migrations/20250102000002_finish_add.sql",
         cat("-- migrate:up\n", kValidated, dbmate_down)}}},
      {"goose",
       {{"m/00001_create.sql", cat("-- +goose Up\n", kTable)},
        {"m/00002_add.sql", cat("-- +goose Up\n", kIndex, kCheck)},
        {"m/00003_other.sql", cat("-- +goose Up\n", "create table other (id bigint);\n")}},
       {{"m/00002_add.sql", cat("-- +goose Up\n", kUnchecked)},
        {"m/00004_finish_add.sql", cat("-- +goose NO TRANSACTION\n-- +goose Up\n", kBuilt)},
        {"m/00005_finish_add.sql", cat("-- +goose Up\n", kValidated)}}},
      {"golang_migrate",
       {{"m/1_create.up.sql", kTable},
        {"m/1_create.down.sql", "drop table account;\n"},
        {"m/2_add.up.sql", cat(kIndex, kCheck)},
        {"m/2_add.down.sql", "drop index account_email;\n"}},
       {{"m/2_add.up.sql", kUnchecked},
        {"m/3_finish_add.up.sql", cat("-- irreversible: it is undone by 2_add.down.sql\n", kBuilt)},
        {"m/4_finish_add.up.sql", cat(nothing, kValidated)}}},
      {"golang_migrate_without_that_down",
       {{"m/1_create.up.sql", kTable},
        {"m/1_create.down.sql", "drop table account;\n"},
        {"m/2_add.up.sql", cat(kIndex, kCheck)}},
       {{"m/2_add.up.sql", kUnchecked},
        {"m/3_finish_add.up.sql", kBuilt},
        {"m/3_finish_add.down.sql", "drop index concurrently account_email;\n"},
        {"m/4_finish_add.up.sql", cat(nothing, kValidated)}}},
      {"prisma",
       {{"prisma/migrations/migration_lock.toml", "provider = \"postgresql\"\n"},
        {"prisma/migrations/20250101000000_create/migration.sql", kTable},
        {"prisma/migrations/20250102000000_add/migration.sql", cat(kIndex, kCheck)}},
       {{"prisma/migrations/20250102000000_add/migration.sql", kUnchecked},
        {"prisma/migrations/20250102000001_finish_add/migration.sql", kBuilt},
        {"prisma/migrations/20250102000002_finish_add/migration.sql", kValidated}}},
      {"diesel",
       {{"diesel.toml", ""},
        {"migrations/2025-01-01-000000_create/up.sql", kTable},
        {"migrations/2025-01-01-000000_create/down.sql", "drop table account;\n"},
        {"migrations/2025-01-02-000000_add/up.sql", cat(kIndex, kCheck)},
        {"migrations/2025-01-02-000000_add/down.sql", "drop index account_email;\n"}},
       // It says what runs outside a transaction in another file, so the index stays.
       {{"migrations/2025-01-02-000000_add/up.sql", cat(kIndex, kUnchecked)},
        {"migrations/2025-01-02-000001_finish_add/up.sql", cat(nothing, kValidated)}}},
      {"flyway",
       {{"sql/V1__create.sql", kTable}, {"sql/V2__add.sql", cat(kIndex, kCheck)}},
       {{"sql/V2__add.sql", kUnchecked},
        {"sql/V3__finish_add.sql", kBuilt},
        {"sql/V4__finish_add.sql", kValidated}}},
      {"supabase",
       {{"supabase/migrations/20250101000000_create.sql", kTable},
        {"supabase/migrations/20250102000000_add.sql", cat(kIndex, kCheck)}},
       {{"supabase/migrations/20250102000000_add.sql", kUnchecked},
        {"supabase/migrations/20250102000001_finish_add.sql", kBuilt},
        {"supabase/migrations/20250102000002_finish_add.sql", kValidated}}},
  };
}

TEST_P(FixedSchemaTest, WhatFollowsIsAFileOfTheRunners) {
  for (const Split& split : Splits()) {
    SCOPED_TRACE(split.name);
    TemporaryFolder folder;
    LoadOptions load;
    load.paths = {folder.path()};
    for (const auto& [name, text] : split.before) folder.Write(name, text);
    const absl::StatusOr<Fixing> fixing =
        FixAll(load, {.select = {"index-build-blocks-writes", "check-validates"}}, /*unsafe=*/true);
    ASSERT_TRUE(fixing.ok()) << fixing.status();
    Texts changed;
    LoadOptions fixed = load;
    for (const FileChange& change : fixing->changes) {
      changed[change.path.substr(folder.path().size() + 1)] = change.after;
      fixed.overlay[change.path] = change.after;
    }
    EXPECT_EQ(changed, split.after);
    std::string refused;
    const std::string before = PictureAfter(load, &refused);
    EXPECT_EQ(refused, "");
    EXPECT_EQ(PictureAfter(fixed, &refused), before);
    EXPECT_EQ(refused, "");
    // What was written is what was judged.
    ASSERT_EQ(WriteChanges(fixing->changes), absl::OkStatus());
    const std::map<std::string, int> left = CountsOf(Analysed(load));
    EXPECT_EQ(left, CountsOf(fixing->reports.empty() ? std::vector<Report>() : Analysed(fixed)));
    EXPECT_FALSE(left.contains("check-validates"));
    EXPECT_EQ(left.contains("index-build-blocks-writes"), split.name == "diesel");
    EXPECT_FALSE(left.contains("concurrently-in-transaction"));
  }
}

INSTANTIATE_TEST_SUITE_P(Servers, FixedSchemaTest, testing::Values(18), replay::ServerName);

}  // namespace
}  // namespace plimsoll
