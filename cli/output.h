#ifndef PLIMSOLL_CLI_OUTPUT_H_
#define PLIMSOLL_CLI_OUTPUT_H_

#include <string>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

// Where results and errors go: results to standard output or a file, errors to standard error.

namespace plimsoll {

struct OutputOptions {
  std::string color = "auto";  // auto, always, never
  std::string file;            // empty: standard output
};

void AddColorOption(CLI::App& app, OutputOptions* options);
void AddOutputOption(CLI::App& app, OutputOptions* options);

// `auto` is yes on a terminal that is not dumb; NO_COLOR and CLICOLOR_FORCE override it, in this
// order, and --color overrides both.
bool WantsColor(const OutputOptions& options);

// Every byte, or an error that names the place: a full disk must not look like a clean run.
absl::Status Write(absl::string_view text, const OutputOptions& options);

// `plimsoll: MESSAGE` on standard error.
void PrintError(absl::string_view message);

// Lines of a report that grows while we work, at once, on standard output and standard error. What
// files, names and servers bring along is drawn, so that it cannot move the cursor. There is no
// line feed at the end of `text`.
void PrintLines(absl::string_view text);
void PrintErrorLines(absl::string_view text);

// Writes a result. `exit_code` where that worked; where not, the error is printed and the code is
// kExitFailure.
int Deliver(absl::string_view text, const OutputOptions& options, int exit_code);

}  // namespace plimsoll

#endif  // PLIMSOLL_CLI_OUTPUT_H_
