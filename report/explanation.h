#ifndef PLIMSOLL_REPORT_EXPLANATION_H_
#define PLIMSOLL_REPORT_EXPLANATION_H_

#include <cstdint>
#include <string>

#include "absl/types/span.h"
#include "analyzer/checking/analyze.h"

namespace plimsoll::report {

// All that is known of one statement, for a person: its locks and whom they keep waiting, its work,
// how both differ between versions of the server, what its transaction holds already, its risk and
// its findings. `reports` are of the same files, one a version, ascending; the findings are those
// of the last.
std::string ExplainStatement(absl::Span<const Report> reports, uint32_t migration,
                             uint32_t statement, bool colour);

}  // namespace plimsoll::report

#endif  // PLIMSOLL_REPORT_EXPLANATION_H_
