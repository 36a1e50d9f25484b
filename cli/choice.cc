#include "cli/choice.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analyzer/simulation/history.h"

namespace plimsoll {

CLI::Option* AddChoice(CLI::App& app, const std::string& name, std::string* value,
                       const std::vector<std::string>& choices, const std::string& description,
                       const std::string& otherwise) {
  const auto check = [choices](const std::string& word) -> std::string {
    if (std::find(choices.begin(), choices.end(), word) != choices.end()) return "";
    return absl::StrCat("`", word, "` is none of ", absl::StrJoin(choices, ", "));
  };
  return app
      .add_option(
          name, *value,
          absl::StrCat(description, " (default: ", otherwise.empty() ? *value : otherwise, ")"))
      ->check(CLI::Validator(check, "", "choice"))
      ->type_name(absl::StrJoin(choices, "|"));
}

absl::StatusOr<int> ParseServerVersion(const std::string& text) {
  int version = 0;
  if (absl::SimpleAtoi(text, &version) && version >= kOldestServer && version <= kNewestServer) {
    return version;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "`", text, "` is not a major version of PostgreSQL that Plimsoll knows: ", kOldestServer,
      " to ", kNewestServer));
}

CLI::Option* AddServerVersionOption(CLI::App& app, std::optional<int>* version,
                                    const std::string& otherwise) {
  const auto check = [](const std::string& text) {
    return std::string(ParseServerVersion(text).status().message());
  };
  return app
      .add_option("--server-version", *version,
                  absl::StrCat("PostgreSQL's major version, ", kOldestServer, " to ", kNewestServer,
                               " (default: ", otherwise, ")"))
      ->check(CLI::Validator(check, "", "version"))
      ->type_name("VERSION");
}

}  // namespace plimsoll
