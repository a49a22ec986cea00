/* The signature of every micro-kernel, and the vector types they are written with. C11 with clang's vector extensions,
 * freestanding: compiled to bitcode when Ingot is built, once per ISA level, and linked into the model's object.
 * Rules: no libc but memcpy/memset; no global state; every float multiply-add is an explicit fma (-ffp-contract=off), every
 * output has one accumulator that runs in a fixed order, and 16-lane reductions join lanes in the order of ik_sum16:
 * so all ISAs and all worker counts give the same bits. NaN and out-of-range conversions are handled explicitly. */
#ifndef INGOT_TARGETS_COMMON_UKERNELS_UKERNEL_H
#define INGOT_TARGETS_COMMON_UKERNELS_UKERNEL_H

#include <stddef.h>
#include <stdint.h>

/* buf: inputs, outputs, then the worker's scratch if the row asks for any. p: the row's parameters; a float parameter is its
 * bit pattern in the low 32 bits (ik_f32), a double its 64 bits. Worker w of n computes its contiguous share of the parallel
 * units (ik_share); calls with any n must give the same bytes. An absent optional input is a null pointer. */
#define IK_KERNEL(name) void name(void *const *buf, const int64_t *p, int64_t worker, int64_t workers)

typedef float ik_f32x16 __attribute__((ext_vector_type(16)));
typedef int32_t ik_i32x16 __attribute__((ext_vector_type(16)));

/* 1: the ISA has vectors of f32. Without, long 16-lane bodies are loops over lanes: unrolled, code would grow 16-fold. */
#if defined(__SSE2__) || defined(__ARM_NEON) || defined(IK_ONE_UNIT)
#define IK_FLOAT_VECTORS 1
#else
#define IK_FLOAT_VECTORS 0
#endif

typedef struct { int64_t begin, end; } ik_range;
#if defined(IK_ONE_UNIT) /* shaders: an invocation runs the unit that `worker` counts; ik_units tells the compiler how many there are */
void ik_units(int64_t n);
static inline ik_range ik_share(int64_t n, int64_t worker, int64_t workers) {
  (void)workers;
  ik_units(n);
  return (ik_range){worker, worker + 1};
}
#else
static inline ik_range ik_share(int64_t n, int64_t worker, int64_t workers) {
  return (ik_range){n * worker / workers, n * (worker + 1) / workers};
}
#endif
static inline float ik_f32(int64_t bits) {
  union { uint32_t u; float f; } v = {(uint32_t)bits};
  return v.f;
}
static inline double ik_f64(int64_t bits) {
  union { int64_t i; double f; } v = {bits};
  return v.f;
}

#endif
