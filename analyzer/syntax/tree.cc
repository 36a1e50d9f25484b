#include "analyzer/syntax/tree.h"

namespace plimsoll::tree {
namespace {

// The parser keeps its buffers from call to call; one a thread, as the grammar has.
simdjson::dom::parser& Parser() {
  thread_local simdjson::dom::parser parser;
  return parser;
}

}  // namespace

// An expression of 50,000 terms is nested some 150,000 levels deep, far beyond what simdjson allows
// unasked; asking costs memory, so only such a text pays for it.
std::optional<Node> ParseTree(absl::string_view json) {
  constexpr size_t kDeepest = 8'000'000;
  simdjson::dom::element root;
  simdjson::error_code error = Parser().parse(json.data(), json.size(), false).get(root);
  if (error == simdjson::DEPTH_ERROR) {
    thread_local simdjson::dom::parser deep_parser;
    error = deep_parser.allocate(json.size(), kDeepest);
    if (error == simdjson::SUCCESS) {
      error = deep_parser.parse(json.data(), json.size(), false).get(root);
    }
  }
  if (error != simdjson::SUCCESS) return std::nullopt;
  return Node(root);
}

}  // namespace plimsoll::tree
