#ifndef PLIMSOLL_REPORT_SUMMARY_H_
#define PLIMSOLL_REPORT_SUMMARY_H_

#include <cstddef>
#include <string>

#include "absl/types/span.h"
#include "analyzer/checking/analyze.h"

namespace plimsoll::report {

// What all reports of one run come to. Only migrations that are judged count: one that is already
// applied is context.
struct Summary {
  size_t files = 0;
  size_t statements = 0;
  size_t findings = 0;
  size_t errors = 0;
  size_t warnings = 0;
  size_t notes = 0;
  size_t suppressed = 0;
  Risk risk = Risk::kSafe;
};

Summary Summarize(absl::Span<const Report> reports);

// Whether our knowledge of the major version comes from servers; else from its release notes.
bool IsMeasured(int server_version);
// Says so where it does not, on a line of its own; empty where it does.
std::string MeasuredRemark(absl::Span<const Report> reports);

// The findings of one migration; they stand together, as the report is sorted.
absl::Span<const Finding> FindingsOf(const Report& report, size_t migration);

}  // namespace plimsoll::report

#endif  // PLIMSOLL_REPORT_SUMMARY_H_
