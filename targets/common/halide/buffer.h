/* The tensors that generated code takes: Halide's halide_buffer_t, declared here because its own header wants a C library. generate.cpp
 * compares the two layouts when Ingot is built. */
#ifndef INGOT_TARGETS_COMMON_HALIDE_BUFFER_H
#define INGOT_TARGETS_COMMON_HALIDE_BUFFER_H

#include <stdint.h>

typedef struct { int32_t min, extent, stride; uint32_t flags; } ik_hl_dim; /* stride in elements */
typedef struct {
  uint64_t device;
  const void *deviceInterface;
  uint8_t *host;
  uint64_t flags;
  uint8_t code, bits; /* 2, 32: f32; 0, 32: i32 */
  uint16_t lanes;
  int32_t dimensions;
  ik_hl_dim *dim; /* innermost first */
  void *padding;
} ik_hl_buffer;

#endif
