// One sandbox: the grammar's linear memory, the stack it runs on, and the way back out of it.
//
// The grammar was compiled to WebAssembly and from there, by wasm2c, to the C code behind
// `generated.h`. Whatever that code does, it can only read and write its own linear memory and call
// its own functions. What it can still do is run away, and here is what catches it:
//
// - An access beyond its memory. Any 32-bit address plus any 32-bit offset lands in the 8 GB that
// are
//   reserved around the memory without access, so the processor checks bounds for free (explicit
//   checks make parsing three times as slow). The fault is recognised by its address.
// - Recursion. PostgreSQL's own check for it is not compiled in. The grammar therefore runs on a
//   stack of its own with a guard below, and the second stack that WebAssembly keeps inside the
//   linear memory gets a guard too: overflowing that one would otherwise silently overwrite the
//   grammar's variables. With its own stack, a text is judged alike on the main thread and on a
//   thread with a small stack, which a check against the caller's stack could not promise.
// - Memory. Its growth ends at what the module declares (1 GB), and each refusal is noted.
// - `abort`, `exit`, failed assertions and traps: they all end in `LeaveSandbox`.
//
// After any of these the linear memory is in an unknown state. The instance must be thrown away.

#ifndef PLIMSOLL_ANALYZER_SYNTAX_SANDBOX_INSTANCE_H_
#define PLIMSOLL_ANALYZER_SYNTAX_SANDBOX_INSTANCE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "analyzer/syntax/sandbox/generated.h"
#include "analyzer/syntax/sandbox/switch.h"

namespace plimsoll::sandbox {

// How a visit to the sandbox ended.
enum class Ending {
  kReturned,
  kOutOfStack,
  kOutOfMemory,
  kTrapped,  // an access out of bounds, a division by zero, a call of nothing
  kGaveUp,   // abort, exit, a failed assertion
};

// An address in the sandbox. Zero is null.
using Address = uint32_t;

// What the grammar can be asked for: each takes the address of a text that ends in NUL.
struct Request {
  Address (*parse)(GrammarModule*, Address) = nullptr;
  // Frees what `parse` returned.
  void (*release)(GrammarModule*, Address) = nullptr;
};

extern const Request kParseSql;
extern const Request kParsePlpgsql;

class Instance {
 public:
  // Null where the machine has no address space left for one.
  static std::unique_ptr<Instance> Create();
  ~Instance();
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  // Releases the previous answer and asks anew. Where this returns `kReturned`, `answer()` is the
  // address of the new one, good until the next visit; otherwise the instance is spent.
  Ending Visit(const Request& request, absl::string_view text);
  // The same, but offers `taker` the address of the List of statements that the text was parsed to,
  // null where there are none, before it is written out as JSON; only what it does not take is. No
  // other function of this class but those that read may be called from there, and nothing thrown.
  using TreeTaker = absl::FunctionRef<bool(Address)>;
  Ending Visit(const Request& request, absl::string_view text, TreeTaker taker);
  Address answer() const { return answer_; }

  // What the sandbox says is doubtful, addresses too: reading outside its memory gives zero, or an
  // empty text whose data is null.
  uint32_t ReadWord(Address address) const;
  // `size` bytes of its memory, or null.
  const char* ReadBytes(Address address, size_t size) const;
  // The text up to a NUL. As many bytes after it as `padding` says can be read.
  absl::Span<char> ReadString(Address address, size_t padding = 0);

  size_t memory_bytes() const;
  // The text of a failed assertion, else empty.
  absl::string_view complaint() const { return complaint_; }

  // What follows is for the code on the other side of the wall: the runtime and the fault handler.

  // A place inside the grammar that wants to hear of throws (C's longjmp, within the sandbox).
  struct Catch {
    plimsoll_mark mark;
    Catch* outer;
  };

  GrammarModule* module() { return &module_; }
  Catch* innermost_catch() const { return innermost_catch_; }
  void set_innermost_catch(Catch* innermost) { innermost_catch_ = innermost; }
  void Complain(Address assertion);
  // `result` begins with the address of the tree.
  void OfferTree(Address result);
  // The module asked for memory and did not get it.
  void RefuseMemory() { memory_refused_ = true; }
  bool AllocateMemory(wasm_rt_memory_t* memory, uint32_t pages, uint32_t max_pages);
  bool GrowMemory(wasm_rt_memory_t* memory, uint32_t pages);

  [[noreturn]] void Leave(Ending ending);
  // Whether a fault at this address happened in this sandbox, and the ending it amounts to.
  bool Owns(uintptr_t address, Ending* ending) const;
  // `Leave` in two halves, for the fault handler: jumping to this mark leaves.
  plimsoll_mark* ExitFor(Ending ending);

  static constexpr uint32_t kPageBytes = uint32_t{64} << 10;
  // Address plus offset plus the widest access, rounded up.
  static constexpr uint64_t kReservedBytes = (uint64_t{8} << 30) + kPageBytes;

 private:
  Instance() = default;
  bool Start();
  Ending Enter(void (*function)(Instance*));
  static void Boot(Instance* instance);
  static void Ask(Instance* instance);
  const wasm_rt_memory_t& module_memory() const;
  bool TouchesGuard(Address address, size_t size) const;

  // The linear memory, the stack and the signal stack, with guards between, are one mapping.
  uint8_t* reserved_ = nullptr;
  uint8_t* stack_ = nullptr;
  uint8_t* signal_stack_ = nullptr;
  Address shadow_guard_ = 0;

  GrammarModule module_ = {};
  Catch* innermost_catch_ = nullptr;
  plimsoll_mark exit_ = {};
  Ending ending_ = Ending::kReturned;
  bool memory_refused_ = false;
  std::string complaint_;

  Request request_;
  absl::string_view text_;
  TreeTaker* taker_ = nullptr;
  Address answer_ = 0;
  void (*release_)(GrammarModule*, Address) = nullptr;
};

// The instance the calling thread is inside of, if any.
Instance* CurrentInstance();

// Makes the process's handler for memory faults look after sandboxes. Once a process; cheap after.
void WatchFaults();

}  // namespace plimsoll::sandbox

#endif  // PLIMSOLL_ANALYZER_SYNTAX_SANDBOX_INSTANCE_H_
