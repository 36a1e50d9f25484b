#ifndef PLIMSOLL_ANALYZER_SYNTAX_ENCODING_H_
#define PLIMSOLL_ANALYZER_SYNTAX_ENCODING_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "analyzer/syntax/script.h"

namespace plimsoll {

inline constexpr absl::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Whether the text is not UTF-8 at all but UTF-16 or UTF-32, which a byte order mark gives away.
bool HasForeignByteOrderMark(absl::string_view text);

// The length of the UTF-8 character at `at`, zero where there is none. PostgreSQL takes neither
// surrogates nor overlong forms, nor anything beyond U+10FFFF.
size_t CharacterLength(absl::string_view text, size_t at);

// A copy of the text, byte for byte as long, that PostgreSQL can hold: without a byte order mark,
// with blanks for NUL bytes and underscores for bytes that are not UTF-8 (a letter of another
// encoding then leaves its word whole). What had to be replaced is told in `problems`.
std::string MakeReadable(absl::string_view text, std::vector<Problem>* problems);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SYNTAX_ENCODING_H_
