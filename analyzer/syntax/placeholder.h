#ifndef PLIMSOLL_ANALYZER_SYNTAX_PLACEHOLDER_H_
#define PLIMSOLL_ANALYZER_SYNTAX_PLACEHOLDER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "analyzer/syntax/source.h"

namespace plimsoll {

// Words that a template engine, psql or a driver replaces before PostgreSQL sees them: `${x}`,
// `#{x}`, `{x}`, `{{ x }}`, `{% x %}`, `{# x #}`, `%(x)s`, `%s`, `@x@`, `:x`, `:'x'`, `:"x"`.
struct Placeholder {
  enum class Kind {
    kExpression,  // stands for SQL
    kLiteral,     // :'x', a string
    kControl,     // {% if x %}, {{ end }}: steers the engine and leaves nothing behind
    kRemark,      // {# x #}, {{/* x */}}
  };
  Kind kind = Kind::kExpression;
  Span span;
};

// Finds placeholders in a text from its beginning to its end. Each question takes constant time on
// average, whatever the text holds.
class PlaceholderFinder {
 public:
  explicit PlaceholderFinder(absl::string_view text) : text_(text) {}

  // The placeholder whose first byte is the one at `at`, which is not within a quote or comment.
  // psql's variables are left out: whether `:x` is one depends on the tokens around it.
  std::optional<Placeholder> At(size_t at);

 private:
  // Engines' brackets, by their closing.
  enum Bracket { kBraces, kTag, kRemark, kBracketCount };

  std::optional<Placeholder> Bracketed(size_t at, Bracket bracket);
  std::optional<Placeholder> Braced(size_t brace, size_t begin) const;
  std::optional<Placeholder> Formatted(size_t at) const;
  std::optional<Placeholder> Spiral(size_t at) const;
  char Peek(size_t at) const { return at < text_.size() ? text_[at] : '\0'; }

  absl::string_view text_;
  // Per bracket: between the last search's start and here no closing begins.
  std::array<size_t, kBracketCount> no_closing_before_ = {};
};

// Whether the byte at `cursor` stands within `{{ }}`, `{% %}` or `${ }` as plain text shows them,
// quotes or not.
bool IsWithinBrackets(absl::string_view text, size_t cursor);

// Whether brackets open at the cursor that close beyond the limits of a placeholder.
bool OpensBracketsTooLong(absl::string_view text, size_t cursor);

// psql's `:x`, `:'x'` or `:"x"` at the colon.
std::optional<Placeholder> PsqlVariable(absl::string_view text, size_t colon);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SYNTAX_PLACEHOLDER_H_
