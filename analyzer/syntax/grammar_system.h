// Debian's libpg_query, wanted by -DPLIMSOLL_GRAMMAR=system and by the test that compares the two
// grammars, which therefore finds it beside the sandboxed one under names of its own.

#ifndef PLIMSOLL_ANALYZER_SYNTAX_GRAMMAR_SYSTEM_H_
#define PLIMSOLL_ANALYZER_SYNTAX_GRAMMAR_SYSTEM_H_

#include <cstddef>

#include "absl/strings/string_view.h"
#include "analyzer/syntax/grammar.h"

namespace plimsoll::system_grammar {

// As its namesake in grammar.h.
WrittenTree ParseToJson(absl::string_view sql);

// An upper bound on how deep the tree of a text can be, from its tokens alone: what stands between
// two commas, or an operator and its operands, may nest; what commas and semicolons part does not.
size_t NestingBound(absl::string_view sql);

}  // namespace plimsoll::system_grammar

#endif  // PLIMSOLL_ANALYZER_SYNTAX_GRAMMAR_SYSTEM_H_
