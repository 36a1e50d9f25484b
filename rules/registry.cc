#include "rules/registry.h"

#include <algorithm>
#include <vector>

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

}  // namespace

const Rule* Find(absl::string_view id) {
  for (const Rule* rule : All()) {
    if (id == rule->id) return rule;
  }
  return nullptr;
}

absl::string_view Nearest(absl::string_view id) {
  absl::string_view nearest;
  // Half of the word may differ; beyond that a guess is noise.
  size_t best = id.size() / 2 + 1;
  for (const Rule* rule : All()) {
    const size_t distance = Distance(id, rule->id);
    if (distance < best) {
      best = distance;
      nearest = rule->id;
    }
  }
  return nearest;
}

}  // namespace plimsoll::rules
