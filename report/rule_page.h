#ifndef PLIMSOLL_REPORT_RULE_PAGE_H_
#define PLIMSOLL_REPORT_RULE_PAGE_H_

#include <string>

#include "absl/types/span.h"
#include "analyzer/checking/rule.h"

// A rule's documentation, made from the rule itself so that it cannot tell another story.

namespace plimsoll::report {

// The Markdown of docs/rules/ID.md.
std::string RulePage(const Rule& rule);

// The Markdown of docs/rules/README.md: all rules by family, with links to their pages.
std::string RuleIndex(absl::Span<const Rule* const> rules);

// The same page for a terminal: `plimsoll explain ID`.
std::string RuleText(const Rule& rule, bool colour);

}  // namespace plimsoll::report

#endif  // PLIMSOLL_REPORT_RULE_PAGE_H_
