#ifndef PLIMSOLL_TESTS_SUPPORT_RULE_WORDS_H_
#define PLIMSOLL_TESTS_SUPPORT_RULE_WORDS_H_

#include <string>

#include "absl/strings/string_view.h"

namespace plimsoll::testing_support {

// What is wrong with the form of a sentence that users read; empty where it is as CONTRIBUTING
// asks: one line, no full stop at its end, lower case at its start unless that is a keyword of SQL,
// a number or a name in backticks.
std::string WordingProblem(absl::string_view sentence);

}  // namespace plimsoll::testing_support

#endif  // PLIMSOLL_TESTS_SUPPORT_RULE_WORDS_H_
