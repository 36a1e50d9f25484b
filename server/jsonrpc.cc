#include "server/jsonrpc.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"

namespace plimsoll::server {
namespace {

constexpr absl::string_view kLengthName = "Content-Length";

// The bytes of the header that `buffer` starts with, its empty line included; 0 while that line has
// not come.
size_t HeaderSize(absl::string_view buffer) {
  size_t line = 0;
  for (size_t end = buffer.find('\n'); end != absl::string_view::npos;
       end = buffer.find('\n', line)) {
    const absl::string_view text = absl::StripAsciiWhitespace(buffer.substr(line, end - line));
    line = end + 1;
    if (text.empty()) return line;
  }
  return 0;
}

// The length that a header tells; nothing where it tells none, or nonsense.
std::optional<size_t> LengthIn(absl::string_view header) {
  std::optional<size_t> length;
  while (!header.empty()) {
    const size_t end = header.find('\n');
    const absl::string_view line = absl::StripAsciiWhitespace(header.substr(0, end));
    header.remove_prefix(end == absl::string_view::npos ? header.size() : end + 1);
    if (line.empty()) continue;
    const size_t colon = line.find(':');
    if (colon == absl::string_view::npos) return std::nullopt;
    if (!absl::EqualsIgnoreCase(line.substr(0, colon), kLengthName)) continue;
    size_t value = 0;
    const absl::string_view digits = absl::StripLeadingAsciiWhitespace(line.substr(colon + 1));
    // SimpleAtoi would take a sign.
    if (digits.empty() || !absl::ascii_isdigit(static_cast<unsigned char>(digits.front())) ||
        !absl::SimpleAtoi(digits, &value)) {
      return std::nullopt;
    }
    length = value;
  }
  return length;
}

}  // namespace

std::string Frame(absl::string_view message) {
  return absl::StrCat(kLengthName, ": ", message.size(), "\r\n\r\n", message);
}

void MessageReader::Feed(absl::string_view bytes) { buffer_.append(bytes.data(), bytes.size()); }

std::optional<absl::StatusOr<std::string>> MessageReader::Next() {
  if (to_skip_ > 0) {
    const size_t skipped = std::min(to_skip_, buffer_.size());
    buffer_.erase(0, skipped);
    to_skip_ -= skipped;
    if (to_skip_ > 0) return std::nullopt;
  }
  if (lost_) {
    const std::string name = absl::StrCat(kLengthName, ":");
    const size_t found = buffer_.find(name);
    if (found == std::string::npos) {
      // The name may have come in part.
      if (buffer_.size() >= name.size()) buffer_.erase(0, buffer_.size() - name.size() + 1);
      return std::nullopt;
    }
    buffer_.erase(0, found);
    lost_ = false;
  }
  const size_t header = HeaderSize(buffer_);
  if (header > kMaxHeaderBytes || (header == 0 && buffer_.size() > kMaxHeaderBytes)) {
    buffer_.erase(0, kMaxHeaderBytes);
    lost_ = true;
    return absl::InvalidArgumentError(absl::StrCat(
        "cannot read a message: its header is longer than ", kMaxHeaderBytes, " bytes"));
  }
  if (header == 0) return std::nullopt;
  const std::optional<size_t> length = LengthIn(absl::string_view(buffer_).substr(0, header));
  if (!length.has_value()) {
    buffer_.erase(0, header);
    lost_ = true;
    return absl::InvalidArgumentError(
        absl::StrCat("cannot read a message: its header gives no ", kLengthName));
  }
  if (*length > kMaxMessageBytes) {
    buffer_.erase(0, header);
    to_skip_ = *length;
    return absl::InvalidArgumentError(absl::StrCat("cannot read a message of ", *length,
                                                   " bytes: the limit is ", kMaxMessageBytes));
  }
  if (buffer_.size() - header < *length) return std::nullopt;
  std::string message = buffer_.substr(header, *length);
  buffer_.erase(0, header + *length);
  return message;
}

void Dispatcher::OnRequest(std::string method, RequestHandler handler) {
  requests_[std::move(method)] = std::move(handler);
}

void Dispatcher::OnNotification(std::string method, NotificationHandler handler) {
  notifications_[std::move(method)] = std::move(handler);
}

void Dispatcher::Dispatch(absl::string_view text) {
  // The library takes a NUL for the end of the text; JSON has no such byte.
  const bool has_nul = text.find('\0') != absl::string_view::npos;
  const Json message = has_nul ? Json(Json::value_t::discarded)
                               : Json::parse(text.begin(), text.end(), nullptr,
                                             /*allow_exceptions=*/false);
  if (message.is_discarded()) {
    Refuse({kParseError, "cannot read a message: it is not JSON"});
    return;
  }
  if (!message.is_object()) {
    Refuse({kInvalidRequest, "a message must be an object"});
    return;
  }
  const auto id = message.find("id");
  const auto method = message.find("method");
  const bool is_request = id != message.end();
  if (method == message.end() && (message.contains("result") || message.contains("error"))) {
    return;  // An answer; we ask nothing.
  }
  const bool id_is_sound = !is_request || id->is_string() || id->is_number_integer();
  if (method == message.end() || !method->is_string() || !id_is_sound) {
    Answer(
        is_request && id_is_sound ? *id : Json(),
        Fault{kInvalidRequest, "a message needs a `method`, and an `id` that is text or a number"},
        Json());
    return;
  }
  const auto params = message.find("params");
  const Json none;
  const Json& given = params == message.end() ? none : *params;
  if (is_request) {
    DispatchRequest(method->get_ref<const std::string&>(), *id, given);
  } else {
    DispatchNotification(method->get_ref<const std::string&>(), given);
  }
}

void Dispatcher::DispatchRequest(const std::string& method, const Json& id,
                                 const Json& params) const {
  std::optional<Fault> fault = gate_ ? gate_(method) : std::nullopt;
  Json result;
  const auto handler = requests_.find(method);
  if (!fault.has_value() && handler == requests_.end()) {
    fault = Fault{kMethodNotFound, absl::StrCat("there is no method `", method, "`")};
  }
  if (!fault.has_value()) {
    // nlohmann throws where we misread it; a bug of ours must not take the editor's session away.
    try {
      fault = handler->second(params, &result);
    } catch (const std::exception& error) {
      fault = Fault{kInternalError, absl::StrCat("cannot answer `", method, "`: ", error.what())};
    }
  }
  Answer(id, fault, result);
}

void Dispatcher::DispatchNotification(const std::string& method, const Json& params) const {
  if (gate_ && gate_(method).has_value()) return;
  const auto handler = notifications_.find(method);
  if (handler == notifications_.end()) return;
  try {
    handler->second(params);
  } catch (const std::exception& error) {
    Notify("window/logMessage",
           {{"type", 1}, {"message", absl::StrCat("cannot take `", method, "`: ", error.what())}});
  }
}

void Dispatcher::Notify(absl::string_view method, const Json& params) const {
  Write({{"jsonrpc", "2.0"}, {"method", std::string(method)}, {"params", params}});
}

void Dispatcher::Refuse(const Fault& fault) const { Answer(Json(), fault, Json()); }

void Dispatcher::Answer(const Json& id, const std::optional<Fault>& fault,
                        const Json& result) const {
  Json answer = {{"jsonrpc", "2.0"}, {"id", id}};
  if (fault.has_value()) {
    answer["error"] = {{"code", static_cast<int>(fault->code)}, {"message", fault->message}};
  } else {
    answer["result"] = result;
  }
  Write(answer);
}

void Dispatcher::Write(const Json& message) const {
  writer_(message.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace plimsoll::server
