#ifndef PLIMSOLL_ANALYZER_SYNTAX_PIECE_H_
#define PLIMSOLL_ANALYZER_SYNTAX_PIECE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "analyzer/syntax/script.h"
#include "analyzer/syntax/source.h"
#include "analyzer/syntax/substitute.h"

namespace plimsoll {

// What stands between two separators of a script: one statement as far as a lexer can tell, or a
// command that is not SQL.
struct Piece {
  // From the first byte of its first token to the last byte before its separator.
  Span span;
  // Just after the separator; the end of the span where there is none.
  uint32_t end = 0;
  // kSql: the grammar has yet to judge it. kTemplate: nothing but a placeholder.
  StatementForm form = StatementForm::kSql;
  Direction direction = Direction::kUp;
  uint32_t changeset = 0;  // see Statement
  bool changeset_alone = false;
  uint32_t block = 0;  // see Statement
  // Where the first placeholder within it begins.
  std::optional<uint32_t> first_placeholder;
  // It holds a quote that is never closed, and must not be parsed together with what follows.
  bool has_open_quote = false;
  // Nothing separates it from what follows, where what follows is another direction.
  bool apart = false;
  // It reaches to the end of the file, as kMaxQuoteRecoveries quotes before it were not closed.
  bool hides_rest = false;
  Span endless_operator;  // the first run of more than kMaxOperatorRun; empty where there is none
  std::string tag;        // of a meta-command
  Span copy_data;
};

// A script before its grammar: cut into pieces.
struct Pieces {
  // As many bytes as the source. Wherever a piece is SQL it is what the grammar shall read: without
  // meta-commands and data, with substitutes in the place of placeholders, and with a semicolon
  // wherever something else ends a statement.
  std::string text;
  Substitutes substitutes;
  std::vector<Piece> pieces;
  std::vector<Comment> comments;
  std::vector<Changeset> changesets;
  bool opts_out_of_transaction = false;
  bool down_opts_out_of_transaction = false;
  bool cut_at_lines = false;
  bool has_sections = false;
  bool has_down_section = false;
};

// `text` is a source without byte order mark and NUL bytes, all of it valid UTF-8.
Pieces CutIntoPieces(std::string text);

// From the first byte of the first token to the last byte of the last one in a part of the text,
// comments aside; empty where there is none.
Span TokensWithin(absl::string_view text, Span part);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SYNTAX_PIECE_H_
