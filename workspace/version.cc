#include "workspace/version.h"

#include <cstddef>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/civil_time.h"

namespace plimsoll {

std::string NextNumber(absl::string_view digits) {
  std::string next(digits);
  for (size_t i = next.size(); i-- > 0;) {
    if (next[i] != '9') {
      ++next[i];
      return next;
    }
    next[i] = '0';
  }
  return absl::StrCat("1", next);
}

std::string NextSecond(absl::string_view stamp) {
  constexpr size_t kDigits = 14;
  if (stamp.size() != kDigits) return "";
  // As Abseil reads it.
  const std::string written =
      absl::StrCat(stamp.substr(0, 4), "-", stamp.substr(4, 2), "-", stamp.substr(6, 2), "T",
                   stamp.substr(8, 2), ":", stamp.substr(10, 2), ":", stamp.substr(12, 2));
  absl::CivilSecond second;
  if (!absl::ParseCivilTime(written, &second) || absl::FormatCivilTime(second) != written) {
    return "";
  }
  return absl::StrReplaceAll(absl::FormatCivilTime(second + 1), {{"-", ""}, {"T", ""}, {":", ""}});
}

}  // namespace plimsoll
