#ifndef PLIMSOLL_ANALYZER_SIMULATION_SETTINGS_H_
#define PLIMSOLL_ANALYZER_SIMULATION_SETTINGS_H_

#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "analyzer/simulation/effects.h"
#include "analyzer/syntax/action.h"

// The settings of PostgreSQL itself, as pg_settings of the servers lists them. Private to
// analyzer/simulation.

namespace plimsoll {

// Why a session of that server cannot SET or RESET what the action names: no such setting (42704),
// a value that is none of its values (22023), one that a session cannot change (55P02). Nothing
// where it can, or no file tells: names with a point in them belong to extensions, and roles, files
// and lists are not looked into (utils/misc/guc.c:set_config_option).
std::optional<Failure> RefusedSetting(const action::SetParameter& set, int server_version);

// A mode of a transaction: `isolation`, `read_only` or `deferrable`.
struct TransactionMode {
  absl::string_view name;
  absl::string_view value;
};
// Those that BEGIN, SET TRANSACTION or SET transaction_… sets of the open transaction, and those
// that a session's settings say of the next ones. They point into the action.
std::vector<TransactionMode> ModesOf(const Action& action);
std::vector<TransactionMode> DefaultModesOf(const action::SetParameter& set);
void SetMode(const TransactionMode& mode, TransactionModes& modes);

// Why the open transaction cannot be given the mode (variable.c:check_transaction_isolation,
// check_transaction_read_only, check_transaction_deferrable).
std::optional<Failure> RefusedMode(const TransactionMode& mode, const SessionState& state);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SIMULATION_SETTINGS_H_
