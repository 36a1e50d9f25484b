// The sandboxed grammar of PostgreSQL 18 and Debian's libpg_query 15 must see the same statement in
// the same text, wherever both take it. The trees are equal after the differences between the two
// versions that are listed here, and nothing else, are levelled.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "analyzer/syntax/grammar.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

#ifdef PLIMSOLL_HAS_GRAMMAR_PEER
#include "analyzer/syntax/grammar_system.h"
#endif

namespace plimsoll {
namespace {

#ifdef PLIMSOLL_HAS_GRAMMAR_PEER

using Json = nlohmann::json;

// ---- the differences ---------------------------------------------------------------------------

// A field that PostgreSQL 18 has and 15 lacks, with the values it may then have.
struct NewField {
  const char* node;
  const char* field;
  // Any value goes where this is null: positions, which 15 does not record.
  Json only = nullptr;
};

const std::vector<NewField>& NewFields() {
  static const auto& fields = *new std::vector<NewField>{
      // Positions that only later versions keep.
      {"FunctionParameter", "location"},
      {"TransactionStmt", "location"},
      {"DeallocateStmt", "location"},
      {"VariableSetStmt", "location"},
      {"setstmt", "location"},
      // Of SET: whether pg_stat_statements tells its values apart. Nothing to do with the
      // statement.
      {"VariableSetStmt", "jumble_args"},
      {"setstmt", "jumble_args"},
      {"A_Expr", "rexpr_list_start"},
      {"A_Expr", "rexpr_list_end"},
      {"A_ArrayExpr", "list_start"},
      {"A_ArrayExpr", "list_end"},
      // 18 knows NOT ENFORCED, and says of every other CHECK and FOREIGN KEY that it is enforced;
      // NOT NULL constraints can be NOT VALID, and say that they are valid.
      {"Constraint", "is_enforced", true},
      {"Constraint", "initially_valid", true},
      // 18 knows VIRTUAL; what 15 could write is STORED.
      {"Constraint", "generated_kind", "s"},
  };
  return fields;
}

// Takes out of `newer` what 15 cannot say. `node` is the name of the object's type, as far as
// known.
void DropNewFields(const std::string& node, Json& newer, const Json& older) {
  for (const NewField& field : NewFields()) {
    if (node != field.node || !newer.contains(field.field) || older.contains(field.field)) continue;
    if (!field.only.is_null() && newer[field.field] != field.only) continue;
    newer.erase(field.field);
  }
  // libpg_query 15 leaves out negative integers, as if they were missing positions. 18 does not.
  if (newer.contains("ival") && newer["ival"].is_number() && newer["ival"] < 0 &&
      !older.contains("ival")) {
    newer.erase("ival");
  }
  // RETURNING: a list in 15, a clause with names for OLD and NEW in 18.
  if (newer.contains("returningClause") && older.contains("returningList")) {
    EXPECT_EQ(newer["returningClause"].size(), 1);
    newer["returningList"] = newer["returningClause"]["exprs"];
    newer.erase("returningClause");
  }
  // MERGE: 15 knows matched and not matched, 17 and later two ways of not being matched.
  if (node == "MergeWhenClause" && newer.contains("matchKind") && !older.contains("matchKind")) {
    EXPECT_EQ(newer["matchKind"], older.contains("matched") ? "MERGE_WHEN_MATCHED"
                                                            : "MERGE_WHEN_NOT_MATCHED_BY_TARGET");
    newer.erase("matchKind");
    if (older.contains("matched")) newer["matched"] = older["matched"];
  }
  // The grammar of 15 takes `json` for the name of a type like any other; since 16 it is a keyword,
  // and stands for pg_catalog.json.
  const Json pg_catalog = {{"String", {{"sval", "pg_catalog"}}}};
  const Json json = {{"String", {{"sval", "json"}}}};
  if (newer.contains("names") && newer["names"] == Json({pg_catalog, json}) &&
      older.contains("names") && older["names"] == Json(std::vector<Json>{json})) {
    newer["names"] = older["names"];
  }
  // PARTITION BY: 15 keeps the word, 16 and later the meaning.
  if (newer.contains("strategy") && older.contains("strategy") && older["strategy"].is_string()) {
    std::string strategy = older["strategy"];
    for (char& c : strategy) c = absl::ascii_toupper(static_cast<unsigned char>(c));
    if (newer["strategy"] == "PARTITION_STRATEGY_" + strategy)
      newer["strategy"] = older["strategy"];
  }
  // ALTER TABLE … ALTER CONSTRAINT: 18 has a node of its own, which takes more than 15's. What both
  // can say is the constraint's name and whether and when it is deferred.
  if (newer.contains("ATAlterConstraint") && older.contains("Constraint")) {
    Json& ours = newer["ATAlterConstraint"];
    EXPECT_EQ(older["Constraint"]["contype"], "CONSTR_FOREIGN");
    for (const char* field : {"conname", "deferrable", "initdeferred"}) {
      EXPECT_EQ(ours.value(field, Json()), older["Constraint"].value(field, Json())) << field;
    }
    newer = older;
  }
}

// Since 18 a statement begins at its first word; before, at the end of the previous one. It ends at
// the same byte. Statements of one text, and the text, whose blanks and comments lie between.
void LevelLocations(Json& newer, const Json& older) {
  const auto number = [](const Json& stmt, const char* field) { return stmt.value(field, 0); };
  ASSERT_GE(number(newer, "stmt_location"), number(older, "stmt_location"));
  const bool to_the_end = !older.contains("stmt_len");
  ASSERT_EQ(to_the_end, !newer.contains("stmt_len"));
  if (!to_the_end) {
    ASSERT_EQ(number(newer, "stmt_location") + number(newer, "stmt_len"),
              number(older, "stmt_location") + number(older, "stmt_len"));
    newer["stmt_len"] = older["stmt_len"];
  }
  newer.erase("stmt_location");
  if (older.contains("stmt_location")) newer["stmt_location"] = older["stmt_location"];
}

bool IsNodeName(absl::string_view name) {
  return !name.empty() && absl::ascii_isupper(static_cast<unsigned char>(name[0]));
}

// Walks both trees together. A node is an object of one field, the node's type, whose value is the
// node's fields; what is not wrapped so has no type in the tree, and is named after its field.
void Level(const std::string& node, Json& newer, const Json& older) {
  if (newer.is_array() && older.is_array() && newer.size() == older.size()) {
    for (size_t i = 0; i < newer.size(); ++i) Level(node, newer[i], older[i]);
  }
  if (!newer.is_object() || !older.is_object()) return;
  DropNewFields(node, newer, older);
  for (auto& [key, value] : newer.items()) {
    if (!older.contains(key)) continue;
    const bool nested_value = node == "A_Const" && !IsNodeName(key);
    Level(nested_value ? absl::StrCat(node, ".", key) : key, value, older[key]);
  }
}

void ExpectSameTree(absl::string_view text, absl::string_view json, absl::string_view json_of_15) {
  Json newer = Json::parse(json.begin(), json.end(), nullptr, /*allow_exceptions=*/false);
  const Json older =
      Json::parse(json_of_15.begin(), json_of_15.end(), nullptr, /*allow_exceptions=*/false);
  ASSERT_TRUE(newer.is_object());
  ASSERT_TRUE(older.is_object());
  EXPECT_EQ(newer["version"].get<int>() / 10000, 18);
  EXPECT_EQ(older["version"].get<int>() / 10000, 15);
  newer["version"] = older["version"];
  ASSERT_EQ(newer["stmts"].size(), older["stmts"].size()) << text;
  for (size_t i = 0; i < older["stmts"].size(); ++i) {
    LevelLocations(newer["stmts"][i], older["stmts"][i]);
  }
  Level("", newer, older);
  if (newer != older) {
    // A patch from 15's tree to 18's names just what differs.
    ADD_FAILURE() << text.substr(0, 2000) << "\n"
                  << Json::diff(older, newer).dump(1).substr(0, 4000);
  }
}

// Where the tree that `Parse` gives is not what libpg_query writes; empty where it is.
std::string Difference(const Json& written, tree::Node node) {
  if (!node) return "nothing is read";
  if (written.is_object()) {
    if (written.size() != node.Parts().size()) return absl::StrCat(node.Parts().size(), " fields");
    for (const auto& [key, value] : written.items()) {
      const std::string difference = Difference(value, node[tree::Key::Of(key)]);
      if (!difference.empty()) return absl::StrCat(key, ": ", difference);
    }
    if (node.Is(tree::Kind::kTyped))
      return written.contains(std::string(node.Tag())) ? "" : "its type";
    return node.Is(tree::Kind::kFields) ? "" : "no object";
  }
  if (written.is_array()) {
    const tree::NodeList items = node.Items();
    if (written.size() != items.size()) return absl::StrCat(items.size(), " items");
    for (size_t i = 0; i < items.size(); ++i) {
      const std::string difference = Difference(written[i], items[i]);
      if (!difference.empty()) return absl::StrCat(i, ": ", difference);
    }
    return node.Is(tree::Kind::kList) ? "" : "no list";
  }
  const tree::Value& value = node.value();
  const bool same =
      written.is_string()
          ? value.kind == tree::Kind::kText &&
                node.Text() == absl::string_view(written.get_ref<const std::string&>())
      : written.is_boolean() ? value.kind == tree::Kind::kFlag && written == (value.number != 0)
      : written.is_number()  ? value.kind == tree::Kind::kNumber && written == value.number
                             : value.kind == tree::Kind::kNothing;
  return same ? "" : absl::StrCat(written.dump(), " is read as another value");
}

void ExpectReadAsWritten(absl::string_view text) {
  const WrittenTree written = ParseToJson(text);
  const Parsed read = Parse(text);
  ASSERT_EQ(read.ok(), written.ok()) << text;
  if (!read.ok()) return;
  Json json = Json::parse(written.json);
  json.erase("version");
  EXPECT_EQ(Difference(json, read.tree.root()), "") << text.substr(0, 2000);
}

struct Tally {
  int both = 0;
  int neither = 0;
  std::vector<std::string> refused;
};

// 18 takes everything 15 takes, and where it refuses what 15 refuses it does so in the same words
// and at the same place.
void ExpectAgreement(absl::string_view text, Tally& tally) {
  ExpectReadAsWritten(text);
  const WrittenTree ours = ParseToJson(text);
  const WrittenTree theirs = system_grammar::ParseToJson(text);
  if (theirs.ok()) {
    ASSERT_TRUE(ours.ok()) << text << "\n" << ours.error->message;
    ++tally.both;
    ExpectSameTree(text, ours.json, theirs.json);
  } else if (!ours.ok()) {
    ++tally.neither;
    tally.refused.push_back(absl::StrCat(ours.error->message, ": ", text));
    EXPECT_EQ(ours.error->message, theirs.error->message) << text;
    EXPECT_EQ(ours.error->cursor, theirs.error->cursor) << text;
  }
}

// ---- the texts ---------------------------------------------------------------------------------

const char* const kStatements[] = {
    // The differences listed above, each at least once.
    "create function f(a int, b text default 'x') returns int language sql as 'select 1'",
    "drop function f(int, text)",
    "begin; savepoint a; commit; start transaction isolation level serializable; rollback",
    "set lock_timeout = '1s'; set local role x; reset all; set session characteristics as "
    "transaction read only",
    "select a in (1, 2), b = any (array[1, 2, 3]), array[[1], [2]]",
    "create table t (a int check (a > 0), b int references s (a) on delete cascade, "
    "c int not null, d int generated always as (a + 1) stored)",
    "alter table t add constraint c check (a > -1) not valid, validate constraint c",
    "select -1, -77, array_fill(-1, array[2]); create sequence s increment -1; select x::int[]",
    "select '{}'::json; create table j (a json, b json[] not null); alter table j alter a type "
    "json",
    "create table p (a int) partition by range (a); create table q (a int) partition by list (a); "
    "create table r (a int) partition by hash (a)",
    "alter table t alter constraint f deferrable initially deferred",
    "  /* first */ select 1; -- second\n select 2 ;\n\n select 3",
    // What a migration is made of.
    "create table if not exists a.b (id bigint generated by default as identity primary key, "
    "t text collate \"C\" unique, exclude using gist (r with &&) where (t is not null))",
    "create unlogged table t (like s including all) with (fillfactor = 70) tablespace x",
    "create table p1 partition of p for values from (1) to (10); "
    "create table pd partition of p default",
    "alter table p attach partition p1 for values in ('a'); alter table p detach partition p1 "
    "concurrently; alter table p detach partition p1 finalize",
    "alter table if exists only t add column if not exists c varchar(10) default now() not null",
    "alter table t drop column if exists c cascade, drop constraint x restrict; alter table t "
    "rename to u",
    "alter table t rename column a to b; alter table t set schema s; alter table t owner to o",
    "alter table t alter a set not null, alter a drop not null, alter a set default 1, "
    "alter a drop default, alter a set data type numeric(10, 2) using a::numeric, "
    "alter a set statistics 100, alter a set storage external, alter a set compression lz4",
    "alter table t add primary key using index i, replica identity full, cluster on i, "
    "set logged, set (fillfactor = 10), reset (fillfactor), inherit p, no inherit p, "
    "enable row level security, force row level security, disable trigger all",
    "create unique index concurrently if not exists i on only t using btree "
    "(lower(a) text_pattern_ops desc nulls last, b) include (c) nulls not distinct "
    "with (fillfactor = 90) tablespace x where b is not null",
    "drop index concurrently if exists i, j; reindex (verbose) table concurrently t; "
    "alter index i attach partition j",
    "create view v as select 1; create or replace view v (a) as select 1 with check option; "
    "create materialized view m as select 1 with no data; refresh materialized view concurrently m",
    "create type e as enum ('a', 'b'); alter type e add value if not exists 'c' before 'b'; "
    "alter type e rename value 'a' to 'z'; create type c as (a int, b text); "
    "create domain d as int check (value > 0) not null; alter domain d validate constraint c",
    "create extension if not exists pg_trgm with schema x cascade; drop extension x",
    "create schema if not exists r; create schema s authorization o create table t (a int); drop "
    "schema s cascade",
    "create or replace function f() returns trigger language plpgsql security definer "
    "set search_path = '' as $$ begin return new; end $$; "
    "create function g() returns int language sql begin atomic select 1; select 2; end",
    "create procedure p(inout a int) language sql as 'select 1'; call p(1); do $$ begin end $$",
    "create constraint trigger g after insert or update of a on t deferrable initially deferred "
    "for each row when (new.a is not null) execute function f()",
    "create policy p on t as restrictive for select to public using (true) with check (a = 1)",
    "grant select (a), update on table t to x with grant option; revoke all on schema s from y "
    "cascade; alter default privileges in schema s grant select on tables to x",
    "comment on column t.a is 'it''s'; comment on function f(int) is null; security label on "
    "table t is 'x'",
    "create role r login password 'x' valid until 'infinity'; alter role r set x to 'y', 'z'",
    "create sequence s as bigint start 1 minvalue -5 owned by t.a; alter sequence s restart with 3",
    "create rule r as on insert to t where new.a > 0 do instead (select 1; delete from t)",
    "create publication p for table t (a) where (a > 1), tables in schema s; "
    "create subscription s connection 'x' publication p with (enabled = false)",
    "create statistics s (ndistinct, dependencies) on a, b, (a + b) from t",
    "create aggregate a (int) (sfunc = f, stype = int, initcond = '0'); "
    "create operator === (leftarg = int, rightarg = int, function = f); "
    "create cast (int as text) with function f(int) as implicit; "
    "create operator class c default for type int using btree as operator 1 <, function 1 f(int)",
    "create foreign table f (a int options (x 'y')) server s; import foreign schema s from server "
    "x into y; create server s foreign data wrapper w; create user mapping for u server s",
    "create event trigger e on ddl_command_start when tag in ('DROP TABLE') execute function f()",
    "truncate t, only u restart identity cascade; lock table t in access exclusive mode nowait; "
    "vacuum (full, analyze) t (a); analyze t; cluster t using i; checkpoint; discard all",
    "with recursive w (a) as materialized (select 1 union all select a + 1 from w) "
    "search depth first by a set o cycle a set c using p "
    "insert into t (a) overriding system value select a from w on conflict (a) where b "
    "do update set a = excluded.a where t.a <> 1 returning *",
    "update only t as x set (a, b) = (select 1, 2), c = default from u where x.a = u.a",
    "delete from t using u where t.a = u.a and exists (select 1); "
    "merge into t using s on t.a = s.a when matched and s.b then delete when not matched then "
    "insert values (1)",
    "select distinct on (a) a, count(*) filter (where b) over (partition by c order by d desc "
    "rows between unbounded preceding and current row exclude ties) from t tablesample "
    "bernoulli (1) repeatable (2) left join lateral (select 1) x on true cross join u "
    "where a between symmetric 1 and 2 group by grouping sets ((a), rollup (b), cube (c)) "
    "having max(a) > 1 window w as () order by 1 using < limit 1 offset 2 for update of t skip "
    "locked",
    "select case a when 1 then 'x' else null end, coalesce(a, b), nullif(a, b), greatest(1, 2), "
    "a is distinct from b, a not like 'x' escape '!', a similar to 'b', extract(year from c), "
    "overlay('a' placing 'b' from 1), position('a' in 'b'), trim(both 'x' from y), "
    "current_timestamp(3), a at time zone 'utc', (a).b[1:2], row(1, 2), interval '1' year to month",
    "select xmlelement(name a, xmlattributes(b as c)), xmlparse(document d); "
    "select * from xmltable('/a' passing b columns c int path 'd', o for ordinality)",
    "select U&'\\00e9', E'\\u00e9\\n', b'101', x'1f', $$a$$, 1.5e10, 'a'\n'b', 9999999999, \"Ü\"",
    "prepare p as select $1; execute p (1); deallocate p; declare c cursor for select 1; "
    "fetch forward 5 from c; close c; listen x; notify x, 'y'; explain (analyze) select 1",
    "copy t (a) from stdin with (format csv, header); copy (select 1) to program 'x'",
    // What both must refuse alike.
    "selct 1",
    "create table",
    "alter table t add column",
    "select 'é' frm t",
    "create table t (a int,)",
    "select 1 from from t",
    "insert into t values (1",
    "select 'open",
    "grant on t to x",
    "create index on on t (a)",
};

TEST(GrammarAgreement, OnStatements) {
  Tally tally;
  for (const char* text : kStatements) ExpectAgreement(text, tally);
  EXPECT_EQ(tally.neither, 10) << absl::StrJoin(tally.refused, "\n");
  EXPECT_EQ(static_cast<size_t>(tally.both), std::size(kStatements) - 10);
}

TEST(GrammarAgreement, OnEveryFixture) {
  namespace fs = std::filesystem;
  std::set<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator("fixtures")) {
    // The cases of fixtures/effects hold what servers refuse, too many of them in one text.
    if (absl::StrContains(entry.path().string(), "fixtures/effects")) continue;
    if (entry.path().extension() == ".sql") files.insert(entry.path());
  }
  Tally tally;
  for (const fs::path& path : files) {
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    SCOPED_TRACE(path.string());
    ExpectAgreement(text, tally);
    // A file that one line spoils has others. This cuts bodies in two, which is all the better:
    // both must refuse the pieces alike.
    for (const absl::string_view piece : absl::StrSplit(text, absl::ByString(";\n"))) {
      ExpectAgreement(piece, tally);
    }
  }
  EXPECT_GT(tally.both, 100);
}

TEST(GrammarAgreement, EveryMeasuredCaseIsReadAsItIsWritten) {
  size_t texts = 0;
  for (const auto& entry : std::filesystem::directory_iterator("fixtures/effects")) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    SCOPED_TRACE(entry.path().string());
    for (const absl::string_view piece : absl::StrSplit(text, absl::ByString(";\n"))) {
      ExpectReadAsWritten(piece);
      ++texts;
    }
  }
  EXPECT_GT(texts, 9'000u);
}

#else

TEST(GrammarAgreement, NeedsBothGrammars) {
  if (!absl::StrContains(GrammarName(), "sandboxed")) {
    GTEST_SKIP() << "-DPLIMSOLL_GRAMMAR=system leaves nothing to agree with";
  }
  FAIL() << "libpg-query-dev is missing: run `./dev setup`";
}

#endif  // PLIMSOLL_HAS_GRAMMAR_PEER

}  // namespace
}  // namespace plimsoll
