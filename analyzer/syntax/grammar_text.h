// What both grammars check before they look at a text, and how they count in it.

#ifndef PLIMSOLL_ANALYZER_SYNTAX_GRAMMAR_TEXT_H_
#define PLIMSOLL_ANALYZER_SYNTAX_GRAMMAR_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "analyzer/syntax/grammar.h"

namespace plimsoll {

// Why a text must not reach the grammar at all: it is too large, a NUL byte would silently end it,
// it is not UTF-8, which PostgreSQL's scanner takes on trust, or reading it would take minutes.
std::optional<GrammarError> RefuseText(absl::string_view sql);

// The offset of the first byte that is not part of a well-formed character (no overlong forms, no
// surrogates); the text's size if there is none.
size_t FirstInvalidUtf8(absl::string_view text);

// PostgreSQL counts an error's position in characters, from 1; 0 or less is no position, for which
// this returns the text's size.
uint32_t CursorInBytes(absl::string_view sql, int32_t position_in_characters);

// Overwrites what is not UTF-8 with question marks. No text is known that makes libpg_query write
// such a tree (it cuts long names between characters and refuses '\xff' in an escape string), but a
// tree that simdjson rejects would cost the whole file, and the sandbox's word is not taken for it.
void MakeUtf8(absl::Span<char> text);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SYNTAX_GRAMMAR_TEXT_H_
