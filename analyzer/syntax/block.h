#ifndef PLIMSOLL_ANALYZER_SYNTAX_BLOCK_H_
#define PLIMSOLL_ANALYZER_SYNTAX_BLOCK_H_

#include <cstdint>
#include <vector>

#include "analyzer/syntax/script.h"

namespace plimsoll {

// Which block of `-- +goose StatementBegin` … `StatementEnd`, or sql-migrate's, each statement of
// the script stands in: by statement, counted from 1; 0: in none. Empty where there is no block. A
// runner sends what it takes for one statement as one message (goose: sqlparser/parser.go).
std::vector<uint32_t> BlocksOf(const Script& script);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SYNTAX_BLOCK_H_
