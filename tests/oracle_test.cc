// Measures every case of fixtures/effects on servers of this run, and requires that they still do
// what the records say. truth_test compares the records with the simulation.

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "tests/support/measure.h"
#include "tests/support/truth.h"

namespace plimsoll {
namespace {

using truth::Case;
using truth::Deeds;

// Locks outside of transactions are seen from another session, which may miss what is held for a
// moment: only those that both know are compared.
void KeepCommonLocks(Deeds& recorded, Deeds& measured) {
  if (!measured.outside_transactions) return;
  const truth::Locks known = std::exchange(recorded.locks, {});
  const truth::Locks seen = std::exchange(measured.locks, {});
  for (const auto& [relation, mode] : known) {
    const auto same = seen.find(relation);
    if (same == seen.end()) continue;
    recorded.locks[relation] = measured.locks[relation] = std::min(mode, same->second);
  }
}

TEST(OracleTest, ServersDoWhatIsRecorded) {
  const std::vector<Case> cases = truth::LoadCases();
  std::vector<const Case*> all;
  for (const Case& truth_case : cases) all.push_back(&truth_case);
  const truth::Measurements measurements =
      truth::MeasureAll(all, {15, 18}, truth::Sessions::kOneForAll);
  // No server is a failure, never a skip: an oracle that is not asked proves nothing.
  ASSERT_EQ(absl::StrJoin(measurements.trouble, "\n"), "") << "run `./dev setup`";
  std::map<int, int> counts;
  for (const truth::Measurement& one : measurements.done) {
    ++counts[one.server];
    const truth::Measured* recorded = truth::MeasurementOf(*one.truth_case, one.server);
    ASSERT_NE(recorded, nullptr) << one.truth_case->name;
    Deeds measured = one.deeds;
    truth::Prediction record = {.modelled = true, .deeds = recorded->deeds};
    KeepCommonLocks(record.deeds, measured);
    EXPECT_EQ(truth::Compare(*one.truth_case, measured, record), "")
        << truth::Show(*one.truth_case) << "`predicted` is the record of PostgreSQL " << one.server;
  }
  EXPECT_GE(counts[15], 3800) << "what is measured must not shrink unnoticed";
  EXPECT_GE(counts[18], 3850);
}

}  // namespace
}  // namespace plimsoll
