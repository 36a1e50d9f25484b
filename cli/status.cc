#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/commands.h"
#include "cli/database.h"
#include "cli/output.h"
#include "executor/ledger.h"
#include "report/terminal.h"

namespace plimsoll {
namespace {

// The last column: when it was applied, or what to know.
std::string Remark(const MigrationState& state) {
  switch (state.state) {
    case State::kPending:
      return state.out_of_order ? "its version is lower than the highest applied one" : "";
    case State::kApplied:
      return absl::StrCat(state.row->applied_at, " UTC",
                          state.row->execution_time_ms.has_value()
                              ? absl::StrCat(", ", *state.row->execution_time_ms, " ms")
                              : "");
    case State::kFailed:
      if (state.file.has_value()) return state.row->error_message;
      return absl::StrCat(state.row->error_message,
                          "; its file is not here: restore it, or delete ", "version ",
                          state.version, " from `", kLedgerTable, "`");
    case State::kRunning:
      return absl::StrCat("begun and not ended, ", Count(state.row->statements_done, "statement"),
                          " done; if no runner is at work, apply again");
    case State::kDrifted:
      return "the file was changed after it was applied";
    case State::kMissing:
      return "applied, but its file is not here";
  }
  return "";
}

absl::string_view NameOf(const MigrationState& state) {
  const bool late = state.out_of_order && state.state == State::kPending;
  return late ? "out of order" : StateName(state.state);
}

std::string Render(const JournalComparison& comparison, const std::string& description) {
  size_t width = 0;
  size_t pending = 0;
  for (const MigrationState& state : comparison.states) {
    width = std::max(width, report::DisplayWidth(state.id));
    if (!IsApplied(state.state)) ++pending;
  }
  std::string text;
  for (const MigrationState& state : comparison.states) {
    std::string line = absl::StrFormat("%-12s  %s", NameOf(state), state.id);
    const std::string remark = Remark(state);
    if (!remark.empty())
      absl::StrAppend(&line, std::string(width - report::DisplayWidth(state.id) + 2, ' '), remark);
    absl::StrAppend(&text, report::Printable(line), "\n");
  }
  const size_t applied = comparison.states.size() - pending;
  absl::StrAppend(&text, description, ": ", applied, " applied, ", pending, " pending\n");
  return text;
}

int ExitCode(const JournalComparison& comparison) {
  int code = kExitClean;
  for (const MigrationState& state : comparison.states) {
    if (state.state == State::kDrifted || state.state == State::kMissing) return kExitDrift;
    if (state.state == State::kFailed || state.state == State::kRunning) {
      code = kExitMigrationFailed;
    }
  }
  return code;
}

int Status(const DatabaseOptions& options) {
  const auto database = OpenDatabase(options);
  if (!database.ok()) {
    PrintError(database.status().message());
    return kExitFailure;
  }
  const auto connection = Connect(*database);
  if (!connection.ok()) {
    PrintError(connection.status().message());
    return kExitFailure;
  }
  const auto comparison = CompareWith(options.directory, **connection);
  if (!comparison.ok()) {
    PrintError(comparison.status().message());
    return kExitFailure;
  }
  return Deliver(Render(*comparison, database->description), {}, ExitCode(*comparison));
}

}  // namespace

void RegisterStatus(CLI::App& app, int* exit_code) {
  CLI::App* status = app.add_subcommand("status", "show which migrations a database has");
  const auto options = std::make_shared<DatabaseOptions>();
  AddDatabaseOptions(*status, options.get());
  status->footer(
      "exit code: 0 all is well (there may be pending ones), 2 no connection or wrong usage,\n"
      "4 the last attempt of a migration failed or did not end, 5 an applied migration was changed "
      "or its file is gone");
  status->callback([options, exit_code] { *exit_code = Status(*options); });
}

}  // namespace plimsoll
