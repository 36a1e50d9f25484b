#include "tests/support/replay.h"

#include <optional>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "executor/postgres.h"
#include "tests/support/picture.h"
#include "tests/support/source_tree.h"

namespace plimsoll::replay {
namespace {

// What a history has left, as statements that remove it, one a row, in an order in which they can
// run. NULL stands for what only a new database is rid of. The schema `public` stays while it is as
// it was made: a change of pg_namespace makes the server plan all it has prepared anew.
constexpr absl::string_view kLeft = R"sql(
with fresh as (
  select oid from pg_namespace
  where nspname = 'public' and nspowner = 10 and nspacl is null and not exists (
    select from pg_description where classoid = 'pg_namespace'::regclass and objoid = oid)
)
select format('drop event trigger %I', evtname) from pg_event_trigger
union all
select format('alter subscription %1$I disable; alter subscription %1$I set (slot_name = none); '
              'drop subscription %1$I', subname) from pg_subscription
union all
select format('drop extension if exists %I cascade', extname) from pg_extension
where extname <> 'plpgsql'
union all
select format('drop publication %I', pubname) from pg_publication
union all
select format('drop foreign data wrapper if exists %I cascade', fdwname)
from pg_foreign_data_wrapper
union all
select format('drop cast if exists (%s as %s)', castsource::regtype, casttarget::regtype)
from pg_cast c where oid >= 16384 and not exists (
  select from pg_depend where classid = 'pg_cast'::regclass and objid = c.oid and deptype = 'i')
union all
select format('select lo_unlink(%s)', oid) from pg_largeobject_metadata
union all
select format('alter role %s %s reset all',
              case setrole when 0 then 'all' else quote_ident(rolname) end,
              'in database ' || quote_ident(datname))
from pg_db_role_setting left join pg_roles r on r.oid = setrole
     left join pg_database d on d.oid = setdatabase
union all
-- The cascade of a table takes its own sequences along, that of a type its own functions.
select format('drop %s if exists %s cascade',
              case when o.type in ('function', 'procedure', 'aggregate') then 'routine'
                   else replace(o.type, ' object', '') end, o.identity)
from fresh join pg_depend d on refclassid = 'pg_namespace'::regclass and refobjid = fresh.oid,
     pg_identify_object(d.classid, d.objid, 0) o
where d.deptype = 'n' and o.type <> 'extension' and not exists (
  select from pg_depend owner
  where owner.classid = d.classid and owner.objid = d.objid and owner.objsubid = 0
    and owner.deptype in ('e', 'i'))
union all
select format('drop schema if exists %I cascade', nspname) from pg_namespace
where nspname !~ '^pg_' and nspname <> 'information_schema' and oid not in (select oid from fresh)
union all
select 'create schema public' where not exists (select from fresh)
union all
select format('drop access method if exists %I cascade', amname) from pg_am where oid >= 16384
union all
select format('drop language if exists %I cascade', lanname) from pg_language
where oid >= 16384 and lanname <> 'plpgsql'
union all
select format('drop owned by %1$I cascade; drop role %1$I', rolname) from pg_roles
where oid >= 16384
union all
select null where exists (select from pg_default_acl where defaclrole = 10)
  or exists (select from pg_database
             where datname not in ('postgres', 'stage', 'template0', 'template1')))sql";

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
      EphemeralServer::Start({.version = server_version,
                              .settings = {{"autovacuum", "off"},
                                           {"jit", "off"},
                                           // Whoever drops a relation looks through all of them.
                                           {"shared_buffers", "16MB"}}});
  if (!server.ok()) return server.status();
  Stage stage(*std::move(server));
  if (const absl::Status status = stage.MakeDatabase(); !status.ok()) return status;
  return stage;
}

absl::Status Stage::MakeDatabase() {
  session_.reset();
  observer_.reset();
  prepared_.clear();
  absl::StatusOr<std::unique_ptr<Connection>> admin = ConnectPostgres({.url = server_.url()});
  if (!admin.ok()) return admin.status();
  absl::StatusOr<Rows> databases = (*admin)->Execute(
      "select format('drop database %I', datname) from pg_database "
      "where datname not in ('postgres', 'template0', 'template1')");
  if (!databases.ok()) return databases.status();
  for (const std::vector<Value>& row : databases->values) {
    if (const absl::Status status = Run(**admin, *row[0]); !status.ok()) return status;
  }
  for (const absl::string_view sql : {kDropRoles, absl::string_view("create database stage")}) {
    if (const absl::Status status = Run(**admin, sql); !status.ok()) return status;
  }
  for (std::unique_ptr<Connection>* connection : {&session_, &observer_}) {
    absl::StatusOr<std::unique_ptr<Connection>> made =
        ConnectPostgres({.url = server_.url("stage")});
    if (!made.ok()) return made.status();
    *connection = *std::move(made);
  }
  return absl::OkStatus();
}

absl::StatusOr<Rows> Stage::Look(absl::string_view name, absl::string_view query) {
  if (!prepared_.contains(std::string(name))) {
    const absl::Status status = Run(*observer_, absl::StrCat("prepare ", name, " as ", query));
    if (!status.ok()) return status;
    prepared_.insert(std::string(name));
  }
  return observer_->Execute(absl::StrCat("execute ", name));
}

absl::StatusOr<Rows> Stage::Picture() { return Look("picture", picture::Query()); }

absl::Status Stage::Clear() {
  const bool reset =
      session_ != nullptr && Finish(*session_).ok() && Run(*session_, "discard all").ok();
  if (!reset) return MakeDatabase();
  // What is dropped may reveal more; what stays after that goes with the database.
  for (const bool again : {false, true}) {
    const absl::StatusOr<Rows> left = Look("left_over", kLeft);
    if (!left.ok()) return MakeDatabase();
    if (left->values.empty()) return absl::OkStatus();
    std::string drops;
    for (const std::vector<Value>& row : left->values) {
      if (again || !row[0]) return MakeDatabase();
      absl::StrAppend(&drops, *row[0], ";\n");
    }
    if (!Run(*session_, drops).ok()) return MakeDatabase();
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Stage::Catalog() {
  const Script script = ParseScript(std::make_shared<const Source>(
      "catalog.sql", testing_support::ReadTreeFile("executor/catalog.sql")));
  std::string catalog;
  for (uint32_t i = 0; i < script.statements.size(); ++i) {
    const absl::string_view sql = script.source->Text(script.statements[i].span);
    const bool asks = absl::StartsWith(sql, "with") || absl::StartsWith(sql, "select");
    const absl::StatusOr<Rows> rows =
        asks ? Look(absl::StrCat("catalog_", i), sql) : observer_->Execute(sql);
    if (!rows.ok()) return rows.status();
    for (const std::vector<Value>& row : rows->values) {
      absl::StrAppend(&catalog, row[0].value_or(""));
    }
  }
  return catalog;
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

}  // namespace plimsoll::replay
