#ifndef PLIMSOLL_SERVER_MARKDOWN_H_
#define PLIMSOLL_SERVER_MARKDOWN_H_

#include <string>

#include "absl/strings/string_view.h"

// Text for an editor's hover. Names come from strangers' SQL: none of them may become a link, an
// image or markup of its own.

namespace plimsoll::server {

// A name as code, whatever is in it.
std::string MarkdownCode(absl::string_view name);

// Prose on one line. What stands between backticks stays code; the rest is escaped.
std::string MarkdownText(absl::string_view text);

}  // namespace plimsoll::server

#endif  // PLIMSOLL_SERVER_MARKDOWN_H_
