#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "analyzer/syntax/grammar.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "workspace/nearest.h"

namespace plimsoll {
namespace {

// A broken invariant says where it broke and aborts; people's scripts see exit code 2, as with any
// other failure, and no shell's note of a crash.
void ExitOnAbort(int /*signal*/) { _exit(kExitFailure); }

std::vector<std::string> CommandNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

std::vector<std::string> LongOptions(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

bool Exists(const std::string& path) {
  struct stat found = {};
  return stat(path.c_str(), &found) == 0;
}

int UnknownCommand(const CLI::App& app, const std::string& word) {
  std::string message = absl::StrCat("there is no command `", word, "`");
  const std::string nearest = NearestWord(word, CommandNames(app));
  if (Exists(word)) {
    absl::StrAppend(&message, "; did you mean `plimsoll lint ", word, "`?");
  } else if (!nearest.empty()) {
    absl::StrAppend(&message, "; did you mean `", nearest, "`?");
  } else {
    message += "; `plimsoll help` lists them";
  }
  PrintError(message);
  return kExitFailure;
}

// App::help would give that of the command that was chosen, which is `help`.
std::string ProgramHelp(const CLI::App& app) {
  return app.get_formatter()->make_help(&app, app.get_name(), CLI::AppFormatMode::Normal);
}

void RegisterHelp(CLI::App& app, int* exit_code) {
  CLI::App* help = app.add_subcommand("help", "show this help, or the help of a command");
  const auto name = std::make_shared<std::string>();
  help->add_option("COMMAND", *name, "the command");
  help->callback([&app, name, exit_code] {
    const std::vector<std::string> names = CommandNames(app);
    if (name->empty()) {
      *exit_code = Deliver(ProgramHelp(app), {}, kExitClean);
    } else if (std::find(names.begin(), names.end(), *name) == names.end()) {
      *exit_code = UnknownCommand(app, *name);
    } else {
      *exit_code = Deliver(app.get_subcommand(*name)->help("plimsoll"), {}, kExitClean);
    }
  });
}

// What CLI11 could not place, in our words. `where` is the command, or the program itself.
std::string Unplaced(const CLI::App& where, const std::string& word) {
  if (!absl::StartsWith(word, "-")) return absl::StrCat("`", word, "` is one argument too many");
  const std::string option = word.substr(0, word.find('='));
  const std::string nearest = NearestWord(option, LongOptions(where));
  if (nearest == option) return absl::StrCat("`", option, "` stands after the command");
  return absl::StrCat("there is no option `", option, "`",
                      nearest.empty() ? "" : absl::StrCat("; did you mean `", nearest, "`?"));
}

// What is wrong with a command line, in one sentence.
std::string Complaint(const CLI::App& where, const std::vector<std::string>& unplaced,
                      const CLI::ParseError& error) {
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr && !unplaced.empty()) {
    return Unplaced(where, unplaced[0]);
  }
  const std::string words = error.what();
  // `--format: 1 required … missing`
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    return absl::StrCat("`", words.substr(0, words.find(':')), "` needs a value");
  }
  return words;
}

int UsageError(const CLI::App& app, const CLI::ParseError& error) {
  const std::vector<CLI::App*> chosen = app.get_subcommands();
  const CLI::App& where = chosen.empty() ? app : *chosen.front();
  const std::vector<std::string> unplaced = app.remaining(true);
  const bool misplaced = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
  if (misplaced && !unplaced.empty() && chosen.empty() && !absl::StartsWith(unplaced[0], "-")) {
    return UnknownCommand(app, unplaced[0]);
  }
  const std::string help = chosen.empty() ? "help" : absl::StrCat("help ", where.get_name());
  PrintError(absl::StrCat(Complaint(where, unplaced, error), "\nsee `plimsoll ", help, "`"));
  return kExitFailure;
}

int Run(int argc, char** argv) {
  int exit_code = kExitClean;
  CLI::App app("Draws the line that dangerous PostgreSQL migrations may not pass", "plimsoll");
  app.set_version_flag("--version",
                       absl::StrCat("plimsoll ", PLIMSOLL_VERSION, " (", GrammarName(), ")"));
  app.require_subcommand(0, 1);
  app.get_formatter()->column_width(38);
  RegisterLint(app, &exit_code);
  RegisterEffects(app, &exit_code);
  RegisterExplain(app, &exit_code);
  RegisterRules(app, &exit_code);
  RegisterProject(app, &exit_code);
  RegisterConfig(app, &exit_code);
  RegisterBaseline(app, &exit_code);
  RegisterSum(app, &exit_code);
  RegisterNew(app, &exit_code);
  RegisterDown(app, &exit_code);
  RegisterApply(app, &exit_code);
  RegisterStatus(app, &exit_code);
  RegisterEphemeral(app, &exit_code);
  RegisterLsp(app, &exit_code);
  RegisterHelp(app, &exit_code);
  if (argc < 2) {
    std::fputs(ProgramHelp(app).c_str(), stderr);
    return kExitFailure;
  }
  try {
    app.parse(argc, argv);
    return exit_code;
  } catch (const CLI::CallForVersion& version) {
    return Deliver(absl::StrCat(version.what(), "\n"), {}, kExitClean);
  } catch (const CLI::CallForHelp&) {
    const std::vector<std::string> unplaced = app.remaining();
    if (!unplaced.empty() && app.get_subcommands().empty()) return UnknownCommand(app, unplaced[0]);
    return Deliver(app.help(), {}, kExitClean);
  } catch (const CLI::ParseError& error) {
    return UsageError(app, error);
  }
}

}  // namespace
}  // namespace plimsoll

int main(int argc, char** argv) {
  // A reader that closes the pipe early (`| head`) ends us quietly, even where a parent ignores the
  // signal and we inherit that.
  std::signal(SIGPIPE, SIG_DFL);
  std::signal(SIGABRT, plimsoll::ExitOnAbort);
  try {
    return plimsoll::Run(argc, argv);
  } catch (const std::exception& error) {
    plimsoll::PrintError(absl::StrCat("internal error: ", error.what()));
  } catch (...) {
    plimsoll::PrintError("internal error");
  }
  return plimsoll::kExitFailure;
}
