#ifndef PLIMSOLL_ANALYZER_CHECKING_SUPPRESSION_H_
#define PLIMSOLL_ANALYZER_CHECKING_SUPPRESSION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "analyzer/syntax/script.h"

namespace plimsoll {

// What a file's author takes over, in comments:
//
//   -- plimsoll:allow WORD[, WORD…] [until 2027-01-31] [-- reason]
//
// in front of a statement or behind it on its last line; `allow-file` for the whole file, wherever
// it stands; `allow-begin` for what follows, up to `allow-end` with the same words (or none: of all
// that has begun), else to the end of the file. A word is a rule's id, or `risky` or `complex`,
// which takes a statement's whole risk over without silencing any rule. What has a date holds up to
// the end of that day, in UTC; what is no date holds nothing at all.
struct Allowance {
  std::vector<std::string> words;
  std::string reason;

  bool Allows(absl::string_view word) const;
};

// One for each statement of the script, in their order, and a last one for the file as a whole. A
// `--` comment behind something on its line belongs to that. `now`: seconds since 1970, 0: not
// known, and no day is over. Takes time linear in the script.
std::vector<Allowance> AllowancesOf(const Script& script, int64_t now);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_CHECKING_SUPPRESSION_H_
