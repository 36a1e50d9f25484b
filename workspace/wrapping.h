#ifndef PLIMSOLL_WORKSPACE_WRAPPING_H_
#define PLIMSOLL_WORKSPACE_WRAPPING_H_

#include <string>

#include "absl/strings/string_view.h"
#include "analyzer/simulation/history.h"
#include "workspace/layout.h"

namespace plimsoll {

// What the layout's runner does around the statements of a file: the meaning of
// `--transaction auto`.
Wrapping RunnersWrapping(const Placement& placement, const Script& script, int server_version);

// Where the author of such a file puts what cannot run in a transaction, as words of a sentence
// (`in a file of its own with …`). Empty where the layout's runner has no way, or opens none.
absl::string_view WayOutside(Layout layout);

// A file of that layout which runs the statements, with the runner's own marks around them.
// `alone`: outside a transaction. Empty where no new file can be all there is to it: one that a
// journal or a chain of hashes lists, or that needs another file beside it.
std::string FileWith(Layout layout, absl::string_view statements, bool alone);

// PostgreSQL refuses a statement of this script inside a transaction block.
bool HasStatementForbiddenInTransaction(const Script& script, int server_version);

}  // namespace plimsoll

#endif  // PLIMSOLL_WORKSPACE_WRAPPING_H_
