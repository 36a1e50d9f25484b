// Predicts what was measured on PostgreSQL 12 to 18 (fixtures/effects) and compares. No server is
// asked; oracle_test measures again.

#include "tests/support/truth.h"

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "tests/support/source_tree.h"

namespace plimsoll {
namespace {

using truth::Case;
using truth::Measured;

struct Outcome {
  std::map<int, truth::Tally> tallies;
  std::map<std::string, std::string> complaints;  // of modelled statements, by case
};

const Outcome& Compared() {
  static const Outcome* compared = [] {
    auto* outcome = new Outcome;
    for (const Case& truth_case : truth::LoadCases()) {
      for (const Measured& group : truth_case.measured) {
        for (const int server : group.servers) {
          const truth::Prediction prediction =
              truth::Predict(truth_case, group.deeds.outside_transactions, server);
          const std::string difference = truth::Compare(truth_case, group.deeds, prediction);
          truth::Tally& tally = outcome->tallies[server];
          ++tally.cases;
          if (!prediction.modelled) ++tally.unmodelled;
          if (difference.empty()) continue;
          tally.disagreeing.push_back(truth_case.name);
          std::string& complaint = outcome->complaints[truth_case.name];
          if (complaint.empty() && prediction.modelled) {
            complaint =
                absl::StrCat(truth::Show(truth_case), "on PostgreSQL ", server, ":\n", difference);
          }
        }
      }
    }
    return outcome;
  }();
  return *compared;
}

TEST(Truth, EveryCaseIsMeasuredAndHasANameOfItsOwn) {
  std::set<std::string> names;
  for (const Case& truth_case : truth::LoadCases()) {
    EXPECT_TRUE(names.insert(truth_case.name).second) << truth_case.name;
    EXPECT_FALSE(truth_case.statement.empty()) << truth_case.name;
    EXPECT_FALSE(truth_case.measured.empty())
        << truth_case.name << " has no measurement: ./dev oracle all --record --filter "
        << truth_case.name;
  }
  EXPECT_GE(names.size(), 1900U) << "cases were lost";
}

TEST(Truth, PredictionsAgreeWithMeasurements) {
  const Outcome& outcome = Compared();
  for (const auto& [name, complaint] : outcome.complaints) {
    if (truth::KnownDifferences().contains(name)) continue;
    EXPECT_EQ(complaint, "") << name;
  }
}

TEST(Truth, WhatAgreesIsNotListedAsDifferent) {
  std::set<std::string> agreeing;
  for (const auto& [name, why] : truth::KnownDifferences()) {
    if (!Compared().complaints.contains(name)) agreeing.insert(name);
  }
  if (testing_support::UpdateWanted()) {
    truth::ForgetDifferences(agreeing);
  } else {
    EXPECT_EQ(absl::StrJoin(agreeing, ", "), "")
        << "these agree now, or are no cases: ./dev update takes them off the list";
  }
}

TEST(Truth, AccuracyIsWrittenDown) {
  constexpr absl::string_view kPage = "docs/accuracy.md";
  const std::string found = truth::RenderAccuracy(Compared().tallies);
  if (testing_support::UpdateWanted()) testing_support::WriteTreeFile(kPage, found);
  EXPECT_EQ(testing_support::ReadTreeFile(kPage), found) << "run `./dev update`";
}

// The comparison must see each kind of difference, or agreement means nothing.
TEST(Truth, ComparisonSeesEveryKindOfDifference) {
  const Case truth_case = {.statement = "alter table t add column z int"};
  const truth::Deeds real = {.locks = {{"t", LockMode::kAccessExclusive}},
                             .rewritten = {"t"},
                             .scanned = {"t"},
                             .rebuilt = {"i"}};
  const auto complaint = [&](auto change) {
    truth::Prediction prediction = {.modelled = true, .deeds = real};
    change(prediction);
    return truth::Compare(truth_case, real, prediction);
  };
  EXPECT_NE(complaint([](auto& p) { p.modelled = false; }), "");
  EXPECT_NE(complaint([](auto& p) { p.deeds.sqlstate = "42601"; }), "");
  EXPECT_NE(complaint([](auto& p) { p.deeds.outside_transactions = true; }), "");
  EXPECT_NE(complaint([](auto& p) { p.deeds.locks["t"] = LockMode::kShare; }), "");
  EXPECT_NE(complaint([](auto& p) { p.deeds.locks["u"] = LockMode::kAccessShare; }), "");
  EXPECT_NE(complaint([](auto& p) { p.deeds.rewritten.clear(); }), "");
  EXPECT_NE(complaint([](auto& p) { p.deeds.scanned.insert("u"); }), "");
  EXPECT_NE(complaint([](auto& p) { p.deeds.rebuilt.clear(); }), "");
  EXPECT_NE(complaint([](auto& p) { p.deeds.reused.insert("i"); }), "");
  EXPECT_NE(complaint([](auto& p) { p.deeds.created.insert("i"); }), "");
}

}  // namespace
}  // namespace plimsoll
