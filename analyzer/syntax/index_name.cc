#include "analyzer/syntax/index_name.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace plimsoll {

std::string JoinIndexColumns(const std::vector<std::string>& columns) {
  std::vector<std::string> names;
  for (const std::string& column : columns) {
    std::string name = column;
    for (int i = 1; std::find(names.begin(), names.end(), name) != names.end(); ++i) {
      name = absl::StrCat(column, i);
    }
    names.push_back(std::move(name));
  }
  return absl::StrJoin(names, "_");
}

}  // namespace plimsoll
