#ifndef PLIMSOLL_REPORT_CONCISE_H_
#define PLIMSOLL_REPORT_CONCISE_H_

#include <string>

#include "absl/types/span.h"
#include "analyzer/checking/analyze.h"

namespace plimsoll::report {

// One line a finding, as compilers write them: `path:line:column: severity: message [rule]`.
std::string RenderConcise(absl::Span<const Report> reports, bool colour);

}  // namespace plimsoll::report

#endif  // PLIMSOLL_REPORT_CONCISE_H_
