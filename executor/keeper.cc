#include "executor/keeper.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <initializer_list>
#include <utility>

#include "absl/strings/str_cat.h"

namespace plimsoll {
namespace {

constexpr char kPrepareFailed = 'p';
constexpr char kServerEnded = 's';
constexpr int kPatienceMilliseconds = 10'000;  // between asking the server to stop and SIGKILL

// An argument vector as execve wants it. Built before the fork: after it only calls that are safe
// in a signal handler are allowed, for our process may have other threads.
class Vector {
 public:
  explicit Vector(const std::vector<std::string>& strings) : strings_(strings) {
    for (std::string& text : strings_) pointers_.push_back(text.data());
    pointers_.push_back(nullptr);
  }
  Vector(const Vector&) = delete;
  Vector& operator=(const Vector&) = delete;

  char* const* get() const { return pointers_.data(); }

 private:
  std::vector<std::string> strings_;
  std::vector<char*> pointers_;
};

bool Become(const std::optional<Identity>& identity) {
  if (!identity.has_value()) return true;
  return setgroups(0, nullptr) == 0 && setgid(identity->group) == 0 && setuid(identity->user) == 0;
}

// Closes what was inherited, except `kept`: another keeper's pipe held open here would keep that
// keeper waiting for ever.
void CloseAllBut(std::initializer_list<int> kept) {
  constexpr int kFirst = 3;
  constexpr int kLast = 4096;
  for (int fd = kFirst; fd < kLast; ++fd) {
    if (std::find(kept.begin(), kept.end(), fd) == kept.end()) close(fd);
  }
}

struct Orders {
  const Vector* environment;
  const Vector* prepare;
  const Vector* serve;
  const Vector* remove;
  const char* folder;
  int log;
  std::optional<Identity> identity;
};

// In the keeper: starts a program with the log as its output.
pid_t Launch(const Orders& orders, const Vector& program) {
  const pid_t keeper = getpid();
  const pid_t pid = fork();
  if (pid != 0) return pid;
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  dup2(orders.log, STDOUT_FILENO);
  dup2(orders.log, STDERR_FILENO);
  CloseAllBut({});
  if (!Become(orders.identity)) _exit(126);
  // After the change of user, which clears it.
  prctl(PR_SET_PDEATHSIG, SIGQUIT);
  if (getppid() != keeper) _exit(126);
  execve(program.get()[0], program.get(), orders.environment->get());
  _exit(127);
}

enum class Ended { kProgram, kDismissed, kNothing };

// Waits until the program ended or we were dismissed.
Ended Await(pid_t pid, int control, int children, int milliseconds, int* status) {
  for (;;) {
    if (waitpid(pid, status, WNOHANG) == pid) return Ended::kProgram;
    pollfd polled[2] = {{.fd = children, .events = POLLIN, .revents = 0},
                        {.fd = control, .events = POLLIN, .revents = 0}};
    const int ready = poll(polled, control < 0 ? 1 : 2, milliseconds);
    if (ready == 0) return Ended::kNothing;
    if (polled[0].revents != 0) {
      signalfd_siginfo ignored;
      if (read(children, &ignored, sizeof ignored) < 0) continue;
    }
    if (control >= 0 && polled[1].revents != 0) return Ended::kDismissed;
  }
}

void StopServer(pid_t pid, int children) {
  int status = 0;
  // Nothing of it is kept, so it need not write anything down.
  kill(pid, SIGQUIT);
  if (Await(pid, -1, children, kPatienceMilliseconds, &status) == Ended::kProgram) return;
  kill(pid, SIGKILL);
  waitpid(pid, &status, 0);
}

void AwaitDismissal(int control) {
  pollfd polled = {.fd = control, .events = POLLIN, .revents = 0};
  while (poll(&polled, 1, -1) < 0) {
  }
}

void Say(int report, char what) {
  if (write(report, &what, 1) != 1) return;  // nobody listens any more: we are about to end
}

// The keeper's whole life.
void Keep(const Orders& orders, int control, int report, int children) {
  int status = 0;
  const pid_t preparing = Launch(orders, *orders.prepare);
  const Ended prepared = Await(preparing, control, children, -1, &status);
  if (prepared == Ended::kDismissed) return StopServer(preparing, children);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    Say(report, kPrepareFailed);
    return AwaitDismissal(control);
  }
  const pid_t serving = Launch(orders, *orders.serve);
  if (Await(serving, control, children, -1, &status) == Ended::kDismissed) {
    return StopServer(serving, children);
  }
  Say(report, kServerEnded);
  AwaitDismissal(control);
}

[[noreturn]] void KeeperMain(const Orders& orders, int control, int report) {
  setsid();  // Ctrl-C at the terminal is for our parent
  prctl(PR_SET_NAME, "plimsoll-keeper");
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
  signal(SIGCHLD, SIG_DFL);
  const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  // Whoever reads our parent's output must see its end when our parent is gone.
  for (int fd = 0; fd < 3; ++fd) dup2(nothing, fd);
  CloseAllBut({control, report, orders.log});
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  const int children = signalfd(-1, &child, SFD_NONBLOCK | SFD_CLOEXEC);
  if (chdir(orders.folder) == 0) Keep(orders, control, report, children);
  if (chdir("/") != 0) _exit(1);
  execve(orders.remove->get()[0], orders.remove->get(), orders.environment->get());
  _exit(1);
}

absl::Status Errno(absl::string_view doing) {
  return absl::InternalError(absl::StrCat("cannot ", doing, ": ", std::strerror(errno)));
}

}  // namespace

absl::StatusOr<Keeper> Keeper::Start(const KeeperOrders& orders) {
  const Vector environment(orders.environment);
  const Vector prepare(orders.prepare);
  const Vector serve(orders.serve);
  const Vector remove({"/bin/rm", "-rf", "--", orders.folder});
  int control[2];
  int report[2];
  if (pipe2(control, O_CLOEXEC) != 0) return Errno("make a pipe");
  if (pipe2(report, O_CLOEXEC) != 0) return Errno("make a pipe");
  const int log = open(orders.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (log < 0) return Errno(absl::StrCat("write \"", orders.log, "\""));
  const pid_t pid = fork();
  if (pid == 0) {
    KeeperMain({.environment = &environment,
                .prepare = &prepare,
                .serve = &serve,
                .remove = &remove,
                .folder = orders.folder.c_str(),
                .log = log,
                .identity = orders.identity},
               control[0], report[1]);
  }
  close(control[0]);
  close(report[1]);
  close(log);
  if (pid < 0) {
    close(control[1]);
    close(report[0]);
    return Errno("start a process");
  }
  fcntl(report[0], F_SETFL, O_NONBLOCK);
  return Keeper(pid, control[1], report[0]);
}

Keeper::Keeper(Keeper&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      control_(std::exchange(other.control_, -1)),
      report_(std::exchange(other.report_, -1)),
      trouble_(other.trouble_) {}

Keeper& Keeper::operator=(Keeper&& other) noexcept {
  if (this == &other) return *this;
  Dismiss();
  pid_ = std::exchange(other.pid_, -1);
  control_ = std::exchange(other.control_, -1);
  report_ = std::exchange(other.report_, -1);
  trouble_ = other.trouble_;
  return *this;
}

KeeperTrouble Keeper::Trouble() {
  char what = 0;
  if (report_ >= 0 && read(report_, &what, 1) == 1) {
    trouble_ = what == kPrepareFailed ? KeeperTrouble::kPrepareFailed : KeeperTrouble::kServerEnded;
  }
  return trouble_;
}

void Keeper::Dismiss() {
  if (pid_ < 0) return;
  close(std::exchange(control_, -1));
  close(std::exchange(report_, -1));
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

bool MayExecute(const std::optional<Identity>& identity, const std::string& path) {
  if (!identity.has_value()) return access(path.c_str(), X_OK) == 0;
  const pid_t pid = fork();
  if (pid == 0) _exit(Become(identity) && access(path.c_str(), X_OK) == 0 ? 0 : 1);
  int status = 0;
  while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace plimsoll
