#include "tests/support/stage.h"

#include <cstdlib>
#include <map>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace plimsoll::replay {
namespace {

// Its keeper ends the server when the process ends.
absl::StatusOr<Stage>& StageOf(int version) {
  static auto* const stages = new std::map<int, absl::StatusOr<Stage>>();
  const auto found = stages->find(version);
  if (found != stages->end()) return found->second;
  return stages->emplace(version, Stage::Start(version)).first->second;
}

}  // namespace

std::vector<int> Servers() {
  const char* chosen = std::getenv("PLIMSOLL_SERVERS");
  if (chosen == nullptr) return {15, 18};
  std::vector<int> servers;
  for (const absl::string_view word : absl::StrSplit(chosen, ',')) {
    int server = 0;
    if (absl::SimpleAtoi(word, &server)) servers.push_back(server);
  }
  return servers;
}

std::string ServerName(const testing::TestParamInfo<int>& version) {
  return absl::StrCat("PostgreSQL", version.param);
}

void StageTest::SetUp() {
  absl::StatusOr<Stage>& stage = StageOf(GetParam());
  // No server is a failure, never a skip.
  ASSERT_TRUE(stage.ok()) << stage.status() << "\nrun `./dev setup`";
  const absl::Status cleared = stage->Clear();
  ASSERT_TRUE(cleared.ok()) << cleared;
  stage_ = &*stage;
}

}  // namespace plimsoll::replay
