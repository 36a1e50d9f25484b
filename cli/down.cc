#include "workspace/down.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "workspace/files.h"

namespace plimsoll {
namespace {

struct DownOptions {
  std::string file;
  bool write = false;
};

int Fail(const absl::Status& status) {
  PrintError(status.message());
  return kExitFailure;
}

// The project of the file with all its migrations, and which of them the file is.
struct Found {
  Project project;
  uint32_t up = 0;
};

absl::StatusOr<Found> Find(const std::string& file) {
  LoadOptions load;
  load.paths = {file};
  load.amid_others = false;
  absl::StatusOr<std::vector<Project>> projects = Load(load);
  if (!projects.ok()) return projects.status();
  if (projects->front().layout != Layout::kBare) {
    load.paths = {projects->front().root};
    projects = Load(load);
    if (!projects.ok()) return projects.status();
  }
  const std::string absolute = AbsolutePath(file);
  for (Project& project : *projects) {
    const std::vector<Migration>& all = project.inputs.migrations;
    for (uint32_t m = 0; m < all.size(); ++m) {
      if (AbsolutePath(all[m].script->source->name()) != absolute) continue;
      if (all[m].down || all[m].schema) {
        return absl::InvalidArgumentError(
            absl::StrCat("\"", file, "\" is a down itself: name the migration that it undoes"));
      }
      return Found{std::move(project), m};
    }
  }
  return absl::NotFoundError(absl::StrCat("\"", file, "\" is no migration of its project"));
}

// What the down leaves, in words, on standard error.
void TellWhatIsLeft(const Inputs& inputs, uint32_t up, const Down& down) {
  for (const std::string& left : LeftBy(inputs, up, down))
    PrintErrorLines(absl::StrCat("left: ", left));
}

// Whether the runner opens a transaction for what undoes the migration, as the files stand.
bool IsWrapped(const Found& found) {
  const std::vector<Migration>& all = found.project.inputs.migrations;
  for (const Migration& migration : all) {
    if (migration.undoes == found.up) return OpensTransactions(migration.wrapping);
  }
  return OpensTransactions(all[found.up].down_wrapping);
}

// What cannot be read cannot be undone.
absl::Status CheckRead(const Script& script) {
  for (const Statement& statement : script.statements) {
    if (!statement.problem || statement.direction != Direction::kUp) continue;
    const Position at = script.source->Locate(statement.problem->span.begin);
    return absl::InvalidArgumentError(absl::StrCat(script.source->name(), ":", at.line, ":",
                                                   at.column, ": ", statement.problem->message,
                                                   ": what it does is not known"));
  }
  return absl::OkStatus();
}

int WriteDown(const DownOptions& options) {
  absl::StatusOr<Found> found = Find(options.file);
  if (!found.ok()) return Fail(found.status());
  const absl::Status read = CheckRead(*found->project.inputs.migrations[found->up].script);
  if (!read.ok()) return Fail(read);
  const Down down = DownOf(found->project.inputs, found->up);
  if (down.text.empty()) {
    PrintErrorLines("the migration leaves nothing to undo");
    return kExitClean;
  }
  if (options.write) {
    const absl::StatusOr<FileChange> change = PlaceDown(found->project, found->up, down);
    if (!change.ok()) return Fail(change.status());
    const absl::Status written = WriteChanges({&*change, 1});
    if (!written.ok()) return Fail(written);
    PrintLines(change->path);
  }
  TellWhatIsLeft(found->project.inputs, found->up, down);
  if (down.alone) {
    const absl::StatusOr<Found> now = Find(options.file);
    const bool wrapped = !options.write || !now.ok() || IsWrapped(*now);
    if (wrapped) {
      PrintErrorLines(
          "note: one of the statements cannot run in a transaction: see that the runner opens "
          "none");
    }
  }
  return options.write ? kExitClean : Deliver(down.text, {}, kExitClean);
}

}  // namespace

void RegisterDown(CLI::App& app, int* exit_code) {
  CLI::App* down = app.add_subcommand("down", "write what undoes a migration");
  const auto options = std::make_shared<DownOptions>();
  down->add_option("FILE", options->file, "the migration")->required();
  down->add_flag("--write", options->write,
                 "put it where the layout has its downs; one that does something stays as it is");
  down->callback([options, exit_code] { *exit_code = WriteDown(*options); });
}

}  // namespace plimsoll
