#ifndef PLIMSOLL_WORKSPACE_LAYOUT_H_
#define PLIMSOLL_WORKSPACE_LAYOUT_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/node_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "analyzer/simulation/history.h"
#include "workspace/convention.h"

// Which convention (convention.h) the files of a folder follow, and what each of them is in it.
// Detection goes from the surest sign to the least: a file that only one runner has (a plan, a
// journal, a lock), folders that stand together, markers in the texts, the shape of the names.

namespace plimsoll {

// Where a file stands in the order of its layout. Compared from the first member to the last.
struct OrderKey {
  int rank = 0;      // stages; files that the runner would not take come last
  std::string text;  // the name, where the runner compares names byte by byte
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
  std::string version;  // as the name writes it: `0010`; empty: none
  // What a down shares with the up that it undoes. Empty: no down can be told for it.
  std::string pair;
  // A file beside this one asks the runner not to wrap it (diesel, Flyway).
  bool opts_out_of_transaction = false;
  // The file's name is not one that the layout's runner takes: people run it by hand.
  bool stray = false;
  bool meant = false;       // as Migration::meant
  std::string unlisted_in;  // as Migration::unlisted_in
  // Why the file is no migration of this history, as words after its path: `is for MySQL`. Whoever
  // names such a file is heard all the same. Empty: it is one.
  std::string passed_over;
};

// What the runner reads to know which migrations there are.
struct MigrationList {
  std::string name;                // `sqitch.plan`
  std::vector<std::string> files;  // from the root
};

// What a project says of one of its folders, instead of detection.
struct SaidLayout {
  std::string folder;  // absolute
  Layout layout = Layout::kBare;
  std::string why;  // `plimsoll.toml:3`
};

// As Migration::identity.
std::string IdentityOf(const Placement& placement);

// These runners sort the names of the files as texts: 10 comes before 9.
bool ComparesTexts(Layout layout);

// The script as a migration of its history; `undoes` is left to who knows the others.
Migration MigrationOf(std::shared_ptr<const Script> script, const Placement& placement,
                      int server_version);

// Finds the layouts of files. It looks at the file system, once per folder; it is not thread-safe.
class LayoutFinder {
 public:
  // `path` is absolute. The file itself need not exist. Fails where a file that defines the layout
  // (Drizzle's journal) cannot be understood. `said` is what the project of the file says.
  absl::StatusOr<Placement> Place(const std::string& path, absl::Span<const SaidLayout> said = {});
  // Looks at folders as if the file, by its absolute path, were still in them. Of what it held
  // nothing is known. To be called before Place().
  void Remember(const std::string& path);

  // The list by which files placed there were ordered; without a name where there is none.
  MigrationList ListOf(const Placement& placed) const;

 private:
  // A folder that holds migrations as files, and what was found out about it.
  struct Flat {
    Layout layout = Layout::kBare;
    std::string why;
    // File name -> place, where a list orders the files: Drizzle's journal, yoyo's `depends`.
    std::map<std::string, uint32_t> places;
    std::string passed_over;  // why all of it is: the list is another database's
    bool dedicated = false;   // it holds migrations, and nothing else
  };

  const std::map<std::string, bool>& Listing(const std::string& folder);
  bool HasFile(const std::string& folder, const std::string& name);
  bool HasFolder(const std::string& folder, const std::string& name);
  // A file that a runner would take for a migration lies in the folder itself.
  bool HasVersionedFiles(const std::string& folder);
  bool HasStages(const std::string& folder);

  // The place of each script in the plan of `root`, by its path below deploy/.
  const absl::StatusOr<std::map<std::string, uint32_t>>& Plan(const std::string& root);

  absl::StatusOr<bool> PlaceInPlan(const std::string& path, Placement& placement);
  bool PlaceInStages(const std::string& path, Placement& placement);
  bool PlaceInUpDown(const std::string& path, Placement& placement);
  bool IsGraphileRoot(const std::string& folder);
  // `said`: a folder that is said to be graphile-migrate's; empty: none.
  bool PlaceBesideCommitted(const std::string& path, const std::string& said, Placement& placement);
  bool PlaceInFolderOfItsOwn(const std::string& path, Placement& placement);
  absl::StatusOr<bool> PlaceBelowTern(const std::string& path, Placement& placement);
  absl::StatusOr<const Flat*> FlatOf(const std::string& folder, const SaidLayout* said);
  absl::StatusOr<Placement> PlaceFlat(const std::string& path, const SaidLayout* said);
  absl::StatusOr<Flat> InspectFlat(const std::string& folder);
  absl::StatusOr<Flat> InspectSaid(const SaidLayout& said);
  std::map<std::string, uint32_t> OrderByDepends(const std::string& folder);
  Flat InspectNames(const std::string& folder);
  bool InspectMarkers(const std::string& folder, Flat& flat);
  bool InspectRollbackFiles(const std::string& folder, Flat& flat);
  void PlaceFlywayFile(const std::string& folder, absl::string_view name, Placement& placement);
  void PlaceDialectFile(const std::string& folder, absl::string_view name, Placement& placement);

  absl::node_hash_map<std::string, std::map<std::string, bool>> listings_;
  absl::node_hash_map<std::string, Flat> flats_;
  absl::node_hash_map<std::string, absl::StatusOr<std::map<std::string, uint32_t>>> plans_;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_WORKSPACE_LAYOUT_H_
