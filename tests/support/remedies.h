#ifndef PLIMSOLL_TESTS_SUPPORT_REMEDIES_H_
#define PLIMSOLL_TESTS_SUPPORT_REMEDIES_H_

#include <string>

#include "analyzer/checking/rule.h"

namespace plimsoll::testing_support {

// What the findings of a rule's examples say to do, where that is more than the rule's own words:
// help for the case at hand, fixes with what they make of the file, plans. For people; empty where
// the rule always says the same.
std::string RemediesOf(const Rule& rule);

// fixtures/rules/ID/remedies.md, where that text is recorded.
std::string RemediesPath(const Rule& rule);

}  // namespace plimsoll::testing_support

#endif  // PLIMSOLL_TESTS_SUPPORT_REMEDIES_H_
