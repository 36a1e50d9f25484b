#include "analyzer/checking/suppression.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

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

void Add(absl::string_view comment, Allowance& allowance) {
  absl::string_view text = Inner(comment);
  if (!absl::ConsumePrefix(&text, kMarker)) return;
  // `plimsoll:allow-file` and other words yet to come are not this one.
  if (!text.empty() && !absl::ascii_isspace(static_cast<unsigned char>(text[0]))) return;
  const size_t dashes = text.find("--");
  if (dashes != absl::string_view::npos) {
    allowance.reason = std::string(absl::StripAsciiWhitespace(text.substr(dashes + 2)));
    text = text.substr(0, dashes);
  }
  for (const absl::string_view word :
       absl::StrSplit(text, absl::ByAnyChar(", \t"), absl::SkipWhitespace())) {
    allowance.words.emplace_back(word);
  }
}

}  // namespace

bool Allowance::Allows(absl::string_view word) const {
  return std::find(words.begin(), words.end(), word) != words.end();
}

Allowance AllowanceFor(const Script& script, const Statement& statement) {
  Allowance allowance;
  for (uint32_t i = statement.comments_begin; i < statement.comments_end; ++i) {
    const absl::string_view text = script.source->Text(script.comments[i].span);
    const bool trails = absl::StartsWith(text, "--") && !BeginsLine(script, script.comments[i]);
    if (!trails) Add(text, allowance);
  }
  // Behind the statement, on its last line.
  for (size_t i = statement.comments_end; i < script.comments.size(); ++i) {
    const Span& comment = script.comments[i].span;
    if (comment.begin < statement.span.end) continue;
    const absl::string_view between =
        script.source->Text({.begin = statement.span.end, .end = comment.begin});
    if (between.find_first_not_of(" \t;") != absl::string_view::npos) break;
    const absl::string_view text = script.source->Text(comment);
    if (absl::StartsWith(text, "--")) Add(text, allowance);
  }
  return allowance;
}

}  // namespace plimsoll
