#include "analyzer/syntax/keyword.h"

#include <algorithm>
#include <iterator>

namespace plimsoll {
namespace {

#include "analyzer/syntax/keywords.inc"

}  // namespace

bool IsReserved(absl::string_view word) {
  return std::binary_search(std::begin(kReservedWords), std::end(kReservedWords), word);
}

}  // namespace plimsoll
