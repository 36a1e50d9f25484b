#ifndef PLIMSOLL_REPORT_RULE_LIST_H_
#define PLIMSOLL_REPORT_RULE_LIST_H_

#include <string>

#include "absl/types/span.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::report {

// One line a rule, in columns, in the order given.
std::string RenderRulesText(absl::Span<const Rule* const> rules, bool colour);

// {"schema_version":1,"rules":[…]}; docs/formats.md is its contract.
std::string RenderRulesJson(absl::Span<const Rule* const> rules);

}  // namespace plimsoll::report

#endif  // PLIMSOLL_REPORT_RULE_LIST_H_
