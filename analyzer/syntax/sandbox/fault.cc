// The handler for memory faults: those of a sandbox end its visit, all others go where they went.

#include <signal.h>
#include <ucontext.h>

#include <cstring>
#include <mutex>

#include "analyzer/syntax/sandbox/instance.h"

namespace plimsoll::sandbox {
namespace {

struct sigaction previous_segv;
struct sigaction previous_bus;

// Lets the interrupted code continue as if it had called `plimsoll_jump(mark)`. Jumping from here
// would leave the signal blocked; this way the kernel puts everything back.
void ResumeAtMark(void* context, plimsoll_mark* mark) {
  mcontext_t& machine = static_cast<ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  machine.gregs[REG_RIP] = reinterpret_cast<greg_t>(&plimsoll_jump);
  machine.gregs[REG_RDI] = reinterpret_cast<greg_t>(mark);
#elif defined(__aarch64__)
  machine.pc = reinterpret_cast<uintptr_t>(&plimsoll_jump);
  machine.regs[0] = reinterpret_cast<uintptr_t>(mark);
#endif
}

void PassOn(int signal, siginfo_t* info, void* context) {
  const struct sigaction& previous = signal == SIGBUS ? previous_bus : previous_segv;
  if ((previous.sa_flags & SA_SIGINFO) != 0) {
    previous.sa_sigaction(signal, info, context);
    return;
  }
  const bool sent_by_someone = info->si_code <= 0;
  if (previous.sa_handler == SIG_IGN && sent_by_someone) return;
  if (previous.sa_handler == SIG_DFL || previous.sa_handler == SIG_IGN) {
    // The process is about to die, and should die of this. A faulting instruction faults again as
    // soon as we return; a signal somebody sent has to be sent again.
    struct sigaction fatal {};
    fatal.sa_handler = SIG_DFL;
    sigaction(signal, &fatal, nullptr);
    if (sent_by_someone) raise(signal);
    return;
  }
  previous.sa_handler(signal);
}

void HandleFault(int signal, siginfo_t* info, void* context) {
  Instance* const instance = CurrentInstance();
  Ending ending = Ending::kTrapped;
  // Only the kernel's own codes are positive: nobody can end a visit by sending a signal.
  if (instance != nullptr && info->si_code > 0 &&
      instance->Owns(reinterpret_cast<uintptr_t>(info->si_addr), &ending)) {
    ResumeAtMark(context, instance->ExitFor(ending));
    return;
  }
  PassOn(signal, info, context);
}

}  // namespace

void WatchFaults() {
  static std::once_flag once;
  std::call_once(once, [] {
    struct sigaction action {};
    action.sa_sigaction = HandleFault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    sigaction(SIGSEGV, &action, &previous_segv);
    sigaction(SIGBUS, &action, &previous_bus);
  });
}

}  // namespace plimsoll::sandbox
