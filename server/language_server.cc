#include "server/language_server.h"

#include <utility>

#include "server/handlers/handlers.h"

namespace plimsoll::server {
namespace {

// The order in which the protocol lets methods be called.
std::optional<Fault> WhyNotNow(Phase phase, absl::string_view method) {
  if (method == "exit") return std::nullopt;
  switch (phase) {
    case Phase::kNew:
      if (method == "initialize") return std::nullopt;
      return Fault{kServerNotInitialized, "the server waits for `initialize`"};
    case Phase::kRunning:
      if (method != "initialize") return std::nullopt;
      return Fault{kInvalidRequest, "the server was initialized before"};
    case Phase::kShutDown:
      return Fault{kInvalidRequest, "the server was shut down and waits for `exit`"};
  }
  return std::nullopt;
}

}  // namespace

LanguageServer::LanguageServer(ServerOptions options, Dispatcher::Writer writer)
    : session_(std::move(options), std::move(writer)) {
  session_.dispatcher.SetGate(
      [this](absl::string_view method) { return WhyNotNow(session_.phase, method); });
  AddInitialize(session_);
  AddShutdown(session_);
  AddExit(session_);
  AddDidOpen(session_);
  AddDidChange(session_);
  AddDidSave(session_);
  AddDidClose(session_);
  AddHover(session_);
}

void LanguageServer::Receive(const absl::StatusOr<std::string>& message) {
  if (message.ok()) {
    session_.dispatcher.Dispatch(*message);
  } else {
    session_.dispatcher.Refuse({kParseError, std::string(message.status().message())});
  }
}

}  // namespace plimsoll::server
