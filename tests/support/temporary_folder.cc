#include "tests/support/temporary_folder.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "analyzer/check.h"

namespace plimsoll::testing_support {

TemporaryFolder::TemporaryFolder()
    : path_((std::filesystem::temp_directory_path() / "plimsoll-test-XXXXXX").string()) {
  PLIMSOLL_CHECK(mkdtemp(path_.data()) != nullptr);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryFolder::Write(const std::string& name, const std::string& text) const {
  const std::filesystem::path file(Path(name));
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
  return file.string();
}

}  // namespace plimsoll::testing_support
