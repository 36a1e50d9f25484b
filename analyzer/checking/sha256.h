#ifndef PLIMSOLL_ANALYZER_CHECKING_SHA256_H_
#define PLIMSOLL_ANALYZER_CHECKING_SHA256_H_

#include <string>

#include "absl/strings/string_view.h"

namespace plimsoll {

// The SHA-256 of the bytes, as 64 lower-case hexadecimal digits.
std::string Sha256Hex(absl::string_view bytes);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_CHECKING_SHA256_H_
