#include "cli/database.h"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cli/choice.h"
#include "cli/output.h"
#include "executor/plan.h"
#include "executor/postgres.h"
#include "workspace/load.h"

namespace plimsoll {
namespace {

constexpr char kNewest[] = "newest";

std::string CheckEphemeral(const std::string& text) {
  const auto version = ParseEphemeralVersion(text);
  return version.ok() ? "" : std::string(version.status().message());
}

// The one history that lies in a folder.
absl::StatusOr<Project> LoadOne(const std::string& directory, int server_version) {
  auto projects = Load({.paths = {directory}, .server_version = server_version});
  if (!projects.ok()) return projects.status();
  if (projects->size() == 1) return std::move(projects->front());
  std::string message = absl::StrCat("\"", directory,
                                     "\" holds several histories, and a database "
                                     "has one; name one of");
  for (const Project& project : *projects) {
    absl::StrAppend(&message, "\n  ", project.root, " (", LayoutName(project.layout), ")");
  }
  return absl::InvalidArgumentError(message);
}

// What people keep in planned/ is not ready to run.
bool IsPlanned(const Project& project, const Migration& migration) {
  return project.layout == Layout::kStages &&
         absl::StrContains(absl::StrCat("/", migration.script->source->name()), "/planned/");
}

}  // namespace

void AddDatabaseOptions(CLI::App& app, DatabaseOptions* options) {
  app.add_option("DIR", options->directory, "the folder of migrations")->required();
  app.add_option("--database-url", options->url,
                 "postgresql://user@host:port/database; by default $DATABASE_URL")
      ->type_name("URL");
}

void AddEphemeralOption(CLI::App& app, DatabaseOptions* options) {
  // A flag, so that a folder that follows it is not taken for the version.
  app.add_flag(absl::StrCat("--ephemeral{", kNewest, "}"), options->ephemeral,
               "a private PostgreSQL that is removed at the end; --ephemeral=15 for that version")
      ->check(CLI::Validator(CheckEphemeral, "", "version"))
      ->excludes("--database-url");
}

absl::StatusOr<int> ParseEphemeralVersion(const std::string& text) {
  return text.empty() || text == kNewest ? 0 : ParseServerVersion(text);
}

absl::StatusOr<Database> OpenDatabase(const DatabaseOptions& options) {
  if (!options.ephemeral.empty()) {
    const auto version = ParseEphemeralVersion(options.ephemeral);
    if (!version.ok()) return version.status();
    auto server = EphemeralServer::Start({.version = *version});
    if (!server.ok()) return server.status();
    Database database{.url = server->url(),
                      .description = absl::StrCat("a private PostgreSQL ", server->version())};
    database.server = *std::move(server);
    return database;
  }
  std::string url = options.url;
  const char* variable = std::getenv("DATABASE_URL");
  if (url.empty() && variable != nullptr) url = variable;
  if (url.empty()) {
    return absl::InvalidArgumentError("no database given: use --database-url or set DATABASE_URL");
  }
  return Database{.url = url, .description = DescribeUrl(url)};
}

absl::StatusOr<std::unique_ptr<Connection>> Connect(const Database& database) {
  return ConnectPostgres({.url = database.url, .notices = [](absl::string_view notice) {
                            PrintErrorLines(absl::StrCat("  ", notice));
                          }});
}

absl::StatusOr<JournalComparison> CompareWith(const std::string& directory,
                                              Connection& connection) {
  const int version = std::clamp(connection.server_version(), kOldestServer, kNewestServer);
  auto project = LoadOne(directory, version);
  if (!project.ok()) return project.status();
  JournalComparison comparison;
  comparison.inputs.server_version = version;
  std::vector<Migration>& migrations = comparison.inputs.migrations;
  for (Migration& migration : project->inputs.migrations) {
    if (migration.down) continue;
    if (IsPlanned(*project, migration)) {
      comparison.notes.push_back(absl::StrCat(migration.script->source->name(),
                                              " is only planned; it runs once it is in testing/"));
      continue;
    }
    const bool bare = migration.script->opts_out_of_transaction;
    migration.wrapping = bare ? Wrapping::kNone : Wrapping::kAroundForbidden;
    migrations.push_back(std::move(migration));
  }
  auto files = IdentifyFiles(migrations);
  if (!files.ok()) return files.status();
  const auto rows = ReadLedger(connection);
  if (!rows.ok()) return rows.status();
  comparison.states = Reconcile(*files, *rows);
  for (const MigrationState& state : comparison.states) {
    if (state.file.has_value()) migrations[state.file->migration].applied = IsApplied(state.state);
  }
  // The order of the database's own history: what is pending comes after what it has, also where
  // its version is lower.
  std::stable_partition(migrations.begin(), migrations.end(),
                        [](const Migration& migration) { return migration.applied; });
  return comparison;
}

std::string Count(size_t count, absl::string_view thing) {
  return absl::StrCat(count, " ", thing, count == 1 ? "" : "s");
}

}  // namespace plimsoll
