#include "executor/ledger.h"

#include <map>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"

namespace plimsoll {
namespace {

constexpr char kCreate[] = R"sql(
CREATE TABLE public.schema_migrations (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  version BIGINT NOT NULL UNIQUE,
  checksum TEXT NOT NULL,
  applied_at TIMESTAMPTZ,
  executed_by UUID,
  execution_time_ms INTEGER,
  status TEXT,
  error_message TEXT,
  metadata JSONB
))sql";

// The first row is the relation's kind and whether `version` alone is unique; then its columns.
constexpr char kShape[] = R"sql(
SELECT c.relkind::text, EXISTS (
         SELECT FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute v
           ON v.attrelid = i.indrelid AND v.attname = 'version'
         WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
           AND i.indkey::text = v.attnum::text)::text, 0
FROM pg_catalog.pg_class c WHERE c.oid = pg_catalog.to_regclass('public.schema_migrations')
UNION ALL
SELECT a.attname::text, pg_catalog.format_type(a.atttypid, NULL), a.attnum
FROM pg_catalog.pg_attribute a
WHERE a.attrelid = pg_catalog.to_regclass('public.schema_migrations')
  AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY 3)sql";

constexpr char kRead[] = R"sql(
SELECT version, id, name, checksum,
       pg_catalog.to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'),
       execution_time_ms, status, error_message,
       metadata->>'statements_done', metadata->>'done_sha256'
FROM public.schema_migrations ORDER BY version)sql";

constexpr char kWrite[] = R"sql(
INSERT INTO public.schema_migrations AS ledger
  (id, name, version, checksum, applied_at, execution_time_ms, status, error_message, metadata)
VALUES ($1, $2, $3::bigint, $4,
  CASE WHEN $5::text = 'applied' THEN pg_catalog.clock_timestamp() END,
  $6::integer, $5::text, $7, pg_catalog.jsonb_build_object(
    'tool', $8::text, 'file', $9::text, 'database_user', session_user,
    'statements_total', $10::integer, 'statements_done', $11::integer, 'done_sha256', $12::text))
ON CONFLICT (version) DO UPDATE SET
  id = excluded.id, name = excluded.name, checksum = excluded.checksum,
  applied_at = excluded.applied_at, execution_time_ms = excluded.execution_time_ms,
  status = excluded.status, error_message = excluded.error_message, metadata = excluded.metadata
WHERE ledger.status IN ('running', 'failed')
RETURNING version)sql";

const std::map<std::string, std::string>& RequiredColumns() {
  static const auto* const columns =
      new std::map<std::string, std::string>{{"id", "text"},
                                             {"name", "text"},
                                             {"version", "bigint"},
                                             {"checksum", "text"},
                                             {"applied_at", "timestamp with time zone"},
                                             {"executed_by", "uuid"},
                                             {"execution_time_ms", "integer"},
                                             {"status", "text"},
                                             {"error_message", "text"},
                                             {"metadata", "jsonb"}};
  return *columns;
}

// Whose table it most likely is, by the columns that only that tool has.
absl::string_view Owner(const std::set<std::string>& columns) {
  if (columns.contains("dirty")) return "golang-migrate's";
  if (columns.contains("statements")) return "the Supabase CLI's";
  if (columns == std::set<std::string>{"version"}) return "dbmate's or Rails'";
  if (columns.contains("inserted_at")) return "Ecto's";
  return "another tool's";
}

absl::Status Foreign(const std::vector<std::vector<Value>>& shape, absl::string_view what) {
  std::set<std::string> names;
  std::vector<std::string> columns;
  for (size_t i = 1; i < shape.size(); ++i) {
    names.insert(shape[i][0].value_or(""));
    columns.push_back(absl::StrCat(shape[i][0].value_or(""), " ", shape[i][1].value_or("")));
  }
  const bool table = shape[0][0] == "r" || shape[0][0] == "p";
  return absl::FailedPreconditionError(absl::StrCat(
      "`", kLedgerTable, "` exists and ",
      table ? absl::StrCat("looks like ", Owner(names)) : "is not a table", " (",
      absl::StrJoin(columns, ", "), ")", what.empty() ? "" : absl::StrCat(": ", what),
      "; nothing was changed, and Plimsoll will not write into it: rename it if its tool is no "
      "longer used here, or take a database of its own"));
}

// Fails as the server did, with what the user lacks where that is the reason.
absl::Status CannotUse(absl::string_view doing, absl::string_view needed,
                       const absl::Status& status) {
  constexpr char kInsufficientPrivilege[] = "42501";
  SqlError error = SqlErrorOf(Doing(doing, status));
  if (error.sqlstate == kInsufficientPrivilege) absl::StrAppend(&error.message, "; ", needed);
  return SqlStatus(error);
}

std::string StatusText(RowStatus status) {
  switch (status) {
    case RowStatus::kApplied:
      return "applied";
    case RowStatus::kRunning:
      return "running";
    case RowStatus::kFailed:
      return "failed";
  }
  return "";
}

// Rows that somebody else wrote may hold other words: whatever neither runs nor failed is taken to
// be in the database, since running it twice is the worse mistake.
RowStatus StatusOf(const Value& text) {
  if (text == "running") return RowStatus::kRunning;
  if (text == "failed") return RowStatus::kFailed;
  return RowStatus::kApplied;
}

LedgerRow ParseRow(const std::vector<Value>& values) {
  LedgerRow row{.id = values[1].value_or(""),
                .name = values[2].value_or(""),
                .checksum = values[3].value_or(""),
                .applied_at = values[4].value_or(""),
                .status = StatusOf(values[6]),
                .error_message = values[7].value_or(""),
                .done_digest = values[9].value_or("")};
  int64_t milliseconds = 0;
  if (values[5].has_value() && absl::SimpleAtoi(*values[5], &milliseconds)) {
    row.execution_time_ms = milliseconds;
  }
  if (!absl::SimpleAtoi(values[0].value_or(""), &row.version)) row.version = 0;
  if (!absl::SimpleAtoi(values[8].value_or(""), &row.statements_done)) row.statements_done = 0;
  return row;
}

// The applied migration with the highest version; null where none is applied. `states` is sorted.
const MigrationState* HighestApplied(absl::Span<const MigrationState> states) {
  for (size_t i = states.size(); i > 0; --i) {
    if (IsApplied(states[i - 1].state)) return &states[i - 1];
  }
  return nullptr;
}

void MarkOutOfOrder(std::vector<MigrationState>& states) {
  const MigrationState* highest = HighestApplied(states);
  if (highest == nullptr) return;
  for (MigrationState& state : states) {
    // One that is half done has to be ended: to leave it so helps nobody.
    const bool begun = state.row.has_value() && state.row->statements_done > 0;
    state.out_of_order = !IsApplied(state.state) && !begun && state.file.has_value() &&
                         state.version < highest->version;
  }
}

bool SameChecksum(absl::string_view recorded, absl::string_view ours) {
  return recorded == ours || recorded == absl::StripPrefix(ours, "sha256:");
}

}  // namespace

absl::StatusOr<bool> LedgerExists(Connection& connection) {
  const auto rows = connection.Execute(kShape);
  if (!rows.ok()) return Doing("look for the history table", rows.status());
  const std::vector<std::vector<Value>>& shape = rows->values;
  if (shape.empty()) return false;
  if (shape[0][0] != "r" && shape[0][0] != "p") return Foreign(shape, "");
  std::map<std::string, std::string> columns;
  for (size_t i = 1; i < shape.size(); ++i) {
    std::string type = shape[i][1].value_or("");
    if (type == "character varying") type = "text";
    columns[shape[i][0].value_or("")] = type;
  }
  for (const auto& [name, type] : RequiredColumns()) {
    const auto column = columns.find(name);
    if (column == columns.end()) {
      return Foreign(shape, absl::StrCat("it has no column `", name, "`"));
    }
    if (column->second != type) {
      return Foreign(shape, absl::StrCat("its column `", name, "` is not of type ", type));
    }
  }
  if (shape[0][1] != "true") return Foreign(shape, "its column `version` is not unique");
  return true;
}

absl::Status CreateLedger(Connection& connection) {
  const auto created = connection.Execute(kCreate);
  if (created.ok()) return absl::OkStatus();
  return CannotUse(absl::StrCat("create the history table `", kLedgerTable, "`"),
                   "the user needs CREATE on the schema `public`", created.status());
}

absl::StatusOr<std::vector<LedgerRow>> ReadLedger(Connection& connection) {
  const auto exists = LedgerExists(connection);
  if (!exists.ok()) return exists.status();
  std::vector<LedgerRow> ledger;
  if (!*exists) return ledger;
  const auto rows = connection.Execute(kRead);
  if (!rows.ok())
    return CannotUse("read the history table", "the user needs SELECT on it", rows.status());
  for (const std::vector<Value>& values : rows->values) ledger.push_back(ParseRow(values));
  return ledger;
}

absl::StatusOr<bool> WriteLedger(Connection& connection, const LedgerEntry& entry) {
  const MigrationFile& file = entry.migration->file;
  const std::vector<Value> parameters = {
      file.id,
      file.name,
      absl::StrCat(file.version),
      file.checksum,
      StatusText(entry.status),
      entry.execution_time_ms.has_value() ? Value(absl::StrCat(*entry.execution_time_ms))
                                          : std::nullopt,
      entry.error_message.empty() ? std::nullopt : Value(entry.error_message),
      "plimsoll " PLIMSOLL_VERSION,
      file.path,
      absl::StrCat(entry.migration->statement_count()),
      absl::StrCat(entry.statements_done),
      PrefixDigest(*entry.migration, entry.statements_done)};
  const auto rows = connection.ExecuteParams(kWrite, parameters);
  if (!rows.ok()) {
    return CannotUse("write into the history table",
                     "the user needs SELECT, INSERT and UPDATE on it", rows.status());
  }
  return !rows->values.empty();
}

absl::string_view StateName(State state) {
  switch (state) {
    case State::kApplied:
      return "applied";
    case State::kPending:
      return "pending";
    case State::kFailed:
      return "failed";
    case State::kRunning:
      return "running";
    case State::kDrifted:
      return "drifted";
    case State::kMissing:
      return "missing";
  }
  return "";
}

bool IsApplied(State state) {
  return state == State::kApplied || state == State::kDrifted || state == State::kMissing;
}

std::string DescribeDrift(absl::Span<const MigrationState> states, bool allow_missing_files) {
  std::vector<std::string> lines;
  for (const MigrationState& state : states) {
    if (state.state == State::kDrifted) {
      lines.push_back(absl::StrCat("\"", state.file->path,
                                   "\" was changed after it was applied: the database has ",
                                   state.row->checksum, ", the file is ", state.file->checksum,
                                   "; restore it, and make the change in a new migration"));
    }
    if (state.file.has_value() || allow_missing_files) continue;
    const std::string which = absl::StrCat("`", state.id, "` (version ", state.version, ")");
    if (state.state == State::kMissing) {
      lines.push_back(absl::StrCat(which, " is applied, but its file is not here: restore it, or ",
                                   "go on without it with --allow-missing"));
    } else if (state.row->statements_done > 0) {
      lines.push_back(absl::StrCat(which, " stopped after ", state.row->statements_done,
                                   " statements, which are in the database, but its file is not ",
                                   "here: restore it, or undo them by hand and delete version ",
                                   state.version, " from `", kLedgerTable, "`"));
    }
  }
  return absl::StrJoin(lines, "\n");
}

std::string DescribeOutOfOrder(absl::Span<const MigrationState> states) {
  std::vector<std::string> lines;
  for (const MigrationState& state : states) {
    if (!state.out_of_order) continue;
    const MigrationState& highest = *HighestApplied(states);
    lines.push_back(absl::StrCat(
        "\"", state.file->path, "\" is out of order: its version ", state.version,
        " is lower than ", highest.version, ", the highest that is applied (`", highest.id,
        "`); give it a higher version, or apply it all the same with --allow-out-of-order"));
  }
  return absl::StrJoin(lines, "\n");
}

std::vector<MigrationState> Reconcile(absl::Span<const MigrationFile> files,
                                      absl::Span<const LedgerRow> rows) {
  std::map<int64_t, MigrationState> states;
  for (const MigrationFile& file : files) {
    states[file.version] = {.version = file.version, .id = file.id, .file = file};
  }
  for (const LedgerRow& row : rows) {
    MigrationState& state = states[row.version];
    state.version = row.version;
    state.row = row;
    if (!state.file.has_value()) state.id = row.id;
    if (row.status == RowStatus::kFailed) {
      state.state = State::kFailed;
    } else if (row.status == RowStatus::kRunning) {
      state.state = State::kRunning;
    } else if (!state.file.has_value()) {
      state.state = State::kMissing;
    } else {
      state.state =
          SameChecksum(row.checksum, state.file->checksum) ? State::kApplied : State::kDrifted;
    }
  }
  std::vector<MigrationState> sorted;
  sorted.reserve(states.size());
  for (auto& [version, state] : states) sorted.push_back(std::move(state));
  MarkOutOfOrder(sorted);
  return sorted;
}

}  // namespace plimsoll
