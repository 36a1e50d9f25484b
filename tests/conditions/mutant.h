#ifndef PLIMSOLL_TESTS_CONDITIONS_MUTANT_H_
#define PLIMSOLL_TESTS_CONDITIONS_MUTANT_H_

#include <initializer_list>

// What instrument.js puts around each condition of a rule.

namespace plimsoll {

// `condition`, or its contrary where `id` is the mutant that a test has chosen.
bool Mutant(const char* id, bool condition);

// The conditions of a file, in their order: `locking/x.cc:12:0`, its path below rules/, the line
// and the condition's number on it. Each file says its own before main.
bool RegisterMutants(std::initializer_list<const char*> ids);

}  // namespace plimsoll

#endif  // PLIMSOLL_TESTS_CONDITIONS_MUTANT_H_
