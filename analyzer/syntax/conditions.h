#ifndef PLIMSOLL_ANALYZER_SYNTAX_CONDITIONS_H_
#define PLIMSOLL_ANALYZER_SYNTAX_CONDITIONS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

// The names that PL/pgSQL has for SQLSTATEs, as EXCEPTION WHEN and RAISE take them.

namespace plimsoll {

// The SQLSTATEs that `condition` means, a name in lower case or a SQLSTATE itself; some names have
// two. Empty where there is no such name (pl_comp.c:plpgsql_parse_err_condition).
std::vector<std::string> SqlstatesOf(absl::string_view condition);

// Whether a clause for `handled` catches `raised`: one that ends in 000 is for its whole class
// (pl_exec.c:exception_matches_conditions).
bool Catches(absl::string_view handled, absl::string_view raised);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SYNTAX_CONDITIONS_H_
