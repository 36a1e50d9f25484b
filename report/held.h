#ifndef PLIMSOLL_REPORT_HELD_H_
#define PLIMSOLL_REPORT_HELD_H_

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "analyzer/simulation/history.h"

namespace plimsoll::report {

// A lock that a transaction holds when a statement begins.
struct HeldLock {
  std::string relation;  // the name that it has then
  LockMode mode = LockMode::kAccessShare;
  uint32_t since = 0;     // index of the statement that took it, in the same file
  bool possible = false;  // not certain
};

// Those of one statement, on relations that others use.
struct Held {
  std::vector<HeldLock> strongest;  // at most kMostHeldLocks, then by age; one a relation
  uint32_t count = 0;               // of all relations
  uint32_t blocking = 0;            // of those whose lock keeps others from writing
  // Index of the statement with which the transaction ends, which frees them at the latest:
  // ROLLBACK TO frees those taken since its savepoint. Empty: it ends after the file.
  std::optional<uint32_t> until;
};

inline constexpr uint32_t kMostHeldLocks = 20;

// Tells of one file's statements, in their order: what a transaction holds grows with it, and is
// not gathered anew for each. The history must outlive it.
class HeldLocksOf {
 public:
  HeldLocksOf(const History& history, uint32_t migration)
      : history_(history), migration_(migration) {}

  // Empty where nothing is held. `statement` is greater than in the call before.
  Held Before(uint32_t statement);

 private:
  using Key = std::pair<RelationId, std::string>;  // a relation without an id has a name

  struct Entry {
    std::string name;  // when it was taken
    LockMode mode = LockMode::kAccessShare;
    uint32_t holder = 0;  // a step
    bool possible = false;
  };

  // Descending by mode, then by age.
  using Rank = std::tuple<int, uint32_t, Key>;

  static Rank RankOf(const Key& key, const Entry& entry) {
    return {-static_cast<int>(entry.mode), entry.holder, key};
  }
  void Add(const Lock& lock, uint32_t holder);
  void Follow(const Step& step);

  const History& history_;
  uint32_t migration_;
  HeldLocks seen_;
  std::map<Key, Entry> entries_;
  std::set<Rank> ranks_;
  uint32_t blocking_ = 0;
};

}  // namespace plimsoll::report

#endif  // PLIMSOLL_REPORT_HELD_H_
