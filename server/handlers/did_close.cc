#include <memory>

#include "nlohmann/json.hpp"
#include "server/handlers/handlers.h"
#include "server/params.h"

namespace plimsoll::server {

void AddDidClose(Session& session) {
  session.dispatcher.OnNotification("textDocument/didClose", [&session](const Json& params) {
    const auto uri = TextParam(params, {"textDocument", "uri"});
    const Document* document = uri.has_value() ? session.documents.Find(*uri) : nullptr;
    if (document == nullptr) return;
    const std::shared_ptr<const Report> report = document->report;
    session.documents.Close(*uri);
    session.histories.Forget();
    session.dispatcher.Notify("textDocument/publishDiagnostics",
                              {{"uri", *uri}, {"diagnostics", Json::array()}});
    // For the others of its history the file on disk counts again. One stands for all of them.
    for (const auto& [other, open] : session.documents.all()) {
      if (open.report != report) continue;
      PublishDiagnostics(session, other);
      return;
    }
  });
}

}  // namespace plimsoll::server
