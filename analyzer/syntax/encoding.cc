#include "analyzer/syntax/encoding.h"

#include <simdjson.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace plimsoll {
namespace {

// One kind of bad bytes: the first run of them, and how many runs there are.
struct BadBytes {
  Span first;
  size_t places = 0;

  void Note(size_t begin, size_t end) {
    const auto from = static_cast<uint32_t>(begin);
    const auto to = static_cast<uint32_t>(end);
    if (places > 0 && last_end == from) {  // The run goes on.
      if (places == 1) first.end = to;
    } else if (++places == 1) {
      first = {from, to};
    }
    last_end = to;
  }

  void Report(absl::string_view message, std::vector<Problem>* problems) const {
    if (places == 0) return;
    std::string text(message);
    if (places > 1) {
      absl::StrAppend(&text, ", here and in ", places - 1, " more place", places > 2 ? "s" : "");
    }
    problems->push_back({.span = first, .message = std::move(text)});
  }

  uint32_t last_end = 0;
};

void ReplaceNulBytes(std::string* text, std::vector<Problem>* problems) {
  BadBytes nul;
  for (size_t at = text->find('\0'); at != std::string::npos; at = text->find('\0', at)) {
    nul.Note(at, at + 1);
    (*text)[at] = ' ';
  }
  nul.Report("the file holds a NUL byte, which PostgreSQL takes for its end", problems);
}

void ReplaceInvalidUtf8(std::string* text, std::vector<Problem>* problems) {
  if (simdjson::validate_utf8(text->data(), text->size())) return;
  BadBytes invalid;
  size_t at = 0;
  while (at < text->size()) {
    const size_t length = CharacterLength(*text, at);
    if (length == 0) {
      invalid.Note(at, at + 1);
      (*text)[at] = '_';
    }
    at += std::max(length, size_t{1});
  }
  invalid.Report("the file is not valid UTF-8", problems);
}

}  // namespace

size_t CharacterLength(absl::string_view text, size_t at) {
  const auto byte = [&](size_t i) -> unsigned {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U;
  };
  const auto follows = [&](size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4 || !follows(1)) return 0;
  if (first < 0xE0) return 2;
  const unsigned second = byte(1);
  if (!follows(2) || (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F)) return 0;
  if (first < 0xF0) return 3;
  if (!follows(3) || (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) return 0;
  return 4;
}

bool HasForeignByteOrderMark(absl::string_view text) {
  return absl::StartsWith(text, "\xFF\xFE") || absl::StartsWith(text, "\xFE\xFF") ||
         absl::StartsWith(text, absl::string_view("\0\0\xFE\xFF", 4));
}

std::string MakeReadable(absl::string_view text, std::vector<Problem>* problems) {
  std::string readable(text);
  if (absl::StartsWith(text, kByteOrderMark)) readable.replace(0, kByteOrderMark.size(), "   ");
  ReplaceNulBytes(&readable, problems);
  ReplaceInvalidUtf8(&readable, problems);
  return readable;
}

}  // namespace plimsoll
