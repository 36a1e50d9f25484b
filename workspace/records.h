#ifndef PLIMSOLL_WORKSPACE_RECORDS_H_
#define PLIMSOLL_WORKSPACE_RECORDS_H_

#include <string>

#include "absl/status/status.h"
#include "analyzer/simulation/history.h"
#include "workspace/config.h"
#include "workspace/git.h"
#include "workspace/layout.h"

// What a project has written down about its migrations, against what its files are: plimsoll.sum,
// atlas.sum, the hashes in graphile-migrate's files, applied/ENV.json, and Git.

namespace plimsoll {

struct RecordsRequest {
  std::string root;  // absolute: of the layout, where the records lie
  Layout layout = Layout::kBare;
  // All files below the root were looked for, so that one which is not among the migrations may be
  // missing.
  bool whole = false;
  const Config* config = nullptr;       // null: none
  std::string revision;                 // as the user calls it
  const GitChanges* changes = nullptr;  // since then; null: Git is not asked
};

// Fills Migration::drifts, Migration::added and Inputs::gone. Nothing is hashed where there is no
// record. Fails where one cannot be understood.
absl::Status ReadRecords(const RecordsRequest& request, LayoutFinder& finder, Inputs& inputs);

}  // namespace plimsoll

#endif  // PLIMSOLL_WORKSPACE_RECORDS_H_
