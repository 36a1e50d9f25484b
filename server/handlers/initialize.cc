#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "server/handlers/handlers.h"
#include "server/params.h"

namespace plimsoll::server {
namespace {

constexpr int kIncrementalSync = 2;

// `initializationOptions`, where editors put what their users set for a server.
void TakeOptions(const Json& params, Session& session) {
  const Json* version = FindParam(params, {"initializationOptions", "serverVersion"});
  if (version == nullptr) return;
  const auto number = IntegerParam(params, {"initializationOptions", "serverVersion"});
  if (number.has_value() && *number >= kOldestServer && *number <= kNewestServer) {
    session.options.server_version = static_cast<int>(*number);
    return;
  }
  LogError(session, absl::StrCat("`serverVersion` must be a major version of PostgreSQL from ",
                                 kOldestServer, " to ", kNewestServer, "; it stays ",
                                 session.options.server_version));
}

Json Capabilities() {
  return {{"positionEncoding", "utf-16"},
          {"textDocumentSync",
           {{"openClose", true}, {"change", kIncrementalSync}, {"save", Json::object()}}},
          {"hoverProvider", true}};
}

}  // namespace

void AddInitialize(Session& session) {
  session.dispatcher.OnRequest(
      "initialize", [&session](const Json& params, Json* result) -> std::optional<Fault> {
        TakeOptions(params, session);
        session.phase = Phase::kRunning;
        *result = {{"capabilities", Capabilities()},
                   {"serverInfo", {{"name", "plimsoll"}, {"version", PLIMSOLL_VERSION}}}};
        return std::nullopt;
      });
}

}  // namespace plimsoll::server
