#ifndef PLIMSOLL_CLI_COMMANDS_H_
#define PLIMSOLL_CLI_COMMANDS_H_

#include "CLI/CLI.hpp"

// The subcommands of `plimsoll`, one file each. Each of these adds its own to `app` with a callback
// that runs it and leaves the process's exit code in `exit_code`, which outlives `app`.

namespace plimsoll {

inline constexpr int kExitClean = 0;
inline constexpr int kExitFindings = 1;
// Wrong usage, a file or a server that cannot be read, a bug of ours.
inline constexpr int kExitFailure = 2;

void RegisterLint(CLI::App& app, int* exit_code);
void RegisterEffects(CLI::App& app, int* exit_code);
void RegisterExplain(CLI::App& app, int* exit_code);
void RegisterRules(CLI::App& app, int* exit_code);
void RegisterProject(CLI::App& app, int* exit_code);
void RegisterConfig(CLI::App& app, int* exit_code);
void RegisterBaseline(CLI::App& app, int* exit_code);
void RegisterSum(CLI::App& app, int* exit_code);
void RegisterNew(CLI::App& app, int* exit_code);
void RegisterDown(CLI::App& app, int* exit_code);
void RegisterApply(CLI::App& app, int* exit_code);
void RegisterStatus(CLI::App& app, int* exit_code);
void RegisterEphemeral(CLI::App& app, int* exit_code);
void RegisterLsp(CLI::App& app, int* exit_code);

}  // namespace plimsoll

#endif  // PLIMSOLL_CLI_COMMANDS_H_
