#ifndef PLIMSOLL_SERVER_STDIO_H_
#define PLIMSOLL_SERVER_STDIO_H_

#include "absl/status/statusor.h"
#include "server/language_server.h"

// The only file of the language server that reads standard input or writes standard output.

namespace plimsoll::server {

// Serves until `exit` or the end of the input, and returns the exit code that the protocol wants: 0
// after `shutdown`, else 1. Fails where the input or the output fails.
absl::StatusOr<int> ServeStdio(const ServerOptions& options);

}  // namespace plimsoll::server

#endif  // PLIMSOLL_SERVER_STDIO_H_
