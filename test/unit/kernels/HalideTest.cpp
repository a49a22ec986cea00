// Compares the rows that Halide generates and those that read rows where they lie with their portable twins, and resizing with plain loops: equal bits for every number of workers, no byte read or written
// outside the buffers. The inputs contain NaN, infinities, zeros of both signs and numbers below the normal ones.
#include "targets/common/halide/stencil_size.h"
#include "targets/common/ukernels/resize.h"
#include "targets/common/ukernels/rowtiles_size.h"
#include "test/unit/kernels/Guarded.h"
#include "test/unit/kernels/Shapes.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

extern "C" Kernel ik_dwconv_f32, ik_dwconv_direct_f32, ik_pool2d_f32, ik_pool2d_halide_f32, ik_pool2d_f16, ik_pool2d_direct_f32,
    ik_pool2d_direct_f16, ik_resize2d_f32;

namespace {

int failures = 0;

/// What a row gets: its own scratch, to the byte; without Halide it is its twin.
int64_t scratchOf(int64_t row, int64_t twin) {
#if defined(INGOT_HALIDE)
  (void)twin;
  return row;
#else
  return std::max(row, twin);
#endif
}

/// A row, its twin, and how to call both.
struct Case {
  const char *what;
  Kernel *row, *twin;
  Params params;
  std::vector<std::vector<float>> inputs; // the i32 tables of a resize as bit patterns
  int64_t outputs, rowScratch, twinScratch;
};

float special(Random &random) {
  const float values[] = {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -0.0f, 0.0f, 1e-41f,
                          -std::numeric_limits<float>::infinity()};
  return values[random.range(0, 5)];
}

std::vector<float> values(Random &random, int64_t count) {
  std::vector<float> out = reals(random, count);
  if (random.range(0, 2) == 0)
    for (int64_t i = random.range(0, 40); i < count; i += random.range(1, 60))
      out[i] = special(random);
  return out;
}

bool sameBits(float a, float b) { return std::memcmp(&a, &b, sizeof a) == 0 || (std::isnan(a) && std::isnan(b)); }

/// `kernel` on guarded copies of the inputs: workers 0 .. n - 1 one after the other, each with the same scratch.
std::vector<float> run(Kernel *kernel, const Case &c, int64_t scratchBytes, int64_t workers, bool before) {
  std::vector<std::unique_ptr<Guarded<float>>> inputs;
  std::vector<void *> buffers;
  for (const std::vector<float> &input : c.inputs) {
    inputs.push_back(std::make_unique<Guarded<float>>(input, before));
    buffers.push_back(inputs.back()->data());
  }
  Guarded<float> y(c.outputs, before);
  Guarded<char> scratch((scratchBytes + 15) / 16 * 16, before);
  std::fill(scratch.data(), scratch.data() + scratch.size(), 0x7f);
  buffers.push_back(y.data());
  buffers.push_back(scratch.data());
  for (int64_t worker = 0; worker < workers; ++worker)
    kernel(buffers.data(), c.params.data(), worker, workers);
  return std::vector<float>(y.data(), y.data() + c.outputs);
}

void compare(const Case &c, int iteration) {
  std::vector<float> want = run(c.twin, c, c.twinScratch, 1, false);
  for (int64_t workers : {1, 2, 3, 7}) {
    std::vector<float> got = run(c.row, c, scratchOf(c.rowScratch, c.twinScratch), workers, iteration % 2);
    for (int64_t i = 0; i < c.outputs; ++i)
      if (!sameBits(got[i], want[i])) {
        ++failures;
        std::printf("FAIL %s, case %d, %d workers: element %d is %a, not %a\n", c.what, iteration, int(workers), int(i), got[i], want[i]);
        return;
      }
  }
}

void depthwiseCase(Random &random, int iteration) {
  Params p(IK_CONV_COUNT, 0);
  int64_t stride = random.range(1, 2), dilation = stride == 2 || random.range(0, 1) ? 1 : random.range(1, 4), taps = 3 + 2 * random.range(0, 1), most = random.range(0, 1) ? 20 : 90;
  p[IK_CONV_N] = random.range(1, 2), p[IK_CONV_G] = random.range(2, 11), p[IK_CONV_IC] = p[IK_CONV_OC] = 1;
  for (int axis = 0; axis < 3; ++axis) {
    p[IK_CONV_KD + axis] = axis ? taps : 1, p[IK_CONV_SD + axis] = axis ? stride : 1, p[IK_CONV_DD + axis] = axis ? dilation : 1;
    p[IK_CONV_ID + axis] = axis ? random.range(1, most) : 1, p[IK_CONV_PD + axis] = axis ? random.range(0, 5) : 0;
    p[IK_CONV_OD + axis] = axis ? outExtent(p[IK_CONV_ID + axis], p[IK_CONV_PD + axis], random.range(0, 5), taps, stride, dilation) : 1;
    if (p[IK_CONV_OD + axis] == 0)
      return;
  }
  p[IK_CONV_BIAS] = random.range(0, 1), p[IK_CONV_KC] = 4 * random.range(1, 25), p[IK_CONV_RESIDUAL] = random.range(0, 2);
  p[IK_CONV_ACT] = random.range(0, IK_ACT_TANH), p[IK_CONV_ALPHA] = bits(0.1f), p[IK_CONV_BETA] = bits(0.75f);
  int64_t planes = p[IK_CONV_N] * p[IK_CONV_G], outputs = planes * p[IK_CONV_OH] * p[IK_CONV_OW];
  Case c{"ik_dwconv_direct_f32", ik_dwconv_direct_f32, ik_dwconv_f32, p, {values(random, planes * p[IK_CONV_IH] * p[IK_CONV_IW])}, outputs, 0, 0};
  c.inputs.push_back(values(random, p[IK_CONV_G] * taps * taps));
  if (p[IK_CONV_BIAS])
    c.inputs.push_back(values(random, p[IK_CONV_G]));
  if (p[IK_CONV_RESIDUAL])
    c.inputs.push_back(values(random, outputs));
  c.rowScratch = IK_RT_SCRATCH(p[IK_CONV_OW], taps, dilation, stride);
  c.twinScratch = IK_DWCONV_SCRATCH(p[IK_CONV_KC], taps, stride, dilation, p[IK_CONV_OW], taps, dilation, stride);
  compare(c, iteration);
}

/// A pool's maxima of half precision: the same bits from ik_pool2d_direct_f16 and its twin.
void compareHalf(const Case &c, int iteration) {
  Guarded<_Float16> x(std::vector<_Float16>(c.inputs[0].begin(), c.inputs[0].end()), iteration % 2), got(c.outputs, iteration % 2), want(c.outputs, false);
  Guarded<char> scratch((c.twinScratch + c.rowScratch + 15) / 16 * 16, false);
  void *row[] = {x.data(), got.data(), scratch.data()}, *twin[] = {x.data(), want.data(), scratch.data()};
  ik_pool2d_f16(twin, c.params.data(), 0, 1);
  for (int64_t worker = 0; worker < 2; ++worker)
    ik_pool2d_direct_f16(row, c.params.data(), worker, 2);
  for (int64_t i = 0; i < c.outputs; ++i)
    if (!sameBits(got.data()[i], want.data()[i])) {
      ++failures;
      std::printf("FAIL ik_pool2d_direct_f16, case %d: element %d is %a, not %a\n", iteration, int(i), double(got.data()[i]), double(want.data()[i]));
      return;
    }
}

void poolCase(Random &random, int iteration) {
  Params p(IK_POOL_COUNT, 0);
  bool average = random.range(0, 2) == 0;
  int64_t stride = average ? 2 : random.range(1, 2), kernel = average ? 2 : random.range(2, 3), most = random.range(0, 1) ? 20 : 90;
  bool isAny = !average && stride == 1 && random.range(0, 1);
  p[IK_POOL_KIND] = average ? IK_POOL_AVERAGE : IK_POOL_MAX, p[IK_POOL_PLANES] = random.range(1, 11), p[IK_POOL_COUNT_PAD] = random.range(0, 1);
  for (int axis = 0; axis < 3; ++axis) {
    int64_t taps = axis == 0 ? 1 : isAny ? random.range(1, 13) : kernel;
    p[IK_POOL_KD + axis] = taps, p[IK_POOL_SD + axis] = axis ? stride : 1, p[IK_POOL_DD + axis] = 1;
    p[IK_POOL_PD + axis] = random.range(0, taps - 1), p[IK_POOL_QD + axis] = random.range(0, taps - 1), p[IK_POOL_ID + axis] = axis ? random.range(1, most) : 1;
    p[IK_POOL_OD + axis] = outExtent(p[IK_POOL_ID + axis], p[IK_POOL_PD + axis], p[IK_POOL_QD + axis], taps, p[IK_POOL_SD + axis], 1);
    if (p[IK_POOL_OD + axis] == 0)
      return;
  }
  p[IK_POOL_BAND] = random.range(1, 40);
  bool isDirect = !average && !isAny;
  Case c{isDirect ? "ik_pool2d_direct_f32" : "ik_pool2d_halide_f32", isDirect ? ik_pool2d_direct_f32 : ik_pool2d_halide_f32, ik_pool2d_f32, p, {values(random, p[IK_POOL_PLANES] * p[IK_POOL_IH] * p[IK_POOL_IW])},
         p[IK_POOL_PLANES] * p[IK_POOL_OH] * p[IK_POOL_OW], 0, 0};
  c.rowScratch = ik_hl_scratch({p[IK_POOL_IH], p[IK_POOL_OH], stride, p[IK_POOL_KH], p[IK_POOL_PH]},
                               {p[IK_POOL_IW], p[IK_POOL_OW], stride, p[IK_POOL_KW], p[IK_POOL_PW]}, p[IK_POOL_BAND]);
  c.twinScratch = IK_POOL_SCRATCH(p[IK_POOL_BAND], p[IK_POOL_KH], stride, 1, p[IK_POOL_OW], p[IK_POOL_KW], 1, stride);
  if (isDirect)
    c.rowScratch = IK_RT_SCRATCH(p[IK_POOL_OW], p[IK_POOL_KW], 1, stride);
  compare(c, iteration);
  if (isDirect)
    compareHalf(c, iteration);
}

/// ik_resize2d_f32 as plain loops.
void plainResize(void *const *buf, const int64_t *p, int64_t, int64_t) {
  const float *x = static_cast<float *>(buf[0]), *weightH = static_cast<float *>(buf[2]), *weightW = static_cast<float *>(buf[4]);
  const int32_t *indexH = static_cast<int32_t *>(buf[1]), *indexW = static_cast<int32_t *>(buf[3]);
  int64_t ih = p[IK_RESIZE_IH], oh = p[IK_RESIZE_OH], iw = p[IK_RESIZE_IW], ow = p[IK_RESIZE_OW], inner = p[IK_RESIZE_INNER];
  auto sum = [&](const int32_t *index, const float *weight, int64_t o, int64_t out, auto value) {
    float total = index[o] < 0 ? 0.7f : 0;
    for (int64_t t = 0; t < 2 && index[o] >= 0; ++t)
      total = weight[t * out + o] != 0 ? std::fma(weight[t * out + o], value(index[t * out + o]), total) : total;
    return total;
  };
  for (int64_t i = 0; i < p[IK_RESIZE_OUTER] * oh * ow * inner; ++i) {
    int64_t c = i % inner, o = i / inner % ow, row = i / inner / ow;
    static_cast<float *>(buf[5])[i] = sum(indexW, weightW, o, ow, [&](int64_t w) {
      return sum(indexH, weightH, row % oh, oh, [&](int64_t h) { return x[((row / oh * ih + h) * iw + w) * inner + c]; });
    });
  }
}

/// [2][out] indices as bits, and weights; now and then an output lies outside or has one tap. `isEven`: neighbours read neighbours.
void resizeTable(Random &random, int64_t in, int64_t out, bool isEven, std::vector<float> &index, std::vector<float> &weight) {
  std::vector<int32_t> table(2 * out, 0);
  weight = reals(random, 2 * out);
  for (int64_t o = 0; o < out; ++o) {
    table[o] = random.range(0, 9) ? static_cast<int32_t>(isEven ? o * in / out : random.range(0, in - 1)) : -1;
    if (random.range(0, 3))
      table[out + o] = static_cast<int32_t>(isEven ? std::min(o * in / out + 1, in - 1) : random.range(0, in - 1));
    else
      weight[out + o] = 0;
  }
  index.resize(2 * out);
  std::memcpy(index.data(), table.data(), 8 * out);
}

void resizeCase(Random &random, int iteration) {
  Params p(IK_RESIZE_COUNT, 1);
  p[IK_RESIZE_OUTER] = random.range(1, 4), p[IK_RESIZE_IH] = random.range(1, 30), p[IK_RESIZE_OH] = random.range(1, 30);
  p[IK_RESIZE_IW] = random.range(1, 90), p[IK_RESIZE_OW] = random.range(1, 90), p[IK_RESIZE_TAPSH] = p[IK_RESIZE_TAPSW] = 2;
  p[IK_RESIZE_OUTSIDE] = bits(0.7f), p[IK_RESIZE_INNER] = random.range(0, 2) ? 1 : random.range(2, 40);
  std::vector<std::vector<float>> inputs(5);
  inputs[0] = values(random, p[IK_RESIZE_OUTER] * p[IK_RESIZE_IH] * p[IK_RESIZE_IW] * p[IK_RESIZE_INNER]);
  resizeTable(random, p[IK_RESIZE_IH], p[IK_RESIZE_OH], false, inputs[1], inputs[2]);
  resizeTable(random, p[IK_RESIZE_IW], p[IK_RESIZE_OW], random.range(0, 2), inputs[3], inputs[4]);
  int64_t outputs = p[IK_RESIZE_OUTER] * p[IK_RESIZE_OH] * p[IK_RESIZE_OW] * p[IK_RESIZE_INNER];
  int64_t scratch = IK_RESIZE_SCRATCH(p[IK_RESIZE_IW] * p[IK_RESIZE_INNER], 2, p[IK_RESIZE_OW]);
  compare({"ik_resize2d_f32", ik_resize2d_f32, plainResize, p, inputs, outputs, scratch, scratch}, iteration);
}

} // namespace

int testHalide() {
  Random random;
  for (int i = 0; i < 400; ++i) {
    depthwiseCase(random, i);
    poolCase(random, i);
    resizeCase(random, i);
  }
  return failures;
}
