#include <algorithm>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/commands.h"
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
  load.paths = {options.folder};
  // What is excluded has a version all the same.
  load.configured = false;
  const absl::StatusOr<std::vector<Project>> projects = Load(load);
  if (!projects.ok()) return Fail(projects.status());
  std::vector<const Project*> laid_out;
  for (const Project& project : *projects) {
    if (project.layout != Layout::kBare) laid_out.push_back(&project);
  }
  if (laid_out.size() != 1) {
    std::string roots = absl::StrJoin(
        laid_out, ", ", [](std::string* out, const Project* one) { out->append(one->root); });
    return Fail(absl::InvalidArgumentError(
        roots.empty() ? absl::StrCat("no migrations are laid out in \"", options.folder,
                                     "\"; `plimsoll project` shows what is there")
                      : absl::StrCat("say in which of these, with --in: ", roots)));
  }
  // All of it: what was named may be a part, and the rest has versions too.
  load.paths = {laid_out[0]->root};
  const absl::StatusOr<std::vector<Project>> whole = Load(load);
  if (!whole.ok()) return Fail(whole.status());
  const auto same = std::find_if(whole->begin(), whole->end(), [&](const Project& project) {
    return project.root == laid_out[0]->root && project.layout == laid_out[0]->layout;
  });
  const Project& project = same == whole->end() ? *laid_out[0] : *same;
  const absl::StatusOr<Authorship> by = AuthorshipIn(project.root);
  if (!by.ok()) return Fail(by.status());
  const absl::StatusOr<std::vector<FileChange>> files =
      NewMigration(project, options.description, *by);
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
