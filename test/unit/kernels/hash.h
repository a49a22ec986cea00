/* A freestanding program that hashes what kernels compute: random numbers, the hash, and the entry into a Linux process, without libc. Equal bits on
 * every ISA mean equal hashes. Included once a program, which defines hashAll(). */
#ifndef INGOT_TEST_UNIT_KERNELS_HASH_H
#define INGOT_TEST_UNIT_KERNELS_HASH_H

#include "targets/common/ukernels/ukernel.h"

static void hashAll(void);

void *memcpy(void *to, const void *from, size_t n) {
  for (size_t i = 0; i < n; ++i) {
    ((char *)to)[i] = ((const char *)from)[i];
    __asm__ volatile("" ::: "memory");
  }
  return to;
}
void *memset(void *to, int value, size_t n) {
  for (size_t i = 0; i < n; ++i) {
    ((char *)to)[i] = (char)value;
    __asm__ volatile("" ::: "memory");
  }
  return to;
}

static uint64_t state = 88172645463325252ull, hash = 14695981039346656037ull;
static uint32_t next(void) {
  state = state * 6364136223846793005ull + 1442695040888963407ull;
  return (uint32_t)(state >> 33);
}
static int64_t pick(int64_t low, int64_t high) { return low + next() % (high - low + 1); }
/* `count` values in [-1, 1]. */
static void fill(float *to, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    to[i] = (float)((int32_t)(next() % 2001) - 1000) * 1e-3f;
}
static void mix(const void *bytes, int64_t count) {
  for (int64_t i = 0; i < count; ++i)
    hash = (hash ^ ((const uint8_t *)bytes)[i]) * 1099511628211ull;
}

static long call(long number, long a, long b, long c) {
#if defined(__aarch64__)
  register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
  __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2) : "memory");
  return x0;
#else
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return result;
#endif
}
#if defined(__aarch64__)
enum { SYS_WRITE = 64, SYS_EXIT = 93 };
__asm__(".globl _start\n_start: b hashMain\n");
#else
enum { SYS_WRITE = 1, SYS_EXIT = 60 };
__asm__(".globl _start\n_start: and $-64, %rsp\n call hashMain\n");
#endif

__attribute__((used)) void hashMain(void) {
  hashAll();
  char text[17];
  for (int i = 0; i < 16; ++i)
    text[i] = "0123456789abcdef"[hash >> (60 - 4 * i) & 15];
  text[16] = '\n';
  call(SYS_WRITE, 1, (long)text, 17);
  call(SYS_EXIT, 0, 0, 0);
}

#endif
