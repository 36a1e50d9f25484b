#ifndef PLIMSOLL_TESTS_SUPPORT_SMALL_HISTORIES_H_
#define PLIMSOLL_TESTS_SUPPORT_SMALL_HISTORIES_H_

#include <string>
#include <vector>

// Statements over the tables `t` and `u` with the columns `a`, `b` and `c`, from which small
// histories are made: whichever follow each other, each may fail or succeed.

namespace plimsoll::small_histories {

const std::vector<std::string>& Shapes();

}  // namespace plimsoll::small_histories

#endif  // PLIMSOLL_TESTS_SUPPORT_SMALL_HISTORIES_H_
