#ifndef PLIMSOLL_CLI_ANALYSIS_H_
#define PLIMSOLL_CLI_ANALYSIS_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "analyzer/checking/analyze.h"
#include "workspace/load.h"

// What `lint` and `effects` share: from paths and options to reports.

namespace plimsoll {

struct AnalysisOptions {
  std::vector<std::string> paths;     // none: the current folder
  std::optional<int> server_version;  // empty: the schema's, else kDefaultServer
  std::string transaction;            // empty: the file's, else auto
  std::string start;                  // empty: the file's, else unknown
  std::string schema;  // a file of `pg_dump --schema-only`, or a catalog; empty: none
  OnFailure on_failure = OnFailure::kJudgeOn;  // the command's own, no option
  bool amid_others = true;                     // likewise; see LoadOptions
  RuleSettings rules;
  std::string config;         // a plimsoll.toml for all paths; empty: what is found for each
  bool no_config = false;     // none at all
  std::string baseline;       // findings that are not told; empty: the file's, else none
  bool no_baseline = false;   // the command's own, no option
  std::string changed_since;  // see LoadOptions
  bool staged = false;
  int jobs = 0;  // 0: as many as the machine has
  std::string stdin_filename;
};

// Registers the paths and the options; a value that cannot be is refused while parsing.
void AddAnalysisOptions(CLI::App& app, AnalysisOptions* options);

// Those of `lint` alone: which files are judged, and which findings told.
void AddChangeOptions(CLI::App& app, AnalysisOptions* options);

// What the options say is to be loaded.
LoadOptions LoadOptionsOf(const AnalysisOptions& options);

// What was found, and by whose decisions: one of each a project.
struct Judged {
  std::vector<Report> reports;
  std::vector<std::shared_ptr<const Config>> configs;  // null: it has no plimsoll.toml
};

// One report a project, in the order of the paths. The result does not depend on `jobs`, and it
// lives as long as the process: taking a history apart, object by object, just before the end costs
// a tenth of the whole run.
const absl::StatusOr<Judged>& AnalyzePaths(const AnalysisOptions& options);

// Of the server for which the reports were made.
int VersionOf(const std::vector<Report>& reports);

}  // namespace plimsoll

#endif  // PLIMSOLL_CLI_ANALYSIS_H_
