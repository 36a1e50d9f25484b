#include "workspace/load.h"

#include <algorithm>
#include <ctime>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "analyzer/checking/files.h"
#include "analyzer/syntax/script.h"
#include "rules/registry.h"
#include "workspace/files.h"
#include "workspace/git.h"
#include "workspace/parallel.h"
#include "workspace/schema.h"

namespace plimsoll {
namespace {

// A file that is to be read.
struct Candidate {
  std::string path;      // as it is printed
  std::string absolute;  // empty: standard input without a place
  bool by_name = false;  // not found by walking a folder
  bool beside = false;   // nobody asks about it: it lies where such a file lies
  bool from_stdin = false;
  std::string passed_over;  // why; empty: it is not
  Placement placement;
  std::shared_ptr<const Config> config;
  bool judged = true;               // false: it only shapes the catalog
  std::optional<std::string> text;  // instead of what the file holds
};

// Candidates, by index, that are one history.
struct Group {
  Layout layout = Layout::kBare;
  std::string why;
  std::vector<size_t> members;
  std::vector<size_t> passed_over;
  std::shared_ptr<const Config> config;
  bool as_given = false;
};

// Folders for other databases. Names that may mean something else count only beside a folder for
// PostgreSQL.
constexpr absl::string_view kOtherDatabases[] = {
    "mysql",      "mariadb",   "sqlite",      "sqlite3",   "mssql",    "sqlserver",
    "clickhouse", "cockroach", "cockroachdb", "snowflake", "bigquery", "redshift"};
constexpr absl::string_view kPerhapsOtherDatabases[] = {"oracle",  "h2",   "db2",       "derby",
                                                        "spanner", "tidb", "cassandra", "crdb"};
constexpr absl::string_view kPostgres[] = {"postgres", "postgresql", "pgsql", "pg"};

template <size_t size>
bool IsAmong(absl::string_view name, const absl::string_view (&names)[size]) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

// The database other than PostgreSQL that a file in a folder below `given` is for; else empty.
std::string OtherDatabase(absl::string_view given, absl::string_view file) {
  std::string folder = ParentOf(file);
  for (; folder.size() > given.size() && folder != "."; folder = ParentOf(folder)) {
    const absl::string_view name = NameOf(folder);
    if (IsAmong(name, kOtherDatabases)) return std::string(name);
    if (!IsAmong(name, kPerhapsOtherDatabases)) continue;
    for (const absl::string_view postgres : kPostgres) {
      if (IsFolder(JoinPath(ParentOf(folder), postgres))) return std::string(name);
    }
  }
  return "";
}

Candidate StdinCandidate(const LoadOptions& options) {
  Candidate candidate;
  candidate.path = options.stdin_name;
  candidate.by_name = true;
  candidate.from_stdin = true;
  const bool is_path = options.stdin_name != kStdin && !absl::StartsWith(options.stdin_name, "<");
  if (is_path) candidate.absolute = AbsolutePath(options.stdin_name);
  return candidate;
}

// The files below a folder, as its path was written.
absl::StatusOr<std::vector<Candidate>> CollectBelow(const std::string& folder) {
  absl::StatusOr<std::vector<std::string>> files = ListSqlFiles(folder);
  if (!files.ok()) return files.status();
  std::vector<Candidate> candidates;
  for (std::string& file : *files) {
    Candidate candidate;
    candidate.absolute = AbsolutePath(file);
    const std::string other = OtherDatabase(folder, file);
    if (!other.empty()) candidate.passed_over = absl::StrCat("is for ", other);
    candidate.path = std::move(file);
    candidates.push_back(std::move(candidate));
  }
  return candidates;
}

// In the order given, each file once.
absl::StatusOr<std::vector<Candidate>> Collect(const LoadOptions& options) {
  std::vector<Candidate> candidates;
  absl::flat_hash_set<std::string> seen;
  const auto add = [&](Candidate candidate) {
    const std::string key = candidate.absolute.empty() ? candidate.path : candidate.absolute;
    if (seen.insert(key).second) candidates.push_back(std::move(candidate));
  };
  for (const std::string& given : options.paths) {
    if (given == kStdin) {
      add(StdinCandidate(options));
      continue;
    }
    const std::string path = given.empty() ? "" : TidyPath(given);
    const absl::Status exists = CheckExists(path);
    if (!exists.ok()) return exists;
    if (!IsFolder(path)) {
      add({.path = path, .absolute = AbsolutePath(path), .by_name = true});
      continue;
    }
    absl::StatusOr<std::vector<Candidate>> below = CollectBelow(path);
    if (!below.ok()) return below.status();
    for (Candidate& candidate : *below) add(std::move(candidate));
  }
  if (candidates.empty()) return absl::InvalidArgumentError("no files given");
  const bool by_name = std::all_of(candidates.begin(), candidates.end(),
                                   [](const Candidate& candidate) { return candidate.by_name; });
  for (const auto& [path, text] : options.overlay) {
    add({.path = path, .absolute = AbsolutePath(path), .by_name = by_name});
  }
  return candidates;
}

// The file that is said to hold for all, else that which is found for each.
absl::Status ConfigureAll(const LoadOptions& options, ConfigFinder& finder,
                          absl::Span<Candidate> candidates) {
  if (!options.configured && options.config.empty()) return absl::OkStatus();
  std::shared_ptr<const Config> common;
  if (!options.config.empty()) {
    const absl::StatusOr<std::string> text = ReadFile(options.config);
    if (!text.ok()) return text.status();
    absl::StatusOr<Config> config = ParseConfig(options.config, *text);
    if (!config.ok()) return config.status();
    common = std::make_shared<const Config>(*std::move(config));
  }
  for (Candidate& candidate : candidates) {
    candidate.config = common;
    if (common == nullptr) {
      const std::string folder =
          candidate.absolute.empty() ? AbsolutePath(".") : ParentOf(candidate.absolute);
      absl::StatusOr<std::shared_ptr<const Config>> found = finder.Find(folder);
      if (!found.ok()) return found.status();
      candidate.config = *std::move(found);
    }
    const bool excluded = candidate.config != nullptr && !candidate.from_stdin &&
                          !options.keep_excluded &&
                          IsExcluded(*candidate.config, candidate.absolute);
    if (excluded) {
      candidate.passed_over = absl::StrCat("is excluded by ", candidate.config->path);
    }
  }
  return absl::OkStatus();
}

// Which of the files Git has as changed or staged; `changes` where that is asked for.
absl::Status ChooseChanged(const LoadOptions& options, std::vector<Candidate>& candidates,
                           std::optional<GitChanges>& changes) {
  if (options.changed_since.empty() && !options.staged) return absl::OkStatus();
  const Candidate& any = candidates.front();
  const std::string folder = any.absolute.empty() ? "." : ParentOf(any.absolute);
  if (options.staged) {
    absl::StatusOr<std::map<std::string, std::string>> staged = Staged(folder);
    if (!staged.ok()) return staged.status();
    for (Candidate& candidate : candidates) {
      const auto found = staged->find(candidate.absolute);
      if (found != staged->end()) candidate.text = std::move(found->second);
      candidate.judged = found != staged->end() && !candidate.beside;
    }
    return absl::OkStatus();
  }
  absl::StatusOr<GitChanges> found = ChangedSince(folder, options.changed_since);
  if (!found.ok()) return found.status();
  changes = *std::move(found);
  for (Candidate& candidate : candidates) {
    const bool changed = candidate.from_stdin || changes->added.count(candidate.absolute) > 0 ||
                         changes->edited.count(candidate.absolute) > 0;
    candidate.judged = changed && !candidate.beside;
  }
  return absl::OkStatus();
}

absl::Status PlaceAll(LayoutFinder& finder, absl::Span<Candidate> candidates) {
  for (Candidate& candidate : candidates) {
    if (candidate.absolute.empty()) continue;
    absl::StatusOr<Placement> placement =
        PlaceOf(finder, candidate.absolute, candidate.config.get());
    if (!placement.ok()) return placement.status();
    candidate.placement = *std::move(placement);
    if (candidate.by_name) continue;
    if (candidate.passed_over.empty()) candidate.passed_over = candidate.placement.passed_over;
  }
  return absl::OkStatus();
}

// The root, in the words in which the user wrote the path of a file below it.
std::string RootAsWritten(const Candidate& candidate) {
  std::string written = candidate.path;
  std::string absolute = candidate.absolute;
  while (absolute.size() > candidate.placement.root.size()) {
    const bool above = written == "." || NameOf(written) == "..";
    written = above ? JoinPath(written, "..") : ParentOf(written);
    absolute = ParentOf(absolute);
  }
  return written;
}

bool HasNoPlace(const Candidate& candidate) {
  return candidate.by_name && candidate.placement.layout == Layout::kBare;
}

absl::string_view ConfigOf(const Candidate& candidate) {
  return candidate.config == nullptr ? absl::string_view() : candidate.config->path;
}

// Of files that nobody is known to take, nobody knows when somebody runs them. Where files are
// numbered and that is all that is known of them, so it is with those that have no number.
bool IsOnItsOwn(const Placement& placement) {
  return placement.stray || (placement.layout == Layout::kSequence && placement.version.empty());
}

// Files of the same layout, root and settings, of which each has its place in the order.
bool RunTogether(const Candidate& a, const Candidate& b) {
  return a.placement.layout == b.placement.layout && a.placement.root == b.placement.root &&
         ConfigOf(a) == ConfigOf(b) && !IsOnItsOwn(a.placement) && !IsOnItsOwn(b.placement);
}

// Folders that the user asks about, absolute.
std::vector<std::string> FoldersOf(const LoadOptions& options) {
  std::vector<std::string> folders;
  for (const std::string& path : options.paths) {
    if (path != kStdin && IsFolder(path)) folders.push_back(AbsolutePath(path));
  }
  return folders;
}

bool IsWithin(const std::vector<std::string>& folders, absl::string_view path) {
  return std::any_of(folders.begin(), folders.end(), [&](const std::string& folder) {
    return path == folder || absl::StartsWith(path, absl::StrCat(folder, "/"));
  });
}

// To files, and to folders that are not all of a layout, what else their layouts hold.
absl::Status AddOthers(const LoadOptions& options, ConfigFinder& configs, LayoutFinder& layouts,
                       std::vector<Candidate>& candidates) {
  if (std::any_of(candidates.begin(), candidates.end(), HasNoPlace)) return absl::OkStatus();
  const std::vector<std::string> folders = FoldersOf(options);
  absl::flat_hash_set<std::string> seen;
  std::map<std::string, Candidate> parts;  // one of each root, as the user wrote that
  for (const Candidate& candidate : candidates) {
    seen.insert(candidate.absolute);
    const Placement& placement = candidate.placement;
    const bool in_order = placement.layout != Layout::kBare && candidate.passed_over.empty() &&
                          !IsOnItsOwn(placement);
    if (in_order && !IsWithin(folders, placement.root)) {
      parts.emplace(RootAsWritten(candidate), candidate);
    }
  }
  for (const auto& [root, one] : parts) {
    // A text from standard input may be the first of a folder that is not there yet.
    if (!IsFolder(root)) continue;
    absl::StatusOr<std::vector<Candidate>> below = CollectBelow(root);
    if (!below.ok()) return below.status();
    const absl::Status configured = ConfigureAll(options, configs, absl::MakeSpan(*below));
    if (!configured.ok()) return configured;
    const absl::Status placed = PlaceAll(layouts, absl::MakeSpan(*below));
    if (!placed.ok()) return placed;
    for (Candidate& other : *below) {
      if (!other.passed_over.empty() || !RunTogether(other, one)) continue;
      if (!seen.insert(other.absolute).second) continue;
      other.beside = true;
      other.judged = false;
      candidates.push_back(std::move(other));
    }
  }
  return absl::OkStatus();
}

// In the order in which each was first met.
std::vector<Group> GroupByHistory(const std::vector<Candidate>& candidates) {
  const bool share = std::none_of(candidates.begin(), candidates.end(), HasNoPlace);
  std::vector<Group> groups;
  std::map<std::string, size_t> places;
  for (size_t i = 0; i < candidates.size(); ++i) {
    const Candidate& candidate = candidates[i];
    const Placement& placement = candidate.placement;
    const bool as_given = candidate.by_name && !share;
    const std::string key = absl::StrCat(
        ConfigOf(candidate), "\n",
        as_given ? "" : absl::StrCat(static_cast<int>(placement.layout), " ", placement.root));
    const auto [place, added] = places.emplace(key, groups.size());
    if (added) {
      Group group;
      group.as_given = as_given;
      group.config = candidate.config;
      group.layout = as_given ? Layout::kBare : placement.layout;
      group.why = as_given ? "" : placement.why;
      groups.push_back(std::move(group));
    }
    Group& group = groups[place->second];
    (candidate.passed_over.empty() ? group.members : group.passed_over).push_back(i);
  }
  return groups;
}

// Downs that run by themselves: the newest is undone first. Before them goes what had run when it
// was the last that had.
std::vector<size_t> DownsByThemselves(const std::vector<Candidate>& candidates,
                                      absl::Span<const size_t> ordered) {
  std::vector<size_t> ups;
  std::vector<size_t> downs;
  for (const size_t member : ordered) {
    const Candidate& candidate = candidates[member];
    if (!candidate.placement.down) ups.push_back(member);
    if (candidate.placement.down && !candidate.beside) downs.push_back(member);
  }
  const std::string& newest = candidates[downs.back()].placement.pair;
  const auto undone = std::find_if(ups.begin(), ups.end(), [&](size_t up) {
    return !newest.empty() && candidates[up].placement.pair == newest;
  });
  if (undone != ups.end()) ups.erase(undone + 1, ups.end());
  ups.insert(ups.end(), downs.rbegin(), downs.rend());
  return ups;
}

// Ups in their order, then downs. Returns whether the downs run by themselves.
bool Arrange(const std::vector<Candidate>& candidates, bool run_downs, Group& group) {
  const bool downs_only =
      std::all_of(group.members.begin(), group.members.end(), [&](size_t member) {
        return candidates[member].placement.down || (run_downs && candidates[member].beside);
      });
  if (group.as_given) return downs_only;
  std::sort(group.members.begin(), group.members.end(), [&](size_t left, size_t right) {
    const Candidate& a = candidates[left];
    const Candidate& b = candidates[right];
    if (a.placement.down != b.placement.down) return b.placement.down;
    if (a.placement.order < b.placement.order) return true;
    if (b.placement.order < a.placement.order) return false;
    return a.absolute < b.absolute;
  });
  if (downs_only && !group.members.empty()) {
    group.members = DownsByThemselves(candidates, group.members);
  }
  return downs_only;
}

absl::StatusOr<std::string> ReadText(const Candidate& candidate, const LoadOptions& options) {
  const auto instead = options.overlay.find(candidate.path);
  if (instead != options.overlay.end()) return instead->second;
  if (candidate.text) return *candidate.text;
  return candidate.from_stdin ? ReadStdin() : ReadFile(candidate.path);
}

std::shared_ptr<const Script> Parsed(const std::string& path, std::string text) {
  return std::make_shared<const Script>(
      ParseScript(std::make_shared<const Source>(path, std::move(text))));
}

absl::StatusOr<std::shared_ptr<const Script>> ReadScript(const Candidate& candidate,
                                                         const LoadOptions& options) {
  absl::StatusOr<std::string> text = ReadText(candidate, options);
  if (!text.ok()) return text.status();
  if (options.scripts != nullptr) return options.scripts->Parse(candidate.path, *std::move(text));
  return Parsed(candidate.path, *std::move(text));
}

// scripts[i] is of candidates[i], whichever thread made it.
absl::StatusOr<std::vector<std::shared_ptr<const Script>>> ReadAll(
    const std::vector<Candidate>& candidates, const LoadOptions& options) {
  std::vector<absl::StatusOr<std::shared_ptr<const Script>>> results(
      candidates.size(), std::shared_ptr<const Script>());
  ForEachIndex(ThreadCount(options.jobs), candidates.size(), [&](size_t i) {
    if (candidates[i].passed_over.empty()) results[i] = ReadScript(candidates[i], options);
  });

  std::vector<std::shared_ptr<const Script>> scripts;
  scripts.reserve(results.size());
  for (absl::StatusOr<std::shared_ptr<const Script>>& result : results) {
    if (!result.ok()) return result.status();
    scripts.push_back(*std::move(result));
  }
  return scripts;
}

// A folder was named that holds it, and not some of its files.
bool IsWhole(const Group& group, const std::vector<Candidate>& candidates) {
  return std::any_of(group.members.begin(), group.members.end(), [&](size_t member) {
    return !candidates[member].by_name && !candidates[member].beside;
  });
}

Project MakeProject(const Group& group, bool downs_only, const std::vector<Candidate>& candidates,
                    const std::vector<std::shared_ptr<const Script>>& scripts,
                    const LoadOptions& options, int server_version) {
  Project project;
  project.config = group.config;
  project.layout = group.layout;
  project.why = group.why;
  const size_t any = group.members.empty() ? group.passed_over.front() : group.members.front();
  project.root = group.as_given ? "." : RootAsWritten(candidates[any]);
  for (const size_t member : group.passed_over) {
    project.passed_over.push_back({candidates[member].path, candidates[member].passed_over});
  }
  // The ups come first.
  absl::flat_hash_map<std::string, uint32_t> ups;
  project.inputs.server_version = server_version;
  project.inputs.downs = ConventionOf(group.layout).downs;
  project.inputs.whole = IsWhole(group, candidates);
  project.inputs.now = static_cast<int64_t>(std::time(nullptr));
  for (const size_t member : group.members) {
    const Placement& placement = candidates[member].placement;
    Migration migration = MigrationOf(scripts[member], placement, server_version);
    if (options.transaction.has_value()) {
      migration.wrapping = migration.down_wrapping = *options.transaction;
    }
    migration.down = placement.down && !downs_only;
    migration.applied = !candidates[member].judged;
    // Beside downs that run by themselves, ups are only what is there already.
    if (downs_only && !placement.down) migration.version = migration.identity = "";
    const auto index = static_cast<uint32_t>(project.inputs.migrations.size());
    if (migration.down) {
      const auto up = ups.find(placement.pair);
      if (up != ups.end()) migration.undoes = up->second;
    } else if (!placement.pair.empty()) {
      ups.emplace(placement.pair, index);
    }
    project.inputs.migrations.push_back(std::move(migration));
  }
  return project;
}

RecordsRequest RecordsOf(const Group& group, const std::vector<Candidate>& candidates,
                         const LoadOptions& options, const std::optional<GitChanges>& changes) {
  return {.root = candidates[group.members.front()].placement.root,
          .layout = group.layout,
          .whole = IsWhole(group, candidates),
          .config = group.config.get(),
          .revision = options.changed_since,
          .changes = changes ? &*changes : nullptr};
}

// What the list of the runner has, and nobody finds.
void NoteUnfound(const LayoutFinder& finder, const Placement& placed, Inputs& inputs) {
  const MigrationList list = finder.ListOf(placed);
  for (const std::string& file : list.files) {
    if (CheckExists(JoinPath(placed.root, file)).ok()) continue;
    inputs.gone.push_back({.file = file, .record = list.name, .stops = true});
  }
}

// Of a folder of migrations that is gone whole there is no file at which to say so: it is said at
// the first project's.
absl::Status TellGoneRoots(const LoadOptions& options, const std::vector<Candidate>& candidates,
                           const GitChanges& changes, LayoutFinder& past,
                           std::vector<Project>& projects) {
  std::set<std::string> roots;
  std::set<std::string> names;
  for (const Candidate& candidate : candidates) {
    names.insert(FileNameOf(candidate.path));
    for (std::string folder = ParentOf(candidate.absolute);
         roots.insert(folder).second && ParentOf(folder) != folder;) {
      folder = ParentOf(folder);
    }
  }
  const absl::StatusOr<std::vector<std::string>> gone = GoneRoots(changes, past, roots, names);
  if (!gone.ok()) return gone.status();
  const std::vector<std::string> folders = FoldersOf(options);
  for (const std::string& root : *gone) {
    if (!IsWithin(folders, root)) continue;
    projects.front().inputs.gone.push_back(
        {.file = PathFromHere(root), .record = absl::StrCat("Git at ", options.changed_since)});
  }
  return absl::OkStatus();
}

// Where no file is left at all, Git may know why.
absl::Status WithWhatIsGone(const LoadOptions& options, const absl::Status& status) {
  const std::vector<std::string> folders = FoldersOf(options);
  if (options.changed_since.empty() || folders.empty()) return status;
  const absl::StatusOr<GitChanges> changes = ChangedSince(folders[0], options.changed_since);
  if (!changes.ok()) return changes.status();
  LayoutFinder past = PastOf(*changes);
  const absl::StatusOr<std::vector<std::string>> gone = GoneRoots(*changes, past, {}, {});
  if (!gone.ok()) return gone.status();
  for (const std::string& root : *gone) {
    if (!IsWithin(folders, root)) continue;
    return absl::NotFoundError(absl::StrCat(status.message(), ", but Git has migrations in \"",
                                            PathFromHere(root), "\" at ", options.changed_since));
  }
  return status;
}

// Empty where none is given.
absl::StatusOr<std::optional<Schema>> ReadSchema(const std::string& path) {
  if (path.empty()) return std::nullopt;
  absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return text.status();
  absl::StatusOr<Schema> schema = ParseSchema(path, *std::move(text));
  if (!schema.ok()) return schema.status();
  return *std::move(schema);
}

void StartFrom(const std::optional<Schema>& schema, const LoadOptions& options, Inputs& inputs) {
  inputs.start = schema ? Start::kEmpty : options.start.value_or(Start::kUnknown);
  if (!schema) return;
  inputs.search_path = schema->search_path;
  inputs.migrations.insert(inputs.migrations.begin(), schema->migration);
  for (Migration& migration : inputs.migrations) {
    if (migration.undoes.has_value()) ++*migration.undoes;
  }
}

// What the file says counts where the options say nothing.
LoadOptions WithConfig(const LoadOptions& options, const Config* config) {
  LoadOptions own = options;
  if (config == nullptr) return own;
  if (!own.transaction && config->transaction)
    own.transaction = ParseWrapping(*config->transaction);
  if (!own.server_version) own.server_version = config->server_version;
  if (!own.start && config->start) own.start = ParseStart(*config->start);
  if (own.schema.empty() && config->schema) own.schema = *config->schema;
  return own;
}

}  // namespace

std::shared_ptr<const Script> ScriptCache::Parse(const std::string& path, std::string text) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto known = scripts_.find(path);
    if (known != scripts_.end() && known->second->source->text() == text) return known->second;
  }
  std::shared_ptr<const Script> script = Parsed(path, std::move(text));
  const std::lock_guard<std::mutex> lock(mutex_);
  scripts_[path] = script;
  return script;
}

std::optional<Wrapping> ParseWrapping(absl::string_view word) {
  if (word == "none") return Wrapping::kNone;
  if (word == "file") return Wrapping::kFile;
  if (word == "message") return Wrapping::kMessage;
  return std::nullopt;
}

Start ParseStart(absl::string_view word) {
  return word == "empty" ? Start::kEmpty : Start::kUnknown;
}

absl::StatusOr<std::vector<Project>> Load(const LoadOptions& options) {
  absl::StatusOr<std::vector<Candidate>> candidates = Collect(options);
  if (!candidates.ok()) return WithWhatIsGone(options, candidates.status());
  ConfigFinder configs;
  const absl::Status configured = ConfigureAll(options, configs, absl::MakeSpan(*candidates));
  if (!configured.ok()) return configured;
  LayoutFinder finder;
  const absl::Status placed = PlaceAll(finder, absl::MakeSpan(*candidates));
  if (!placed.ok()) return placed;
  if (options.amid_others) {
    const absl::Status joined = AddOthers(options, configs, finder, *candidates);
    if (!joined.ok()) return joined;
  }
  std::optional<GitChanges> changes;
  const absl::Status chosen = ChooseChanged(options, *candidates, changes);
  if (!chosen.ok()) return chosen;
  LayoutFinder past = changes ? PastOf(*changes) : LayoutFinder();
  absl::StatusOr<std::vector<std::shared_ptr<const Script>>> scripts =
      ReadAll(*candidates, options);
  if (!scripts.ok()) return scripts.status();
  std::vector<Project> projects;
  std::map<std::string, std::optional<Schema>> schemas;  // by path
  for (Group& group : GroupByHistory(*candidates)) {
    if (group.members.empty() && !options.keep_passed_over) continue;
    const LoadOptions own = WithConfig(options, group.config.get());
    if (schemas.count(own.schema) == 0) {
      absl::StatusOr<std::optional<Schema>> schema = ReadSchema(own.schema);
      if (!schema.ok()) return schema.status();
      schemas.emplace(own.schema, *std::move(schema));
    }
    const std::optional<Schema>& schema = schemas.at(own.schema);
    const int said = schema ? schema->server_version.value_or(kDefaultServer) : kDefaultServer;
    const bool downs_only = Arrange(*candidates, options.run_downs, group);
    projects.push_back(MakeProject(group, downs_only, *candidates, *scripts, own,
                                   own.server_version.value_or(said)));
    if (options.records && !group.members.empty() && !group.as_given && !downs_only) {
      absl::StatusOr<Held> held = ReadRecords(RecordsOf(group, *candidates, options, changes), past,
                                              projects.back().inputs);
      if (!held.ok()) return held.status();
      projects.back().held = *std::move(held);
    }
    if (projects.back().inputs.whole && !group.as_given) {
      NoteUnfound(finder, (*candidates)[group.members.front()].placement, projects.back().inputs);
    }
    StartFrom(schema, own, projects.back().inputs);
    if (group.config != nullptr) {
      projects.back().inputs.options = group.config->options;
      projects.back().inputs.rows = group.config->rows;
    }
  }
  if (changes && options.records && !projects.empty()) {
    const absl::Status told = TellGoneRoots(options, *candidates, *changes, past, projects);
    if (!told.ok()) return told;
  }
  if (projects.empty()) {
    return absl::NotFoundError(absl::StrCat("no migrations for PostgreSQL: \"",
                                            candidates->front().path, "\" ",
                                            candidates->front().passed_over));
  }
  return projects;
}

Report Judge(Project project, const RuleSettings& rules, int threads) {
  project.inputs.take_back = true;
  Report report = Analyze(std::move(project.inputs), ChosenRules(rules, project.config.get()),
                          rules::kVocabulary,
                          [&](size_t count, auto work) { ForEachIndex(threads, count, work); });
  if (project.config != nullptr) Settle(*project.config, report);
  return report;
}

}  // namespace plimsoll
