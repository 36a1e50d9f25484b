// ALTER COLUMN TYPE, every type to every other, on real servers and in the simulation: whether it
// fails and how, whether the heap is rewritten, and which indexes keep their files.

#include <cstdint>
#include <iostream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "analyzer/simulation/history.h"
#include "executor/ephemeral.h"
#include "executor/postgres.h"
#include "gtest/gtest.h"
#include "report/effects.h"
#include "tests/support/stage.h"

namespace plimsoll {
namespace {

constexpr absl::string_view kSetup = R"sql(
create extension citext;
create extension btree_gin;
create extension btree_gist;
create type colour as enum ('red', 'green');
create type shade as enum ('red', 'green');
create type pair as (a int, b text);
create type span as range (subtype = float8);
create table other (a int, b text);
create domain plain as text;
create domain checked as text check (value <> '');
create domain required as int not null;
create domain short as varchar(10);
create domain long as varchar(20);
create domain shorter as short;
create domain bits as varbit(16);
create domain money_like as numeric(10,2);
create domain moment as timestamp(3);
create domain words as text[];
create domain colours as colour;
)sql";

std::vector<std::string> Types(int version) {
  std::vector<std::string> types = {"smallint",
                                    "int",
                                    "bigint",
                                    "numeric",
                                    "numeric(10,2)",
                                    "numeric(12,2)",
                                    "numeric(12,4)",
                                    "real",
                                    "double precision",
                                    "money",
                                    "oid",
                                    "regclass",
                                    "boolean",
                                    "text",
                                    "varchar",
                                    "varchar(10)",
                                    "varchar(20)",
                                    "char(10)",
                                    "char(20)",
                                    "bpchar",
                                    "name",
                                    "\"char\"",
                                    "citext",
                                    "bytea",
                                    "bit(8)",
                                    "bit(16)",
                                    "varbit",
                                    "varbit(8)",
                                    "varbit(16)",
                                    "date",
                                    "time",
                                    "time(3)",
                                    "timetz",
                                    "timetz(3)",
                                    "timestamp",
                                    "timestamp(3)",
                                    "timestamptz",
                                    "timestamptz(3)",
                                    "interval",
                                    "interval(3)",
                                    "interval day to second(2)",
                                    "interval year",
                                    "uuid",
                                    "json",
                                    "jsonb",
                                    "xml",
                                    "inet",
                                    "cidr",
                                    "macaddr",
                                    "macaddr8",
                                    "point",
                                    "int4range",
                                    "tstzrange",
                                    "text[]",
                                    "varchar[]",
                                    "varchar(10)[]",
                                    "varchar(20)[]",
                                    "int[]",
                                    "int2vector",
                                    "oidvector",
                                    "tsvector",
                                    "xid",
                                    "colour",
                                    "shade",
                                    "pair",
                                    "span",
                                    "other",
                                    "plain",
                                    "checked",
                                    "required",
                                    "short",
                                    "long",
                                    "shorter",
                                    "bits",
                                    "money_like",
                                    "moment",
                                    "words",
                                    "colours",
                                    "short[]",
                                    "colour[]"};
  if (version >= 14) types.push_back("int4multirange");
  return types;
}

// Types that differ by the session's time zone.
const std::vector<std::string>& TimeTypes() {
  static const auto& types =
      *new std::vector<std::string>{"date",         "time",        "timetz",         "timestamp",
                                    "timestamp(3)", "timestamptz", "timestamptz(3)", "moment"};
  return types;
}

constexpr absl::string_view kMethods[] = {"btree", "hash", "gin", "gist", "brin", "spgist"};

// Runs every change of one type into another and says in a table what came of it: a SQLSTATE,
// `rewrites`, or `builds` with the access methods whose indexes were built again. `plain_I` is a
// table without indexes, `full_I` has one of each access method that takes the type. What rewrites
// by USING has no need of indexes: a change without USING shows the same.
constexpr absl::string_view kMeasure = R"sql(
create table outcome (statement text, what text);
create function make_tables(types text[]) returns void language plpgsql as $$
declare method text;
begin
  for i in 1 .. cardinality(types) loop
    execute format('create table plain_%s (c %s)', i, types[i]);
    execute format('create table full_%s (c %s)', i, types[i]);
    foreach method in array '{btree,hash,gin,gist,brin,spgist}'::text[] loop
      begin
        execute format('create index on full_%s using %s (c)', i, method);
      exception when undefined_object then null;
      end;
    end loop;
  end loop;
end $$;
create function files(target text) returns text[] language sql as $$
  select array_agg(a.amname || ' ' || i.relfilenode order by a.amname)
  from pg_index x join pg_class i on i.oid = x.indexrelid join pg_am a on a.oid = i.relam
  where x.indrelid = target::regclass $$;
create function measure(target text, change text) returns text language plpgsql as $$
declare
  heap oid := relfilenode from pg_class where oid = target::regclass;
  old_files text[] := files(target);
  statement constant text := format('ALTER TABLE %s ALTER COLUMN c TYPE %s', target, change);
  what text;
begin
  begin
    execute statement;
    if heap <> (select relfilenode from pg_class where oid = target::regclass) then
      what := 'rewrites';
    else
      select 'builds ' || coalesce(string_agg(split_part(f, ' ', 1), ' ' order by f), '') into what
      from unnest(files(target)) f where f <> all (old_files);
    end if;
    raise exception using errcode = 'P9999', message = what;
  exception when others then
    what := case when sqlstate = 'P9999' then sqlerrm else sqlstate end;
  end;
  insert into outcome values (statement, what);
  return what;
end $$;
create function measure_all(types text[]) returns void language plpgsql as $$
declare change text; what text;
begin
  for i in 1 .. cardinality(types) loop
    for j in 1 .. cardinality(types) loop
      what := measure('plain_' || i, types[j]);
      if what ~ '^[br]' then perform measure('full_' || i, types[j]); end if;
      change := format('%s USING c::%s', types[j], types[j]);
      what := measure('plain_' || i, change);
      if what ~ '^b' then perform measure('full_' || i, change); end if;
    end loop;
  end loop;
end $$;
)sql";

using Outcomes = std::map<std::string, std::string>;  // by statement, as `measure` puts them

std::string Array(const std::vector<std::string>& types) {
  return absl::StrCat("array['", absl::StrJoin(types, "','"), "']");
}

Outcomes MeasureAll(const EphemeralServer& server, const std::vector<std::string>& types) {
  const absl::StatusOr<std::unique_ptr<Connection>> connection =
      ConnectPostgres({.url = server.url()});
  Outcomes outcomes;
  EXPECT_TRUE(connection.ok()) << connection.status();
  if (!connection.ok()) return outcomes;
  for (const std::string& sql : {std::string(kSetup), std::string(kMeasure),
                                 absl::StrCat("select make_tables(", Array(types), ")"),
                                 absl::StrCat("select measure_all(", Array(types), ")")}) {
    const absl::StatusOr<Rows> done = (*connection)->Execute(sql);
    EXPECT_TRUE(done.ok()) << done.status();
  }
  const absl::StatusOr<Rows> rows = (*connection)->Execute("select statement, what from outcome");
  EXPECT_TRUE(rows.ok()) << rows.status();
  if (!rows.ok()) return outcomes;
  for (const std::vector<Value>& row : rows->values) outcomes[*row[0]] = *row[1];
  return outcomes;
}

std::shared_ptr<const Script> Parse(const std::string& name, const std::string& text) {
  return std::make_shared<const Script>(ParseScript(std::make_shared<const Source>(name, text)));
}

// The tables that make_tables makes; which indexes there are is told by the server, as it is no
// part of what is compared.
std::string Tables(const std::vector<std::string>& types,
                   const std::set<std::pair<size_t, std::string>>& methods) {
  std::string sql(kSetup);
  for (size_t i = 0; i < types.size(); ++i) {
    absl::StrAppend(&sql, "create table plain_", i + 1, " (c ", types[i], ");\n");
    absl::StrAppend(&sql, "create table full_", i + 1, " (c ", types[i], ");\n");
  }
  for (const auto& [table, method] : methods) {
    absl::StrAppend(&sql, "create index full_", table, "_", method, " on full_", table, " using ",
                    method, " (c);\n");
  }
  return sql;
}

// In the words of `measure`.
std::string Words(const report::StatementEffects& effects) {
  if (effects.failure) return effects.failure->sqlstate;
  if (!effects.rewrites.empty()) return "rewrites";
  std::set<std::string> methods;
  for (const std::string& index : effects.index_builds) {
    methods.insert(index.substr(index.rfind('_') + 1));
  }
  return absl::StrCat("builds ", absl::StrJoin(methods, " "));
}

Outcomes PredictAll(const std::string& tables, const Outcomes& measured, int version,
                    const std::string& zone) {
  std::string text = absl::StrCat("set timezone = '", zone, "';\n");
  for (const auto& [statement, what] : measured) {
    absl::StrAppend(&text, "begin;\n", statement, ";\nrollback;\n");
  }
  const History history = Simulate({.migrations = {{.script = Parse("tables.sql", tables)},
                                                   {.script = Parse("changes.sql", text)}},
                                    .server_version = version});
  Outcomes outcomes;
  uint32_t index = 2;
  for (const auto& [statement, what] : measured) {
    outcomes[statement] = Words(report::SumEffects(history, 1, index));
    index += 3;
  }
  return outcomes;
}

std::set<std::pair<size_t, std::string>> IndexesOf(const EphemeralServer& server) {
  std::set<std::pair<size_t, std::string>> indexes;
  const auto connection = ConnectPostgres({.url = server.url()});
  const absl::StatusOr<Rows> rows =
      (*connection)
          ->Execute(
              "select substr(c.relname, 6), a.amname from pg_index x join pg_class c on c.oid = "
              "x.indrelid "
              "join pg_class i on i.oid = x.indexrelid join pg_am a on a.oid = i.relam "
              "where c.relname ~ '^full_'");
  EXPECT_TRUE(rows.ok()) << rows.status();
  if (!rows.ok()) return indexes;
  for (const std::vector<Value>& row : rows->values) {
    indexes.emplace(std::stoul(*row[0]), *row[1]);
  }
  return indexes;
}

void CompareAll(int version, const std::string& zone, const std::vector<std::string>& types) {
  const absl::StatusOr<EphemeralServer> server = EphemeralServer::Start(
      {.version = version,
       // Whoever drops a relation looks through all shared buffers.
       .settings = {
           {"timezone", zone}, {"autovacuum", "off"}, {"jit", "off"}, {"shared_buffers", "16MB"}}});
  ASSERT_TRUE(server.ok()) << server.status() << "\nrun `./dev setup`";
  const Outcomes measured = MeasureAll(*server, types);
  ASSERT_GE(measured.size(), types.size() * types.size() * 2);
  const Outcomes predicted = PredictAll(Tables(types, IndexesOf(*server)), measured, version, zone);
  size_t differ = 0;
  for (const auto& [statement, what] : measured) {
    const std::string& prediction = predicted.at(statement);
    if (prediction == what) continue;
    const size_t number = std::stoul(statement.substr(statement.find('_') + 1));
    ++differ;
    ADD_FAILURE() << types[number - 1] << ": " << statement << ": predicted `" << prediction
                  << "`, measured `" << what << "`";
  }
  std::cout << measured.size() - differ << " of " << measured.size() << " agree\n";
}

class TypeMatrixTest : public testing::TestWithParam<int> {};

TEST_P(TypeMatrixTest, EveryTypeToEveryOther) { CompareAll(GetParam(), "UTC", Types(GetParam())); }

TEST_P(TypeMatrixTest, TimesOutsideUtc) { CompareAll(GetParam(), "Europe/London", TimeTypes()); }

INSTANTIATE_TEST_SUITE_P(Servers, TypeMatrixTest, testing::ValuesIn(replay::Servers()),
                         replay::ServerName);

}  // namespace
}  // namespace plimsoll
