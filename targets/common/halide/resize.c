/* ik_resize2d_halide_f32: linear interpolation by hl_resize2 (resize_generator.cpp), with the parameters, the buffers and the bits of
 * ik_resize2d_f32 (ukernels/resize.c). Covers two taps an axis. Parallel unit: one output row; the rows of a plane go to one call. */
#include "targets/common/halide/halide.h"
#include "targets/common/ukernels/resize.h"

IK_KERNEL(ik_resize2d_f32);
#if !defined(INGOT_HALIDE)
/* A level without generated code. */
IK_KERNEL(ik_resize2d_halide_f32) { ik_resize2d_f32(buf, p, worker, workers); }
#else

int hl_resize2(ik_hl_memory *memory, ik_hl_buffer *x, ik_hl_buffer *indexH, ik_hl_buffer *weightH, ik_hl_buffer *indexW, ik_hl_buffer *weightW,
               float outside, ik_hl_buffer *y);

IK_KERNEL(ik_resize2d_halide_f32) {
  const float *x = buf[0], *weightH = buf[2], *weightW = buf[4];
  const int32_t *indexH = buf[1], *indexW = buf[3];
  float *y = buf[5];
  ik_hl_memory memory = {buf[6], 0, 0};
  const int64_t ih = p[IK_RESIZE_IH], iw = p[IK_RESIZE_IW], oh = p[IK_RESIZE_OH], ow = p[IK_RESIZE_OW];
  ik_range range = ik_share(p[IK_RESIZE_OUTER] * oh, worker, workers);
  for (int64_t row = range.begin, count; row < range.end; row += count) {
    const int64_t plane = row / oh, o = row % oh;
    count = range.end - row < oh - o ? range.end - row : oh - o;
    ik_hl_planes in, rowIndex, rowWeight, index, weight, out;
    hl_resize2(&memory, ik_hl_view(&in, x + plane * ih * iw, IK_HL_FLOAT, iw, ih, 1, iw, 0),
               ik_hl_view(&rowIndex, indexH + o, IK_HL_INT, count, 2, 1, oh, 0), ik_hl_view(&rowWeight, weightH + o, IK_HL_FLOAT, count, 2, 1, oh, 0),
               ik_hl_view(&index, indexW, IK_HL_INT, ow, 2, 1, ow, 0), ik_hl_view(&weight, weightW, IK_HL_FLOAT, ow, 2, 1, ow, 0),
               ik_f32(p[IK_RESIZE_OUTSIDE]), ik_hl_view(&out, y + row * ow, IK_HL_FLOAT, ow, count, 1, ow, 0));
  }
}

#endif
