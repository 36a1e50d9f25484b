#ifndef PLIMSOLL_TESTS_SUPPORT_TRUTH_H_
#define PLIMSOLL_TESTS_SUPPORT_TRUTH_H_

#include <set>
#include <string>
#include <vector>

#include "analyzer/simulation/lock.h"

// Measured behaviour of PostgreSQL and predictions of it, in one form. See fixtures/truth.

namespace plimsoll::truth {

// The strongest lock on one relation that existed before the statement's transaction.
struct TableLock {
  std::string relation;
  LockMode mode = LockMode::kAccessShare;

  friend auto operator<=>(const TableLock&, const TableLock&) = default;
};

// What a statement did to the relations that existed before its transaction.
struct Deeds {
  std::string sqlstate;  // empty: it succeeds
  bool outside_transactions = false;
  std::set<TableLock> locks;  // of indexes only ACCESS EXCLUSIVE: weaker ones change with releases
  std::set<std::string> rewritten;
  std::set<std::string> scanned;  // a rewrite counts
  std::set<std::string> index_builds;
};

struct Measured {
  std::vector<int> servers;
  Deeds deeds;
  // Held already by the statements before; the statement may or may not take them again.
  std::set<TableLock> held;
};

struct Case {
  std::string name;
  std::string setup;
  std::string session;
  std::string before;
  std::string statement;
  std::vector<Measured> measured;
};

struct Prediction {
  bool modelled = false;
  bool is_query = false;  // scans of queries follow the planner: they are not compared
  Deeds deeds;
};

std::vector<Case> LoadCases();
// Those of fixtures/truth/live.sql, which nobody measured beforehand.
std::vector<Case> LoadLiveCases();

// `measured` says how the case was run: in a transaction block or outside one.
Prediction Predict(const Case& truth_case, const Measured& measured, int server);

// What differs, for people; empty where nothing does.
std::string Compare(const Case& truth_case, const Measured& measured, int server,
                    const Prediction& prediction);

}  // namespace plimsoll::truth

#endif  // PLIMSOLL_TESTS_SUPPORT_TRUTH_H_
