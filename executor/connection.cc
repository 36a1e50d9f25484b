#include "executor/connection.h"

#include "absl/strings/cord.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace plimsoll {
namespace {

constexpr char kSqlState[] = "plimsoll/sqlstate";
constexpr char kMessage[] = "plimsoll/message";
constexpr char kDetail[] = "plimsoll/detail";
constexpr char kHint[] = "plimsoll/hint";
constexpr char kContext[] = "plimsoll/context";
constexpr char kPosition[] = "plimsoll/position";

std::string Payload(const absl::Status& status, const char* key) {
  const auto payload = status.GetPayload(key);
  return payload.has_value() ? std::string(*payload) : std::string();
}

}  // namespace

absl::Status SqlStatus(const SqlError& error) {
  const std::string text = error.sqlstate.empty()
                               ? error.message
                               : absl::StrCat(error.message, " (SQLSTATE ", error.sqlstate, ")");
  absl::Status status =
      error.sqlstate.empty() ? absl::UnavailableError(text) : absl::FailedPreconditionError(text);
  const auto set = [&status](const char* key, const std::string& value) {
    if (!value.empty()) status.SetPayload(key, absl::Cord(value));
  };
  set(kSqlState, error.sqlstate);
  set(kMessage, error.message);
  set(kDetail, error.detail);
  set(kHint, error.hint);
  set(kContext, error.context);
  if (error.position != 0) set(kPosition, absl::StrCat(error.position));
  return status;
}

SqlError SqlErrorOf(const absl::Status& status) {
  SqlError error{.sqlstate = Payload(status, kSqlState),
                 .message = Payload(status, kMessage),
                 .detail = Payload(status, kDetail),
                 .hint = Payload(status, kHint),
                 .context = Payload(status, kContext)};
  if (!absl::SimpleAtoi(Payload(status, kPosition), &error.position)) error.position = 0;
  if (error.message.empty()) error.message = std::string(status.message());
  return error;
}

absl::Status Doing(absl::string_view what, const absl::Status& status) {
  SqlError error = SqlErrorOf(status);
  error.message = absl::StrCat("cannot ", what, ": ", error.message);
  return SqlStatus(error);
}

}  // namespace plimsoll
