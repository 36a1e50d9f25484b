#ifndef PLIMSOLL_SERVER_JSONRPC_H_
#define PLIMSOLL_SERVER_JSONRPC_H_

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json_fwd.hpp"

// JSON-RPC 2.0 as the Language Server Protocol uses it. It knows no transport: bytes are fed in and
// messages are written through a function, so that a test needs neither a process nor a pipe. What
// comes in is untrusted; nothing in it ends the process.

namespace plimsoll::server {

using Json = nlohmann::json;

// The largest message that is taken; the largest source, escaped, fits in it.
inline constexpr size_t kMaxMessageBytes = size_t{256} << 20;
// The largest header, the lines before a message.
inline constexpr size_t kMaxHeaderBytes = size_t{8} << 10;

enum ErrorCode : int {
  kParseError = -32700,
  kInvalidRequest = -32600,
  kMethodNotFound = -32601,
  kInvalidParams = -32602,
  kInternalError = -32603,
  kServerNotInitialized = -32002,
};

// The error that answers a request.
struct Fault {
  ErrorCode code = kInternalError;
  std::string message;
};

// The message with the header that tells its length.
std::string Frame(absl::string_view message);

// Cuts a stream of bytes into messages. After bytes that are no message it looks for the next
// header, so that one mistake of a client costs one message.
class MessageReader {
 public:
  void Feed(absl::string_view bytes);

  // The next message, or what is wrong with the bytes in its place; nothing until more is fed.
  std::optional<absl::StatusOr<std::string>> Next();

 private:
  std::string buffer_;
  size_t to_skip_ = 0;  // bytes of a message that is too large
  bool lost_ = false;   // looking for the next header
};

// Calls the handler of a message's method and writes its answer.
class Dispatcher {
 public:
  using Writer = std::function<void(absl::string_view message)>;
  // Fills `result`, or says why it cannot.
  using RequestHandler = std::function<std::optional<Fault>(const Json& params, Json* result)>;
  using NotificationHandler = std::function<void(const Json& params)>;
  // Why a method may not be called now; nothing where it may.
  using Gate = std::function<std::optional<Fault>(absl::string_view method)>;

  explicit Dispatcher(Writer writer) : writer_(std::move(writer)) {}

  void OnRequest(std::string method, RequestHandler handler);
  void OnNotification(std::string method, NotificationHandler handler);
  void SetGate(Gate gate) { gate_ = std::move(gate); }

  // Never throws. Notifications are never answered, as the protocol demands.
  void Dispatch(absl::string_view message);

  // Writes a notification of ours.
  void Notify(absl::string_view method, const Json& params) const;
  // Writes an error that answers no request in particular.
  void Refuse(const Fault& fault) const;

 private:
  void DispatchRequest(const std::string& method, const Json& id, const Json& params) const;
  void DispatchNotification(const std::string& method, const Json& params) const;
  void Answer(const Json& id, const std::optional<Fault>& fault, const Json& result) const;
  void Write(const Json& message) const;

  Writer writer_;
  Gate gate_;
  std::map<std::string, RequestHandler> requests_;
  std::map<std::string, NotificationHandler> notifications_;
};

}  // namespace plimsoll::server

#endif  // PLIMSOLL_SERVER_JSONRPC_H_
