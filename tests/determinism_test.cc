// Output is a function of input: the same text gives the same bytes, whatever the order of the
// rules, however often, and on whichever thread.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>
#include <vector>

#include "report/concise.h"
#include "report/effects.h"
#include "report/json.h"
#include "report/pretty.h"
#include "rules/registry.h"
#include "tests/support/example.h"
#include "workspace/parallel.h"

namespace plimsoll {
namespace {

using testing_support::Example;
using testing_support::ExampleText;

// Everything that Plimsoll can say of an example.
std::string Say(const Inputs& inputs, absl::Span<const Rule* const> rules, int threads = 1) {
  const Report report = Analyze(inputs, rules, rules::kVocabulary, [&](size_t count, auto work) {
    ForEachIndex(threads, count, work);
  });
  const absl::Span<const Report> reports(&report, 1);
  return report::RenderJson(reports, inputs.server_version) +
         report::RenderEffectsJson(reports, inputs.server_version) +
         report::RenderConcise(reports, false) + report::RenderPretty(reports, {});
}

class DeterminismTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!examples_.empty()) return;
    for (const ExampleText& text : testing_support::AllExamples()) {
      const absl::StatusOr<Example> example =
          testing_support::ParseExample(text.text, "migration.sql");
      ASSERT_TRUE(example.ok()) << testing_support::WhereOf(text) << ": " << example.status();
      names_.push_back(testing_support::WhereOf(text));
      examples_.push_back(testing_support::InputsOf(*example));
      said_.push_back(Say(examples_.back(), rules::All()));
    }
    ASSERT_FALSE(examples_.empty());
  }

  static inline std::vector<std::string> names_;
  static inline std::vector<Inputs> examples_;
  static inline std::vector<std::string> said_;
};

TEST_F(DeterminismTest, SaidTwiceItIsTheSame) {
  for (size_t i = 0; i < examples_.size(); ++i) {
    EXPECT_EQ(Say(examples_[i], rules::All()), said_[i]) << names_[i];
  }
}

TEST_F(DeterminismTest, OrderOfRulesDoesNotMatter) {
  std::vector<const Rule*> rules(rules::All().begin(), rules::All().end());
  std::reverse(rules.begin(), rules.end());
  for (size_t i = 0; i < examples_.size(); ++i) {
    EXPECT_EQ(Say(examples_[i], rules), said_[i]) << names_[i];
  }
  std::rotate(rules.begin(), rules.begin() + static_cast<ptrdiff_t>(rules.size() / 3), rules.end());
  for (size_t i = 0; i < examples_.size(); ++i) {
    EXPECT_EQ(Say(examples_[i], rules), said_[i]) << names_[i];
  }
}

// A rule must not depend on what another one said, unless that is what it is about: alone it finds
// what it finds among all.
TEST_F(DeterminismTest, ARuleAloneFindsTheSame) {
  for (size_t i = 0; i < examples_.size(); ++i) {
    const Report all = Analyze(examples_[i], rules::All(), rules::kVocabulary);
    for (size_t r = 0; r < rules::All().size(); ++r) {
      const Rule* rule = rules::All()[r];
      // What a comment is for, and how dangerous a migration is, depends on what the others find.
      if (rule->check_allowances != nullptr || rule->check_risks != nullptr) continue;
      std::vector<std::string> among_all;
      for (const Finding& finding : all.findings) {
        if (finding.rule == rule) among_all.push_back(finding.message);
      }
      const Report alone = Analyze(examples_[i], {rule}, rules::kVocabulary);
      std::vector<std::string> by_itself;
      for (const Finding& finding : alone.findings) by_itself.push_back(finding.message);
      EXPECT_EQ(by_itself, among_all) << names_[i] << ": " << rule->id;
    }
  }
}

// Two rules may find at one place; the order is then the ids', and one rule's own findings there
// keep the order in which they were found.
TEST_F(DeterminismTest, FindingsAreSorted) {
  for (size_t i = 0; i < examples_.size(); ++i) {
    const Report report = Analyze(examples_[i], rules::All(), rules::kVocabulary);
    const auto before = [](const Finding& a, const Finding& b) {
      if (a.migration != b.migration) return a.migration < b.migration;
      if (a.span.begin != b.span.begin) return a.span.begin < b.span.begin;
      if (a.span.end != b.span.end) return a.span.end < b.span.end;
      return std::string(a.rule->id) < b.rule->id;
    };
    EXPECT_TRUE(std::is_sorted(report.findings.begin(), report.findings.end(), before))
        << names_[i];
  }
}

TEST_F(DeterminismTest, ThreadsSayTheSame) {
  constexpr size_t kThreads = 4;
  std::vector<std::vector<std::string>> said(kThreads);
  std::vector<std::thread> threads;
  for (std::vector<std::string>& mine : said) {
    threads.emplace_back([&mine] {
      for (const Inputs& example : examples_) mine.push_back(Say(example, rules::All()));
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::vector<std::string>& each : said) EXPECT_EQ(each, said_);
}

TEST_F(DeterminismTest, SeveralThreadsOfOneRunSayTheSame) {
  for (size_t i = 0; i < examples_.size(); ++i) {
    EXPECT_EQ(Say(examples_[i], rules::All(), 3), said_[i]) << names_[i];
  }
}

}  // namespace
}  // namespace plimsoll
