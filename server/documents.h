#ifndef PLIMSOLL_SERVER_DOCUMENTS_H_
#define PLIMSOLL_SERVER_DOCUMENTS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/attributes.h"
#include "absl/strings/string_view.h"
#include "analyzer/checking/analyze.h"
#include "analyzer/syntax/script.h"
#include "server/convert.h"

// The texts that are open in the editor. While one is open, the file on disk does not count.

namespace plimsoll::server {

struct Document {
  std::string uri;
  std::string path;  // absolute; empty where the URI names no file
  std::optional<int64_t> version;
  std::shared_ptr<const Script> script;  // of the text as it is now

  // What the last analysis said, and which of its migrations this is. Null before the first.
  std::shared_ptr<const Report> report;
  uint32_t migration = 0;

  absl::string_view text() const ABSL_ATTRIBUTE_LIFETIME_BOUND { return script->source->text(); }
};

// One change of a text. Without a range it is the whole text.
struct Change {
  std::optional<Range> range;
  std::string text;
};

// The text after the change. Places outside of it are taken as its nearest end.
std::string Apply(const Change& change, std::string text);

class Documents {
 public:
  // Opening what is open replaces it.
  void Open(const std::string& uri, std::optional<int64_t> version, std::string text);
  // The document must be open.
  void SetText(const std::string& uri, std::optional<int64_t> version, std::string text);
  void Close(const std::string& uri) { documents_.erase(uri); }

  // Null where it is not open.
  Document* Find(const std::string& uri) ABSL_ATTRIBUTE_LIFETIME_BOUND;
  std::map<std::string, Document>& all() ABSL_ATTRIBUTE_LIFETIME_BOUND { return documents_; }
  const std::map<std::string, Document>& all() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return documents_;
  }

 private:
  std::map<std::string, Document> documents_;  // by URI
};

// The path in a `file:` URI, percent-decoded; empty for other URIs.
std::string PathOfUri(absl::string_view uri);
// The `file:` URI of an absolute path.
std::string UriOfPath(absl::string_view path);

}  // namespace plimsoll::server

#endif  // PLIMSOLL_SERVER_DOCUMENTS_H_
