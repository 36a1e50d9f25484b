#ifndef PLIMSOLL_EXECUTOR_KEEPER_H_
#define PLIMSOLL_EXECUTOR_KEEPER_H_

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// A small process between us and a private server. It starts the server, waits until the pipe to
// us closes, and then stops the server and removes its folder. The pipe closes however we end, by
// SIGKILL too, so nothing stays behind and we install no signal handler. Should the keeper itself
// be killed, the kernel ends the server.

namespace plimsoll {

// Whom a program runs as.
struct Identity {
  uid_t user = 0;
  gid_t group = 0;
};

struct KeeperOrders {
  std::string folder;  // where the programs run; removed with all that is in it at the end
  std::string log;     // their output
  std::vector<std::string> environment;  // NAME=value, and nothing else is passed on
  std::optional<Identity> identity;      // empty: as we are
  std::vector<std::string> prepare;      // a path and its arguments; run to its end first
  std::vector<std::string> serve;        // then this, until we are gone
};

enum class KeeperTrouble { kNone, kPrepareFailed, kServerEnded };

class Keeper {
 public:
  static absl::StatusOr<Keeper> Start(const KeeperOrders& orders);

  Keeper(Keeper&& other) noexcept;
  Keeper& operator=(Keeper&& other) noexcept;
  ~Keeper() { Dismiss(); }

  // What went wrong so far. After any trouble the folder stays until Dismiss, so that its log can
  // be read. Does not wait.
  KeeperTrouble Trouble();

  // Stops the server, removes the folder and waits for both.
  void Dismiss();

 private:
  Keeper(pid_t pid, int control, int report) : pid_(pid), control_(control), report_(report) {}

  pid_t pid_ = -1;
  int control_ = -1;  // closing it is the order to stop
  int report_ = -1;
  KeeperTrouble trouble_ = KeeperTrouble::kNone;
};

// Whether `identity` may execute the file, folders on the way included.
bool MayExecute(const std::optional<Identity>& identity, const std::string& path);

}  // namespace plimsoll

#endif  // PLIMSOLL_EXECUTOR_KEEPER_H_
