#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "analyzer/checking/analyze.h"
#include "analyzer/checking/verdict.h"
#include "executor/ephemeral.h"
#include "executor/ledger.h"
#include "executor/plan.h"
#include "executor/postgres.h"
#include "executor/run.h"
#include "gtest/gtest.h"
#include "rules/registry.h"
#include "tests/support/temporary_folder.h"
#include "workspace/config.h"

// The executor against real servers. A machine without them fails these tests, since a run that
// nobody watched is no run that passed: `./dev setup` brings the servers.

namespace plimsoll {
namespace {

using std::chrono::milliseconds;
using Files = std::vector<std::pair<std::string, std::string>>;

Report AnalyzeFiles(const Files& files) {
  Inputs inputs;
  for (const auto& [name, text] : files) {
    Migration migration;
    migration.script =
        std::make_shared<const Script>(ParseScript(std::make_shared<const Source>(name, text)));
    migration.wrapping =
        migration.script->opts_out_of_transaction ? Wrapping::kNone : Wrapping::kAroundForbidden;
    inputs.migrations.push_back(std::move(migration));
  }
  return Analyze(std::move(inputs), rules::Defaults(), rules::kVocabulary);
}

constexpr Policy kGate = {.fail_on = std::nullopt, .refuse_unacknowledged_risk = true};

// What `plimsoll apply` makes of files before it connects, for a database that has none of them.
struct Prepared {
  Plan plan;
  Verdict verdict;
};

Prepared Prepare(const Files& files) {
  const Report report = AnalyzeFiles(files);
  auto plan = MakePlan(report.history);
  EXPECT_TRUE(plan.ok()) << plan.status();
  return {.plan = plan.ok() ? *std::move(plan) : Plan(), .verdict = Judge(report, kGate)};
}

// ---- plan: pure ------------------------------------------------------------------------------

absl::StatusOr<Plan> PlanOf(const Files& files) { return MakePlan(AnalyzeFiles(files).history); }

// `[BEGIN: a; b] (c)`: transactions in brackets, what stands alone in parentheses.
std::string Shape(const PlannedMigration& migration) {
  std::vector<std::string> batches;
  for (const Batch& batch : migration.batches) {
    std::vector<std::string> statements;
    for (const PlannedStatement& statement : batch.statements) {
      statements.emplace_back(statement.sql());
    }
    const std::string body = absl::StrJoin(statements, "; ");
    batches.push_back(batch.transactional ? absl::StrCat("[", batch.begin, ": ", body, "]")
                                          : absl::StrCat("(", body, ")"));
  }
  return absl::StrJoin(batches, " ");
}

std::string ShapeOf(const std::string& text) {
  const auto plan = PlanOf({{"m/001_x.sql", text}});
  return plan.ok() ? Shape(plan->migrations.at(0)) : std::string(plan.status().message());
}

TEST(PlanTest, AFileIsOneTransaction) {
  EXPECT_EQ(ShapeOf("create table a (id int);\n-- note\ncreate table b (id int);\n"),
            "[BEGIN: create table a (id int); create table b (id int)]");
  EXPECT_EQ(ShapeOf("-- nothing here\n"), "");
}

TEST(PlanTest, TheAuthorsOwnTransactionIsHonoured) {
  EXPECT_EQ(ShapeOf("BEGIN;\ncreate table a (id int);\nCOMMIT;\n"),
            "[BEGIN: create table a (id int)]");
  EXPECT_EQ(ShapeOf("start transaction isolation level serializable;\nselect 1;\nend;"),
            "[start transaction isolation level serializable: select 1]");
  EXPECT_EQ(ShapeOf("set lock_timeout = '1s';\nbegin;\nselect 1;\ncommit;\nbegin;\nselect 2;\n"
                    "commit;\nselect 3;"),
            "[BEGIN: set lock_timeout = '1s'] [begin: select 1] [begin: select 2] "
            "[BEGIN: select 3]");
}

TEST(PlanTest, WhatLooksLikeATemplateMayBeSql) {
  EXPECT_EQ(ShapeOf("select '{}'::jsonb, 5 %2, '${x}';"),
            "[BEGIN: select '{}'::jsonb, 5 %2, '${x}']");
}

TEST(PlanTest, SavepointsStay) {
  EXPECT_EQ(ShapeOf("begin; savepoint s; select 1; rollback to s; release s; commit;"),
            "[begin: savepoint s; select 1; rollback to s; release s]");
}

TEST(PlanTest, WhatCannotRunInATransactionStandsAlone) {
  EXPECT_EQ(ShapeOf("create table a (id int);\ncreate index concurrently i on a (id);\n"
                    "select 1;\nselect 2;\nvacuum a;"),
            "[BEGIN: create table a (id int)] (create index concurrently i on a (id)) "
            "[BEGIN: select 1; select 2] (vacuum a)");
}

TEST(PlanTest, AFileMayRefuseTheTransaction) {
  EXPECT_EQ(ShapeOf("-- +goose NO TRANSACTION\n-- +goose Up\nselect 1;\nbegin;\nselect 2;\n"
                    "commit;\n-- +goose Down\nselect 4;\n"),
            "(select 1) [begin: select 2]");
}

TEST(PlanTest, NamesWhatCannotBeSent) {
  EXPECT_EQ(ShapeOf("select 1;\n\\connect other\nselect 2;\n"),
            "m/001_x.sql:2:1: a psql meta-command; only SQL can be sent to a server");
  EXPECT_TRUE(absl::StartsWith(ShapeOf("select 1;\nselct 2;\n"), "m/001_x.sql:2:1: "))
      << ShapeOf("select 1;\nselct 2;\n");
  for (const char* text : {"create table ${name} (id int);\n", "{{ include \"x\" }}\n",
                           "select * from t where a = :'x';\n"}) {
    EXPECT_EQ(ShapeOf(text), "m/001_x.sql:1:1: a template that was not filled in is not SQL");
  }
  EXPECT_EQ(ShapeOf("begin;\nselect 1;\n"), "m/001_x.sql:1:1: this BEGIN has no COMMIT");
  EXPECT_EQ(ShapeOf("select 1;\ncommit;\n"), "m/001_x.sql:2:1: this COMMIT has no BEGIN");
  EXPECT_EQ(ShapeOf("begin;\nselect 1;\nrollback;\ncommit;"),
            "m/001_x.sql:3:1: this ROLLBACK would undo the migration");
  EXPECT_EQ(
      ShapeOf("begin;\nvacuum;\ncommit;\n"),
      "m/001_x.sql:2:1: VACUUM cannot run inside the transaction that the file's BEGIN opens");
}

TEST(PlanTest, ReadsVersionsFromNames) {
  const auto describe = [](const char* path) {
    const auto file = ParseMigrationPath(path);
    return file.ok() ? absl::StrCat(file->version, " ", file->name, " ", file->id)
                     : std::string(file.status().message());
  };
  EXPECT_EQ(describe("m/001_create_users.sql"), "1 create_users 001_create_users");
  EXPECT_EQ(describe("20250828120000_x.up.sql"), "20250828120000 x 20250828120000_x");
  EXPECT_EQ(describe("m/V7__add.sql"), "7 add 7_add");
  EXPECT_EQ(describe("m/000004-add-it.sql"), "4 add-it 000004_add-it");
  EXPECT_EQ(describe("m/12.sql"), "12 12 12");
  EXPECT_EQ(describe("p/20250101000000_init/migration.sql"),
            "20250101000000 init "
            "20250101000000_init");
  EXPECT_EQ(describe("m/init.sql"),
            "cannot tell the version of \"m/init.sql\": its name does not begin with a number, as "
            "`001_create_users.sql` does");
  EXPECT_EQ(describe("m/V1.2__x.sql"),
            "cannot tell the version of \"m/V1.2__x.sql\": the history table holds whole numbers "
            "only");
  EXPECT_EQ(describe("m/99999999999999999999_x.sql"),
            "cannot tell the version of \"m/99999999999999999999_x.sql\": the number "
            "99999999999999999999 is too large");
}

TEST(PlanTest, TwoFilesOfOneVersionAreAnError) {
  const auto plan = PlanOf({{"m/20250828_a.sql", "select 1;"}, {"m/20250828_b.sql", "select 2;"}});
  ASSERT_FALSE(plan.ok());
  EXPECT_TRUE(absl::StrContains(plan.status().message(),
                                "\"m/20250828_a.sql\" and \"m/20250828_b.sql\" have the same "
                                "version 20250828"))
      << plan.status();
}

TEST(PlanTest, ChecksumsIgnoreLineEndsAndTheByteOrderMark) {
  EXPECT_EQ(Checksum("select 1;\nselect 2;\n"), Checksum("\xEF\xBB\xBFselect 1;\r\nselect 2;\r\n"));
  EXPECT_NE(Checksum("-- x\ndrop table c;"), Checksum("-- xdrop table c;"));
  EXPECT_EQ(Checksum(""),
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(LedgerTest, ComparesFilesWithRows) {
  const auto file = [](int64_t version, const std::string& checksum) {
    return MigrationFile{.version = version, .id = absl::StrCat(version), .checksum = checksum};
  };
  const auto row = [](int64_t version, const std::string& checksum, RowStatus status) {
    return LedgerRow{.version = version, .id = "row", .checksum = checksum, .status = status};
  };
  const std::vector<MigrationState> states =
      Reconcile({file(1, "sha256:a"), file(2, "sha256:b"), file(3, "sha256:c"), file(4, ""),
                 file(5, ""), file(7, "sha256:g")},
                {row(1, "sha256:a", RowStatus::kApplied), row(2, "x", RowStatus::kApplied),
                 row(4, "", RowStatus::kFailed), row(5, "", RowStatus::kRunning),
                 row(6, "f", RowStatus::kApplied), row(7, "g", RowStatus::kApplied)});
  std::vector<std::string> names;
  for (const MigrationState& state : states) {
    names.push_back(absl::StrCat(state.version, " ", StateName(state.state)));
  }
  EXPECT_EQ(absl::StrJoin(names, ", "),
            "1 applied, 2 drifted, 3 pending, 4 failed, 5 running, 6 missing, 7 applied");
}

TEST(LedgerTest, SeesWhatIsOutOfOrder) {
  const auto file = [](int64_t version) {
    return MigrationFile{.path = "m", .version = version, .id = absl::StrCat(version)};
  };
  const auto row = [](int64_t version, RowStatus status, uint32_t done) {
    return LedgerRow{.version = version, .status = status, .statements_done = done};
  };
  const std::vector<MigrationState> states =
      Reconcile({file(1), file(2), file(3), file(4), file(5), file(7)},
                {row(1, RowStatus::kApplied, 1), row(3, RowStatus::kFailed, 0),
                 row(4, RowStatus::kRunning, 1), row(6, RowStatus::kApplied, 1)});
  std::vector<int64_t> late;
  for (const MigrationState& state : states) {
    if (state.out_of_order) late.push_back(state.version);
  }
  // 4 is half done, 6 is applied and its file is gone.
  EXPECT_EQ(late, (std::vector<int64_t>{2, 3, 5}));
}

TEST(PostgresTest, NeverRepeatsAPassword) {
  EXPECT_EQ(DescribeUrl("postgresql://ada:s3cret@db.example:5433/shop?sslmode=require"),
            "`shop` at db.example:5433 as ada");
  EXPECT_EQ(DescribeUrl("host=h user=u password=s3cret dbname=d"), "`d` at h as u");
  for (const char* url : {"postgresql://ada:s3%cret@h/d", "s3cret", "host=/nowhere password=s3cret",
                          "postgresql://ada:s3cret@/d?host=/nowhere"}) {
    const auto connection = ConnectPostgres({.url = url});
    ASSERT_FALSE(connection.ok());
    EXPECT_FALSE(absl::StrContains(connection.status().message(), "cret")) << connection.status();
  }
}

// ---- runs, on real servers -------------------------------------------------------------------

// One server a version for all tests of this binary; its keeper ends it when we end.
const absl::StatusOr<EphemeralServer>& ServerOf(int version) {
  static auto* const servers = new std::map<int, absl::StatusOr<EphemeralServer>>();
  const auto found = servers->find(version);
  if (found != servers->end()) return found->second;
  return servers->emplace(version, EphemeralServer::Start({.version = version})).first->second;
}

class RunTest : public ::testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    const auto& server = ServerOf(GetParam());
    ASSERT_TRUE(server.ok()) << server.status() << "\nrun `./dev setup`";
    static int number = 0;
    const std::string name = absl::StrCat("run", ++number);
    auto admin = ConnectPostgres({.url = server->url()});
    ASSERT_TRUE(admin.ok()) << admin.status();
    ASSERT_TRUE((*admin)->Execute(absl::StrCat("CREATE DATABASE ", name)).ok());
    url_ = server->url(name);
  }

  Connector ConnectorOf() const {
    return [url = url_] { return ConnectPostgres({.url = url}); };
  }

  RunReport Apply(const Prepared& prepared, const RunOptions& options = {}) {
    return plimsoll::Run(prepared.plan, prepared.verdict, ConnectorOf(), options,
                         [this](const RunEvent& e) {
                           if (e.kind == RunEventKind::kIndexDropped) dropped_.push_back(e.text);
                           if (e.kind == RunEventKind::kIndexUnclear) unclear_.push_back(e.text);
                           if (e.kind == RunEventKind::kLeftoverDropped) cleared_.push_back(e.text);
                         });
  }
  RunReport Apply(const Files& files) { return Apply(Prepare(files)); }

  // All values of all rows, with commas; NULL as `-`.
  std::string Query(const std::string& sql) const {
    auto connection = ConnectPostgres({.url = url_});
    if (!connection.ok()) return std::string(connection.status().message());
    const auto rows = (*connection)->Execute(sql);
    if (!rows.ok()) return std::string(rows.status().message());
    std::vector<std::string> values;
    for (const std::vector<Value>& row : rows->values) {
      for (const Value& value : row) values.push_back(value.value_or("-"));
    }
    return absl::StrJoin(values, ",");
  }

  std::string Ledger() const {
    return Query("select version, name, status from public.schema_migrations order by version");
  }
  std::string Tables() const {
    return Query(
        "select relname from pg_class where relkind = 'r' and relnamespace = "
        "'public'::regnamespace and relname <> 'schema_migrations' order by 1");
  }

  // Until the query returns `t`, or for ten seconds.
  bool Await(const std::string& sql) const {
    for (int i = 0; i < 1000; ++i) {
      if (Query(sql) == "t") return true;
      std::this_thread::sleep_for(milliseconds(10));
    }
    return false;
  }

  std::string url_;
  std::vector<std::string> dropped_;  // indexes, before one of their name was built
  std::vector<std::string> unclear_;  // indexes that an earlier attempt may have left
  std::vector<std::string> cleared_;  // indexes that a failure left
};

INSTANTIATE_TEST_SUITE_P(Servers, RunTest, ::testing::Values(15, 18),
                         [](const auto& server) { return absl::StrCat("Pg", server.param); });

TEST_P(RunTest, AppliesOnceAndOnlyOnce) {
  const Prepared prepared = Prepare({{"m/001_users.sql", "create table users (id int);"},
                                     {"m/002_posts.sql", "create table posts (id int);"}});
  RunReport report = Apply(prepared);
  EXPECT_EQ(report.outcome, Outcome::kApplied) << report.message;
  EXPECT_EQ(report.applied.size(), 2U);
  EXPECT_EQ(Ledger(), "1,users,applied,2,posts,applied");
  EXPECT_EQ(Tables(), "posts,users");
  EXPECT_EQ(Query("select id, checksum, applied_at is not null, executed_by, execution_time_ms >= "
                  "0, error_message, metadata->>'statements_done' from schema_migrations "
                  "where version = 1"),
            absl::StrCat("001_users,", prepared.plan.files[0].checksum, ",t,-,t,-,1"));
  report = Apply(prepared);
  EXPECT_EQ(report.outcome, Outcome::kNothingToDo);
  EXPECT_EQ(Ledger(), "1,users,applied,2,posts,applied");
}

// What the settings' own query says of a server is what they read.
TEST_P(RunTest, TheStatisticsQueryWritesWhatSettingsRead) {
  Query(
      "create table \"We\"\"ird\" (a int); insert into \"We\"\"ird\" select generate_series(1, "
      "1000);"
      "create table parted (a int) partition by list (a);"
      "create table parted_0 partition of parted for values in (0);"
      "create table parted_1 partition of parted for values in (1);"
      "insert into parted select i % 2 from generate_series(1, 500) i;"
      "create table never_analyzed (a int); create schema s; create table s.none (a int)");
  Query("analyze \"We\"\"ird\", parted, s.none");
  testing_support::TemporaryFolder folder;
  folder.Write("sizes.toml", absl::StrReplaceAll(Query(kStatisticsQuery), {{",", "\n"}}));
  const absl::StatusOr<Config> config =
      ParseConfig(absl::StrCat(folder.path(), "/plimsoll.toml"), "statistics = \"sizes.toml\"");
  ASSERT_TRUE(config.ok()) << config.status();
  using Counts = std::map<std::string, double>;
  EXPECT_EQ(config->rows,
            (Counts{{"public.We\"ird", 1000}, {"public.parted", 500}, {"s.none", 0}}));
}

TEST_P(RunTest, TheHistoryTableIsTheDocumentedOne) {
  Apply(Files{{"m/001_a.sql", "select 1;"}});
  EXPECT_EQ(Query("select attname || ' ' || format_type(atttypid, atttypmod) || case when "
                  "attnotnull then ' not null' else '' end from pg_attribute where attrelid = "
                  "'public.schema_migrations'::regclass and attnum > 0 order by attnum"),
            "id text not null,name text not null,version bigint not null,checksum text not null,"
            "applied_at timestamp with time zone,executed_by uuid,execution_time_ms integer,"
            "status text,error_message text,metadata jsonb");
}

TEST_P(RunTest, RefusesWhatDidNotPass) {
  const Prepared risky = Prepare({{"m/001_a.sql", "create index i on orders (id);"}});
  EXPECT_FALSE(risky.verdict.allowed());
  EXPECT_EQ(Apply(risky).outcome, Outcome::kRefused);
  Prepared other = Prepare({{"m/001_a.sql", "create table a (id int);"}});
  other.verdict = Prepare({{"m/001_a.sql", "create table b (id int);"}}).verdict;
  EXPECT_EQ(Apply(other).outcome, Outcome::kRefused);
  EXPECT_EQ(Tables(), "");
  EXPECT_EQ(Query("select to_regclass('public.schema_migrations') is null"), "t");
}

TEST_P(RunTest, AFailureRollsBackAndMayBeRetried) {
  const Files wrong = {
      {"m/001_a.sql", "create table a (id int);"},
      {"m/002_b.sql", "create table b (id int);\n\nselect (select b.upper from b);\n"},
      {"m/003_c.sql", "create table c (id int);"}};
  const RunReport report = Apply(wrong);
  EXPECT_EQ(report.outcome, Outcome::kFailed);
  EXPECT_EQ(report.message, "m/002_b.sql:3:16: column b.upper does not exist");
  ASSERT_TRUE(report.failure.has_value());
  EXPECT_EQ(report.failure->error.sqlstate, "42703");
  EXPECT_EQ(Tables(), "a");
  EXPECT_EQ(Ledger(), "1,a,applied,2,b,failed");
  EXPECT_EQ(Query("select error_message from schema_migrations where version = 2"), report.message);

  Files corrected = wrong;
  corrected[1].second = "create table b (id int);";
  EXPECT_EQ(Apply(corrected).outcome, Outcome::kApplied);
  EXPECT_EQ(Tables(), "a,b,c");
  EXPECT_EQ(Ledger(), "1,a,applied,2,b,applied,3,c,applied");
  EXPECT_EQ(Query("select error_message from schema_migrations where version = 2"), "-");
}

TEST_P(RunTest, AFailingCommitRollsBack) {
  const RunReport report =
      Apply(Files{{"m/001_a.sql",
                   "create table a (id int primary key);\n"
                   "create table b (a int references a deferrable initially deferred);\n"
                   "insert into b values (1);\n"}});
  EXPECT_EQ(report.outcome, Outcome::kFailed);
  EXPECT_EQ(report.failure->error.sqlstate, "23503");
  EXPECT_EQ(report.failure->statement, nullptr);
  EXPECT_EQ(Tables(), "");
  EXPECT_EQ(Ledger(), "1,a,failed");
}

TEST_P(RunTest, TheTemplatesOwnTransactionHoldsTheHistoryRowToo) {
  const std::string text = "BEGIN;\ncreate table a (id int);\nCOMMIT;\n";
  EXPECT_EQ(Apply(Files{{"m/001_a.sql", text}}).outcome, Outcome::kApplied);
  EXPECT_EQ(Query("select (select xmin::text from schema_migrations) = (select xmin::text from "
                  "pg_class where oid = 'a'::regclass)"),
            "t");
}

TEST_P(RunTest, BuildsIndexesConcurrently) {
  const RunReport report =
      Apply(Files{{"m/001_a.sql",
                   "create table a (id int);\ncreate index concurrently a_id on a (id);\n"
                   "create table b (id int);\n"}});
  EXPECT_EQ(report.outcome, Outcome::kApplied) << report.message;
  EXPECT_EQ(Query("select indisvalid from pg_index where indexrelid = 'a_id'::regclass"), "t");
  EXPECT_EQ(Query("select status, metadata->>'statements_done', metadata->>'statements_total' "
                  "from schema_migrations"),
            "applied,3,3");
}

TEST_P(RunTest, AFailedConcurrentIndexLeavesNothingBehindAndContinues) {
  const std::string text =
      "create table a (id int);\ninsert into a values (1), (1);\n"
      "create unique index concurrently if not exists a_id on a (id);\ncreate table b (id int);\n";
  RunReport report = Apply(Files{{"m/001_a.sql", text}});
  EXPECT_EQ(report.outcome, Outcome::kFailed);
  EXPECT_EQ(report.failure->error.sqlstate, "23505");
  EXPECT_EQ(report.failure->statements_done, 2U);
  EXPECT_EQ(Query("select to_regclass('a_id') is null"), "t");
  EXPECT_EQ(cleared_, std::vector<std::string>{"public.a_id"});
  EXPECT_EQ(dropped_, std::vector<std::string>());
  EXPECT_EQ(report.failure->invalid_indexes, std::vector<std::string>());
  EXPECT_EQ(Ledger(), "1,a,failed");

  // The file's beginning ran: it cannot be another now.
  report = Apply(Files{{"m/001_a.sql", absl::StrCat("create table z (id int);\n", text)}});
  EXPECT_EQ(report.outcome, Outcome::kRefused);
  EXPECT_TRUE(absl::StrContains(report.message, "stopped after 2 statements")) << report.message;

  Query("delete from a where ctid = '(0,1)'");
  report = Apply(Files{{"m/001_a.sql", text}});
  EXPECT_EQ(report.outcome, Outcome::kApplied) << report.message;
  EXPECT_EQ(Tables(), "a,b");
  EXPECT_EQ(Query("select indisvalid from pg_index where indexrelid = 'a_id'::regclass"), "t");
}

TEST_P(RunTest, AnInvalidIndexIsNotTakenForTheRealOne) {
  Query("create table a (id int)");
  Query("insert into a values (1), (1)");
  Query("create unique index concurrently a_id on a (id)");
  ASSERT_EQ(Query("select indisvalid from pg_index where indexrelid = 'a_id'::regclass"), "f");
  Query("delete from a");
  const RunReport report = Apply(
      Files{{"m/001_a.sql", "create unique index concurrently if not exists a_id on a (id);"}});
  EXPECT_EQ(report.outcome, Outcome::kApplied) << report.message;
  EXPECT_EQ(Query("select indisvalid from pg_index where indexrelid = 'a_id'::regclass"), "t");
  EXPECT_EQ(dropped_, std::vector<std::string>{"public.a_id"});
  EXPECT_EQ(cleared_, std::vector<std::string>());
}

TEST_P(RunTest, AnIndexThatIsThereAlreadyStays) {
  Query("create table a (id int)");
  Query("create index a_id on a (id)");
  const RunReport report =
      Apply(Files{{"m/001_a.sql", "create index concurrently a_id on a (id);"}});
  EXPECT_EQ(report.outcome, Outcome::kFailed);
  EXPECT_EQ(report.failure->error.sqlstate, "42P07");
  EXPECT_EQ(report.failure->invalid_indexes, std::vector<std::string>());
  EXPECT_EQ(dropped_, std::vector<std::string>());
  EXPECT_EQ(cleared_, std::vector<std::string>());
  EXPECT_EQ(Query("select indisvalid from pg_index where indexrelid = 'a_id'::regclass"), "t");
}

// The search path that the file sets is gone when the failure is dealt with, and the server chose
// the name.
TEST_P(RunTest, AFailedConcurrentIndexIsFoundWhereverItLies) {
  Query("create schema app");
  Query("create table app.a (id int)");
  Query("insert into app.a values (1), (1)");
  Query("create unique index concurrently before_us on app.a (id)");
  for (const char* name : {"Named ", ""}) {
    const std::string text = absl::StrCat("set search_path = app;\n",
                                          "create unique index concurrently ", name, "on a (id);");
    EXPECT_EQ(Apply(Files{{absl::StrCat("m/001_a", name, ".sql"), text}}).outcome,
              Outcome::kFailed);
    Query("drop table schema_migrations");
  }
  EXPECT_EQ(cleared_, (std::vector<std::string>{"app.named", "app.a_id_idx"}));
  EXPECT_EQ(unclear_, std::vector<std::string>{"app.before_us"});
  EXPECT_EQ(Query("select relname from pg_class where relkind = 'i' and relnamespace = "
                  "'app'::regnamespace"),
            "before_us");
}

TEST_P(RunTest, NamesAnInvalidIndexThatItCannotDrop) {
  Query("create table a (id int)");
  auto writer = ConnectPostgres({.url = url_});
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE((*writer)->Execute("begin; insert into a values (1)").ok());
  const Prepared prepared =
      Prepare({{"m/001_a.sql",
                "set lock_timeout = '100ms';\ncreate index concurrently a_id on a (id);\n"}});
  RunReport report = Apply(prepared, {.lock_timeout = milliseconds(100)});
  EXPECT_EQ(report.outcome, Outcome::kFailed);
  EXPECT_EQ(report.failure->error.sqlstate, "55P03");
  EXPECT_EQ(report.failure->invalid_indexes, std::vector<std::string>{"public.a_id"});
  (*writer)->Close();
  report = Apply(prepared);
  EXPECT_EQ(report.outcome, Outcome::kApplied) << report.message;
  EXPECT_EQ(dropped_, std::vector<std::string>{"public.a_id"});
  EXPECT_EQ(cleared_, std::vector<std::string>());
}

// It is invalid until it is done.
TEST_P(RunTest, AnIndexThatSomebodyElseBuildsIsNotDropped) {
  Query("create table a (id int)");
  auto writer = ConnectPostgres({.url = url_});
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE((*writer)->Execute("begin; insert into a values (1)").ok());
  std::jthread builder([this] { Query("create index concurrently a_id on a (id)"); });
  EXPECT_TRUE(Await("select count(*) = 1 from pg_index where not indisvalid"));
  const std::string oid = Query("select 'a_id'::regclass::oid");
  const Prepared prepared =
      Prepare({{"m/001_a.sql", "create index concurrently if not exists a_id on a (id);"}});
  RunReport report = Apply(prepared, {.runner_patience = milliseconds(100)});
  EXPECT_EQ(report.outcome, Outcome::kFailed);
  EXPECT_TRUE(
      absl::StrContains(report.message, "cannot drop the invalid index public.a_id: process"))
      << report.message;
  EXPECT_TRUE(absl::StrContains(report.message, "is at work on public.a, and may be building it"));
  std::jthread closer([&writer] {
    std::this_thread::sleep_for(milliseconds(300));
    (*writer)->Close();
  });
  report = Apply(prepared);
  EXPECT_EQ(report.outcome, Outcome::kApplied) << report.message;
  EXPECT_EQ(dropped_, std::vector<std::string>());
  EXPECT_EQ(Query("select 'a_id'::regclass::oid"), oid);
}

TEST_P(RunTest, TwoRunnersApplyEachMigrationOnce) {
  Files files;
  for (int i = 100; i < 130; ++i) {
    files.emplace_back(absl::StrCat("m/", i, "_t.sql"),
                       absl::StrCat("create table t", i, " (id int);\n",
                                    i % 10 == 0 ? absl::StrCat("create index concurrently i", i,
                                                               " on t", i, " (id);\n")
                                                : ""));
  }
  const Prepared prepared = Prepare(files);
  std::atomic<size_t> applied = 0;
  std::atomic<int> bad = 0;
  const auto work = [&] {
    const RunReport report = plimsoll::Run(prepared.plan, prepared.verdict, ConnectorOf(), {}, {});
    applied += report.applied.size();
    if (report.outcome != Outcome::kApplied && report.outcome != Outcome::kNothingToDo) ++bad;
  };
  std::vector<std::jthread> runners;
  for (int i = 0; i < 4; ++i) runners.emplace_back(work);
  runners.clear();
  EXPECT_EQ(bad, 0);
  EXPECT_EQ(applied, files.size());
  EXPECT_EQ(Query("select count(*) from schema_migrations where status = 'applied'"), "30");
  EXPECT_EQ(Query("select count(*) from pg_index where not indisvalid"), "0");
}

TEST_P(RunTest, GivesUpOnARunnerThatDoesNotEnd) {
  auto other = ConnectPostgres({.url = url_});
  ASSERT_TRUE(other.ok());
  ASSERT_TRUE((*other)
                  ->Execute("select pg_advisory_lock(hashtextextended("
                            "'plimsoll public.schema_migrations', 0))")
                  .ok());
  const RunReport report = Apply(Prepare({{"m/001_a.sql", "create table a (id int);"}}),
                                 {.runner_patience = milliseconds(200)});
  EXPECT_EQ(report.outcome, Outcome::kUnavailable);
  EXPECT_TRUE(absl::StrContains(report.message,
                                absl::StrCat("process ", (*other)->backend_pid(), " (plimsoll")))
      << report.message;
}

TEST_P(RunTest, AStatementDoesNotWaitForEver) {
  Query("create table a (id int)");
  auto reader = ConnectPostgres({.url = url_});
  ASSERT_TRUE(reader.ok());
  ASSERT_TRUE((*reader)->Execute("begin; select * from a").ok());
  const RunReport report = Apply(Prepare({{"m/001_a.sql", "alter table a add column b int;"}}),
                                 {.lock_timeout = milliseconds(100)});
  EXPECT_EQ(report.outcome, Outcome::kFailed);
  EXPECT_EQ(report.failure->error.sqlstate, "55P03");
  EXPECT_EQ(Ledger(), "1,a,failed");
}

TEST_P(RunTest, AConcurrentIndexMayWaitForOldSnapshots) {
  Query("create table a (id int)");
  Query("create table other (id int)");
  auto reader = ConnectPostgres({.url = url_});
  ASSERT_TRUE(reader.ok());
  ASSERT_TRUE(
      (*reader)->Execute("begin isolation level repeatable read; select * from other").ok());
  std::jthread closer([&reader] {
    std::this_thread::sleep_for(milliseconds(600));
    (*reader)->Close();
  });
  const RunReport report =
      Apply(Prepare({{"m/001_a.sql", "create index concurrently a_id on a (id);"}}),
            {.lock_timeout = milliseconds(100)});
  EXPECT_EQ(report.outcome, Outcome::kApplied) << report.message;
}

TEST_P(RunTest, LeavesForeignHistoryTablesAlone) {
  Query("create table schema_migrations (version bigint not null primary key, dirty boolean)");
  const RunReport report = Apply(Files{{"m/001_a.sql", "create table a (id int);"}});
  EXPECT_EQ(report.outcome, Outcome::kUnavailable);
  EXPECT_TRUE(absl::StrContains(report.message,
                                "looks like golang-migrate's (version bigint, "
                                "dirty boolean)"))
      << report.message;
  EXPECT_EQ(Tables(), "");
}

TEST_P(RunTest, KnowsAViewFromAHistoryTable) {
  Query("create view schema_migrations as select 1 as version");
  const RunReport report = Apply(Files{{"m/001_a.sql", "create table a (id int);"}});
  EXPECT_EQ(report.outcome, Outcome::kUnavailable);
  EXPECT_TRUE(absl::StartsWith(report.message,
                               "`public.schema_migrations` exists and is not a table (version "
                               "integer); nothing was changed"))
      << report.message;
}

TEST_P(RunTest, NamesWhatTheUserMayNotDo) {
  const std::string reader = absl::StrCat("reader_", GetParam());
  Query(absl::StrCat("create role ", reader, " login"));
  Query("revoke create on schema public from public");
  url_ = absl::StrReplaceAll(url_, {{"postgres@", absl::StrCat(reader, "@")}});
  const std::string as_reader = url_;
  RunReport report = Apply(Files{{"m/001_a.sql", "select 1;"}});
  EXPECT_EQ(report.outcome, Outcome::kUnavailable);
  EXPECT_EQ(report.message,
            "cannot create the history table `public.schema_migrations`: permission denied for "
            "schema public; the user needs CREATE on the schema `public` (SQLSTATE 42501)");
  url_ = absl::StrReplaceAll(url_, {{reader, "postgres"}});
  ASSERT_EQ(Apply(Files{{"m/001_a.sql", "select 1;"}}).outcome, Outcome::kApplied);
  Query(absl::StrCat("grant select on schema_migrations to ", reader));
  url_ = as_reader;
  report = Apply(Files{{"m/001_a.sql", "select 1;"}, {"m/002_b.sql", "select 2;"}});
  EXPECT_EQ(report.outcome, Outcome::kFailed);
  // Once, although the failure cannot be recorded for the same reason.
  EXPECT_EQ(report.message,
            "m/002_b.sql: cannot write into the history table: permission denied for table "
            "schema_migrations; the user needs SELECT, INSERT and UPDATE on it");
}

TEST_P(RunTest, TakesOverADocumentedHistoryTableThatIsThere) {
  Query(
      "CREATE TABLE public.schema_migrations (id TEXT PRIMARY KEY, name TEXT NOT NULL, version "
      "BIGINT NOT NULL UNIQUE, checksum TEXT NOT NULL, applied_at TIMESTAMPTZ, executed_by UUID, "
      "execution_time_ms INTEGER, status TEXT, error_message TEXT, metadata JSONB)");
  EXPECT_EQ(Apply(Files{{"m/001_a.sql", "create table a (id int);"}}).outcome, Outcome::kApplied);
}

TEST_P(RunTest, NoticesChangedAndVanishedFiles) {
  ASSERT_EQ(Apply(Files{{"m/001_a.sql", "create table a (id int);"},
                        {"m/002_b.sql", "create table b (id int);"}})
                .outcome,
            Outcome::kApplied);
  const Files changed = {{"m/001_a.sql", "create table a (id bigint);"},
                         {"m/003_c.sql", "create table c (id int);"}};
  const RunReport report = Apply(changed);
  EXPECT_EQ(report.outcome, Outcome::kDrifted);
  for (const std::string& sum :
       {Checksum("create table a (id int);"), Checksum(changed[0].second)}) {
    EXPECT_TRUE(absl::StrContains(report.message, sum)) << report.message;
  }
  EXPECT_TRUE(absl::StrContains(report.message,
                                "`002_b` (version 2) is applied, but its file is "
                                "not here: restore it, or go on without it with --allow-missing"))
      << report.message;
  EXPECT_EQ(Tables(), "a,b");
  const Files vanished = {{"m/001_a.sql", "create table a (id int);"},
                          {"m/003_c.sql", "create table c (id int);"}};
  EXPECT_EQ(Apply(vanished).outcome, Outcome::kDrifted);
  EXPECT_EQ(Apply(Prepare(vanished), {.allow_missing_files = true}).outcome, Outcome::kApplied);
}

TEST_P(RunTest, NoticesThatTheFileOfAHalfDoneMigrationIsGone) {
  ASSERT_EQ(
      Apply(Files{{"m/001_a.sql", "create table a (id int);\nvacuum a;\nselect 1/0;"}}).outcome,
      Outcome::kFailed);
  const Files others = {{"m/002_b.sql", "create table b (id int);"}};
  const RunReport report = Apply(others);
  EXPECT_EQ(report.outcome, Outcome::kDrifted);
  EXPECT_EQ(report.message,
            "`001_a` (version 1) stopped after 2 statements, which are in the database, but its "
            "file is not here: restore it, or undo them by hand and delete version 1 from "
            "`public.schema_migrations`");
  EXPECT_EQ(Apply(Prepare(others), {.allow_missing_files = true}).outcome, Outcome::kApplied);
}

TEST_P(RunTest, RefusesWhatIsOutOfOrder) {
  Files files = {{"m/001_a.sql", "create table a (id int);"},
                 {"m/003_c.sql", "create table c (id int);"}};
  ASSERT_EQ(Apply(files).outcome, Outcome::kApplied);
  files = {{"m/001_a.sql", "create table a (id int);"},
           {"m/002_b.sql", "create table b (id int);"},
           {"m/003_c.sql", "create table c (id int);"},
           {"m/004_d.sql", "create table d (id int);"}};
  const RunReport report = Apply(files);
  EXPECT_EQ(report.outcome, Outcome::kRefused);
  EXPECT_EQ(report.message,
            "\"m/002_b.sql\" is out of order: its version 2 is lower than 3, the highest that is "
            "applied (`003_c`); give it a higher version, or apply it all the same with "
            "--allow-out-of-order");
  EXPECT_EQ(Tables(), "a,c");
  EXPECT_EQ(Apply(Prepare(files), {.allow_out_of_order = true}).outcome, Outcome::kApplied);
  EXPECT_EQ(Tables(), "a,b,c,d");
}

// What it was begun with was decided then, and half of it is in the database.
TEST_P(RunTest, EndsWhatIsHalfDoneWhateverItsOrder) {
  const std::string beginning =
      "create table b (id int);\ncreate index concurrently b_id on b (id);\n";
  ASSERT_EQ(Apply(Files{{"m/002_b.sql", absl::StrCat(beginning, "select 1/0;")}}).outcome,
            Outcome::kFailed);
  ASSERT_EQ(
      Apply(Prepare({{"m/003_c.sql", "create table c (id int);"}}), {.allow_missing_files = true})
          .outcome,
      Outcome::kApplied);
  EXPECT_EQ(Apply(Files{{"m/002_b.sql", absl::StrCat(beginning, "select 1;")},
                        {"m/003_c.sql", "create table c (id int);"}})
                .outcome,
            Outcome::kApplied);
}

TEST_P(RunTest, ALostConnectionLeavesNothingOfATransaction) {
  const Files files = {{"m/001_a.sql", "create table a (id int);\nselect pg_sleep(30);\n"}};
  std::jthread killer([this] {
    Await(
        "select count(pg_terminate_backend(pid)) > 0 from pg_stat_activity where datname = "
        "current_database() and state = 'active' and query = 'select pg_sleep(30)'");
  });
  const RunReport report = Apply(files);
  killer.join();
  EXPECT_EQ(report.outcome, Outcome::kFailed);
  EXPECT_EQ(report.failure->error.sqlstate, "57P01");
  EXPECT_EQ(Tables(), "");
  EXPECT_EQ(Ledger(), "1,a,failed");
  EXPECT_EQ(Apply(Files{{"m/001_a.sql", "create table a (id int);"}}).outcome, Outcome::kApplied);
}

TEST_P(RunTest, ALostConnectionOutsideATransactionIsContinued) {
  const std::string beginning =
      "create table a (id int);\ncreate index concurrently a_id on a (id);\n";
  std::jthread killer([this] {
    Await(
        "select count(pg_terminate_backend(pid)) > 0 from pg_stat_activity where datname = "
        "current_database() and state = 'active' and query = 'select pg_sleep(30)'");
  });
  const RunReport report =
      Apply(Files{{"m/001_a.sql", absl::StrCat(beginning, "select pg_sleep(30);\n")}});
  killer.join();
  EXPECT_EQ(report.outcome, Outcome::kFailed);
  EXPECT_EQ(report.failure->statements_done, 2U);
  EXPECT_EQ(Ledger(), "1,a,failed");
  EXPECT_EQ(
      Apply(Files{{"m/001_a.sql", absl::StrCat(beginning, "create table b (id int);\n")}}).outcome,
      Outcome::kApplied);
  EXPECT_EQ(Tables(), "a,b");
}

// Carries out COMMIT and then loses the connection, so that nobody hears of it.
class DeafConnection final : public Connection {
 public:
  explicit DeafConnection(std::unique_ptr<Connection> real) : real_(std::move(real)) {}

  absl::StatusOr<Rows> Execute(absl::string_view sql) override {
    auto rows = real_->Execute(sql);
    if (sql != "COMMIT") return rows;
    real_->Close();
    return SqlStatus({.message = "the server gave no answer"});
  }
  absl::StatusOr<Rows> ExecuteParams(absl::string_view sql,
                                     absl::Span<const Value> parameters) override {
    return real_->ExecuteParams(sql, parameters);
  }
  absl::StatusOr<Rows> CopyIn(absl::string_view sql, absl::string_view data) override {
    return real_->CopyIn(sql, data);
  }
  TransactionState transaction_state() const override { return real_->transaction_state(); }
  bool alive() const override { return real_->alive(); }
  int server_version() const override { return real_->server_version(); }
  int backend_pid() const override { return real_->backend_pid(); }
  void Close() override { real_->Close(); }

 private:
  std::unique_ptr<Connection> real_;
};

TEST_P(RunTest, DoesNotClaimToKnowWhatBecameOfALostCommit) {
  const Prepared prepared = Prepare({{"m/001_a.sql", "create table a (id int);"}});
  for (const bool comes_back : {true, false}) {
    int connections = 0;
    const Connector connector = [&]() -> absl::StatusOr<std::unique_ptr<Connection>> {
      if (++connections > 1 && !comes_back) return absl::UnavailableError("it is down");
      auto real = ConnectPostgres({.url = url_});
      if (!real.ok() || connections > 1) return real;
      return std::make_unique<DeafConnection>(*std::move(real));
    };
    const RunReport report = plimsoll::Run(prepared.plan, prepared.verdict, connector, {}, {});
    EXPECT_EQ(report.outcome, Outcome::kFailed);
    EXPECT_EQ(report.failure->applied, comes_back) << report.message;
    EXPECT_EQ(report.failure->unknown, !comes_back) << report.message;
    EXPECT_EQ(Ledger(), "1,a,applied");
    Query("drop table a, schema_migrations");
  }
}

TEST_P(RunTest, WhatAMigrationSetsDoesNotReachTheNext) {
  // In DO blocks, which the analysis does not look into: it takes all files for one session.
  const std::string temporary =
      "-- plimsoll:allow risky -- a temporary table\n"
      "do $$ begin create temp table x (a int); end $$;\n";
  const RunReport report =
      Apply(Files{{"m/001_a.sql", absl::StrCat("set search_path = '';\n", temporary)},
                  {"m/002_b.sql", absl::StrCat("create table public.b (id int);\n", temporary)},
                  {"m/003_c.sql", "insert into b values (1);"}});
  EXPECT_EQ(report.outcome, Outcome::kApplied) << report.message;
  EXPECT_EQ(Query("select count(*) from b"), "1");
}

TEST_P(RunTest, KeepsOthersOutWhateverAMigrationDiscards) {
  const RunReport report = Apply(
      Files{{"m/001_a.sql", "discard all;"},
            {"m/002_b.sql",
             "-- plimsoll:allow risky -- it only looks\n"
             "do $$ begin if not exists (select from pg_locks where locktype = 'advisory' "
             "and granted and pid = pg_backend_pid()) then raise 'no lock'; end if; end $$;"}});
  EXPECT_EQ(report.outcome, Outcome::kApplied) << report.message;
}

TEST_P(RunTest, ARoleThatAMigrationTakesOnDoesNotWriteHistory) {
  Query(absl::StrCat("create role taken_on_", GetParam()));
  const RunReport report = Apply(
      Files{{"m/001_a.sql", absl::StrCat("set role taken_on_", GetParam(), ";\nselect 1;\n")}});
  EXPECT_EQ(report.outcome, Outcome::kApplied) << report.message;
}

TEST_P(RunTest, CopiesInlineData) {
  const RunReport report =
      Apply(Files{{"m/001_a.sql",
                   "create table a (id int, t text);\ncopy a from stdin;\n1\tone\n2\ttwo\n\\.\n"
                   "create table b (id int);\n"}});
  EXPECT_EQ(report.outcome, Outcome::kApplied) << report.message;
  EXPECT_EQ(Query("select * from a order by id"), "1,one,2,two");
}

// ---- the program, killed ---------------------------------------------------------------------

// Starts the program with its output thrown away.
pid_t Launch(const std::vector<std::string>& arguments) {
  const pid_t pid = fork();
  if (pid != 0) return pid;
  if (std::freopen("/dev/null", "w", stdout) == nullptr) _exit(126);
  if (std::freopen("/dev/null", "w", stderr) == nullptr) _exit(126);
  std::vector<std::string> words = {PLIMSOLL_BINARY};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  execv(pointers[0], pointers.data());
  _exit(127);
}

int ExitCodeOf(pid_t pid) {
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TEST_P(RunTest, AKilledProgramLeavesNothingHalfDone) {
  const testing_support::TemporaryFolder folder;
  folder.Write("001_a.sql", "create table a (id int);\nselect pg_sleep(30);\n");
  const pid_t pid = Launch({"apply", folder.path(), "--database-url", url_});
  const std::string sleeping =
      "from pg_stat_activity where datname = current_database() and query = "
      "'select pg_sleep(30)' and state = 'active'";
  EXPECT_TRUE(Await(absl::StrCat("select count(*) = 1 ", sleeping)));
  kill(pid, SIGKILL);
  EXPECT_EQ(ExitCodeOf(pid), -SIGKILL);
  // The server notices, although the statement would go on for half a minute.
  EXPECT_TRUE(Await(absl::StrCat("select count(*) = 0 ", sleeping)));
  EXPECT_EQ(Tables(), "");
  EXPECT_EQ(Ledger(), "");
  folder.Write("001_a.sql", "create table a (id int);\n");
  EXPECT_EQ(ExitCodeOf(Launch({"apply", folder.path(), "--database-url", url_})), 0);
  EXPECT_EQ(ExitCodeOf(Launch({"status", folder.path(), "--database-url", url_})), 0);
  folder.Write("001_a.sql", "create table a (id bigint);\n");
  EXPECT_EQ(ExitCodeOf(Launch({"apply", folder.path(), "--database-url", url_})), 5);
  folder.Write("001_a.sql", "create table a (id int);\n");
  folder.Write("002_b.sql", "drop table a;\n");
  EXPECT_EQ(ExitCodeOf(Launch({"apply", folder.path(), "--database-url", url_})), 1);
  folder.Write("002_b.sql", "select 1/0;\n");
  EXPECT_EQ(ExitCodeOf(Launch({"apply", folder.path(), "--database-url", url_})), 4);
  EXPECT_EQ(ExitCodeOf(Launch({"status", folder.path(), "--database-url", url_})), 4);
  EXPECT_EQ(ExitCodeOf(Launch({"apply", folder.path(), "--database-url", "nonsense"})), 2);
}

// What the program says, errors too, and its exit code.
std::string Said(const std::string& arguments) {
  const std::string command =
      absl::StrCat("{ ", PLIMSOLL_BINARY, " ", arguments, "; } 2>&1 </dev/null");
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return "cannot start a shell";
  std::string text;
  char buffer[1 << 12];
  for (size_t read = 0; (read = fread(buffer, 1, sizeof buffer, pipe)) > 0;) {
    text.append(buffer, read);
  }
  return absl::StrCat(text, "[exit ", WEXITSTATUS(pclose(pipe)), "]");
}

TEST_P(RunTest, TheProgramSaysWhatBecameOfAnIndex) {
  const testing_support::TemporaryFolder folder;
  const std::string apply = absl::StrCat("apply ", folder.path(), " --database-url '", url_, "'");
  Query("create table a (id int)");
  Query("insert into a values (1), (1)");
  folder.Write("001_a.sql", "create unique index concurrently a_id on a (id);\n");
  std::string said = Said(apply);
  EXPECT_TRUE(absl::StrContains(
      said, "001_a: dropped the invalid index public.a_id that the failed build left"))
      << said;
  EXPECT_FALSE(absl::StrContains(said, "stays behind")) << said;
  folder.Write("001_a.sql",
               "set lock_timeout = '100ms';\ncreate index concurrently a_id on a (id);\n");
  auto writer = ConnectPostgres({.url = url_});
  ASSERT_TRUE((*writer)->Execute("begin; insert into a values (2)").ok());
  said = Said(absl::StrCat(apply, " --lock-timeout 100"));
  EXPECT_TRUE(absl::StrContains(said,
                                "help: the index public.a_id stays behind, invalid: apply again, "
                                "which drops it first, or run `DROP INDEX CONCURRENTLY "
                                "public.a_id`\n"))
      << said;
  EXPECT_TRUE(absl::StrContains(said, "more time with the lock_timeout that the file sets"))
      << said;
  (*writer)->Close();
  said = Said(apply);
  EXPECT_TRUE(
      absl::StrContains(said, "001_a: dropped the invalid index public.a_id to build it anew\n"))
      << said;
  EXPECT_TRUE(absl::StrContains(said, "[exit 0]")) << said;
}

TEST_P(RunTest, APlanThatCannotBeWrittenIsAnError) {
  const testing_support::TemporaryFolder folder;
  folder.Write("001_a.sql", "select 1;\n");
  const std::string command =
      absl::StrCat("apply --dry-run ", folder.path(), " --database-url '", url_, "'");
  EXPECT_TRUE(absl::EndsWith(Said(command), "/001_a.sql:1  SELECT\n[exit 0]")) << Said(command);
  EXPECT_TRUE(absl::EndsWith(Said(absl::StrCat(command, " >/dev/full")), "[exit 2]"));
}

// What comes from files, names and servers must not move the cursor.
TEST_P(RunTest, TheProgramDrawsControlCharacters) {
  const testing_support::TemporaryFolder folder;
  const std::string target = absl::StrCat(folder.path(), " --database-url '", url_, "'");
  folder.Write("001_\x1b[31m.sql",
               "do $$ begin raise notice E'\\x1b[31mnotice'; end $$;\nselect E'\x1b[31m', 1/0;\n");
  for (const char* command : {"apply --dry-run ", "apply ", "status "}) {
    const std::string said = Said(absl::StrCat(command, target));
    EXPECT_FALSE(absl::StrContains(said, "\x1b")) << said;
    EXPECT_TRUE(absl::StrContains(said, "001_\u241b[31m")) << said;
  }
}

TEST_P(RunTest, TheProgramRefusesWhatIsOutOfOrder) {
  const testing_support::TemporaryFolder folder;
  const std::string target = absl::StrCat(folder.path(), " --database-url '", url_, "'");
  folder.Write("002_b.sql", "create table b (id int);\n");
  ASSERT_TRUE(absl::StrContains(Said(absl::StrCat("apply ", target)), "[exit 0]"));
  folder.Write("001_a.sql", "create table a (id int);\n");
  for (const char* command : {"apply ", "apply --dry-run "}) {
    EXPECT_EQ(
        Said(absl::StrCat(command, target)),
        absl::StrCat("plimsoll: \"", folder.path(), "/001_a.sql\" is out of order: its ",
                     "version 1 is lower than 2, the highest that is applied (`002_b`); give ",
                     "it a higher version, or apply it all the same with ",
                     "--allow-out-of-order\n[exit 1]"));
  }
  const std::string status = Said(absl::StrCat("status ", target));
  EXPECT_TRUE(absl::StartsWith(status, "out of order  001_a  its version is lower than")) << status;
  EXPECT_TRUE(absl::EndsWith(status, "1 applied, 1 pending\n[exit 0]")) << status;
  EXPECT_TRUE(absl::StrContains(Said(absl::StrCat("apply --allow-out-of-order ", target)),
                                "applied 1 migration\n[exit 0]"));
}

TEST(EphemeralTest, IsGoneAfterItsOwnerWasKilled) {
  const testing_support::TemporaryFolder folder;
  const std::string note = folder.path() + "/note";
  const pid_t pid = Launch(
      {"ephemeral", "--", "sh", "-c",
       absl::StrCat("echo $PGHOST > ", note, "; while test -e $PGHOST; do sleep 0.1; done")});
  std::string host;
  for (int i = 0; host.empty() && i < 3000; ++i) {
    std::ifstream(note) >> host;
    std::this_thread::sleep_for(milliseconds(10));
  }
  ASSERT_FALSE(host.empty());
  EXPECT_TRUE(std::filesystem::exists(host + "/.s.PGSQL.5432"));
  kill(pid, SIGKILL);
  EXPECT_EQ(ExitCodeOf(pid), -SIGKILL);
  for (int i = 0; std::filesystem::exists(host) && i < 1000; ++i) {
    std::this_thread::sleep_for(milliseconds(10));
  }
  EXPECT_FALSE(std::filesystem::exists(host));
}

TEST(EphemeralTest, SaysWhereItLooked) {
  const auto server = EphemeralServer::Start({.version = 10});
  ASSERT_FALSE(server.ok());
  EXPECT_TRUE(absl::StrContains(server.status().message(), "cannot find PostgreSQL 10"))
      << server.status();
}

TEST(EphemeralTest, TellsWhyAServerDidNotStart) {
  const auto server = EphemeralServer::Start({.settings = {{"no_such_setting", "1"}}});
  ASSERT_FALSE(server.ok());
  EXPECT_TRUE(absl::StrContains(server.status().message(), "no_such_setting")) << server.status();
}

}  // namespace
}  // namespace plimsoll
