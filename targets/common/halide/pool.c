/* ik_pool2d_halide_f32: pooling by hl_maxpool* and hl_avgpool* (pool_generator.cpp), with the parameters, the buffers and the bits of
 * ik_pool2d_f32 (ukernels/pool.c). Covers, without dilation: maxima over any window with stride 1, averages over 2x2
 * with stride 2. Parallel units: (plane, band); whole planes go many to a call. */
#include "targets/common/halide/halide.h"
#include "targets/common/ukernels/pool.h"

IK_KERNEL(ik_pool2d_f32);
#if !defined(INGOT_HALIDE)
/* A level without generated code. */
IK_KERNEL(ik_pool2d_halide_f32) { ik_pool2d_f32(buf, p, worker, workers); }
#else

typedef int ik_hl_pool(ik_hl_memory *memory, ik_hl_buffer *x, int padX, int padY, int tapsX, int tapsY, int beginX, int endX, int beginY,
                       int endY, ik_hl_buffer *y);
ik_hl_pool hl_maxpool_s1, hl_avgpool2_s2;

IK_KERNEL(ik_pool2d_halide_f32) {
  const float *x = buf[0];
  float *y = buf[1];
  ik_hl_memory memory = {buf[2], 0, 0};
  const int64_t ow = p[IK_POOL_OW], iw = p[IK_POOL_IW], kw = p[IK_POOL_KW], kh = p[IK_POOL_KH], countPad = p[IK_POOL_COUNT_PAD];
  const ik_hl_axis h = {p[IK_POOL_IH], p[IK_POOL_OH], p[IK_POOL_SH], kh, p[IK_POOL_PH]}, v = {iw, ow, p[IK_POOL_SW], kw, p[IK_POOL_PW]};
  const int64_t endX = countPad ? iw + p[IK_POOL_QW] : iw, endY = countPad ? h.in + p[IK_POOL_QH] : h.in;
  const int64_t band = p[IK_POOL_BAND], bands = (h.out + band - 1) / band, together = ik_hl_together(h, v, band);
  ik_hl_pool *run = p[IK_POOL_KIND] == IK_POOL_AVERAGE ? hl_avgpool2_s2 : hl_maxpool_s1;
  ik_range range = ik_share(p[IK_POOL_PLANES] * bands, worker, workers);
  for (int64_t unit = range.begin, count; unit < range.end; unit += count) {
    const int64_t h0 = unit % bands * band, h1 = h0 + band < h.out ? h0 + band : h.out, plane = unit / bands;
    const ik_hl_band rows = ik_hl_rows(h, h0, h1);
    const int64_t beginY = (countPad ? -h.pad : 0) - rows.begin;
    count = range.end - unit < together ? range.end - unit : together;
    ik_hl_planes in, out;
    run(&memory, ik_hl_view(&in, x + (plane * h.in + rows.begin) * iw, IK_HL_FLOAT, iw, rows.rows, count, iw, h.in * iw), (int)v.pad,
        (int)rows.pad, (int)kw, (int)kh, countPad ? (int)-v.pad : 0, (int)endX, (int)beginY, (int)(endY - rows.begin),
        ik_hl_view(&out, y + (plane * h.out + h0) * ow, IK_HL_FLOAT, ow, h1 - h0, count, ow, h.out * ow));
  }
}

#endif
