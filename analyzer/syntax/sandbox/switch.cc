#include "analyzer/syntax/sandbox/switch.h"

// Assembly at file level rather than inside functions: the compiler must add no prologue of its
// own. The frame pointer is set up, and described to debuggers, so that a backtrace taken inside
// the grammar leads through the change of stacks to the caller.

#if defined(__x86_64__)

asm(R"(
  .text
  .globl plimsoll_set_mark
  .hidden plimsoll_set_mark
  .type plimsoll_set_mark, @function
plimsoll_set_mark:
  .cfi_startproc
  endbr64
  movq (%rsp), %rdx
  leaq 8(%rsp), %rcx
  movq %rbx, 0(%rdi)
  movq %rbp, 8(%rdi)
  movq %r12, 16(%rdi)
  movq %r13, 24(%rdi)
  movq %r14, 32(%rdi)
  movq %r15, 40(%rdi)
  movq %rcx, 48(%rdi)
  movq %rdx, 56(%rdi)
  xorl %eax, %eax
  ret
  .cfi_endproc
  .size plimsoll_set_mark, .-plimsoll_set_mark

  .globl plimsoll_jump
  .hidden plimsoll_jump
  .type plimsoll_jump, @function
plimsoll_jump:
  .cfi_startproc
  endbr64
  movq 0(%rdi), %rbx
  movq 8(%rdi), %rbp
  movq 16(%rdi), %r12
  movq 24(%rdi), %r13
  movq 32(%rdi), %r14
  movq 40(%rdi), %r15
  movq 48(%rdi), %rsp
  cld
  movl $1, %eax
  jmpq *56(%rdi)
  .cfi_endproc
  .size plimsoll_jump, .-plimsoll_jump

  .globl plimsoll_call_on_stack
  .hidden plimsoll_call_on_stack
  .type plimsoll_call_on_stack, @function
plimsoll_call_on_stack:
  .cfi_startproc
  endbr64
  pushq %rbp
  .cfi_def_cfa_offset 16
  .cfi_offset %rbp, -16
  movq %rsp, %rbp
  .cfi_def_cfa_register %rbp
  movq %rdx, %rsp
  andq $-16, %rsp
  movq %rdi, %rax
  movq %rsi, %rdi
  callq *%rax
  movq %rbp, %rsp
  popq %rbp
  .cfi_def_cfa %rsp, 8
  ret
  .cfi_endproc
  .size plimsoll_call_on_stack, .-plimsoll_call_on_stack
)");

#elif defined(__aarch64__)

asm(R"(
  .text
  .globl plimsoll_set_mark
  .hidden plimsoll_set_mark
  .type plimsoll_set_mark, @function
plimsoll_set_mark:
  .cfi_startproc
  hint #34
  stp x19, x20, [x0, #0]
  stp x21, x22, [x0, #16]
  stp x23, x24, [x0, #32]
  stp x25, x26, [x0, #48]
  stp x27, x28, [x0, #64]
  stp x29, x30, [x0, #80]
  mov x1, sp
  str x1, [x0, #96]
  stp d8, d9, [x0, #112]
  stp d10, d11, [x0, #128]
  stp d12, d13, [x0, #144]
  stp d14, d15, [x0, #160]
  mov w0, #0
  ret
  .cfi_endproc
  .size plimsoll_set_mark, .-plimsoll_set_mark

  .globl plimsoll_jump
  .hidden plimsoll_jump
  .type plimsoll_jump, @function
plimsoll_jump:
  .cfi_startproc
  hint #34
  ldp x19, x20, [x0, #0]
  ldp x21, x22, [x0, #16]
  ldp x23, x24, [x0, #32]
  ldp x25, x26, [x0, #48]
  ldp x27, x28, [x0, #64]
  ldp x29, x30, [x0, #80]
  ldr x1, [x0, #96]
  mov sp, x1
  ldp d8, d9, [x0, #112]
  ldp d10, d11, [x0, #128]
  ldp d12, d13, [x0, #144]
  ldp d14, d15, [x0, #160]
  mov w0, #1
  ret
  .cfi_endproc
  .size plimsoll_jump, .-plimsoll_jump

  .globl plimsoll_call_on_stack
  .hidden plimsoll_call_on_stack
  .type plimsoll_call_on_stack, @function
plimsoll_call_on_stack:
  .cfi_startproc
  hint #34
  stp x29, x30, [sp, #-16]!
  .cfi_def_cfa_offset 16
  .cfi_offset x29, -16
  .cfi_offset x30, -8
  mov x29, sp
  .cfi_def_cfa_register x29
  and x2, x2, #-16
  mov sp, x2
  mov x3, x0
  mov x0, x1
  blr x3
  mov sp, x29
  .cfi_def_cfa_register sp
  ldp x29, x30, [sp], #16
  .cfi_restore x29
  .cfi_restore x30
  .cfi_def_cfa_offset 0
  ret
  .cfi_endproc
  .size plimsoll_call_on_stack, .-plimsoll_call_on_stack
)");

#else
#error "the sandboxed grammar knows x86-64 and 64-bit ARM; build with -DPLIMSOLL_GRAMMAR=system"
#endif
