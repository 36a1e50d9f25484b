// Measures real servers and compares: what the simulation predicts, what the servers of this run
// do, and what fixtures/truth says they did must be one.

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/measure.h"
#include "tests/support/truth.h"

namespace plimsoll {
namespace {

// A cut through the table of effects: at least one case a kind of action, those first that peers
// get wrong.
const std::vector<std::string>& MeasuredCases() {
  static const auto* names = new std::vector<std::string>{
      "add_column_nullable",
      "add_column_not_null_const_default",
      "add_column_volatile_default_uuid",
      "add_column_serial",
      "add_column_check",
      "add_column_domain_check_const_default",
      "add_column_references_default",
      "add_column_partitioned_volatile",
      "drop_column_in_expression_index",
      "drop_column_with_fk",
      "set_not_null",
      "set_not_null_check_is_distinct",
      "set_not_null_two_columns_one_proved",
      "type_varchar_grow",
      "type_varchar_grow_expression_index",
      "type_int_to_bigint_no_index",
      "type_pk_int_to_bigint_referenced",
      "type_used_by_view",
      "add_fk_not_valid",
      "add_fk_self",
      "add_unique",
      "add_pk_using_index_nullable",
      "drop_constraint_fk",
      "rename_column",
      "create_index",
      "create_index_partitioned_parts_have_it",
      "create_table_inline_fk_two",
      "create_partition_of_with_default",
      "create_trigger",
      "create_policy",
      "drop_index",
      "drop_table_with_fk_child",
      "drop_table_referenced_restrict",
      "truncate_fk_child",
  };
  return *names;
}

absl::StatusOr<EphemeralServer> StartServer(int version) {
  return EphemeralServer::Start({.version = version,
                                 .settings = {{"autovacuum", "off"},
                                              {"timezone", "Europe/London"},
                                              {"max_parallel_workers_per_gather", "0"},
                                              {"max_parallel_maintenance_workers", "0"}}});
}

class OracleTest : public testing::TestWithParam<int> {};

TEST_P(OracleTest, ServerDoesWhatWePredict) {
  const absl::StatusOr<EphemeralServer> server = StartServer(GetParam());
  // No server is a failure, never a skip: an oracle that is not asked proves nothing.
  ASSERT_TRUE(server.ok()) << server.status() << "\nrun `./dev setup`";
  const std::vector<truth::Case> cases = truth::LoadCases();
  size_t measured_cases = 0;
  for (const truth::Case& truth_case : cases) {
    const auto& names = MeasuredCases();
    if (std::find(names.begin(), names.end(), truth_case.name) == names.end()) continue;
    SCOPED_TRACE(truth_case.name);
    ++measured_cases;
    const absl::StatusOr<truth::Measured> measured = truth::Measure(*server, truth_case);
    ASSERT_TRUE(measured.ok()) << measured.status();
    const truth::Prediction prediction = truth::Predict(truth_case, *measured, GetParam());
    EXPECT_TRUE(prediction.modelled);
    EXPECT_EQ(truth::Compare(truth_case, *measured, GetParam(), prediction), "");
    // The recorded measurement, put in the prediction's place, must agree as well.
    for (const truth::Measured& recorded : truth_case.measured) {
      for (const int version : recorded.servers) {
        if (version != GetParam()) continue;
        const truth::Prediction replay = {.modelled = true, .deeds = recorded.deeds};
        EXPECT_EQ(truth::Compare(truth_case, *measured, version, replay), "") << "recorded";
      }
    }
  }
  EXPECT_EQ(measured_cases, MeasuredCases().size()) << "a case is named that the file lacks";
}

TEST_P(OracleTest, ServerDoesWhatWePredictOfUnrecordedCases) {
  const absl::StatusOr<EphemeralServer> server = StartServer(GetParam());
  ASSERT_TRUE(server.ok()) << server.status() << "\nrun `./dev setup`";
  const std::vector<truth::Case> cases = truth::LoadLiveCases();
  ASSERT_FALSE(cases.empty());
  for (const truth::Case& truth_case : cases) {
    SCOPED_TRACE(truth_case.name);
    const absl::StatusOr<truth::Measured> measured = truth::Measure(*server, truth_case);
    ASSERT_TRUE(measured.ok()) << measured.status();
    const truth::Prediction prediction = truth::Predict(truth_case, *measured, GetParam());
    EXPECT_TRUE(prediction.modelled);
    EXPECT_EQ(truth::Compare(truth_case, *measured, GetParam(), prediction), "");
  }
}

INSTANTIATE_TEST_SUITE_P(Servers, OracleTest, testing::Values(15, 18),
                         [](const testing::TestParamInfo<int>& version) {
                           return "PostgreSQL" + std::to_string(version.param);
                         });

}  // namespace
}  // namespace plimsoll
