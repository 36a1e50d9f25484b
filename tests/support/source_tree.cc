#include "tests/support/source_tree.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace plimsoll::testing_support {
namespace {

namespace fs = std::filesystem;

fs::path Absolute(absl::string_view path) {
  return fs::path(PLIMSOLL_SOURCE_DIR) / std::string(path);
}

[[noreturn]] void Die(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  std::exit(1);
}

bool IsSet(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

}  // namespace

std::string ReadTreeFile(absl::string_view path) {
  std::ifstream file(Absolute(path), std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  // An empty file sets failbit on `text`, which is no failure to read it.
  if (!file.is_open() || file.bad()) Die(absl::StrCat("cannot read \"", path, "\""));
  return text.str();
}

bool TreeFileExists(absl::string_view path) { return fs::is_regular_file(Absolute(path)); }

void WriteTreeFile(absl::string_view path, absl::string_view text) {
  fs::create_directories(Absolute(path).parent_path());
  std::ofstream file(Absolute(path), std::ios::binary | std::ios::trunc);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  if (!file) Die(absl::StrCat("cannot write \"", path, "\""));
}

void RemoveTreeFile(absl::string_view path) { fs::remove(Absolute(path)); }

std::vector<std::string> ListTreeFiles(absl::string_view folder,
                                       const std::vector<std::string>& endings) {
  std::vector<std::string> paths;
  if (!fs::is_directory(Absolute(folder))) return paths;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(Absolute(folder))) {
    if (!entry.is_regular_file()) continue;
    const std::string path = entry.path().lexically_relative(PLIMSOLL_SOURCE_DIR).generic_string();
    const bool wanted = endings.empty() || std::any_of(endings.begin(), endings.end(),
                                                       [&path](const std::string& ending) {
                                                         return absl::EndsWith(path, ending);
                                                       });
    if (wanted) paths.push_back(path);
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

bool UpdateWanted() {
  if (!IsSet("PLIMSOLL_UPDATE")) return false;
  if (IsSet("CI")) {
    Die("PLIMSOLL_UPDATE is set in CI: run `./dev update` on your machine and commit what it "
        "wrote");
  }
  return true;
}

}  // namespace plimsoll::testing_support
