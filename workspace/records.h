#ifndef PLIMSOLL_WORKSPACE_RECORDS_H_
#define PLIMSOLL_WORKSPACE_RECORDS_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
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

// The layouts as they were with what Git has as deleted.
LayoutFinder PastOf(const GitChanges& changes);

// The records that hold a file to be what it is, by its name (Source::name()): whoever ran it, or
// recorded it, has it so.
using Held = std::map<std::string, std::string>;

// Fills Migration::drifts, Migration::added and Inputs::gone. Nothing is hashed where there is no
// record. `past` is asked where there are changes. Fails where a record cannot be understood.
absl::StatusOr<Held> ReadRecords(const RecordsRequest& request, LayoutFinder& past, Inputs& inputs);

// Folders of migrations that Git has as deleted, whole, absolute: `past` knows their layout, none
// of `roots` is theirs, and what they held has not gone elsewhere (`names`, without folders).
absl::StatusOr<std::vector<std::string>> GoneRoots(const GitChanges& changes, LayoutFinder& past,
                                                   const std::set<std::string>& roots,
                                                   const std::set<std::string>& names);

}  // namespace plimsoll

#endif  // PLIMSOLL_WORKSPACE_RECORDS_H_
