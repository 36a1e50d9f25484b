#ifndef PLIMSOLL_WORKSPACE_GIT_H_
#define PLIMSOLL_WORKSPACE_GIT_H_

#include <map>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// What Git knows of the files. The program `git` is asked; no shell stands between.

namespace plimsoll {

// What differs from a revision, as absolute paths. A file that was renamed was deleted and added.
struct GitChanges {
  std::set<std::string> added;  // files that Git does not know yet included
  std::set<std::string> edited;
  std::set<std::string> deleted;
  std::set<std::string> ahead;  // that the revision has got since `base`, and that are not here
  std::string root;             // of the repository
  std::string base;  // the commit where this branch left the revision, which is compared with
};

// `folder` lies in the repository. Fails where it does not, where there is no such revision, and
// where there is no git.
absl::StatusOr<GitChanges> ChangedSince(const std::string& folder, const std::string& revision);

// What the file at this absolute path held where the changes are counted from.
absl::StatusOr<std::string> TextBefore(const GitChanges& changes, const std::string& path);

// The files that are staged for the next commit, by absolute path, with the texts that the index
// holds.
absl::StatusOr<std::map<std::string, std::string>> Staged(const std::string& folder);

// What `git config` says of a key such as `user.name`; empty where it says nothing.
std::string GitSetting(const std::string& folder, const std::string& key);

}  // namespace plimsoll

#endif  // PLIMSOLL_WORKSPACE_GIT_H_
