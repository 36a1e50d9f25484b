#include "workspace/config.h"

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "cli/choice.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "workspace/files.h"

// What holds for a folder, and who says so.

namespace plimsoll {
namespace {

struct ConfigOptions {
  std::string folder = ".";
  std::string import;
  bool schema = false;
  bool statistics_query = false;
  OutputOptions output;
};

int Fail(const absl::Status& status) {
  PrintError(status.message());
  return kExitFailure;
}

std::string Listed(const std::vector<std::string>& words) {
  return words.empty() ? "" : absl::StrJoin(words, ", ");
}

std::string Severities(const RuleSettings& settings) {
  std::vector<std::string> words;
  for (const auto& [rule, severity] : settings.severity) {
    words.push_back(absl::StrCat(rule, " = ", SeverityName(severity)));
  }
  for (const std::string& rule : settings.off) words.push_back(absl::StrCat(rule, " = off"));
  return Listed(words);
}

std::string Projects(const Config& config) {
  std::vector<std::string> words;
  for (const SaidLayout& said : config.projects) {
    words.push_back(
        absl::StrCat(PathFrom(config.folder, said.folder), " = ", LayoutName(said.layout)));
  }
  return Listed(words);
}

std::string Options(const Config& config) {
  std::vector<std::string> words;
  for (const auto& [option, set] : config.options) {
    words.push_back(absl::StrCat(option, " = ",
                                 absl::StripSuffix(absl::StrReplaceAll(set, {{"\n", " "}}), " ")));
  }
  return Listed(words);
}

std::string Tables(const Config& config) {
  std::vector<std::string> words;
  for (const auto& [table, rows] : config.rows) {
    words.push_back(absl::StrCat(table, ": ", rows, " rows"));
  }
  return Listed(words);
}

// What the key stands at in the file; empty where it does not stand there.
std::string ValueOf(const Config& config, absl::string_view key) {
  if (config.lines.count(std::string(key)) == 0) return "";
  if (key == "server-version") return absl::StrCat(*config.server_version);
  if (key == "transaction") return *config.transaction;
  if (key == "start") return *config.start;
  if (key == "schema") return *config.schema;
  if (key == "fail-on") return *config.fail_on;
  if (key == "baseline") return *config.baseline;
  if (key == "statistics") return *config.statistics;
  if (key == "template") return *config.new_file;
  if (key == "exclude") return Listed(config.exclude);
  if (key == "rules.select") return Listed(config.rules.select);
  if (key == "rules.enable") return Listed(config.rules.enable);
  if (key == "rules.ignore") return Listed(config.rules.ignore);
  if (key == "severity") return Severities(config.rules);
  if (key == "project") return Projects(config);
  if (key == "options") return Options(config);
  if (key == "tables") return Tables(config);
  return absl::StrCat(config.overrides.size(), " of them");
}

struct Default {
  absl::string_view key;
  absl::string_view value;
  const char* variable;  // of the environment; null: none
};
constexpr Default kDefaults[] = {
    {"server-version", "18", "PLIMSOLL_SERVER_VERSION"},
    {"transaction", "auto", "PLIMSOLL_TRANSACTION"},
    {"start", "unknown", "PLIMSOLL_START"},
    {"schema", "none", "PLIMSOLL_SCHEMA"},
    {"fail-on", "warning", "PLIMSOLL_FAIL_ON"},
    {"baseline", "none", "PLIMSOLL_BASELINE"},
};

std::string Effective(const Config* config) {
  std::string text;
  for (const ConfigKey& key : ConfigKeys()) {
    std::string value = config == nullptr ? "" : ValueOf(*config, key.name);
    std::string from =
        value.empty() ? "default"
                      : absl::StrCat(config->path, ":", config->lines.at(std::string(key.name)));
    for (const Default& row : kDefaults) {
      if (row.key != key.name) continue;
      const char* said = std::getenv(row.variable);
      if (said != nullptr && *said != '\0') {
        value = said;
        from = row.variable;
      } else if (value.empty()) {
        value = std::string(row.value);
      }
    }
    if (value.empty()) value = "none";
    absl::StrAppend(&text, key.name, std::string(16 - key.name.size(), ' '), value, "  (", from,
                    ")\n");
  }
  return text;
}

int ShowConfig(const ConfigOptions& options) {
  if (options.schema) return Deliver(ConfigSchema(), options.output, kExitClean);
  if (options.statistics_query) return Deliver(kStatisticsQuery, options.output, kExitClean);
  if (!options.import.empty()) {
    const absl::StatusOr<std::string> text = ReadFile(options.import);
    if (!text.ok()) return Fail(text.status());
    const absl::StatusOr<std::string> imported = ImportSquawk(options.import, *text);
    if (!imported.ok()) return Fail(imported.status());
    return Deliver(*imported, options.output, kExitClean);
  }
  const absl::Status exists = CheckExists(options.folder);
  if (!exists.ok()) return Fail(exists);
  ConfigFinder finder;
  const std::string absolute = AbsolutePath(options.folder);
  const absl::StatusOr<std::shared_ptr<const Config>> config =
      finder.Find(IsFolder(absolute) ? absolute : ParentOf(absolute));
  if (!config.ok()) return Fail(config.status());
  return Deliver(Effective(config->get()), options.output, kExitClean);
}

}  // namespace

void RegisterConfig(CLI::App& app, int* exit_code) {
  CLI::App* config = app.add_subcommand("config", "show which settings hold, and who says so");
  const auto options = std::make_shared<ConfigOptions>();
  config->add_option("PATH", options->folder, "of this file or folder (default: .)");
  CLI::Option* schema =
      config->add_flag("--schema", options->schema, "the JSON Schema of plimsoll.toml instead");
  config
      ->add_option("--import", options->import,
                   "what a .squawk.toml says, as a plimsoll.toml, instead")
      ->type_name("FILE")
      ->excludes(schema);
  config
      ->add_flag("--statistics-query", options->statistics_query,
                 "a query instead: what a server answers is a file of `statistics`")
      ->excludes(schema);
  AddOutputOption(*config, &options->output);
  config->callback([options, exit_code] { *exit_code = ShowConfig(*options); });
}

}  // namespace plimsoll
