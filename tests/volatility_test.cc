// Which expressions PostgreSQL takes for immutable, stable or volatile, asked of real servers: an
// index and a generated column refuse what is not immutable, and a new column's default makes the
// table be copied where it is volatile.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "analyzer/simulation/builtins.h"
#include "analyzer/simulation/history.h"
#include "gtest/gtest.h"
#include "report/effects.h"
#include "tests/support/stage.h"

namespace plimsoll {
namespace {

constexpr absl::string_view kSetup = R"sql(
create type colour as enum ('red', 'green');
create domain short as varchar(10);
create sequence s;
create function steady() returns int language sql as 'select 1';
create function declared() returns int language sql stable as 'select 1';
create function loud() returns int language plpgsql as 'begin return 1; end';
create function quiet() returns int language plpgsql immutable as 'begin return 1; end';
create table t (i int, b bigint, n numeric, f float8, x text, v varchar(10), c char(5), d date,
  ts timestamp, tz timestamptz, iv interval, j jsonb, js json, u uuid, e colour, sh short,
  a text[], ia int[], r int4range, bo boolean, ti time, tt timetz, by bytea, ip inet);
insert into t (i) values (1);
)sql";

// Over the columns of `t`.
constexpr const char* kIndexed[] = {
    "lower(x)",
    "upper(v)",
    "lower(c)",
    "lower(sh)",
    "x || v",
    "x || i",
    "i || x",
    "x || d",
    "x || tz",
    "x || e",
    "a || x",
    "i + 1",
    "i + b",
    "n * 2",
    "-i",
    "i::text",
    "n::text",
    "f::text",
    "d::text",
    "ts::text",
    "tz::text",
    "iv::text",
    "u::text",
    "e::text",
    "j::text",
    "js::text",
    "a::text",
    "r::text",
    "bo::text",
    "x::int",
    "x::numeric",
    "x::date",
    "x::timestamp",
    "x::timestamptz",
    "x::interval",
    "x::uuid",
    "x::jsonb",
    "x::json",
    "x::colour",
    "x::regclass",
    "x::text[]",
    "x::bytea",
    "x::inet",
    "x::varchar(3)",
    "v::text",
    "i::bigint",
    "i::boolean",
    "tz::date",
    "ts::date",
    "d::timestamp",
    "d::timestamptz",
    "tz::timestamp",
    "ts::timestamptz",
    "tz::time",
    "ts::time",
    "ti::timetz",
    "tt::time",
    "date(tz)",
    "date(ts)",
    "date_trunc('day', ts)",
    "date_trunc('day', tz)",
    "date_trunc('day', tz, 'UTC')",
    "date_trunc('day', iv)",
    "date_trunc('day', d)",
    "extract(year from ts)",
    "extract(year from tz)",
    "extract(year from d)",
    "extract(epoch from tz)",
    "date_part('year', tz)",
    "date_part('year', ts)",
    "to_char(ts, 'YYYY')",
    "to_char(n, '999')",
    "to_char(tz, 'YYYY')",
    "to_date(x, 'YYYY')",
    "to_timestamp(f)",
    "to_timestamp(x, 'YYYY')",
    "to_number(x, '99')",
    "tz at time zone 'UTC'",
    "ts at time zone 'UTC'",
    "timezone('UTC', tz)",
    "ts + iv",
    "tz + iv",
    "tz - iv",
    "d + iv",
    "d + 1",
    "d - d",
    "ts - ts",
    "tz - tz",
    "now() - tz",
    "age(ts)",
    "age(ts, ts)",
    "age(tz, tz)",
    "tz > '2020-01-01'",
    "tz > ts",
    "tz > d",
    "ts > d",
    "d > '2020-01-01'::date",
    "i = any (ia)",
    "i in (1, 2)",
    "x like 'a%'",
    "x ~ 'a'",
    "x ilike 'a'",
    "x between 'a' and 'b'",
    "j ->> 'a'",
    "j #>> '{a,b}'",
    "(j ->> 'a')::int",
    "(j ->> 'a')::timestamptz",
    "js ->> 'a'",
    "j @> '{}'",
    "j ? 'a'",
    "to_jsonb(x)",
    "to_json(tz)",
    "jsonb_build_object('a', i)",
    "to_tsvector(x)",
    "to_tsvector('english', x)",
    "to_tsvector('english'::regconfig, x)",
    "to_tsvector('english', j)",
    "coalesce(x, v)",
    "coalesce(tz, now())",
    "case when i > 0 then x end",
    "nullif(x, '')",
    "greatest(i, b)",
    "md5(x)",
    "length(x)",
    "concat(x, v)",
    "concat_ws(',', x, v)",
    "format('%s', x)",
    "array_to_string(a, ',')",
    "array_length(a, 1)",
    "array[x, v]",
    "a[1]",
    "substring(x from 1 for 2)",
    "left(x, 2)",
    "trim(x)",
    "replace(x, 'a', 'b')",
    "regexp_replace(x, 'a', 'b')",
    "encode(by, 'hex')",
    "round(n)",
    "abs(i)",
    "random()",
    "clock_timestamp()",
    "current_date",
    "current_timestamp",
    "current_user",
    "'now'::timestamp",
    "'now'::text::timestamp",
    "'s'::regclass::oid",
    "lower(r)",
    "i is null",
    "bo is true",
    "not bo",
    "x collate \"C\"",
    "make_date(i, 1, 1)",
    "steady()",
    "declared()",
    "loud()",
    "quiet()",
    "hashtext(x)",
    "row_to_json(row(i))",
    "int4range(i, i)",
    "host(ip)",
    "x::short",
    "v = x",
    "c = x",
    "e > 'red'",
    "a @> array['x']",
    "a && a",
    "unaccent(x)",
    "u = x::uuid",
    "ti + iv",
    "iv * 2",
    "justify_days(iv)",
    "power(f, 2)",
    "pg_size_pretty(b)",
    "quote_literal(x)",
    "string_to_array(x, ',')",
    "ascii(x)",
    "x::\"char\"",
};

constexpr const char* kDefaults[] = {
    "now()",
    "current_timestamp",
    "clock_timestamp()",
    "now() + interval '1 day'",
    "timezone('utc', now())",
    "(now() at time zone 'utc')",
    "random()",
    "(random() * 10)::int",
    "gen_random_uuid()",
    "nextval('s')",
    "nextval('s'::regclass)",
    "'s'::regclass",
    "'now'::timestamp",
    "('a' || 'b')",
    "clock_timestamp()::date",
    "md5(random()::text)",
    "current_user",
    "txid_current()",
    "steady()",
    "declared()",
    "loud()",
    "quiet()",
    "coalesce(null, 1)",
    "timeofday()",
    "statement_timestamp()",
    "transaction_timestamp()",
    "pg_backend_pid()",
    "version()",
    "array[1, 2]",
    "'{}'::jsonb",
    "jsonb_build_object('a', now())",
    "case when random() > 2 then 1 else 2 end",
    "to_char(now(), 'YYYY')",
    "date_trunc('day', now())",
    "extract(epoch from now())",
    "extract(epoch from clock_timestamp())",
    "currval('s')",
    "set_config('a.b', 'c', true)",
    "current_setting('TimeZone')",
    "pg_sleep(0)::text",
    "upper('a')",
    "gen_random_uuid()::text",
    "replace(gen_random_uuid()::text, '-', '')",

    "setval('s', 5)",
};

std::string Quoted(absl::string_view text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "''"}}), "'");
}

// What `sql` does: its SQLSTATE, `rewrites` or nothing; undone afterwards.
constexpr absl::string_view kTry = R"sql(
create function try(sql text) returns text language plpgsql as $$
declare
  heap oid := relfilenode from pg_class where oid = 't'::regclass;
  what text;
begin
  perform nextval('s');
  begin
    execute sql;
    what := case when heap = (select relfilenode from pg_class where oid = 't'::regclass)
                 then '' else 'rewrites' end;
    raise exception using errcode = 'P9999', message = coalesce(nullif(what, ''), 'nothing');
  exception when others then
    what := case when sqlstate = 'P9999' then sqlerrm else sqlstate end;
  end;
  return what;
end $$;
)sql";

std::shared_ptr<const Script> Parse(const std::string& name, const std::string& text) {
  return std::make_shared<const Script>(ParseScript(std::make_shared<const Source>(name, text)));
}

// In the words of `try`.
std::string Predict(const std::string& statement, int version) {
  const History history =
      Simulate({.migrations = {{.script = Parse("setup.sql", std::string(kSetup))},
                               {.script = Parse("statement.sql", statement)}},
                .server_version = version});
  const report::StatementEffects effects = report::SumEffects(history, 1, 0);
  if (effects.failure) return effects.failure->sqlstate;
  return effects.rewrites.empty() ? "nothing" : "rewrites";
}

class VolatilityTest : public replay::StageTest {
 protected:
  void SetUp() override {
    StageTest::SetUp();
    ASSERT_FALSE(HasFatalFailure());
    ASSERT_TRUE(stage_->session().Execute(absl::StrCat(kSetup, kTry)).ok());
  }

  std::vector<std::vector<Value>> Ask(const std::string& sql) {
    const absl::StatusOr<Rows> rows = stage_->session().Execute(sql);
    EXPECT_TRUE(rows.ok()) << rows.status() << " of " << sql;
    return rows.ok() ? rows->values : std::vector<std::vector<Value>>();
  }

  void Compare(const std::string& statement) {
    const auto rows = Ask(absl::StrCat("select try(", Quoted(statement), ")"));
    ASSERT_EQ(rows.size(), 1U);
    const std::string measured = *rows[0][0];
    // What is wrong with it otherwise is no part of this.
    if (measured != "nothing" && measured != "rewrites" && measured != "42P17") return;
    EXPECT_EQ(Predict(statement, GetParam()), measured) << statement;
    ++compared_;
  }

  int compared_ = 0;
};

TEST_P(VolatilityTest, OfIndexes) {
  for (const char* expression : kIndexed) {
    Compare(absl::StrCat("CREATE INDEX ON t ((", expression, "))"));
  }
  EXPECT_GE(compared_, 150);
}

TEST_P(VolatilityTest, OfDefaults) {
  for (const char* expression : kDefaults) {
    Compare(absl::StrCat("ALTER TABLE t ADD COLUMN z text DEFAULT ", expression));
  }
  EXPECT_GE(compared_, 35);
}

// The tables say of every function and operator what the server says.
TEST_P(VolatilityTest, TablesAgree) {
  size_t functions = 0;
  for (const std::vector<Value>& row :
       Ask("select p.proname, p.provolatile, pg_get_function_identity_arguments(p.oid), p.pronargs "
           "from pg_proc p where p.pronamespace = 'pg_catalog'::regnamespace and p.oid < 16384 "
           "and not 'internal'::regtype = any (p.proargtypes::oid[]) and p.proname !~ "
           "'^(bt(?!rim)|hash(?!text)|gin(?!_clean)|gist|brin(?!_summ|_desumm)|spg|in_range|"
           "array_typanalyze|ts_typanalyze|binary_upgrade)' "
           "and p.prorettype not in ('internal'::regtype, 'trigger'::regtype, "
           "'event_trigger'::regtype) and not exists (select from pg_type t where p.oid in "
           "(t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin, t.typmodout, "
           "t.typanalyze))")) {
    bool found = false;
    for (const BuiltinFunction& function : FindBuiltinFunctions(*row[0], GetParam())) {
      found = found || (IsIn(function, GetParam()) && function.volatility == (*row[1])[0] &&
                        function.Takes(static_cast<uint32_t>(std::stoul(*row[3]))));
    }
    EXPECT_TRUE(found) << *row[0] << "(" << *row[2] << ")";
    ++functions;
  }
  EXPECT_GE(functions, 500U);
  for (const std::vector<Value>& row :
       Ask("select o.oprname, p.provolatile, count(*) from pg_operator o join pg_proc p on "
           "p.oid = o.oprcode where o.oid < 16384 group by 1, 2")) {
    size_t count = 0;
    for (const BuiltinOperator& op : FindBuiltinOperators(*row[0])) {
      count += IsIn(op, GetParam()) && op.volatility == (*row[1])[0] ? 1U : 0U;
    }
    EXPECT_EQ(std::to_string(count), *row[2]) << *row[0];
  }
}

INSTANTIATE_TEST_SUITE_P(Servers, VolatilityTest, testing::ValuesIn(replay::Servers()),
                         replay::ServerName);

}  // namespace
}  // namespace plimsoll
