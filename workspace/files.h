#ifndef PLIMSOLL_WORKSPACE_FILES_H_
#define PLIMSOLL_WORKSPACE_FILES_H_

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// Reading files and folders. Paths stay as the user wrote them, so that what is printed can be
// clicked and pasted; every error names the path and what was being done.

namespace plimsoll {

// The path that stands for standard input.
inline constexpr absl::string_view kStdin = "-";

// `a//b/./c/` is `a/b/c` and `./a` is `a`. `..` stays: resolving it would be wrong across symlinks.
std::string TidyPath(absl::string_view path);

// `folder` and `name` with one slash between them; `name` alone where the folder is `.` or empty.
std::string JoinPath(absl::string_view folder, absl::string_view name);

// From the root of the file system, with `..` resolved by name. Two spellings of one file give one
// absolute path; it is for comparing, never for printing.
std::string AbsolutePath(absl::string_view path);

// The way from one absolute path to another: `../m/1.sql`.
std::string PathFrom(absl::string_view folder, absl::string_view absolute);
// An absolute path, or the way there from the current folder where that is shorter.
std::string PathFromHere(absl::string_view absolute);

// The path up to its last slash (`.` where there is none, `/` at the top), and what follows it.
std::string ParentOf(absl::string_view path);
absl::string_view NameOf(absl::string_view path);

// The path from the root of the Git repository it lies in, as `git diff` writes it; as it is where
// there is none.
std::string PathInRepository(absl::string_view path);

bool IsFolder(const std::string& path);
// What reading it would say where there is no such path. A link that leads nowhere is there.
absl::Status CheckExists(const std::string& path);

// The bytes of a file, whatever they are. `cannot read "m/002.sql": permission denied`.
absl::StatusOr<std::string> ReadFile(const std::string& path);
absl::StatusOr<std::string> ReadStdin();

// Puts `text` into the file at `path`, whole or not at all: it is written beside the file, on disk,
// and then takes its name. Mode and links stay; a missing folder is made, those above it are not.
// `cannot write "m/002.sql": permission denied`.
absl::Status ReplaceFile(const std::string& path, absl::string_view text);
absl::Status RemoveFile(const std::string& path);

// At most the first `limit` bytes; empty where the file cannot be read. For looking at a file that
// will be read, and complained of, later.
std::string ReadHead(const std::string& path, size_t limit);

// Every `*.sql` below the folder, also in capitals, sorted, as the folder's path joined with the
// rest. Hidden folders and node_modules are skipped. Links to folders are not followed, so a loop
// of links ends nothing; a link to a file is that file. `no SQL files under "x"` where there is
// none.
absl::StatusOr<std::vector<std::string>> ListSqlFiles(const std::string& folder);

// What lies in a folder: the name of each entry, and whether it is a folder. Empty where it cannot
// be listed.
std::map<std::string, bool> ListFolder(const std::string& folder);

// `2.sql` before `10.sql`: runs of digits compare as numbers, all else by bytes.
bool NaturalLess(absl::string_view a, absl::string_view b);

}  // namespace plimsoll

#endif  // PLIMSOLL_WORKSPACE_FILES_H_
