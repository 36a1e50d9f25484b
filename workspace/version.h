#ifndef PLIMSOLL_WORKSPACE_VERSION_H_
#define PLIMSOLL_WORKSPACE_VERSION_H_

#include <string>

#include "absl/strings/string_view.h"

// Versions as the names of migrations hold them: digits.

namespace plimsoll {

// The number that follows, with as many digits at least: `010` after `009`.
std::string NextNumber(absl::string_view digits);

// The second after `20250131235959`, in UTC; the calendar decides, so that none is made that is no
// time. Empty where it is none already.
std::string NextSecond(absl::string_view stamp);

}  // namespace plimsoll

#endif  // PLIMSOLL_WORKSPACE_VERSION_H_
