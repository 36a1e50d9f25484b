#include "analyzer/checking/header.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace plimsoll {
namespace {

// A sentence with a colon in it is no field.
constexpr size_t kMostWords = 4;

bool IsLetter(char c) { return absl::ascii_isalpha(static_cast<unsigned char>(c)); }

bool AllAre(absl::string_view text, bool (*is)(unsigned char), absl::string_view others) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return is(static_cast<unsigned char>(c)) || absl::StrContains(others, c);
  });
}

std::string Normalized(absl::string_view name) {
  return absl::StrJoin(
      absl::StrSplit(absl::AsciiStrToLower(name), absl::ByAnyChar(" \t_-"), absl::SkipEmpty()),
      " ");
}

// `line` is a line of a comment in `text`.
std::optional<HeaderField> FieldIn(absl::string_view text, absl::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of("-/*# \t"), line.size()));
  const size_t colon = line.find(':');
  if (colon == absl::string_view::npos || !IsLetter(line.front())) return std::nullopt;
  const std::string name = Normalized(line.substr(0, colon));
  const bool words = AllAre(name, absl::ascii_isalpha, " ");
  if (!words || std::count(name.begin(), name.end(), ' ') >= static_cast<long>(kMostWords)) {
    return std::nullopt;
  }
  absl::string_view value = line.substr(colon + 1);
  // `a::int` and `https://…` are no fields.
  if (!value.empty() && !absl::ascii_isspace(static_cast<unsigned char>(value.front()))) {
    return std::nullopt;
  }
  value = absl::StripTrailingAsciiWhitespace(absl::StripSuffix(value, "*/"));
  const auto begin = static_cast<uint32_t>(line.data() - text.data());
  const uint32_t behind = begin + static_cast<uint32_t>(colon) + 1;
  const absl::string_view bare = absl::StripLeadingAsciiWhitespace(value);
  const uint32_t end = behind + static_cast<uint32_t>(value.size());
  return HeaderField{.name = name,
                     .line = {begin, bare.empty() ? behind : end},
                     .value = {bare.empty() ? behind : end - static_cast<uint32_t>(bare.size()),
                               bare.empty() ? behind : end}};
}

// What stands within the brackets of a placeholder.
bool IsBlank(char open, absl::string_view inside) {
  if (inside.empty()) return false;
  if (open != '[') return AllAre(inside, absl::ascii_isalpha, " _-");
  const bool choice = absl::StrContains(inside, '|') && AllAre(inside, absl::ascii_isalpha, "|");
  return choice || (inside.size() > 1 && AllAre(inside, absl::ascii_isupper, " _-"));
}

}  // namespace

std::vector<HeaderField> HeaderOf(const Script& script) {
  const absl::string_view text = script.source->text();
  const size_t end = script.statements.empty() ? text.size() : script.statements[0].span.begin;
  std::vector<HeaderField> header;
  for (const Comment& comment : script.comments) {
    if (comment.span.begin >= end) break;
    for (const absl::string_view line : absl::StrSplit(script.source->Text(comment.span), '\n')) {
      if (auto field = FieldIn(text, line)) header.push_back(*std::move(field));
    }
  }
  return header;
}

const HeaderField* FindField(absl::Span<const HeaderField> header, absl::string_view name) {
  const std::string wanted = Normalized(name);
  const auto found = std::find_if(header.begin(), header.end(),
                                  [&](const HeaderField& field) { return field.name == wanted; });
  return found == header.end() ? nullptr : &*found;
}

bool IsPlaceholder(absl::string_view value) {
  for (const absl::string_view word : {"todo", "tbd", "fixme", "yyyy-mm-dd"}) {
    if (absl::EqualsIgnoreCase(value, word)) return true;
  }
  bool any = false;
  while (!value.empty()) {
    constexpr absl::string_view kOpen = "[{<";
    constexpr absl::string_view kClose = "]}>";
    absl::ConsumePrefix(&value, "$");
    const size_t kind = value.empty() ? kOpen.npos : kOpen.find(value.front());
    const size_t close = kind == kOpen.npos ? kOpen.npos : value.find(kClose[kind]);
    if (close == kOpen.npos || !IsBlank(value.front(), value.substr(1, close - 1))) return false;
    any = true;
    value.remove_prefix(close + 1);
    value.remove_prefix(std::min(value.find_first_not_of(" _-"), value.size()));
  }
  return any;
}

Complaint OfHeader(uint32_t migration, const HeaderField& field, std::string message) {
  return {.migration = migration,
          .statement = Complaint::kWholeFile,
          .span = field.line,
          .message = std::move(message)};
}

}  // namespace plimsoll
