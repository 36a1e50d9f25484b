#ifndef PLIMSOLL_CLI_DATABASE_H_
#define PLIMSOLL_CLI_DATABASE_H_

#include <optional>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "analyzer/simulation/history.h"
#include "executor/connection.h"
#include "executor/ephemeral.h"
#include "executor/ledger.h"

// What `apply` and `status` share: a folder of migrations, a database, and how they stand to each
// other.

namespace plimsoll {

// After kExitClean, kExitFindings (here: refused) and kExitFailure.
inline constexpr int kExitMigrationFailed = 4;
inline constexpr int kExitDrift = 5;

struct DatabaseOptions {
  std::string directory;
  std::string url;        // empty: $DATABASE_URL
  std::string ephemeral;  // a major version, `newest`, or empty: no private server
};

void AddDatabaseOptions(CLI::App& app, DatabaseOptions* options);
void AddEphemeralOption(CLI::App& app, DatabaseOptions* options);

// Where the migrations go. Owns the private server, where it is one.
struct Database {
  std::string url;
  std::string description;  // without password
  std::optional<EphemeralServer> server;
};

absl::StatusOr<Database> OpenDatabase(const DatabaseOptions& options);

// Notices of the server go to standard error.
absl::StatusOr<std::unique_ptr<Connection>> Connect(const Database& database);

// 0 or newest: the newest there is.
absl::StatusOr<int> ParseEphemeralVersion(const std::string& text);

struct JournalComparison {
  // Applied migrations first, then the others in the order in which they will run; no downs.
  Inputs inputs;
  std::vector<MigrationState> states;
  std::vector<std::string> notes;  // what was left out, and why
};

// Reads the folder and the history table, and changes nothing.
absl::StatusOr<JournalComparison> CompareWith(const std::string& directory, Connection& connection);

// `1 migration`, `3 migrations`
std::string Count(size_t count, absl::string_view thing);

}  // namespace plimsoll

#endif  // PLIMSOLL_CLI_DATABASE_H_
