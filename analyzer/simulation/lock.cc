#include "analyzer/simulation/lock.h"

#include <array>

namespace plimsoll {
namespace {

// Row: a mode asked for; bit n: it waits for mode n + 1. lock.c:LockConflicts.
constexpr std::array<uint8_t, 8> kConflicts = {
    0b10000000U,  // ACCESS SHARE
    0b11000000U,  // ROW SHARE
    0b11110000U,  // ROW EXCLUSIVE
    0b11111000U,  // SHARE UPDATE EXCLUSIVE
    0b11101100U,  // SHARE
    0b11111100U,  // SHARE ROW EXCLUSIVE
    0b11111110U,  // EXCLUSIVE
    0b11111111U,  // ACCESS EXCLUSIVE
};

constexpr std::array<absl::string_view, 8> kNames = {
    "ACCESS SHARE", "ROW SHARE",           "ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE",
    "SHARE",        "SHARE ROW EXCLUSIVE", "EXCLUSIVE",     "ACCESS EXCLUSIVE"};

size_t Index(LockMode mode) { return static_cast<size_t>(mode) - 1; }

}  // namespace

absl::string_view LockModeName(LockMode mode) { return kNames[Index(mode)]; }

bool Conflicts(LockMode a, LockMode b) {
  return (unsigned{kConflicts[Index(a)]} >> Index(b) & 1U) != 0;
}

absl::string_view WhatItBlocks(LockMode mode) {
  if (BlocksReads(mode)) return "reads and writes";
  if (BlocksWrites(mode)) return "writes";
  return "other schema changes";
}

}  // namespace plimsoll
