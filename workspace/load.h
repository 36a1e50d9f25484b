#ifndef PLIMSOLL_WORKSPACE_LOAD_H_
#define PLIMSOLL_WORKSPACE_LOAD_H_

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "analyzer/simulation/history.h"
#include "workspace/config.h"
#include "workspace/layout.h"
#include "workspace/records.h"

// From paths on a command line to what the analyzer takes.

namespace plimsoll {

// Scripts by their paths, kept from one Load() to the next: what has not changed is not parsed
// again. On disk it would not pay: a statement is parsed in some 15 microseconds. Thread-safe.
class ScriptCache {
 public:
  std::shared_ptr<const Script> Parse(const std::string& path, std::string text);

 private:
  std::mutex mutex_;
  absl::flat_hash_map<std::string, std::shared_ptr<const Script>> scripts_;
};

struct LoadOptions {
  // Files, folders, and `-` for standard input.
  std::vector<std::string> paths;
  // Files that are named one by one, and folders that hold only some of a layout, are judged amid
  // the others of their layouts, which shape the catalog. False: as if nothing lay beside them.
  bool amid_others = true;
  // Downs, where nothing but downs is asked about, are what is run: the newest first, behind what
  // it undoes. False: they are judged as downs, where what they undo is there.
  bool run_downs = false;
  // What the runner does around each file; empty: what the layout's runner does.
  std::optional<Wrapping> transaction;
  // Empty: what the schema says, and where it says nothing, kDefaultServer.
  std::optional<int> server_version;
  std::optional<Start> start;
  // A file that `pg_dump --schema-only` wrote, or a catalog (schema.h): what is there before the
  // first migration of each project, and with it all that is there (Start::kEmpty). Empty: none.
  std::string schema;
  // Threads that read and parse; 0: as many as the machine has. The result does not depend on it.
  int jobs = 0;
  // What standard input is called. A path gives it the place of that file in its layout, whether or
  // not the file exists.
  std::string stdin_name = "<stdin>";
  // Files called plimsoll.toml are looked for and followed, where the above does not say otherwise.
  bool configured = true;
  bool keep_excluded = false;  // files that those exclude are there all the same
  // One that holds for all paths, instead. Empty: none.
  std::string config;
  // A revision of Git's: only files that differ from it are judged, the others shape the catalog.
  // Empty: all are.
  std::string changed_since;
  // Only files that are staged for the next commit are judged, as the index has them.
  bool staged = false;
  // What the project has written down about its files is compared with them (records.h).
  bool records = true;
  // Keeps projects whose files are all passed over; Load() leaves them out otherwise.
  bool keep_passed_over = false;
  // Texts that stand for what files hold, by path as it is printed. One whose file does not exist
  // is a new file beside the others.
  std::map<std::string, std::string> overlay;
  ScriptCache* scripts = nullptr;  // not owned, and may be shared; null: everything is parsed
};

// One history: the migrations that run one after the other on one database.
// The words of --transaction and --start, of which those that are neither mean the layout's own
// way, and kUnknown.
std::optional<Wrapping> ParseWrapping(absl::string_view word);
Start ParseStart(absl::string_view word);

struct PassedOver {
  std::string path;  // as the user would write it
  std::string why;   // `is for MySQL`
};

struct Project {
  std::string root;  // as the user would write it; `.` for the current folder
  Layout layout = Layout::kBare;
  std::string why;  // how the layout was told; empty for files that stand in none together
  std::shared_ptr<const Config> config;  // null: none
  Inputs inputs;                         // ups in the order in which they run, then downs
  // Files below its root that are no migrations of it. They are not read.
  std::vector<PassedOver> passed_over;
  Held held;  // by the project's records, where those were asked for
};

// Reads, parses and orders. Each folder that follows a layout is a project of its own: histories
// never mix. Files given by name are one history in the order given, where one of them follows no
// layout; where nothing lies beside them, that of the layout that they share, if any.
//
// Scripts that undo others have `Migration::down`, unless nothing but such scripts is there, or
// LoadOptions::run_downs says so: then they run, newest first.
//
// What lies in a folder for another database (`mysql/`, `x.sqlite.up.sql`) is passed over, and so
// is what verifies or replaces migrations; whoever names such a file is heard.
//
// Fails, with nothing half done, on the first path that cannot be read.
absl::StatusOr<std::vector<Project>> Load(const LoadOptions& options);

// What the rules say of it that the options and its own file ask for, asked on as many threads.
Report Judge(Project project, const RuleSettings& rules, int threads = 1);

}  // namespace plimsoll

#endif  // PLIMSOLL_WORKSPACE_LOAD_H_
