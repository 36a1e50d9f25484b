#ifndef PLIMSOLL_ANALYZER_SYNTAX_SUBSTITUTE_H_
#define PLIMSOLL_ANALYZER_SYNTAX_SUBSTITUTE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "analyzer/syntax/placeholder.h"
#include "analyzer/syntax/tree.h"

namespace plimsoll {

// What stands in a text for its placeholders while PostgreSQL's grammar reads it, and the way back
// to the author's words. A substitute is a mark, which is a character that the text does not hold,
// and underscores. So the author's own names are never taken for one.
class Substitutes {
 public:
  // Writes over a placeholder of `*text` what the grammar takes in its place, in as many bytes: an
  // identifier, which may become part of a longer one, for kExpression; a string for kLiteral;
  // blanks for the rest. It must be the same text at every call, and valid UTF-8.
  void Fill(const Placeholder& placeholder, std::string* text);

  // `text` with the author's words in the place of the substitutes.
  std::string Restore(absl::string_view text) const;
  // The same within the texts of a tree.
  void Restore(tree::Tree& tree) const;

 private:
  struct Original {
    std::string words;  // as the author wrote them, but on one line
    std::string mark;   // in UTF-8; empty where there were none left
    size_t underscores = 0;
  };

  const Original& For(absl::string_view words, size_t room, absl::string_view text);
  std::string NextMark(size_t room, absl::string_view text);

  std::vector<Original> originals_;
  absl::flat_hash_map<std::string, size_t> by_words_;  // as the author wrote them
  absl::flat_hash_map<std::string, size_t> by_mark_;
  // The text's own characters outside ASCII, as it was at first.
  absl::flat_hash_set<std::string> taken_;
  bool knows_taken_ = false;
  std::array<uint32_t, 3> marks_given_ = {};
};

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SYNTAX_SUBSTITUTE_H_
