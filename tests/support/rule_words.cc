#include "tests/support/rule_words.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace plimsoll::testing_support {
namespace {

// `NULL`, `ALTER`, `PostgreSQL`: words that stay upper case wherever they stand.
bool KeepsItsCapital(absl::string_view word) {
  if (absl::StartsWith(word, "PostgreSQL") || absl::StartsWith(word, "Plimsoll")) return true;
  const auto is_lower = [](unsigned char c) { return absl::ascii_islower(c); };
  return word.size() > 1 && std::none_of(word.begin(), word.end(), is_lower);
}

}  // namespace

std::string WordingProblem(absl::string_view sentence) {
  if (sentence.empty()) return "says nothing";
  if (absl::StrContains(sentence, "\n")) return "holds a line feed";
  if (absl::ascii_isspace(static_cast<unsigned char>(sentence.front())) ||
      absl::ascii_isspace(static_cast<unsigned char>(sentence.back()))) {
    return "starts or ends with a blank";
  }
  if (absl::EndsWith(sentence, ".") || absl::EndsWith(sentence, "!"))
    return "ends with a full stop";
  const absl::string_view first = sentence.substr(0, sentence.find_first_of(" ,:;"));
  if (absl::ascii_isupper(static_cast<unsigned char>(first.front())) && !KeepsItsCapital(first)) {
    return "starts with a capital";
  }
  if (std::count(sentence.begin(), sentence.end(), '`') % 2 != 0) return "opens a backtick only";
  return "";
}

}  // namespace plimsoll::testing_support
