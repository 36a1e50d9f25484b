#ifndef PLIMSOLL_WORKSPACE_GIT_H_
#define PLIMSOLL_WORKSPACE_GIT_H_

#include <map>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// What Git knows of the files. The program `git` is asked; no shell stands between.

namespace plimsoll {

// The files that differ from the revision, new ones that Git does not know yet included, as
// absolute paths. `folder` lies in the repository. Fails where it does not, where there is no such
// revision, and where there is no git.
absl::StatusOr<std::set<std::string>> ChangedSince(const std::string& folder,
                                                   const std::string& revision);

// The files that are staged for the next commit, by absolute path, with the texts that the index
// holds.
absl::StatusOr<std::map<std::string, std::string>> Staged(const std::string& folder);

// What `git config` says of a key such as `user.name`; empty where it says nothing.
std::string GitSetting(const std::string& folder, const std::string& key);

}  // namespace plimsoll

#endif  // PLIMSOLL_WORKSPACE_GIT_H_
