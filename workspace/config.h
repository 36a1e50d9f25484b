#ifndef PLIMSOLL_WORKSPACE_CONFIG_H_
#define PLIMSOLL_WORKSPACE_CONFIG_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "analyzer/checking/analyze.h"
#include "analyzer/checking/rule.h"
#include "workspace/layout.h"

// plimsoll.toml: what a project has decided, for everybody who lints it. Options of the command
// line and of the environment come before it, defaults after it.

namespace plimsoll {

inline constexpr absl::string_view kConfigName = "plimsoll.toml";

// Which rules speak, and how gravely. Words are those of rules::Named.
struct RuleSettings {
  std::vector<std::string> select;  // only these; empty: all that are on by default
  std::vector<std::string> enable;
  std::vector<std::string> ignore;
  std::map<std::string, Severity> severity;  // by a rule's id or a family; the id counts more
  std::vector<std::string> off;              // whose severity is `off`
};

// What is different for some of the files.
struct Override {
  std::vector<std::string> paths;  // globs, relative to the folder of the file
  RuleSettings rules;              // without `select`
};

struct Config {
  std::string path;    // as it is printed
  std::string folder;  // absolute: what the paths in it are relative to
  std::optional<int> server_version;
  std::optional<std::string> transaction;  // a word of --transaction
  std::optional<std::string> start;        // a word of --start
  std::optional<std::string> schema;       // joined with the folder as it is printed
  std::optional<std::string> fail_on;      // a word of --fail-on
  std::optional<std::string> baseline;     // as schema
  std::string baseline_at;                 // where that is said: `plimsoll.toml:3:12`
  std::optional<std::string> statistics;   // as schema
  std::optional<std::string> new_file;     // as schema: what `plimsoll new` fills in
  std::vector<std::string> exclude;        // globs
  RuleSettings rules;
  std::vector<Override> overrides;
  std::vector<SaidLayout> projects;
  std::map<std::string, std::string> options;  // as Inputs::options
  std::map<std::string, double> rows;          // as Inputs::rows
  // The line (1-based) on which each key stands: `server-version`, `rules.ignore`.
  std::map<std::string, uint32_t> lines;
};

// A key that may stand there, as the documentation, the JSON Schema and the reader know it.
struct ConfigKey {
  absl::string_view name;  // `rules.ignore`
  enum class Type {
    kServerVersion,
    kWord,
    kPath,
    kGlobs,
    kRules,
    kSeverities,
    kOverrides,
    kProjects,
    kOptions,
    kTables,
  } type;
  absl::string_view words;  // of kWord: what it may be, separated by blanks
  absl::string_view what;   // one sentence without a full stop
};
absl::Span<const ConfigKey> ConfigKeys();

// `plimsoll.toml:3:1: there is no key "ignroe"; did you mean "ignore"?`, for whatever is wrong.
// `path` is as it is printed. What `statistics` names is read too.
absl::StatusOr<Config> ParseConfig(const std::string& path, absl::string_view text);

// The JSON Schema of the file, for editors, and a table of its keys in Markdown.
std::string ConfigSchema();
std::string ConfigTable();

// What a server answers to is a file of `statistics`: the tables that were ever analyzed, and how
// many rows each had (pg_class.reltuples, which is -1 before the first time; 0 before version 14).
extern const char* const kStatisticsQuery;

// What a .squawk.toml says, as a plimsoll.toml; what has no counterpart is a comment in it.
absl::StatusOr<std::string> ImportSquawk(const std::string& path, absl::string_view text);

// Looks for the file that holds for a folder: there and upwards, as far as the root of the Git
// repository. Each folder is looked at once; not thread-safe.
class ConfigFinder {
 public:
  // Null where there is none. `folder` is absolute.
  absl::StatusOr<std::shared_ptr<const Config>> Find(const std::string& folder);

 private:
  std::map<std::string, std::shared_ptr<const Config>> found_;
};

// Whether a glob means the path: `*` is part of a name, `**` any number of folders. One without a
// slash is looked for in every folder.
bool GlobMatches(absl::string_view glob, absl::string_view path);

// Where the file stands, by what its project says and the finder finds.
inline absl::StatusOr<Placement> PlaceOf(LayoutFinder& finder, const std::string& path,
                                         const Config* config) {
  return config == nullptr ? finder.Place(path) : finder.Place(path, config->projects);
}

// The file is not linted. `path` is absolute.
bool IsExcluded(const Config& config, absl::string_view path);

// The rules that are on, in the registry's order. Options come on top of what the file says:
// `options.select` instead of its own.
std::vector<const Rule*> ChosenRules(const RuleSettings& options, const Config* config);

// Gives findings the severity that the file wants, and takes out what it ignores in their files.
void Settle(const Config& config, Report& report);

}  // namespace plimsoll

#endif  // PLIMSOLL_WORKSPACE_CONFIG_H_
