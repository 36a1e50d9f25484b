#ifndef PLIMSOLL_ANALYZER_SYNTAX_KEYWORD_H_
#define PLIMSOLL_ANALYZER_SYNTAX_KEYWORD_H_

#include "absl/strings/string_view.h"

namespace plimsoll {

// Whether the word, in lower case, is a keyword that PostgreSQL 18 takes for no column's or table's
// name unless it stands in quotes (pg_get_keywords: catcode R and T).
bool IsReserved(absl::string_view word);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SYNTAX_KEYWORD_H_
