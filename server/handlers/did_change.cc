#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "server/handlers/handlers.h"
#include "server/params.h"

namespace plimsoll::server {
namespace {

std::optional<Change> ChangeIn(const Json& json) {
  auto text = TextParam(json, {"text"});
  if (!text.has_value()) return std::nullopt;
  Change change = {.text = *std::move(text)};
  if (FindParam(json, {"range"}) != nullptr) {
    change.range = RangeParam(json, {"range"});
    if (!change.range.has_value()) return std::nullopt;
  }
  return change;
}

// The text after all changes, each on the outcome of the one before; nothing where one of them
// cannot be read.
std::optional<std::string> ApplyAll(const Json* changes, absl::string_view before) {
  if (changes == nullptr || !changes->is_array()) return std::nullopt;
  std::string text(before);
  for (const Json& json : *changes) {
    const std::optional<Change> change = ChangeIn(json);
    if (!change.has_value()) return std::nullopt;
    text = Apply(*change, std::move(text));
  }
  return text;
}

}  // namespace

void AddDidChange(Session& session) {
  session.dispatcher.OnNotification("textDocument/didChange", [&session](const Json& params) {
    const auto uri = TextParam(params, {"textDocument", "uri"});
    const Document* document = uri.has_value() ? session.documents.Find(*uri) : nullptr;
    if (document == nullptr) {
      LogError(session, "cannot change a document that is not open");
      return;
    }
    auto text = ApplyAll(FindParam(params, {"contentChanges"}), document->text());
    if (!text.has_value()) {
      LogError(session, absl::StrCat("cannot read the changes of ", *uri));
      return;
    }
    session.documents.SetText(*uri, IntegerParam(params, {"textDocument", "version"}),
                              *std::move(text));
    PublishDiagnostics(session, *uri);
  });
}

}  // namespace plimsoll::server
