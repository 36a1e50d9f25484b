#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "analyzer/checking/files.h"
#include "tests/support/source_tree.h"
#include "tests/support/temporary_folder.h"
#include "workspace/convention.h"
#include "workspace/files.h"
#include "workspace/load.h"
#include "workspace/writing.h"

namespace plimsoll {
namespace {

using testing_support::ReadTreeFile;

using testing_support::TemporaryFolder;

// Standard input is this text while the object lives.
class StdinIs {
 public:
  explicit StdinIs(const std::string& file) : saved_(dup(STDIN_FILENO)) {
    const int opened = open(file.c_str(), O_RDONLY | O_CLOEXEC);
    dup2(opened, STDIN_FILENO);
    close(opened);
  }
  ~StdinIs() {
    dup2(saved_, STDIN_FILENO);
    close(saved_);
  }
  StdinIs(const StdinIs&) = delete;
  StdinIs& operator=(const StdinIs&) = delete;

 private:
  int saved_;
};

absl::string_view WrappingWord(Wrapping wrapping) {
  switch (wrapping) {
    case Wrapping::kNone:
      return "none";
    case Wrapping::kFile:
      return "file";
    case Wrapping::kAroundForbidden:
      return "around";
    case Wrapping::kMessage:
      return "message";
    case Wrapping::kChangesets:
      return "changeset";
  }
  return "";
}

// Everything that a layout decides, for people to read.
std::string Describe(const std::vector<Project>& projects, absl::string_view folder) {
  std::string text;
  const auto below = [&](absl::string_view path) {
    absl::ConsumePrefix(&path, folder);
    absl::ConsumePrefix(&path, "/");
    return path.empty() ? absl::string_view(".") : path;
  };
  for (const Project& project : projects) {
    absl::StrAppend(&text, below(project.root), ": ", LayoutName(project.layout),
                    ", because of: ", project.why, "\n");
    for (const Migration& migration : project.inputs.migrations) {
      absl::StrAppend(&text, "  ", migration.down ? "down " : "up   ",
                      WrappingWord(migration.wrapping), " ",
                      below(migration.script->source->name()));
      if (!migration.version.empty()) absl::StrAppend(&text, ", version ", migration.version);
      if (migration.undoes) {
        const Migration& up = project.inputs.migrations[*migration.undoes];
        absl::StrAppend(&text, ", undoes ", below(up.script->source->name()));
      }
      absl::StrAppend(&text, migration.stray ? ", stray\n" : "\n");
    }
    for (const PassedOver& file : project.passed_over) {
      absl::StrAppend(&text, "  -    ", below(file.path), " ", file.why, "\n");
    }
  }
  return text;
}

std::vector<std::string> Names(const Project& project) {
  std::vector<std::string> names;
  for (const Migration& migration : project.inputs.migrations) {
    names.push_back(migration.script->source->name());
  }
  return names;
}

std::vector<std::string> FoldersIn(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& [name, is_folder] : ListFolder(folder)) {
    if (is_folder) names.push_back(name);
  }
  return names;
}

std::vector<Project> LoadOrFail(const LoadOptions& options) {
  absl::StatusOr<std::vector<Project>> projects = Load(options);
  EXPECT_TRUE(projects.ok()) << projects.status().message();
  return projects.ok() ? *std::move(projects) : std::vector<Project>();
}

std::string ErrorOf(const std::vector<std::string>& paths) {
  return std::string(Load({.paths = paths}).status().message());
}

class LayoutTest : public testing::TestWithParam<std::string> {};

// fixtures/layouts/NAME.expected says what is found in fixtures/layouts/NAME.
TEST_P(LayoutTest, IsFoundWithItsOrderItsDownsAndItsTransactions) {
  const std::string folder = absl::StrCat("fixtures/layouts/", GetParam());
  const std::string found =
      Describe(LoadOrFail({.paths = {folder}, .keep_passed_over = true}), folder);
  const std::string expected = absl::StrCat(folder, ".expected");
  if (testing_support::UpdateWanted()) testing_support::WriteTreeFile(expected, found);
  EXPECT_EQ(ReadTreeFile(expected), found);
}

INSTANTIATE_TEST_SUITE_P(Fixtures, LayoutTest, testing::ValuesIn(FoldersIn("fixtures/layouts")),
                         [](const auto& parameter) { return parameter.param; });

// What is made is the last of its project, in its layout, and paired where the layout has downs.
TEST_P(LayoutTest, TakesANewMigrationAsItsLast) {
  const TemporaryFolder folder;
  std::filesystem::copy(
      absl::StrCat("fixtures/layouts/", GetParam()), folder.path(),
      std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing);
  for (const Project& project : LoadOrFail({.paths = {folder.path()}})) {
    const Authorship by = {.now = 1'800'000'000, .name = "Ann B.", .email = "ann@example.org"};
    const absl::StatusOr<std::vector<FileChange>> files =
        NewMigration(project, "Add things;\ndrop table account", by);
    const Convention& convention = ConventionOf(project.layout);
    const std::vector<Migration>& before = project.inputs.migrations;
    if (!files.ok()) {
      const bool versioned =
          std::any_of(before.begin(), before.end(),
                      [](const Migration& migration) { return !migration.version.empty(); });
      EXPECT_FALSE(convention.new_file && versioned) << files.status();
      EXPECT_NE(project.layout, Layout::kSqitch);
      EXPECT_NE(project.layout, Layout::kYoyo);
      continue;
    }
    ASSERT_TRUE(WriteChanges(*files).ok());
    // What is there already is not made again; Drizzle's journal has it and goes on from there.
    EXPECT_EQ(NewMigration(project, "Add things; drop table account", by).ok(),
              project.layout == Layout::kDrizzle);
    const std::vector<Project> again = LoadOrFail({.paths = {project.root}});
    ASSERT_EQ(again.size(), 1U);
    EXPECT_EQ(again[0].layout, project.layout);
    const std::vector<Migration>& all = again[0].inputs.migrations;
    // Sqitch's plan and a script that verifies, Drizzle's journal and Atlas's hashes are no
    // migrations.
    const bool one_list = project.layout == Layout::kDrizzle || project.layout == Layout::kAtlas;
    const size_t others = project.layout == Layout::kSqitch ? 2 : one_list ? 1 : 0;
    EXPECT_EQ(all.size(), before.size() + files->size() - others);
    const auto made = std::find_if(all.begin(), all.end(), [&](const Migration& migration) {
      return migration.script->source->name() == (*files)[0].path;
    });
    ASSERT_NE(made, all.end());
    EXPECT_FALSE(DoesSomething(*made->script, Direction::kUp)) << "a description is no SQL";
    EXPECT_FALSE(made->stray);
    for (auto later = made + 1; later != all.end(); ++later) {
      EXPECT_TRUE(later->down || later->stray || later->version.empty());
    }
    const auto index = static_cast<uint32_t>(made - all.begin());
    const bool paired = std::any_of(all.begin(), all.end(), [&](const Migration& migration) {
      return migration.undoes == index;
    });
    EXPECT_EQ(paired, files->size() - others > 1);
    // Nobody is told of a file that was only just made.
    Project judged = again[0];
    judged.inputs.now = by.now;
    const Report report = Judge(std::move(judged), {});
    for (const Finding& finding : report.findings) {
      const std::string& path =
          report.history.migrations()[finding.migration].script->source->name();
      const bool is_new = std::any_of(files->begin(), files->end(),
                                      [&](const FileChange& file) { return file.path == path; });
      EXPECT_FALSE(is_new) << path << ": " << finding.rule->id << ": " << finding.message;
    }
  }
}

TEST(WritingTest, BeginsAsTheDocumentsOfItsLayoutDo) {
  const TemporaryFolder folder;
  folder.Write("up/001_create.sql", "create table account (id bigint primary key);");
  folder.Write("down/001_create.sql", "drop table account;");
  const std::vector<Project> projects = LoadOrFail({.paths = {folder.path()}});
  ASSERT_EQ(projects.size(), 1U);
  Authorship by = {.now = 1'800'000'000};
  const absl::StatusOr<std::vector<FileChange>> unsigned_files =
      NewMigration(projects[0], "Add a note", by);
  ASSERT_TRUE(unsigned_files.ok());
  EXPECT_EQ((*unsigned_files)[0].after,
            "-- Migration: 002_add_a_note\n-- Author: [NAME]\n-- Date: 2027-01-15\n"
            "-- Purpose: Add a note\n\nBEGIN;\n\nCOMMIT;\n");
  by.name = "Ann B.";
  const absl::StatusOr<std::vector<FileChange>> files = NewMigration(projects[0], "Add a note", by);
  ASSERT_TRUE(files.ok());
  EXPECT_EQ((*files)[1].after,
            "-- Rollback: 002_add_a_note\n-- Author: Ann B.\n-- Date: 2027-01-15\n"
            "-- Purpose: Rollback for 002_add_a_note\n\nBEGIN;\n\nCOMMIT;\n");
}

TEST(WritingTest, FillsInTheProjectsTemplate) {
  const TemporaryFolder folder;
  folder.Write("001_create.sql", "-- +goose Up\ncreate table account (id bigint primary key);");
  const std::vector<Project> projects = LoadOrFail({.paths = {folder.path()}});
  ASSERT_EQ(projects.size(), 1U);
  Authorship by = {
      .now = 1'800'000'000,
      .name = "Ann B.",
      .template_path = "t.sql",
      .template_text = "-- {{title}} ({{ version }})\n-- {{author}}, {{time}}, {{date}} {{"};
  const absl::StatusOr<std::vector<FileChange>> files = NewMigration(projects[0], "Add a note", by);
  ASSERT_TRUE(files.ok());
  EXPECT_EQ((*files)[0].after,
            "-- +goose Up\n-- Add a note (002)\n-- Ann B., 2027-01-15 08:00:00 UTC, 2027-01-15 {{"
            "\n-- +goose Down\n");
  by.template_text = "-- {{title}}\n\n-- {{titel}}\n";
  EXPECT_EQ(NewMigration(projects[0], "Add a note", by).status().message(),
            "t.sql:3: there is no {{titel}}; there are {{title}}, {{version}}, {{date}}, {{time}} "
            "and {{author}}");
}

TEST(WritingTest, PlansAChangeOfSqitch) {
  const TemporaryFolder folder;
  folder.Write("sqitch.plan",
               "%syntax-version=1.0.0\n%project=shop\n\n"
               "a 2024-01-01T00:00:00Z Ann <ann@example.org> # the first");
  folder.Write("deploy/a.sql", "create table account (id bigint primary key);");
  const std::vector<Project> projects = LoadOrFail({.paths = {folder.path()}});
  ASSERT_EQ(projects.size(), 1U);
  Authorship by = {.now = 1'800'000'000};
  EXPECT_EQ(
      NewMigration(projects[0], "Add a note", by).status().message(),
      absl::StrCat("\"", projects[0].root,
                   "\" (Sqitch): its plan names who planned a change: "
                   "git config user.name \"Your Name\", git config user.email you@example.org"));
  by.name = "Ann B.";
  by.email = "ann@example.org";
  const absl::StatusOr<std::vector<FileChange>> files = NewMigration(projects[0], "Add a note", by);
  ASSERT_TRUE(files.ok());
  ASSERT_EQ(files->size(), 4U);
  EXPECT_EQ((*files)[0].after, "-- Deploy shop:add_a_note to pg\n\nBEGIN;\n\nCOMMIT;\n");
  EXPECT_EQ((*files)[2].after, "-- Verify shop:add_a_note on pg\n\nBEGIN;\n\nROLLBACK;\n");
  EXPECT_EQ((*files)[3].after,
            "%syntax-version=1.0.0\n%project=shop\n\n"
            "a 2024-01-01T00:00:00Z Ann <ann@example.org> # the first\n"
            "add_a_note 2027-01-15T08:00:00Z Ann B. <ann@example.org> # Add a note\n");
}

TEST(WritingTest, WritesAChangesetOfLiquibase) {
  const TemporaryFolder folder;
  folder.Write("001_create.sql", "--liquibase formatted sql\n--changeset ann:create\nselect 1;\n");
  const std::vector<Project> projects = LoadOrFail({.paths = {folder.path()}});
  ASSERT_EQ(projects.size(), 1U);
  Authorship by = {.now = 1'800'000'000};
  EXPECT_FALSE(NewMigration(projects[0], "Add a note", by).ok());
  by.name = "Ann B.";
  const absl::StatusOr<std::vector<FileChange>> files = NewMigration(projects[0], "Add a note", by);
  ASSERT_TRUE(files.ok());
  EXPECT_EQ((*files)[0].path, JoinPath(projects[0].root, "002_add_a_note.sql"));
  EXPECT_EQ((*files)[0].after,
            "--liquibase formatted sql\n\n--changeset ann_b:add_a_note\n--comment: Add a note\n");
}

TEST(WritingTest, GoesOnInTheMannerOfTheLastVersion) {
  constexpr int64_t kNow = 1'800'000'000;  // 2027-01-15 08:00:00
  EXPECT_EQ(NextVersion("009", kNow), "010");
  EXPECT_EQ(NextVersion("999", kNow), "1000");
  EXPECT_EQ(NextVersion("1.9", kNow), "1.10");
  EXPECT_EQ(NextVersion("20250101000000", kNow), "20270115080000");
  EXPECT_EQ(NextVersion("20281231235959", kNow), "20290101000000");
  EXPECT_EQ(NextVersion("2025-01-01-000000", kNow), "2027-01-15-080000");
  EXPECT_EQ(NextVersion("2025-01-01-000000-0000", kNow), "2027-01-15-080000-0000");
  EXPECT_EQ(NextVersion("20250101", kNow), "20270115");
  EXPECT_EQ(NextVersion("20281231", kNow), "20290101");
  EXPECT_EQ(NextVersion("1700000000000", kNow), "1800000000000");
  EXPECT_EQ(NextVersion("1900000000000", kNow), "1900000000001");
  EXPECT_EQ(SlugOf("  Add user--Preferences! "), "add_user_preferences");
  EXPECT_EQ(SlugOf("!"), "");
}

TEST(LoadTest, GivesTheSameWhateverTheNumberOfThreads) {
  for (const std::string folder : {"fixtures/layouts", "fixtures/projects"}) {
    const std::vector<Project> alone = LoadOrFail({.paths = {folder}, .jobs = 1});
    const std::vector<Project> together = LoadOrFail({.paths = {folder}, .jobs = 8});
    EXPECT_EQ(Describe(alone, ""), Describe(together, ""));
    ASSERT_EQ(alone.size(), together.size());
    for (size_t i = 0; i < alone.size(); ++i) {
      for (size_t j = 0; j < alone[i].inputs.migrations.size(); ++j) {
        EXPECT_EQ(alone[i].inputs.migrations[j].script->statements.size(),
                  together[i].inputs.migrations[j].script->statements.size());
      }
    }
  }
}

TEST(LoadTest, WritesPathsAsTheUserDoes) {
  const std::vector<Project> projects = LoadOrFail({.paths = {"./fixtures//layouts/numbered/"}});
  ASSERT_EQ(projects.size(), 1);
  EXPECT_EQ(projects[0].root, "fixtures/layouts/numbered");
  EXPECT_EQ(Names(projects[0]).front(), "fixtures/layouts/numbered/001_create.sql");
}

TEST(LoadTest, PassesTheServerVersionOn) {
  const std::vector<Project> projects =
      LoadOrFail({.paths = {"fixtures/layouts/goose"}, .server_version = 14});
  ASSERT_EQ(projects.size(), 1);
  EXPECT_EQ(projects[0].inputs.server_version, 14);
}

TEST(LoadTest, TakesTheTransactionThatTheUserNames) {
  for (const Wrapping wrapping : {Wrapping::kNone, Wrapping::kFile, Wrapping::kMessage}) {
    const std::vector<Project> projects =
        LoadOrFail({.paths = {"fixtures/layouts/supabase"}, .transaction = wrapping});
    ASSERT_EQ(projects.size(), 1);
    for (const Migration& migration : projects[0].inputs.migrations) {
      EXPECT_EQ(migration.wrapping, wrapping);
    }
  }
}

TEST(LoadTest, OrdersFilesGivenByNameAsTheirLayoutDoes) {
  const std::string folder = "fixtures/layouts/golang_migrate/";
  const std::vector<Project> projects =
      LoadOrFail({.paths = {folder + "10_ten.up.sql", folder + "2_two.down.sql",
                            folder + "2_two.up.sql", folder + "1_one.up.sql"},
                  .amid_others = false});
  ASSERT_EQ(projects.size(), 1);
  EXPECT_EQ(projects[0].layout, Layout::kGolangMigrate);
  EXPECT_EQ(Names(projects[0]),
            (std::vector<std::string>{folder + "1_one.up.sql", folder + "2_two.up.sql",
                                      folder + "10_ten.up.sql", folder + "2_two.down.sql"}));
  EXPECT_TRUE(projects[0].inputs.migrations[3].down);
}

// Names, each with `*` where the file is judged.
std::vector<std::string> Judged(const Project& project) {
  std::vector<std::string> names = Names(project);
  for (size_t m = 0; m < names.size(); ++m) {
    if (!project.inputs.migrations[m].applied) names[m].push_back('*');
  }
  return names;
}

TEST(LoadTest, PutsFilesGivenByNameAmidTheOthersOfTheirLayout) {
  const std::string folder = "fixtures/layouts/golang_migrate/";
  const std::vector<Project> projects = LoadOrFail({.paths = {folder + "2_two.up.sql"}});
  ASSERT_EQ(projects.size(), 1);
  EXPECT_FALSE(projects[0].inputs.whole);
  EXPECT_EQ(projects[0].root, "fixtures/layouts/golang_migrate");
  EXPECT_EQ(Judged(projects[0]),
            (std::vector<std::string>{folder + "1_one.up.sql", folder + "2_two.up.sql*",
                                      folder + "10_ten.up.sql", folder + "1_one.down.sql",
                                      folder + "2_two.down.sql", folder + "10_ten.down.sql"}));
}

TEST(LoadTest, KeepsHistoriesOfFilesGivenByNameApart) {
  const std::vector<Project> projects =
      LoadOrFail({.paths = {"fixtures/layouts/numbered/002_index.sql",
                            "fixtures/layouts/goose/00001_create.sql"}});
  ASSERT_EQ(projects.size(), 2);
  EXPECT_EQ(projects[0].layout, Layout::kNumbered);
  EXPECT_EQ(projects[1].layout, Layout::kGoose);
}

TEST(LoadTest, KeepsTheOrderGivenWhereOneFollowsNoLayout) {
  const std::vector<std::string> files = {"fixtures/layouts/bare/a.sql",
                                          "fixtures/layouts/numbered/002_index.sql",
                                          "fixtures/layouts/goose/00001_create.sql"};
  const std::vector<Project> projects = LoadOrFail({.paths = files});
  ASSERT_EQ(projects.size(), 1);
  EXPECT_EQ(projects[0].layout, Layout::kBare);
  EXPECT_EQ(Names(projects[0]), files);
  // Each still runs as its own folder's runner would run it.
  EXPECT_EQ(projects[0].inputs.migrations[0].wrapping, Wrapping::kNone);
  EXPECT_EQ(projects[0].inputs.migrations[1].wrapping, Wrapping::kFile);
}

TEST(LoadTest, KeepsTheOrderGivenOfPlainFiles) {
  const std::vector<std::string> files = {"fixtures/layouts/bare/views/b10.sql",
                                          "fixtures/layouts/bare/views/b2.sql"};
  const std::vector<Project> projects = LoadOrFail({.paths = files});
  ASSERT_EQ(projects.size(), 1);
  EXPECT_EQ(Names(projects[0]), files);
}

TEST(LoadTest, AnalysesDownsThatAreGivenAlone) {
  const std::string folder = "fixtures/layouts/numbered/rollbacks";
  for (const std::vector<std::string>& paths :
       {std::vector<std::string>{folder},
        {folder + "/001_rollback.sql", folder + "/010_rollback.sql"}}) {
    const std::vector<Project> projects = LoadOrFail({.paths = paths, .amid_others = false});
    ASSERT_EQ(projects.size(), 1);
    EXPECT_EQ(projects[0].root, "fixtures/layouts/numbered");
    EXPECT_EQ(Names(projects[0]), (std::vector<std::string>{folder + "/010_rollback.sql",
                                                            folder + "/001_rollback.sql"}));
    EXPECT_FALSE(projects[0].inputs.migrations[0].down);
  }
}

TEST(LoadTest, RunsADownBehindWhatItUndoes) {
  const std::string root = "fixtures/layouts/numbered/";
  const std::vector<Project> projects =
      LoadOrFail({.paths = {root + "rollbacks/001_rollback.sql"}, .run_downs = true});
  ASSERT_EQ(projects.size(), 1);
  EXPECT_EQ(Judged(projects[0]), (std::vector<std::string>{root + "001_create.sql",
                                                           root + "rollbacks/001_rollback.sql*"}));
  EXPECT_FALSE(projects[0].inputs.migrations[1].down);
}

TEST(LoadTest, JudgesADownBesideWhatItUndoes) {
  const std::string root = "fixtures/layouts/numbered/";
  for (const std::string& path : {root + "rollbacks/001_rollback.sql", root + "rollbacks"}) {
    const std::vector<Project> projects = LoadOrFail({.paths = {path}});
    ASSERT_EQ(projects.size(), 1);
    const std::vector<Migration>& migrations = projects[0].inputs.migrations;
    const auto down = std::find_if(migrations.begin(), migrations.end(), [](const Migration& one) {
      return FileNameOf(one) == "001_rollback.sql";
    });
    ASSERT_NE(down, migrations.end());
    EXPECT_TRUE(down->down);
    EXPECT_FALSE(down->applied);
    ASSERT_TRUE(down->undoes.has_value());
    EXPECT_EQ(FileNameOf(migrations[*down->undoes]), "001_create.sql");
    EXPECT_TRUE(migrations[*down->undoes].applied);
  }
}

TEST(LoadTest, KeepsFoldersApartAndReadsAFileOnce) {
  const std::vector<Project> projects =
      LoadOrFail({.paths = {"fixtures/layouts/goose", "fixtures/layouts/updown/down",
                            "fixtures/layouts/updown", "./fixtures/layouts/goose/"}});
  ASSERT_EQ(projects.size(), 2);
  EXPECT_EQ(projects[0].layout, Layout::kGoose);
  EXPECT_EQ(projects[0].inputs.migrations.size(), 2);
  EXPECT_EQ(projects[1].layout, Layout::kUpDown);
  EXPECT_EQ(projects[1].inputs.migrations.size(), 4);
}

TEST(LoadTest, ReadsStandardInput) {
  const TemporaryFolder folder;
  const StdinIs text(folder.Write("text", "select 1; select 2;"));
  const std::vector<Project> projects = LoadOrFail({.paths = {"-"}});
  ASSERT_EQ(projects.size(), 1);
  EXPECT_EQ(Names(projects[0]), (std::vector<std::string>{"<stdin>"}));
  EXPECT_EQ(projects[0].root, ".");
  EXPECT_EQ(projects[0].inputs.migrations[0].script->statements.size(), 2);
  EXPECT_EQ(projects[0].inputs.migrations[0].wrapping, Wrapping::kNone);
}

TEST(LoadTest, GivesStandardInputThePlaceOfTheFileItIsNamedAfter) {
  const TemporaryFolder folder;
  const StdinIs text(folder.Write("text", "select 1; select 2;"));
  const std::string folder_of_layout = "fixtures/layouts/numbered/";
  const std::vector<Project> projects =
      LoadOrFail({.paths = {"-", folder_of_layout + "001_create.sql"},
                  .amid_others = false,
                  .stdin_name = folder_of_layout + "003_unsaved.sql"});
  ASSERT_EQ(projects.size(), 1);
  EXPECT_EQ(projects[0].layout, Layout::kNumbered);
  EXPECT_EQ(Names(projects[0]), (std::vector<std::string>{folder_of_layout + "001_create.sql",
                                                          folder_of_layout + "003_unsaved.sql"}));
  EXPECT_EQ(projects[0].inputs.migrations[1].wrapping, Wrapping::kFile);
}

TEST(LoadTest, ReadsBytesThatAreNotUtf8AsTheyAre) {
  const TemporaryFolder folder;
  const std::string bytes = "select '\xff\xfe'; -- \xc3";
  const std::vector<Project> projects = LoadOrFail({.paths = {folder.Write("latin1.sql", bytes)}});
  ASSERT_EQ(projects.size(), 1);
  EXPECT_EQ(projects[0].inputs.migrations[0].script->source->text(), bytes);
}

TEST(LoadTest, NamesWhatDoesNotExist) {
  EXPECT_EQ(ErrorOf({"no/such.sql"}), "cannot read \"no/such.sql\": no such file or directory");
  EXPECT_EQ(ErrorOf({"fixtures/layouts/goose", "./no/such/"}),
            "cannot read \"no/such\": no such file or directory");
  EXPECT_EQ(ErrorOf({""}), "cannot read \"\": no such file or directory");
  EXPECT_EQ(ErrorOf({"README.md/1.sql"}), "cannot read \"README.md/1.sql\": not a directory");
  EXPECT_EQ(ErrorOf({}), "no files given");
}

TEST(LoadTest, NamesAFolderWithoutSql) {
  const TemporaryFolder folder;
  folder.Write("empty/readme.md", "nothing here");
  folder.Write("empty/.hidden/1.sql", "select 1;");
  folder.Write("empty/node_modules/1.sql", "select 1;");
  EXPECT_EQ(ErrorOf({folder.Path("empty")}),
            absl::StrCat("no SQL files under \"", folder.Path("empty"), "\""));
}

TEST(LoadTest, NamesAFileThatCannotBeRead) {
  const TemporaryFolder folder;
  folder.Write("m/1_one.sql", "select 1;");
  const std::string dangling = folder.Path("m/2_two.sql");
  std::filesystem::create_symlink("nowhere", dangling);
  const std::string expected =
      absl::StrCat("cannot read \"", dangling, "\": no such file or directory");
  EXPECT_EQ(ErrorOf({folder.Path("m")}), expected);
  EXPECT_EQ(ErrorOf({dangling}), expected);
}

// A socket can be opened by nobody, not even by root.
TEST(LoadTest, SaysWhyAFileCannotBeRead) {
  const TemporaryFolder folder;
  const std::string path = folder.Path("socket.sql");
  const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  ASSERT_EQ(bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(ErrorOf({path}), absl::StrCat("cannot read \"", path, "\": no such device or address"));
  close(listener);
}

// Reading one would wait until somebody writes into it.
TEST(LoadTest, LeavesPipesInFoldersAlone) {
  const TemporaryFolder folder;
  folder.Write("m/1_one.sql", "select 1;");
  ASSERT_EQ(mkfifo(folder.Path("m/2_pipe.sql").c_str(), 0600), 0);
  std::filesystem::create_symlink("2_pipe.sql", folder.Path("m/3_link.sql"));
  const std::vector<Project> projects = LoadOrFail({.paths = {folder.Path("m")}});
  ASSERT_EQ(projects.size(), 1);
  EXPECT_EQ(Names(projects[0]), std::vector<std::string>{folder.Path("m/1_one.sql")});
}

TEST(LoadTest, NamesABrokenJournal) {
  for (const std::string text : {"{", "[]", "{\"entries\": 1}", "{\"entries\": [{\"tag\": 1}]}"}) {
    const TemporaryFolder folder;
    folder.Write("0000_a.sql", "select 1;");
    const std::string journal = folder.Write("meta/_journal.json", text);
    EXPECT_EQ(ErrorOf({folder.path()}),
              absl::StrCat("cannot read \"", journal, "\": not a journal of drizzle-kit"));
  }
}

TEST(LoadTest, IsNotLedAstrayByLinks) {
  const TemporaryFolder folder;
  folder.Write("m/1_one.sql", "select 1;");
  std::filesystem::create_directory_symlink("..", folder.Path("m/loop"));
  std::filesystem::create_directory_symlink(folder.Path("m"), folder.Path("other"));
  std::filesystem::create_symlink("1_one.sql", folder.Path("m/2_two.sql"));
  const std::vector<Project> walked = LoadOrFail({.paths = {folder.path()}});
  ASSERT_EQ(walked.size(), 1);
  EXPECT_EQ(walked[0].inputs.migrations.size(), 2);
  // A link that the user names is followed.
  EXPECT_EQ(LoadOrFail({.paths = {folder.Path("other")}})[0].inputs.migrations.size(), 2);
}

TEST(FilesTest, ComparesNumbersInNames) {
  EXPECT_TRUE(NaturalLess("2.sql", "10.sql"));
  EXPECT_FALSE(NaturalLess("10.sql", "2.sql"));
  EXPECT_TRUE(NaturalLess("a2b10", "a2b11"));
  EXPECT_TRUE(NaturalLess("01", "1"));
  EXPECT_FALSE(NaturalLess("1", "01"));
  EXPECT_FALSE(NaturalLess("x", "x"));
  EXPECT_TRUE(NaturalLess("x", "x1"));
  EXPECT_TRUE(NaturalLess("18446744073709551616", "18446744073709551617"));
}

TEST(FilesTest, TidiesPaths) {
  EXPECT_EQ(TidyPath("./a//b/./c/"), "a/b/c");
  EXPECT_EQ(TidyPath("../a"), "../a");
  EXPECT_EQ(TidyPath("/"), "/");
  EXPECT_EQ(TidyPath("."), ".");
  EXPECT_EQ(JoinPath(".", "a.sql"), "a.sql");
  EXPECT_EQ(ParentOf("/a"), "/");
  EXPECT_EQ(ParentOf("a"), ".");
}

// The demo applies one project and then its cure, so what both have in common must be the same.
TEST(ProjectsTest, TheCorrectedProjectBeginsAsTheOtherDoes) {
  const std::string before = "fixtures/projects/numbered/migrations/";
  const std::string after = "fixtures/projects/numbered-fixed/migrations/";
  for (const std::string name : {"001_initial_schema.sql", "002_add_batch_tracking.sql",
                                 "003_add_shopify_integration.sql"}) {
    EXPECT_EQ(ReadTreeFile(before + name), ReadTreeFile(after + name)) << name;
  }
}

TEST(ProjectsTest, FollowTheLayoutsOfTheirTeams) {
  std::vector<std::string> layouts;
  for (const Project& project : LoadOrFail({.paths = {"fixtures/projects"}})) {
    layouts.emplace_back(LayoutName(project.layout));
    for (const Migration& migration : project.inputs.migrations) {
      for (const Statement& statement : migration.script->statements) {
        EXPECT_FALSE(statement.problem.has_value()) << migration.script->source->name();
      }
    }
  }
  std::sort(layouts.begin(), layouts.end());
  EXPECT_EQ(layouts, (std::vector<std::string>{
                         "Drizzle", "Supabase", "numbered files with rollbacks",
                         "numbered files with rollbacks", "stages", "up and down folders"}));
}

}  // namespace
}  // namespace plimsoll
