// kernel-bench stencils: the rows that Halide generates and those that read rows where they lie against their portable twins, in turns, for planes of real models
// (mobilenetv2-person, yolox-nano, deeplab, squeezenet, yunet). The ratios in targets/common/kernels.def are its medians.
#include "test/unit/kernels/Shapes.h"

#include <algorithm>
#include <chrono>
#include <string>

extern "C" Kernel ik_dwconv_f32, ik_dwconv_direct_f32, ik_pool2d_f32, ik_pool2d_halide_f32, ik_pool2d_direct_f32;

namespace {

constexpr int64_t kBandBytes = 24 * 1024; // as the lowering

double seconds(Kernel *kernel, const std::vector<void *> &buffers, const Params &p, int calls) {
  auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < calls; ++i)
    kernel(buffers.data(), p.data(), 0, 1);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() / calls;
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

void race(const std::string &what, Kernel *twin, Kernel *row, const std::vector<void *> &buffers, const Params &p) {
  int calls = std::max(1, static_cast<int>(2e-4 / seconds(twin, buffers, p, 3)));
  std::vector<double> twins, rows, ratios;
  for (int i = 0; i < 31; ++i) {
    twins.push_back(seconds(twin, buffers, p, calls));
    rows.push_back(seconds(row, buffers, p, calls));
    ratios.push_back(twins.back() / rows.back());
  }
  std::printf("%-34s twin %8.2f us, row %8.2f us, ratio %.2f\n", what.c_str(), median(twins) * 1e6, median(rows) * 1e6, median(ratios));
}

std::string name(const char *op, int64_t planes, int64_t size, const std::string &more) {
  return std::string(op) + " " + std::to_string(planes) + " x " + std::to_string(size) + "x" + std::to_string(size) + more;
}

void depthwise(int64_t planes, int64_t size, int64_t taps, int64_t stride, int64_t dilation, int64_t pad) {
  Random random;
  Params p(IK_CONV_COUNT, 0);
  p[IK_CONV_N] = 1, p[IK_CONV_G] = planes, p[IK_CONV_IC] = p[IK_CONV_OC] = 1, p[IK_CONV_BIAS] = 1, p[IK_CONV_ACT] = IK_ACT_RELU;
  for (int axis = 0; axis < 3; ++axis) {
    p[IK_CONV_ID + axis] = axis ? size : 1, p[IK_CONV_KD + axis] = axis ? taps : 1, p[IK_CONV_SD + axis] = axis ? stride : 1;
    p[IK_CONV_DD + axis] = axis ? dilation : 1, p[IK_CONV_PD + axis] = axis ? pad : 0;
    p[IK_CONV_OD + axis] = axis ? outExtent(size, pad, pad, taps, stride, dilation) : 1;
  }
  int64_t &band = p[IK_CONV_KC], ow = p[IK_CONV_OW];
  for (band = 4; band < p[IK_CONV_OH] && IK_DWCONV_SCRATCH(band + 4, taps, stride, dilation, ow, taps, dilation, stride) <= kBandBytes;)
    band += 4;
  std::vector<float> x = reals(random, planes * size * size), w = reals(random, planes * taps * taps), bias = reals(random, planes);
  std::vector<float> y(planes * p[IK_CONV_OH] * ow), scratch(1 << 20);
  race(name("dwconv", planes, size, " k" + std::to_string(taps) + " s" + std::to_string(stride) + " d" + std::to_string(dilation)), ik_dwconv_f32, ik_dwconv_direct_f32,
       {x.data(), w.data(), bias.data(), y.data(), scratch.data()}, p);
}

void pool(int64_t kind, int64_t planes, int64_t size, int64_t taps, int64_t stride, int64_t pad) {
  Random random;
  Params p(IK_POOL_COUNT, 0);
  p[IK_POOL_KIND] = kind, p[IK_POOL_PLANES] = planes;
  for (int axis = 0; axis < 3; ++axis) {
    p[IK_POOL_ID + axis] = axis ? size : 1, p[IK_POOL_KD + axis] = axis ? taps : 1, p[IK_POOL_SD + axis] = axis ? stride : 1, p[IK_POOL_DD + axis] = 1;
    p[IK_POOL_PD + axis] = p[IK_POOL_QD + axis] = axis ? pad : 0, p[IK_POOL_OD + axis] = axis ? outExtent(size, pad, pad, taps, stride, 1) : 1;
  }
  int64_t &band = p[IK_POOL_BAND], ow = p[IK_POOL_OW];
  for (band = 1; band < p[IK_POOL_OH] && IK_POOL_SCRATCH(band + 1, taps, stride, 1, ow, taps, 1, stride) <= kBandBytes;)
    ++band;
  std::vector<float> x = reals(random, planes * size * size), y(planes * p[IK_POOL_OH] * ow), scratch(1 << 20);
  race(name(kind == IK_POOL_MAX ? "maximum" : "average", planes, size, " k" + std::to_string(taps) + " s" + std::to_string(stride)), ik_pool2d_f32,
       kind == IK_POOL_MAX && taps <= 3 ? ik_pool2d_direct_f32 : ik_pool2d_halide_f32, {x.data(), y.data(), scratch.data()}, p);
}

} // namespace

void benchStencils() {
  const int64_t depthwises[][6] = {{272, 4, 3, 1, 1, 1},   {152, 8, 3, 1, 1, 1},  {272, 10, 3, 2, 1, 0}, {128, 13, 3, 1, 1, 1}, {64, 16, 3, 1, 1, 1},
                                   {96, 18, 3, 2, 1, 0},   {64, 26, 3, 1, 1, 1},  {80, 32, 3, 1, 1, 1},  {96, 34, 3, 2, 1, 0},  {480, 33, 3, 1, 4, 4},
                                   {64, 52, 3, 2, 1, 1},   {8, 64, 3, 1, 1, 1},   {48, 66, 3, 2, 1, 0},  {16, 104, 3, 1, 1, 1}, {16, 208, 3, 2, 1, 1},
                                   {96, 40, 5, 1, 1, 2}, {120, 20, 5, 1, 1, 2}, {96, 40, 5, 2, 1, 2}};
  for (const int64_t (&d)[6] : depthwises)
    depthwise(d[0], d[1], d[2], d[3], d[4], d[5]);
  const int64_t pools[][6] = {{IK_POOL_MAX, 64, 111, 3, 2, 0}, {IK_POOL_MAX, 256, 27, 3, 2, 0}, {IK_POOL_MAX, 128, 13, 5, 1, 2},
                              {IK_POOL_MAX, 128, 13, 13, 1, 6}, {IK_POOL_MAX, 16, 160, 2, 2, 0}, {IK_POOL_MAX, 64, 20, 2, 2, 0},
                              {IK_POOL_AVERAGE, 64, 56, 2, 2, 0}, {IK_POOL_AVERAGE, 256, 14, 2, 2, 0}};
  for (const int64_t (&d)[6] : pools)
    pool(d[0], d[1], d[2], d[3], d[4], d[5]);
}
