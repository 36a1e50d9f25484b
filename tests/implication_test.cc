// What the simulation proves of a table's rows, against what servers of this run prove: each check
// with each bound, for partitions to be attached, for default partitions, and for SET NOT NULL.
// The oracle is PostgreSQL's own word for it, which it says at client_min_messages = debug1.

#include "analyzer/simulation/implication.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "analyzer/simulation/history.h"
#include "executor/ephemeral.h"
#include "executor/postgres.h"
#include "gtest/gtest.h"

namespace plimsoll {
namespace {

// Tables of one shape; every check meets every bound.
struct Group {
  std::string name;
  std::string columns;
  std::string partition_by;
  std::vector<std::string> bounds;
  std::vector<std::string> checks;
};

const std::vector<std::string>& IntegerChecks() {
  static const auto* checks = new std::vector<std::string>{
      "a >= 1 AND a < 10",
      "a IS NOT NULL AND a >= 1 AND a < 10",
      "a >= 1 AND a < 10 AND a IS NOT NULL AND b > 3",
      "a BETWEEN 1 AND 9",
      "a BETWEEN 1 AND 9 AND a IS NOT NULL",
      "a BETWEEN SYMMETRIC 9 AND 1 AND a IS NOT NULL",
      "a NOT BETWEEN 1 AND 9",
      "a NOT BETWEEN 0 AND 20 AND a IS NOT NULL",
      "a IN (3, 4)",
      "a IN (3, 4) AND a IS NOT NULL",
      "a IN (5)",
      "a IN (5) AND NOT a IS NULL",
      "a NOT IN (3, 4)",
      "a NOT IN (3, 4, 5, 6)",
      "a = ANY (ARRAY[3, 4]) AND a IS NOT NULL",
      "a = ANY ('{3,4}') AND a IS NOT NULL",
      "a = ANY ('{3,4}'::int[])",
      "a <> ALL (ARRAY[3, 4])",
      "a = 5",
      "a = 5 AND a IS NOT NULL",
      "5 = a AND a IS NOT NULL",
      "0 < a AND 10 > a AND a IS NOT NULL",
      "5 <= a AND 6 > a AND a IS NOT NULL",
      "NOT (a < 1 OR a >= 10) AND a IS NOT NULL",
      "NOT (a < 1 OR a >= 10 OR a IS NULL)",
      "a IS NOT NULL AND (a = 3 OR a = 4)",
      "(a IS NOT NULL AND a = 3) OR (a IS NOT NULL AND a = 4)",
      "(a = 3 OR a IS NULL) AND (a = 4 OR a IS NULL)",
      "a = 3 OR a = 4 OR a IS NULL",
      "a IS NULL OR a IN (3, 4)",
      "a IS NULL",
      "a IS NOT NULL",
      "NOT (a IS NULL)",
      "a IS DISTINCT FROM NULL",
      "a IS NOT DISTINCT FROM NULL",
      "a IS DISTINCT FROM 5",
      "a IS NOT DISTINCT FROM 5",
      "a IS NULL OR a > 100",
      "a IS NULL OR a >= 10",
      "a IS NOT NULL OR b > 0",
      "a < 1 OR a >= 10",
      "a < 0 OR a > 20",
      "a > 20",
      "a >= 10",
      "a > 9",
      "a < 1",
      "a < 0",
      "a <= 0",
      "a <= 4",
      "a <> 5",
      "a <> 5 AND a <> 6",
      "a <> 5 AND a <> 3 AND a <> 4 AND a IS NOT NULL",
      "a != 3",
      "a >= -5 AND a < 0 AND a IS NOT NULL",
      "a >= 1 AND a < 10 AND a IS NOT NULL OR a = 5 AND a IS NOT NULL",
      "(a >= 1 AND a < 5 OR a >= 5 AND a < 10) AND a IS NOT NULL",
      "a >= 1.0 AND a < 10.0 AND a IS NOT NULL",
      "a >= 1.5 AND a < 9.5 AND a IS NOT NULL",
      "a::bigint >= 1 AND a::bigint < 10 AND a IS NOT NULL",
      "a::int >= 1 AND a::int4 < 10 AND a IS NOT NULL",
      "a >= 1::bigint AND a < 10::bigint AND a IS NOT NULL",
      "a >= 1::smallint AND a < '10'::int AND a IS NOT NULL",
      "a >= '1' AND a < '10' AND a IS NOT NULL",
      "a >= 1::numeric AND a < 10::numeric AND a IS NOT NULL",
      "a >= 1 AND a < 3000000000 AND a IS NOT NULL",
      "coalesce(a, 5) >= 1 AND coalesce(a, 5) < 10",
      "abs(a) < 5 AND a IS NOT NULL",
      "a + 0 >= 1 AND a + 0 < 10 AND a IS NOT NULL",
      "a >= b",
      "a = b AND b = 5 AND a IS NOT NULL",
      "b >= 1 AND b < 10 AND b IS NOT NULL",
      "a = NULL",
      "a IS NOT NULL AND NULL",
      "a IS NOT NULL AND true AND a = 5",
      "a >= 1 AND a < 10 AND a IS NOT NULL AND 1 < 2",
      "a IN (3, NULL) AND a IS NOT NULL",
      "(a, b) >= (1, 1) AND a IS NOT NULL",
      "(a IS NOT NULL AND b IS NULL) OR (a IS NOT NULL AND b > 1)",
      "CASE WHEN a IS NULL THEN false ELSE true END",
      "a >= 1 + 0 AND a < 5 + 5 AND a IS NOT NULL",
  };
  return *checks;
}

const std::vector<std::string>& TextChecks() {
  static const auto* checks = new std::vector<std::string>{
      "s >= 'a' AND s < 'm'",
      "s >= 'a' AND s < 'm' AND s IS NOT NULL",
      "s IS NOT NULL AND 'a' <= s AND 'm' > s",
      "s::text >= 'a'::text AND s::text < 'm'::text AND s IS NOT NULL",
      "s::varchar >= 'a' AND s < 'm' AND s IS NOT NULL",
      "s >= 'b' AND s < 'c' AND s IS NOT NULL",
      "s = 'a' AND s IS NOT NULL",
      "s = 'a'",
      "s = 'A' AND s IS NOT NULL",
      "s IN ('a', 'b') AND s IS NOT NULL",
      "s IN ('a', 'b', 'c') AND s IS NOT NULL",
      "s = ANY (ARRAY['a', 'b']) AND s IS NOT NULL",
      "s::text = ANY (ARRAY['a'::varchar, 'b'::varchar]::text[]) AND s IS NOT NULL",
      "s NOT IN ('a', 'b')",
      "s <> 'a'",
      "s <> 'a' AND s <> 'b'",
      "s < 'a' OR s >= 'm'",
      "s IS NULL OR s = 'a'",
      "s LIKE 'a%' AND s IS NOT NULL",
      "s NOT LIKE 'a%'",
      "length(s) > 3",
      "lower(s) = 'a' AND s IS NOT NULL",
      "s COLLATE \"C\" >= 'a' AND s COLLATE \"C\" < 'm' AND s IS NOT NULL",
      "s IS NOT NULL",
      "s IS NULL",
  };
  return *checks;
}

std::vector<Group> TimeGroups() {
  std::vector<Group> groups;
  for (const std::string type : {"date", "timestamp", "timestamptz"}) {
    groups.push_back(
        {.name = type,
         .columns = absl::StrCat("a ", type, ", b int"),
         .partition_by = "RANGE (a)",
         .bounds = {"FROM ('2024-01-01') TO ('2024-02-01')", "FROM (MINVALUE) TO ('2024-01-15')",
                    "FROM ('2024-01-01'::date) TO ('2024-02-01'::date)",
                    "FROM ('2023-12-31') TO (MAXVALUE)"},
         .checks = {
             "a >= '2024-01-01' AND a < '2024-02-01' AND a IS NOT NULL",
             "a >= '2024-01-01' AND a < '2024-02-01'",
             "a BETWEEN '2024-01-01' AND '2024-01-31' AND a IS NOT NULL",
             absl::StrCat("a >= '2024-01-05'::", type, " AND a < '2024-01-07'::", type,
                          " AND a IS NOT NULL"),
             "a >= date '2024-01-01' AND a < date '2024-02-01' AND a IS NOT NULL",
             "a >= timestamp '2024-01-01' AND a < timestamp '2024-02-01' AND a IS NOT NULL",
             "a >= timestamptz '2024-01-01' AND a < timestamptz '2024-02-01' AND a IS NOT NULL",
             "a >= '2024-1-1' AND a < '2024-1-20 12:30:00' AND a IS NOT NULL",
             "a >= '2024-01-01 00:00:00+00' AND a < '2024-02-01 00:00:00+00' AND a IS NOT NULL",
             "a >= '2024-01-10 00:00:00+00' AND a < '2024-01-12 00:00:00Z' AND a IS NOT NULL",
             "a < '2024-01-01'",
             "a < '2023-01-01' OR a >= '2025-01-01'",
             "a >= '2024-02-01'",
             "a < 'infinity' AND a IS NOT NULL",
             "a >= '2025-01-01' AND a < 'infinity'",
             "a = '2024-01-05' AND a IS NOT NULL",
             "a IN ('2024-01-05', '2024-01-06') AND a IS NOT NULL",
             "a >= now()",
             "extract(year from a) = 2024 AND a IS NOT NULL",
             "a >= date '2024-01-01' + 1 AND a < '2024-02-01' AND a IS NOT NULL",
             "a IS NOT NULL",
         }});
  }
  return groups;
}

std::vector<Group> Groups() {
  const std::vector<std::string> ranges = {"FROM (1) TO (10)", "FROM (MINVALUE) TO (10)",
                                           "FROM (0) TO (MAXVALUE)", "FROM (5) TO (6)",
                                           "FROM (MINVALUE) TO (MAXVALUE)"};
  const std::vector<std::string> lists = {"IN (5)",    "IN (3, 4)",       "IN (NULL)",
                                          "IN (5, 6)", "IN (3, 4, NULL)", "IN (5, NULL)"};
  const std::vector<std::string> text_lists = {"IN ('a')", "IN ('a', 'b')", "IN ('a', NULL)"};
  const std::vector<std::string> text_ranges = {"FROM ('a') TO ('m')", "FROM (MINVALUE) TO ('m')",
                                                "FROM ('a') TO (MAXVALUE)"};
  const std::vector<std::string> bool_checks = {
      "b",
      "NOT b",
      "b = true AND b IS NOT NULL",
      "b AND b IS NOT NULL",
      "b <> true AND b IS NOT NULL",
      "b = false",
      "NOT b AND b IS NOT NULL",
      "b IS TRUE",
      "b IS NOT FALSE",
      "b IS NULL OR b",
      "b IS NULL OR NOT b",
      "b IN (true, false) AND b IS NOT NULL",
      "b IS NOT NULL",
      "b = 't' AND b IS NOT NULL",
  };
  const std::vector<std::string> pair_checks = {
      "a = 1 AND b >= 2 AND b < 5 AND a IS NOT NULL AND b IS NOT NULL",
      "a >= 1 AND a < 3 AND a IS NOT NULL AND b IS NOT NULL",
      "a > 1 AND a < 3 AND a IS NOT NULL AND b IS NOT NULL",
      "a = 2 AND a IS NOT NULL AND b IS NOT NULL",
      "a = 2 AND b = 7 AND a IS NOT NULL AND b IS NOT NULL",
      "(a > 1 OR a = 1 AND b >= 2) AND (a < 3 OR a = 3 AND b < 5) AND a IS NOT NULL AND b IS NOT "
      "NULL",
      "a = 1 AND a IS NOT NULL AND b IS NOT NULL",
      "a IS NOT NULL AND b IS NOT NULL",
      "a > 3",
      "a < 1",
      "a > 3 OR a < 1",
      "a = 1 AND b < 2",
      "a <> 1",
  };
  std::vector<Group> groups = {
      {"int_range", "a int, b int", "RANGE (a)", ranges, IntegerChecks()},
      {"int_list", "a int, b int", "LIST (a)", lists, IntegerChecks()},
      {"int_not_null_range", "a int NOT NULL, b int", "RANGE (a)", ranges, IntegerChecks()},
      {"int_not_null_list", "a int NOT NULL, b int", "LIST (a)", lists, IntegerChecks()},
      {"int_hash",
       "a int, b int",
       "HASH (a)",
       {"WITH (MODULUS 4, REMAINDER 1)"},
       {"a = 5 AND a IS NOT NULL", "a IS NOT NULL"}},
      {"bigint_range", "a bigint, b int", "RANGE (a)", ranges, IntegerChecks()},
      {"numeric_range",
       "a numeric(10, 2), b int",
       "RANGE (a)",
       {"FROM (1) TO (10)", "FROM (0.5) TO (9.5)", "FROM ('1.005') TO (10)"},
       {"a >= 1 AND a < 10 AND a IS NOT NULL", "a >= 1.00 AND a < 9.50 AND a IS NOT NULL",
        "a >= 1.005 AND a < 5 AND a IS NOT NULL", "a > 0.9 AND a < 9 AND a IS NOT NULL",
        "a >= 1::int AND a < 10::bigint AND a IS NOT NULL", "a < 0", "a >= 10", "a > 100.25",
        "a >= 1e0 AND a < 9 AND a IS NOT NULL", "a >= 1::float8 AND a < 9 AND a IS NOT NULL"}},
      {"float_range",
       "a float8, b int",
       "RANGE (a)",
       {"FROM (1) TO (10)", "FROM (0.5) TO (9.5)"},
       {"a >= 1 AND a < 10 AND a IS NOT NULL", "a >= 1.0 AND a < 9.5 AND a IS NOT NULL", "a > 20.5",
        "a < 0.1"}},
      {"text_range", "s text, b int", "RANGE (s)", text_ranges, TextChecks()},
      {"text_list", "s text, b int", "LIST (s)", text_lists, TextChecks()},
      {"varchar_range", "s varchar(10), b int", "RANGE (s)", text_ranges, TextChecks()},
      {"varchar_list", "s varchar(10), b int", "LIST (s)", text_lists, TextChecks()},
      {"text_c_range", "s text COLLATE \"C\", b int", "RANGE (s)", text_ranges, TextChecks()},
      {"char_list", "s char(4), b int", "LIST (s)", text_lists, TextChecks()},
      {"bool_list",
       "b boolean, a int",
       "LIST (b)",
       {"IN (true)", "IN (false)", "IN ('t')", "IN (NULL, true)", "IN (true, false)", "IN (NULL)"},
       bool_checks},
      {"expression_range",
       "s text, b int",
       "RANGE (lower(s))",
       text_ranges,
       {"lower(s) >= 'a' AND lower(s) < 'm' AND lower(s) IS NOT NULL",
        "lower(s) >= 'a' AND lower(s) < 'm'", "s >= 'a' AND s < 'm' AND s IS NOT NULL",
        "lower(s) IS NOT NULL AND lower(s) = 'a'", "upper(s) < 'A'", "lower(s) < 'a'",
        "lower(s) >= 'm'"}},
      {"collated_range",
       "s text, b int",
       "RANGE (s COLLATE \"C\")",
       text_ranges,
       {"s >= 'a' AND s < 'm' AND s IS NOT NULL",
        "s COLLATE \"C\" >= 'a' AND s COLLATE \"C\" < 'm' AND s IS NOT NULL"}},
      {"pair_range",
       "a int, b int",
       "RANGE (a, b)",
       {"FROM (1, 2) TO (3, 5)", "FROM (1, 2) TO (1, 5)", "FROM (1, MINVALUE) TO (3, MAXVALUE)",
        "FROM (1, MAXVALUE) TO (3, MINVALUE)", "FROM (MINVALUE, MINVALUE) TO (3, 5)",
        "FROM (1, 2) TO (MAXVALUE, MAXVALUE)"},
       pair_checks},
      {"triple_range",
       "a int, b int, c int",
       "RANGE (a, b, c)",
       {"FROM (1, 2, 3) TO (1, 5, 6)", "FROM (1, 2, 3) TO (4, 5, 6)",
        "FROM (1, 2, MINVALUE) TO (1, 2, 6)", "FROM (1, MINVALUE, MINVALUE) TO (2, 3, MAXVALUE)"},
       {"a = 1 AND b = 3 AND a IS NOT NULL AND b IS NOT NULL AND c IS NOT NULL",
        "a = 1 AND b = 2 AND c = 4 AND a IS NOT NULL AND b IS NOT NULL AND c IS NOT NULL",
        "a > 1 AND a < 4 AND a IS NOT NULL AND b IS NOT NULL AND c IS NOT NULL",
        "a = 4 AND b < 5 AND a IS NOT NULL AND b IS NOT NULL AND c IS NOT NULL", "a > 4",
        "a = 1 AND b > 5"}},
  };
  for (Group& group : TimeGroups()) groups.push_back(std::move(group));
  return groups;
}

// ---- the two sides ---------------------------------------------------------------------------

// p is partitioned, c is to be attached; q is partitioned likewise and has the default partition d.
// The checks of the last group stand on c and d.
std::string TablesFor(const Group& group, const std::string& check) {
  const bool hash = absl::StartsWith(group.partition_by, "HASH");
  return absl::StrCat("CREATE TABLE p (", group.columns, ") PARTITION BY ", group.partition_by,
                      ";\nCREATE TABLE c (", group.columns, ", CONSTRAINT k CHECK (", check,
                      "));\nCREATE TABLE q (", group.columns, ") PARTITION BY ", group.partition_by,
                      ";\n",
                      hash ? ""
                           : absl::StrCat("CREATE TABLE d PARTITION OF q (CONSTRAINT k CHECK (",
                                          check, ")) DEFAULT;\n"));
}

History Replay(const std::string& text) {
  Inputs inputs;
  inputs.migrations.push_back({.script = std::make_shared<const Script>(
                                   ParseScript(std::make_shared<const Source>("test.sql", text)))});
  return Simulate(std::move(inputs));
}

Proof ProofOf(const std::vector<BoundScan>& scans) {
  if (scans.empty()) return Proof::kYes;
  return scans[0].possible ? Proof::kUnknown : Proof::kNo;
}

struct Tally {
  int proven = 0;
  int scanned = 0;
  int unknown = 0;
  int wrong = 0;
  std::string complaints;

  void Add(Proof predicted, bool implied, const std::string& what) {
    ++(predicted == Proof::kYes ? proven : predicted == Proof::kNo ? scanned : unknown);
    if (predicted == Proof::kUnknown) {
      absl::StrAppend(&complaints, "  unknown: ", what, implied ? " (implied)" : " (scans)", "\n");
    } else if ((predicted == Proof::kYes) != implied) {
      ++wrong;
      absl::StrAppend(&complaints, "WRONG: ", what, implied ? " is implied" : " scans", "\n");
    }
  }
};

class Server {
 public:
  static std::unique_ptr<Server> Start(int version) {
    auto server = std::make_unique<Server>();
    absl::StatusOr<EphemeralServer> started = EphemeralServer::Start(
        {.version = version,
         .settings = {{"autovacuum", "off"}, {"fsync", "off"}, {"timezone", "Europe/London"}}});
    EXPECT_TRUE(started.ok()) << started.status();
    if (!started.ok()) return nullptr;
    server->server_.emplace(*std::move(started));
    absl::StatusOr<std::unique_ptr<Connection>> connection = ConnectPostgres(
        {.url = server->server_->url(), .notices = [said = &server->said_](absl::string_view text) {
           absl::StrAppend(said, text, "\n");
         }});
    if (!connection.ok()) return nullptr;
    server->connection_ = *std::move(connection);
    return server;
  }

  void Run(const std::string& sql) {
    const absl::StatusOr<Rows> rows = connection_->Execute(sql);
    EXPECT_TRUE(rows.ok()) << sql << ": " << rows.status();
  }
  size_t Number(const std::string& sql) {
    const absl::StatusOr<Rows> rows = connection_->Execute(sql);
    EXPECT_TRUE(rows.ok()) << rows.status();
    return rows.ok() ? std::stoul(*rows->values[0][0]) : 0;
  }
  // Whether the server says, of a statement that is then rolled back, that it need not look.
  bool Proves(const std::string& sql) {
    Run("SAVEPOINT s");
    Run("SET LOCAL client_min_messages = debug1");
    said_.clear();
    Run(sql);
    const bool proves = absl::StrContains(said_, "is implied by existing constraints") ||
                        absl::StrContains(said_, "are sufficient to prove that it does not");
    Run("ROLLBACK TO SAVEPOINT s");
    return proves;
  }

 private:
  std::optional<EphemeralServer> server_;
  std::unique_ptr<Connection> connection_;
  std::string said_;
};

class ImplicationTest : public testing::TestWithParam<int> {
 protected:
  static void Check(Server& server, const Group& group, const std::string& check, Tally& tally) {
    const std::string setup = TablesFor(group, check);
    std::string parts;
    for (const std::string& bound : group.bounds) {
      absl::StrAppend(&parts, "CREATE TABLE n PARTITION OF p FOR VALUES ", bound, ";\n");
    }
    const History history = Replay(setup);
    const History bounds = Replay(parts);
    ASSERT_EQ(bounds.steps().size(), group.bounds.size()) << parts;
    const CatalogView view = history.After(history.steps().back());
    const std::vector<std::string> path = {"public"};
    const Relation* parent = view.Find(Name{.name = "p"}, path);
    const Relation* child = view.Find(Name{.name = "c"}, path);
    const Relation* beside = view.Find(Name{.name = "q"}, path);
    ASSERT_TRUE(parent != nullptr && child != nullptr && beside != nullptr) << setup;

    server.Run("BEGIN");
    server.Run(setup);
    for (size_t i = 0; i < group.bounds.size(); ++i) {
      const auto* create = bounds.steps()[i].As<action::CreateTable>();
      ASSERT_TRUE(create != nullptr && create->bound != nullptr);
      const std::string what =
          absl::StrCat(group.name, ": CHECK (", check, ") FOR VALUES ", group.bounds[i]);
      tally.Add(ProofOf(ScansOfAttached(*parent, *child, *create->bound, view)),
                server.Proves(
                    absl::StrCat("ALTER TABLE p ATTACH PARTITION c FOR VALUES ", group.bounds[i])),
                absl::StrCat(what, " [attach]"));
      if (DefaultPartitionOf(*beside, view) == nullptr) continue;
      tally.Add(
          ProofOf(ScansOfDefault(*beside, *create->bound, false, view)),
          server.Proves(absl::StrCat("CREATE TABLE n PARTITION OF q FOR VALUES ", group.bounds[i])),
          absl::StrCat(what, " [default]"));
    }
    for (const TableColumn& column : child->columns) {
      if (column.not_null) continue;
      tally.Add(KnownRows(*child).ProveNotNull(column.name),
                server.Proves(absl::StrCat("ALTER TABLE c ALTER ", column.name, " SET NOT NULL")),
                absl::StrCat(group.name, ": CHECK (", check, ") ", column.name, " SET NOT NULL"));
    }
    server.Run("ROLLBACK");
  }
};

// A scan that is missed lets a migration through that stops a service; one that is only feared
// costs a finding. Neither may happen, and what is left open must stay rare.
TEST_P(ImplicationTest, ProvesWhatTheServerProves) {
  const std::unique_ptr<Server> server = Server::Start(GetParam());
  ASSERT_NE(server, nullptr) << "no server; run `./dev setup`";
  Tally tally;
  for (const Group& group : Groups()) {
    for (const std::string& check : group.checks) Check(*server, group, check, tally);
  }
  EXPECT_EQ(tally.wrong, 0) << tally.complaints;
  const int all = tally.proven + tally.scanned + tally.unknown;
  RecordProperty("proven", tally.proven);
  RecordProperty("scanned", tally.scanned);
  RecordProperty("unknown", tally.unknown);
  EXPECT_GT(tally.proven, 300);
  EXPECT_GT(tally.scanned, 1000);
  EXPECT_LT(tally.unknown * 16, all) << tally.unknown << " of " << all << "\n" << tally.complaints;
}

// Conditions of an index on a partition and of one on its parent: is the partition's taken over?
TEST_P(ImplicationTest, TakesOverTheIndexesThatTheServerTakesOver) {
  const std::unique_ptr<Server> server = Server::Start(GetParam());
  ASSERT_NE(server, nullptr) << "no server; run `./dev setup`";
  const std::string tables =
      "CREATE TABLE p (a int, b bool, s text, v varchar(9), n numeric, d date) PARTITION BY LIST "
      "(a);\nCREATE TABLE c PARTITION OF p FOR VALUES IN (1);\n";
  const std::vector<std::pair<std::string, std::string>> pairs = {
      {"(a) WHERE s = 'x'", "(a) WHERE (s)::text = 'x'::text"},
      {"(a) WHERE v = 'x'", "(a) WHERE (v)::text = 'x'::text"},
      {"(a) WHERE v = 'x'", "(a) WHERE v = 'y'"},
      {"(a) WHERE a > 5", "(a) WHERE a > 5"},
      {"(a) WHERE a > 5", "(a) WHERE a > 6"},
      {"(a) WHERE a > 5", "(a) WHERE 5 < a"},
      {"(a) WHERE a > 5", "(a) WHERE a > 5::bigint"},
      {"(a) WHERE a > 5", "(a)"},
      {"(a)", "(a) WHERE a > 5"},
      {"(a) WHERE a IN (1, 2)", "(a) WHERE a IN (1, 2)"},
      {"(a) WHERE a IN (1, 2)", "(a) WHERE a IN (2, 1)"},
      {"(a) WHERE b AND a = 1", "(a) WHERE a = 1 AND b"},
      {"(a) WHERE NOT (a = 1)", "(a) WHERE a <> 1"},
      {"(a) WHERE b", "(a) WHERE b = true"},
      {"(a) WHERE b", "(a) WHERE NOT b"},
      {"(a) WHERE n > 5", "(a) WHERE n > 5"},
      {"(a) WHERE a IS NOT NULL", "(a) WHERE a IS DISTINCT FROM NULL"},
      {"(a) WHERE d > '2024-01-01'", "(a) WHERE d > date '2024-01-01'"},
      {"(lower(s))", "(lower(s))"},
      {"(lower(s))", "(upper(s))"},
      {"(lower(s))", "(s)"},
      {"((a + 1))", "((a+1))"},
      {"((s || 'x'))", "((s || 'x'::text))"},
  };
  for (const auto& [part, whole] : pairs) {
    const std::string first = absl::StrCat(tables, "CREATE INDEX c_i ON c ", part, ";\n");
    const std::string second = absl::StrCat("CREATE INDEX p_i ON p ", whole, ";\n");
    const History history = Replay(first + second);
    const CatalogView view = history.After(history.steps().back());
    const Relation* child = view.Find(Name{.name = "c"}, std::vector<std::string>{"public"});
    ASSERT_NE(child, nullptr);
    server->Run("BEGIN");
    server->Run(first);
    server->Run(second);
    EXPECT_EQ(view.IndexesOf(*child).size(),
              server->Number("SELECT count(*) FROM pg_index WHERE indrelid = 'c'::regclass"))
        << part << " and " << whole;
    server->Run("ROLLBACK");
  }
}

INSTANTIATE_TEST_SUITE_P(Servers, ImplicationTest, testing::Values(15, 18),
                         [](const testing::TestParamInfo<int>& version) {
                           return absl::StrCat("PostgreSQL", version.param);
                         });

}  // namespace
}  // namespace plimsoll
