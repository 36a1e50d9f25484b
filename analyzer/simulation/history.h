#ifndef PLIMSOLL_ANALYZER_SIMULATION_HISTORY_H_
#define PLIMSOLL_ANALYZER_SIMULATION_HISTORY_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/base/attributes.h"
#include "absl/types/span.h"
#include "analyzer/simulation/catalog.h"
#include "analyzer/simulation/effects.h"
#include "analyzer/syntax/body.h"
#include "analyzer/syntax/script.h"

namespace plimsoll {

inline constexpr int kOldestServer = 12;
inline constexpr int kNewestMeasuredServer = 18;
// Not measured: what the release notes of 19 say is modelled.
inline constexpr int kNewestServer = 19;
inline constexpr int kDefaultServer = 18;

// What the runner does around the statements of a file.
enum class Wrapping {
  kNone,             // statement by statement; only the file's own BEGIN opens a transaction
  kFile,             // the runner opens a transaction before the file and commits after it
  kAroundForbidden,  // as kFile, but statements that PostgreSQL refuses in a transaction run alone
  // The runner sends the whole file as one message: PostgreSQL runs what is outside the file's own
  // BEGIN in an implicit transaction, where there is more than one statement
  // (postgres.c:exec_simple_query, xact.c:BeginImplicitTransactionBlock).
  kMessage,
  kChangesets,  // as kFile, but for each changeset of a Liquibase file by itself
};

// The runner opens transactions, in which the file's own BEGIN and COMMIT are out of place.
inline bool OpensTransactions(Wrapping wrapping) {
  return wrapping == Wrapping::kFile || wrapping == Wrapping::kAroundForbidden ||
         wrapping == Wrapping::kChangesets;
}

// What comes after a statement that fails.
enum class OnFailure {
  // It did nothing, and what follows is judged as it will run once the statement is mended: one
  // mistake, or one of ours, does not hide what else there is to say.
  kJudgeOn,
  // PostgreSQL's way: the rest of its transaction fails too (25P02), and COMMIT rolls back.
  kAbort,
};

// Where the way back of a migration stands.
enum class Downs {
  kNone,      // the runner has none: what is wrong is put right by another migration
  kFiles,     // a file each
  kSections,  // a part of the same file
};

// How a file differs from what a record of its project says of it.
struct Drift {
  std::string record;     // whose: `plimsoll.sum`, `applied/production.json`, `Git at main`
  std::string what;       // what differs, in words; empty: the record has no more than a hash
  bool cosmetic = false;  // comments and blanks, which no server sees
  bool ran = false;       // the record says that a database has run it
};

// A migration that a record of the project has, and whose file is not there.
struct Gone {
  std::string file;    // as the record calls it
  std::string record;  // as Drift::record
  bool ran = false;    // as Drift::ran
  bool stops = false;  // the runner reads that record too, and stops where the file is missing
};

// A migration that the branch which this one is to go to has got since this one left it, and that
// is not here.
struct Ahead {
  std::string file;           // as the record calls it
  std::string record;         // as Drift::record
  bool same_version = false;  // false: it runs later
};

struct Migration {
  std::shared_ptr<const Script> script;
  Wrapping wrapping = Wrapping::kNone;
  Wrapping down_wrapping = Wrapping::kNone;  // likewise around a down section of the file
  // Where this runner runs what PostgreSQL refuses in a transaction, in words: `in a file of its
  // own with …`. Empty: the runner is not known, or has no way.
  std::string outside;
  // The version that the file's name gives it, as it is written there: `0010`, `1.2`; empty: none.
  std::string version;
  // The same as its runner compares it, leading zeros and the like aside. Two ups that share one
  // are one migration to the runner. Empty where there is none, and where a list orders the files.
  std::string identity;
  // The file's name is not one that the runner takes: it passes the file over.
  bool stray = false;
  // A stray in a folder that is for migrations alone: whatever its name, it was meant for one.
  bool meant = false;
  // The list by which the runner goes (`sqitch.plan`), where this file is meant for a migration and
  // is not in it. It is a stray, too. Empty: listed, or no list is kept.
  std::string unlisted_in;
  // Of a down: the up that it undoes, by index; empty where there is none.
  std::optional<uint32_t> undoes;
  // A down script: parsed and listed, never simulated as if it ran after the ups.
  bool down = false;
  // Already run everywhere: it shapes the catalog and is not judged.
  bool applied = false;
  std::vector<Drift> drifts;
  // New: the revision that changes are counted from lacks it, or a record that has later ones.
  bool added = false;
  std::vector<Ahead> ahead;  // whose version it has as well, or before which it has its place
  // Not a migration but the schema of a live database, as `pg_dump --schema-only` writes it or as
  // statements that make what its catalog holds: its tables are taken to have rows, whatever the
  // file puts into them, and where a statement fails here, what it makes may be there all the same.
  bool schema = false;
  // Of a schema: statements, ascending, whose index is INVALID or whose materialized view was never
  // filled. What dumps say of either is not what is there.
  std::vector<uint32_t> unusable;
};

// What is there before the first migration.
enum class Start {
  kUnknown,  // perhaps more than the files show: what they name and do not create is taken to exist
  kEmpty,    // an empty database: what no file creates does not exist
};

struct Inputs {
  std::vector<Migration> migrations;  // in the order in which they run
  Start start = Start::kUnknown;
  int server_version = kDefaultServer;  // major, kOldestServer to kNewestServer
  OnFailure on_failure = OnFailure::kJudgeOn;
  Downs downs = Downs::kNone;  // of the layout that the migrations follow
  // false: files that were named one by one; what holds for all is not to be said of them.
  bool whole = true;
  // Seconds since 1970, UTC: a version that is a later date is one of the future. 0: not known.
  int64_t now = 0;
  std::vector<Gone> gone;
  // Downs are run too, each on what its own up left: History::undoings.
  bool take_back = false;
  // What the project sets rules to, by `rule.option`; what it does not set is left out. Elements of
  // a list end with a line feed.
  std::map<std::string, std::string> options;
  // Rows of tables, by `schema.table`, as far as the project says so.
  std::map<std::string, double> rows;
  // Of every session, until it sets another: the database's or the role's. Schemas that are there.
  std::vector<std::string> search_path = {"public"};
};

// From BEGIN, or from a runner's, to its end; or one statement that stands alone.
struct Transaction {
  uint32_t first_step = 0;
  uint32_t last_step = 0;  // inclusive
  bool block = false;      // false: a single statement on its own
  bool rolled_back = false;
};

// The session settings a rule may ask about, as they are when a step starts.
struct Session {
  // Milliseconds; 0 switched off; empty: this history does not set it.
  std::optional<int64_t> lock_timeout_ms;
  std::optional<int64_t> statement_timeout_ms;
  std::vector<std::string> search_path = {"public"};
  bool utc = false;
  bool check_function_bodies = true;
  bool allow_system_table_mods = false;
  TransactionModes modes;      // default_transaction_…: what a transaction begins with
  bool no_path = false;        // search_path is set to an empty text
  bool fires_triggers = true;  // false: session_replication_role is replica
};

// The locks a transaction holds on live relations, as a range of a list that only grows: a long
// transaction would otherwise cost the square of its length.
struct HeldLocks {
  uint32_t begin = 0;
  uint32_t end = 0;
  uint32_t strongest = 0;  // the first of the strongest mode; meaningless where the range is empty
};

// One action at its moment.
struct Step {
  uint32_t migration = 0;    // index into History::migrations
  uint32_t statement = 0;    // index into its script's statements
  uint32_t index = 0;        // of this step, in the history
  uint32_t transaction = 0;  // index into History::transactions
  Span span;
  // action->kind.index(): rules ask most steps for what they are not, and this answers them without
  // a look at the script.
  uint8_t kind = 0;
  const Action* action = nullptr;  // in the script, which the history keeps alive
  Effects effects;
  uint32_t session = 0;     // index into History::sessions
  HeldLocks held;           // by the transaction, when this step's statement began
  bool effectless = false;  // SET LOCAL or COMMIT outside a transaction, BEGIN inside one
  // The statement of a routine or DO block that it belongs to, which `statement` runs; null for
  // what the session runs itself. `span` is that of the call where the body stands elsewhere.
  const BodyStatement* within = nullptr;
  bool conditional = false;  // it may not run; what it does to the catalog may not be done

  template <typename T>
  const T* As() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return kind == kIndexOf<T> ? std::get_if<T>(&action->kind) : nullptr;
  }
};

// A migration that is taken back: what its down leaves, against what was there before the two.
struct Undoing {
  // About a statement of the down.
  struct Remark {
    uint32_t statement = 0;
    Span span;
    std::string what;  // `drops column `note` of `account` with what it holds`
  };

  uint32_t up = 0;
  uint32_t down = 0;  // `up`: a section of the same file
  // `column `note` of `account` is still there`, each at most once.
  std::vector<std::string> differences;
  std::vector<Remark> losses;    // of rows and values that the up did not bring itself
  std::vector<Remark> rewrites;  // of rows, chosen by a condition, in tables whose rows the up left
  std::vector<Remark> failures;  // statements of the down that PostgreSQL refuses
  bool known = true;  // false: one of the two does what cannot be told; no differences are told
};

// All steps of all migrations in their order, with what they do to the catalog. Owns its scripts.
class History {
 public:
  const std::vector<Migration>& migrations() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return migrations_;
  }
  const std::vector<Step>& steps() const ABSL_ATTRIBUTE_LIFETIME_BOUND { return steps_; }
  const std::vector<Transaction>& transactions() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return transactions_;
  }
  int server_version() const { return server_version_; }
  Downs downs() const { return downs_; }
  bool whole() const { return whole_; }
  int64_t now() const { return now_; }
  const std::vector<Gone>& gone() const ABSL_ATTRIBUTE_LIFETIME_BOUND { return gone_; }
  // In the order of the ups; empty unless Inputs::take_back.
  const std::vector<Undoing>& undoings() const ABSL_ATTRIBUTE_LIFETIME_BOUND { return undoings_; }
  const std::map<std::string, std::string>& options() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return options_;
  }
  // Rows of a table, where the project says how many; of a partitioned one with all its parts.
  const std::map<std::string, double>& rows() const ABSL_ATTRIBUTE_LIFETIME_BOUND { return rows_; }

  CatalogView At(Moment moment) const { return catalog_.At(moment); }
  CatalogView Before(const Step& step) const { return catalog_.At(step.index); }
  CatalogView After(const Step& step) const { return catalog_.At(step.index + 1); }
  const Session& SessionAt(const Step& step) const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return sessions_[step.session];
  }
  absl::Span<const Lock> HeldBefore(const Step& step) const;
  // The steps that took them, in the same order: indices into steps().
  absl::Span<const uint32_t> HoldersBefore(const Step& step) const;
  // The strongest of them; null where none is held.
  const Lock* StrongestHeldBefore(const Step& step) const;
  // The function that the step's query calls and of which nothing is known (see
  // Effects::calls_unknown); null where a view or a trigger is what calls it.
  const Name* UnknownCall(const Step& step) const ABSL_ATTRIBUTE_LIFETIME_BOUND;
  // PostgreSQL's command tag of what the step belongs to: a statement of the script or of a body.
  const std::string& TagOf(const Step& step) const ABSL_ATTRIBUTE_LIFETIME_BOUND;
  const Statement& StatementOf(const Step& step) const ABSL_ATTRIBUTE_LIFETIME_BOUND;
  const Source& SourceOf(const Step& step) const ABSL_ATTRIBUTE_LIFETIME_BOUND;
  const Transaction& TransactionOf(const Step& step) const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return transactions_[step.transaction];
  }
  // The steps of one statement: none for a statement with a problem or in a down section.
  absl::Span<const Step> StepsOf(uint32_t migration, uint32_t statement) const;

 private:
  friend class Simulator;

  std::vector<Migration> migrations_;
  std::vector<Step> steps_;
  std::vector<Transaction> transactions_;
  std::vector<Session> sessions_;
  std::vector<Lock> held_;
  std::vector<uint32_t> holders_;  // of each in held_, the step that took it
  // statement_steps_[migration][statement] = {begin, end} into steps_
  std::vector<std::vector<std::pair<uint32_t, uint32_t>>> statement_steps_;
  Catalog catalog_;
  int server_version_ = kDefaultServer;
  Start start_ = Start::kUnknown;
  OnFailure on_failure_ = OnFailure::kJudgeOn;
  Downs downs_ = Downs::kNone;
  bool whole_ = true;
  int64_t now_ = 0;
  std::vector<Gone> gone_;
  std::vector<Undoing> undoings_;
  std::map<std::string, std::string> options_;
  std::map<std::string, double> rows_;
};

History Simulate(Inputs inputs);

}  // namespace plimsoll

#endif  // PLIMSOLL_ANALYZER_SIMULATION_HISTORY_H_
