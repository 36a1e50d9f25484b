#ifndef PLIMSOLL_TESTS_SUPPORT_EXAMPLE_CASES_H_
#define PLIMSOLL_TESTS_SUPPORT_EXAMPLE_CASES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "analyzer/simulation/history.h"
#include "tests/support/truth.h"

namespace plimsoll::testing_support {

// The statements of a history from its migration `first` on, as cases to be measured: what its
// earlier files and transactions did is the set-up, what its own transaction did stands before it.
// `where` names them.
void AddCases(const std::string& where, const History& history, uint32_t first,
              std::vector<truth::Case>& cases);

}  // namespace plimsoll::testing_support

#endif  // PLIMSOLL_TESTS_SUPPORT_EXAMPLE_CASES_H_
