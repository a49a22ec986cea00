/* values.c on a Linux machine without a C library (Hexagon), or with one. */
#include <stddef.h>
#include <stdint.h>

void values(void);
void put(const void *bytes, long size);

#if defined(__hexagon__)
void *memcpy(void *restrict to, const void *restrict from, size_t n) {
  for (size_t i = 0; i < n; ++i)
    ((char *)to)[i] = ((const char *)from)[i];
  return to;
}
static long writeOut(const char *from, long size) {
  register long r6 __asm__("r6") = 64;
  register long r0 __asm__("r0") = 1;
  register long r1 __asm__("r1") = (long)(intptr_t)from;
  register long r2 __asm__("r2") = size;
  __asm__ volatile("trap0(#1)" : "+r"(r0) : "r"(r6), "r"(r1), "r"(r2) : "memory");
  return r0;
}
static void leave(void) {
  register long r6 __asm__("r6") = 94;
  register long r0 __asm__("r0") = 0;
  __asm__ volatile("trap0(#1)" : "+r"(r0) : "r"(r6) : "memory");
}
__asm__(".text\n.globl _start\n_start:\n  r29 = and(r29, #-128)\n  call programMain\n");
#else
#include <unistd.h>
static long writeOut(const char *from, long size) { return write(1, from, (size_t)size); }
static void leave(void) {}
#endif

static char buffer[1 << 16];
static long used;

static void flush(void) {
  for (long at = 0; at < used;) {
    long done = writeOut(buffer + at, used - at);
    if (done <= 0)
      break;
    at += done;
  }
  used = 0;
}

void put(const void *bytes, long size) {
  if (used + size > (long)sizeof buffer)
    flush();
  for (long i = 0; i < size; ++i)
    buffer[used++] = ((const char *)bytes)[i];
}

void programMain(void);
__attribute__((used)) void programMain(void) {
  values();
  flush();
  leave();
}

#if !defined(__hexagon__)
int main(void) {
  programMain();
  return 0;
}
#endif
