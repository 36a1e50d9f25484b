#include "workspace/parallel.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace plimsoll {

int ThreadCount(int jobs) {
  return jobs > 0 ? jobs : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

void ForEachIndex(int threads, size_t count, absl::FunctionRef<void(size_t index)> work) {
  std::atomic<size_t> next = 0;
  const auto take = [&] {
    for (size_t i = next++; i < count; i = next++) work(i);
  };
  std::vector<std::jthread> helpers;
  for (size_t i = 1; i < std::min(static_cast<size_t>(threads), count); ++i) {
    helpers.emplace_back(take);
  }
  take();
}  // which joins them

}  // namespace plimsoll
