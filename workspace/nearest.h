#ifndef PLIMSOLL_WORKSPACE_NEAREST_H_
#define PLIMSOLL_WORKSPACE_NEAREST_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace plimsoll {

// The candidate that a misspelt word most likely meant; empty where none is near.
std::string NearestWord(absl::string_view word, const std::vector<std::string>& candidates);

}  // namespace plimsoll

#endif  // PLIMSOLL_WORKSPACE_NEAREST_H_
