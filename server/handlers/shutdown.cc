#include "nlohmann/json.hpp"
#include "server/handlers/handlers.h"

namespace plimsoll::server {

void AddShutdown(Session& session) {
  session.dispatcher.OnRequest(
      "shutdown", [&session](const Json& /*params*/, Json* /*result*/) -> std::optional<Fault> {
        session.phase = Phase::kShutDown;
        return std::nullopt;
      });
}

}  // namespace plimsoll::server
