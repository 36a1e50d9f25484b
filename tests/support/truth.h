#ifndef PLIMSOLL_TESTS_SUPPORT_TRUTH_H_
#define PLIMSOLL_TESTS_SUPPORT_TRUTH_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "analyzer/simulation/history.h"
#include "analyzer/simulation/lock.h"

// Measured behaviour of PostgreSQL and predictions of it, in one form. The cases live in
// fixtures/effects; fixtures/README.md has their grammar.

namespace plimsoll::truth {

inline constexpr int kOldestServer = 12;
inline constexpr int kNewestServer = 18;

using Locks = std::map<std::string, LockMode>;  // by relation: the strongest

// What a statement did to relations. Those of schema `public` carry no schema.
struct Deeds {
  std::string sqlstate;               // empty: it succeeds
  bool outside_transactions = false;  // refused in a transaction block, so measured outside one
  // On relations that existed before the transaction; of indexes only ACCESS EXCLUSIVE, for weaker
  // ones change with minor releases.
  Locks locks;
  Locks held;  // those that the statements before had taken already
  std::set<std::string> rewritten;
  std::set<std::string> scanned;
  std::set<std::string> rebuilt;  // indexes with a new file
  std::set<std::string> reused;   // indexes made again over their old file
  std::set<std::string> created;  // new indexes

  friend bool operator==(const Deeds&, const Deeds&) = default;
};

struct Measured {
  std::vector<int> servers;  // the major versions that behaved alike
  Deeds deeds;
};

struct Case {
  std::string name;
  std::string file;       // below fixtures/effects, without `.sql`: the family
  std::string setup;      // committed before; what is `given` comes first
  std::string session;    // settings of the measuring session
  std::string before;     // earlier in the same transaction
  std::string statement;  // the one that is measured
  std::vector<Measured> measured;
};

struct Prediction {
  bool modelled = false;
  Deeds deeds;
};

// In the order of the families' names.
std::vector<Case> LoadCases();

// Writes the measurements of `cases` into their files, and changes nothing else there.
void SaveMeasurements(const std::vector<Case>& cases);

// The group of `server`, or null where the case has no measurement of it.
const Measured* MeasurementOf(const Case& truth_case, int server);

// `outside_transactions` says how the case was run. The statement runs after what stands in
// `start`, instead of the case's own set-up in the second form.
Prediction Predict(const Case& truth_case, bool outside_transactions, int server);
Prediction Predict(const Case& truth_case, bool outside_transactions, Inputs start);

// What differs, for people: a line for each kind of deed. Empty where nothing does.
std::string Compare(const Case& truth_case, const Deeds& measured, const Prediction& prediction);

// The case as SQL, for people.
std::string Show(const Case& truth_case);

// Cases whose prediction differs on some version though the statement is modelled, and why: by
// name, from tests/oracle/differences.txt.
const std::map<std::string, std::string>& KnownDifferences();
// Takes cases off that list.
void ForgetDifferences(const std::set<std::string>& names);

// How predictions fared on one version.
struct Tally {
  int cases = 0;
  int unmodelled = 0;
  std::vector<std::string> disagreeing;  // names, those not modelled among them

  double Rate() const {
    return cases == 0 ? 0 : 1.0 - static_cast<double>(disagreeing.size()) / cases;
  }
};

// docs/accuracy.md, by server version.
std::string RenderAccuracy(const std::map<int, Tally>& tallies);

}  // namespace plimsoll::truth

#endif  // PLIMSOLL_TESTS_SUPPORT_TRUTH_H_
