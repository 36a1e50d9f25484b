#ifndef PLIMSOLL_REPORT_JSON_H_
#define PLIMSOLL_REPORT_JSON_H_

#include <string>

#include "absl/types/span.h"
#include "analyzer/checking/analyze.h"

namespace plimsoll::report {

// Everything a program may want to know of a lint run; docs/formats.md is its contract.
std::string RenderJson(absl::Span<const Report> reports, int server_version);

}  // namespace plimsoll::report

#endif  // PLIMSOLL_REPORT_JSON_H_
