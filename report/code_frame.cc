#include "report/code_frame.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace plimsoll::report {
namespace {

// A span of more lines is shown by its first three and its last.
constexpr uint32_t kLinesShownWhole = 5;
constexpr uint32_t kLinesShownFirst = 3;
// A line of more bytes (a generated one) is shown around the span only.
constexpr size_t kLineBytes = 200;
constexpr size_t kBytesBeforeSpan = 60;

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

// The part of a line that is shown, in bytes of that line.
struct Window {
  size_t begin = 0;
  size_t end = 0;
};

Window Choose(absl::string_view line, size_t from) {
  if (line.size() <= kLineBytes) return {.begin = 0, .end = line.size()};
  size_t begin = from < kBytesBeforeSpan ? 0 : from - kBytesBeforeSpan;
  size_t end = std::min(line.size(), begin + kLineBytes);
  while (begin > 0 && IsContinuation(line[begin])) --begin;
  while (end < line.size() && IsContinuation(line[end])) ++end;
  return {.begin = begin, .end = end};
}

struct DrawnLine {
  std::string text;
  std::string carets;
};

// Draws a line with carets under its bytes [from, to).
DrawnLine Draw(absl::string_view line, size_t from, size_t to) {
  const Window window = Choose(line, from);
  DrawnLine drawn;
  size_t blank = 0;
  size_t carets = 0;
  if (window.begin > 0) {
    drawn.text = "…";
    blank = 1;
  }
  for (size_t at = window.begin; at < window.end;) {
    const Glyph glyph = GlyphAt(line, at);
    drawn.text += glyph.text;
    if (at + glyph.bytes <= from) {
      blank += glyph.width;
    } else if (at < to) {
      carets += glyph.width;
    }
    at += glyph.bytes;
  }
  if (window.end < line.size()) drawn.text += "…";
  // An empty span still points somewhere.
  drawn.carets = std::string(blank, ' ') + std::string(std::max<size_t>(carets, 1), '^');
  return drawn;
}

size_t FirstInk(absl::string_view line) {
  const size_t found = line.find_first_not_of(" \t");
  return found == absl::string_view::npos ? line.size() : found;
}

std::string WithoutTrailingBlanks(std::string text) {
  const size_t last = text.find_last_not_of(' ');
  text.resize(last == std::string::npos ? 0 : last + 1);
  return text;
}

}  // namespace

CodeFrame DrawCode(const Source& source, Span span, Ink ink, const Painter& paint) {
  const uint32_t first = source.Locate(span.begin).line;
  // The last byte of the span, not the one after it: a span may end with its line.
  const uint32_t last = source.Locate(span.empty() ? span.begin : span.end - 1).line;
  const size_t digits = std::max<size_t>(absl::StrCat(last).size(), 2);
  const std::string margin(digits, ' ');
  CodeFrame frame{.text = paint(Ink::kBlue, margin + " |") + "\n", .gutter = digits};
  const bool whole = last - first < kLinesShownWhole;
  for (uint32_t number = first; number <= last; ++number) {
    if (!whole && number == first + kLinesShownFirst) {
      absl::StrAppend(&frame.text, paint(Ink::kBlue, margin + " :"), "\n");
      number = last;
    }
    const absl::string_view line = source.Line(number);
    const size_t start = source.LineStart(number);
    const size_t from =
        std::min(number == first ? span.begin - start : FirstInk(line), line.size());
    const size_t to =
        std::clamp<size_t>(number == last ? span.end - start : line.size(), from, line.size());
    const DrawnLine drawn = Draw(line, from, to);
    const std::string label = absl::StrCat(number);
    absl::StrAppend(
        &frame.text,
        paint(Ink::kBlue, absl::StrCat(std::string(digits - label.size(), ' '), label, " |")),
        WithoutTrailingBlanks(" " + drawn.text), "\n");
    if (number != first && from == line.size()) continue;  // a blank line within the span
    const size_t carets = drawn.carets.find('^');
    absl::StrAppend(&frame.text, paint(Ink::kBlue, margin + " |"), " ",
                    drawn.carets.substr(0, carets), paint(ink, drawn.carets.substr(carets)), "\n");
  }
  return frame;
}

}  // namespace plimsoll::report
