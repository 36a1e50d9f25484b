#ifndef PLIMSOLL_WORKSPACE_BASELINE_H_
#define PLIMSOLL_WORKSPACE_BASELINE_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "analyzer/checking/analyze.h"

// Findings that a project has when it begins to lint, written down so that only new ones are told.

namespace plimsoll {

struct Baseline {
  std::string folder;                    // absolute: where its file lies
  std::map<std::string, int> how_often;  // each fingerprint occurs
};

// A line a finding, sorted by file: its fingerprint, then for people its rule and its file. A
// fingerprint is made of the rule, the file's path from `folder`, where the baseline will lie, and
// the words of the statement, blanks and comments aside: it stays the same when lines move.
std::string RenderBaseline(absl::Span<const Report> reports, const std::string& folder);

// `plimsoll.baseline:3: not a fingerprint`. Empty lines and those that begin with # mean nothing.
absl::StatusOr<Baseline> ReadBaseline(const std::string& path);

// Takes out the findings that `baseline` has, each as often as it is written there, and counts them
// as suppressed. What was used is taken out of `baseline` as well: what is left holds no more.
void TakeOut(Baseline& baseline, Report& report);

}  // namespace plimsoll

#endif  // PLIMSOLL_WORKSPACE_BASELINE_H_
