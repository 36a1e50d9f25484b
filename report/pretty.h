#ifndef PLIMSOLL_REPORT_PRETTY_H_
#define PLIMSOLL_REPORT_PRETTY_H_

#include <string>

#include "absl/types/span.h"
#include "analyzer/checking/analyze.h"

namespace plimsoll::report {

struct PrettyOptions {
  bool colour = false;
  bool summary = true;  // the risk of each file and the totals, at the end
};

// Findings for a person at a terminal: message, code with carets, locks, why and what to do.
std::string RenderPretty(absl::Span<const Report> reports, const PrettyOptions& options);

// One of them, with a blank line after it.
std::string RenderFinding(const Report& report, const Finding& finding, bool colour);

}  // namespace plimsoll::report

#endif  // PLIMSOLL_REPORT_PRETTY_H_
