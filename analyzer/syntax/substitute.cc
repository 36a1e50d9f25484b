#include "analyzer/syntax/substitute.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "analyzer/syntax/encoding.h"
#include "analyzer/syntax/lexer.h"

namespace plimsoll {
namespace {

// Where marks come from, by their length in UTF-8. PostgreSQL takes any of these for a letter and
// leaves its case alone.
struct Marks {
  size_t bytes;
  uint32_t first;
  uint32_t last;
};
constexpr std::array<Marks, 3> kMarks = {{
    {.bytes = 2, .first = 0x700, .last = 0x7FF},       // Syriac and others: `:x` has no more room
    {.bytes = 3, .first = 0xE000, .last = 0xF8FF},     // private use
    {.bytes = 4, .first = 0xF0000, .last = 0x10FFFD},  // private use
}};

bool IsAscii(char byte) { return static_cast<unsigned char>(byte) < 0x80U; }

std::string Encode(uint32_t code, size_t bytes) {
  constexpr std::array<uint32_t, 5> kLeads = {0, 0, 0xC0, 0xE0, 0xF0};
  std::string encoded(bytes, '\0');
  for (size_t at = bytes - 1; at > 0; --at) {
    encoded[at] = static_cast<char>(0x80U | (code & 0x3FU));
    code >>= 6U;
  }
  encoded[0] = static_cast<char>(kLeads[bytes] | code);
  return encoded;
}

// Calls `visit` with the place and the bytes of each character that is not ASCII.
template <typename Visit>
void ForEachForeign(absl::string_view text, Visit visit) {
  size_t at = 0;
  while (at < text.size()) {
    const size_t length = IsAscii(text[at]) ? 1 : std::max(CharacterLength(text, at), size_t{1});
    if (length > 1) visit(at, text.substr(at, length));
    at += length;
  }
}

// A name is shown on one line.
std::string OnOneLine(absl::string_view words) {
  std::string line(words);
  for (char& byte : line) {
    if (static_cast<unsigned char>(byte) < 0x20U) byte = ' ';
  }
  return line;
}

}  // namespace

void Substitutes::Fill(const Placeholder& placeholder, std::string* text) {
  auto [begin, end] = placeholder.span;
  if (placeholder.kind == Placeholder::Kind::kControl ||
      placeholder.kind == Placeholder::Kind::kRemark) {
    for (size_t at = begin; at < end; ++at) {
      if (!IsBlankByte((*text)[at])) (*text)[at] = ' ';
    }
    return;
  }
  const std::string words = text->substr(begin, end - begin);
  if (placeholder.kind == Placeholder::Kind::kLiteral) {
    (*text)[begin++] = '\'';
    (*text)[--end] = '\'';
  }
  const Original& original = For(words, end - begin, *text);
  std::fill(text->begin() + begin, text->begin() + end, '_');
  std::copy(original.mark.begin(), original.mark.end(), text->begin() + begin);
}

const Substitutes::Original& Substitutes::For(absl::string_view words, size_t room,
                                              absl::string_view text) {
  const auto [place, is_new] = by_words_.try_emplace(std::string(words), originals_.size());
  if (!is_new) return originals_[place->second];
  Original original = {.words = OnOneLine(words), .mark = NextMark(room, text)};
  original.underscores = room - original.mark.size();
  if (!original.mark.empty()) by_mark_.emplace(original.mark, originals_.size());
  originals_.push_back(std::move(original));
  return originals_.back();
}

std::string Substitutes::NextMark(size_t room, absl::string_view text) {
  if (!knows_taken_) {
    ForEachForeign(text, [&](size_t, absl::string_view one) { taken_.emplace(one); });
    knows_taken_ = true;
  }
  const size_t kind = std::clamp<size_t>(room, 2, 4) - 2;
  const Marks& marks = kMarks[kind];
  while (marks.first + marks_given_[kind] <= marks.last) {
    std::string mark = Encode(marks.first + marks_given_[kind]++, marks.bytes);
    if (!taken_.contains(mark)) return mark;
  }
  return "";
}

void Substitutes::Restore(tree::Tree& tree) const {
  tree.ReplaceTexts([this](absl::string_view text) { return Restore(text); });
}

std::string Substitutes::Restore(absl::string_view text) const {
  std::string restored;
  size_t copied = 0;
  ForEachForeign(text, [&](size_t at, absl::string_view mark) {
    const auto found = by_mark_.find(mark);
    if (found == by_mark_.end()) return;
    const Original& original = originals_[found->second];
    absl::StrAppend(&restored, text.substr(copied, at - copied), original.words);
    copied = at + mark.size();
    // There are fewer where PostgreSQL cut a name of more than 63 bytes.
    size_t underscores = 0;
    while (underscores < original.underscores && copied < text.size() && text[copied] == '_') {
      ++copied;
      ++underscores;
    }
  });
  absl::StrAppend(&restored, text.substr(copied));
  return restored;
}

}  // namespace plimsoll
