#include "nlohmann/json.hpp"
#include "server/handlers/handlers.h"

namespace plimsoll::server {

void AddExit(Session& session) {
  session.dispatcher.OnNotification("exit", [&session](const Json& /*params*/) {
    // Without `shutdown` something went wrong at the client, and the protocol wants that seen.
    session.exit_code = session.phase == Phase::kShutDown ? 0 : 1;
  });
}

}  // namespace plimsoll::server
