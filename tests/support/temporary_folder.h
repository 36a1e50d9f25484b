#ifndef PLIMSOLL_TESTS_SUPPORT_TEMPORARY_FOLDER_H_
#define PLIMSOLL_TESTS_SUPPORT_TEMPORARY_FOLDER_H_

#include <string>

namespace plimsoll::testing_support {

// A folder of its own that goes, with all it holds, when the object does.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }  // absolute
  // The path of `name`, which is relative to the folder; nothing need be there.
  std::string Path(const std::string& name) const { return path_ + "/" + name; }
  // Makes the folders that `name` needs; the path of the file.
  std::string Write(const std::string& name, const std::string& text) const;

 private:
  std::string path_;
};

}  // namespace plimsoll::testing_support

#endif  // PLIMSOLL_TESTS_SUPPORT_TEMPORARY_FOLDER_H_
