/* The C side of the Halide kernels: tensors on the stack for generated code, and the worker's scratch as its memory. */
#ifndef INGOT_TARGETS_COMMON_HALIDE_HALIDE_H
#define INGOT_TARGETS_COMMON_HALIDE_HALIDE_H

#include "targets/common/halide/buffer.h"
#include "targets/common/halide/stencil_size.h"
#include "targets/common/ukernels/ukernel.h"

/* A tensor [c][h][w] of 32-bit elements whose rows are dense. */
typedef struct { ik_hl_buffer buffer; ik_hl_dim dim[3]; } ik_hl_planes;

enum { IK_HL_INT = 0, IK_HL_FLOAT = 2 };
static inline ik_hl_buffer *ik_hl_view(ik_hl_planes *to, const void *host, int code, int64_t w, int64_t h, int64_t c, int64_t rowStride,
                                       int64_t planeStride) {
  *to = (ik_hl_planes){
      .buffer = {.host = (uint8_t *)host, .code = (uint8_t)code, .bits = 32, .lanes = 1, .dimensions = 3, .dim = to->dim}};
  to->dim[0] = (ik_hl_dim){0, (int32_t)w, 1, 0};
  to->dim[1] = (ik_hl_dim){0, (int32_t)h, (int32_t)rowStride, 0};
  to->dim[2] = (ik_hl_dim){0, (int32_t)c, (int32_t)planeStride, 0};
  return &to->buffer;
}

/* The user context of generated code (memory.c): pieces are taken one behind the other and given back all at once. */
typedef struct { char *base; size_t used; int64_t pieces; } ik_hl_memory;

/* Output rows [h0, h1) need the input rows [begin, begin + rows), which lie `pad` rows below the first window's first. */
typedef struct { int64_t begin, rows, pad; } ik_hl_band;
static inline ik_hl_band ik_hl_rows(ik_hl_axis a, int64_t h0, int64_t h1) {
  const int64_t first = h0 * a.stride - a.pad, last = (h1 - 1) * a.stride - a.pad + a.span;
  const int64_t begin = first < 0 ? 0 : first < a.in ? first : a.in, end = last < begin ? begin : last < a.in ? last : a.in;
  return (ik_hl_band){begin, end - begin, begin - first};
}

#endif
