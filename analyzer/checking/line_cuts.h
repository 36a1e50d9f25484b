#ifndef PLIMSOLL_ANALYZER_CHECKING_LINE_CUTS_H_
#define PLIMSOLL_ANALYZER_CHECKING_LINE_CUTS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "analyzer/checking/rule.h"
#include "analyzer/syntax/script.h"

// goose and sql-migrate know no SQL: they read a file line by line, and end a statement where a
// line ends in a semicolon, whatever that stands in, unless markers hold the lines together (goose:
// sqlparser/parser.go, sql-migrate: sqlparse/sqlparse.go).

namespace plimsoll {

// Where such a runner and PostgreSQL do not agree on what a statement is.
struct Miscut {
  uint32_t statement = 0;  // Complaint::kWholeFile: it is a comment
  Span span;
  bool unended = false;    // the runner finds no end of it; false: it ends it in the middle
  std::optional<Fix> fix;  // of a statement, where it stands on lines of its own
};

// In the order of the file, each statement and comment once; empty where the runner is another
// (Script::cut_at_lines). What PostgreSQL's grammar rejects is left out: who knows where that ends.
std::vector<Miscut> MiscutsOf(const Script& script);

// `goose` or `sql-migrate`, of a file that has such markers.
absl::string_view LineRunnerOf(const Script& script);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_CHECKING_LINE_CUTS_H_
