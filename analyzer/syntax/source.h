#ifndef PLIMSOLL_ANALYZER_SYNTAX_SOURCE_H_
#define PLIMSOLL_ANALYZER_SYNTAX_SOURCE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/base/attributes.h"
#include "absl/strings/string_view.h"

namespace plimsoll {

// A half-open range of bytes, [begin, end), in one source.
struct Span {
  uint32_t begin = 0;
  uint32_t end = 0;

  bool empty() const { return begin == end; }
  uint32_t size() const { return end - begin; }
  friend bool operator==(const Span&, const Span&) = default;
};

// A place for people: line and column are 1-based, columns count characters (code points; a byte
// that is not valid UTF-8 counts as one, a byte order mark at the start of the file as none).
// `byte` is the 0-based offset it was made from; within a character it has that character's column.
struct Position {
  uint32_t line = 1;
  uint32_t column = 1;
  uint32_t byte = 0;
};

// The name and the bytes of one file, with an index of its lines. Immutable. It owns its text, so
// views into it live as long as the Source; scripts share it.
class Source {
 public:
  Source(std::string name, std::string text);

  const std::string& name() const ABSL_ATTRIBUTE_LIFETIME_BOUND { return name_; }
  absl::string_view text() const ABSL_ATTRIBUTE_LIFETIME_BOUND { return text_; }
  absl::string_view Text(Span span) const ABSL_ATTRIBUTE_LIFETIME_BOUND;

  // `byte` past the end is taken as the end. Cheap however long the line is.
  Position Locate(uint32_t byte) const;

  uint32_t line_count() const { return static_cast<uint32_t>(line_starts_.size()); }
  // The 1-based line without its line feed or carriage return.
  absl::string_view Line(uint32_t line) const ABSL_ATTRIBUTE_LIFETIME_BOUND;
  // Byte offset at which the 1-based line starts.
  uint32_t LineStart(uint32_t line) const;

 private:
  // The column of a byte that begins a character.
  struct Landmark {
    uint32_t byte = 0;
    uint32_t column = 1;
  };

  // The byte after the character that starts at `at`.
  uint32_t CharacterEnd(uint32_t at) const;
  void MarkLongLine(uint32_t begin, uint32_t end);

  std::string name_;
  std::string text_;
  std::vector<uint32_t> line_starts_;
  // Ascending by byte. Within long lines only: a short one is counted from its start.
  std::vector<Landmark> landmarks_;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SYNTAX_SOURCE_H_
