#include "analyzer/checking/suppression.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace plimsoll {
namespace {

constexpr absl::string_view kMarker = "plimsoll:allow";

// The text of a comment without its `--` or `/* */`.
absl::string_view Inner(absl::string_view comment) {
  if (absl::ConsumePrefix(&comment, "/*")) {
    absl::ConsumeSuffix(&comment, "*/");
  } else {
    absl::ConsumePrefix(&comment, "--");
  }
  return absl::StripAsciiWhitespace(comment);
}

// Whether nothing but blanks stands before the comment on its line.
bool BeginsLine(const Script& script, const Comment& comment) {
  const absl::string_view before =
      absl::string_view(script.source->text()).substr(0, comment.span.begin);
  const size_t last = before.find_last_not_of(" \t\r");
  return last == absl::string_view::npos || before[last] == '\n';
}

enum class Reach { kNone, kStatement, kFile, kBegin, kEnd };

// One comment.
struct Said {
  Reach reach = Reach::kNone;
  std::vector<std::string> words;
  std::string reason;
};

// What follows `plimsoll:allow`; the text loses it.
Reach TakeReach(absl::string_view& text) {
  Reach reach = Reach::kStatement;
  if (absl::ConsumePrefix(&text, "-file"))
    reach = Reach::kFile;
  else if (absl::ConsumePrefix(&text, "-begin"))
    reach = Reach::kBegin;
  else if (absl::ConsumePrefix(&text, "-end"))
    reach = Reach::kEnd;
  const bool whole = text.empty() || absl::ascii_isspace(static_cast<unsigned char>(text[0]));
  return whole ? reach : Reach::kNone;
}

// Whether the day is over. A day that does not exist is.
bool IsOver(absl::string_view date, int64_t now) {
  absl::CivilDay day;
  if (!absl::ParseCivilTime(date, &day)) return true;
  return now != 0 && absl::FromUnixSeconds(now) >= absl::FromCivil(day + 1, absl::UTCTimeZone());
}

Said Read(absl::string_view comment, int64_t now) {
  Said said;
  absl::string_view text = Inner(comment);
  if (!absl::ConsumePrefix(&text, kMarker)) return said;
  const Reach reach = TakeReach(text);
  const size_t dashes = text.find("--");
  if (dashes != absl::string_view::npos) {
    said.reason = std::string(absl::StripAsciiWhitespace(text.substr(dashes + 2)));
    text = text.substr(0, dashes);
  }
  said.words = absl::StrSplit(text, absl::ByAnyChar(", \t"), absl::SkipWhitespace());
  const auto until = std::find(said.words.begin(), said.words.end(), "until");
  if (until != said.words.end()) {
    const bool one_date = said.words.end() - until == 2;
    if (!one_date || IsOver(until[1], now)) return {};
    said.words.erase(until, said.words.end());
  }
  said.reach = reach;
  return said;
}

void Add(const Said& said, Allowance& allowance) {
  allowance.words.insert(allowance.words.end(), said.words.begin(), said.words.end());
  if (!said.reason.empty()) allowance.reason = said.reason;
}

// Those in front of the statement and behind it on its last line.
Allowance OfStatement(const Script& script, const Statement& statement, int64_t now) {
  Allowance allowance;
  const auto add = [&](absl::string_view text) {
    const Said said = Read(text, now);
    if (said.reach == Reach::kStatement) Add(said, allowance);
  };
  for (uint32_t i = statement.comments_begin; i < statement.comments_end; ++i) {
    const absl::string_view text = script.source->Text(script.comments[i].span);
    const bool trails = absl::StartsWith(text, "--") && !BeginsLine(script, script.comments[i]);
    if (!trails) add(text);
  }
  for (size_t i = statement.comments_end; i < script.comments.size(); ++i) {
    const Span& comment = script.comments[i].span;
    if (comment.begin < statement.span.end) continue;
    const absl::string_view between =
        script.source->Text({.begin = statement.span.end, .end = comment.begin});
    if (between.find_first_not_of(" \t;") != absl::string_view::npos) break;
    const absl::string_view text = script.source->Text(comment);
    if (absl::StartsWith(text, "--")) add(text);
  }
  return allowance;
}

// What has begun and not ended.
class Open {
 public:
  void Take(const Said& said) {
    if (said.reach == Reach::kBegin) begun_.push_back(said);
    if (said.reach != Reach::kEnd) return;
    std::erase_if(begun_,
                  [&](const Said& one) { return said.words.empty() || one.words == said.words; });
  }
  void AddTo(Allowance& allowance) const {
    for (const Said& one : begun_) Add(one, allowance);
  }

 private:
  std::vector<Said> begun_;
};

}  // namespace

bool Allowance::Allows(absl::string_view word) const {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::vector<Allowance> AllowancesOf(const Script& script, int64_t now) {
  Allowance file;
  std::vector<Said> all;
  all.reserve(script.comments.size());
  for (const Comment& comment : script.comments) {
    all.push_back(Read(script.source->Text(comment.span), now));
    if (all.back().reach == Reach::kFile) Add(all.back(), file);
  }
  Open open;
  size_t next = 0;
  std::vector<Allowance> allowances;
  allowances.reserve(script.statements.size() + 1);
  for (const Statement& statement : script.statements) {
    for (; next < all.size() && script.comments[next].span.begin < statement.span.begin; ++next) {
      open.Take(all[next]);
    }
    allowances.push_back(OfStatement(script, statement, now));
    open.AddTo(allowances.back());
    allowances.back().words.insert(allowances.back().words.end(), file.words.begin(),
                                   file.words.end());
  }
  allowances.push_back(std::move(file));
  return allowances;
}

}  // namespace plimsoll
