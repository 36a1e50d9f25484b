#include "nlohmann/json.hpp"
#include "server/handlers/handlers.h"
#include "server/params.h"

namespace plimsoll::server {

void AddDidSave(Session& session) {
  session.dispatcher.OnNotification("textDocument/didSave", [&session](const Json& params) {
    const auto uri = TextParam(params, {"textDocument", "uri"});
    if (!uri.has_value() || session.documents.Find(*uri) == nullptr) return;
    // A new file changes what its folder holds, and a pause in writing is the time to look.
    session.histories.Forget();
    PublishDiagnostics(session, *uri);
  });
}

}  // namespace plimsoll::server
