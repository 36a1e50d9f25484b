#ifndef PLIMSOLL_TESTS_SUPPORT_SMALL_HISTORIES_H_
#define PLIMSOLL_TESTS_SUPPORT_SMALL_HISTORIES_H_

#include <string>
#include <vector>

// Statements over the tables `t` and `u` with the columns `a`, `b` and `c`, from which small
// histories are made: whichever follow each other, each may fail or succeed.

namespace plimsoll::small_histories {

// Every statement there is: each change of a column for each column of each table, each change of a
// table for each table, and what else makes, changes and drops.
const std::vector<std::string>& Shapes();

// Those of them that make `t`, whatever there is: with `u` it is the same the other way round.
std::vector<std::string> Creators();

}  // namespace plimsoll::small_histories

#endif  // PLIMSOLL_TESTS_SUPPORT_SMALL_HISTORIES_H_
