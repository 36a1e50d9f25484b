#include "nlohmann/json.hpp"
#include "server/convert.h"
#include "server/handlers/handlers.h"

namespace plimsoll::server {
namespace {

constexpr int kErrorMessage = 1;

}  // namespace

void PublishDiagnostics(Session& session, const std::string& uri) {
  const absl::Status read =
      session.histories.Analyze(uri, session.options.server_version, &session.documents);
  if (!read.ok()) LogError(session, read.message());
  const Document* judged = session.documents.Find(uri);
  if (judged == nullptr) return;
  for (const auto& [other, open] : session.documents.all()) {
    if (open.report != judged->report) continue;
    Json params = {{"uri", other},
                   {"diagnostics",
                    DiagnosticsJson(*open.report, open.migration, session.options.documentation)}};
    if (open.version.has_value()) params["version"] = *open.version;
    session.dispatcher.Notify("textDocument/publishDiagnostics", params);
  }
}

void LogError(Session& session, absl::string_view message) {
  if (session.last_logged == message) return;
  session.last_logged = std::string(message);
  session.dispatcher.Notify("window/logMessage",
                            {{"type", kErrorMessage}, {"message", session.last_logged}});
}

}  // namespace plimsoll::server
