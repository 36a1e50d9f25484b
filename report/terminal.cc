#include "report/terminal.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace plimsoll::report {
namespace {

constexpr uint32_t kReplacement = 0xFFFD;

struct CodePoint {
  uint32_t value = kReplacement;
  size_t bytes = 1;
};

// Strict UTF-8: overlong forms, surrogates and lone bytes come back as one replaced byte.
CodePoint Decode(absl::string_view text, size_t at) {
  const auto byte = [&](size_t i) -> uint32_t {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const uint32_t first = byte(at);
  if (first < 0x80) return {.value = first, .bytes = 1};
  const size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4) return {};
  uint32_t value = first & (0xFFU >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0U) != 0x80U) return {};
    value = (value << 6U) | (byte(at + i) & 0x3FU);
  }
  const bool overlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (overlong || surrogate || value > 0x10FFFF) return {};
  return {.value = value, .bytes = length};
}

std::string Encode(uint32_t value) {
  const auto tail = [value](uint32_t shift) {
    return static_cast<char>(0x80U | ((value >> shift) & 0x3FU));
  };
  if (value < 0x80) return {static_cast<char>(value)};
  if (value < 0x800) return {static_cast<char>(0xC0U | (value >> 6U)), tail(0)};
  if (value < 0x10000) return {static_cast<char>(0xE0U | (value >> 12U)), tail(6), tail(0)};
  return {static_cast<char>(0xF0U | (value >> 18U)), tail(12), tail(6), tail(0)};
}

struct Range {
  uint32_t first;
  uint32_t last;
};

// Blocks that terminals draw over two columns (East Asian Wide and Fullwidth, emoji).
constexpr Range kWide[] = {
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x2329, 0x232A},   {0x23E9, 0x23EC},
    {0x25FD, 0x25FE},   {0x2614, 0x2615},   {0x2648, 0x2653},   {0x26A1, 0x26A1},
    {0x26BD, 0x26BE},   {0x26D4, 0x26D4},   {0x2705, 0x2705},   {0x2728, 0x2728},
    {0x274C, 0x274C},   {0x2753, 0x2755},   {0x2757, 0x2757},   {0x2795, 0x2797},
    {0x2B1B, 0x2B1C},   {0x2B50, 0x2B50},   {0x2E80, 0x303E},   {0x3041, 0x33FF},
    {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},   {0xA960, 0xA97F},
    {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},
    {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F7E0, 0x1F7EB},
    {0x1F900, 0x1F9FF}, {0x1FA70, 0x1FAFF}, {0x20000, 0x3FFFD},
};

// Marks that are drawn on the character before them, and characters that are not drawn at all.
constexpr Range kZeroWidth[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x0610, 0x061A},   {0x064B, 0x065F},
    {0x0900, 0x0902}, {0x093C, 0x093C}, {0x0941, 0x0948}, {0x094D, 0x094D},   {0x0E31, 0x0E31},
    {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF},   {0x200B, 0x200D},
    {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xE0100, 0xE01EF},
};

// Directional overrides make a line read otherwise than PostgreSQL reads it; separators would break
// it. Both are shown as replaced.
constexpr Range kTreacherous[] = {
    {0x0080, 0x009F}, {0x061C, 0x061C}, {0x200E, 0x200F},
    {0x2028, 0x202E}, {0x2066, 0x2069}, {0xE0001, 0xE007F},
};

template <size_t n>
bool Holds(const Range (&ranges)[n], uint32_t value) {
  const auto* range = std::lower_bound(
      std::begin(ranges), std::end(ranges), value,
      [](const Range& candidate, uint32_t wanted) { return candidate.last < wanted; });
  return range != std::end(ranges) && range->first <= value;
}

// A letter's way to the terminal: what is drawn for it.
uint32_t Drawn(uint32_t value) {
  constexpr uint32_t kControlPictures = 0x2400;
  if (value < 0x20) return kControlPictures + value;
  if (value == 0x7F) return kControlPictures + 0x21;
  return Holds(kTreacherous, value) ? kReplacement : value;
}

// Drawn as it is, one column a byte: nearly all text, so it is worth a look ahead.
bool IsPlain(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

// The word at the start of `line`: up to a blank, but blanks between backquotes are part of it.
absl::string_view FirstWord(absl::string_view line) {
  size_t end = 0;
  while (end < line.size() && line[end] != ' ') {
    const size_t close = line[end] == '`' ? line.find('`', end + 1) : absl::string_view::npos;
    end = close == absl::string_view::npos ? end + 1 : close + 1;
  }
  return line.substr(0, end);
}

const char* Code(Ink ink) {
  switch (ink) {
    case Ink::kRed:
      return "1;31";
    case Ink::kYellow:
      return "1;33";
    case Ink::kGreen:
      return "32";
    case Ink::kBlue:
      return "1;34";
    case Ink::kCyan:
      return "1;36";
    case Ink::kMagenta:
      return "1;35";
    case Ink::kBold:
      return "1";
    case Ink::kFaint:
      return "2";
  }
  return "0";
}

}  // namespace

Glyph GlyphAt(absl::string_view text, size_t at) {
  const CodePoint point = Decode(text, at);
  if (point.value == '\t') return {.text = "    ", .width = 4, .bytes = 1};
  // A byte order mark is no part of what the author sees.
  if (point.value == 0xFEFF) return {.text = "", .width = 0, .bytes = point.bytes};
  const uint32_t drawn = Drawn(point.value);
  const uint32_t width = Holds(kZeroWidth, drawn) ? 0 : Holds(kWide, drawn) ? 2 : 1;
  return {.text = Encode(drawn), .width = width, .bytes = point.bytes};
}

std::string Printable(absl::string_view text) {
  if (IsPlain(text)) return std::string(text);
  std::string printable;
  printable.reserve(text.size());
  for (size_t at = 0; at < text.size();) {
    const Glyph glyph = GlyphAt(text, at);
    printable += glyph.text;
    at += glyph.bytes;
  }
  return printable;
}

size_t DisplayWidth(absl::string_view text) {
  if (IsPlain(text)) return text.size();
  size_t width = 0;
  for (size_t at = 0; at < text.size();) {
    const Glyph glyph = GlyphAt(text, at);
    width += glyph.width;
    at += glyph.bytes;
  }
  return width;
}

std::string Wrap(absl::string_view text, size_t indent, size_t width) {
  std::string wrapped;
  bool first_line = true;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (!first_line) absl::StrAppend(&wrapped, "\n", std::string(line.empty() ? 0 : indent, ' '));
    first_line = false;
    if (line.empty() || line.front() == ' ' || line.front() == '\t') {
      wrapped += Printable(line);
      continue;
    }
    size_t column = indent;
    for (; !line.empty(); line = absl::StripLeadingAsciiWhitespace(line)) {
      const absl::string_view word = FirstWord(line);
      line.remove_prefix(word.size());
      const size_t taken = DisplayWidth(word);
      if (column == indent) {
        column += taken;
      } else if (column + 1 + taken <= width) {
        wrapped += ' ';
        column += 1 + taken;
      } else {
        absl::StrAppend(&wrapped, "\n", std::string(indent, ' '));
        column = indent + taken;
      }
      wrapped += Printable(word);
    }
  }
  return wrapped;
}

std::string Painter::operator()(Ink ink, absl::string_view text) const {
  if (!colour_ || text.empty()) return std::string(text);
  return absl::StrCat("\x1b[", Code(ink), "m", text, "\x1b[0m");
}

}  // namespace plimsoll::report
