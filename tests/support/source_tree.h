#ifndef PLIMSOLL_TESTS_SUPPORT_SOURCE_TREE_H_
#define PLIMSOLL_TESTS_SUPPORT_SOURCE_TREE_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

// The repository's own files, as tests read and rewrite them. Paths are relative to its root. What
// cannot be read ends the test program with a message: a test that skips what is missing is green
// for the wrong reason.

namespace plimsoll::testing_support {

// The bytes of a file.
std::string ReadTreeFile(absl::string_view path);
bool TreeFileExists(absl::string_view path);
void WriteTreeFile(absl::string_view path, absl::string_view text);
void RemoveTreeFile(absl::string_view path);

// Every file below `folder` whose name ends in one of `endings` (all files, where there are none),
// sorted by path. Nothing where there is no such folder.
std::vector<std::string> ListTreeFiles(absl::string_view folder,
                                       const std::vector<std::string>& endings);

// PLIMSOLL_UPDATE asks tests to rewrite what they expect. In CI that is refused, by ending the
// program: a build that rewrites its expectations cannot fail.
bool UpdateWanted();

}  // namespace plimsoll::testing_support

#endif  // PLIMSOLL_TESTS_SUPPORT_SOURCE_TREE_H_
