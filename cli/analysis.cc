#include "cli/analysis.h"

#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "cli/choice.h"
#include "rules/registry.h"

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

std::optional<Wrapping> WrappingOf(const std::string& transaction) {
  if (transaction == "none") return Wrapping::kNone;
  if (transaction == "file") return Wrapping::kFile;
  if (transaction == "message") return Wrapping::kMessage;
  return std::nullopt;
}

size_t ThreadCount(int jobs, size_t projects) {
  const size_t wanted =
      jobs > 0 ? static_cast<size_t>(jobs) : std::max(1U, std::thread::hardware_concurrency());
  return std::min(wanted, projects);
}

}  // namespace

void AddAnalysisOptions(CLI::App& app, AnalysisOptions* options) {
  app.add_option("PATH", options->paths,
                 "files, folders, or - for standard input; none: the current folder");
  AddServerVersionOption(app, &options->server_version,
                         absl::StrCat("the catalog's of --schema, else ", kDefaultServer));
  AddChoice(app, "--transaction", &options->transaction, {"auto", "none", "file", "message"},
            "what runs in one: each statement, the whole file, the file sent as one message; auto: "
            "as the layout's runner does");
  AddChoice(
      app, "--start", &options->start, {"unknown", "empty"},
      "what is there before the first file; empty: nothing, so that what no file creates does "
      "not exist");
  app.add_option("--schema", options->schema,
                 "what is there before the first file: the output of pg_dump --schema-only, or a "
                 "catalog that catalog.sql read from a server")
      ->type_name("FILE");
  AddRuleList(app, "--select", &options->select,
              "only this rule or family, and syntax errors; repeatable");
  AddRuleList(app, "--enable", &options->enable,
              "this rule or family too, where it is off by default; repeatable");
  AddRuleList(app, "--ignore", &options->ignore, "without this rule or family; repeatable");
  app.add_option("-j,--jobs", options->jobs, "threads; 0: one a processor (default: 0)")
      ->check(CLI::Validator(CheckJobs, "", "jobs"))
      ->type_name("N");
  app.add_option("--stdin-filename", options->stdin_filename,
                 "what standard input is called and where it would lie")
      ->type_name("NAME");
}

std::vector<const Rule*> ChosenRules(const AnalysisOptions& options) {
  const auto holds = [](const std::vector<std::string>& words, const Rule* rule) {
    return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
      const std::vector<const Rule*> named = rules::Named(word);
      return std::find(named.begin(), named.end(), rule) != named.end();
    });
  };
  std::vector<const Rule*> chosen;
  for (const Rule* rule : rules::All()) {
    // What PostgreSQL cannot read no other rule can judge: silence about it would look like clean.
    const bool selected = holds(options.select, rule) || holds(options.enable, rule) ||
                          (options.select.empty() && !rule->opt_in) ||
                          rule->family == Family::kSyntax;
    if (selected && !holds(options.ignore, rule)) chosen.push_back(rule);
  }
  return chosen;
}

LoadOptions LoadOptionsOf(const AnalysisOptions& options) {
  LoadOptions load;
  load.paths = options.paths.empty() ? std::vector<std::string>{"."} : options.paths;
  load.transaction = WrappingOf(options.transaction);
  load.server_version = options.server_version;
  load.start = options.start == "empty" ? Start::kEmpty : Start::kUnknown;
  load.schema = options.schema;
  load.jobs = options.jobs;
  if (!options.stdin_filename.empty()) load.stdin_name = options.stdin_filename;
  return load;
}

namespace {

absl::StatusOr<std::vector<Report>> Analysed(const AnalysisOptions& options) {
  absl::StatusOr<std::vector<Project>> projects = Load(LoadOptionsOf(options));
  if (!projects.ok()) return projects.status();

  const std::vector<const Rule*> rules = ChosenRules(options);
  std::vector<Report> reports(projects->size());
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t i = next++; i < reports.size(); i = next++) {
      Inputs& inputs = (*projects)[i].inputs;
      inputs.on_failure = options.on_failure;
      reports[i] = Analyze(std::move(inputs), rules);
    }
  };
  // This thread works too.
  std::vector<std::jthread> helpers;
  for (size_t i = 1; i < ThreadCount(options.jobs, reports.size()); ++i) helpers.emplace_back(work);
  work();
  helpers.clear();  // joins them
  return reports;
}

}  // namespace

const absl::StatusOr<std::vector<Report>>& AnalyzePaths(const AnalysisOptions& options) {
  static const absl::StatusOr<std::vector<Report>>* reports = nullptr;
  reports = new absl::StatusOr<std::vector<Report>>(Analysed(options));
  return *reports;
}

int VersionOf(const std::vector<Report>& reports) {
  return reports.empty() ? kDefaultServer : reports.front().history.server_version();
}

}  // namespace plimsoll
