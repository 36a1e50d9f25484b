#ifndef PLIMSOLL_ANALYZER_SYNTAX_SANDBOX_RAW_TREE_H_
#define PLIMSOLL_ANALYZER_SYNTAX_SANDBOX_RAW_TREE_H_

#include "analyzer/syntax/sandbox/instance.h"
#include "analyzer/syntax/tree.h"

namespace plimsoll::sandbox {

enum class RawTreeReading {
  kRead,
  kUnknown,   // there is a node whose layout is not known
  kTooLarge,  // there are more than kMaxTreeValues
  kTooDeep,   // they are nested more deeply than kMaxTreeDepth
};

// Copies a parse tree out of the sandbox: the statements of the List of RawStmt at `list`, which
// is null where there are none, in the shape in which libpg_query writes them as JSON. What the
// sandbox holds is doubtful: whatever stands there, this ends, and reads nothing outside.
RawTreeReading ReadRawTree(Instance& instance, Address list, tree::Tree& tree);

}  // namespace plimsoll::sandbox

#endif  // PLIMSOLL_ANALYZER_SYNTAX_SANDBOX_RAW_TREE_H_
