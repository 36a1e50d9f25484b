#include "analyzer/syntax/grammar_text.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "analyzer/limits.h"

namespace plimsoll {
namespace {

uint8_t ByteAt(absl::string_view text, size_t offset) { return static_cast<uint8_t>(text[offset]); }

bool IsContinuation(uint8_t byte) { return (byte & 0xC0) == 0x80; }

// The length of the well-formed character that begins at `offset`, or 0.
size_t CharacterLength(absl::string_view text, size_t offset) {
  const uint8_t lead = ByteAt(text, offset);
  if (lead < 0x80) return 1;
  const size_t length = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
  if (length == 0 || text.size() - offset < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if (!IsContinuation(ByteAt(text, offset + i))) return 0;
  }
  // Overlong forms, surrogates, and what lies beyond the last code point.
  const uint8_t second = ByteAt(text, offset + 1);
  if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
      (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F)) {
    return 0;
  }
  return length;
}

uint64_t EightAt(absl::string_view text, size_t offset) {
  uint64_t eight = 0;
  memcpy(&eight, text.data() + offset, sizeof eight);
  return eight;
}

// Trees and scripts are nearly all ASCII, and trees are megabytes: 32 bytes at a time.
size_t SkipAscii(absl::string_view text, size_t offset) {
  constexpr size_t kStride = 32;
  while (text.size() - offset >= kStride) {
    const uint64_t any = EightAt(text, offset) | EightAt(text, offset + 8) |
                         EightAt(text, offset + 16) | EightAt(text, offset + 24);
    if ((any & 0x8080808080808080u) != 0) break;
    offset += kStride;
  }
  while (offset < text.size() && ByteAt(text, offset) < 0x80) ++offset;
  return offset;
}

size_t FirstInvalidFrom(absl::string_view text, size_t offset) {
  while ((offset = SkipAscii(text, offset)) < text.size()) {
    const size_t length = CharacterLength(text, offset);
    if (length == 0) break;
    offset += length;
  }
  return offset;
}

// Where the text has cost the scanner more than it may, by kMaxGrammarOperatorWork; else its size.
size_t FirstExcessiveOperator(absl::string_view text) {
  static constexpr auto kIsOperator = [] {
    std::array<bool, 256> table{};
    for (const char c :
         {'+', '-', '*', '/', '<', '>', '=', '~', '!', '@', '#', '%', '^', '&', '|', '`', '?'}) {
      table[static_cast<uint8_t>(c)] = true;
    }
    return table;
  }();
  uint64_t work = 0;
  uint64_t run = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!kIsOperator[ByteAt(text, i)]) {
      run = 0;
      continue;
    }
    // The difference between two neighbouring squares: nothing is left to add where a run ends.
    work += 2 * run + 1;
    ++run;
    if (work > kMaxGrammarOperatorWork) return i;
  }
  return text.size();
}

GrammarError Refusal(std::string message, size_t cursor) {
  const size_t largest = std::numeric_limits<uint32_t>::max();
  return {.message = std::move(message),
          .cursor = static_cast<uint32_t>(std::min(cursor, largest)),
          .internal = true};
}

}  // namespace

std::optional<GrammarError> RefuseText(absl::string_view sql) {
  if (sql.size() > kMaxGrammarBytes) {
    return Refusal(absl::StrCat("the text is ", sql.size(), " bytes long, more than the ",
                                kMaxGrammarBytes, " that are parsed: split it"),
                   sql.size());
  }
  const size_t nul = std::min(sql.find('\0'), sql.size());
  if (nul < sql.size()) return Refusal("a NUL byte, which PostgreSQL cannot store or read", nul);
  const size_t invalid = FirstInvalidUtf8(sql);
  if (invalid < sql.size()) {
    return Refusal(
        absl::StrCat("not valid UTF-8: byte 0x", absl::Hex(ByteAt(sql, invalid), absl::kZeroPad2)),
        invalid);
  }
  const size_t excessive = FirstExcessiveOperator(sql);
  if (excessive < sql.size()) {
    return Refusal("too many operator characters in a row for the parser: put blanks between them",
                   excessive);
  }
  return std::nullopt;
}

size_t FirstInvalidUtf8(absl::string_view text) { return FirstInvalidFrom(text, 0); }

uint32_t CursorInBytes(absl::string_view sql, int32_t position_in_characters) {
  size_t offset = 0;
  if (position_in_characters <= 0) offset = sql.size();
  for (int32_t i = 1; i < position_in_characters && offset < sql.size(); ++i) {
    do {
      ++offset;
    } while (offset < sql.size() && IsContinuation(ByteAt(sql, offset)));
  }
  return static_cast<uint32_t>(offset);
}

Rejection RejectionOf(const GrammarError& error) {
  static constexpr std::pair<absl::string_view, Rejection> kOthers[] = {
      {"cannot be marked NOT ENFORCED", {"0A000", 18}},
      {"constraints cannot be marked", {"0A000", 0}},
      {"constraints cannot be altered to be", {"0A000", 0}},
      {"not yet implemented", {"0A000", 0}},
      {"cannot include schema elements", {"0A000", 0}},
      {"CREATE OR REPLACE CONSTRAINT TRIGGER is not supported", {"0A000", 14}},
      {"not supported on recursive views", {"0A000", 0}},
      {"is no longer supported", {"0A000", 0}},
      {"aggregates cannot have output arguments", {"0A000", 0}},
      {"is only supported for ON DELETE actions", {"0A000", 15}},
      {"role name \"public\" is reserved", {"42939", 0}},
      {"role name \"none\" is reserved", {"42939", 0}},
      {"cannot be used as a role name here", {"42939", 0}},
      {"precision for type float must be", {"22023", 0}},
      {"unrecognized partitioning strategy", {"22023", 0}},
      {"invalid Unicode escape", {"22025", 0}},
      {"frame start cannot be", {"42P20", 0}},
      {"frame end cannot be", {"42P20", 0}},
      {"frame starting from", {"42P20", 0}}};
  if (error.internal) return {};
  // Words of the author's own stand in these alone, where they cannot be taken for the others'.
  if (absl::StartsWith(error.message, "syntax error at ")) return {"42601"};
  for (const auto& [words, rejection] : kOthers) {
    if (absl::StrContains(error.message, words)) return rejection;
  }
  return {"42601"};
}

void MakeUtf8(absl::Span<char> text) {
  const absl::string_view view(text.data(), text.size());
  for (size_t offset = 0; (offset = FirstInvalidFrom(view, offset)) < text.size(); ++offset) {
    text[offset] = '?';
  }
}

}  // namespace plimsoll
