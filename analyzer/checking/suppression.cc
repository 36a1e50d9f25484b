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

}  // namespace

bool Allowance::Allows(absl::string_view word) const {
  return std::find(words.begin(), words.end(), word) != words.end();
}

Allowance AllowanceFor(const Script& script, const Statement& statement) {
  Allowance allowance;
  for (uint32_t i = statement.comments_begin; i < statement.comments_end; ++i) {
    absl::string_view text = Inner(script.source->Text(script.comments[i].span));
    if (!absl::ConsumePrefix(&text, kMarker)) continue;
    // `plimsoll:allow-file` and other words yet to come are not this one.
    if (!text.empty() && !absl::ascii_isspace(static_cast<unsigned char>(text[0]))) continue;
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
  return allowance;
}

}  // namespace plimsoll
