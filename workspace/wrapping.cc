#include "workspace/wrapping.h"

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

namespace plimsoll {
namespace {

bool IsTransactionControl(const Action& action) {
  return std::holds_alternative<action::Begin>(action.kind) ||
         std::holds_alternative<action::Commit>(action.kind) ||
         std::holds_alternative<action::Rollback>(action.kind);
}

}  // namespace

bool ControlsTransactions(const Script& script) {
  for (const Statement& statement : script.statements) {
    if (std::any_of(statement.actions.begin(), statement.actions.end(), IsTransactionControl)) {
      return true;
    }
  }
  return false;
}

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

}  // namespace plimsoll
