#include "server/stdio.h"

#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "server/jsonrpc.h"

namespace plimsoll::server {
namespace {

constexpr int kExitWithoutShutdown = 1;

absl::Status WriteAll(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return absl::ErrnoToStatus(errno, "cannot write to standard output");
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<int> ServeStdio(const ServerOptions& options) {
  absl::Status written;
  LanguageServer server(options, [&written](absl::string_view message) {
    if (written.ok()) written = WriteAll(Frame(message));
  });
  MessageReader reader;
  std::string chunk(size_t{64} << 10, '\0');
  while (true) {
    const ssize_t count = read(STDIN_FILENO, chunk.data(), chunk.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return absl::ErrnoToStatus(errno, "cannot read standard input");
    if (count == 0) return kExitWithoutShutdown;
    reader.Feed(absl::string_view(chunk.data(), static_cast<size_t>(count)));
    for (auto message = reader.Next(); message.has_value(); message = reader.Next()) {
      server.Receive(*message);
      if (!written.ok()) return written;
      if (server.exit_code().has_value()) return *server.exit_code();
    }
  }
}

}  // namespace plimsoll::server
