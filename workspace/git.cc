#include "workspace/git.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "workspace/files.h"

namespace plimsoll {
namespace {

constexpr int kNoProgram = 127;

// Reads a pipe to its end.
std::string Drain(int descriptor) {
  std::string text;
  char bytes[1 << 14];
  for (;;) {
    const ssize_t count = read(descriptor, bytes, sizeof(bytes));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(bytes, static_cast<size_t>(count));
  }
}

// What git prints. Where it fails, its own first line is the error.
absl::StatusOr<std::string> Git(const std::string& folder, std::vector<std::string> arguments) {
  std::vector<std::string> words = {"git", "-C", folder};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  int pipes[2];
  // Both streams in one pipe: git prints results or complaints, and one of them is read.
  if (pipe2(pipes, O_CLOEXEC) != 0) return absl::InternalError("cannot make a pipe for git");
  const pid_t child = fork();
  if (child < 0) {
    close(pipes[0]);
    close(pipes[1]);
    return absl::InternalError("cannot start git");
  }
  if (child == 0) {
    dup2(pipes[1], STDOUT_FILENO);
    dup2(pipes[1], STDERR_FILENO);
    execvp("git", argv.data());
    _exit(kNoProgram);
  }
  close(pipes[1]);
  std::string text = Drain(pipes[0]);
  close(pipes[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return text;
  if (WIFEXITED(status) && WEXITSTATUS(status) == kNoProgram) {
    return absl::NotFoundError("there is no git to ask which files have changed");
  }
  return absl::InvalidArgumentError(absl::StrCat("git: ", text.substr(0, text.find('\n'))));
}

absl::StatusOr<std::string> RootOf(const std::string& folder) {
  absl::StatusOr<std::string> root = Git(folder, {"rev-parse", "--show-toplevel"});
  if (root.ok()) absl::StripAsciiWhitespace(&*root);
  return root;
}

// The paths in an answer that ends each with a NUL byte, below `root`.
std::vector<std::string> Paths(const std::string& root, absl::string_view answer) {
  std::vector<std::string> paths;
  for (const absl::string_view path : absl::StrSplit(answer, '\0', absl::SkipEmpty())) {
    paths.push_back(AbsolutePath(JoinPath(root, path)));
  }
  return paths;
}

// A letter and a path, each with its NUL byte: what `git diff` says of two commits, or of one and
// the files.
absl::StatusOr<GitChanges> DiffOf(const std::string& root, std::vector<std::string> commits) {
  std::vector<std::string> words = {"diff", "--name-status", "-z", "--no-renames"};
  words.insert(words.end(), commits.begin(), commits.end());
  words.push_back("--");
  const absl::StatusOr<std::string> differing = Git(root, std::move(words));
  if (!differing.ok()) return differing.status();
  GitChanges changes;
  const std::vector<std::string> parts = absl::StrSplit(*differing, '\0');
  for (size_t i = 0; i + 1 < parts.size(); i += 2) {
    std::set<std::string>& paths = parts[i] == "A"   ? changes.added
                                   : parts[i] == "D" ? changes.deleted
                                                     : changes.edited;
    paths.insert(AbsolutePath(JoinPath(root, parts[i + 1])));
  }
  return changes;
}

}  // namespace

absl::StatusOr<GitChanges> ChangedSince(const std::string& folder, const std::string& revision) {
  if (absl::StartsWith(revision, "-")) {
    return absl::InvalidArgumentError(absl::StrCat("\"", revision, "\" is no revision"));
  }
  absl::StatusOr<std::string> root = RootOf(folder);
  if (!root.ok()) return root.status();
  // From where the branch left the revision: what changed there later is none of ours.
  absl::StatusOr<std::string> base = Git(folder, {"merge-base", revision, "HEAD"});
  const bool left = base.ok();
  if (left) {
    absl::StripAsciiWhitespace(&*base);
  } else {
    base = revision;
  }
  absl::StatusOr<GitChanges> found = DiffOf(*root, {*base});
  if (!found.ok()) return found.status();
  GitChanges changes = *std::move(found);
  changes.root = *std::move(root);
  changes.base = *std::move(base);
  if (left) {
    absl::StatusOr<GitChanges> since = DiffOf(changes.root, {changes.base, revision});
    if (!since.ok()) return since.status();
    for (const std::string& path : since->added) {
      if (!CheckExists(path).ok()) changes.ahead.insert(path);
    }
  }
  const absl::StatusOr<std::string> unknown =
      Git(changes.root, {"ls-files", "-z", "--others", "--exclude-standard"});
  if (!unknown.ok()) return unknown.status();
  for (std::string& path : Paths(changes.root, *unknown)) changes.added.insert(std::move(path));
  return changes;
}

absl::StatusOr<std::string> TextBefore(const GitChanges& changes, const std::string& path) {
  const std::string below = PathFrom(changes.root, path);
  return Git(changes.root, {"show", absl::StrCat(changes.base, ":", below)});
}

absl::StatusOr<std::map<std::string, std::string>> Staged(const std::string& folder) {
  const absl::StatusOr<std::string> root = RootOf(folder);
  if (!root.ok()) return root.status();
  const absl::StatusOr<std::string> names =
      Git(*root, {"diff", "--cached", "--name-only", "-z", "--no-renames", "--diff-filter=d"});
  if (!names.ok()) return names.status();
  std::map<std::string, std::string> staged;
  for (const absl::string_view name : absl::StrSplit(*names, '\0', absl::SkipEmpty())) {
    if (!absl::EndsWith(name, ".sql")) continue;
    absl::StatusOr<std::string> text = Git(*root, {"show", absl::StrCat(":", name)});
    if (!text.ok()) return text.status();
    staged.emplace(AbsolutePath(JoinPath(*root, name)), *std::move(text));
  }
  return staged;
}

std::string GitSetting(const std::string& folder, const std::string& key) {
  const absl::StatusOr<std::string> said = Git(folder, {"config", "--get", key});
  if (!said.ok()) return "";
  // One line, whatever somebody has put there.
  return std::string(absl::StripAsciiWhitespace(said->substr(0, said->find('\n'))));
}

}  // namespace plimsoll
