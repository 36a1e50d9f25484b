// Each condition of each rule matters: negated, some example of the rule fails. The rules are those
// of rules/, compiled once more with every condition in a shape that can be negated
// (instrument.js). A mutant runs in a process of its own, for one that follows a null pointer is
// noticed too.

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <initializer_list>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gtest/gtest.h"
#include "rules/registry.h"
#include "tests/conditions/mutant.h"
#include "tests/support/example.h"
#include "tests/support/remedies.h"
#include "tests/support/source_tree.h"

namespace plimsoll {
namespace {

std::string chosen;  // empty: none

// By the file's path below rules/.
std::map<std::string, std::vector<std::string>>& Mutants() {
  static auto& mutants = *new std::map<std::string, std::vector<std::string>>();
  return mutants;
}

}  // namespace

bool Mutant(const char* id, bool condition) { return chosen == id ? !condition : condition; }

bool RegisterMutants(std::initializer_list<const char*> ids) {
  for (const std::string id : ids) Mutants()[id.substr(0, id.find(':'))].push_back(id);
  return true;
}

namespace {

// Conditions whose negation nothing notices, and why: a line each, the source line of the
// condition, ` -- ` and the reason.
const std::map<std::string, std::string>& Unnoticed() {
  static const auto& unnoticed = *new std::map<std::string, std::string>([] {
    std::map<std::string, std::string> found;
    const std::string text = testing_support::ReadTreeFile("tests/conditions/unnoticed.txt");
    for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
      const std::pair<std::string, std::string> parts =
          absl::StrSplit(line, absl::MaxSplits(" -- ", 1));
      found.insert(parts);
    }
    return found;
  }());
  return unnoticed;
}

bool ExamplesDisagree(const Rule& rule) {
  const Rule* const only[] = {&rule};
  for (const testing_support::ExampleText& text : testing_support::ExamplesOf(rule)) {
    if (testing_support::RunExample(text, only).updated != text.text) return true;
  }
  const std::string path = testing_support::RemediesPath(rule);
  const bool recorded = testing_support::TreeFileExists(path);
  return testing_support::RemediesOf(rule) != (recorded ? testing_support::ReadTreeFile(path) : "");
}

// Whether an example of the rule fails, or does not end, where the mutant is in it.
bool IsNoticed(const Rule& rule, const std::string& mutant) {
  constexpr unsigned kMostSeconds = 20;
  const pid_t child = fork();
  if (child == 0) {
    alarm(kMostSeconds);
    chosen = mutant;
    // One that throws is noticed too, and must not come back into the test.
    try {
      _exit(ExamplesDisagree(rule) ? 1 : 0);
    } catch (...) {
      _exit(1);
    }
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status != 0;
}

// `locking/x.cc:12:0` without the place, which moves: the file and the line's own words.
std::string SourceOf(const std::string& mutant) {
  const std::vector<std::string> parts = absl::StrSplit(mutant, ':');
  const std::string path = absl::StrCat("rules/", parts[0]);
  const std::vector<std::string> lines = absl::StrSplit(testing_support::ReadTreeFile(path), '\n');
  int line = 0;
  EXPECT_TRUE(absl::SimpleAtoi(parts[1], &line));
  return absl::StrCat(parts[0], ": ",
                      absl::StripAsciiWhitespace(lines[static_cast<size_t>(line) - 1]), " #",
                      parts[2]);
}

class ConditionTest : public testing::TestWithParam<const Rule*> {};

TEST_P(ConditionTest, NegatedIsNoticed) {
  const Rule& rule = *GetParam();
  ASSERT_FALSE(ExamplesDisagree(rule)) << rule.id << ": its examples do not hold as it is";
  const std::string file = testing_support::SourcePathOf(rule).substr(std::string("rules/").size());
  for (const std::string& mutant : Mutants()[file]) {
    const std::string source = SourceOf(mutant);
    const bool known = Unnoticed().contains(source);
    if (IsNoticed(rule, mutant)) {
      EXPECT_FALSE(known) << source << "\n  is noticed now: take it off the list";
    } else {
      EXPECT_TRUE(known) << source << "\n  (rules/" << mutant
                         << ") could be its contrary and no example would fail";
    }
  }
}

std::string TestName(const testing::TestParamInfo<const Rule*>& rule) {
  std::string name = rule.param->id;
  for (char& c : name) {
    if (c == '-') c = '_';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Rules, ConditionTest, testing::ValuesIn(rules::All()), TestName);

}  // namespace
}  // namespace plimsoll
