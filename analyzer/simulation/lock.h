#ifndef PLIMSOLL_ANALYZER_SIMULATION_LOCK_H_
#define PLIMSOLL_ANALYZER_SIMULATION_LOCK_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace plimsoll {

// PostgreSQL's table locks, weakest first, with its own numbers (src/include/storage/lockdefs.h).
// A greater mode is "stronger": it conflicts with more.
enum class LockMode : uint8_t {
  kAccessShare = 1,
  kRowShare = 2,
  kRowExclusive = 3,
  kShareUpdateExclusive = 4,
  kShare = 5,
  kShareRowExclusive = 6,
  kExclusive = 7,
  kAccessExclusive = 8,
};

inline constexpr LockMode kAllLockModes[] = {
    LockMode::kAccessShare,  LockMode::kRowShare,
    LockMode::kRowExclusive, LockMode::kShareUpdateExclusive,
    LockMode::kShare,        LockMode::kShareRowExclusive,
    LockMode::kExclusive,    LockMode::kAccessExclusive};

// `ACCESS EXCLUSIVE`, as the manual and LOCK TABLE spell it.
absl::string_view LockModeName(LockMode mode);

// Whether two sessions may not hold these on one table at once (lock.c:LockConflicts).
bool Conflicts(LockMode a, LockMode b);

// A plain SELECT has to wait for it.
inline bool BlocksReads(LockMode mode) { return Conflicts(mode, LockMode::kAccessShare); }
// INSERT, UPDATE and DELETE have to wait for it.
inline bool BlocksWrites(LockMode mode) { return Conflicts(mode, LockMode::kRowExclusive); }

// `reads and writes`, `writes` or `other DDL`: what the rest of the world notices.
absl::string_view WhatItBlocks(LockMode mode);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SIMULATION_LOCK_H_
