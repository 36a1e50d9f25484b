#ifndef PLIMSOLL_CLI_CHOICE_H_
#define PLIMSOLL_CLI_CHOICE_H_

#include <string>
#include <vector>

#include "CLI/CLI.hpp"

namespace plimsoll {

// An option whose value is one of a few words; anything else is refused with a list of them. The
// help shows the words and `value`'s default.
CLI::Option* AddChoice(CLI::App& app, const std::string& name, std::string* value,
                       const std::vector<std::string>& choices, const std::string& description);

}  // namespace plimsoll

#endif  // PLIMSOLL_CLI_CHOICE_H_
