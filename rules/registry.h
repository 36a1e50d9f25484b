#ifndef PLIMSOLL_RULES_REGISTRY_H_
#define PLIMSOLL_RULES_REGISTRY_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "analyzer/checking/field.h"
#include "analyzer/checking/rule.h"
#include "analyzer/checking/suppression.h"

namespace plimsoll::rules {

// Every rule, in the order of family and file name. Static storage.
absl::Span<const Rule* const> All();

// Those that are on until somebody says otherwise, in the same order. Static storage.
absl::Span<const Rule* const> Defaults();

// Null where there is no rule of that id.
const Rule* Find(absl::string_view id);

// What a user's word stands for: a rule's id, a family (`timeouts`), `all`, or another linter's
// rule (`squawk:prefer-text-field`), which may be several of ours. Empty where it means nothing.
std::vector<const Rule*> Named(absl::string_view word);

// The id, family or other linter's name that a misspelt one most likely meant; empty where none is
// near. Static storage.
absl::string_view Nearest(absl::string_view word);

// The two of them, for the words of comments.
inline constexpr Vocabulary kVocabulary = {.named = Named, .nearest = Nearest};

// Rules of other linters, by linter and id: rules/peers.cc. Static storage.
absl::Span<const PeerRule> Peers();

// What other linters call the rule: `squawk:require-concurrent-index-creation`. Sorted.
std::vector<std::string> AliasesOf(const Rule& rule);

// The hazards of the field, by number: rules/hazards.cc. Static storage.
absl::Span<const Hazard> Hazards();

}  // namespace plimsoll::rules

#endif  // PLIMSOLL_RULES_REGISTRY_H_
