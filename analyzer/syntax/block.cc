#include "analyzer/syntax/block.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"

namespace plimsoll {
namespace {

bool IsMarker(absl::string_view comment, absl::string_view word) {
  return absl::StartsWith(comment, "-- +") &&
         absl::StrContains(absl::AsciiStrToLower(comment), word);
}

}  // namespace

std::vector<uint32_t> BlocksOf(const Script& script) {
  if (!script.has_sections) return {};
  std::vector<uint32_t> blocks(script.statements.size());
  uint32_t last = 0;
  uint32_t open = 0;
  size_t comment = 0;
  for (size_t i = 0; i < script.statements.size(); ++i) {
    const uint32_t begin = script.statements[i].span.begin;
    for (; comment < script.comments.size() && script.comments[comment].span.begin < begin;
         ++comment) {
      const absl::string_view words = script.source->Text(script.comments[comment].span);
      if (IsMarker(words, "statementbegin")) open = ++last;
      if (IsMarker(words, "statementend")) open = 0;
    }
    blocks[i] = open;
  }
  return last == 0 ? std::vector<uint32_t>() : blocks;
}

}  // namespace plimsoll
