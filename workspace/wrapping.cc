#include "workspace/wrapping.h"

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"

namespace plimsoll {
bool HasStatementForbiddenInTransaction(const Script& script, int server_version) {
  // Whether a statement may run in a transaction does not hang on what exists, so an empty catalog
  // will do; the simulation is where it is known.
  const Catalog nothing;
  const std::vector<std::string> search_path = {"public"};
  Situation situation;
  situation.server_version = server_version;
  situation.search_path = search_path;
  for (const Statement& statement : script.statements) {
    for (const Action& action : statement.actions) {
      if (ComputeEffects(action, statement.actions, nothing.At(0), situation)
              .forbidden_in_transaction) {
        return true;
      }
    }
  }
  return false;
}

Wrapping RunnersWrapping(const Placement& placement, const Script& script, int server_version) {
  if (placement.stray || script.opts_out_of_transaction || placement.opts_out_of_transaction) {
    return Wrapping::kNone;
  }
  switch (placement.layout) {
    // Nobody is known to run them, or psql does, and the files carry their own BEGIN.
    case Layout::kBare:
    case Layout::kSequence:
    case Layout::kStages:
    case Layout::kUpDown:
      return Wrapping::kNone;
    // Supabase's runner goes statement by statement where one transaction cannot work.
    case Layout::kTimestamped:
      return ControlsTransactions(script) ||
                     HasStatementForbiddenInTransaction(script, server_version)
                 ? Wrapping::kNone
                 : Wrapping::kFile;
    // Flyway looks for such statements too, and then runs the whole file without a transaction.
    case Layout::kFlyway:
      return HasStatementForbiddenInTransaction(script, server_version) ? Wrapping::kNone
                                                                        : Wrapping::kFile;
    case Layout::kGolangMigrate:
    case Layout::kPrisma:
      return Wrapping::kMessage;
    case Layout::kNumbered:
    case Layout::kDrizzle:
    case Layout::kDrizzleFolders:
    case Layout::kDiesel:
    case Layout::kSqlx:
    case Layout::kDbmate:
    case Layout::kGoose:
    case Layout::kSqlMigrate:
    case Layout::kTern:
    case Layout::kNodePgMigrate:
    case Layout::kGraphile:
    case Layout::kAtlas:
      return Wrapping::kFile;
  }
  return Wrapping::kNone;
}

absl::string_view WayOutside(Layout layout) {
  switch (layout) {
    case Layout::kGolangMigrate:
    case Layout::kPrisma:
      return "as the only statement of its file";
    case Layout::kTimestamped:
      return "in a file of its own, which the Supabase CLI runs statement by statement";
    case Layout::kFlyway:
      return "in a file of its own, which Flyway runs without a transaction";
    case Layout::kDiesel:
      return "in a migration of its own with `run_in_transaction = false` in its metadata.toml";
    case Layout::kSqlx:
      return "in a file of its own that begins with `-- no-transaction`";
    case Layout::kDbmate:
      return "in a file of its own under `-- migrate:up transaction:false`";
    case Layout::kGoose:
      return "in a file of its own with `-- +goose NO TRANSACTION`";
    case Layout::kSqlMigrate:
      return "in a file of its own under `-- +migrate Up notransaction`";
    case Layout::kTern:
      return "in a file of its own with the line `---- tern: disable-tx ----`";
    case Layout::kGraphile:
      return "in a file of its own that begins with `--! no-transaction`";
    case Layout::kAtlas:
      return "in a file of its own that begins with `-- atlas:txmode none` and an empty line";
    case Layout::kBare:
    case Layout::kSequence:
    case Layout::kStages:
    case Layout::kUpDown:
    case Layout::kNumbered:
    case Layout::kDrizzle:
    case Layout::kDrizzleFolders:
    case Layout::kNodePgMigrate:
      return "";
  }
  return "";
}

std::string FileWith(Layout layout, absl::string_view statements, bool alone) {
  switch (layout) {
    case Layout::kDbmate:
      return absl::StrCat("-- migrate:up", alone ? " transaction:false" : "", "\n", statements,
                          "\n-- migrate:down\n");
    case Layout::kGoose:
      return absl::StrCat(alone ? "-- +goose NO TRANSACTION\n" : "", "-- +goose Up\n", statements);
    case Layout::kSqlMigrate:
      return absl::StrCat("-- +migrate Up", alone ? " notransaction" : "", "\n", statements,
                          "\n-- +migrate Down\n");
    case Layout::kSqlx:
      return absl::StrCat(alone ? "-- no-transaction\n" : "", statements);
    case Layout::kTern:
      return absl::StrCat(alone ? "---- tern: disable-tx ----\n" : "", statements);
    case Layout::kGolangMigrate:
    case Layout::kPrisma:
    case Layout::kTimestamped:
    case Layout::kFlyway:
      return std::string(statements);
    case Layout::kBare:
    case Layout::kSequence:
    case Layout::kStages:
    case Layout::kUpDown:
    case Layout::kNumbered:
    case Layout::kNodePgMigrate:
    case Layout::kDiesel:  // says it in a metadata.toml beside the file
      return alone ? "" : std::string(statements);
    // The sum file, the hash of the file before, the journal.
    case Layout::kAtlas:
    case Layout::kGraphile:
    case Layout::kDrizzle:
    case Layout::kDrizzleFolders:
      return "";
  }
  return "";
}

}  // namespace plimsoll
