#include "analyzer/syntax/conditions.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace plimsoll {
namespace {

struct NamedCondition {
  absl::string_view name;
  absl::string_view sqlstate;
};

#include "analyzer/syntax/conditions.inc"

bool IsSqlstate(absl::string_view text) {
  return text.size() == 5 && std::all_of(text.begin(), text.end(), [](char c) {
           const auto letter = static_cast<unsigned char>(c);
           return absl::ascii_isdigit(letter) || absl::ascii_isupper(letter);
         });
}

}  // namespace

std::vector<std::string> SqlstatesOf(absl::string_view condition) {
  if (condition == "others" || IsSqlstate(condition)) return {std::string(condition)};
  std::vector<std::string> sqlstates;
  for (const NamedCondition& named : kNamedConditions) {
    if (named.name == condition) sqlstates.emplace_back(named.sqlstate);
  }
  return sqlstates;
}

bool Catches(absl::string_view handled, absl::string_view raised) {
  if (handled == raised) return true;
  // pl_exec.c:exception_matches_conditions
  if (handled == "others") return raised != "57014" && raised != "P0004";
  return absl::EndsWith(handled, "000") && raised.substr(0, 2) == handled.substr(0, 2);
}

}  // namespace plimsoll
