#ifndef PLIMSOLL_WORKSPACE_WRAPPING_H_
#define PLIMSOLL_WORKSPACE_WRAPPING_H_

#include "analyzer/simulation/history.h"
#include "workspace/layout.h"

namespace plimsoll {

// What the layout's runner does around the statements of a file: the meaning of
// `--transaction auto`.
Wrapping RunnersWrapping(const Placement& placement, const Script& script, int server_version);

// PostgreSQL refuses a statement of this script inside a transaction block.
bool HasStatementForbiddenInTransaction(const Script& script, int server_version);

// BEGIN, COMMIT or ROLLBACK stands in the script itself.
bool ControlsTransactions(const Script& script);

}  // namespace plimsoll

#endif  // PLIMSOLL_WORKSPACE_WRAPPING_H_
