/* Linux system calls of the runner, and where a program begins, for each architecture. Private to the runner. */
#ifndef INGOT_RUNNER_SYSTEM_H
#define INGOT_RUNNER_SYSTEM_H

#include <stddef.h>
#include <stdint.h>

#if defined(__x86_64__)
enum { SYS_READ = 0, SYS_WRITE = 1, SYS_CLOSE = 3, SYS_LSEEK = 8, SYS_MMAP = 9, SYS_CLOCK_GETTIME = 228, SYS_EXIT_GROUP = 231, SYS_OPENAT = 257 };
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
#elif defined(__aarch64__)
enum { SYS_READ = 63, SYS_WRITE = 64, SYS_CLOSE = 57, SYS_LSEEK = 62, SYS_MMAP = 222, SYS_CLOCK_GETTIME = 113, SYS_EXIT_GROUP = 94, SYS_OPENAT = 56 };
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
#else
#error "no runner for this architecture"
#endif

/* The same on every Linux of these architectures. */
enum { AT_FDCWD = -100, O_RDONLY = 0, O_WRONLY_CREATE_TRUNCATE = 01 | 0100 | 01000 };
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
  long at = systemCall(SYS_MMAP, 0, (long)bytes, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0);
  if (at < 0 && at > -4096)
    fail("out of memory", "");
  return (void *)(intptr_t)at;
}

/* A file, mapped (private: the container stays as it is). */
static inline uint8_t *mapFile(const char *path, uint64_t *bytes) {
  long file = systemCall(SYS_OPENAT, AT_FDCWD, (long)(intptr_t)path, O_RDONLY, 0, 0, 0);
  if (file < 0)
    fail("cannot open ", path);
  long size = systemCall(SYS_LSEEK, file, 0, SEEK_END_, 0, 0, 0);
  if (size <= 0)
    fail("empty or unreadable file ", path);
  long at = systemCall(SYS_MMAP, 0, size, PROT_READ_WRITE, MAP_PRIVATE, file, 0);
  if (at < 0 && at > -4096)
    fail("cannot map ", path);
  systemCall(SYS_CLOSE, file, 0, 0, 0, 0, 0);
  *bytes = (uint64_t)size;
  return (uint8_t *)(intptr_t)at;
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
