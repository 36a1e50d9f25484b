#include "executor/ephemeral.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cli/commands.h"
#include "cli/database.h"
#include "cli/output.h"

namespace plimsoll {
namespace {

struct EphemeralCommand {
  std::string version;
  std::vector<std::string> command;
};

// The child that signals are passed on to.
volatile std::sig_atomic_t child = 0;

void PassOn(int signal) {
  if (child != 0) kill(static_cast<pid_t>(child), signal);
}

[[noreturn]] void Become(std::vector<std::string> command, const EphemeralServer& server) {
  setenv("DATABASE_URL", server.url().c_str(), 1);
  setenv("PGHOST", server.socket_directory().c_str(), 1);
  setenv("PGPORT", absl::StrCat(EphemeralServer::port()).c_str(), 1);
  setenv("PGUSER", "postgres", 1);
  setenv("PGDATABASE", "postgres", 1);
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  std::vector<char*> arguments;
  for (std::string& argument : command) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  execvp(arguments[0], arguments.data());
  PrintError(absl::StrCat("cannot run \"", command[0], "\": ", std::strerror(errno)));
  constexpr int kNotFound = 127;
  _exit(kNotFound);
}

int RunCommand(const EphemeralCommand& options) {
  const auto version = ParseEphemeralVersion(options.version);
  if (!version.ok()) {
    PrintError(version.status().message());
    return kExitFailure;
  }
  const auto server = EphemeralServer::Start({.version = *version});
  if (!server.ok()) {
    PrintError(server.status().message());
    return kExitFailure;
  }
  // Ctrl-C reaches the command by itself; the server outlives it.
  std::signal(SIGINT, SIG_IGN);
  std::signal(SIGTERM, PassOn);
  const pid_t pid = fork();
  if (pid == 0) Become(options.command, *server);
  if (pid < 0) {
    PrintError(absl::StrCat("cannot start a process: ", std::strerror(errno)));
    return kExitFailure;
  }
  child = pid;
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  child = 0;
  constexpr int kSignalled = 128;  // as shells have it
  return WIFSIGNALED(status) ? kSignalled + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

void RegisterEphemeral(CLI::App& app, int* exit_code) {
  CLI::App* ephemeral = app.add_subcommand(
      "ephemeral", "run a command with DATABASE_URL set to a private PostgreSQL");
  const auto options = std::make_shared<EphemeralCommand>();
  ephemeral
      ->add_option("--server-version", options->version,
                   "major version of PostgreSQL; by default the newest there is")
      ->type_name("VERSION");
  ephemeral->add_option("COMMAND", options->command, "after --: the command and its arguments")
      ->required();
  ephemeral->footer("the exit code is the command's");
  ephemeral->callback([options, exit_code] { *exit_code = RunCommand(*options); });
}

}  // namespace plimsoll
