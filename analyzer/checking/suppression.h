#ifndef PLIMSOLL_ANALYZER_CHECKING_SUPPRESSION_H_
#define PLIMSOLL_ANALYZER_CHECKING_SUPPRESSION_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "analyzer/syntax/script.h"

namespace plimsoll {

// What stands in front of a statement, or behind it on its last line, as `-- plimsoll:allow WORD[,
// WORD…] [-- reason]`. A word is a rule's id, or `risky` or `complex`, which takes the statement's
// whole risk over without silencing any rule.
struct Allowance {
  std::vector<std::string> words;
  std::string reason;

  bool Allows(absl::string_view word) const;
};

// The allowances for one statement of a script, all its comments taken together. A `--` comment
// behind something on its line belongs to that.
Allowance AllowanceFor(const Script& script, const Statement& statement);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_CHECKING_SUPPRESSION_H_
