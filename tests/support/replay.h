#ifndef PLIMSOLL_TESTS_SUPPORT_REPLAY_H_
#define PLIMSOLL_TESTS_SUPPORT_REPLAY_H_

#include <memory>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "analyzer/simulation/history.h"
#include "executor/connection.h"
#include "executor/ephemeral.h"

// Running whole histories on real servers.

namespace plimsoll::replay {

// A server with one database that is empty again whenever a history begins, one session that plays
// histories, and one that only looks at what they have made.
class Stage {
 public:
  static absl::StatusOr<Stage> Start(int server_version);

  Connection& session() { return *session_; }
  // Leaves nothing of what was played, and a session as new.
  absl::Status Clear();

  // What picture::Query() says of the database. Sees what is committed, and of temporary relations
  // those of `session`.
  absl::StatusOr<Rows> Picture();
  // What executor/catalog.sql says of the database, to a session as new.
  absl::StatusOr<std::string> Catalog();

 private:
  explicit Stage(EphemeralServer server) : server_(std::move(server)) {}
  absl::Status MakeDatabase();
  absl::StatusOr<Rows> Look(absl::string_view name, absl::string_view query);

  EphemeralServer server_;
  std::unique_ptr<Connection> session_;
  // Never discards its plans: what is asked after every history is long, and takes the server more
  // time to plan than to answer.
  std::unique_ptr<Connection> observer_;
  std::set<std::string> prepared_;  // by the observer
};

struct Replayed {
  // Of the simulation, where the server stands now.
  Moment moment = 0;
  // The statement at which the history ended because the server refused it, and why; empty where
  // it ran to its end.
  std::string refused;
};

// Runs the history's statements one by one, a session a file, in the transactions that the
// simulation saw, up to the first that fails; what its transaction did is rolled back. Fails only
// where the server cannot be talked to. The session of the last file is left as it is, so that its
// temporary relations can be seen.
absl::StatusOr<Replayed> Replay(Stage& stage, const History& history);

}  // namespace plimsoll::replay

#endif  // PLIMSOLL_TESTS_SUPPORT_REPLAY_H_
