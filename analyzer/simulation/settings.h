#ifndef PLIMSOLL_ANALYZER_SIMULATION_SETTINGS_H_
#define PLIMSOLL_ANALYZER_SIMULATION_SETTINGS_H_

#include <optional>

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

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SIMULATION_SETTINGS_H_
