#include "cli/choice.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace plimsoll {

CLI::Option* AddChoice(CLI::App& app, const std::string& name, std::string* value,
                       const std::vector<std::string>& choices, const std::string& description) {
  const auto check = [choices](const std::string& word) -> std::string {
    if (std::find(choices.begin(), choices.end(), word) != choices.end()) return "";
    return absl::StrCat("`", word, "` is none of ", absl::StrJoin(choices, ", "));
  };
  return app.add_option(name, *value, absl::StrCat(description, " (default: ", *value, ")"))
      ->check(CLI::Validator(check, "", "choice"))
      ->type_name(absl::StrJoin(choices, "|"));
}

}  // namespace plimsoll
