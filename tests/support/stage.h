#ifndef PLIMSOLL_TESTS_SUPPORT_STAGE_H_
#define PLIMSOLL_TESTS_SUPPORT_STAGE_H_

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/replay.h"

// What the tests share that ask real servers.

namespace plimsoll::replay {

// Major versions: 15 and 18, or those that PLIMSOLL_SERVERS names, such as `12,15,18`.
std::vector<int> Servers();

// For INSTANTIATE_TEST_SUITE_P: `PostgreSQL18`.
std::string ServerName(const testing::TestParamInfo<int>& version);

// A test on the server of the version that is its parameter. The tests of a binary share it, for
// starting one takes longer than most of them; each finds it empty.
class StageTest : public testing::TestWithParam<int> {
 protected:
  void SetUp() override;

  Stage* stage_ = nullptr;  // lives as long as the process
};

}  // namespace plimsoll::replay

#endif  // PLIMSOLL_TESTS_SUPPORT_STAGE_H_
