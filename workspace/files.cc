#include "workspace/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <limits>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace plimsoll {
namespace {

// Spans count bytes with 32 bits.
constexpr size_t kLargestFile = std::numeric_limits<uint32_t>::max() - 1;

// `permission denied`: the system's words as the middle of a sentence of ours.
std::string Reason(const std::error_code& error) {
  std::string words = error.message();
  if (!words.empty()) words[0] = absl::ascii_tolower(static_cast<unsigned char>(words[0]));
  return words;
}

absl::Status CannotRead(absl::string_view what, const std::error_code& error) {
  return absl::Status(absl::ErrnoToStatusCode(error.value()),
                      absl::StrCat("cannot read ", what, ": ", Reason(error)));
}

std::error_code LastError() { return {errno, std::generic_category()}; }

std::string Quoted(absl::string_view path) { return absl::StrCat("\"", path, "\""); }

absl::StatusOr<std::string> ReadDescriptor(int descriptor, const std::string& what) {
  std::string text;
  struct stat status = {};
  if (fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0) {
    text.reserve(static_cast<size_t>(status.st_size) + 1);
  }
  std::array<char, 64 * 1024> chunk;
  for (;;) {
    const ssize_t count = read(descriptor, chunk.data(), chunk.size());
    if (count == 0) return text;
    if (count < 0) {
      if (errno == EINTR) continue;
      return CannotRead(what, LastError());
    }
    text.append(chunk.data(), static_cast<size_t>(count));
    if (text.size() > kLargestFile) {
      return absl::ResourceExhaustedError(
          absl::StrCat("cannot read ", what, ": larger than 4 GiB"));
    }
  }
}

// Of two runs of digits; zeros in front do not count.
int CompareNumbers(absl::string_view a, absl::string_view b) {
  while (!a.empty() && a.front() == '0') a.remove_prefix(1);
  while (!b.empty() && b.front() == '0') b.remove_prefix(1);
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return a.compare(b);
}

absl::string_view TakeDigits(absl::string_view& text) {
  size_t length = 0;
  while (length < text.size() && absl::ascii_isdigit(static_cast<unsigned char>(text[length]))) {
    ++length;
  }
  const absl::string_view digits = text.substr(0, length);
  text.remove_prefix(length);
  return digits;
}

}  // namespace

std::string TidyPath(absl::string_view path) {
  std::string tidy = absl::StartsWith(path, "/") ? "/" : "";
  while (!path.empty()) {
    const size_t slash = path.find('/');
    const absl::string_view part = path.substr(0, slash);
    path.remove_prefix(slash == absl::string_view::npos ? path.size() : slash + 1);
    if (part.empty() || part == ".") continue;
    if (!tidy.empty() && tidy.back() != '/') tidy += '/';
    absl::StrAppend(&tidy, part);
  }
  return tidy.empty() ? "." : tidy;
}

std::string JoinPath(absl::string_view folder, absl::string_view name) {
  if (folder.empty() || folder == ".") return std::string(name);
  return absl::StrCat(folder, absl::EndsWith(folder, "/") ? "" : "/", name);
}

std::string AbsolutePath(absl::string_view path) {
  std::error_code error;
  const std::filesystem::path absolute =
      std::filesystem::absolute(std::filesystem::path(std::string(path)), error);
  return TidyPath(absolute.lexically_normal().generic_string());
}

std::string PathFrom(absl::string_view folder, absl::string_view absolute) {
  return std::filesystem::path(std::string(absolute))
      .lexically_relative(std::string(folder))
      .generic_string();
}

std::string PathFromHere(absl::string_view absolute) {
  const std::string here = PathFrom(AbsolutePath("."), absolute);
  return here.empty() || here.size() > absolute.size() ? std::string(absolute) : here;
}

std::string ParentOf(absl::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == absl::string_view::npos) return ".";
  return slash == 0 ? "/" : std::string(path.substr(0, slash));
}

absl::string_view NameOf(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == absl::string_view::npos ? path : path.substr(slash + 1);
}

std::string PathInRepository(absl::string_view path) {
  const std::string absolute = AbsolutePath(path);
  for (std::string root = ParentOf(absolute);; root = ParentOf(root)) {
    // A folder, or the file by which a second work tree names it.
    if (CheckExists(JoinPath(root, ".git")).ok()) {
      return absolute.substr(root == "/" ? 1 : root.size() + 1);
    }
    if (root == "/" || root == ".") return std::string(path);
  }
}

bool IsFolder(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_directory(path, error);
}

absl::Status CheckExists(const std::string& path) {
  struct stat status = {};
  if (lstat(path.c_str(), &status) == 0) return absl::OkStatus();
  return CannotRead(Quoted(path), LastError());
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return CannotRead(Quoted(path), LastError());
  absl::StatusOr<std::string> text = ReadDescriptor(descriptor, Quoted(path));
  close(descriptor);
  return text;
}

absl::StatusOr<std::string> ReadStdin() { return ReadDescriptor(STDIN_FILENO, "standard input"); }

namespace {

absl::Status CannotWrite(absl::string_view path, const std::error_code& error) {
  return absl::Status(absl::ErrnoToStatusCode(error.value()),
                      absl::StrCat("cannot write ", Quoted(path), ": ", Reason(error)));
}

bool WriteAndSync(int descriptor, absl::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<size_t>(written));
  }
  return fsync(descriptor) == 0;
}

}  // namespace

absl::Status ReplaceFile(const std::string& path, absl::string_view text) {
  std::error_code error;
  std::filesystem::path target = path;
  // What a link leads to is written, not the link.
  std::error_code absent;  // a new file is no link
  if (std::filesystem::is_symlink(target, absent))
    target = std::filesystem::canonical(target, error);
  if (error) return CannotWrite(path, error);
  // A migration may be a folder of its own, and the first one of a folder that is not there yet.
  if (target.has_parent_path()) std::filesystem::create_directories(target.parent_path(), error);
  if (error) return CannotWrite(path, error);
  std::string beside = target.string() + ".XXXXXX";
  const int descriptor = mkstemp(beside.data());
  if (descriptor < 0) return CannotWrite(path, LastError());
  struct stat status = {};
  constexpr mode_t kNew = 0644;
  const mode_t mode = stat(target.c_str(), &status) == 0 ? status.st_mode & 07777U : kNew;
  const bool written = WriteAndSync(descriptor, text) && fchmod(descriptor, mode) == 0;
  error = LastError();
  const bool closed = close(descriptor) == 0;
  if (written && closed && rename(beside.c_str(), target.c_str()) == 0) return absl::OkStatus();
  if (written) error = LastError();
  unlink(beside.c_str());
  return CannotWrite(path, error);
}

absl::Status RemoveFile(const std::string& path) {
  return unlink(path.c_str()) == 0 ? absl::OkStatus() : CannotWrite(path, LastError());
}

std::string ReadHead(const std::string& path, size_t limit) {
  // A pipe would lose what is read here, so only a regular file is looked into.
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return "";
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return "";
  std::string head(limit, '\0');
  const ssize_t count = read(descriptor, head.data(), limit);
  close(descriptor);
  head.resize(count < 0 ? 0 : static_cast<size_t>(count));
  return head;
}

absl::StatusOr<std::vector<std::string>> ListSqlFiles(const std::string& folder) {
  std::vector<std::string> files;
  std::vector<std::string> waiting = {folder};
  while (!waiting.empty()) {
    const std::string current = std::move(waiting.back());
    waiting.pop_back();
    std::error_code error;
    std::filesystem::directory_iterator entries(current, error);
    for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) {
      const std::string name = entries->path().filename().string();
      if (absl::StartsWith(name, ".")) continue;
      std::error_code failed;
      const bool link = entries->is_symlink(failed);
      const std::filesystem::file_type target = entries->status(failed).type();
      if (!link && target == std::filesystem::file_type::directory) {
        if (name != "node_modules") waiting.push_back(JoinPath(current, name));
        continue;
      }
      if (!absl::EndsWithIgnoreCase(name, ".sql")) continue;
      // A link that leads nowhere is kept: reading it says what is wrong with it. A pipe is not:
      // reading it would wait for somebody to write.
      const bool nowhere = target == std::filesystem::file_type::not_found ||
                           target == std::filesystem::file_type::none;
      if (target == std::filesystem::file_type::regular || (link && nowhere)) {
        files.push_back(JoinPath(current, name));
      }
    }
    if (error) return CannotRead(Quoted(current), error);
  }
  if (files.empty())
    return absl::NotFoundError(absl::StrCat("no SQL files under ", Quoted(folder)));
  std::sort(files.begin(), files.end());
  return files;
}

std::map<std::string, bool> ListFolder(const std::string& folder) {
  std::map<std::string, bool> names;
  std::error_code error;
  std::filesystem::directory_iterator entries(folder, error);
  for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) {
    std::error_code ignored;
    names.emplace(entries->path().filename().string(), entries->is_directory(ignored));
  }
  return names;
}

bool NaturalLess(absl::string_view a, absl::string_view b) {
  const absl::string_view whole_a = a;
  const absl::string_view whole_b = b;
  while (!a.empty() && !b.empty()) {
    const absl::string_view digits_a = TakeDigits(a);
    const absl::string_view digits_b = TakeDigits(b);
    if (!digits_a.empty() && !digits_b.empty()) {
      const int order = CompareNumbers(digits_a, digits_b);
      if (order != 0) return order < 0;
      continue;
    }
    const char first_a = digits_a.empty() ? a.front() : digits_a.front();
    const char first_b = digits_b.empty() ? b.front() : digits_b.front();
    if (first_a != first_b) {
      return static_cast<unsigned char>(first_a) < static_cast<unsigned char>(first_b);
    }
    a.remove_prefix(1);
    b.remove_prefix(1);
  }
  if (a.empty() != b.empty()) return a.empty();
  // `01` and `1` are the same number and not the same name.
  return whole_a < whole_b;
}

}  // namespace plimsoll
