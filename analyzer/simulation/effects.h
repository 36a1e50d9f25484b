#ifndef PLIMSOLL_ANALYZER_SIMULATION_EFFECTS_H_
#define PLIMSOLL_ANALYZER_SIMULATION_EFFECTS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "analyzer/simulation/catalog.h"
#include "analyzer/simulation/lock.h"
#include "analyzer/syntax/action.h"

// What an action costs a live database. PostgreSQL's behaviour stands in effects.cc as a table and
// nowhere else: no rule knows a lock, a rewrite or a server version by itself.

namespace plimsoll {

// A relation as an effect names it.
struct Affected {
  RelationId id = 0;
  std::string name;  // display name: without the schema where that is `public`
  RelationKind kind = RelationKind::kTable;
  // Others use it: it existed before this migration, and it is not temporary. Only live relations
  // can hurt anybody.
  bool live = false;
  // Made in this migration by IF NOT EXISTS, which is content with an older one: others may use it.
  bool perhaps_older = false;
  bool emptied = false;  // by TRUNCATE of this transaction, which has kept others out since
  // Made in this transaction (or in this migration, when it runs in one): nobody else sees it.
  bool created_here = false;
};

struct Lock {
  Affected relation;
  LockMode mode = LockMode::kAccessShare;
  bool possible = false;  // not certain: what takes it stands under a condition
};

enum class WorkKind {
  kScan,        // reads every row
  kRewrite,     // copies every row into a new file, and builds every index again
  kIndexBuild,  // builds an index, or builds it again
  kCopy,        // copies the file as it is, block by block
};

// Why the work is done, for the words of a message.
enum class Cause {
  kQuery,
  kVolatileDefault,
  kStoredGenerated,
  kIdentity,
  kConstrainedDomain,
  kTypeChange,
  kNotNull,
  kCheck,
  kForeignKey,
  kUnique,
  kPrimaryKey,
  kExclusion,
  kIndex,
  kPartition,
  kStorage,      // persistence, tablespace, access method
  kMaintenance,  // VACUUM FULL, CLUSTER, REINDEX, REFRESH
};

// Work that grows with the table.
struct Work {
  WorkKind kind = WorkKind::kScan;
  Affected relation;  // the table; for an index build the table it is on
  std::string index;  // display name, of an index build
  Cause cause = Cause::kQuery;
  // Not certain: it depends on what no file says, such as the old type of a column.
  bool possible = false;
  // There are no rows: that of a partitioned table, of which only the parts are work, or of a table
  // that this transaction has emptied.
  bool shell = false;
  bool again = false;  // of an index build: the index was there before
};

enum class LossKind { kTable, kColumn, kRows, kOther };

// What rolling forward cannot bring back.
struct Loss {
  LossKind kind = LossKind::kTable;
  Affected relation;
  std::string column;
};

// What stops working for application code that was written for the schema before.
enum class BreakKind {
  kRenamedTable,
  kRenamedColumn,
  kDroppedObject,
  kRequiredColumn,
  kChangedType,
  kHiddenRows,
  kBehaviour,  // it goes on working, and does something else; `detail` says what
};
struct Break {
  BreakKind kind = BreakKind::kDroppedObject;
  Affected relation;   // may be without an id: a function, a type
  std::string detail;  // the column, or what it is
};

// The statement must fail, with PostgreSQL's SQLSTATE.
struct Failure {
  std::string sqlstate;
  std::string message;
};

struct Effects {
  std::vector<Lock> locks;  // the strongest per relation, in order of first taking
  std::vector<Work> work;
  // Indexes that are made anew over their old files: nothing is read for them.
  std::vector<Affected> kept_indexes;
  std::vector<Loss> losses;
  std::vector<Break> breaks;
  bool forbidden_in_transaction = false;  // SQLSTATE 25001 inside a transaction block
  std::optional<Failure> failure;
  bool modelled = true;  // false: no claim is made
  // Of what is not modelled: known all the same to lose and break nothing, and to block nobody for
  // longer than a change of the catalog takes (COMMENT, GRANT).
  bool inert = false;
  bool calls_unknown = false;  // it calls a function of which nobody knows what it does

  const Lock* LockOn(RelationId relation) const;
  // The first work of that kind, and of that cause where one is given, on a live relation; null
  // where there is none. Most rules ask this and nothing else.
  const Work* LiveWork(WorkKind kind, std::optional<Cause> cause = std::nullopt) const;
  // The strongest lock on a live relation; null where none is locked.
  const Lock* StrongestLiveLock() const;
};

// What a transaction is (SET TRANSACTION). A subtransaction's end, whichever it is, gives back what
// it changed (xact.c:CommitSubTransaction).
struct TransactionModes {
  bool read_only = false;
  std::string isolation = "read committed";
};

// What a session has besides its settings. No transaction undoes it but the opening of a cursor.
// The files of a history may share a session, so nothing is ever taken to be gone by a file's end.
struct SessionState {
  absl::flat_hash_map<std::string, const action::ModifyData*> prepared;
  absl::flat_hash_map<std::string, bool> cursors;  // whether they outlive their transaction
  absl::flat_hash_set<RelationId> drawn;           // sequences that gave a value
  absl::flat_hash_set<std::string> prepared_transactions;
  TransactionModes modes;
  bool queried = false;  // the transaction has a snapshot, and keeps its isolation
  bool nested = false;   // a savepoint of it is open
  // A function ran, which may have opened cursors and drawn values.
  bool called = false;
};

// What surrounds an action and decides what it costs.
struct Situation {
  int server_version = 18;  // major
  uint32_t migration = 0;
  uint32_t transaction = 0;
  bool in_transaction_block = false;
  bool implicit_block = false;  // it is that of a message; see Wrapping::kMessage
  // A statement of the transaction failed, or of the file, which goes no further: see OnFailure.
  bool aborted = false;
  bool stopped = false;
  bool one_transaction_migration = false;  // the whole migration runs in one
  bool closed = false;                     // what no file creates does not exist
  bool extended = false;                   // see Extends; once true, it stays
  bool savepoint_known = false;            // of ROLLBACK TO and RELEASE
  bool utc = false;                        // the session's TimeZone is known to be UTC
  bool checks_bodies = true;               // check_function_bodies
  bool changes_system = false;             // allow_system_table_mods
  bool in_body = false;                    // a routine or DO block runs it, not the session itself
  bool conditional = false;                // it may not run at all: see BodyStatement
  Moment now = 0;                          // before the action
  // Up to then something ran that may have done anything (EXECUTE of what only a run knows): what
  // the catalog lacks may be there.
  Moment trusted_since = 0;
  bool no_path = false;        // the search path is known to be empty
  bool makes_schema = false;   // CREATE SCHEMA runs the action: the first of the search path is new
  bool fires_triggers = true;  // false: session_replication_role is replica
  const SessionState* state = nullptr;
  absl::Span<const std::string> search_path;
  // Relations that this transaction still needs as they are: triggers of theirs are waiting for its
  // end, or a cursor reads them.
  absl::Span<const RelationId> in_use;
};

// The effects of one action on the catalog as it stands before it. `with` are the actions of the
// same statement: an ALTER TABLE rewrites a table once for all of them, and some of them change
// what others cost.
Effects ComputeEffects(const Action& action, absl::Span<const Action> with,
                       const CatalogView& before, const Situation& situation);

// The pass in which ALTER TABLE runs the subcommand, whatever its place in the text: lower ones go
// first (tablecmds.c:AlterTablePass, as far as their order shows).
int PassOf(const Action& action);

// Whether PostgreSQL refuses the action in a transaction block, whatever the catalog holds
// (xact.c:PreventInTransactionBlock, called before the object is looked at).
bool IsForbiddenInTransaction(const Action& action);

// Whether it makes an extension, or what else brings index methods, operator classes and the like:
// after it, those of PostgreSQL itself are not all there are.
bool Extends(const Action& action);

// A relation as an effect names it, seen from `situation`.
Affected DescribeRelation(const Relation& relation, const Situation& situation);

// Adds what making `created` costs: its lock and, of an index, the building. ComputeEffects cannot
// know the names that only making gives.
void AddCreated(const Relation& created, const CatalogView& before, const CatalogView& after,
                const Situation& situation, Effects& effects);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SIMULATION_EFFECTS_H_
