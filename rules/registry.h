#ifndef PLIMSOLL_RULES_REGISTRY_H_
#define PLIMSOLL_RULES_REGISTRY_H_

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "analyzer/checking/rule.h"

namespace plimsoll::rules {

// Every rule, in the order of family and file name. Static storage.
absl::Span<const Rule* const> All();

// Null where there is no rule of that id.
const Rule* Find(absl::string_view id);

// The id that a misspelt one most likely meant; empty where none is near.
absl::string_view Nearest(absl::string_view id);

}  // namespace plimsoll::rules

#endif  // PLIMSOLL_RULES_REGISTRY_H_
