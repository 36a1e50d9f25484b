#ifndef PLIMSOLL_ANALYZER_SYNTAX_INDEX_NAME_H_
#define PLIMSOLL_ANALYZER_SYNTAX_INDEX_NAME_H_

#include <string>
#include <vector>

namespace plimsoll {

// The column part of the name that PostgreSQL chooses for an index over these columns, those of
// INCLUDE too: `a_b`, and `a_a1` where one stands twice
// (commands/indexcmds.c:ChooseIndexColumnNames).
std::string JoinIndexColumns(const std::vector<std::string>& columns);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SYNTAX_INDEX_NAME_H_
