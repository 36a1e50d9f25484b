// Every file of fixtures/rules/ and fixtures/histories/ is a test: the findings must be those its
// annotations say. fixtures/README.md describes how, and its own example is a test too. With
// PLIMSOLL_UPDATE the annotations are rewritten.

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "rules/registry.h"
#include "tests/support/example.h"
#include "tests/support/source_tree.h"

namespace plimsoll {
namespace {

using testing_support::ExampleText;
using testing_support::Outcome;

// From the folders, not from the rules: a folder named after no rule must be noticed.
std::vector<ExampleText> Fixtures() {
  std::vector<ExampleText> texts;
  for (const std::string& path : testing_support::ListTreeFiles("fixtures/rules", {".sql"})) {
    const size_t begin = std::string("fixtures/rules/").size();
    texts.push_back({.path = path,
                     .line = 1,
                     .text = testing_support::ReadTreeFile(path),
                     .rule = path.substr(begin, path.find('/', begin) - begin)});
  }
  for (ExampleText& text : testing_support::HistoryFixtures()) texts.push_back(std::move(text));
  const std::string readme = testing_support::ReadTreeFile("fixtures/README.md");
  for (const testing_support::MarkdownBlock& block : testing_support::SqlBlocks(readme)) {
    texts.push_back({.path = "fixtures/README.md",
                     .line = block.line,
                     .text = readme.substr(block.begin, block.end - block.begin),
                     .rule = ""});
  }
  return texts;
}

std::string TestName(const testing::TestParamInfo<ExampleText>& fixture) {
  std::string name = fixture.param.path.substr(std::string("fixtures/").size());
  for (char& c : name) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  // Two blocks of one file are two tests.
  return fixture.param.line == 1 ? name : absl::StrCat(name, "_", fixture.param.line);
}

class FixtureTest : public testing::TestWithParam<ExampleText> {};

TEST_P(FixtureTest, Agrees) {
  const ExampleText& text = GetParam();
  ASSERT_TRUE(text.rule.empty() || rules::Find(text.rule) != nullptr)
      << text.path << ": there is no rule `" << text.rule << "`";
  const Outcome outcome = testing_support::RunExample(text, rules::All());
  if (testing_support::UpdateWanted() && outcome.updated != text.text) {
    std::string file = testing_support::ReadTreeFile(text.path);
    file.replace(file.find(text.text), text.text.size(), outcome.updated);
    testing_support::WriteTreeFile(text.path, file);
    return;
  }
  EXPECT_TRUE(outcome.disagreements.empty()) << absl::StrJoin(outcome.disagreements, "\n\n");
}

INSTANTIATE_TEST_SUITE_P(Fixtures, FixtureTest, testing::ValuesIn(Fixtures()), TestName);

}  // namespace
}  // namespace plimsoll
