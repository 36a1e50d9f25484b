#include "cli/output.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cli/choice.h"
#include "cli/commands.h"
#include "report/terminal.h"

namespace plimsoll {
namespace {

bool IsSet(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

// The system's words for errno, in the case of our messages.
std::string SystemError() {
  std::string message = std::strerror(errno);
  if (!message.empty() && message[0] >= 'A' && message[0] <= 'Z') {
    message[0] = static_cast<char>(message[0] - 'A' + 'a');
  }
  return message;
}

absl::Status CannotWrite(absl::string_view place) {
  return absl::DataLossError(absl::StrCat("cannot write ", place, ": ", SystemError()));
}

absl::Status WriteAll(int descriptor, absl::string_view text, absl::string_view place) {
  while (!text.empty()) {
    const ssize_t written = write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return CannotWrite(place);
    text.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

// Every line as a terminal can show it, with its line feed.
std::string Drawn(absl::string_view text) {
  std::string drawn;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    absl::StrAppend(&drawn, report::Printable(line), "\n");
  }
  return drawn;
}

}  // namespace

void AddColorOption(CLI::App& app, OutputOptions* options) {
  AddChoice(app, "--color", &options->color, {"auto", "always", "never"},
            "colour; auto: on a terminal");
}

void AddOutputOption(CLI::App& app, OutputOptions* options) {
  app.add_option("-o,--output", options->file, "write the result to this file")->type_name("FILE");
}

bool WantsColor(const OutputOptions& options) {
  if (options.color != "auto") return options.color == "always";
  if (IsSet("NO_COLOR")) return false;
  const char* force = std::getenv("CLICOLOR_FORCE");
  if (IsSet("CLICOLOR_FORCE") && std::strcmp(force, "0") != 0) return true;
  const char* terminal = std::getenv("TERM");
  const bool dumb = terminal == nullptr || std::strcmp(terminal, "dumb") == 0;
  return options.file.empty() && !dumb && isatty(STDOUT_FILENO) == 1;
}

absl::Status Write(absl::string_view text, const OutputOptions& options) {
  if (options.file.empty()) return WriteAll(STDOUT_FILENO, text, "to standard output");
  const std::string place = absl::StrCat("\"", options.file, "\"");
  constexpr mode_t kEverybodyReads = 0666;  // less what the user's umask takes away
  const int file =
      open(options.file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kEverybodyReads);
  if (file < 0) return CannotWrite(place);
  absl::Status status = WriteAll(file, text, place);
  // Network file systems report a full disk only here.
  if (close(file) != 0 && status.ok()) status = CannotWrite(place);
  return status;
}

void PrintError(absl::string_view message) { PrintErrorLines(absl::StrCat("plimsoll: ", message)); }

void PrintLines(absl::string_view text) {
  // What was done counts, not whether somebody could read of it.
  (void)WriteAll(STDOUT_FILENO, Drawn(text), "to standard output");
}

void PrintErrorLines(absl::string_view text) {
  // Where standard error is closed too, the exit code is all that is left to say.
  (void)WriteAll(STDERR_FILENO, Drawn(text), "to standard error");
}

int Deliver(absl::string_view text, const OutputOptions& options, int exit_code) {
  const absl::Status status = Write(text, options);
  if (status.ok()) return exit_code;
  PrintError(status.message());
  return kExitFailure;
}

}  // namespace plimsoll
