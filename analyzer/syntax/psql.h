#ifndef PLIMSOLL_ANALYZER_SYNTAX_PSQL_H_
#define PLIMSOLL_ANALYZER_SYNTAX_PSQL_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "analyzer/syntax/source.h"

namespace plimsoll {

// A command of psql: a backslash, a name, and arguments to the end of the line or to the next
// backslash that is not quoted.
struct MetaCommand {
  Span span;               // without trailing blanks
  absl::string_view name;  // without the backslash: `connect`, `gexec`; a view into the text
  uint32_t end = 0;  // where SQL or the next command goes on; past the `\\` that ended this one
  bool is_known = false;     // psql has a command of this name
  bool sends_query = false;  // it ends the SQL before it as a semicolon would
  bool reads_data = false;   // \copy … from stdin
};

// The command whose backslash is at `at`, which is not within a quote or comment.
MetaCommand ReadMetaCommand(absl::string_view text, uint32_t at);

// The lines of COPY data that start at `begin`, which is the start of a line.
struct CopyData {
  Span span;         // without the closing `\.`
  uint32_t end = 0;  // where the line after the closing one starts
};
CopyData ReadCopyData(absl::string_view text, uint32_t begin);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SYNTAX_PSQL_H_
