#ifndef PLIMSOLL_ANALYZER_SYNTAX_CONSTANT_TEXT_H_
#define PLIMSOLL_ANALYZER_SYNTAX_CONSTANT_TEXT_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "analyzer/syntax/tree.h"

// Private to analyzer/syntax.

namespace plimsoll::tree {

// Values of variables by their names.
using Constants = absl::flat_hash_map<std::string, std::string>;

// The text that an expression gives whenever it is run: constants, `||`, format(), quote_ident()
// and quote_literal() of such, and `constants`. Nothing where only a run can know, where it is
// NULL, and where it is longer than `limit` bytes.
std::optional<std::string> ConstantText(const Node& expression, const Constants& constants,
                                        size_t limit);

}  // namespace plimsoll::tree

#endif  // PLIMSOLL_ANALYZER_SYNTAX_CONSTANT_TEXT_H_
