#ifndef PLIMSOLL_WORKSPACE_LAYOUT_H_
#define PLIMSOLL_WORKSPACE_LAYOUT_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/container/node_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// Which convention a folder of migrations follows. The convention decides the order of the files,
// which of them are downs, and what the runner does around each of them.

namespace plimsoll {

enum class Layout {
  kBare,            // SQL files of no convention
  kSequence,        // numbered or dated files; nothing tells who runs them
  kStages,          // planned/ testing/ applied/YYYY-MM/ rollbacks/
  kUpDown,          // up/ and down/ with the same names
  kTimestamped,     // Supabase: supabase/migrations
  kNumbered,        // numbered files with rollbacks/ beside them
  kDrizzle,         // meta/_journal.json
  kDrizzleFolders,  // a folder a migration: migration.sql and snapshot.json
  kPrisma,          // a folder a migration: migration.sql
  kDiesel,          // a folder a migration: up.sql and down.sql
  kGolangMigrate,   // 1_x.up.sql and 1_x.down.sql
  kSqlx,            // 1_x.sql, or .up.sql and .down.sql, in a Rust package
  kDbmate,          // -- migrate:up
  kGoose,           // -- +goose Up
  kSqlMigrate,      // -- +migrate Up
  kTern,            // ---- create above / drop below ----
  kFlyway,          // V1__x.sql
  kNodePgMigrate,   // -- Up Migration
  kGraphile,        // --! Previous: sha1:…
  kAtlas,           // atlas.sum
};

absl::string_view LayoutName(Layout layout);  // `golang-migrate`

// Where a file stands in the order of its layout. Compared from the first member to the last.
struct OrderKey {
  int rank = 0;  // stages; files that the runner would not take come last
  // The numbers of the version, most significant first, without leading zeros.
  std::vector<std::string> version;
  std::string name;

  friend bool operator<(const OrderKey& a, const OrderKey& b);
};

// What is known of a file from its place and its neighbours, without having parsed it.
struct Placement {
  Layout layout = Layout::kBare;
  std::string root;  // absolute path of the folder that follows the layout
  std::string why;   // `rollbacks/` beside numbered files
  OrderKey order;
  bool down = false;
  // A file beside this one asks the runner not to wrap it (diesel, Flyway).
  bool opts_out_of_transaction = false;
  // The file's name is not one that the layout's runner takes: people run it by hand.
  bool stray = false;
};

// Finds the layouts of files. It looks at the file system, once per folder; it is not thread-safe.
class LayoutFinder {
 public:
  // `path` is absolute. The file itself need not exist. Fails where a file that defines the layout
  // (Drizzle's journal) cannot be understood.
  absl::StatusOr<Placement> Place(const std::string& path);

 private:
  // A folder that holds migrations as files, and what was found out about it.
  struct Flat {
    Layout layout = Layout::kBare;
    std::string why;
    std::map<std::string, uint32_t> journal;  // Drizzle: file name -> place
  };

  const std::map<std::string, bool>& Listing(const std::string& folder);
  bool HasFile(const std::string& folder, const std::string& name);
  bool HasFolder(const std::string& folder, const std::string& name);
  // A file that a runner would take for a migration lies in the folder itself.
  bool HasVersionedFiles(const std::string& folder);
  bool HasStages(const std::string& folder);

  bool PlaceInStages(const std::string& path, Placement& placement);
  bool PlaceInUpDown(const std::string& path, Placement& placement);
  bool PlaceInFolderOfItsOwn(const std::string& path, Placement& placement);
  absl::StatusOr<Placement> PlaceFlat(const std::string& path);
  absl::StatusOr<Flat> InspectFlat(const std::string& folder);
  Flat InspectNames(const std::string& folder);
  bool InspectMarkers(const std::string& folder, Flat& flat);

  absl::node_hash_map<std::string, std::map<std::string, bool>> listings_;
  absl::node_hash_map<std::string, Flat> flats_;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_WORKSPACE_LAYOUT_H_
