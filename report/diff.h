#ifndef PLIMSOLL_REPORT_DIFF_H_
#define PLIMSOLL_REPORT_DIFF_H_

#include <string>

#include "absl/strings/string_view.h"

namespace plimsoll::report {

// What `git apply` takes to make `after` of the file at `path`, whose text is `before`: a unified
// diff with three lines of context, `a/` and `b/` before the path. Empty where the texts are equal.
// Bytes are kept as they are, carriage returns included; a last line without a line feed is marked.
// Takes time linear in the texts where they differ little.
std::string UnifiedDiff(absl::string_view path, absl::string_view before, absl::string_view after,
                        bool created);

}  // namespace plimsoll::report

#endif  // PLIMSOLL_REPORT_DIFF_H_
