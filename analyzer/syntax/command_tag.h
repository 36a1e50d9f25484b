#ifndef PLIMSOLL_ANALYZER_SYNTAX_COMMAND_TAG_H_
#define PLIMSOLL_ANALYZER_SYNTAX_COMMAND_TAG_H_

#include <string>

#include "absl/strings/string_view.h"
#include "analyzer/syntax/action.h"
#include "analyzer/syntax/tree.h"

// Private to analyzer/syntax.

namespace plimsoll::tree {

// PostgreSQL's command tag of a statement (tcop/utility.c:CreateCommandTag), such as
// `ALTER TABLE`; `node` is the typed node.
std::string CommandTag(const Node& node);

// `OBJECT_MATVIEW` -> kMaterializedView.
ObjectKind LowerObjectKind(absl::string_view object_type);

// `OBJECT_MATVIEW` -> `MATERIALIZED VIEW`: the words after ALTER, DROP and COMMENT ON.
std::string ObjectWords(absl::string_view object_type);

}  // namespace plimsoll::tree

#endif  // PLIMSOLL_ANALYZER_SYNTAX_COMMAND_TAG_H_
