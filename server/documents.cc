#include "server/documents.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "analyzer/check.h"
#include "workspace/files.h"

namespace plimsoll::server {
namespace {

std::shared_ptr<const Script> Parse(const Document& document, std::string text) {
  const std::string& name = document.path.empty() ? document.uri : document.path;
  return std::make_shared<const Script>(
      ParseScript(std::make_shared<const Source>(name, std::move(text))));
}

bool IsHexDigit(char character) {
  return absl::ascii_isxdigit(static_cast<unsigned char>(character));
}

std::string PercentDecoded(absl::string_view text) {
  std::string decoded;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && IsHexDigit(text[i + 1]) &&
        IsHexDigit(text[i + 2])) {
      decoded += absl::HexStringToBytes(text.substr(i + 1, 2));
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

}  // namespace

std::string Apply(const Change& change, std::string text) {
  if (!change.range.has_value()) return change.text;
  Utf16Index index(text);
  const uint32_t begin = index.Byte(change.range->start);
  const uint32_t end = std::max(begin, index.Byte(change.range->end));
  text.replace(begin, end - begin, change.text);
  return text;
}

void Documents::Open(const std::string& uri, std::optional<int64_t> version, std::string text) {
  Document document = {.uri = uri, .path = PathOfUri(uri), .version = version};
  document.script = Parse(document, std::move(text));
  documents_[uri] = std::move(document);
}

void Documents::SetText(const std::string& uri, std::optional<int64_t> version, std::string text) {
  Document* document = Find(uri);
  PLIMSOLL_CHECK(document != nullptr);
  document->version = version;
  document->script = Parse(*document, std::move(text));
}

Document* Documents::Find(const std::string& uri) {
  const auto found = documents_.find(uri);
  return found == documents_.end() ? nullptr : &found->second;
}

std::string PathOfUri(absl::string_view uri) {
  if (!absl::ConsumePrefix(&uri, "file://")) return "";
  if (!absl::StartsWith(uri, "/")) absl::ConsumePrefix(&uri, "localhost");
  // Another host's files are not ours to read.
  if (!absl::StartsWith(uri, "/")) return "";
  const std::string path = PercentDecoded(uri.substr(0, uri.find_first_of("?#")));
  // No file has such a name, and the system would read it cut short.
  return absl::StrContains(path, absl::string_view("\0", 1)) ? "" : AbsolutePath(path);
}

std::string UriOfPath(absl::string_view path) {
  std::string uri = "file://";
  for (const char character : path) {
    const bool plain = absl::ascii_isalnum(static_cast<unsigned char>(character)) ||
                       absl::StrContains("/-._~", absl::string_view(&character, 1));
    if (plain) {
      uri += character;
    } else {
      absl::StrAppend(
          &uri, "%",
          absl::AsciiStrToUpper(absl::BytesToHexString(absl::string_view(&character, 1))));
    }
  }
  return uri;
}

}  // namespace plimsoll::server
