#ifndef PLIMSOLL_SERVER_HANDLERS_HANDLERS_H_
#define PLIMSOLL_SERVER_HANDLERS_HANDLERS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "server/language_server.h"

// The methods of the protocol, one file each. Each of these adds its handler to the session's
// dispatcher; the session outlives it.

namespace plimsoll::server {

void AddInitialize(Session& session);
void AddShutdown(Session& session);
void AddExit(Session& session);
void AddDidOpen(Session& session);
void AddDidChange(Session& session);
void AddDidSave(Session& session);
void AddDidClose(Session& session);
void AddHover(Session& session);

// Analyses the history that an open document stands in, and publishes what was found in each open
// document of that history, with the version that was judged.
void PublishDiagnostics(Session& session, const std::string& uri);

// A line in the editor's log of this server.
void LogError(Session& session, absl::string_view message);

}  // namespace plimsoll::server

#endif  // PLIMSOLL_SERVER_HANDLERS_HANDLERS_H_
