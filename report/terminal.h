#ifndef PLIMSOLL_REPORT_TERMINAL_H_
#define PLIMSOLL_REPORT_TERMINAL_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

// Text as a terminal shows it. What is linted comes from strangers: a control character in a name
// or in a line of SQL must not move the cursor, and a wide character must not move the carets.

namespace plimsoll::report {

// One character as it is drawn.
struct Glyph {
  std::string text;    // UTF-8; control characters and broken bytes are replaced by visible ones
  uint32_t width = 0;  // columns of the terminal: 0 for combining marks, 2 for wide ones
  size_t bytes = 0;    // how many bytes of the source it stands for, at least one
};

// The character that starts at `at`, which must lie inside `text`. A tab is four spaces.
Glyph GlyphAt(absl::string_view text, size_t at);

// All of `text`, drawn: one line, whatever was in it.
std::string Printable(absl::string_view text);

// The columns that the drawn text takes.
size_t DisplayWidth(absl::string_view text);

// Breaks prose at blanks outside of `code` so that lines end before `width` columns where words
// permit it; lines after the first start with `indent` blanks, which count. Line feeds in `text`
// are kept, and a line that starts with a blank (code) is never broken. Every line is drawn as
// Printable does.
std::string Wrap(absl::string_view text, size_t indent, size_t width);

enum class Ink { kRed, kYellow, kGreen, kBlue, kCyan, kMagenta, kBold, kFaint };

// Colours, or none.
class Painter {
 public:
  explicit Painter(bool colour) : colour_(colour) {}

  std::string operator()(Ink ink, absl::string_view text) const;

 private:
  bool colour_;
};

}  // namespace plimsoll::report

#endif  // PLIMSOLL_REPORT_TERMINAL_H_
