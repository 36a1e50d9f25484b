#include "cli/analysis.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "cli/choice.h"
#include "rules/registry.h"
#include "workspace/baseline.h"
#include "workspace/files.h"
#include "workspace/parallel.h"

namespace plimsoll {
namespace {

constexpr int kMostJobs = 256;

std::string CheckJobs(const std::string& text) {
  int jobs = 0;
  if (absl::SimpleAtoi(text, &jobs) && jobs >= 0 && jobs <= kMostJobs) return "";
  return absl::StrCat("`", text, "` is not a number of threads: 0 to ", kMostJobs);
}

std::string CheckRule(const std::string& word) {
  if (!rules::Named(word).empty()) return "";
  const std::string problem = absl::StrCat("there is no rule or family `", word, "`");
  const absl::string_view nearest = rules::Nearest(word);
  if (nearest.empty()) return absl::StrCat(problem, "; `plimsoll rules` lists them");
  return absl::StrCat(problem, "; did you mean `", nearest, "`?");
}

void AddRuleList(CLI::App& app, const std::string& name, std::vector<std::string>* rules,
                 const std::string& description) {
  // One rule a time or several with commas: what follows a blank is a path.
  app.add_option(name, *rules, description)
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("RULE")
      ->check(CLI::Validator(CheckRule, "", "rule"));
}

}  // namespace

void AddAnalysisOptions(CLI::App& app, AnalysisOptions* options) {
  app.add_option("PATH", options->paths,
                 "files, folders, or - for standard input; none: the current folder");
  AddServerVersionOption(
      app, &options->server_version,
      absl::StrCat("plimsoll.toml's, else the catalog's of --schema, else ", kDefaultServer))
      ->envname("PLIMSOLL_SERVER_VERSION");
  AddChoice(app, "--transaction", &options->transaction, {"auto", "none", "file", "message"},
            "what runs in one: each statement, the whole file, the file sent as one message; auto: "
            "as the layout's runner does",
            "plimsoll.toml's, else auto")
      ->envname("PLIMSOLL_TRANSACTION");
  AddChoice(
      app, "--start", &options->start, {"unknown", "empty"},
      "what is there before the first file; empty: nothing, so that what no file creates does "
      "not exist",
      "plimsoll.toml's, else unknown")
      ->envname("PLIMSOLL_START");
  app.add_option("--schema", options->schema,
                 "what is there before the first file: the output of pg_dump --schema-only, or a "
                 "catalog that catalog.sql read from a server")
      ->type_name("FILE")
      ->envname("PLIMSOLL_SCHEMA");
  AddRuleList(app, "--select", &options->rules.select,
              "only this rule or family, and syntax errors; repeatable");
  AddRuleList(app, "--enable", &options->rules.enable,
              "this rule or family too, where it is off by default; repeatable");
  AddRuleList(app, "--ignore", &options->rules.ignore, "without this rule or family; repeatable");
  CLI::Option* config =
      app.add_option("--config", options->config,
                     "this plimsoll.toml, instead of those that are found from the files upwards")
          ->type_name("FILE")
          ->envname("PLIMSOLL_CONFIG");
  app.add_flag("--no-config", options->no_config, "follow no plimsoll.toml")->excludes(config);
  app.add_option("-j,--jobs", options->jobs, "threads; 0: one a processor (default: 0)")
      ->check(CLI::Validator(CheckJobs, "", "jobs"))
      ->type_name("N");
  app.add_option("--stdin-filename", options->stdin_filename,
                 "what standard input is called and where it would lie")
      ->type_name("NAME");
}

void AddChangeOptions(CLI::App& app, AnalysisOptions* options) {
  app.add_option("--baseline", options->baseline,
                 "do not tell the findings in this file, which `plimsoll baseline` wrote")
      ->type_name("FILE")
      ->envname("PLIMSOLL_BASELINE");
  CLI::Option* since =
      app.add_option(
             "--changed-since", options->changed_since,
             "judge only files that differ from this revision; the others shape the catalog")
          ->type_name("REV");
  app.add_flag("--staged", options->staged, "judge only what is staged for the next commit")
      ->excludes(since);
}

LoadOptions LoadOptionsOf(const AnalysisOptions& options) {
  LoadOptions load;
  load.paths = options.paths.empty() ? std::vector<std::string>{"."} : options.paths;
  load.amid_others = options.amid_others;
  if (!options.transaction.empty()) load.transaction = ParseWrapping(options.transaction);
  load.server_version = options.server_version;
  if (!options.start.empty()) load.start = ParseStart(options.start);
  load.configured = !options.no_config;
  load.config = options.config;
  load.changed_since = options.changed_since;
  load.staged = options.staged;
  load.schema = options.schema;
  load.jobs = options.jobs;
  if (!options.stdin_filename.empty()) load.stdin_name = options.stdin_filename;
  return load;
}

namespace {

// What the projects' baselines have is not told again.
absl::Status TakeOutKnown(const AnalysisOptions& options, Judged& judged) {
  if (options.no_baseline) return absl::OkStatus();
  std::map<std::string, Baseline> baselines;  // by path
  for (size_t i = 0; i < judged.reports.size(); ++i) {
    const Config* config = judged.configs[i].get();
    std::string path = options.baseline;
    if (path.empty() && config != nullptr) path = config->baseline.value_or("");
    if (path.empty()) continue;
    if (options.baseline.empty() && !CheckExists(path).ok()) {
      return absl::NotFoundError(absl::StrCat(config->baseline_at, ": there is no file \"", path,
                                              "\"; `plimsoll baseline` writes it"));
    }
    if (baselines.count(path) == 0) {
      absl::StatusOr<Baseline> read = ReadBaseline(path);
      if (!read.ok()) return read.status();
      baselines.emplace(path, *std::move(read));
    }
    TakeOut(baselines.at(path), judged.reports[i]);
  }
  return absl::OkStatus();
}

absl::StatusOr<Judged> Analysed(const AnalysisOptions& options) {
  if (!options.stdin_filename.empty() && !absl::c_linear_search(options.paths, kStdin)) {
    return absl::InvalidArgumentError(
        "--stdin-filename says what standard input is called: name that too, as `-`");
  }
  absl::StatusOr<std::vector<Project>> projects = Load(LoadOptionsOf(options));
  if (!projects.ok()) return projects.status();

  Judged judged;
  judged.reports.resize(projects->size());
  for (const Project& project : *projects) judged.configs.push_back(project.config);
  std::vector<Report>& reports = judged.reports;
  // As many projects at a time as there are threads; those left over help with the rules.
  const int threads = ThreadCount(options.jobs);
  const int at_a_time = std::min(threads, static_cast<int>(reports.size()));
  ForEachIndex(at_a_time, reports.size(), [&](size_t i) {
    (*projects)[i].inputs.on_failure = options.on_failure;
    reports[i] = Judge(std::move((*projects)[i]), options.rules, threads / at_a_time);
  });
  const absl::Status known = TakeOutKnown(options, judged);
  if (!known.ok()) return known;
  return judged;
}

}  // namespace

const absl::StatusOr<Judged>& AnalyzePaths(const AnalysisOptions& options) {
  static const absl::StatusOr<Judged>* judged = nullptr;
  judged = new absl::StatusOr<Judged>(Analysed(options));
  return *judged;
}

int VersionOf(const std::vector<Report>& reports) {
  return reports.empty() ? kDefaultServer : reports.front().history.server_version();
}

}  // namespace plimsoll
