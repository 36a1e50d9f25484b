#ifndef PLIMSOLL_TESTS_SUPPORT_ANNOTATIONS_H_
#define PLIMSOLL_TESTS_SUPPORT_ANNOTATIONS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "analyzer/simulation/history.h"

// The grammar of examples: SQL that carries the findings it expects, as comments with carets below
// the code. fixtures/README.md describes it for people. This file only knows text; what runs an
// example stands in example.h.

namespace plimsoll::testing_support {

// One finding, as an example's text shows it.
struct Mark {
  uint32_t file = 0;       // index into Example::files
  uint32_t line = 1;       // 1-based, in that file's text
  uint32_t column = 1;     // 1-based, in characters
  uint32_t length = 1;     // characters on this line; an empty span shows as one
  bool continues = false;  // the span goes on in the lines below
  std::string rule;
  std::string text;  // the message; where an example expects it, a part of it
};

struct ExampleFile {
  std::string name;
  std::string text;  // without directives, file headers and annotations
};

struct Example {
  int server_version = kDefaultServer;
  Wrapping wrapping = Wrapping::kNone;
  std::string outside;  // what Migration::outside becomes
  // The files are laid out on disk, where they have to be found to follow this layout, in the order
  // and with the downs that it gives them. Empty: they run as they are listed.
  std::string layout;
  // Inputs::options and Inputs::rows, by the directives `option` and `rows`.
  std::map<std::string, std::string> options;
  std::map<std::string, double> rows;
  // Whose findings are compared, by the `rules` directive: ids, or `all`. Empty: not given.
  std::vector<std::string> rules;
  std::vector<ExampleFile> files;
  std::vector<Mark> expected;  // in the order of the text

  // The lines of the original text, so that it can be written back with other annotations.
  struct Line {
    enum class Kind { kOther, kCode, kMark };
    Kind kind = Kind::kOther;
    std::string text;    // without the line feed
    uint32_t file = 0;   // of code
    uint32_t line = 0;   // of code, in its file
    uint32_t index = 0;  // of a mark, into `expected`
  };
  std::vector<Line> lines;
};

// `default_name` names the one file of a text without `---` lines. Errors say which line is wrong.
absl::StatusOr<Example> ParseExample(absl::string_view text, absl::string_view default_name);

// Whether the line is an annotation, perhaps a broken one: a comment whose first printing character
// is a caret (or `<` and a caret).
bool LooksLikeMark(absl::string_view line);

// The comment line that says `mark` below `code_line`.
std::string FormatMark(const Mark& mark, absl::string_view code_line);

// What differs between the marks an example expects and those it got; empty where they agree.
// Each entry names the line and says what to write or remove. `where` names the example.
std::vector<std::string> Disagreements(const Example& example, absl::Span<const Mark> actual,
                                       absl::string_view where);

// The example's text with exactly the annotations of `actual`. Annotations that hold stay as they
// were written, and no other line changes.
std::string WithMarks(const Example& example, absl::Span<const Mark> actual);

// Where the ```sql blocks of a Markdown text stand: byte ranges of their contents.
struct MarkdownBlock {
  size_t begin = 0;
  size_t end = 0;
  uint32_t line = 1;  // 1-based, of the first line of the content
};
std::vector<MarkdownBlock> SqlBlocks(absl::string_view markdown);

}  // namespace plimsoll::testing_support

#endif  // PLIMSOLL_TESTS_SUPPORT_ANNOTATIONS_H_
