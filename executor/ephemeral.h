#ifndef PLIMSOLL_EXECUTOR_EPHEMERAL_H_
#define PLIMSOLL_EXECUTOR_EPHEMERAL_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/base/attributes.h"
#include "absl/status/statusor.h"
#include "executor/keeper.h"

// A private PostgreSQL for trials and tests: in a temporary folder, on a unix socket only, without
// password and without fsync, as an unprivileged user where we are root (PostgreSQL refuses to run
// as root). It is gone with the object, and also when our process is killed.

namespace plimsoll {

// Where the programs of one PostgreSQL lie.
struct PostgresBinaries {
  int version = 0;        // the major one
  std::string directory;  // holds initdb and postgres
};

// Every PostgreSQL of this machine, the preferred first: $PLIMSOLL_POSTGRES_DIR (a folder of
// pg15/native/bin, pg18/native/bin, …, or one with the programs), node_modules of the current
// folder and of those above it, then of the folders above our executable, then what the system
// has installed, then PATH.
std::vector<PostgresBinaries> FindPostgres();

struct EphemeralOptions {
  int version = 0;  // the major one; 0: the newest there is
  std::vector<std::pair<std::string, std::string>> settings;  // of postgresql.conf
};

class EphemeralServer {
 public:
  // Returns once the server takes connections.
  static absl::StatusOr<EphemeralServer> Start(const EphemeralOptions& options);

  int version() const { return version_; }
  // postgresql://postgres@/postgres?host=…&port=…
  std::string url() const { return url(/*database=*/"postgres"); }
  std::string url(const std::string& database) const;
  const std::string& socket_directory() const ABSL_ATTRIBUTE_LIFETIME_BOUND { return folder_; }
  static int port() { return 5432; }  // names the socket; every server has a folder of its own

  // What the destructor does.
  void Stop() { keeper_.Dismiss(); }

 private:
  EphemeralServer(int version, std::string folder, Keeper keeper)
      : version_(version), folder_(std::move(folder)), keeper_(std::move(keeper)) {}

  int version_ = 0;
  std::string folder_;
  Keeper keeper_;
};

}  // namespace plimsoll

#endif  // PLIMSOLL_EXECUTOR_EPHEMERAL_H_
