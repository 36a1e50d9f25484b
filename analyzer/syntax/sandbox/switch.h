// Changing stacks and jumping out of deep calls, in a few instructions.
//
// The grammar runs on a stack of its own (see instance.h for why), and leaves it abruptly when it
// throws or traps. The C library's setjmp and longjmp cannot be used across two stacks: the
// fortified longjmp aborts the program when it seems to jump the wrong way, and the sanitizers'
// versions keep books that assume one stack a thread. These three do the bare minimum and nobody
// intercepts them.

#ifndef PLIMSOLL_ANALYZER_SYNTAX_SANDBOX_SWITCH_H_
#define PLIMSOLL_ANALYZER_SYNTAX_SANDBOX_SWITCH_H_

#include <cstdint>

extern "C" {

// The registers a called function must preserve, the stack pointer and where to go on. The last
// field is spare, so that the size suits every architecture.
struct plimsoll_mark {
  uint64_t registers[22];
};

// Returns 0, and returns once more, with 1, when `plimsoll_jump` is called with the same mark while
// the caller of this function is still running.
int plimsoll_set_mark(plimsoll_mark* mark) __attribute__((returns_twice));
[[noreturn]] void plimsoll_jump(plimsoll_mark* mark);

// Calls `function(argument)` with the stack pointer at `stack_top`, and comes back to this stack.
void plimsoll_call_on_stack(void (*function)(void*), void* argument, void* stack_top);

}  // extern "C"

#endif  // PLIMSOLL_ANALYZER_SYNTAX_SANDBOX_SWITCH_H_
