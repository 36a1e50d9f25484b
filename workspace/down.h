#ifndef PLIMSOLL_WORKSPACE_DOWN_H_
#define PLIMSOLL_WORKSPACE_DOWN_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "analyzer/simulation/history.h"
#include "workspace/fixing.h"
#include "workspace/load.h"

// The way back of a migration, from what was there before it.

namespace plimsoll {

struct Down {
  // Statements, each with its semicolon, and comments where there is no way back: a line feed ends
  // each. Empty: the up leaves nothing to undo.
  std::string text;
  bool alone = false;  // one of the statements is refused in transactions
};

// What undoes the migration, statement by statement from its last: exact inverses, and what was
// dropped as the files before it made it. Rows and values that are gone stay gone, and the text
// says so.
Down DownOf(const Inputs& inputs, uint32_t up);

// What the down leaves of the migration: what differs from before it, and what PostgreSQL refuses.
std::vector<std::string> LeftBy(const Inputs& inputs, uint32_t up, const Down& down);

// The change that puts `down` where the layout of the project has it: a file or a section. Fails
// where the layout has no downs, and where one stands there already that does something.
absl::StatusOr<FileChange> PlaceDown(const Project& project, uint32_t up, const Down& down);

}  // namespace plimsoll

#endif  // PLIMSOLL_WORKSPACE_DOWN_H_
