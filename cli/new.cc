#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "cli/one_project.h"
#include "cli/output.h"
#include "workspace/config.h"
#include "workspace/files.h"
#include "workspace/git.h"
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

// What the clock, Git and the settings say of a file that is made there now.
absl::StatusOr<Authorship> AuthorshipIn(const std::string& folder) {
  Authorship by = {.now = static_cast<int64_t>(std::time(nullptr)),
                   .name = GitSetting(folder, "user.name"),
                   .email = GitSetting(folder, "user.email")};
  ConfigFinder finder;
  const absl::StatusOr<std::shared_ptr<const Config>> config = finder.Find(AbsolutePath(folder));
  if (!config.ok()) return config.status();
  if (*config == nullptr || !(*config)->new_file) return by;
  by.template_path = *(*config)->new_file;
  absl::StatusOr<std::string> text = ReadFile(by.template_path);
  if (!text.ok()) return text.status();
  by.template_text = *std::move(text);
  return by;
}

int MakeMigration(const NewOptions& options) {
  LoadOptions load;
  // What is excluded has a version all the same.
  load.keep_excluded = true;
  const absl::StatusOr<Project> project = LoadOneProject(options.folder, "with --in", load);
  if (!project.ok()) return Fail(project.status());
  const absl::StatusOr<Authorship> by = AuthorshipIn(project->root);
  if (!by.ok()) return Fail(by.status());
  const absl::StatusOr<std::vector<FileChange>> files =
      NewMigration(*project, options.description, *by);
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
