#ifndef PLIMSOLL_ANALYZER_SYNTAX_GRAMMAR_JSON_H_
#define PLIMSOLL_ANALYZER_SYNTAX_GRAMMAR_JSON_H_

#include <cstddef>

#include "absl/strings/string_view.h"
#include "analyzer/syntax/tree.h"

namespace plimsoll {

// As many bytes after the JSON must be readable (they may hold anything): simdjson reads beyond.
inline constexpr size_t kJsonPadding = 64;

// The tree that libpg_query wrote as JSON. False where it is no JSON, or beyond us.
bool ReadJson(absl::string_view json, tree::Tree& tree);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SYNTAX_GRAMMAR_JSON_H_
