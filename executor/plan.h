#ifndef PLIMSOLL_EXECUTOR_PLAN_H_
#define PLIMSOLL_EXECUTOR_PLAN_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/attributes.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "analyzer/simulation/history.h"
#include "analyzer/syntax/source.h"

// What to send to a server, and in which transactions. Pure: it reads no file, asks no server, and
// the same history gives the same plan.

namespace plimsoll {

// A migration as the history table knows it.
struct MigrationFile {
  uint32_t migration = 0;  // index into the history's migrations
  std::string path;
  int64_t version = 0;
  std::string name;      // `create_users`
  std::string id;        // `001_create_users`
  std::string checksum;  // `sha256:…`, the same with LF and CRLF, with and without BOM
};

// `m/001_create_users.sql`, `V1__create_users.sql`, `1_create_users.up.sql` and, for layouts with a
// folder a migration, `001_create_users/migration.sql`. Only version, name and id are filled in.
absl::StatusOr<MigrationFile> ParseMigrationPath(absl::string_view path);

std::string Checksum(absl::string_view text);

// The files of all migrations that are no downs, in their order. Fails where a name holds no
// version, or two hold the same.
absl::StatusOr<std::vector<MigrationFile>> IdentifyFiles(absl::Span<const Migration> migrations);

// An index that CREATE INDEX CONCURRENTLY builds. A failure may leave it behind, invalid.
struct ConcurrentIndex {
  Name table;
  std::string index;  // empty: the server chooses the name
};

struct PlannedStatement {
  uint32_t statement = 0;  // index into the script's statements
  std::shared_ptr<const Source> source;
  Span span;
  Span copy_data;
  std::string tag;
  std::optional<ConcurrentIndex> concurrent_index;
  // CONCURRENTLY waits for other transactions by design, and a lock timeout would count that.
  bool waits_by_design = false;
  // SET, which must be said again where a migration is continued in a new session.
  bool sets_session = false;

  absl::string_view sql() const ABSL_ATTRIBUTE_LIFETIME_BOUND { return source->Text(span); }
};

// Statements that are committed together, or one that cannot run in a transaction.
struct Batch {
  bool transactional = true;
  std::string begin = "BEGIN";  // the author's own words where the file has some
  std::vector<PlannedStatement> statements;
};

struct PlannedMigration {
  MigrationFile file;
  std::vector<Batch> batches;
  bool sets_lock_timeout = false;  // the author chose one: ours stays out of the way

  // All of it is one transaction, so the history row is committed with it.
  bool atomic() const {
    return batches.empty() || (batches.size() == 1 && batches.front().transactional);
  }
  uint32_t statement_count() const;
};

struct Plan {
  std::vector<MigrationFile> files;          // of all migrations, applied ones too
  std::vector<PlannedMigration> migrations;  // to run, in this order
  std::string fingerprint;                   // of the bytes that were analysed
};

// The plan for everything that is pending in a history. The author's outermost BEGIN and COMMIT
// become the bounds of a batch, so that the history row can join the transaction; statements that
// PostgreSQL refuses in a transaction stand alone.
//
// Fails, naming every file and line, where something cannot be sent as it stands: a syntax error,
// a psql meta-command, a template that was not filled in, BEGIN without COMMIT.
absl::StatusOr<Plan> MakePlan(const History& history);

// Identifies the first `count` statements of a migration: whether a file that was corrected still
// starts with what has run.
std::string PrefixDigest(const PlannedMigration& migration, uint32_t count);

}  // namespace plimsoll

#endif  // PLIMSOLL_EXECUTOR_PLAN_H_
