#ifndef PLIMSOLL_CLI_ONE_PROJECT_H_
#define PLIMSOLL_CLI_ONE_PROJECT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "workspace/load.h"

namespace plimsoll {

// The one project that is laid out at or below `folder`: all of it, whichever part was named, and
// whatever its records say. Where there are several, `how` says how to name one: `with --in`.
absl::StatusOr<Project> LoadOneProject(const std::string& folder, absl::string_view how,
                                       LoadOptions options);

}  // namespace plimsoll

#endif  // PLIMSOLL_CLI_ONE_PROJECT_H_
