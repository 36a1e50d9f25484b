// The examples are worth something: every rule is shown flagged and clean, every action stands in
// some fixture, and a rule that stopped working, or that fired everywhere, would be noticed.

#include <cxxabi.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <set>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

#include "rules/registry.h"
#include "tests/support/example.h"
#include "tests/support/source_tree.h"

namespace plimsoll {
namespace {

using testing_support::ExampleText;
using testing_support::Outcome;

// How often the examples of a rule agree with what they say when `rule` runs in its place.
struct Tally {
  size_t flagged = 0;
  size_t clean = 0;
  size_t disagreeing = 0;
};

Tally RunInPlaceOf(const Rule& original, const Rule& rule) {
  Tally tally;
  const Rule* const only[] = {&rule};
  for (const ExampleText& text : testing_support::ExamplesOf(original)) {
    const Outcome outcome = testing_support::RunExample(text, only);
    ++(outcome.marks.empty() ? tally.clean : tally.flagged);
    // Other rules' annotations (`-- rules: all`) cannot hold when one rule runs alone.
    if (outcome.updated != text.text) ++tally.disagreeing;
  }
  return tally;
}

class RuleCoverageTest : public testing::TestWithParam<const Rule*> {};

TEST_P(RuleCoverageTest, IsShownFlaggedAndClean) {
  const Tally tally = RunInPlaceOf(*GetParam(), *GetParam());
  EXPECT_GE(tally.flagged, 1U) << GetParam()->id << ": no example is flagged";
  EXPECT_GE(tally.clean, 1U) << GetParam()->id << ": no example is clean";
}

TEST_P(RuleCoverageTest, ARuleThatNeverFiresIsNoticed) {
  Rule silent = *GetParam();
  silent.check = [](const History&, const Reporter&) {};
  silent.check_allowances = nullptr;
  silent.check_risks = nullptr;
  EXPECT_GT(RunInPlaceOf(*GetParam(), silent).disagreeing,
            RunInPlaceOf(*GetParam(), *GetParam()).disagreeing)
      << GetParam()->id << " could stop working and no example would fail";
}

TEST_P(RuleCoverageTest, ARuleThatAlwaysFiresIsNoticed) {
  Rule noisy = *GetParam();
  noisy.check = [](const History& history, const Reporter& report) {
    for (uint32_t migration = 0; migration < history.migrations().size(); ++migration) {
      const std::vector<Statement>& statements = history.migrations()[migration].script->statements;
      for (uint32_t statement = 0; statement < statements.size(); ++statement) {
        report({.migration = migration,
                .statement = statement,
                .span = statements[statement].span,
                .message = "fires everywhere"});
      }
    }
  };
  EXPECT_GT(RunInPlaceOf(*GetParam(), noisy).disagreeing,
            RunInPlaceOf(*GetParam(), *GetParam()).disagreeing)
      << GetParam()->id << " could fire everywhere and no example would fail";
}

std::string TestName(const testing::TestParamInfo<const Rule*>& rule) {
  std::string name = rule.param->id;
  for (char& c : name) {
    if (c == '-') c = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Rules, RuleCoverageTest, testing::ValuesIn(rules::All()), TestName);

std::string Demangled(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), &std::free);
  return status == 0 ? name.get() : type.name();
}

// The names of all alternatives of ActionKind.
template <size_t... index>
std::set<std::string> ActionNames(std::index_sequence<index...> /*indices*/) {
  return {Demangled(typeid(std::variant_alternative_t<index, ActionKind>))...};
}

void Remove(const std::vector<Action>& actions, std::set<std::string>& names) {
  for (const Action& action : actions) {
    names.erase(std::visit([](const auto& kind) { return Demangled(typeid(kind)); }, action.kind));
    const auto* block = std::get_if<action::DoBlock>(&action.kind);
    if (block == nullptr || block->body == nullptr) continue;
    for (const BodyStatement& statement : block->body->statements) {
      Remove(statement.actions, names);
    }
  }
}

void RemoveActionsOf(const std::string& text, std::set<std::string>& names) {
  const Script script = ParseScript(std::make_shared<const Source>("coverage.sql", text));
  for (const Statement& statement : script.statements) Remove(statement.actions, names);
}

TEST(ActionCoverageTest, EveryActionStandsInSomeExample) {
  std::set<std::string> missing =
      ActionNames(std::make_index_sequence<std::variant_size_v<ActionKind>>());
  for (const std::string& path : testing_support::ListTreeFiles("fixtures", {".sql"})) {
    RemoveActionsOf(testing_support::ReadTreeFile(path), missing);
  }
  for (const Rule* rule : rules::All()) {
    for (const ExampleText& text : testing_support::DocumentationExamples(*rule)) {
      RemoveActionsOf(text.text, missing);
    }
  }
  for (const std::string& name : missing) {
    ADD_FAILURE() << name << " stands in no fixture and in no rule's documentation";
  }
}

}  // namespace
}  // namespace plimsoll
