// Compares the float kernels with plain loops: the same fused multiply-add chain, so the bits must be equal; and several worker
// counts must agree. The seeds are fixed, shapes odd, and every activation and residual order is met.
#include "test/unit/kernels/Shapes.h"

#include <algorithm>
#include <cmath>

extern "C" Kernel ik_conv_f32, ik_conv_f16, ik_convchannels_f32, ik_convfew_f32, ik_convlines_f32, ik_convlines_f16, ik_dwconv_f32, ik_dwconv_f16, ik_matmul_f32, ik_matmul_f16, ik_pool2d_f32, ik_pool_f32, ik_pool_u8;

namespace {

Checks check;

float activate(float x, int64_t kind, float alpha, float beta) {
  switch (kind) {
  case IK_ACT_RELU: return x < 0 ? 0.0f : x;
  case IK_ACT_CLIP: return x < alpha ? alpha : x > beta ? beta : x;
  case IK_ACT_LEAKY_RELU: return x < 0 ? x * alpha : x;
  case IK_ACT_SIGMOID: return 1 / (1 + std::exp(-double(x)));
  case IK_ACT_SILU: return x / (1 + std::exp(-double(x)));
  case IK_ACT_HARD_SIGMOID: return std::fmin(1.0f, std::fmax(0.0f, std::fma(alpha, x, beta)));
  case IK_ACT_HARD_SWISH: return x * std::fmin(1.0f, std::fmax(0.0f, std::fma(1.0f / 6.0f, x, 0.5f)));
  case IK_ACT_TANH: return std::tanh(double(x));
  default: return x;
  }
}

/// Exact for piecewise linear activations, 4 ulp for the others.
bool same(float got, float want, int64_t kind) {
  bool rounded = kind == IK_ACT_SIGMOID || kind == IK_ACT_SILU || kind == IK_ACT_TANH;
  return rounded ? std::fabs(got - want) <= 5e-7f * std::fmax(1.0f, std::fabs(want)) : got == want;
}

struct Tail {
  int64_t act, residual;
  float alpha, beta;
  float operator()(float acc, float bias, float extra) const {
    float v = acc + bias;
    if (residual == IK_RESIDUAL_BEFORE)
      v += extra;
    v = activate(v, act, alpha, beta);
    return residual == IK_RESIDUAL_AFTER ? v + extra : v;
  }
};

Tail randomTail(Random &random) {
  return {random.range(0, IK_ACT_TANH), random.range(0, 2), 0.1f, 0.75f};
}

std::vector<float> packPanels(const Params &p, const std::vector<float> &w, int64_t depth, int64_t size) {
  int64_t oc = p[IK_CONV_OC], panels = (oc + size - 1) / size;
  std::vector<float> out(p[IK_CONV_G] * panels * depth * size);
  for (int64_t g = 0; g < p[IK_CONV_G]; ++g)
    for (int64_t o = 0; o < oc; ++o)
      for (int64_t k = 0; k < depth; ++k)
        out[((g * panels + o / size) * depth + k) * size + o % size] = w[(g * oc + o) * depth + k];
  return out;
}

template <typename T> std::vector<T> convert(const std::vector<float> &from) { return std::vector<T>(from.begin(), from.end()); }

enum class Form { Tiles, Lines, Depthwise, Few, Channels };

/// Bytes that the kernels ask for with KC as in `p`.
int64_t convScratch(const Params &p, Form form, int64_t depth) {
  if (form == Form::Depthwise)
    return IK_DWCONV_SCRATCH(p[IK_CONV_KC], p[IK_CONV_KH], p[IK_CONV_SH], p[IK_CONV_DH], p[IK_CONV_OW], p[IK_CONV_KW], p[IK_CONV_DW], p[IK_CONV_SW]);
  if (form == Form::Few)
    return IK_CONVFEW_SCRATCH(depth);
  if (form == Form::Tiles)
    return IK_CONV_SCRATCH(p[IK_CONV_KC], (p[IK_CONV_OC] + 7) / 8);
  int64_t phases = IK_CONVLINES_PHASES(p[IK_CONV_KH], p[IK_CONV_DH], p[IK_CONV_SH]) * IK_CONVLINES_PHASES(p[IK_CONV_KW], p[IK_CONV_DW], p[IK_CONV_SW]);
  int64_t floats = phases * IK_CONVLINES_LINES(p[IK_CONV_KC], p[IK_CONV_KH], p[IK_CONV_DH], p[IK_CONV_SH]) *
                   IK_CONVLINES_PITCH(p[IK_CONV_OW], p[IK_CONV_KW], p[IK_CONV_DW], p[IK_CONV_SW]);
  if (form == Form::Channels)
    return ik_conv_is_pointwise(p.data()) ? IK_CONVCHANNELS_SCRATCH(0, p[IK_CONV_KC]) : IK_CONVCHANNELS_SCRATCH(p[IK_CONV_IC] * floats, p[IK_CONV_KC] * p[IK_CONV_OW]);
  return IK_CONVLINES_SCRATCH(p[IK_CONV_IC], floats, depth);
}

/// One axis, of which tiles may lie between the paddings.
void makeRow(Random &random, Params &p) {
  for (int i : {IK_CONV_ID, IK_CONV_IH, IK_CONV_OD, IK_CONV_OH, IK_CONV_KD, IK_CONV_KH})
    p[i] = 1;
  p[IK_CONV_PD] = p[IK_CONV_PH] = 0, p[IK_CONV_KW] = random.range(2, 5), p[IK_CONV_PW] = random.range(0, 4), p[IK_CONV_SW] = random.range(1, 3);
  p[IK_CONV_IW] = random.range(20, 250), p[IK_CONV_OW] = outExtent(p[IK_CONV_IW], p[IK_CONV_PW], random.range(0, 4), p[IK_CONV_KW], p[IK_CONV_SW], p[IK_CONV_DW]);
}

/// One random convolution through a kernel of element type T.
template <typename T> void convCase(Random &random, int iteration, Form form, Kernel *kernel) {
  Params p;
  const bool depthwise = form == Form::Depthwise, ofLines = form == Form::Lines || form == Form::Channels;
  if (!randomConv(random, p, depthwise) || (ofLines && p[IK_CONV_ID] * p[IK_CONV_OD] * p[IK_CONV_KD] + p[IK_CONV_PD] != 1))
    return;
  if (form == Form::Channels && random.range(0, 1)) // more input channels than a block has
    p[IK_CONV_IC] = random.range(90, 200) / (p[IK_CONV_KH] * p[IK_CONV_KW]) + 1;
  if (form == Form::Tiles && random.range(0, 2) == 0)
    makeRow(random, p);
  if (form == Form::Few)
    p[IK_CONV_OD] = 1, p[IK_CONV_OH] = std::min<int64_t>(p[IK_CONV_OH], 2), p[IK_CONV_OW] = std::min<int64_t>(p[IK_CONV_OW], 4);
  int64_t depth = p[IK_CONV_IC] * p[IK_CONV_KD] * p[IK_CONV_KH] * p[IK_CONV_KW], channels = p[IK_CONV_G] * p[IK_CONV_OC];
  int64_t plane = p[IK_CONV_ID] * p[IK_CONV_IH] * p[IK_CONV_IW], area = p[IK_CONV_OD] * p[IK_CONV_OH] * p[IK_CONV_OW];
  int64_t outputs = p[IK_CONV_N] * channels * area;
  Tail tail = randomTail(random);
  p[IK_CONV_BIAS] = random.range(0, 1);
  const bool ofChannels = form == Form::Few || form == Form::Channels;
  p[IK_CONV_PACKED] = ofChannels || (!depthwise && random.range(0, 1)), p[IK_CONV_FULL] = form == Form::Channels ? random.range(0, 1) : p[IK_CONV_OC] % 8 == 0;
  p[IK_CONV_ACT] = tail.act, p[IK_CONV_RESIDUAL] = tail.residual, p[IK_CONV_ALPHA] = bits(tail.alpha), p[IK_CONV_BETA] = bits(tail.beta);
  p[IK_CONV_KC] = depthwise ? 4 * random.range(1, 3) : ofLines ? random.range(1, ik_conv_is_pointwise(p.data()) ? area : p[IK_CONV_OH]) : random.range(0, 1) ? depth : random.range(1, depth);
  std::vector<T> x = convert<T>(reals(random, p[IK_CONV_N] * p[IK_CONV_G] * p[IK_CONV_IC] * plane)), w = convert<T>(reals(random, channels * depth));
  std::vector<T> bias = convert<T>(reals(random, channels)), extra = convert<T>(reals(random, outputs)), y(outputs);
  std::vector<float> wide(w.begin(), w.end());
  std::vector<T> packed = p[IK_CONV_PACKED] ? convert<T>(packPanels(p, wide, depth, ofChannels ? 16 : 8)) : w;
  std::vector<void *> buffers{x.data(), packed.data()};
  if (p[IK_CONV_BIAS])
    buffers.push_back(bias.data());
  if (tail.residual)
    buffers.push_back(extra.data());
  buffers.push_back(y.data());
  check(runWorkers(kernel, buffers, buffers.size() - 1, p, convScratch(p, form, depth), y), "conv: workers disagree", iteration);
  bool ok = true;
  for (int64_t i = 0; i < outputs && ok; ++i) {
    int64_t o = i / area % channels, ng = i / area / channels * p[IK_CONV_G] + o / p[IK_CONV_OC];
    float acc = convPoint<T, T, float>(p, x.data() + ng * p[IK_CONV_IC] * plane, w.data() + o * depth, i % area, T(0),
                                       [](float sum, T a, T b) { return std::fma(float(b), float(a), sum); });
    float want = tail(acc, p[IK_CONV_BIAS] ? float(bias[o]) : 0.0f, float(extra[i]));
    ok = sizeof(T) == 4 ? same(y[i], want, tail.act) : std::fabs(float(y[i]) - want) <= 1e-3f * std::fmax(1.0f, std::fabs(want));
  }
  check(ok, depthwise ? "dwconv: values" : "conv: values", iteration);
}

/// Taps outside of the input that are left out give the bits of those that are computed, also where sums underflow to -0.
void paddedCase(Random &random, int iteration) {
  Params p(IK_CONV_COUNT, 0);
  p[IK_CONV_N] = p[IK_CONV_G] = 1, p[IK_CONV_IC] = random.range(1, 20), p[IK_CONV_OC] = random.range(1, 70), p[IK_CONV_PACKED] = p[IK_CONV_FULL] = 1;
  for (int axis = 0; axis < 3; ++axis) {
    p[IK_CONV_ID + axis] = axis ? random.range(1, 20) : 1, p[IK_CONV_KD + axis] = axis ? random.range(1, 4) : 1, p[IK_CONV_SD + axis] = axis ? random.range(1, 3) : 1;
    p[IK_CONV_DD + axis] = axis ? random.range(1, 12) : 1, p[IK_CONV_PD + axis] = axis ? random.range(0, 2 * p[IK_CONV_DD + axis]) : 0;
    p[IK_CONV_OD + axis] = outExtent(p[IK_CONV_ID + axis], p[IK_CONV_PD + axis], p[IK_CONV_PD + axis], p[IK_CONV_KD + axis], p[IK_CONV_SD + axis], p[IK_CONV_DD + axis]);
    if (p[IK_CONV_OD + axis] == 0)
      return;
  }
  int64_t depth = p[IK_CONV_IC] * p[IK_CONV_KH] * p[IK_CONV_KW], outputs = p[IK_CONV_OC] * p[IK_CONV_OH] * p[IK_CONV_OW];
  std::vector<float> x = reals(random, p[IK_CONV_IC] * p[IK_CONV_IH] * p[IK_CONV_IW]), w = reals(random, p[IK_CONV_OC] * depth), y(outputs), want(outputs);
  for (float &value : x)
    value *= random.range(0, 9) || iteration % 2 ? 1e-30f : 1.0f;
  for (float &value : w)
    value *= 1e-20f;
  std::vector<float> packed = packPanels(p, w, depth, 16), panels = packPanels(p, w, depth, 8);
  p[IK_CONV_KC] = random.range(1, p[IK_CONV_OH]);
  check(runWorkers(ik_convchannels_f32, {x.data(), packed.data(), y.data()}, 2, p, convScratch(p, Form::Channels, depth), y), "padded conv: workers disagree", iteration);
  p[IK_CONV_KC] = depth, p[IK_CONV_FULL] = 0;
  runWorkers(ik_conv_f32, {x.data(), panels.data(), want.data()}, 2, p, convScratch(p, Form::Tiles, depth), want);
  check(std::memcmp(y.data(), want.data(), y.size() * sizeof(float)) == 0, "padded conv: bits", iteration);
}

template <typename T> void matmulCase(Random &random, int iteration, Kernel *kernel) {
  Params p(IK_MATMUL_COUNT, 0);
  int64_t m = random.range(0, 3) ? random.range(1, 30) : 1, n = random.range(1, 120), k = random.range(1, 90), batch = random.range(1, 3);
  bool shared = random.range(0, 1), packing = random.range(0, 1);
  Tail tail = randomTail(random);
  int64_t panels = (n + 15) / 16, right = packing ? panels * k * 16 : k * n;
  p[IK_MATMUL_B0] = p[IK_MATMUL_B1] = 1, p[IK_MATMUL_B2] = batch;
  p[IK_MATMUL_AS2] = m * k, p[IK_MATMUL_BS2] = shared ? 0 : right;
  p[IK_MATMUL_M] = m, p[IK_MATMUL_N] = n, p[IK_MATMUL_K] = k, p[IK_MATMUL_PACKED] = packing, p[IK_MATMUL_BIAS] = random.range(0, 1);
  p[IK_MATMUL_ACT] = tail.act, p[IK_MATMUL_RESIDUAL] = tail.residual, p[IK_MATMUL_ALPHA] = bits(tail.alpha), p[IK_MATMUL_BETA] = bits(tail.beta);
  std::vector<T> a = convert<T>(reals(random, batch * m * k)), b = convert<T>(reals(random, batch * k * n)), bias = convert<T>(reals(random, n));
  std::vector<T> extra = convert<T>(reals(random, batch * m * n)), y(batch * m * n), packed(packing ? batch * right : 0);
  for (int64_t i = 0; packing && i < batch * k * n; ++i)
    packed[i / (k * n) * right + (i % n / 16 * k + i / n % k) * 16 + i % n % 16] = b[i];
  std::vector<void *> buffers{a.data(), packing ? packed.data() : b.data()};
  if (p[IK_MATMUL_BIAS])
    buffers.push_back(bias.data());
  if (tail.residual)
    buffers.push_back(extra.data());
  buffers.push_back(y.data());
  check(runWorkers(kernel, buffers, buffers.size() - 1, p, IK_MATMUL_SCRATCH(k), y), "matmul: workers disagree", iteration);
  bool ok = true;
  for (int64_t i = 0; i < batch * m * n && ok; ++i) {
    float acc = 0;
    for (int64_t c = 0; c < k; ++c)
      acc = std::fma(float(a[i / n * k + c]), float(b[(shared ? 0 : i / (m * n) * k * n) + c * n + i % n]), acc);
    float want = tail(acc, p[IK_MATMUL_BIAS] ? float(bias[i % n]) : 0.0f, float(extra[i]));
    ok = sizeof(T) == 4 ? same(y[i], want, tail.act) : std::fabs(float(y[i]) - want) <= 1e-3f * std::fmax(1.0f, std::fabs(want));
  }
  check(ok, "matmul: values", iteration);
}

/// The two pooling kernels are independent of each other and must agree to the bit.
void poolCase(Random &random, int iteration) {
  Params p(IK_POOL_COUNT, 0);
  p[IK_POOL_KIND] = random.range(IK_POOL_MAX, IK_POOL_AVERAGE);
  p[IK_POOL_PLANES] = random.range(1, 5);
  p[IK_POOL_COUNT_PAD] = random.range(0, 1);
  for (int axis = 0; axis < 3; ++axis) {
    p[IK_POOL_KD + axis] = axis ? random.range(1, 4) : 1;
    p[IK_POOL_SD + axis] = axis ? random.range(1, 3) : 1;
    p[IK_POOL_DD + axis] = axis ? random.range(1, 2) : 1;
    p[IK_POOL_PD + axis] = axis ? random.range(0, p[IK_POOL_KD + axis] - 1) : 0;
    p[IK_POOL_QD + axis] = axis ? random.range(0, p[IK_POOL_KD + axis] - 1) : 0;
    p[IK_POOL_ID + axis] = axis ? random.range(4, 60) : 1;
    p[IK_POOL_OD + axis] = outExtent(p[IK_POOL_ID + axis], p[IK_POOL_PD + axis], p[IK_POOL_QD + axis], p[IK_POOL_KD + axis], p[IK_POOL_SD + axis],
                                     p[IK_POOL_DD + axis]);
    if (p[IK_POOL_OD + axis] == 0)
      return;
  }
  p[IK_POOL_BAND] = random.range(1, 9);
  std::vector<float> x = reals(random, p[IK_POOL_PLANES] * p[IK_POOL_IH] * p[IK_POOL_IW]);
  std::vector<float> y(p[IK_POOL_PLANES] * p[IK_POOL_OH] * p[IK_POOL_OW]), want(y.size());
  int64_t scratch = IK_POOL_SCRATCH(p[IK_POOL_BAND], p[IK_POOL_KH], p[IK_POOL_SH], p[IK_POOL_DH], p[IK_POOL_OW], p[IK_POOL_KW], p[IK_POOL_DW], p[IK_POOL_SW]);
  check(runWorkers(ik_pool2d_f32, {x.data(), y.data()}, 1, p, scratch, y), "pool2d: workers disagree", iteration);
  check(runWorkers(ik_pool_f32, {x.data(), want.data()}, 1, p, 0, want), "pool: workers disagree", iteration);
  bool ok = true;
  for (size_t i = 0; i < y.size(); ++i)
    ok = ok && (y[i] == want[i] || (y[i] != y[i] && want[i] != want[i]) || std::isinf(y[i]));
  check(ok, "pool: values", iteration);
}

/// Maxima of bytes, which go row by row, are those of the same numbers in f32.
void bytePoolCase(Random &random, int iteration) {
  Params p(IK_POOL_COUNT, 0);
  p[IK_POOL_PLANES] = 2;
  for (int axis = 0; axis < 3; ++axis) {
    p[IK_POOL_ID + axis] = random.range(1, axis == 2 ? 40 : 8), p[IK_POOL_KD + axis] = random.range(1, 3), p[IK_POOL_SD + axis] = random.range(1, 3);
    p[IK_POOL_DD + axis] = random.range(1, 2), p[IK_POOL_PD + axis] = random.range(0, p[IK_POOL_KD + axis] - 1);
    p[IK_POOL_OD + axis] = outExtent(p[IK_POOL_ID + axis], p[IK_POOL_PD + axis], random.range(0, 2), p[IK_POOL_KD + axis], p[IK_POOL_SD + axis], p[IK_POOL_DD + axis]);
  }
  std::vector<uint8_t> x, y(size_t(2 * p[IK_POOL_OD] * p[IK_POOL_OH] * p[IK_POOL_OW]));
  for (int64_t i = 0; i < 2 * p[IK_POOL_ID] * p[IK_POOL_IH] * p[IK_POOL_IW]; ++i)
    x.push_back(uint8_t(random.range(0, 255)));
  std::vector<float> wide(x.begin(), x.end()), want(y.size());
  check(runWorkers(ik_pool_u8, {x.data(), y.data()}, 1, p, 0, y), "byte pool: workers disagree", iteration);
  runWorkers(ik_pool_f32, {wide.data(), want.data()}, 1, p, 0, want);
  bool ok = true;
  for (size_t i = 0; i < y.size(); ++i) // a window outside of the input has the least value of its type
    ok = ok && float(y[i]) == (want[i] < 0 ? 0.0f : want[i]);
  check(ok, "maxima of bytes", iteration);
}

} // namespace

int testFloat() {
  Random random;
  for (int i = 0; i < 300; ++i) {
    bytePoolCase(random, i);
    convCase<float>(random, i, Form::Tiles, ik_conv_f32);
    convCase<float>(random, i, Form::Lines, ik_convlines_f32);
    convCase<float>(random, i, Form::Channels, ik_convchannels_f32);
    paddedCase(random, i);
    convCase<float>(random, i, Form::Few, ik_convfew_f32);
    convCase<float>(random, i, Form::Depthwise, ik_dwconv_f32);
    matmulCase<float>(random, i, ik_matmul_f32);
    poolCase(random, i);
    if (i % 3 == 0) {
      convCase<_Float16>(random, i, Form::Tiles, ik_conv_f16);
      convCase<_Float16>(random, i, Form::Lines, ik_convlines_f16);
      convCase<_Float16>(random, i, Form::Depthwise, ik_dwconv_f16);
      matmulCase<_Float16>(random, i, ik_matmul_f16);
    }
  }
  return check.failures;
}
