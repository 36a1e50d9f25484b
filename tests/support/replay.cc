#include "tests/support/replay.h"

#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "executor/postgres.h"
#include "tests/support/source_tree.h"

namespace plimsoll::replay {
namespace {

constexpr absl::string_view kDropSchemas = R"sql(
do $$
declare place name; feed name;
begin
  for feed in select subname from pg_subscription loop
    execute format('alter subscription %I disable', feed);
    execute format('alter subscription %I set (slot_name = none)', feed);
    execute format('drop subscription %I', feed);
  end loop;
  for place in select nspname from pg_namespace
               where nspname !~ '^pg_' and nspname <> 'information_schema' loop
    execute format('drop schema %I cascade', place);
  end loop;
  create schema public;
end $$)sql";

// Whether something is left that stands in no schema.
constexpr absl::string_view kLeft = R"sql(
select 1 where exists (select from pg_publication) or exists (select from pg_event_trigger)
  or exists (select from pg_foreign_data_wrapper) or exists (select from pg_default_acl)
  or exists (select from pg_extension where extname <> 'plpgsql')
  or exists (select from pg_cast where oid >= 16384)
  or exists (select from pg_am where oid >= 16384)
  or exists (select from pg_language where oid >= 16384 and lanname <> 'plpgsql')
  or exists (select from pg_db_role_setting) or exists (select from pg_largeobject_metadata))sql";

constexpr absl::string_view kDropRoles = R"sql(
do $$
declare role name;
begin
  for role in select rolname from pg_roles where oid >= 16384 loop
    execute format('drop role %I', role);
  end loop;
end $$)sql";

absl::Status Run(Connection& connection, absl::string_view sql) {
  return connection.Execute(sql).status();
}

// Ends what is open, as the simulation does where a transaction ends without a word of the file.
absl::Status Finish(Connection& session) {
  const TransactionState state = session.transaction_state();
  if (state == TransactionState::kOpen) return Run(session, "commit");
  if (state == TransactionState::kFailed) return Run(session, "rollback");
  return absl::OkStatus();
}

// Runs one statement in the transaction in which the simulation saw it; `open` is the one before.
absl::Status RunStatement(const History& history, absl::Span<const Step> steps,
                          const Statement& statement, std::optional<uint32_t>& open,
                          Connection& session) {
  const Step& first = steps.front();
  if (open && *open != first.transaction) {
    if (const absl::Status status = Finish(session); !status.ok()) return status;
  }
  const bool starts = history.TransactionOf(first).block &&
                      session.transaction_state() == TransactionState::kIdle &&
                      first.As<action::Begin>() == nullptr;
  if (starts) {
    if (const absl::Status status = Run(session, "begin"); !status.ok()) return status;
  }
  open = first.transaction;
  const Source& source = history.SourceOf(first);
  if (!statement.copy_data.empty()) {
    return session.CopyIn(source.Text(statement.span), source.Text(statement.copy_data)).status();
  }
  return Run(session, source.Text(statement.span));
}

// Runs one file. Where a statement is refused, `replayed` says so.
absl::Status RunFile(const History& history, uint32_t migration, Connection& session,
                     Replayed& replayed) {
  std::optional<uint32_t> open;
  const std::vector<Statement>& statements = history.migrations()[migration].script->statements;
  for (uint32_t i = 0; i < statements.size(); ++i) {
    const absl::Span<const Step> steps = history.StepsOf(migration, i);
    if (steps.empty()) continue;  // psql's, a down section, or not SQL
    const absl::Status status = RunStatement(history, steps, statements[i], open, session);
    if (status.ok()) {
      replayed.moment = steps.back().index + 1;
      continue;
    }
    if (!session.alive()) return status;
    replayed.moment = history.TransactionOf(steps.front()).first_step;
    replayed.refused = absl::StrCat(history.SourceOf(steps.front()).Text(statements[i].span), ": ",
                                    status.message());
    break;
  }
  return Finish(session);
}

}  // namespace

absl::StatusOr<Stage> Stage::Start(int server_version) {
  absl::StatusOr<EphemeralServer> server =
      EphemeralServer::Start({.version = server_version, .settings = {{"autovacuum", "off"}}});
  if (!server.ok()) return server.status();
  Stage stage(*std::move(server));
  if (const absl::Status status = stage.MakeDatabase(); !status.ok()) return status;
  return stage;
}

absl::Status Stage::MakeDatabase() {
  session_.reset();
  absl::StatusOr<std::unique_ptr<Connection>> admin = ConnectPostgres({.url = server_.url()});
  if (!admin.ok()) return admin.status();
  for (const absl::string_view sql : {absl::string_view("drop database if exists stage"),
                                      kDropRoles, absl::string_view("create database stage")}) {
    if (const absl::Status status = Run(**admin, sql); !status.ok()) return status;
  }
  absl::StatusOr<std::unique_ptr<Connection>> session =
      ConnectPostgres({.url = server_.url("stage")});
  if (!session.ok()) return session.status();
  session_ = *std::move(session);
  return absl::OkStatus();
}

absl::Status Stage::Clear() {
  const bool cleared = session_ != nullptr && Run(*session_, "discard all").ok() &&
                       Run(*session_, kDropSchemas).ok();
  if (!cleared) return MakeDatabase();
  const absl::StatusOr<Rows> left = session_->Execute(kLeft);
  const bool empty = left.ok() && left->values.empty() && Run(*session_, kDropRoles).ok();
  return empty ? absl::OkStatus() : MakeDatabase();
}

absl::StatusOr<Replayed> Replay(Stage& stage, const History& history) {
  if (const absl::Status status = stage.Clear(); !status.ok()) return status;
  Replayed replayed;
  for (uint32_t i = 0; i < history.migrations().size() && replayed.refused.empty(); ++i) {
    if (history.migrations()[i].down) continue;
    if (const absl::Status status = Run(stage.session(), "discard all"); !status.ok()) {
      return status;
    }
    if (const absl::Status status = RunFile(history, i, stage.session(), replayed); !status.ok()) {
      return status;
    }
  }
  return replayed;
}

absl::StatusOr<std::string> ReadCatalog(Connection& session) {
  const Script script = ParseScript(std::make_shared<const Source>(
      "catalog.sql", testing_support::ReadTreeFile("executor/catalog.sql")));
  std::string catalog;
  for (const Statement& statement : script.statements) {
    const absl::StatusOr<Rows> rows = session.Execute(script.source->Text(statement.span));
    if (!rows.ok()) return rows.status();
    for (const std::vector<Value>& row : rows->values)
      absl::StrAppend(&catalog, row[0].value_or(""));
  }
  return catalog;
}

}  // namespace plimsoll::replay
