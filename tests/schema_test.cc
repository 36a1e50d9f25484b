// What files with a start are read as, and what is said of those that cannot be read.

#include "workspace/schema.h"

#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace plimsoll {
namespace {

std::string Catalog(const std::string& statements) {
  return absl::StrCat(
      "{\"plimsoll_catalog\": 1, \"server_version\": 16, \"search_path\": [\"app\", \"public\"], "
      "\"producer\": \"a test\", \"statements\": [",
      statements, "]}");
}

const char* const kTables = R"json({"sql": "create schema app"},
  {"sql": "create table app.t (a int, b int) -- the end"},
  {"sql": "create table public.\"Two; -- ${x}\" (a int)"},
  {"sql": "create index t_a on app.t (a)", "usable": false},
  {"sql": "create index t_b on app.t (b)", "note": "keys that nobody knows are left alone"})json";

std::string ErrorOf(const std::string& text) {
  const absl::StatusOr<Schema> schema = ParseSchema("c.json", text);
  return schema.ok() ? "" : std::string(schema.status().message());
}

TEST(SchemaTest, ReadsACatalog) {
  const absl::StatusOr<Schema> schema = ParseSchema("c.json", Catalog(kTables));
  ASSERT_TRUE(schema.ok()) << schema.status();
  EXPECT_EQ(schema->server_version, 16);
  EXPECT_EQ(schema->search_path, (std::vector<std::string>{"app", "public"}));
  Inputs inputs = {.migrations = {schema->migration},
                   .start = Start::kEmpty,
                   .server_version = 16,
                   .search_path = schema->search_path};
  const auto change = std::make_shared<const Source>(
      "m.sql",
      "ALTER TABLE t ALTER COLUMN a SET NOT NULL; SET search_path = public; RESET search_path;"
      "DROP TABLE t;");
  inputs.migrations.push_back({.script = std::make_shared<const Script>(ParseScript(change))});
  const History history = Simulate(std::move(inputs));
  const CatalogView before = history.Before(*history.StepsOf(1, 0).data());
  const Relation* table = before.Find({.schema = "app", .name = "t"}, {});
  ASSERT_NE(table, nullptr);
  EXPECT_TRUE(table->maybe_has_rows);
  EXPECT_NE(before.Find({.schema = "public", .name = "Two; -- ${x}"}, {}), nullptr);
  const Relation* broken = before.Find({.schema = "app", .name = "t_a"}, {});
  const Relation* sound = before.Find({.schema = "app", .name = "t_b"}, {});
  ASSERT_TRUE(broken != nullptr && sound != nullptr);
  EXPECT_FALSE(broken->valid);
  EXPECT_TRUE(sound->valid);
  // `t` is looked for where the database's search_path says, and after RESET too.
  for (const uint32_t statement : {0U, 3U}) {
    const Step& step = history.StepsOf(1, statement)[0];
    EXPECT_FALSE(step.effects.failure.has_value());
    ASSERT_FALSE(step.effects.locks.empty());
    EXPECT_EQ(step.effects.locks[0].relation.name, "app.t");
    EXPECT_FALSE(step.effects.locks[0].relation.created_here);
  }
}

// What a catalog's statement does not make here may be there all the same.
TEST(SchemaTest, TakesToBeThereWhatItCouldNotMake) {
  const auto failure = [](const std::string& statements) {
    const absl::StatusOr<Schema> schema = ParseSchema("c.json", Catalog(statements));
    Inputs inputs = {.migrations = {schema->migration}, .start = Start::kEmpty};
    const auto change = std::make_shared<const Source>("m.sql", "DROP TABLE gone;");
    inputs.migrations.push_back({.script = std::make_shared<const Script>(ParseScript(change))});
    const History history = Simulate(std::move(inputs));
    return history.StepsOf(1, 0)[0].effects.failure.has_value();
  };
  EXPECT_TRUE(failure(R"json({"sql": "create table t (a int)"})json"));
  EXPECT_FALSE(failure(R"json({"sql": "create table gone (a missing_type)"})json"));
}

TEST(SchemaTest, TellsADumpByItsContent) {
  const absl::StatusOr<Schema> schema = ParseSchema("c.json", "\n-- dump\nCREATE TABLE t (a int);");
  ASSERT_TRUE(schema.ok()) << schema.status();
  EXPECT_FALSE(schema->server_version.has_value());
  EXPECT_EQ(schema->migration.script->statements.size(), 1U);
  EXPECT_TRUE(absl::StartsWith(ErrorOf("\n  CREATE TABEL t ();"), "c.json:2:10: not readable"));
}

TEST(SchemaTest, SaysWhereACatalogIsBroken) {
  const std::string remedy = "; read the server's catalog again (docs/formats.md)";
  EXPECT_EQ(ErrorOf("{\n  \"plimsoll_catalog\" 1}"),
            "c.json:2:22: not readable as a catalog: here it is no JSON" + remedy);
  EXPECT_EQ(ErrorOf("{}"),
            "c.json: /plimsoll_catalog: it does not say that it is a catalog" + remedy);
  EXPECT_EQ(
      ErrorOf("{\"plimsoll_catalog\": 2}"),
      "c.json: /plimsoll_catalog: format 2 is newer than this plimsoll; get a newer one, or read "
      "the catalog with the catalog.sql of this one");
  EXPECT_EQ(ErrorOf("{\"plimsoll_catalog\": 1}"),
            "c.json: /server_version: there is no major version of PostgreSQL" + remedy);
  EXPECT_EQ(ErrorOf("{\"plimsoll_catalog\": 1, \"server_version\": 11}"),
            "c.json: /server_version: 11 is none that Plimsoll knows: 12 to 19");
  EXPECT_EQ(ErrorOf("{\"plimsoll_catalog\": 1, \"server_version\": 18, \"search_path\": [1]}"),
            "c.json: /search_path: there is no list of schemas" + remedy);
  EXPECT_EQ(ErrorOf("{\"plimsoll_catalog\":1,\"server_version\":18,\"search_path\":[]}"),
            "c.json: /statements: there is no list of statements" + remedy);
  EXPECT_EQ(ErrorOf(Catalog("{\"sql\": \"select 1\"}, 7")),
            "c.json: /statements/1/sql: there is no SQL" + remedy);
  EXPECT_EQ(ErrorOf(Catalog("{\"sql\": \"select 1\", \"usable\": 0}")),
            "c.json: /statements/0/usable: it is no boolean" + remedy);
}

TEST(SchemaTest, WantsOneStatementInEachPlace) {
  const auto place = [](const std::string& second) {
    const std::string error = ErrorOf(Catalog(absl::StrCat(
        "{\"sql\": \"select 1\"}, {\"sql\": \"", second, "\"}, {\"sql\": \"select 3\"}")));
    return error.substr(0, error.find(';'));
  };
  EXPECT_EQ(place("select 2"), "");
  EXPECT_EQ(place("select 2 -- two"), "");
  EXPECT_EQ(place("create function f() returns int begin atomic select 1; select 2; end"), "");
  EXPECT_EQ(place("select 2; select 3"), "c.json: /statements/1/sql: it is not one statement");
  EXPECT_EQ(place(""), "c.json: /statements/1/sql: it is not one statement");
  EXPECT_EQ(place("\\\\connect other"), "c.json: /statements/1/sql: it is not one statement");
  EXPECT_TRUE(absl::StartsWith(place("selekt 2"), "c.json: /statements/1/sql: syntax error"));
  EXPECT_TRUE(absl::StartsWith(place("/* open"), "c.json: /statements/1/sql: "));
}

// Whatever the bytes are, they are read or refused with words.
TEST(SchemaTest, TakesAnyBytes) {
  const std::string catalog = Catalog(kTables);
  for (size_t end = 0; end < catalog.size(); ++end) {
    EXPECT_TRUE(end < 1 || !ErrorOf(catalog.substr(0, end)).empty()) << end;
  }
  std::mt19937 chance(7);
  for (int i = 0; i < 3000; ++i) {
    std::string text = catalog;
    for (int j = 0; j < 1 + i % 4; ++j) {
      text[chance() % text.size()] = "{}[]\":,\\0-e\x80\xff\n;'"[chance() % 16];
    }
    const absl::StatusOr<Schema> schema = ParseSchema("c.json", text);
    if (!schema.ok()) {
      EXPECT_FALSE(schema.status().message().empty());
      continue;
    }
    Simulate({.migrations = {schema->migration},
              .start = Start::kEmpty,
              .search_path = schema->search_path});
  }
  const std::string deep = std::string(200'000, '[');
  EXPECT_NE(ErrorOf("{\"statements\":" + deep), "");
  EXPECT_NE(ErrorOf("{\"statements\":" + deep + std::string(200'000, ']') + "}"), "");
}

}  // namespace
}  // namespace plimsoll
