// Every row of the tables in effects.cc is needed: wrong in one respect, or gone, some measurement
// in fixtures disagrees with what it then predicts. So a row that nobody measured cannot be added.

#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "analyzer/simulation/effects_table.h"
#include "analyzer/simulation/history.h"
#include "gtest/gtest.h"
#include "tests/support/source_tree.h"
#include "tests/support/truth.h"

namespace plimsoll {
namespace {

using truth::Case;
using truth::Measured;

constexpr size_t kAnyAction = std::variant_size_v<ActionKind>;

// One measured case on one server that the true table predicts rightly.
struct Witness {
  const Case* truth_case = nullptr;
  const Measured* measured = nullptr;
  int server = 0;

  bool Agrees() const {
    const truth::Prediction prediction =
        truth::Predict(*truth_case, measured->deeds.outside_transactions, server);
    return truth::Compare(*truth_case, measured->deeds, prediction).empty();
  }
};

// The kinds of action that the case's own statement has.
std::set<size_t> ActionsOf(const Case& truth_case) {
  const auto source = std::make_shared<const Source>("statement.sql", truth_case.statement);
  const Script script = ParseScript(source);
  std::set<size_t> actions;
  for (const Statement& statement : script.statements) {
    for (const Action& action : statement.actions) actions.insert(action.kind.index());
  }
  return actions;
}

class MutationTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    cases_ = new std::vector<Case>(truth::LoadCases());
    witnesses_ = new std::vector<std::vector<Witness>>(kAnyAction + 1);
    for (const Case& truth_case : *cases_) {
      const std::set<size_t> actions = ActionsOf(truth_case);
      for (const Witness& witness : WitnessesOf(truth_case)) {
        for (const size_t action : actions) (*witnesses_)[action].push_back(witness);
        (*witnesses_)[kAnyAction].push_back(witness);
      }
    }
  }

  static std::vector<Witness> WitnessesOf(const Case& truth_case) {
    std::vector<Witness> witnesses;
    for (const Measured& measured : truth_case.measured) {
      for (const int server : measured.servers) {
        const Witness witness = {&truth_case, &measured, server};
        const truth::Prediction prediction =
            truth::Predict(truth_case, measured.deeds.outside_transactions, server);
        const bool agrees =
            prediction.modelled && truth::Compare(truth_case, measured.deeds, prediction).empty();
        if (agrees) witnesses.push_back(witness);
      }
    }
    return witnesses;
  }

  // Whether some witness of the row's action disagrees with the table as it is now.
  static bool IsNoticed(const Form& form) {
    const std::vector<Witness>& witnesses = (*witnesses_)[form.action];
    return std::any_of(witnesses.begin(), witnesses.end(),
                       [](const Witness& witness) { return !witness.Agrees(); });
  }

  static std::vector<Case>* cases_;
  static std::vector<std::vector<Witness>>* witnesses_;  // by action
};

std::vector<Case>* MutationTest::cases_ = nullptr;
std::vector<std::vector<Witness>>* MutationTest::witnesses_ = nullptr;

// A wrong row in the place of a true one; no row where it is taken out.
struct Mutant {
  std::string what;
  std::vector<EffectRow> rows;
};

std::vector<Mutant> MutantsOf(const EffectRow& row) {
  std::vector<Mutant> mutants = {{.what = "is gone", .rows = {}}};
  const auto add = [&](const std::string& what, auto change) {
    EffectRow changed = row;
    change(changed);
    mutants.push_back({.what = what, .rows = {changed}});
  };
  if (row.lock > LockMode::kAccessShare) {
    add("locks one step weaker", [](EffectRow& changed) {
      changed.lock = static_cast<LockMode>(static_cast<int>(changed.lock) - 1);
    });
  }
  if (row.lock < LockMode::kAccessExclusive) {
    add("locks one step stronger", [](EffectRow& changed) {
      changed.lock = static_cast<LockMode>(static_cast<int>(changed.lock) + 1);
    });
  }
  for (const int by : {-1, 1}) {
    const std::string later = by < 0 ? "one version earlier" : "one version later";
    if (row.since != EffectRow::kEver) {
      add("begins " + later, [by](EffectRow& changed) { changed.since += by; });
    }
    if (row.until != EffectRow::kStill) {
      add("ends " + later, [by](EffectRow& changed) { changed.until += by; });
    }
  }
  return mutants;
}

// The rows of a table as they stand in effects.cc, for a person to find them. Rows hold no braces,
// and their comments neither.
std::vector<std::string> RowTexts(const std::string& name) {
  const std::string text = testing_support::ReadTreeFile("analyzer/simulation/effects.cc");
  const size_t table = text.find(name + "[] = {") + name.size() + 5;
  std::vector<std::string> rows;
  for (size_t at = text.find('{', table + 1); at < text.find("\n};", table);) {
    const size_t end = text.find('}', at);
    rows.push_back(text.substr(at, end + 1 - at));
    at = text.find('{', end);
  }
  return rows;
}

// Rows that no case notices, and why. One that comes to be noticed has to leave this list.
const std::map<std::string, std::string>& Unnoticed() {
  static const char* const kWeak = "locks on indexes are compared only where ACCESS EXCLUSIVE";
  static const char* const kBriefly = "what runs outside transactions is only watched";
  static const char* const kFuture = "nobody has measured 19; newer_test holds what its notes say";
  static const char* const kBelow = "a stronger row holds on the other side of the bound";
  static const auto* rows = new std::map<std::string, std::string>{
      {"{Of<AlterDomain>(), kTable, kShare, kValidates, 0, kEver, 18}", kFuture},
      {"{Of<AlterDomain>(), kTable, kShareUpdateExclusive, kValidates, 0, 19}", kFuture},
      {"{Of(Upkeep::kRepack), kTable, kAccessExclusive}", kFuture},
      {"{Of(Upkeep::kRepack), kDescendant, kAccessExclusive}", kFuture},
      {"{Of<RearrangePartitions>(), kTable, kAccessExclusive}", kFuture},
      {"{Of<RearrangePartitions>(), kAttached, kAccessExclusive}", kFuture},
      {"{Of(Upkeep::kRepack), kRewritten, Cause::kMaintenance}", kFuture},
      {"{Of(Upkeep::kRepack), kBuiltIndex, Cause::kMaintenance}", kFuture},
      {"{Of(Upkeep::kRepack), kScanned, Cause::kMaintenance}", kFuture},
      {"{Of<RearrangePartitions>(), kRewritten, Cause::kPartition}", kFuture},
      {"{Of(Upkeep::kReindexDatabase), kTable, kShareUpdateExclusive, kConcurrently}", kBriefly},
      {"{Of(Upkeep::kReindexSchema), kTable, kShareUpdateExclusive, kConcurrently}", kBriefly},
      {"{Of(Alteration::kClusterOn), kUsedIndex, kShareUpdateExclusive}", kWeak},
      {"{Of(Alteration::kReplicaIdentity), kUsedIndex, kShare}", kWeak},
      {"{Of<AddConstraint>(), kUsedIndex, kShareUpdateExclusive}", kWeak},
      {"{Of<AttachPartition>(), kIndexUnder, kShareUpdateExclusive}", kWeak},
      {"{Of<RenameConstraint>(), kUsedIndex, kShareUpdateExclusive}", kWeak},
      {"{Of<RenameRelation>(), kTable, kShareUpdateExclusive, kNamedAsIndex}", kWeak},
      {"{Of<AddConstraint>(), kDescendant, kShare, kBuildsIndex, 0, kEver, 17}", kBelow},
      {"{Of<AttachPartition>(), kReferencing, kAccessShare, 0, 0, kEver, 14}", kBelow},
      {"{Of<CreateTable>(), kReferencing, kAccessShare, 0, 0, kEver, 14}", kBelow},
      {"{Of<DetachPartition>(), kAttached, kShareUpdateExclusive, 0, 0, kEver, 13}", kBelow},
  };
  return *rows;
}

TEST_F(MutationTest, EveryRowIsNoticedWhenItIsWrong) {
  const std::vector<EffectRow> rows(EffectRows().begin(), EffectRows().end());
  const std::vector<std::string> texts = RowTexts("kRows");
  ASSERT_EQ(texts.size(), rows.size());
  size_t mutants = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    bool unnoticed = false;
    const bool excused = Unnoticed().contains(texts[i]);
    for (const Mutant& mutant : MutantsOf(rows[i])) {
      const auto at = rows.begin() + static_cast<std::ptrdiff_t>(i);
      std::vector<EffectRow> mutated(rows.begin(), at);
      mutated.insert(mutated.end(), mutant.rows.begin(), mutant.rows.end());
      mutated.insert(mutated.end(), at + 1, rows.end());
      const ScopedEffectRows scoped(mutated);
      ++mutants;
      const bool noticed = IsNoticed(rows[i].form);
      unnoticed = unnoticed || !noticed;
      EXPECT_TRUE(noticed || excused) << texts[i] << " " << mutant.what;
    }
    EXPECT_EQ(unnoticed, excused) << texts[i] << ": take it off the list";
  }
  std::cout << mutants << " mutants of " << rows.size() << " rows\n";
}

// Setting up has predicted every case.
TEST_F(MutationTest, NoWorkIsUnlisted) { EXPECT_EQ(UnlistedWork(), 0U); }

TEST_F(MutationTest, WorkIsMissedWhenItIsDropped) {
  const std::vector<WorkRow> rows(WorkRows().begin(), WorkRows().end());
  const std::vector<std::string> texts = RowTexts("kWorkRows");
  ASSERT_EQ(texts.size(), rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    std::vector<WorkRow> without = rows;
    without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
    const ScopedEffectRows scoped(without);
    const bool excused = Unnoticed().contains(texts[i]);
    EXPECT_NE(IsNoticed(rows[i].form), excused) << texts[i] << " is gone";
  }
}

}  // namespace
}  // namespace plimsoll
