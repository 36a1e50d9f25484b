#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/one_project.h"
#include "cli/output.h"
#include "workspace/writing.h"

namespace plimsoll {
namespace {

struct NewOptions {
  std::string description;
  std::string folder = ".";
};

int Fail(const absl::Status& status) {
  PrintError(status.message());
  return kExitFailure;
}

int MakeMigration(const NewOptions& options) {
  LoadOptions load;
  // What is excluded has a version all the same.
  load.configured = false;
  const absl::StatusOr<Project> project = LoadOneProject(options.folder, "with --in", load);
  if (!project.ok()) return Fail(project.status());
  const absl::StatusOr<std::vector<FileChange>> files =
      NewMigration(*project, options.description, static_cast<int64_t>(std::time(nullptr)));
  if (!files.ok()) return Fail(files.status());
  const absl::Status written = WriteChanges(*files);
  if (!written.ok()) return Fail(written);
  for (const FileChange& file : *files) PrintLines(file.path);
  return kExitClean;
}

}  // namespace

void RegisterNew(CLI::App& app, int* exit_code) {
  CLI::App* made = app.add_subcommand("new", "make a migration, as the layout's runner takes it");
  const auto options = std::make_shared<NewOptions>();
  made->add_option("DESCRIPTION", options->description, "what it does, in a few words")->required();
  made->add_option("--in", options->folder, "the folder of the migrations (default: .)")
      ->type_name("FOLDER");
  made->callback([options, exit_code] { *exit_code = MakeMigration(*options); });
}

}  // namespace plimsoll
