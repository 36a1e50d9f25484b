#ifndef PLIMSOLL_WORKSPACE_CONVENTION_H_
#define PLIMSOLL_WORKSPACE_CONVENTION_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "analyzer/simulation/history.h"

// What is true of every project of a layout: who runs its files, in which order, in which
// transactions, and where their downs stand. One row a layout.

namespace plimsoll {

enum class Layout {
  kBare,            // SQL files of no convention
  kSequence,        // numbered or dated files; nothing tells who runs them
  kStages,          // planned/ testing/ applied/YYYY-MM/ rollbacks/
  kUpDown,          // up/ and down/ with the same names
  kTimestamped,     // Supabase: supabase/migrations
  kNumbered,        // numbered files with rollbacks/ beside them
  kDrizzle,         // meta/_journal.json
  kDrizzleFolders,  // a folder a migration: migration.sql and snapshot.json
  kPrisma,          // a folder a migration: migration.sql
  kDiesel,          // a folder a migration: up.sql and down.sql
  kHasura,          // the same below a config.yaml of Hasura's
  kGolangMigrate,   // 1_x.up.sql and 1_x.down.sql
  kPopx,            // 1_x.postgres.autocommit.up.sql
  kSqlx,            // 1_x.sql, or .up.sql and .down.sql, in a Rust package
  kRefinery,        // V1__x.sql in a Rust package
  kDbmate,          // -- migrate:up
  kGoose,           // -- +goose Up
  kSqlMigrate,      // -- +migrate Up
  kTern,            // ---- create above / drop below ----
  kFlyway,          // V1__x.sql
  kLiquibase,       // --liquibase formatted sql
  kSqitch,          // sqitch.plan, deploy/ and revert/
  kNodePgMigrate,   // -- Up Migration
  kPostgrator,      // 1.do.x.sql and 1.undo.x.sql
  kYoyo,            // x.sql and x.rollback.sql
  kGraphile,        // --! Previous: sha1:…
  kAtlas,           // atlas.sum
};

// How a runner goes about transactions, of which Wrapping is what comes out for one file.
enum class Runs {
  kByStatement,
  kFile,
  kMessage,
  kByChangeset,
  kFileUnlessForbidden,   // the runner looks for what PostgreSQL refuses in a transaction
  kFileUnlessControlled,  // and for the file's own BEGIN too
};

struct Convention {
  Layout layout;
  absl::string_view name;     // `golang-migrate`
  absl::string_view ordered;  // by what its files are: `the number before the first _`
  // The number in a file's name is all of what its runner knows it by, so no two may share one.
  bool numbered;
  Downs downs;
  absl::string_view down;  // where one stands: `x.down.sql`; empty where there are none
  Runs runs;
  // What the runner does around a file, or a section, that asks it for no transaction: nothing, or
  // it sends the statements as one message, which is a transaction unless there is but one.
  Wrapping alone = Wrapping::kNone;
  // Where the author of such a file puts what cannot run in a transaction, as words of a sentence
  // (`in a file of its own with …`). Empty where the runner has no way, or opens none.
  absl::string_view outside;
  // What stands before and after the statements of a new file; `head_alone`: of one that is to run
  // outside a transaction.
  absl::string_view head;
  absl::string_view head_alone;
  absl::string_view foot;
  // Whether a new file can be all there is to a migration: no journal lists it, no hash covers it,
  // and no other file has to stand beside it. `new_file_alone`: one that runs outside a
  // transaction.
  bool new_file;
  bool new_file_alone;
  // The version of a project's first migration, as absl::FormatTime writes it from the time (UTC).
  // Empty: its runner keeps no versions, or has to be there before.
  absl::string_view first;
};

const Convention& ConventionOf(Layout layout);

// The layouts that a project may say a folder follows: all but those that folders of their own or a
// plan make, without which there is nothing to follow.
std::vector<Layout> LayoutsToSay();

inline absl::string_view LayoutName(Layout layout) { return ConventionOf(layout).name; }

// What the runner does around the statements of a script: the meaning of `--transaction auto`.
Wrapping WrappingOf(Runs runs, const Script& script, int server_version);

// A file of that layout which runs the statements. `alone`: outside a transaction. Empty where no
// new file can be all there is to it.
std::string FileWith(Layout layout, absl::string_view statements, bool alone);

// PostgreSQL refuses a statement of this script inside a transaction block.
bool HasStatementForbiddenInTransaction(const Script& script, int server_version);

}  // namespace plimsoll

#endif  // PLIMSOLL_WORKSPACE_CONVENTION_H_
