// What the rules say is what PostgreSQL does. Each statement of their examples, flagged or clean,
// is measured on a server of this run: its locks, its scans and rewrites, the indexes it builds,
// and whether it fails. Rules read nothing but effects, so where these agree, a flagged example
// does what its message says, and the recipe beside it does not.

#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "rules/registry.h"
#include "tests/support/example.h"
#include "tests/support/measure.h"
#include "tests/support/truth.h"

namespace plimsoll {
namespace {

using testing_support::ExampleText;
using truth::Case;

bool IsSession(const Step& step) { return step.As<action::SetParameter>() != nullptr; }

bool IsBoundary(const Step& step) {
  return step.As<action::Begin>() != nullptr || step.As<action::Commit>() != nullptr ||
         step.As<action::Rollback>() != nullptr;
}

// The statements of one example as cases: what its earlier files and transactions did is the
// set-up, what its own transaction did stands before it.
class CaseMaker {
 public:
  CaseMaker(const ExampleText& text, const History& history, std::vector<Case>& cases)
      : text_(text), history_(history), cases_(cases) {}

  void Run() {
    for (uint32_t m = 0; m < history_.migrations().size(); ++m) {
      if (history_.migrations()[m].down) continue;
      session_.clear();
      const std::vector<Statement>& statements = history_.migrations()[m].script->statements;
      for (uint32_t s = 0; s < statements.size(); ++s) Take(m, s);
      CloseTransaction();
    }
  }

 private:
  void Take(uint32_t migration, uint32_t index) {
    const absl::Span<const Step> steps = history_.StepsOf(migration, index);
    if (steps.empty()) return;
    const Step& first = steps.front();
    if (open_ && first.transaction != transaction_) CloseTransaction();
    transaction_ = first.transaction;
    open_ = true;
    const Statement& statement = history_.StatementOf(first);
    const std::string sql = absl::StrCat(history_.SourceOf(first).Text(statement.span), ";\n");
    if (IsBoundary(first)) return;
    if (IsSession(first)) {
      absl::StrAppend(&session_, sql);
      return;
    }
    cases_.push_back({.name = absl::StrCat(testing_support::WhereOf(text_), ", statement ",
                                           migration + 1, ".", index + 1),
                      .file = "examples",
                      .setup = setup_,
                      .session = session_,
                      .before = before_,
                      .statement = sql});
    const bool fails = first.effects.failure.has_value();
    if (fails) return;
    absl::StrAppend(history_.TransactionOf(first).block ? &before_ : &setup_, sql);
  }

  // What the transaction did is done.
  void CloseTransaction() {
    const bool kept = open_ && !history_.transactions()[transaction_].rolled_back;
    if (kept) setup_ += before_;
    before_.clear();
    open_ = false;
  }

  const ExampleText& text_;
  const History& history_;
  std::vector<Case>& cases_;
  std::string setup_;
  std::string session_;
  std::string before_;
  uint32_t transaction_ = 0;
  bool open_ = false;
};

std::vector<Case> CasesOf(const std::vector<ExampleText>& texts) {
  std::vector<Case> cases;
  for (const ExampleText& text : texts) {
    const auto example = testing_support::ParseExample(text.text, "migration.sql");
    if (!example.ok() || example->server_version != truth::kNewestServer) continue;
    Inputs inputs = testing_support::InputsOf(*example);
    // As on the server, where what no file creates does not exist: such statements fail there.
    inputs.start = Start::kEmpty;
    const History history = Simulate(std::move(inputs));
    CaseMaker(text, history, cases).Run();
  }
  return cases;
}

TEST(ProofTest, ServersDoWhatExamplesSay) {
  std::vector<ExampleText> texts;
  for (const Rule* rule : rules::All()) {
    for (ExampleText& text : testing_support::ExamplesOf(*rule)) texts.push_back(std::move(text));
  }
  const std::vector<Case> cases = CasesOf(texts);
  std::vector<const Case*> all;
  for (const Case& one : cases) all.push_back(&one);
  const truth::Measurements measurements =
      truth::MeasureAll(all, {truth::kNewestServer}, truth::Sessions::kOneForAll);
  for (const std::string& trouble : measurements.trouble) {
    ADD_FAILURE() << trouble;
  }
  for (const truth::Measurement& one : measurements.done) {
    const truth::Prediction prediction =
        truth::Predict(*one.truth_case, one.deeds.outside_transactions, one.server);
    if (!prediction.modelled) continue;
    EXPECT_EQ(truth::Compare(*one.truth_case, one.deeds, prediction), "")
        << truth::Show(*one.truth_case);
  }
  std::cout << measurements.done.size() << " statements measured\n";
}

}  // namespace
}  // namespace plimsoll
