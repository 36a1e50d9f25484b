#ifndef PLIMSOLL_CLI_CHOICE_H_
#define PLIMSOLL_CLI_CHOICE_H_

#include <optional>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"

namespace plimsoll {

// An option whose value is one of a few words; anything else is refused with a list of them. The
// help shows the words and `value`'s default, or `otherwise`.
CLI::Option* AddChoice(CLI::App& app, const std::string& name, std::string* value,
                       const std::vector<std::string>& choices, const std::string& description,
                       const std::string& otherwise = "");

// A major version of PostgreSQL that we know; otherwise an error that names those we do.
absl::StatusOr<int> ParseServerVersion(const std::string& text);

// `--server-version`; `otherwise` says for people what holds where it is not given.
CLI::Option* AddServerVersionOption(CLI::App& app, std::optional<int>* version,
                                    const std::string& otherwise);

}  // namespace plimsoll

#endif  // PLIMSOLL_CLI_CHOICE_H_
