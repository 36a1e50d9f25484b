// A rule's documentation is true, well-formed and published: its examples are executed, its words
// keep the message style, and docs/rules/ holds what the rules say now. With PLIMSOLL_UPDATE the
// annotations in the rules' sources and the pages are rewritten.

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "report/field_pages.h"
#include "report/rule_page.h"
#include "rules/registry.h"
#include "tests/support/example.h"
#include "tests/support/remedies.h"
#include "tests/support/rule_words.h"
#include "tests/support/source_tree.h"
#include "workspace/config.h"

namespace plimsoll {
namespace {

using testing_support::ExampleText;
using testing_support::Outcome;

std::string Underscored(absl::string_view name) { return absl::StrReplaceAll(name, {{"-", "_"}}); }

// The documentation with the annotations that its examples should have.
std::string UpdatedDocs(const Rule& rule) {
  std::string docs = rule.docs;
  const std::vector<testing_support::MarkdownBlock> blocks = testing_support::SqlBlocks(docs);
  const std::vector<ExampleText> texts = testing_support::DocumentationExamples(rule);
  // From the last one, so that earlier ranges stay right.
  for (size_t i = blocks.size(); i-- > 0;) {
    docs.replace(blocks[i].begin, blocks[i].end - blocks[i].begin,
                 testing_support::RunExample(texts[i], rules::All()).updated);
  }
  return docs;
}

// Puts `docs` where the rule's source holds its documentation.
void RewriteSource(const Rule& rule, const std::string& docs) {
  const std::string path = testing_support::SourcePathOf(rule);
  std::string source = testing_support::ReadTreeFile(path);
  const size_t at = source.find(rule.docs);
  ASSERT_NE(at, std::string::npos)
      << path << ": the documentation is not one raw string; its examples cannot be rewritten";
  source.replace(at, std::string(rule.docs).size(), docs);
  testing_support::WriteTreeFile(path, source);
}

class RuleDocsTest : public testing::TestWithParam<const Rule*> {};

TEST_P(RuleDocsTest, ExamplesAgree) {
  const Rule& rule = *GetParam();
  if (testing_support::UpdateWanted()) {
    const std::string docs = UpdatedDocs(rule);
    if (docs != rule.docs) RewriteSource(rule, docs);
    return;
  }
  size_t flagged = 0;
  size_t clean = 0;
  for (const ExampleText& text : testing_support::DocumentationExamples(rule)) {
    const Outcome outcome = testing_support::RunExample(text, rules::All());
    EXPECT_TRUE(outcome.disagreements.empty()) << absl::StrJoin(outcome.disagreements, "\n\n");
    ++(outcome.marks.empty() ? clean : flagged);
  }
  EXPECT_GE(flagged, 1U) << rule.id << ": no ```sql block of the documentation is flagged";
  EXPECT_GE(clean, 1U) << rule.id << ": no ```sql block of the documentation shows the safe way";
}

TEST_P(RuleDocsTest, NamesAgree) {
  const Rule& rule = *GetParam();
  const std::string path = testing_support::SourcePathOf(rule);
  ASSERT_TRUE(testing_support::TreeFileExists(path))
      << "the file of a rule is its family and id: rules/FAMILY/ID.cc, with underscores";
  EXPECT_TRUE(absl::StrContains(testing_support::ReadTreeFile(path),
                                absl::StrCat("PLIMSOLL_RULE(", Underscored(rule.id), ")")))
      << path << ": the variable of a rule is its id, with underscores";
}

TEST_P(RuleDocsTest, WordsKeepTheStyle) {
  const Rule& rule = *GetParam();
  const std::pair<absl::string_view, absl::string_view> texts[] = {
      {"summary", rule.summary}, {"why", rule.why}, {"help", rule.help}};
  for (const auto& [field, text] : texts) {
    EXPECT_EQ(testing_support::WordingProblem(text), "")
        << rule.id << ": " << field << ": " << text;
  }
  EXPECT_NE(std::string(rule.since), "");
  EXPECT_FALSE(absl::StrContains(rule.docs, "\n# ")) << rule.id << ": the page has a title already";
  EXPECT_FALSE(absl::StrContains(rule.docs, "\t")) << rule.id << ": the documentation holds a tab";
}

// The words of every finding that an example brings about.
TEST_P(RuleDocsTest, MessagesKeepTheStyle) {
  const Rule& rule = *GetParam();
  for (const ExampleText& text : testing_support::ExamplesOf(rule)) {
    const absl::StatusOr<testing_support::Example> example =
        testing_support::ParseExample(text.text, "migration.sql");
    ASSERT_TRUE(example.ok()) << testing_support::WhereOf(text) << ": " << example.status();
    for (const Finding& finding :
         Analyze(testing_support::InputsOf(*example), {&rule}, rules::kVocabulary).findings) {
      for (const std::string& words : {finding.message, finding.why, finding.help}) {
        // PostgreSQL's own words are quoted as they are.
        EXPECT_EQ(testing_support::WordingProblem(words), "")
            << testing_support::WhereOf(text) << ": " << words;
      }
    }
  }
}

TEST_P(RuleDocsTest, PageIsFresh) {
  const Rule& rule = *GetParam();
  const std::string path = absl::StrCat("docs/rules/", rule.id, ".md");
  if (testing_support::UpdateWanted()) {
    Rule updated = rule;
    const std::string docs = UpdatedDocs(rule);
    updated.docs = docs.c_str();
    testing_support::WriteTreeFile(path, report::RulePage(updated));
    return;
  }
  ASSERT_TRUE(testing_support::TreeFileExists(path)) << path << " is missing; run `./dev update`";
  EXPECT_EQ(testing_support::ReadTreeFile(path), report::RulePage(rule))
      << path << " is stale; run `./dev update`";
}

// Help, fixes and plans have no carets: what examples bring about is written down beside them.
TEST_P(RuleDocsTest, RemediesAreFresh) {
  const Rule& rule = *GetParam();
  const std::string path = testing_support::RemediesPath(rule);
  const std::string remedies = testing_support::RemediesOf(rule);
  if (testing_support::UpdateWanted()) {
    if (!remedies.empty()) testing_support::WriteTreeFile(path, remedies);
    if (remedies.empty() && testing_support::TreeFileExists(path)) {
      testing_support::RemoveTreeFile(path);
    }
    return;
  }
  const bool recorded = testing_support::TreeFileExists(path);
  EXPECT_EQ(recorded ? testing_support::ReadTreeFile(path) : "", remedies)
      << path << " is stale; run `./dev update`";
}

std::string TestName(const testing::TestParamInfo<const Rule*>& rule) {
  return Underscored(rule.param->id);
}

INSTANTIATE_TEST_SUITE_P(Rules, RuleDocsTest, testing::ValuesIn(rules::All()), TestName);

TEST(RuleIndexTest, IsFresh) {
  const std::string path = "docs/rules/README.md";
  if (testing_support::UpdateWanted()) {
    testing_support::WriteTreeFile(path, report::RuleIndex(rules::All()));
    return;
  }
  ASSERT_TRUE(testing_support::TreeFileExists(path)) << path << " is missing; run `./dev update`";
  EXPECT_EQ(testing_support::ReadTreeFile(path), report::RuleIndex(rules::All()))
      << path << " is stale; run `./dev update`";
}

// The page at `path` is what its table makes of it.
void ExpectFresh(const std::string& path, const std::string& page) {
  if (testing_support::UpdateWanted()) {
    testing_support::WriteTreeFile(path, page);
    return;
  }
  ASSERT_TRUE(testing_support::TreeFileExists(path)) << path << " is missing; run `./dev update`";
  EXPECT_EQ(testing_support::ReadTreeFile(path), page) << path << " is stale; run `./dev update`";
}

std::set<std::string> PeerNames() {
  std::set<std::string> names;
  for (const PeerRule& peer : rules::Peers()) names.insert(peer.peer);
  return names;
}

std::string ComingFromPath(absl::string_view peer) {
  return absl::StrCat("docs/rules/coming-from-", peer, ".md");
}

TEST(ConfigTest, SchemaAndTableAreFresh) {
  ExpectFresh("docs/plimsoll.schema.json", ConfigSchema());
  EXPECT_TRUE(
      absl::StrContains(testing_support::ReadTreeFile("docs/configuration.md"), ConfigTable()))
      << "put this into docs/configuration.md:\n"
      << ConfigTable();
}

TEST(FieldTest, PagesAreFresh) {
  ExpectFresh("docs/hazards.md", report::HazardsPage(rules::Hazards()));
  for (const std::string& peer : PeerNames()) {
    ExpectFresh(ComingFromPath(peer), report::ComingFromPage(peer, rules::Peers(), rules::All()));
  }
}

// Ids of ours in a table, separated by blanks, are rules.
void ExpectRules(absl::string_view ids, absl::string_view where) {
  for (const absl::string_view id : absl::StrSplit(ids, ' ', absl::SkipEmpty())) {
    EXPECT_NE(rules::Find(id), nullptr) << where << ": there is no rule `" << id << "`";
  }
}

TEST(FieldTest, PeersNameRulesAndAreNamedOnce) {
  std::set<std::pair<std::string, std::string>> seen;
  for (const PeerRule& peer : rules::Peers()) {
    const std::string where = absl::StrCat(peer.peer, ":", peer.id);
    EXPECT_TRUE(seen.insert({peer.peer, peer.id}).second) << where << " stands twice";
    ExpectRules(peer.rules, where);
    if (*peer.rules == '\0') {
      EXPECT_STRNE(peer.differs, "") << where << " has no rule and no reason";
    }
    if (*peer.differs != '\0') {
      EXPECT_EQ(testing_support::WordingProblem(peer.differs), "") << where;
    }
  }
}

TEST(FieldTest, EveryHazardIsAccountedFor) {
  constexpr int kHazards = 194;
  int number = 0;
  for (const Hazard& hazard : rules::Hazards()) {
    EXPECT_EQ(hazard.number, ++number);
    EXPECT_NE(*hazard.rules == '\0', *hazard.why_not == '\0')
        << hazard.number << ": a hazard has a rule, or a reason why not";
    ExpectRules(hazard.rules, absl::StrCat("hazard ", hazard.number));
    if (*hazard.why_not != '\0') {
      EXPECT_EQ(testing_support::WordingProblem(hazard.why_not), "") << hazard.number;
    }
  }
  EXPECT_EQ(number, kHazards);
}

TEST(RuleIndexTest, NoPageIsLeftOver) {
  std::set<std::string> expected = {"docs/rules/README.md"};
  for (const Rule* rule : rules::All())
    expected.insert(absl::StrCat("docs/rules/", rule->id, ".md"));
  for (const std::string& peer : PeerNames()) expected.insert(ComingFromPath(peer));
  for (const std::string& path : testing_support::ListTreeFiles("docs/rules", {".md"})) {
    if (expected.contains(path)) continue;
    if (testing_support::UpdateWanted()) {
      testing_support::RemoveTreeFile(path);
    } else {
      ADD_FAILURE() << path << " documents no rule; run `./dev update`";
    }
  }
}

TEST(RegistryTest, IdsAreUniqueAndPlain) {
  std::set<std::string> ids;
  for (const Rule* rule : rules::All()) {
    const std::string id = rule->id;
    EXPECT_TRUE(ids.insert(id).second) << id << " is two rules";
    EXPECT_EQ(id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-"), std::string::npos)
        << id << ": an id is lower case, with hyphens";
    EXPECT_EQ(rules::Find(id), rule);
  }
}

TEST(WordingProblemTest, SeesEachFault) {
  EXPECT_EQ(testing_support::WordingProblem("reads the whole table"), "");
  EXPECT_EQ(testing_support::WordingProblem("SET NOT NULL reads `t`"), "");
  EXPECT_EQ(testing_support::WordingProblem("`t` is read"), "");
  EXPECT_EQ(testing_support::WordingProblem(""), "says nothing");
  EXPECT_EQ(testing_support::WordingProblem("it blocks."), "ends with a full stop");
  EXPECT_EQ(testing_support::WordingProblem("Reads"), "starts with a capital");
  EXPECT_EQ(testing_support::WordingProblem("reads `t"), "opens a backtick only");
  EXPECT_EQ(testing_support::WordingProblem("reads\nt"), "holds a line feed");
  EXPECT_EQ(testing_support::WordingProblem("reads "), "starts or ends with a blank");
}

}  // namespace
}  // namespace plimsoll
