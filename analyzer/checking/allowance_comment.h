#ifndef PLIMSOLL_ANALYZER_CHECKING_ALLOWANCE_COMMENT_H_
#define PLIMSOLL_ANALYZER_CHECKING_ALLOWANCE_COMMENT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "analyzer/syntax/source.h"

// One comment that takes something over, as its author wrote it: Plimsoll's own
//
//   -- plimsoll:allow WORD[, WORD…] [until 2027-01-31] [-- reason]
//
// in any case, and those of other linters, which projects have that come from there.

namespace plimsoll {

// What it speaks of.
enum class Reach {
  kStatement,  // the statement that it stands at
  kFile,
  kBegin,  // what follows, up to a kEnd with the same words
  kEnd,
};

struct AllowanceWord {
  Span span;  // in the text that the comment stands in
  // In lower case; another linter's name as it is written, with the linter's before it:
  // `squawk:ban-drop-table`.
  std::string text;
};

struct AllowanceComment {
  Reach reach = Reach::kStatement;
  std::string peer;  // whose comment it is; empty: Plimsoll's
  std::vector<AllowanceWord> words;
  std::string reason;
  std::string until;    // the last day on which it holds; empty: it always does
  std::string mistake;  // what keeps it from holding at all; empty: nothing does
};

// What means every rule, in place of a rule's name.
inline constexpr absl::string_view kEveryRule = "all";

// Empty where the comment, with its `--` or `/* */`, takes nothing over.
std::optional<AllowanceComment> ReadAllowance(absl::string_view text, const Span& comment);

// What comments of another linter begin with: `squawk-ignore-file`. Empty where it has none.
std::vector<absl::string_view> MarkersOf(absl::string_view peer);

// Whether that day is over. `now`: seconds since 1970, UTC; 0: not known, and no day is.
bool IsOver(absl::string_view day, int64_t now);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_CHECKING_ALLOWANCE_COMMENT_H_
