// After replaying a history on a real server, the simulation's catalog is the server's: every
// table, column, constraint, index and sequence, with the names that PostgreSQL chose.

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "tests/support/example.h"
#include "tests/support/picture.h"
#include "tests/support/replay.h"
#include "tests/support/source_tree.h"
#include "tests/support/stage.h"
#include "tests/support/truth.h"
#include "workspace/load.h"

namespace plimsoll {
namespace {

// Something to replay.
struct Play {
  std::string name;
  Inputs inputs;
};

std::shared_ptr<const Script> Parse(const std::string& name, const std::string& text) {
  return std::make_shared<const Script>(ParseScript(std::make_shared<const Source>(name, text)));
}

// The set-up as one file, the statement with what stands before it in its transaction as the next.
Play PlayOf(const truth::Case& truth_case, const truth::Measured& measured, int server_version) {
  const bool block = !measured.deeds.outside_transactions;
  const std::string text = absl::StrCat(truth_case.session, "\n", block ? "BEGIN;\n" : "",
                                        truth_case.before, "\n", truth_case.statement);
  return {.name = truth_case.name,
          .inputs = {.migrations = {{.script = Parse("setup.sql", truth_case.setup)},
                                    {.script = Parse("statement.sql", text)}},
                     .start = Start::kEmpty,
                     .server_version = server_version}};
}

// A statement that fails leaves what its set-up made; that is compared once for all that share it.
std::vector<Play> MeasuredCases(int server_version) {
  std::vector<Play> plays;
  std::set<std::string> setups;
  for (const truth::Case& truth_case : truth::LoadCases()) {
    const truth::Measured* measured = truth::MeasurementOf(truth_case, server_version);
    if (measured == nullptr) continue;
    const bool seen = !setups.insert(truth_case.setup).second;
    if (seen && !measured->deeds.sqlstate.empty()) continue;
    plays.push_back(PlayOf(truth_case, *measured, server_version));
  }
  return plays;
}

std::vector<Play> Histories(int server_version) {
  std::vector<Play> plays;
  for (const testing_support::ExampleText& text : testing_support::HistoryFixtures()) {
    const auto example = testing_support::ParseExample(text.text, "migration.sql");
    if (!example.ok()) continue;  // fixtures_test complains
    plays.push_back({.name = text.path, .inputs = testing_support::InputsOf(*example)});
    plays.back().inputs.server_version = server_version;
  }
  return plays;
}

std::vector<Play> Projects(int server_version) {
  std::vector<Play> plays;
  const absl::StatusOr<std::vector<Project>> projects =
      Load({.paths = {PLIMSOLL_SOURCE_DIR "/fixtures/projects"},
            .server_version = server_version,
            .jobs = 1});
  EXPECT_TRUE(projects.ok()) << projects.status();
  for (const Project& project : *projects) {
    plays.push_back({.name = project.root, .inputs = project.inputs});
  }
  return plays;
}

// Everything the history did up to the moment is modelled.
bool IsModelled(const History& history, Moment moment) {
  for (Moment i = 0; i < moment; ++i) {
    const Effects& effects = history.steps()[i].effects;
    if (!effects.modelled && !effects.inert) return false;
  }
  return true;
}

class CatalogTest : public replay::StageTest {
 protected:
  void Check(Play play);

  size_t compared_ = 0;
  size_t unmodelled_ = 0;
  size_t refused_ = 0;
};

// Why something differs after a history, on servers up to a version.
struct Difference {
  absl::string_view why;
  int until = truth::kNewestServer;
};

// By the history's name. One that comes to agree has to leave this list.
const std::map<absl::string_view, Difference>& Differences() {
  static const auto* differences = new std::map<absl::string_view, Difference>{
      {"alter_extension_add_table", {"what joins an extension is left out of the picture"}},
      {"attach_partition_matching_fk_not_valid",
       {"18 keeps the part's own key beside the whole's"}},
      {"detach_partition_concurrently", {"the check that it leaves behind is not made yet"}},
      {"detach_concurrently_on_older", {"likewise"}},
      {"drop_function_used_by_generated", {"the generated column goes with the function", 14}},
      {"set_constraints_before_same_tx", {"a row that waits for its check makes COMMIT fail"}},
  };
  return *differences;
}

void CatalogTest::Check(Play play) {
  SCOPED_TRACE(play.name);
  const auto found = Differences().find(play.name);
  const bool known = found != Differences().end() && GetParam() <= found->second.until;
  const History history = Simulate(std::move(play.inputs));
  const absl::StatusOr<replay::Replayed> replayed = replay::Replay(*stage_, history);
  if (!replayed.ok() && known) return;
  ASSERT_TRUE(replayed.ok()) << replayed.status();
  if (!replayed->refused.empty()) ++refused_;
  if (!IsModelled(history, replayed->moment)) {
    ++unmodelled_;
    return;
  }
  const absl::StatusOr<Rows> rows = stage_->Picture();
  ASSERT_TRUE(rows.ok()) << rows.status();
  const picture::Picture predicted =
      picture::Of(history.At(replayed->moment), history.server_version());
  ++compared_;
  const std::string complaint = picture::Compare(predicted, picture::Of(*rows));
  if (known) {
    EXPECT_NE(complaint, "") << "agrees now: take it off the list";
  } else {
    EXPECT_EQ(complaint, "") << replayed->refused;
  }
}

TEST_P(CatalogTest, EqualsTheServersAfterMeasuredCases) {
  for (Play& play : MeasuredCases(GetParam())) Check(std::move(play));
  // What is compared must not shrink unnoticed.
  EXPECT_GE(compared_, 2000U) << unmodelled_ << " are not modelled";
  std::cout << compared_ << " catalogs compared, " << unmodelled_ << " not modelled, " << refused_
            << " refused by the server\n";
}

TEST_P(CatalogTest, EqualsTheServersAfterHistories) {
  for (Play& play : Histories(GetParam())) Check(std::move(play));
  for (Play& play : Projects(GetParam())) Check(std::move(play));
  std::cout << compared_ << " catalogs compared, " << unmodelled_ << " not modelled, " << refused_
            << " refused by the server\n";
}

INSTANTIATE_TEST_SUITE_P(Servers, CatalogTest, testing::ValuesIn(replay::Servers()),
                         replay::ServerName);

}  // namespace
}  // namespace plimsoll
