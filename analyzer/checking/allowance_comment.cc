#include "analyzer/checking/allowance_comment.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace plimsoll {
namespace {

constexpr absl::string_view kOurs = "plimsoll:";

// How the comments of another linter name rules.
enum class Names {
  kList,         // with commas or blanks between them
  kFirst,        // one, and then why
  kFirstAndWhy,  // likewise, and it holds nothing without the why
  kNone,         // none: nothing may follow
};

// What it means that none is named.
enum class Bare { kNothing, kEveryRule };

struct PeerMarker {
  const char* marker;
  const char* peer;
  Reach reach;
  Names names;
  Bare bare;
  bool any_case = false;
};

// As each linter's source reads them, longer ones before those that they begin with. Where one is
// read more narrowly there (only in `--` comments, only at the start of a line), the author's wish
// is as plain here.
constexpr PeerMarker kPeerMarkers[] = {
    {"squawk-ignore-file", "squawk", Reach::kFile, Names::kList, Bare::kEveryRule},
    {"squawk-ignore", "squawk", Reach::kStatement, Names::kList, Bare::kNothing},
    // eugene applies the first one to all of its file, and documents it as a statement's.
    {"eugene: ignore", "eugene", Reach::kStatement, Names::kList, Bare::kEveryRule},
    {"pgfence-ignore", "pgfence", Reach::kStatement, Names::kList, Bare::kEveryRule, true},
    {"pgfence: ignore", "pgfence", Reach::kStatement, Names::kList, Bare::kNothing, true},
    {"pgfence:ignore", "pgfence", Reach::kStatement, Names::kList, Bare::kNothing, true},
    // In the head of a file it is the whole file's: that takes more than the comment to see.
    {"atlas:nolint", "atlas", Reach::kStatement, Names::kList, Bare::kEveryRule},
    {"pgsafe:ignore", "pgsafe", Reach::kStatement, Names::kFirstAndWhy, Bare::kNothing},
    {"migrationpilot-disable-file", "migrationpilot", Reach::kFile, Names::kList, Bare::kEveryRule,
     true},
    {"migrationpilot-disable", "migrationpilot", Reach::kStatement, Names::kList, Bare::kEveryRule,
     true},
    {"safety-assured:start", "diesel-guard", Reach::kBegin, Names::kNone, Bare::kEveryRule, true},
    {"safety-assured:end", "diesel-guard", Reach::kEnd, Names::kNone, Bare::kEveryRule, true},
    {"diesel-guard:disable", "diesel-guard", Reach::kFile, Names::kList, Bare::kNothing, true},
    {"pgls-ignore-all", "postgres-language-server", Reach::kFile, Names::kFirst, Bare::kNothing},
    {"pgls-ignore-start", "postgres-language-server", Reach::kBegin, Names::kFirst, Bare::kNothing},
    {"pgls-ignore-end", "postgres-language-server", Reach::kEnd, Names::kFirst, Bare::kNothing},
    {"pgls-ignore", "postgres-language-server", Reach::kStatement, Names::kFirst, Bare::kNothing},
    {"pgt-ignore-all", "postgres-language-server", Reach::kFile, Names::kFirst, Bare::kNothing},
    {"pgt-ignore-start", "postgres-language-server", Reach::kBegin, Names::kFirst, Bare::kNothing},
    {"pgt-ignore-end", "postgres-language-server", Reach::kEnd, Names::kFirst, Bare::kNothing},
    {"pgt-ignore", "postgres-language-server", Reach::kStatement, Names::kFirst, Bare::kNothing},
};

// The comment without its `--` or `/* */` and the blanks around what it says.
Span Inner(absl::string_view text, const Span& comment) {
  absl::string_view said = text.substr(comment.begin + 2, comment.size() - 2);
  if (text[comment.begin] == '/') said = absl::StripSuffix(said, "*/");
  said = absl::StripAsciiWhitespace(said);
  const auto begin = static_cast<uint32_t>(said.data() - text.data());
  return {.begin = begin, .end = begin + static_cast<uint32_t>(said.size())};
}

// What stands before ` -- why`; the why goes to `reason`.
Span CutReason(absl::string_view text, Span span, std::string* reason) {
  const absl::string_view said = text.substr(span.begin, span.size());
  const size_t dashes = said.find("--");
  if (dashes == absl::string_view::npos) return span;
  *reason = std::string(absl::StripAsciiWhitespace(said.substr(dashes + 2)));
  return {.begin = span.begin, .end = span.begin + static_cast<uint32_t>(dashes)};
}

std::vector<AllowanceWord> WordsIn(absl::string_view text, const Span& span) {
  const absl::string_view said = text.substr(span.begin, span.size());
  std::vector<AllowanceWord> words;
  for (const absl::string_view word :
       absl::StrSplit(said, absl::ByAnyChar(", \t\r\n"), absl::SkipEmpty())) {
    const auto begin = static_cast<uint32_t>(word.data() - text.data());
    words.push_back({.span = {.begin = begin, .end = begin + static_cast<uint32_t>(word.size())},
                     .text = std::string(word)});
  }
  return words;
}

// A day that does not exist is none.
bool IsDay(absl::string_view word) {
  absl::CivilDay day;
  return absl::ParseCivilTime(word, &day);
}

// Takes `until DAY` from the words.
void TakeUntil(AllowanceComment& comment) {
  std::vector<AllowanceWord>& words = comment.words;
  const auto until = std::find_if(words.begin(), words.end(),
                                  [](const AllowanceWord& word) { return word.text == "until"; });
  if (until == words.end()) return;
  if (words.end() - until != 2) {
    comment.mistake = "`until` takes one day, as in `until 2027-01-31`";
  } else if (!IsDay(until[1].text)) {
    comment.mistake = absl::StrCat("`", until[1].text, "` is no day, as 2027-01-31 is");
  } else {
    comment.until = until[1].text;
  }
  words.erase(until, words.end());
}

std::optional<AllowanceComment> ReadOurs(absl::string_view text, Span said) {
  AllowanceComment comment;
  Span rest = CutReason(text, said, &comment.reason);
  const absl::string_view all = text.substr(rest.begin, rest.size());
  const absl::string_view written = all.substr(0, all.find_first_of(" \t\r\n"));
  rest.begin += static_cast<uint32_t>(written.size());
  // In any case: whoever shouts means it.
  const std::string verb = absl::AsciiStrToLower(written);
  if (verb == "plimsoll:allow-file") {
    comment.reach = Reach::kFile;
  } else if (verb == "plimsoll:allow-begin") {
    comment.reach = Reach::kBegin;
  } else if (verb == "plimsoll:allow-end") {
    comment.reach = Reach::kEnd;
  } else if (verb != "plimsoll:allow") {
    comment.mistake = absl::StrCat("`", written, "` is no comment of Plimsoll's");
    return comment;
  }
  comment.words = WordsIn(text, rest);
  for (AllowanceWord& word : comment.words) {
    if (!absl::StrContains(word.text, ":")) absl::AsciiStrToLower(&word.text);
  }
  TakeUntil(comment);
  if (comment.words.empty() && comment.mistake.empty() && comment.reach != Reach::kEnd) {
    comment.mistake = "no rule is named";
  }
  return comment;
}

// The word as rules/peers.cc spells it; empty where it is no rule's.
std::string Spelled(const PeerMarker& marker, absl::string_view word) {
  const absl::string_view peer = marker.peer;
  if (peer == "migrationpilot") return absl::StrCat(peer, ":", absl::AsciiStrToUpper(word));
  if (peer != "postgres-language-server") return absl::StrCat(peer, ":", word);
  // `lint/safety/banDropTable`, or a category, or a group of it.
  const std::vector<absl::string_view> parts = absl::StrSplit(word, '/');
  if (parts[0] != "lint") return "";
  if (parts.size() < 3) return std::string(kEveryRule);
  return absl::StrCat(peer, ":", parts.back());
}

// Why a linter's rule is passed over stands behind it, with a colon between them or a blank.
bool TakeFirst(absl::string_view text, const Span& rest, AllowanceComment& comment) {
  std::vector<AllowanceWord>& words = comment.words;
  const bool why = words.size() > 1 || !comment.reason.empty();
  if (words.empty()) return why;
  const size_t colon = words[0].text.find(':');
  if (comment.reason.empty() && why) {
    const absl::string_view behind = text.substr(words[0].span.end, rest.end - words[0].span.end);
    comment.reason = std::string(absl::StripAsciiWhitespace(behind));
  }
  words[0].text = words[0].text.substr(0, colon);
  words.resize(1);
  return why;
}

std::optional<AllowanceComment> ReadPeers(absl::string_view text, const PeerMarker& marker,
                                          Span rest) {
  AllowanceComment comment = {.reach = marker.reach, .peer = marker.peer};
  rest = CutReason(text, rest, &comment.reason);
  comment.words = WordsIn(text, rest);
  if (marker.names == Names::kNone && !comment.words.empty()) return std::nullopt;
  const bool bare = comment.words.empty();
  if (marker.names == Names::kFirst || marker.names == Names::kFirstAndWhy) {
    const bool why = TakeFirst(text, rest, comment);
    if (marker.names == Names::kFirstAndWhy && !why) return std::nullopt;
  }
  for (AllowanceWord& word : comment.words) word.text = Spelled(marker, word.text);
  std::erase_if(comment.words, [](const AllowanceWord& word) { return word.text.empty(); });
  if (bare && marker.bare == Bare::kEveryRule) {
    comment.words.push_back({.span = rest, .text = std::string(kEveryRule)});
  }
  if (comment.words.empty()) return std::nullopt;
  return comment;
}

// Where what follows the marker begins; 0: another word stands there.
size_t EndOf(const PeerMarker& marker, absl::string_view said) {
  const absl::string_view word = marker.marker;
  const bool begins =
      marker.any_case ? absl::StartsWithIgnoreCase(said, word) : absl::StartsWith(said, word);
  if (!begins) return 0;
  const absl::string_view rest = said.substr(word.size());
  if (rest.empty() || absl::ascii_isspace(static_cast<unsigned char>(rest[0]))) return word.size();
  // `pgfence-ignore: drop-table`
  return rest[0] == ':' ? word.size() + 1 : 0;
}

}  // namespace

std::optional<AllowanceComment> ReadAllowance(absl::string_view text, const Span& comment) {
  const Span inner = Inner(text, comment);
  const absl::string_view said = text.substr(inner.begin, inner.size());
  if (absl::StartsWithIgnoreCase(said, kOurs)) return ReadOurs(text, inner);
  for (const PeerMarker& marker : kPeerMarkers) {
    const size_t end = EndOf(marker, said);
    if (end == 0) continue;
    return ReadPeers(text, marker,
                     {.begin = inner.begin + static_cast<uint32_t>(end), .end = inner.end});
  }
  return std::nullopt;
}

std::vector<absl::string_view> MarkersOf(absl::string_view peer) {
  std::vector<absl::string_view> markers;
  for (const PeerMarker& marker : kPeerMarkers) {
    if (peer == marker.peer) markers.emplace_back(marker.marker);
  }
  return markers;
}

bool IsOver(absl::string_view day, int64_t now) {
  absl::CivilDay last;
  if (now == 0 || !absl::ParseCivilTime(day, &last)) return false;
  return absl::FromUnixSeconds(now) >= absl::FromCivil(last + 1, absl::UTCTimeZone());
}

}  // namespace plimsoll
