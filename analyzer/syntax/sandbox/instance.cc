#include "analyzer/syntax/sandbox/instance.h"

#include <signal.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <utility>

namespace plimsoll::sandbox {
namespace {

// The native stack. A level of nesting takes 80 to 225 bytes of it while the tree is written out,
// and as much of the other stack: 150,000 to 300,000 levels pass. A PostgreSQL server with its
// default `max_stack_depth` of 2 MB gives up between 3,000 (operators) and 20,000 (casts), so that
// nothing a server would run is refused here.
constexpr uint64_t kStackBytes = uint64_t{32} << 20;
// Wider than any frame, so that none can step over it. It lies directly below the stack.
constexpr uint64_t kStackGuardBytes = uint64_t{1} << 20;
// The fault handler, and whatever handler it passes a foreign fault to (a crash reporter, a
// sanitizer), run here while the thread is inside the grammar.
constexpr uint64_t kSignalStackBytes = uint64_t{256} << 10;

// WebAssembly's second stack is 32 MB in this module, and the variables lie below it.
constexpr uint32_t kShadowStackBytes = uint32_t{24} << 20;
constexpr uint32_t kShadowGuardBytes = uint32_t{256} << 10;

constexpr uint32_t kGuardAlignment = uint32_t{64} << 10;

constexpr size_t kMaxComplaintBytes = 200;

constexpr uint64_t kTotalBytes = Instance::kReservedBytes + kStackGuardBytes + kStackBytes +
                                 kStackGuardBytes + kSignalStackBytes;

// Before anything of C++'s own thread storage could be in question: a signal handler reads it.
constinit thread_local Instance* current_instance = nullptr;

bool MakeAccessible(uint8_t* begin, uint64_t size) {
  return mprotect(begin, size, PROT_READ | PROT_WRITE) == 0;
}

}  // namespace

Instance* CurrentInstance() { return current_instance; }

const Request kParseSql = {PLIMSOLL_EXPORT_wasm_parse_query_raw,
                           PLIMSOLL_EXPORT_wasm_free_parse_result};
const Request kParsePlpgsql = {PLIMSOLL_EXPORT_wasm_parse_plpgsql,
                               PLIMSOLL_EXPORT_wasm_free_string};

std::unique_ptr<Instance> Instance::Create() {
  static std::once_flag once;
  std::call_once(once, PLIMSOLL_GRAMMAR_INIT_MODULE);
  WatchFaults();
  std::unique_ptr<Instance> instance(new Instance);
  if (!instance->Start()) return nullptr;
  return instance;
}

bool Instance::Start() {
  void* mapped =
      mmap(nullptr, kTotalBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) return false;
  reserved_ = static_cast<uint8_t*>(mapped);
  stack_ = reserved_ + kReservedBytes + kStackGuardBytes;
  signal_stack_ = stack_ + kStackBytes + kStackGuardBytes;
  return MakeAccessible(stack_, kStackBytes) && MakeAccessible(signal_stack_, kSignalStackBytes) &&
         Enter(Boot) == Ending::kReturned;
}

Instance::~Instance() {
  if (reserved_ == nullptr) return;
  // Frees the table; the memory goes with the reservation.
  PLIMSOLL_GRAMMAR_FREE(&module_);
  munmap(reserved_, kTotalBytes);
}

// Runs `function` on the grammar's stack, with the alternate signal stack swapped for ours: a fault
// for want of stack cannot be handled on that stack, and a thread need not have another. Swapping
// on each visit costs two system calls, and leaves the thread exactly as it was found, which the
// sanitizers and language runtimes that own its alternate stack rely on.
Ending Instance::Enter(void (*function)(Instance*)) {
  struct Call {
    void (*function)(Instance*);
    Instance* instance;
  } call{function, this};

  stack_t ours{};
  ours.ss_sp = signal_stack_;
  ours.ss_size = kSignalStackBytes;
  stack_t theirs{};
  if (sigaltstack(&ours, &theirs) != 0) return Ending::kGaveUp;

  Instance* const outer = current_instance;
  ending_ = Ending::kReturned;
  innermost_catch_ = nullptr;
  if (plimsoll_set_mark(&exit_) == 0) {
    current_instance = this;
    plimsoll_call_on_stack(
        [](void* argument) {
          const Call* const c = static_cast<Call*>(argument);
          c->function(c->instance);
        },
        &call, stack_ + kStackBytes);
  }
  current_instance = outer;

  sigaltstack(&theirs, nullptr);
  // Whatever the grammar made of the refusal: it may abort, or report an error, or go on without.
  if (memory_refused_) ending_ = Ending::kOutOfMemory;
  return ending_;
}

void Instance::Boot(Instance* instance) {
  GrammarModule* const module = &instance->module_;
  PLIMSOLL_GRAMMAR_INSTANTIATE(module, reinterpret_cast<PLIMSOLL_GRAMMAR_IMPORTS*>(instance));
  PLIMSOLL_EXPORT_call_constructors(module);

  // The second stack grows down from where it is now. Nothing may have been put where the guard
  // goes: if a later module has a smaller stack, this refuses to start rather than to break it.
  const uint32_t base = PLIMSOLL_EXPORT_emscripten_stack_get_current(module);
  if (base < kShadowStackBytes || base > instance->memory_bytes()) instance->Leave(Ending::kGaveUp);
  const uint32_t guard = (base - kShadowStackBytes) & ~(kGuardAlignment - 1);
  uint8_t* const begin = instance->reserved_ + guard;
  const bool vacant =
      std::all_of(begin, begin + kShadowGuardBytes, [](uint8_t byte) { return byte == 0; });
  if (!vacant || mprotect(begin, kShadowGuardBytes, PROT_NONE) != 0) {
    instance->Leave(Ending::kGaveUp);
  }
  instance->shadow_guard_ = guard;
}

Ending Instance::Visit(const Request& request, absl::string_view text) {
  request_ = request;
  text_ = text;
  return Enter(Ask);
}

Ending Instance::Visit(const Request& request, absl::string_view text, TreeTaker taker) {
  taker_ = &taker;
  const Ending ending = Visit(request, text);
  taker_ = nullptr;
  return ending;
}

void Instance::OfferTree(Address result) {
  if (taker_ == nullptr || !(*taker_)(ReadWord(result))) return;
  // An empty list is written instead.
  memset(reserved_ + result, 0, sizeof(Address));
}

void Instance::Ask(Instance* instance) {
  GrammarModule* const module = &instance->module_;
  if (instance->answer_ != 0) instance->release_(module, std::exchange(instance->answer_, 0));
  instance->release_ = instance->request_.release;

  const absl::string_view text = instance->text_;
  const auto size = static_cast<uint32_t>(text.size());
  const Address copy = PLIMSOLL_EXPORT_malloc(module, size + 1);
  if (copy == 0) instance->Leave(Ending::kOutOfMemory);
  // Wherever the sandbox says its copy should go, it is inside the reservation.
  uint8_t* const destination = instance->reserved_ + copy;
  memcpy(destination, text.data(), size);
  destination[size] = 0;
  instance->answer_ = instance->request_.parse(module, copy);
  PLIMSOLL_EXPORT_free(module, copy);
}

void Instance::Leave(Ending ending) { plimsoll_jump(ExitFor(ending)); }

plimsoll_mark* Instance::ExitFor(Ending ending) {
  ending_ = ending;
  return &exit_;
}

bool Instance::Owns(uintptr_t address, Ending* ending) const {
  const auto begin = reinterpret_cast<uintptr_t>(reserved_);
  if (address < begin || address >= begin + kTotalBytes) return false;
  const uint64_t offset = address - begin;
  const bool in_shadow_guard =
      offset >= shadow_guard_ && offset < uint64_t{shadow_guard_} + kShadowGuardBytes;
  *ending = in_shadow_guard || offset >= kReservedBytes ? Ending::kOutOfStack : Ending::kTrapped;
  return true;
}

size_t Instance::memory_bytes() const { return module_memory().size; }

const wasm_rt_memory_t& Instance::module_memory() const {
  return *PLIMSOLL_EXPORT_memory(const_cast<GrammarModule*>(&module_));
}

bool Instance::AllocateMemory(wasm_rt_memory_t* memory, uint32_t pages, uint32_t max_pages) {
  *memory = {.data = reserved_, .pages = 0, .max_pages = max_pages, .size = 0};
  return GrowMemory(memory, pages);
}

bool Instance::GrowMemory(wasm_rt_memory_t* memory, uint32_t pages) {
  if (pages > memory->max_pages - memory->pages ||
      !MakeAccessible(reserved_ + memory->size, uint64_t{pages} * kPageBytes)) {
    return false;
  }
  memory->pages += pages;
  memory->size += pages * kPageBytes;
  return true;
}

void Instance::Complain(Address assertion) {
  const absl::Span<char> text = ReadString(assertion);
  complaint_.assign(text.data(), std::min<size_t>(text.size(), kMaxComplaintBytes));
}

uint32_t Instance::ReadWord(Address address) const {
  uint32_t word = 0;
  const char* const bytes = ReadBytes(address, sizeof word);
  if (bytes != nullptr) memcpy(&word, bytes, sizeof word);
  return word;
}

const char* Instance::ReadBytes(Address address, size_t size) const {
  // The guard is inside the memory and would fault, here where nobody catches it.
  const bool inside = size <= memory_bytes() && address <= memory_bytes() - size;
  if (!inside || TouchesGuard(address, size)) return nullptr;
  return reinterpret_cast<const char*>(reserved_) + address;
}

absl::Span<char> Instance::ReadString(Address address, size_t padding) {
  const size_t size = memory_bytes();
  if (address >= size || TouchesGuard(address, 1)) return {};
  const size_t end = address < shadow_guard_ ? shadow_guard_ : size;
  char* const begin = reinterpret_cast<char*>(reserved_) + address;
  const void* const nul = memchr(begin, 0, end - address);
  if (nul == nullptr) return {};
  const auto length = static_cast<size_t>(static_cast<const char*>(nul) - begin);
  // At the very end of the memory the padding may lie beyond it. That page then becomes readable:
  // growing the memory later simply makes it writable.
  if (address + length + padding > end &&
      (end != size || mprotect(reserved_ + size, kPageBytes, PROT_READ) != 0)) {
    return {};
  }
  return {begin, length};
}

bool Instance::TouchesGuard(Address address, size_t size) const {
  return address + size > shadow_guard_ && address < uint64_t{shadow_guard_} + kShadowGuardBytes;
}

}  // namespace plimsoll::sandbox
