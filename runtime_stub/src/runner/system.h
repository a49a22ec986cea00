/* Linux system calls of the runner, and where a program begins, for each architecture. Private to the runner. */
#ifndef INGOT_RUNNER_SYSTEM_H
#define INGOT_RUNNER_SYSTEM_H

#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
enum { SYS_READ = 0, SYS_WRITE = 1, SYS_CLOSE = 3, SYS_LSEEK = 8, SYS_MMAP = 9, SYS_SCHED_YIELD = 24, SYS_CLOCK_GETTIME = 228, SYS_EXIT_GROUP = 231,
  SYS_OPENAT = 257 };
static inline long systemCall(long n, long a, long b, long c, long d, long e, long f) {
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
  return result;
}
/* The kernel leaves argc, argv[] at the stack pointer. */
__asm__(".text\n.globl _start\n.type _start,@function\n"
        "_start:\n  xorl %ebp, %ebp\n  movq %rsp, %rdi\n  andq $-64, %rsp\n  call runnerMain\n  hlt\n");
/* startThread(stack, function, argument): clone; the new thread pops both from its stack. */
__asm__(".globl startThread\n.type startThread,@function\n"
        "startThread:\n  subq $16, %rdi\n  movq %rsi, (%rdi)\n  movq %rdx, 8(%rdi)\n  movq %rdi, %rsi\n  movl $0x50f00, %edi\n"
        "  xorl %edx, %edx\n  xorl %r10d, %r10d\n  xorl %r8d, %r8d\n  movl $56, %eax\n  syscall\n  testq %rax, %rax\n  jnz 1f\n"
        "  xorl %ebp, %ebp\n  popq %rax\n  popq %rdi\n  call *%rax\n  hlt\n1:  ret\n");
#elif defined(__aarch64__)
enum { SYS_READ = 63, SYS_WRITE = 64, SYS_CLOSE = 57, SYS_LSEEK = 62, SYS_MMAP = 222, SYS_SCHED_YIELD = 124, SYS_CLOCK_GETTIME = 113, SYS_EXIT_GROUP = 94,
  SYS_OPENAT = 56 };
static inline long systemCall(long n, long a, long b, long c, long d, long e, long f) {
  register long x8 __asm__("x8") = n;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  register long x4 __asm__("x4") = e;
  register long x5 __asm__("x5") = f;
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
  return x0;
}
__asm__(".text\n.globl _start\n.type _start,%function\n"
        "_start:\n  mov x29, #0\n  mov x30, #0\n  mov x0, sp\n  and x9, x0, #-64\n  mov sp, x9\n  bl runnerMain\n  brk #1\n");
/* startThread(stack, function, argument): clone; the new thread pops both from its stack. */
__asm__(".globl startThread\n.type startThread,%function\n"
        "startThread:\n  stp x1, x2, [x0, #-16]!\n  mov x1, x0\n  mov x0, #0x0f00\n  movk x0, #5, lsl #16\n  mov x2, #0\n  mov x3, #0\n"
        "  mov x4, #0\n  mov x8, #220\n  svc #0\n  cbnz x0, 1f\n  mov x29, #0\n  mov x30, #0\n  ldp x1, x0, [sp], #16\n  blr x1\n  brk #1\n1:  ret\n");
#elif defined(__hexagon__)
enum { SYS_READ = 63, SYS_WRITE = 64, SYS_CLOSE = 57, SYS_LSEEK = 62, SYS_MMAP = 222, SYS_SCHED_YIELD = 124, SYS_CLOCK_GETTIME = 403, SYS_EXIT_GROUP = 94,
  SYS_OPENAT = 56 };
static inline long systemCall(long n, long a, long b, long c, long d, long e, long f) {
  register long r6 __asm__("r6") = n;
  register long r0 __asm__("r0") = a;
  register long r1 __asm__("r1") = b;
  register long r2 __asm__("r2") = c;
  register long r3 __asm__("r3") = d;
  register long r4 __asm__("r4") = e;
  register long r5 __asm__("r5") = f;
  __asm__ volatile("trap0(#1)" : "+r"(r0) : "r"(r6), "r"(r1), "r"(r2), "r"(r3), "r"(r4), "r"(r5) : "memory");
  return r0;
}
__asm__(".text\n.globl _start\n.type _start,@function\n"
        "_start:\n  r0 = r29\n  r29 = and(r29,#-128)\n  r30 = #0\n  call runnerMain\n");
/* startThread(stack, function, argument): clone; the new thread finds both on its stack. */
__asm__(".globl startThread\n.type startThread,@function\n"
        "startThread:\n  r0 = add(r0,#-128)\n  memw(r0+#0) = r1\n  memw(r0+#4) = r2\n  r1 = r0\n  r0 = ##0x50f00\n  r2 = #0\n  r3 = #0\n  r4 = #0\n"
        "  r6 = #220\n  trap0(#1)\n  p0 = cmp.eq(r0,#0)\n  if (!p0) jump 1f\n  r1 = memw(r29+#0)\n  r0 = memw(r29+#4)\n  r30 = #0\n  callr r1\n"
        "1:  jumpr r31\n");
#else
#error "no runner for this architecture"
#endif

/* A thread of this process (CLONE_VM, FS, FILES, SIGHAND, THREAD, SYSVSEM) on a stack that ends at the 16-byte aligned `stack`. `function` must not
 * return. A negative result is an error. */
extern long startThread(void *stack, void (*function)(uintptr_t), uintptr_t argument);

/* The same on every Linux of these architectures. */
enum { AT_FDCWD = -100, O_RDONLY = 0, STDIN = 0, STDOUT = 1 };
enum { PROT_READ_WRITE = 3, MAP_PRIVATE = 2, MAP_PRIVATE_ANONYMOUS = 0x22, SEEK_END_ = 2, CLOCK_MONOTONIC = 1, STDERR = 2 };

static inline void exitWith(int status) {
  for (;;)
    systemCall(SYS_EXIT_GROUP, status, 0, 0, 0, 0, 0);
}

static inline size_t textLength(const char *text) {
  size_t n = 0;
  while (text[n])
    ++n;
  return n;
}

static inline void say(const char *text) { systemCall(SYS_WRITE, STDERR, (long)(intptr_t)text, (long)textLength(text), 0, 0, 0); }

/* Prints why and ends with status 2. */
static inline void fail(const char *what, const char *which) {
  say("runner: ");
  say(what);
  say(which);
  say("\n");
  exitWith(2);
}

/* Zeroed memory on a page boundary; null for 0 bytes. */
static inline void *allocate(uint64_t bytes) {
  if (bytes == 0)
    return NULL;
  if (bytes > INTPTR_MAX)
    fail("out of memory", "");
  long at = systemCall(SYS_MMAP, 0, (long)bytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0);
  if (at < 0 && at > -4096)
    fail("out of memory", "");
  return (void *)(intptr_t)at;
}

/* The bytes of an open file; negative on errors. Machines of 32 bits return them through memory. */
static inline long fileSize(long file) {
#if UINTPTR_MAX == UINT32_MAX
  int64_t size = 0;
  long status = systemCall(SYS_LSEEK, file, 0, 0, (long)(intptr_t)&size, SEEK_END_, 0);
  return status < 0 || size > INT32_MAX ? -1 : (long)size;
#else
  return systemCall(SYS_LSEEK, file, 0, SEEK_END_, 0, 0, 0);
#endif
}

/* A file, mapped (private: the container stays as it is). */
static inline uint8_t *mapFile(const char *path, uint64_t *bytes) {
  long file = systemCall(SYS_OPENAT, AT_FDCWD, (long)(intptr_t)path, O_RDONLY, 0, 0, 0);
  if (file < 0)
    fail("cannot open ", path);
  long size = fileSize(file);
  if (size <= 0)
    fail("empty or unreadable file ", path);
  long at = systemCall(SYS_MMAP, 0, size, PROT_READ_WRITE, MAP_PRIVATE, file, 0);
  if (at < 0 && at > -4096)
    fail("cannot map ", path);
  systemCall(SYS_CLOSE, file, 0, 0, 0, 0, 0);
  *bytes = (uint64_t)size;
  return (uint8_t *)(intptr_t)at;
}

/* Reads exactly `bytes` bytes; 0 when the stream ends before the first of them. */
static inline int readAll(long file, void *to, uint64_t bytes) {
  uint8_t *at = (uint8_t *)to;
  for (uint64_t left = bytes; left != 0;) {
    long got = systemCall(SYS_READ, file, (long)(intptr_t)at, (long)left, 0, 0, 0);
    if (got == 0 && left == bytes)
      return 0;
    if (got <= 0)
      fail("a request ends early", "");
    at += got;
    left -= (uint64_t)got;
  }
  return 1;
}

static inline void writeAll(long file, const void *from, uint64_t bytes) {
  const uint8_t *at = (const uint8_t *)from;
  while (bytes != 0) {
    long done = systemCall(SYS_WRITE, file, (long)(intptr_t)at, (long)bytes, 0, 0, 0);
    if (done <= 0)
      fail("cannot write the response", "");
    at += done;
    bytes -= (uint64_t)done;
  }
}

static inline uint64_t nanoseconds(void) {
  int64_t time[2] = {0, 0};
  systemCall(SYS_CLOCK_GETTIME, CLOCK_MONOTONIC, (long)(intptr_t)time, 0, 0, 0, 0);
  return (uint64_t)time[0] * 1000000000u + (uint64_t)time[1];
}

#endif
