#ifndef PLIMSOLL_ANALYZER_SYNTAX_MARKER_H_
#define PLIMSOLL_ANALYZER_SYNTAX_MARKER_H_

#include <cstddef>
#include <optional>

#include "absl/strings/string_view.h"

namespace plimsoll {

// What a line comment tells a migration runner. The runners that Plimsoll knows: goose, dbmate,
// sql-migrate, node-pg-migrate, tern, Drizzle, sqlx, Atlas, graphile-migrate, yoyo and Liquibase.
struct Marker {
  enum class Section { kNone, kUp, kDown };

  Section section = Section::kNone;  // a section starts here
  bool ends_statement = false;       // the runner cuts here, semicolon or not
  bool begins_block = false;         // it takes for one what follows, to where it cuts again
  // Of the section that starts here; goose's, which starts none, of the whole file; and any other
  // of the section that it stands in.
  bool no_transaction = false;
  bool cuts_at_lines = false;  // see Script
  bool sectioned = false;      // only files with sections hold this marker
  bool changeset = false;      // a changeset of Liquibase's starts here
  absl::string_view name;      // of the changeset: `ann:create`
  bool passed_over = false;    // it is for another database, or to be ignored
};

// Where a comment stands; some markers count in one place only.
struct MarkerPlace {
  bool starts_file = false;  // at the first byte
  bool in_header = false;    // before the first statement
  bool in_head = false;      // before HeadEnd
  bool starts_line = false;  // nothing but blanks before it
  bool liquibase = false;    // in a file that IsLiquibase
};

// Where the line comments end that open the file and that a blank line parts from what follows, or
// the end of the file: Atlas takes those for the whole file's (sql/migrate/dir.go, comments). 0:
// there are none.
size_t HeadEnd(absl::string_view text);

// Whether a file that begins with this comment is Liquibase's: `--liquibase formatted sql`.
bool IsLiquibase(absl::string_view comment);

// What takes the changeset back, in the words of a line of its file: `--rollback drop table t;`.
// Empty where the line is none of these.
std::optional<absl::string_view> LiquibaseRollback(absl::string_view line);

// Whether a block comment, by its first line, holds what takes the changeset back.
bool IsLiquibaseRollbackBlock(absl::string_view comment);

// What is said in the place of a way back.
enum class RollbackWords {
  kSql,
  kNone,       // `empty`, `not required`
  kChangeset,  // `changesetId:create changesetAuthor:ann`: runs that one
};
RollbackWords ReadRollback(absl::string_view words);

// `comment` is a line comment with its dashes, as the lexer gives it. Any other comment is a marker
// that says nothing.
Marker ReadMarker(absl::string_view comment, MarkerPlace place);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SYNTAX_MARKER_H_
