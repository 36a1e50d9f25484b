#include "cli/one_project.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "workspace/files.h"

namespace plimsoll {

absl::StatusOr<Project> LoadOneProject(const std::string& folder, absl::string_view how,
                                       LoadOptions options) {
  options.paths = {folder};
  options.records = false;
  absl::StatusOr<std::vector<Project>> projects = Load(options);
  if (!projects.ok()) return projects.status();
  std::vector<Project*> laid_out;
  for (Project& project : *projects) {
    // All of it is here, whatever else lies below.
    if (project.layout != Layout::kBare && project.root == TidyPath(folder)) {
      return std::move(project);
    }
    if (project.layout != Layout::kBare) laid_out.push_back(&project);
  }
  if (laid_out.size() != 1) {
    const std::string roots = absl::StrJoin(
        laid_out, ", ", [](std::string* out, const Project* one) { out->append(one->root); });
    return absl::InvalidArgumentError(
        roots.empty() ? absl::StrCat("no migrations are laid out in \"", folder,
                                     "\"; `plimsoll project` shows what is there")
                      : absl::StrCat("say in which of these, ", how, ": ", roots));
  }
  options.paths = {laid_out[0]->root};
  absl::StatusOr<std::vector<Project>> whole = Load(options);
  if (!whole.ok()) return whole.status();
  const auto same = std::find_if(whole->begin(), whole->end(), [&](const Project& project) {
    return project.root == laid_out[0]->root && project.layout == laid_out[0]->layout;
  });
  return same == whole->end() ? std::move(*laid_out[0]) : std::move(*same);
}

}  // namespace plimsoll
