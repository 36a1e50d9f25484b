#ifndef PLIMSOLL_REPORT_FIELD_PAGES_H_
#define PLIMSOLL_REPORT_FIELD_PAGES_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "analyzer/checking/field.h"
#include "analyzer/checking/rule.h"

// Where we stand in the field, made from its tables: what other linters' rules are called here, and
// which of the field's hazards we find.

namespace plimsoll::report {

// The Markdown of docs/rules/coming-from-PEER.md: a row for each of the peer's rules among `peers`,
// in their order. `rules` are ours, to say which are off by default.
std::string ComingFromPage(absl::string_view peer, absl::Span<const PeerRule> peers,
                           absl::Span<const Rule* const> rules);

// The Markdown of docs/hazards.md.
std::string HazardsPage(absl::Span<const Hazard> hazards);

}  // namespace plimsoll::report

#endif  // PLIMSOLL_REPORT_FIELD_PAGES_H_
