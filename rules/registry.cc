#include "rules/registry.h"

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace plimsoll::rules {
namespace {

// Levenshtein's distance.
size_t Distance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

// Other linters' names for rules of ours.
const std::vector<std::string>& PeerNames() {
  static const auto& names = *new std::vector<std::string>([] {
    std::vector<std::string> known;
    for (const PeerRule& peer : Peers()) {
      if (*peer.rules != '\0') known.push_back(absl::StrCat(peer.peer, ":", peer.id));
    }
    return known;
  }());
  return names;
}

}  // namespace

absl::Span<const Rule* const> Defaults() {
  static const auto& defaults = *new std::vector<const Rule*>([] {
    std::vector<const Rule*> rules;
    for (const Rule* rule : All()) {
      if (!rule->opt_in) rules.push_back(rule);
    }
    return rules;
  }());
  return defaults;
}

const Rule* Find(absl::string_view id) {
  for (const Rule* rule : All()) {
    if (id == rule->id) return rule;
  }
  return nullptr;
}

std::vector<const Rule*> Named(absl::string_view word) {
  std::vector<const Rule*> named;
  for (const Rule* rule : All()) {
    if (word == rule->id || word == FamilyName(rule->family) || word == "all") {
      named.push_back(rule);
    }
  }
  if (!named.empty()) return named;
  const size_t colon = word.find(':');
  if (colon == absl::string_view::npos) return named;
  for (const PeerRule& peer : Peers()) {
    if (word.substr(0, colon) != peer.peer || word.substr(colon + 1) != peer.id) continue;
    for (const absl::string_view id : absl::StrSplit(peer.rules, ' ', absl::SkipEmpty())) {
      named.push_back(Find(id));
    }
  }
  return named;
}

absl::string_view Nearest(absl::string_view word) {
  absl::string_view nearest;
  // Half of the word may differ; beyond that a guess is noise.
  size_t best = word.size() / 2 + 1;
  const auto consider = [&](absl::string_view candidate) {
    const size_t distance = Distance(word, candidate);
    if (distance >= best) return;
    best = distance;
    nearest = candidate;
  };
  if (absl::StrContains(word, ":")) {
    for (const std::string& name : PeerNames()) consider(name);
    return nearest;
  }
  for (const Rule* rule : All()) consider(rule->id);
  for (const Family family : kFamilies) consider(FamilyName(family));
  return nearest;
}

std::vector<std::string> AliasesOf(const Rule& rule) {
  std::vector<std::string> aliases;
  for (const PeerRule& peer : Peers()) {
    for (const absl::string_view id : absl::StrSplit(peer.rules, ' ', absl::SkipEmpty())) {
      if (id == rule.id) aliases.push_back(absl::StrCat(peer.peer, ":", peer.id));
    }
  }
  std::sort(aliases.begin(), aliases.end());
  return aliases;
}

}  // namespace plimsoll::rules
