// Where the fields of PostgreSQL's parse nodes lie in the sandbox's memory, and under which names
// libpg_query writes them as JSON.

#ifndef PLIMSOLL_ANALYZER_SYNTAX_SANDBOX_NODE_LAYOUT_H_
#define PLIMSOLL_ANALYZER_SYNTAX_SANDBOX_NODE_LAYOUT_H_

#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "analyzer/syntax/tree.h"

namespace plimsoll::sandbox {

enum class FieldKind : uint8_t {
  kShort,     // 2 bytes
  kInt,       // 4 bytes
  kUnsigned,  // 4 bytes
  kLong,      // 8 bytes
  kBool,      // 1 byte
  kChar,      // 1 byte: a text of one character
  kEnum,      // 4 bytes: a text, even where it is zero
  kText,      // the address of a text that ends in NUL
  kNode,      // the address of a node of any type
  kBody,      // the address of a node of which the type is known, and therefore not written
  kList,      // the address of a List
  kEmbedded,  // a CreateStmt that stands in the node itself: what CREATE FOREIGN TABLE begins with
};

struct FieldLayout {
  uint16_t offset;  // in bytes from the node's beginning
  FieldKind kind;
  uint8_t labels;  // of an enum: a place in kLabelSets
  tree::Key key;
};

// What an enum's numbers are called, from `first` on; empty where there is none of that number.
struct Labels {
  uint32_t first;
  absl::Span<const absl::string_view> labels;
};

struct NodeLayout {
  uint16_t tag;    // PostgreSQL's NodeTag
  uint16_t bytes;  // up to the end of the last field
  uint16_t first;  // of its fields: a place in kFields
  uint16_t count;
  absl::string_view name;
};

// Found by tests/node_layout_test.cc, which see.
#include "analyzer/syntax/sandbox/node_layout.inc"

}  // namespace plimsoll::sandbox

#endif  // PLIMSOLL_ANALYZER_SYNTAX_SANDBOX_NODE_LAYOUT_H_
