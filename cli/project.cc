#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "analyzer/checking/files.h"
#include "cli/choice.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "nlohmann/json.hpp"
#include "workspace/load.h"

// What Plimsoll takes a folder's files for, and why: whoever doubts an order, a pair or a
// transaction looks here.

namespace plimsoll {
namespace {

struct ProjectOptions {
  std::vector<std::string> paths;
  OutputOptions output;
  std::string format = "text";
  bool files = false;
};

struct Way {
  Wrapping wrapping;
  absl::string_view id;     // in JSON
  absl::string_view words;  // of all files that are run so
};
constexpr Way kWays[] = {
    {Wrapping::kFile, "file", "one a file"},
    {Wrapping::kMessage, "message", "one message a file, which is a transaction by itself"},
    {Wrapping::kChangesets, "changeset", "one a changeset"},
    {Wrapping::kAroundForbidden, "around-forbidden", "around all that PostgreSQL lets run in one"},
    {Wrapping::kNone, "none", "none but those that the files open"},
};

const Way& WayOf(Wrapping wrapping) {
  return *std::find_if(std::begin(kWays), std::end(kWays),
                       [&](const Way& way) { return way.wrapping == wrapping; });
}

bool HasDownSection(const Migration& migration) {
  const Script& script = *migration.script;
  return DoesSomething(script, Direction::kDown) && LeftChangesets(script).empty();
}

// How often each thing occurs among a project's files.
struct Census {
  int ups = 0;
  int downs = 0;
  int strays = 0;
  int undone = 0;  // ups that have a down
};

Census Count(const Project& project) {
  Census census;
  std::vector<bool> undone(project.inputs.migrations.size(), false);
  for (size_t i = 0; i < project.inputs.migrations.size(); ++i) {
    const Migration& migration = project.inputs.migrations[i];
    ++(migration.stray ? census.strays : migration.down ? census.downs : census.ups);
    if (migration.undoes.has_value()) undone[*migration.undoes] = true;
    if (!migration.down && HasDownSection(migration)) undone[i] = true;
  }
  for (size_t i = 0; i < undone.size(); ++i) {
    if (project.inputs.migrations[i].stray) undone[i] = false;
  }
  census.undone = static_cast<int>(std::count(undone.begin(), undone.end(), true));
  return census;
}

std::string Counted(int count, absl::string_view one, absl::string_view more) {
  return absl::StrCat(count, " ", count == 1 ? one : more);
}

std::string FilesOf(const Census& census) {
  std::vector<std::string> parts = {Counted(census.ups, "up", "ups")};
  if (census.downs > 0) parts.push_back(Counted(census.downs, "down", "downs"));
  if (census.strays > 0) {
    parts.push_back(absl::StrCat(census.strays, " whose name the runner does not take"));
  }
  return absl::StrJoin(parts, ", ");
}

std::string DownsOf(const Convention& convention, const Census& census) {
  if (convention.downs == Downs::kNone) return "the layout has none";
  return absl::StrCat(convention.down, ": ", census.undone, " of ",
                      Counted(census.ups, "up has one", "ups have one"));
}

std::string TransactionsOf(const Project& project) {
  std::vector<std::string> parts;
  for (const Way& way : kWays) {
    const auto runs_so = [&](const Migration& migration) {
      return !migration.down && !migration.stray && migration.wrapping == way.wrapping;
    };
    const std::vector<Migration>& all = project.inputs.migrations;
    const auto count = std::count_if(all.begin(), all.end(), runs_so);
    if (count > 0) parts.push_back(absl::StrCat(way.words, " (", count, ")"));
  }
  return absl::StrJoin(parts, "; ");
}

std::string Text(const std::vector<Project>& projects, bool files) {
  std::string text;
  for (const Project& project : projects) {
    const Convention& convention = ConventionOf(project.layout);
    const Census census = Count(project);
    absl::StrAppend(&text, text.empty() ? "" : "\n", project.root, ": ", convention.name,
                    project.why.empty() ? "" : ", because of ", project.why, "\n");
    absl::StrAppend(&text, "  files         ", FilesOf(census), "\n");
    if (census.ups > 0) {
      absl::StrAppend(&text, "  order         by ", convention.ordered, "\n");
      absl::StrAppend(&text, "  downs         ", DownsOf(convention, census), "\n");
      absl::StrAppend(&text, "  transactions  ", TransactionsOf(project), "\n");
    }
    if (!project.passed_over.empty()) {
      absl::StrAppend(&text, "  passed over   ", project.passed_over.size(), ": ",
                      project.passed_over[0].path, " ", project.passed_over[0].why,
                      project.passed_over.size() > 1 ? ", and so on" : "", "\n");
    }
    if (!files) continue;
    for (const Migration& migration : project.inputs.migrations) {
      absl::StrAppend(&text,
                      migration.stray  ? "    -     "
                      : migration.down ? "    down  "
                                       : "    up    ",
                      migration.script->source->name(), "\n");
    }
    for (const PassedOver& file : project.passed_over) {
      absl::StrAppend(&text, "    -     ", file.path, ": ", file.why, "\n");
    }
  }
  return text;
}

nlohmann::ordered_json FileJson(const Project& project, const Migration& migration) {
  nlohmann::ordered_json json = {
      {"path", migration.script->source->name()},
      {"direction", migration.down ? "down" : "up"},
      {"version", migration.version},
      {"transaction", WayOf(migration.wrapping).id},
      {"stray", migration.stray},
  };
  if (migration.undoes.has_value()) {
    json["undoes"] = project.inputs.migrations[*migration.undoes].script->source->name();
  }
  if (!migration.down && HasDownSection(migration)) json["downSection"] = true;
  return json;
}

std::string Json(const std::vector<Project>& projects) {
  nlohmann::ordered_json all = nlohmann::ordered_json::array();
  for (const Project& project : projects) {
    const Convention& convention = ConventionOf(project.layout);
    const Census census = Count(project);
    nlohmann::ordered_json json = {
        {"root", project.root},
        {"layout", convention.name},
        {"why", project.why},
        {"order", convention.ordered},
        {"downs", convention.down},
        {"counts",
         {{"ups", census.ups},
          {"downs", census.downs},
          {"undone", census.undone},
          {"strays", census.strays}}},
        {"files", nlohmann::ordered_json::array()},
        {"passedOver", nlohmann::ordered_json::array()},
    };
    for (const Migration& migration : project.inputs.migrations) {
      json["files"].push_back(FileJson(project, migration));
    }
    for (const PassedOver& file : project.passed_over) {
      json["passedOver"].push_back({{"path", file.path}, {"why", file.why}});
    }
    all.push_back(std::move(json));
  }
  const nlohmann::ordered_json document = {{"projects", std::move(all)}};
  // A path may hold any bytes.
  return document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

int ShowProjects(const ProjectOptions& options) {
  LoadOptions load;
  load.paths = options.paths.empty() ? std::vector<std::string>{"."} : options.paths;
  load.keep_passed_over = true;
  load.records = false;
  const absl::StatusOr<std::vector<Project>> projects = Load(load);
  if (!projects.ok()) {
    PrintError(projects.status().message());
    return kExitFailure;
  }
  return Deliver(options.format == "json" ? Json(*projects) : Text(*projects, options.files),
                 options.output, kExitClean);
}

}  // namespace

void RegisterProject(CLI::App& app, int* exit_code) {
  CLI::App* project =
      app.add_subcommand("project", "say how migrations are laid out, and what tells it");
  const auto options = std::make_shared<ProjectOptions>();
  project->add_option("PATH", options->paths, "files and folders; none: the current folder");
  AddChoice(*project, "--format", &options->format, {"text", "json"}, "how it is written");
  project->add_flag("--files", options->files, "list the files in their order, too");
  AddOutputOption(*project, &options->output);
  project->callback([options, exit_code] { *exit_code = ShowProjects(*options); });
}

}  // namespace plimsoll
