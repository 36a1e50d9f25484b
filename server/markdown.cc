#include "server/markdown.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "report/terminal.h"

namespace plimsoll::server {
namespace {

// Characters that mean something to Markdown within a line. Underscores stay: within words, where
// names have them, they mean nothing.
constexpr absl::string_view kSpecial = "\\`*[]<>!#|~&";

std::string Escaped(absl::string_view text) {
  std::string escaped;
  for (const char character : text) {
    if (absl::StrContains(kSpecial, absl::string_view(&character, 1))) escaped += '\\';
    escaped += character;
  }
  return escaped;
}

}  // namespace

std::string MarkdownCode(absl::string_view name) {
  const std::string text = report::Printable(name);
  size_t longest = 0;
  size_t run = 0;
  for (const char character : text) {
    run = character == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  // A fence longer than any run inside; blanks keep it apart from a backtick at an end.
  const std::string fence(longest + 1, '`');
  return longest == 0 ? absl::StrCat(fence, text, fence)
                      : absl::StrCat(fence, " ", text, " ", fence);
}

std::string MarkdownText(absl::string_view text) {
  const std::string line = report::Printable(text);
  absl::string_view rest = line;
  std::string markdown;
  while (!rest.empty()) {
    const size_t open = rest.find('`');
    const size_t close = open == absl::string_view::npos ? open : rest.find('`', open + 1);
    if (close == absl::string_view::npos) break;
    absl::StrAppend(
        &markdown, Escaped(rest.substr(0, open)),
        close == open + 1 ? "\\`\\`" : MarkdownCode(rest.substr(open + 1, close - open - 1)));
    rest.remove_prefix(close + 1);
  }
  return absl::StrCat(markdown, Escaped(rest));
}

}  // namespace plimsoll::server
