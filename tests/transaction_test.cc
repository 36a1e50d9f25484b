// What fails in a transaction, and what a transaction leaves behind: files are run on real servers
// statement by statement and as one message, and the simulation has to say the same.

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/picture.h"
#include "tests/support/replay.h"
#include "tests/support/stage.h"

namespace plimsoll {
namespace {

// Each creates tables between what fails and what ends a transaction: the tables that are left tell
// what was committed. `r1` and `r2` are never created.
const char* const kFiles[] = {
    "CREATE TABLE a (id int); CREATE TABLE b (id int);",
    "CREATE TABLE a (id int); SELECT * FROM r1; CREATE TABLE b (id int);",
    "BEGIN; CREATE TABLE a (id int); COMMIT; CREATE TABLE b (id int); DROP TABLE r1;",
    "BEGIN; CREATE TABLE a (id int); DROP TABLE r1; CREATE TABLE b (id int); COMMIT;"
    " CREATE TABLE c (id int);",
    "BEGIN; CREATE TABLE a (id int); ROLLBACK; CREATE TABLE b (id int);",
    "BEGIN; SAVEPOINT s; CREATE TABLE a (id int); DROP TABLE r1; ROLLBACK TO s;"
    " CREATE TABLE b (id int); COMMIT;",
    "BEGIN; CREATE TABLE a (id int); SAVEPOINT s; DROP TABLE r1; ROLLBACK TO s; COMMIT;",
    "BEGIN; SAVEPOINT s; DROP TABLE r1; RELEASE s; SAVEPOINT t; ROLLBACK TO t; ROLLBACK;"
    " CREATE TABLE a (id int);",
    "BEGIN; CREATE TABLE a (id int); DROP TABLE r1; ROLLBACK TO s; COMMIT;",
    "BEGIN; CREATE TABLE a (id int); ROLLBACK TO s; CREATE TABLE b (id int); COMMIT;",
    "BEGIN; DROP TABLE r1; COMMIT AND CHAIN; CREATE TABLE a (id int); COMMIT;",
    "BEGIN; CREATE TABLE a (id int); COMMIT AND CHAIN; CREATE TABLE b (id int); ROLLBACK;",
    "BEGIN; CREATE TABLE a (id int); ROLLBACK AND CHAIN; CREATE TABLE b (id int); COMMIT;",
    "CREATE TABLE a (id int); COMMIT; CREATE TABLE b (id int); DROP TABLE r1;",
    "CREATE TABLE a (id int); ROLLBACK; CREATE TABLE b (id int);",
    "CREATE TABLE a (id int); COMMIT AND CHAIN; CREATE TABLE b (id int);",
    "CREATE TABLE a (id int); ROLLBACK AND CHAIN; CREATE TABLE b (id int);",
    "CREATE TABLE a (id int); SAVEPOINT s; CREATE TABLE b (id int);",
    "CREATE TABLE a (id int); RELEASE s;",
    "CREATE TABLE a (id int); ROLLBACK TO s;",
    "CREATE TABLE a (id int); VACUUM a; CREATE TABLE b (id int);",
    "CREATE TABLE a (id int); CREATE INDEX CONCURRENTLY ON a (id); CREATE TABLE b (id int);",
    "CREATE TABLE a (id int); BEGIN; CREATE TABLE b (id int); ROLLBACK; CREATE TABLE c (id int);",
    "CREATE TABLE a (id int); BEGIN; CREATE TABLE b (id int); COMMIT; DROP TABLE r1;",
    "BEGIN; BEGIN; CREATE TABLE a (id int); COMMIT; COMMIT;",
    "BEGIN; CREATE TABLE a (id int); VACUUM a; CREATE TABLE b (id int); COMMIT;",
    "BEGIN; DROP TABLE r1; SET lock_timeout = '1s'; SELECT 1; ROLLBACK; SELECT 1;",
    "BEGIN; DROP TABLE r1; DROP TABLE r2; END; CREATE TABLE a (id int);",
    "DROP TABLE r1;",
    "VACUUM;",
    "CREATE TABLE a (id int); CREATE TABEL b (id int); CREATE TABLE c (id int);",
    "CREATE TABLE a (id int); BEGIN; CREATE TABLE b (id int); COMMIT; SELECT FROM WHERE;",
    "BEGIN; CREATE TABLE a (id int); ALTER TABLE a ADD COLUMN; COMMIT; CREATE TABLE b (id int);",
    // The modes of a transaction, and what gives them back.
    "BEGIN; SAVEPOINT x; SET TRANSACTION READ ONLY; CREATE TABLE a (id int); ROLLBACK TO x;"
    " CREATE TABLE b (id int); COMMIT;",
    "BEGIN; SAVEPOINT x; SET TRANSACTION READ ONLY; RELEASE x; CREATE TABLE a (id int); COMMIT;",
    "BEGIN READ ONLY; COMMIT AND CHAIN; CREATE TABLE a (id int); COMMIT; CREATE TABLE b (id int);",
    "BEGIN READ ONLY; ROLLBACK AND CHAIN; CREATE TABLE a (id int); ROLLBACK;",
    "BEGIN READ ONLY; BEGIN READ WRITE; CREATE TABLE a (id int); COMMIT;",
    "BEGIN; BEGIN READ ONLY; CREATE TABLE a (id int); COMMIT;",
    "BEGIN READ ONLY; SELECT 1; BEGIN READ WRITE; CREATE TABLE a (id int); COMMIT;",
    "BEGIN READ ONLY; SELECT 1; SET TRANSACTION READ WRITE; CREATE TABLE a (id int); COMMIT;",
    "BEGIN READ ONLY; SET TRANSACTION READ WRITE; CREATE TABLE a (id int); COMMIT;",
    "BEGIN READ ONLY; SAVEPOINT x; SET TRANSACTION READ WRITE; ROLLBACK TO x;"
    " SET TRANSACTION READ ONLY; CREATE TABLE a (id int); COMMIT;",
    "BEGIN; SELECT 1; SET TRANSACTION READ WRITE; CREATE TABLE a (id int); COMMIT;",
    "BEGIN; SELECT 1; SET TRANSACTION READ ONLY; CREATE TABLE a (id int); COMMIT;",
    "BEGIN; SAVEPOINT x; SET TRANSACTION READ WRITE; CREATE TABLE a (id int); COMMIT;",
    "BEGIN; SAVEPOINT x; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; COMMIT;",
    "BEGIN; SAVEPOINT x; SET TRANSACTION DEFERRABLE; COMMIT;",
    "BEGIN; SAVEPOINT x; RELEASE x; SET TRANSACTION DEFERRABLE; CREATE TABLE a (id int); COMMIT;",
    "BEGIN; SET transaction_read_only = on; CREATE TABLE a (id int); COMMIT;",
    "BEGIN; SET LOCAL transaction_read_only = on; COMMIT; CREATE TABLE a (id int);",
    "BEGIN READ ONLY; SELECT 1; SET transaction_read_only = off; COMMIT;",
    "BEGIN; SELECT 1; SET transaction_isolation = 'serializable'; COMMIT;",
    "BEGIN; SELECT 1; BEGIN ISOLATION LEVEL SERIALIZABLE; COMMIT;",
    "BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1; BEGIN ISOLATION LEVEL SERIALIZABLE;"
    " SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; CREATE TABLE a (id int); COMMIT;",
    "BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT 1; SET TRANSACTION ISOLATION LEVEL READ COMMITTED;"
    " COMMIT;",
    "BEGIN; SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY; CREATE TABLE a (id int); COMMIT;"
    " CREATE TABLE b (id int); BEGIN READ WRITE; CREATE TABLE c (id int); COMMIT AND CHAIN;"
    " CREATE TABLE d (id int); COMMIT; RESET default_transaction_read_only;"
    " CREATE TABLE e (id int);",
    "SET default_transaction_isolation = 'serializable'; BEGIN; SELECT 1;"
    " SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; COMMIT;"
    " SET default_transaction_isolation = 'read committed';",
};

std::shared_ptr<const Script> Parse(const std::string& text) {
  return std::make_shared<const Script>(
      ParseScript(std::make_shared<const Source>("file.sql", text)));
}

History SimulateAs(Wrapping wrapping, const std::string& text, int server_version) {
  return Simulate({.migrations = {{.script = Parse(text), .wrapping = wrapping}},
                   .start = Start::kEmpty,
                   .server_version = server_version,
                   .on_failure = OnFailure::kAbort});
}

// The SQLSTATE of each statement, empty where it succeeds.
std::vector<std::string> PredictedErrors(const History& history) {
  std::vector<std::string> errors;
  const size_t statements = history.migrations()[0].script->statements.size();
  for (uint32_t i = 0; i < statements; ++i) {
    errors.emplace_back();
    for (const Step& step : history.StepsOf(0, i)) {
      if (step.effects.failure) errors.back() = step.effects.failure->sqlstate;
    }
    const auto& problem = history.migrations()[0].script->statements[i].problem;
    if (problem) errors.back() = std::string(problem->SqlstateOn(history.server_version()));
  }
  return errors;
}

class TransactionTest : public replay::StageTest {
 protected:
  std::string ErrorOf(absl::string_view sql) {
    return SqlErrorOf(stage_->session().Execute(sql).status()).sqlstate;
  }

  // What is left once nothing is open, on the server and in the simulation.
  void ExpectSameCatalog(const History& history) {
    const TransactionState state = stage_->session().transaction_state();
    if (state != TransactionState::kIdle) ErrorOf("ROLLBACK");
    const absl::StatusOr<Rows> rows = stage_->Picture();
    ASSERT_TRUE(rows.ok()) << rows.status();
    const auto end = static_cast<Moment>(history.steps().size());
    EXPECT_EQ(picture::Compare(picture::Of(history.At(end), GetParam()), picture::Of(*rows)), "");
  }
};

TEST_P(TransactionTest, GoesOnAfterAFailureAsPsqlDoes) {
  for (const std::string text : kFiles) {
    SCOPED_TRACE(text);
    ASSERT_TRUE(stage_->Clear().ok());
    const History history = SimulateAs(Wrapping::kNone, text, GetParam());
    std::vector<std::string> errors;
    for (const Statement& statement : history.migrations()[0].script->statements) {
      errors.push_back(ErrorOf(text.substr(statement.span.begin, statement.span.size())));
    }
    EXPECT_EQ(PredictedErrors(history), errors);
    ExpectSameCatalog(history);
  }
}

// A server tells one failure of a message.
TEST_P(TransactionTest, RunsAMessageAsOneTransaction) {
  for (const std::string text : kFiles) {
    SCOPED_TRACE(text);
    ASSERT_TRUE(stage_->Clear().ok());
    const History history = SimulateAs(Wrapping::kMessage, text, GetParam());
    const std::string error = ErrorOf(text);
    const std::vector<std::string> predicted = PredictedErrors(history);
    // What fails is told of one statement. What follows it did not run; of a message with a syntax
    // error nothing did.
    const auto fails = [](const std::string& sqlstate) {
      return !sqlstate.empty() && sqlstate != "25P02";
    };
    const auto first = std::find_if(predicted.begin(), predicted.end(), fails);
    EXPECT_EQ(first != predicted.end() ? *first : "", error);
    const auto from =
        error == "42601" ? predicted.begin() : (first == predicted.end() ? first : first + 1);
    for (auto next = from; next != predicted.end(); ++next) {
      if (next != first) {
        EXPECT_EQ(*next, "25P02");
      }
    }
    ExpectSameCatalog(history);
  }
}

// A linter that stopped at the first failure would hide what else there is to say.
TEST(OnFailureTest, JudgesOnWhereItIsAskedTo) {
  const History history = Simulate(
      {.migrations = {{.script = Parse("BEGIN; DROP TABLE r1; CREATE TABLE a (id int); COMMIT;")}},
       .start = Start::kEmpty});
  EXPECT_EQ(PredictedErrors(history), (std::vector<std::string>{"", "42P01", "", ""}));
  EXPECT_NE(
      history.At(static_cast<Moment>(history.steps().size())).Find({.name = "a"}, {{"public"}}),
      nullptr);
}

INSTANTIATE_TEST_SUITE_P(Servers, TransactionTest, testing::ValuesIn(replay::Servers()),
                         replay::ServerName);

}  // namespace
}  // namespace plimsoll
