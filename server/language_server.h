#ifndef PLIMSOLL_SERVER_LANGUAGE_SERVER_H_
#define PLIMSOLL_SERVER_LANGUAGE_SERVER_H_

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "server/documents.h"
#include "server/histories.h"
#include "server/jsonrpc.h"

// The language server without its transport: messages go in, messages come out through a function.

namespace plimsoll::server {

struct ServerOptions {
  int server_version = kDefaultServer;  // PostgreSQL's major version
  // The URI of the folder that holds a page for each rule, `ID.md`; empty: findings carry no link.
  std::string documentation;
};

enum class Phase { kNew, kRunning, kShutDown };

// What the handlers share.
struct Session {
  Session(ServerOptions session_options, Dispatcher::Writer writer)
      : options(std::move(session_options)), dispatcher(std::move(writer)) {}

  ServerOptions options;
  Dispatcher dispatcher;
  Documents documents;
  Histories histories;
  Phase phase = Phase::kNew;
  std::string last_logged;       // so that a folder that cannot be read is not told at every key
  std::optional<int> exit_code;  // set by `exit`
};

class LanguageServer {
 public:
  LanguageServer(ServerOptions options, Dispatcher::Writer writer);

  // Handlers hold on to the session.
  LanguageServer(const LanguageServer&) = delete;
  LanguageServer& operator=(const LanguageServer&) = delete;

  // Takes a message, or what MessageReader found in its place.
  void Receive(const absl::StatusOr<std::string>& message);

  // The process's exit code, once the client asked it to end.
  std::optional<int> exit_code() const { return session_.exit_code; }

 private:
  Session session_;
};

}  // namespace plimsoll::server

#endif  // PLIMSOLL_SERVER_LANGUAGE_SERVER_H_
