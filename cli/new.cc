#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "cli/choice.h"
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
  std::string layout;  // empty: what the project says, and what its files tell
};

int Fail(const absl::Status& status) {
  PrintError(status.message());
  return kExitFailure;
}

absl::StatusOr<std::shared_ptr<const Config>> ConfigOf(const std::string& folder) {
  ConfigFinder finder;
  return finder.Find(AbsolutePath(folder));
}

// What the clock, Git and the settings say of a file that is made there now.
absl::StatusOr<Authorship> AuthorshipIn(const std::string& folder) {
  // Git is asked where a folder is.
  const std::string there = IsFolder(folder) ? folder : ParentOf(folder);
  Authorship by = {.now = static_cast<int64_t>(std::time(nullptr)),
                   .name = GitSetting(there, "user.name"),
                   .email = GitSetting(there, "user.email")};
  const absl::StatusOr<std::shared_ptr<const Config>> config = ConfigOf(folder);
  if (!config.ok()) return config.status();
  if (*config == nullptr || !(*config)->new_file) return by;
  by.template_path = *(*config)->new_file;
  absl::StatusOr<std::string> text = ReadFile(by.template_path);
  if (!text.ok()) return text.status();
  by.template_text = *std::move(text);
  return by;
}

// Layouts whose first migration we can make: the others need what only their runner makes.
std::vector<std::string> LayoutsToBegin() {
  std::vector<std::string> names;
  for (int i = 0; i <= static_cast<int>(Layout::kAtlas); ++i) {
    const Convention& convention = ConventionOf(static_cast<Layout>(i));
    const bool begins = !convention.first.empty() || convention.layout == Layout::kGraphile;
    if (begins && convention.layout != Layout::kBare) names.emplace_back(convention.name);
  }
  return names;
}

Layout LayoutNamed(absl::string_view name) {
  int i = 0;
  while (LayoutName(static_cast<Layout>(i)) != name) ++i;
  return static_cast<Layout>(i);
}

// A folder without migrations is what it is said to be, by the option or by the settings.
absl::StatusOr<Project> FirstProject(const NewOptions& options) {
  if (!options.layout.empty()) {
    return EmptyProject(options.folder, LayoutNamed(options.layout), "--layout");
  }
  const absl::StatusOr<std::shared_ptr<const Config>> config = ConfigOf(options.folder);
  if (!config.ok()) return config.status();
  const std::string absolute = AbsolutePath(options.folder);
  if (*config != nullptr) {
    for (const SaidLayout& said : (*config)->projects) {
      if (said.folder == absolute) return EmptyProject(options.folder, said.layout, said.why);
    }
  }
  return absl::NotFoundError(absl::StrCat(
      "no SQL files under \"", options.folder,
      "\": say how the first is laid out, with --layout or by a [[project]] of ", kConfigName));
}

bool HoldsSql(const std::string& path) {
  if (!CheckExists(path).ok()) return false;
  return !IsFolder(path) || ListSqlFiles(path).ok();
}

absl::StatusOr<Project> ProjectToAddTo(const NewOptions& options) {
  const bool to_be_made = !options.layout.empty() && !CheckExists(options.folder).ok();
  if ((IsFolder(options.folder) || to_be_made) && !HoldsSql(options.folder)) {
    return FirstProject(options);
  }
  LoadOptions load;
  // What is excluded has a version all the same.
  load.keep_excluded = true;
  absl::StatusOr<Project> project = LoadOneProject(options.folder, "with --in", load);
  if (project.ok() && !options.layout.empty() && LayoutName(project->layout) != options.layout) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", project->root, "\" is laid out as ", LayoutName(project->layout), ", because of ",
        project->why, ": --layout is for folders without migrations"));
  }
  return project;
}

// Some layouts are told by what stands around the files, and some by the settings alone.
absl::Status TellIfTakenOtherwise(const Project& project, const std::string& path) {
  LayoutFinder finder;
  const absl::StatusOr<std::shared_ptr<const Config>> config = ConfigOf(project.root);
  if (!config.ok()) return config.status();
  const absl::StatusOr<Placement> placed = PlaceOf(finder, AbsolutePath(path), config->get());
  if (!placed.ok()) return placed.status();
  if (placed->layout == project.layout) return absl::OkStatus();
  PrintErrorLines(absl::StrCat("note: nothing tells of ", LayoutName(project.layout),
                               " here yet, and it is taken for ", LayoutName(placed->layout),
                               "; a [[project]] of ", kConfigName, " says what it is"));
  return absl::OkStatus();
}

int MakeMigration(const NewOptions& options) {
  const absl::StatusOr<Project> project = ProjectToAddTo(options);
  if (!project.ok()) return Fail(project.status());
  const absl::StatusOr<Authorship> by = AuthorshipIn(project->root);
  if (!by.ok()) return Fail(by.status());
  const absl::StatusOr<std::vector<FileChange>> files =
      NewMigration(*project, options.description, *by);
  if (!files.ok()) return Fail(files.status());
  const absl::Status written = WriteChanges(*files);
  if (!written.ok()) return Fail(written);
  for (const FileChange& file : *files) PrintLines(file.path);
  const absl::Status told = TellIfTakenOtherwise(*project, files->front().path);
  return told.ok() ? kExitClean : Fail(told);
}

}  // namespace

void RegisterNew(CLI::App& app, int* exit_code) {
  CLI::App* made = app.add_subcommand("new", "make a migration, as the layout's runner takes it");
  const auto options = std::make_shared<NewOptions>();
  made->add_option("DESCRIPTION", options->description, "what it does, in a few words")->required();
  made->add_option("--in", options->folder, "the folder of the migrations (default: .)")
      ->type_name("FOLDER");
  AddChoice(*made, "--layout", &options->layout, LayoutsToBegin(),
            "how the first migration of a folder is laid out", "what the project says");
  made->callback([options, exit_code] { *exit_code = MakeMigration(*options); });
}

}  // namespace plimsoll
