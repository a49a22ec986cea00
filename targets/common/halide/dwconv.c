/* ik_dwconv_halide_f32: depthwise convolution by hl_dwconv* (dwconv_generator.cpp), with the parameters, the buffers and the bits of
 * ik_dwconv_f32 (ukernels/dwconv.c). Covers 3x3 taps, one stride of 1 or 2 and one dilation for both axes, one output a channel.
 * Parallel units: (n, channel, band); whole planes go many to a call. */
#include "targets/common/halide/halide.h"
#include "targets/common/ukernels/conv.h"
#include "targets/common/ukernels/micro.h"

IK_KERNEL(ik_dwconv_f32);
#if !defined(INGOT_HALIDE)
/* A level without generated code. */
IK_KERNEL(ik_dwconv_halide_f32) { ik_dwconv_f32(buf, p, worker, workers); }
#else

enum { IK_TAPS = 3 };

typedef int ik_hl_dwconv(ik_hl_memory *memory, ik_hl_buffer *x, ik_hl_buffer *w, ik_hl_buffer *bias, int hasBias, int padX, int padY,
                         int dilation, float low, float high, ik_hl_buffer *y);
ik_hl_dwconv hl_dwconv_s1, hl_dwconv_s2, hl_dwconv_s1_narrow, hl_dwconv_s2_narrow;

/* Half vectors where the last whole one of a row would be at most half full. */
static int ik_hl_is_narrow(int64_t columns) {
  return INGOT_HALIDE_NARROW > 0 && (columns - 1) % (2 * INGOT_HALIDE_NARROW) < INGOT_HALIDE_NARROW;
}

/* What the clamp of the stencil does not do: other activations, the residual. */
static void ik_hl_finish(float *y, const float *residual, int64_t count, ik_epilogue e) {
  const ik_f32x16 zero = ik_splat16(0.0f);
  const int64_t whole = count & ~(int64_t)15, left = count - whole;
  for (int64_t i = 0; i < whole; i += 16)
    ik_store16_f32(y + i, ik_finish16(ik_load16_f32(y + i), residual ? ik_load16_f32(residual + i) : zero, e));
  if (left)
    ik_store_part_f32(y + whole, ik_finish16(ik_load_part_f32(y + whole, left), residual ? ik_load_part_f32(residual + whole, left) : zero, e), left);
}

IK_KERNEL(ik_dwconv_halide_f32) {
  int next = 2;
  const float *x = buf[0], *w = buf[1], *bias = p[IK_CONV_BIAS] ? buf[next++] : 0, *residual = p[IK_CONV_RESIDUAL] ? buf[next++] : 0;
  float *y = buf[next++];
  ik_hl_memory memory = {buf[next], 0, 0};
  const ik_epilogue e = {p[IK_CONV_ACT], p[IK_CONV_RESIDUAL], ik_f32(p[IK_CONV_ALPHA]), ik_f32(p[IK_CONV_BETA])};
  const int clamps = !e.residual && e.act <= IK_ACT_CLIP;
  const float low = clamps && e.act == IK_ACT_CLIP ? e.alpha : clamps && e.act == IK_ACT_RELU ? 0.0f : -__builtin_inff();
  const float high = clamps && e.act == IK_ACT_CLIP ? e.beta : __builtin_inff();
  const int64_t ow = p[IK_CONV_OW], iw = p[IK_CONV_IW], stride = p[IK_CONV_SH], dilation = p[IK_CONV_DH], span = (IK_TAPS - 1) * dilation + 1;
  const ik_hl_axis h = {p[IK_CONV_IH], p[IK_CONV_OH], stride, span, p[IK_CONV_PH]}, v = {iw, ow, stride, span, p[IK_CONV_PW]};
  const int64_t band = p[IK_CONV_KC], bands = (h.out + band - 1) / band, channels = p[IK_CONV_G], together = ik_hl_together(h, v, band);
  ik_hl_dwconv *run = stride == 1 ? hl_dwconv_s1 : hl_dwconv_s2;
  if (ik_hl_is_narrow(ow))
    run = stride == 1 ? hl_dwconv_s1_narrow : hl_dwconv_s2_narrow;
  ik_range range = ik_share(p[IK_CONV_N] * channels * bands, worker, workers);
  for (int64_t unit = range.begin, count; unit < range.end; unit += count) {
    const int64_t h0 = unit % bands * band, h1 = h0 + band < h.out ? h0 + band : h.out, o = unit / bands, channel = o % channels;
    const int64_t left = range.end - unit < channels - channel ? range.end - unit : channels - channel, at = (o * h.out + h0) * ow;
    const ik_hl_band rows = ik_hl_rows(h, h0, h1);
    count = left < together ? left : together;
    ik_hl_planes in, weights, biases, out;
    run(&memory, ik_hl_view(&in, x + (o * h.in + rows.begin) * iw, IK_HL_FLOAT, iw, rows.rows, count, iw, h.in * iw),
        ik_hl_view(&weights, w + channel * IK_TAPS * IK_TAPS, IK_HL_FLOAT, IK_TAPS, IK_TAPS, count, IK_TAPS, IK_TAPS * IK_TAPS),
        ik_hl_view(&biases, bias ? bias + channel : w, IK_HL_FLOAT, count, 1, 1, 0, 0), bias != 0, (int)v.pad, (int)rows.pad, (int)dilation, low,
        high, ik_hl_view(&out, y + at, IK_HL_FLOAT, ow, h1 - h0, count, ow, h.out * ow));
    if (!clamps)
      ik_hl_finish(y + at, residual ? residual + at : 0, count > 1 ? count * h.out * ow : (h1 - h0) * ow, e);
  }
}

#endif
