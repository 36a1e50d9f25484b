#ifndef PLIMSOLL_WORKSPACE_FIXING_H_
#define PLIMSOLL_WORKSPACE_FIXING_H_

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "analyzer/checking/analyze.h"
#include "workspace/load.h"

// Puts the fixes that findings carry into their files, until none is left to put.

namespace plimsoll {

// A file before and after. Both are whole texts; `before` of a new file is empty.
struct FileChange {
  std::string path;  // as it is printed
  bool created = false;
  std::string before;
  std::string after;
};

struct Fixing {
  std::vector<FileChange> changes;                     // by path
  std::vector<Report> reports;                         // of the texts afterwards, one a project
  std::vector<std::shared_ptr<const Config>> configs;  // of those projects; null: none
  int applied = 0;                                     // how many fixes
  Held kept;  // files that have fixes and stay as they are, by what holds them to it
};

// A fixed text is linted and fixed again; one that still changes after that many rounds is a bug.
inline constexpr int kMostFixRounds = 4;

// The text with the edits of `fixes` in it. One whose edits overlap those of an earlier one waits
// for the next round; `used` tells which were put in, by index.
std::string WithFixes(absl::string_view text, absl::Span<const Fix* const> fixes,
                      std::vector<size_t>& used);

// The path of a new migration that runs after the one at `path`, in the manner of its name: with
// the next number, or a second later, that none of `names` in its folder has. Empty where the name
// begins with no number.
std::string NextPath(const std::string& path, const std::set<std::string>& names);

// Loads, analyses with the rules that options and files ask for, and fixes; nothing is written.
// `unsafe` puts in fixes too that change what the migration does or make new files; where the
// project has downs, so do those, or they say why they cannot. A file that is on record stays what
// it is. Fails where the files cannot be read, or where the text would not settle.
absl::StatusOr<Fixing> FixAll(LoadOptions load, const RuleSettings& rules, bool unsafe);

// Writes each file beside itself and renames it, so that none is ever half written.
absl::Status WriteChanges(absl::Span<const FileChange> changes);

}  // namespace plimsoll

#endif  // PLIMSOLL_WORKSPACE_FIXING_H_
