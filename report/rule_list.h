#ifndef PLIMSOLL_REPORT_RULE_LIST_H_
#define PLIMSOLL_REPORT_RULE_LIST_H_

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/types/span.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::report {

// One line a rule, in columns, in the order given.
std::string RenderRulesText(absl::Span<const Rule* const> rules, bool colour);

// {"schema_version":1,"rules":[…]}; docs/formats.md is its contract.
// `aliases` gives the names that other linters have for a rule.
std::string RenderRulesJson(absl::Span<const Rule* const> rules,
                            absl::FunctionRef<std::vector<std::string>(const Rule&)> aliases);

}  // namespace plimsoll::report

#endif  // PLIMSOLL_REPORT_RULE_LIST_H_
