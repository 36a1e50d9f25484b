#ifndef PLIMSOLL_ANALYZER_SYNTAX_MARKER_H_
#define PLIMSOLL_ANALYZER_SYNTAX_MARKER_H_

#include "absl/strings/string_view.h"

namespace plimsoll {

// What a line comment tells a migration runner. The runners that Plimsoll knows: goose, dbmate,
// sql-migrate, node-pg-migrate, tern, Drizzle, sqlx, Atlas, graphile-migrate, yoyo and Liquibase.
struct Marker {
  enum class Section { kNone, kUp, kDown };

  Section section = Section::kNone;  // a section starts here
  bool ends_statement = false;       // the runner cuts here, semicolon or not
  bool no_transaction = false;       // of the section that starts here, or else of the file
  bool sectioned = false;            // only files with sections hold this marker
  bool changeset = false;            // a changeset of Liquibase's starts here
};

// Where a comment stands; some markers count in one place only.
struct MarkerPlace {
  bool starts_file = false;  // at the first byte
  bool in_header = false;    // before the first statement
  bool starts_line = false;  // nothing but blanks before it
  bool liquibase = false;    // in a file that IsLiquibase
};

// Whether a file that begins with this comment is Liquibase's: `--liquibase formatted sql`.
bool IsLiquibase(absl::string_view comment);

// `comment` is a line comment with its dashes, as the lexer gives it. Any other comment is a marker
// that says nothing.
Marker ReadMarker(absl::string_view comment, MarkerPlace place);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SYNTAX_MARKER_H_
