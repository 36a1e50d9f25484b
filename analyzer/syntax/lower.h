#ifndef PLIMSOLL_ANALYZER_SYNTAX_LOWER_H_
#define PLIMSOLL_ANALYZER_SYNTAX_LOWER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "analyzer/syntax/action.h"
#include "analyzer/syntax/body.h"
#include "analyzer/syntax/tree.h"

namespace plimsoll {

// One element of the grammar's `stmts`, in the words of the domain.
struct LoweredStatement {
  // Byte offset and length in the text that was parsed, as the grammar says: blanks and comments
  // before the statement are included. A length of zero means to the end of the text.
  uint32_t location = 0;
  uint32_t length = 0;
  std::string tag;  // PostgreSQL's command tag
  std::vector<Action> actions;
  bool copies_from_stdin = false;
};

// Turns the grammar's tree of `text` into actions. `offset` is where `text` starts in its source;
// the spans of the actions are bytes of that source. An action that fills its whole statement has
// an empty span: script.cc, which trims statements, fills it in. Unknown statements and subcommands
// become action::Other. `context` is that of the bodies within it; null for a script without
// substitutes.
std::vector<LoweredStatement> Lower(const tree::Tree& parsed, absl::string_view text,
                                    uint32_t offset, BodyContext* context = nullptr);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SYNTAX_LOWER_H_
