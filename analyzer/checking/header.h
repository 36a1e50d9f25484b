#ifndef PLIMSOLL_ANALYZER_CHECKING_HEADER_H_
#define PLIMSOLL_ANALYZER_CHECKING_HEADER_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "analyzer/checking/rule.h"
#include "analyzer/simulation/history.h"

// What the comments above the first statement of a migration say of it, a line each:
// `-- Risk Level: low`.

namespace plimsoll {

struct HeaderField {
  std::string name;  // in lower case, with one blank between its words: `risk level`
  Span line;         // from the first byte of the name to the last of the value
  Span value;        // without the blanks around it; empty, behind the colon, where there is none
};

// Every line of those comments that has the form of one, in their order.
std::vector<HeaderField> HeaderOf(const Script& script);

// The first of that name, in any case; null where there is none.
const HeaderField* FindField(absl::Span<const HeaderField> header, absl::string_view name);

// Whether a value is what a template has in its place and nothing more, as far as its form tells:
// `[YYYY-MM-DD]`, `[NUMBER]_[DESCRIPTION]`, `[low|medium|high]`, `{description}`, `<name>`, `tbd`.
bool IsPlaceholder(absl::string_view value);

// A complaint about a line of the header.
Complaint OfHeader(uint32_t migration, const HeaderField& field, std::string message);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_CHECKING_HEADER_H_
