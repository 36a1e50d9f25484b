// What the generated code expects of its surroundings: the functions of `wasm-rt.h`, and those the
// module imports from JavaScript. All of it runs inside the sandbox, on the grammar's stack.
//
// Nothing here may hold a resource or have a destructor to run across a call into the module: a
// throw or a trap jumps over these frames.

#include <cstdarg>
#include <cstdlib>
#include <vector>

#include "analyzer/syntax/sandbox/instance.h"

using plimsoll::sandbox::CurrentInstance;
using plimsoll::sandbox::Ending;
using plimsoll::sandbox::GrammarModule;
using plimsoll::sandbox::Instance;

using Imports = PLIMSOLL_GRAMMAR_IMPORTS;

namespace {

Instance* Of(Imports* imports) { return reinterpret_cast<Instance*>(imports); }

}  // namespace

// ---- wasm-rt.h --------------------------------------------------------------------------------

bool wasm_rt_is_initialized() { return true; }

void wasm_rt_trap(wasm_rt_trap_t trap) {
  CurrentInstance()->Leave(trap == WASM_RT_TRAP_EXHAUSTION ? Ending::kOutOfStack
                                                           : Ending::kTrapped);
}

// Gives equal signatures equal numbers, counted from 1. It is called while the module is
// initialised, once a process, and by this file's trampolines before that.
uint32_t wasm_rt_register_func_type(uint32_t params, uint32_t results, ...) {
  static auto& known = *new std::vector<std::vector<int>>;
  std::vector<int> signature = {static_cast<int>(params)};
  va_list types;
  va_start(types, results);
  for (uint32_t i = 0; i < params + results; ++i) signature.push_back(va_arg(types, int));
  va_end(types);
  for (size_t i = 0; i < known.size(); ++i) {
    if (known[i] == signature) return static_cast<uint32_t>(i + 1);
  }
  known.push_back(signature);
  return static_cast<uint32_t>(known.size());
}

void wasm_rt_allocate_memory(wasm_rt_memory_t* memory, uint32_t pages, uint32_t max_pages) {
  Instance* const instance = CurrentInstance();
  if (!instance->AllocateMemory(memory, pages, max_pages)) instance->Leave(Ending::kOutOfMemory);
}

uint32_t wasm_rt_grow_memory(wasm_rt_memory_t* memory, uint32_t pages) {
  Instance* const instance = CurrentInstance();
  const uint32_t before = memory->pages;
  if (instance->GrowMemory(memory, pages)) return before;
  instance->RefuseMemory();
  return UINT32_MAX;
}

// The instance owns the reservation the memory is part of.
void wasm_rt_free_memory(wasm_rt_memory_t* memory) { *memory = {}; }

void wasm_rt_allocate_funcref_table(wasm_rt_funcref_table_t* table, uint32_t elements,
                                    uint32_t max_elements) {
  table->data = static_cast<wasm_rt_funcref_t*>(calloc(elements, sizeof(wasm_rt_funcref_t)));
  if (table->data == nullptr) CurrentInstance()->Leave(Ending::kOutOfMemory);
  table->size = elements;
  table->max_size = max_elements;
}

void wasm_rt_free_funcref_table(wasm_rt_funcref_table_t* table) {
  free(table->data);
  *table = {};
}

// ---- what TakeTree.cmake adds -------------------------------------------------------------------

extern "C" void plimsoll_grammar_take_tree(u32 result);
extern "C" void plimsoll_grammar_take_tree(u32 result) { CurrentInstance()->OfferTree(result); }

// ---- throwing and catching --------------------------------------------------------------------

// PostgreSQL reports errors by longjmp. In WebAssembly a function that calls setjmp makes its calls
// through one of these trampolines, and a longjmp unwinds to the innermost of them, which tells the
// module by `setThrew`.

namespace {

template <typename T>
constexpr wasm_rt_type_t kType = sizeof(T) == 8 ? WASM_RT_I64 : WASM_RT_I32;

template <typename Result, typename... Arguments>
uint32_t SignatureOf() {
  if constexpr (std::is_void_v<Result>) {
    return wasm_rt_register_func_type(sizeof...(Arguments), 0, kType<Arguments>...);
  } else {
    return wasm_rt_register_func_type(sizeof...(Arguments), 1, kType<Arguments>..., kType<Result>);
  }
}

// Numbered before `main`: looking the number up on each throw would need a lock.
template <typename Result, typename... Arguments>
const uint32_t kSignature = SignatureOf<Result, Arguments...>();

template <typename Result, typename... Arguments>
Result Invoke(Imports* imports, uint32_t index, Arguments... arguments) {
  Instance* const instance = Of(imports);
  GrammarModule* const module = instance->module();
  const wasm_rt_funcref_table_t& table = *PLIMSOLL_EXPORT_function_table(module);
  if (index >= table.size || table.data[index].func == nullptr ||
      table.data[index].func_type != kSignature<Result, Arguments...>) {
    wasm_rt_trap(WASM_RT_TRAP_CALL_INDIRECT);
  }
  const auto function = reinterpret_cast<Result (*)(void*, Arguments...)>(table.data[index].func);

  const uint32_t stack = PLIMSOLL_EXPORT_emscripten_stack_get_current(module);
  Instance::Catch here;
  here.outer = instance->innermost_catch();
  instance->set_innermost_catch(&here);
  if (plimsoll_set_mark(&here.mark) == 0) {
    if constexpr (std::is_void_v<Result>) {
      function(table.data[index].module_instance, arguments...);
      instance->set_innermost_catch(here.outer);
      return;
    } else {
      const Result result = function(table.data[index].module_instance, arguments...);
      instance->set_innermost_catch(here.outer);
      return result;
    }
  }
  instance->set_innermost_catch(here.outer);
  PLIMSOLL_EXPORT_emscripten_stack_restore(module, stack);
  PLIMSOLL_EXPORT_setThrew(module, 1, 0);
  return Result();
}

}  // namespace

u32 PLIMSOLL_IMPORT_invoke_i(Imports* m, u32 f) { return Invoke<u32>(m, f); }
u32 PLIMSOLL_IMPORT_invoke_ii(Imports* m, u32 f, u32 a) { return Invoke<u32>(m, f, a); }
u32 PLIMSOLL_IMPORT_invoke_iii(Imports* m, u32 f, u32 a, u32 b) { return Invoke<u32>(m, f, a, b); }
u32 PLIMSOLL_IMPORT_invoke_iiii(Imports* m, u32 f, u32 a, u32 b, u32 c) {
  return Invoke<u32>(m, f, a, b, c);
}
u32 PLIMSOLL_IMPORT_invoke_iiiii(Imports* m, u32 f, u32 a, u32 b, u32 c, u32 d) {
  return Invoke<u32>(m, f, a, b, c, d);
}
u64 PLIMSOLL_IMPORT_invoke_ji(Imports* m, u32 f, u32 a) { return Invoke<u64>(m, f, a); }
void PLIMSOLL_IMPORT_invoke_v(Imports* m, u32 f) { Invoke<void>(m, f); }
void PLIMSOLL_IMPORT_invoke_vi(Imports* m, u32 f, u32 a) { Invoke<void>(m, f, a); }
void PLIMSOLL_IMPORT_invoke_vii(Imports* m, u32 f, u32 a, u32 b) { Invoke<void>(m, f, a, b); }
void PLIMSOLL_IMPORT_invoke_viii(Imports* m, u32 f, u32 a, u32 b, u32 c) {
  Invoke<void>(m, f, a, b, c);
}
void PLIMSOLL_IMPORT_invoke_viiii(Imports* m, u32 f, u32 a, u32 b, u32 c, u32 d) {
  Invoke<void>(m, f, a, b, c, d);
}
void PLIMSOLL_IMPORT_invoke_viiiii(Imports* m, u32 f, u32 a, u32 b, u32 c, u32 d, u32 e) {
  Invoke<void>(m, f, a, b, c, d, e);
}
void PLIMSOLL_IMPORT_invoke_viiiiiiiiiiiii(Imports* m, u32 f, u32 a, u32 b, u32 c, u32 d, u32 e,
                                           u32 g, u32 h, u32 i, u32 j, u32 k, u32 l, u32 n, u32 o) {
  Invoke<void>(m, f, a, b, c, d, e, g, h, i, j, k, l, n, o);
}

void PLIMSOLL_IMPORT_emscripten_throw_longjmp(Imports* imports) {
  Instance* const instance = Of(imports);
  if (instance->innermost_catch() == nullptr) instance->Leave(Ending::kGaveUp);
  plimsoll_jump(&instance->innermost_catch()->mark);
}

// ---- giving up --------------------------------------------------------------------------------

void PLIMSOLL_IMPORT_assert_fail(Imports* imports, u32 condition, u32 /*file*/, u32 /*line*/,
                                 u32 /*function*/) {
  Of(imports)->Complain(condition);
  Of(imports)->Leave(Ending::kGaveUp);
}

void PLIMSOLL_IMPORT_abort_js(Imports* imports) { Of(imports)->Leave(Ending::kGaveUp); }
void PLIMSOLL_IMPORT_exit(Imports* imports, u32 /*code*/) { Of(imports)->Leave(Ending::kGaveUp); }
void PLIMSOLL_IMPORT_proc_exit(Imports* imports, u32 /*code*/) {
  Of(imports)->Leave(Ending::kGaveUp);
}

// ---- the system -------------------------------------------------------------------------------

// `malloc` in the module is out of memory and wants it to be at least this large. A fifth is added,
// so that a large text does not come here for each of its thousands of allocations.
u32 PLIMSOLL_IMPORT_emscripten_resize_heap(Imports* imports, u32 wanted) {
  wasm_rt_memory_t* const memory = PLIMSOLL_EXPORT_memory(Of(imports)->module());
  const u32 page = Instance::kPageBytes;
  const u64 generous = (u64{memory->size} + memory->size / 5) / page;
  const u64 least = (u64{wanted} + page - 1) / page;
  u64 pages = generous > least ? generous : least;
  if (pages > memory->max_pages && least <= memory->max_pages) pages = memory->max_pages;
  if (pages <= memory->pages) return 1;
  return wasm_rt_grow_memory(memory, static_cast<u32>(pages - memory->pages)) != UINT32_MAX;
}

// There are no files and no clocks in here. 8 is WASI's EBADF.
u32 PLIMSOLL_IMPORT_fd_close(Imports*, u32) { return 8; }
u32 PLIMSOLL_IMPORT_fd_read(Imports*, u32, u32, u32, u32) { return 8; }
u32 PLIMSOLL_IMPORT_fd_seek(Imports*, u32, u64, u32, u32) { return 8; }
u32 PLIMSOLL_IMPORT_fd_write(Imports*, u32, u32, u32, u32) { return 8; }
u32 PLIMSOLL_IMPORT_setitimer_js(Imports*, u32, f64) { return 0; }
void PLIMSOLL_IMPORT_emscripten_runtime_keepalive_clear(Imports*) {}
