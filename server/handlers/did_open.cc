#include "nlohmann/json.hpp"
#include "server/handlers/handlers.h"
#include "server/params.h"

namespace plimsoll::server {

void AddDidOpen(Session& session) {
  session.dispatcher.OnNotification("textDocument/didOpen", [&session](const Json& params) {
    const auto uri = TextParam(params, {"textDocument", "uri"});
    auto text = TextParam(params, {"textDocument", "text"});
    if (!uri.has_value() || !text.has_value()) {
      LogError(session, "cannot open a document: it has no `uri` or no `text`");
      return;
    }
    session.histories.Forget();
    session.documents.Open(*uri, IntegerParam(params, {"textDocument", "version"}),
                           *std::move(text));
    PublishDiagnostics(session, *uri);
  });
}

}  // namespace plimsoll::server
