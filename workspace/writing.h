#ifndef PLIMSOLL_WORKSPACE_WRITING_H_
#define PLIMSOLL_WORKSPACE_WRITING_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "workspace/fixing.h"
#include "workspace/load.h"

// A new migration, as the runner of its layout takes it.

namespace plimsoll {

// `Add user  preferences!` is `add_user_preferences`; empty where no letter or digit is in it.
std::string SlugOf(absl::string_view description);

// The version that follows `last` in the same manner: a number one higher with as many digits at
// least, the last part of `1.2` one higher, the date or timestamp of `now` (seconds since 1970;
// UTC), with the dashes that `last` has, but always later than `last`.
std::string NextVersion(absl::string_view last, int64_t now);

// Who makes it and when, as far as its header says so.
struct Authorship {
  int64_t now = 0;   // seconds since 1970; written in UTC
  std::string name;  // as Git knows it; empty: not known
  std::string email;
  // What the project's new files begin with (`template` of plimsoll.toml), under its path as it is
  // printed. Empty: what the layout's do.
  std::string template_path;
  std::string template_text;
};

// A project without migrations, whose first is to be made: in the folder, as it is printed.
Project EmptyProject(const std::string& folder, Layout layout, std::string why);

// The files to make or to change: the up, the down where the layout has one and the project uses
// them, and what its runner goes by: Sqitch's verify script and plan, Drizzle's journal, Atlas's
// hashes. Of graphile-migrate it is `current.sql`. Nothing is written. Fails where the layout's
// files are made by its runner alone, where the project has no version to go on from, where its
// format asks for an author and none is known, and where such a file is there already.
absl::StatusOr<std::vector<FileChange>> NewMigration(const Project& project,
                                                     absl::string_view description,
                                                     const Authorship& by);

}  // namespace plimsoll

#endif  // PLIMSOLL_WORKSPACE_WRITING_H_
