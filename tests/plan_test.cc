// Plans are right. What is complex comes with the whole way as SQL; each plan of the rules'
// examples is run on a server. It ends with the schema that the flagged statement would have left,
// and none of its statements does what that one was flagged for: work under a lock that others wait
// for.

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "rules/registry.h"
#include "tests/support/example.h"
#include "tests/support/example_cases.h"
#include "tests/support/measure.h"
#include "tests/support/picture.h"
#include "tests/support/stage.h"
#include "tests/support/truth.h"

namespace plimsoll {
namespace {

using testing_support::ExampleText;

// A flagged statement and its plan, each after what the example did before.
struct Planned {
  std::string where;
  Inputs original;
  Inputs planned;
  uint32_t first = 0;  // the first file of the plan
  bool whole = false;  // the plan does all that the statement does
};

Migration FileOf(std::string name, std::string text, Wrapping wrapping) {
  return {.script = std::make_shared<const Script>(
              ParseScript(std::make_shared<const Source>(std::move(name), std::move(text)))),
          .wrapping = wrapping};
}

// Of a transaction that the file opens and that is cut off behind the statement.
bool IsOpen(const Report& report, const Finding& finding) {
  const auto steps = report.history.StepsOf(finding.migration, finding.statement);
  return report.history.migrations()[finding.migration].wrapping == Wrapping::kNone &&
         report.history.TransactionOf(steps.front()).block;
}

Planned PlannedOf(const ExampleText& text, const Report& report, const Finding& finding) {
  const std::vector<Migration>& migrations = report.history.migrations();
  const Migration& flagged = migrations[finding.migration];
  const Source& source = *flagged.script->source;
  const Statement& statement = flagged.script->statements[finding.statement];
  const char* const end = IsOpen(report, finding) ? ";\ncommit;\n" : ";\n";
  Planned planned;
  planned.where = absl::StrCat(testing_support::WhereOf(text), ", ", finding.message);
  planned.original.start = planned.planned.start = Start::kEmpty;
  planned.original.migrations.assign(migrations.begin(), migrations.begin() + finding.migration);
  planned.planned.migrations = planned.original.migrations;
  planned.original.migrations.push_back(FileOf(
      "original.sql", absl::StrCat(source.Text({0, statement.span.end}), end), flagged.wrapping));
  planned.planned.migrations.push_back(FileOf(
      "before.sql", absl::StrCat(source.Text({0, statement.span.begin}), end), flagged.wrapping));
  planned.first = static_cast<uint32_t>(planned.planned.migrations.size());
  planned.whole = statement.actions.size() == finding.also.size() + 1;
  for (const PlanStep& step : finding.plan) {
    if (step.sql.empty()) continue;
    const bool alone = absl::StrContains(step.what, "outside of a transaction");
    planned.planned.migrations.push_back(
        FileOf("plan.sql", step.sql, alone ? Wrapping::kNone : flagged.wrapping));
    if (absl::StrContains(step.what, "carried over too")) planned.whole = false;
  }
  // One in words alone leaves its reader to do it.
  if (planned.planned.migrations.size() == planned.first) planned.whole = false;
  return planned;
}

std::vector<Planned> AllPlans() {
  std::vector<Planned> plans;
  for (const Rule* rule : rules::All()) {
    for (const ExampleText& text : testing_support::ExamplesOf(*rule)) {
      const auto example = testing_support::ParseExample(text.text, "migration.sql");
      if (!example.ok() || example->server_version != truth::kNewestServer) continue;
      Inputs inputs = testing_support::InputsOf(*example);
      inputs.start = Start::kEmpty;
      const Report report = Analyze(std::move(inputs), {&rule, 1}, rules::kVocabulary);
      for (const Finding& finding : report.findings) {
        if (!finding.plan.empty()) plans.push_back(PlannedOf(text, report, finding));
      }
    }
  }
  return plans;
}

TEST(PlansTest, NoStatementWorksWhileOthersWait) {
  std::vector<truth::Case> cases;
  for (const Planned& plan : AllPlans()) {
    testing_support::AddCases(plan.where, Simulate(plan.planned), plan.first, cases);
  }
  std::vector<const truth::Case*> all;
  for (const truth::Case& one : cases) all.push_back(&one);
  const truth::Measurements measurements =
      truth::MeasureAll(all, {truth::kNewestServer}, truth::Sessions::kOneForAll);
  for (const std::string& trouble : measurements.trouble) ADD_FAILURE() << trouble;
  EXPECT_GT(measurements.done.size(), 100U) << "what is measured must not shrink unnoticed";
  for (const truth::Measurement& one : measurements.done) {
    SCOPED_TRACE(truth::Show(*one.truth_case));
    EXPECT_EQ(one.deeds.sqlstate, "");
    EXPECT_TRUE(one.deeds.rewritten.empty());
    EXPECT_TRUE(one.deeds.rebuilt.empty());
    const bool works = !one.deeds.scanned.empty() || !one.deeds.created.empty();
    for (const truth::Locks* locks : {&one.deeds.locks, &one.deeds.held}) {
      for (const auto& [relation, mode] : *locks) {
        EXPECT_FALSE(works && BlocksWrites(mode)) << relation << " " << LockModeName(mode);
      }
    }
  }
}

class PlannedSchemaTest : public replay::StageTest {
 protected:
  picture::Picture PictureAfter(const Inputs& inputs, std::string* refused) {
    const auto replayed = replay::Replay(*stage_, Simulate(inputs));
    EXPECT_TRUE(replayed.ok()) << replayed.status();
    if (replayed.ok()) *refused = replayed->refused;
    const absl::StatusOr<Rows> rows = stage_->Picture();
    EXPECT_TRUE(rows.ok()) << rows.status();
    picture::Picture picture = rows.ok() ? picture::Of(*rows) : picture::Picture();
    for (auto& [name, facts] : picture.objects) facts.erase("place");
    // The constraints behind NOT NULL are called after the column as it was first called.
    std::erase_if(picture.objects, [](const auto& object) {
      const auto kind = object.second.find("kind");
      const bool constraint = absl::StrContains(object.first, " constraint ");
      return constraint && kind != object.second.end() && kind->second == "n";
    });
    return picture;
  }
};

TEST_P(PlannedSchemaTest, PlansLeaveTheSameSchema) {
  size_t compared = 0;
  for (const Planned& plan : AllPlans()) {
    SCOPED_TRACE(plan.where);
    std::string refused;
    const picture::Picture original = PictureAfter(plan.original, &refused);
    if (!refused.empty()) continue;  // it shows what fails as well
    std::string refused_plan;
    const picture::Picture planned = PictureAfter(plan.planned, &refused_plan);
    EXPECT_EQ(refused_plan, "");
    if (!plan.whole) continue;
    ++compared;
    EXPECT_EQ(picture::Compare(original, planned), "");
  }
  EXPECT_GT(compared, 10U) << "what is compared must not shrink unnoticed";
}

INSTANTIATE_TEST_SUITE_P(Servers, PlannedSchemaTest, testing::Values(18), replay::ServerName);

}  // namespace
}  // namespace plimsoll
