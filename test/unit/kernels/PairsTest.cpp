// The kernels whose operands are rounded to bf16 or f16 (narrow.h) against plain loops over rounded operands: the same chain of fused multiply-adds,
// so the bits must be equal, also for operands far below and above the small type's range; and several worker counts must agree.
#include "test/unit/kernels/Shapes.h"

#include <cmath>

extern "C" Kernel ik_conv_f32_bf16, ik_convlines_f32_bf16, ik_convmatrix_f32_bf16, ik_convtaps_f32_bf16, ik_convchannels_f32_bf16, ik_matmul_f32_bf16, ik_conv_f32_f16, ik_convlines_f32_f16, ik_matmul_f32_f16;

namespace {

Checks check;

uint16_t bf16(float x) {
  if (std::fabs(x) < 0x1p-56f)
    return 0;
  uint32_t u;
  std::memcpy(&u, &x, 4);
  uint32_t kept = u & 0xffff0000u, rest = u & 0xffffu;
  if (rest > 0x8000u || (rest == 0x8000u && (kept & 0x10000u)))
    kept += 0x10000u;
  return uint16_t(kept >> 16);
}
float fromBf16(uint16_t x) {
  uint32_t u = uint32_t(x) << 16;
  float f;
  std::memcpy(&f, &u, 4);
  return f;
}
float narrowed(float x, bool half) {
  return half ? float(_Float16(std::fmin(std::fmax(x, -65504.0f), 65504.0f))) : fromBf16(bf16(x));
}

/// Values of [-1, 1], and some of any size.
std::vector<float> spread(Random &random, int64_t count) {
  std::vector<float> values = reals(random, count);
  for (float &value : values)
    if (random.range(0, 15) == 0)
      value = std::ldexp(value, int(random.range(-140, 20)));
  return values;
}

/// The chain over pairs x[2j], x[2j + 1] (second first), or in order.
float chain(const std::vector<float> &x, const std::vector<float> &w, bool half) {
  float sum = 0;
  for (size_t k = 0; k < x.size(); ++k) {
    size_t at = half ? k : k % 2 == 0 && k + 1 < x.size() ? k + 1 : k % 2 ? k - 1 : k;
    sum = std::fma(narrowed(x[at], half), narrowed(w[at], half), sum);
  }
  return sum;
}

struct Operands {
  std::vector<float> x, w;
};

enum class Form { Tiles, Lines, Channels, Matrix, Taps };

/// Where k = (c, kh, kw) lies among the numbers of all words of ik_convtaps_f32_bf16.
int64_t tapAt(const Params &p, int64_t k) {
  int64_t kw = p[IK_CONV_KW], taps = p[IK_CONV_KH] * kw;
  return ((k % taps / kw * p[IK_CONV_IC] + k / taps) * ((kw + 1) / 2) + k % kw / 2) * 2 + k % kw % 2;
}

/// The operands of an output in the order of the kernel's chain; over lines `block` >= 2 channels of a tap are neighbours.
Operands operandsOf(const Params &p, const float *x, const float *w, int64_t pixel, Form form, size_t block) {
  Operands plain, ordered;
  convPoint<float, float, float>(p, x, w, pixel, 0.0f, [&](float, float a, float b) {
    plain.x.push_back(a), plain.w.push_back(b);
    return 0.0f;
  });
  if (form == Form::Taps) {
    ordered.x.resize(size_t(p[IK_CONV_KH] * p[IK_CONV_IC] * ((p[IK_CONV_KW] + 1) / 2) * 2)), ordered.w.resize(ordered.x.size());
    for (size_t k = 0; k < plain.x.size(); ++k)
      ordered.x[size_t(tapAt(p, int64_t(k)))] = plain.x[k], ordered.w[size_t(tapAt(p, int64_t(k)))] = plain.w[k];
    return ordered;
  }
  if (!block)
    return plain;
  size_t taps = size_t(p[IK_CONV_KH] * p[IK_CONV_KW]), channels = size_t(p[IK_CONV_IC]);
  for (size_t c = 0; c < channels; c += block)
    for (size_t t = 0; t < taps; ++t)
      for (size_t i = c; i < c + block; ++i) {
        ordered.x.push_back(i < channels ? plain.x[i * taps + t] : 0.0f);
        ordered.w.push_back(i < channels ? plain.w[i * taps + t] : 0.0f);
      }
  return ordered;
}

/// [G][panels][K / 2][size][2], k as in operandsOf.
std::vector<uint16_t> packPairs(const Params &p, const std::vector<float> &w, Form form) {
  const bool lines = form != Form::Tiles;
  int64_t size = form == Form::Channels ? 16 : 8, oc = p[IK_CONV_OC], panels = (oc + size - 1) / size, channels = p[IK_CONV_IC], taps = p[IK_CONV_KD] * p[IK_CONV_KH] * p[IK_CONV_KW], depth = channels * taps;
  int64_t words = lines ? (channels + 1) / 2 * taps : (depth + 1) / 2;
  std::vector<uint16_t> out(size_t(p[IK_CONV_G] * panels * words * size * 2));
  for (int64_t o = 0; o < p[IK_CONV_G] * oc; ++o)
    for (int64_t k = 0; k < depth; ++k) {
      int64_t word = lines ? k / taps / 2 * taps + k % taps : k / 2, second = lines ? k / taps % 2 : k % 2;
      out[size_t((((o / oc * panels + o % oc / size) * words + word) * size + o % oc % size) * 2 + second)] = bf16(w[size_t(o * depth + k)]);
    }
  return out;
}

/// [G][ceil(OC / 16)][blocks][taps][16][row].
std::vector<uint16_t> packBlocks(const Params &p, const std::vector<float> &w) {
  int64_t oc = p[IK_CONV_OC], panels = (oc + 15) / 16, pairs = (p[IK_CONV_IC] + 1) / 2, blocks = IK_CONVMATRIX_BLOCKS(pairs), row = IK_CONVMATRIX_WORDS(pairs) * 2, taps = p[IK_CONV_KH] * p[IK_CONV_KW], depth = p[IK_CONV_IC] * taps;
  std::vector<uint16_t> out(size_t(p[IK_CONV_G] * panels * blocks * taps * 16 * row));
  for (int64_t o = 0; o < p[IK_CONV_G] * oc; ++o)
    for (int64_t k = 0; k < depth; ++k)
      out[size_t((((o / oc * panels + o % oc / 16) * blocks + k / taps / row) * taps + k % taps) * 16 * row + o % oc % 16 * row + k / taps % row)] = bf16(w[size_t(o * depth + k)]);
  return out;
}

/// [G][ceil(OC / 16)][blocks][16][row].
std::vector<uint16_t> packTaps(const Params &p, const std::vector<float> &w) {
  int64_t oc = p[IK_CONV_OC], panels = (oc + 15) / 16, row = ik_convtaps_words(p.data()) * 2, all = p[IK_CONV_KH] * p[IK_CONV_IC] * ((p[IK_CONV_KW] + 1) / 2) * 2, depth = p[IK_CONV_IC] * p[IK_CONV_KH] * p[IK_CONV_KW];
  std::vector<uint16_t> out(size_t(p[IK_CONV_G] * panels * 16 * all));
  for (int64_t o = 0; o < p[IK_CONV_G] * oc; ++o)
    for (int64_t k = 0; k < depth; ++k)
      out[size_t(((o / oc * panels + o % oc / 16) * (all / row) + tapAt(p, k) / row) * 16 * row + o % oc % 16 * row + tapAt(p, k) % row)] = bf16(w[size_t(o * depth + k)]);
  return out;
}

/// A band's floats of one channel.
int64_t lineFloats(const Params &p) {
  return IK_CONVLINES_PHASES(p[IK_CONV_KH], p[IK_CONV_DH], p[IK_CONV_SH]) * IK_CONVLINES_PHASES(p[IK_CONV_KW], p[IK_CONV_DW], p[IK_CONV_SW]) *
         IK_CONVLINES_LINES(p[IK_CONV_KC], p[IK_CONV_KH], p[IK_CONV_DH], p[IK_CONV_SH]) *
         IK_CONVLINES_PITCH(p[IK_CONV_OW], p[IK_CONV_KW], p[IK_CONV_DW], p[IK_CONV_SW]);
}

int64_t scratchOf(const Params &p, Form form, bool half, int64_t depth) {
  const bool lines = form == Form::Lines;
  int64_t panels = (p[IK_CONV_OC] + 7) / 8, pairs = (p[IK_CONV_IC] + 1) / 2;
  if (form == Form::Taps)
    return IK_CONVTAPS_SCRATCH(p[IK_CONV_IC], IK_CONVTAPS_ROWS(p[IK_CONV_KC], p[IK_CONV_SH], p[IK_CONV_KH]), IK_CONVMATRIX_CHANNEL(p[IK_CONV_OW]), p[IK_CONV_SW], p[IK_CONV_KW]);
  if (form == Form::Matrix)
    return IK_CONVMATRIX_SCRATCH(p[IK_CONV_IC], ik_conv_is_pointwise(p.data()) ? p[IK_CONV_KC] : lineFloats(p));
  if (form == Form::Channels)
    return ik_conv_is_pointwise(p.data()) ? IK_CONVCHANNELS_SCRATCH(pairs * ((p[IK_CONV_KC] + 15) / 16 * 16), p[IK_CONV_KC])
                                          : IK_CONVCHANNELS_SCRATCH((pairs + 2) * lineFloats(p) + 64, p[IK_CONV_KC] * p[IK_CONV_OW]);
  if (half)
    return lines ? IK_CONVLINES_SCRATCH(p[IK_CONV_IC], lineFloats(p), depth) : IK_CONV_SCRATCH(p[IK_CONV_KC], panels);
  return lines ? IK_CONVPAIRS_LINES_SCRATCH(p[IK_CONV_IC], lineFloats(p), p[IK_CONV_KH] * p[IK_CONV_KW]) : IK_CONVPAIRS_SCRATCH(p[IK_CONV_KC], depth > p[IK_CONV_KC] ? panels : 1);
}

int64_t bitsOf(float x) {
  uint32_t u;
  std::memcpy(&u, &x, 4);
  return u;
}

/// With the parameters that convCase chooses.
float activated(float x, int64_t kind) {
  if (kind == IK_ACT_CLIP)
    return x < -0.75f ? -0.75f : x > 1.5f ? 1.5f : x;
  return x >= 0 || kind == IK_ACT_NONE ? x : kind == IK_ACT_RELU ? 0.0f : x * 0.25f;
}

void convCase(Random &random, int iteration, Form form, bool half, Kernel *kernel) {
  Params p;
  const bool lines = form != Form::Tiles;
  if (!randomConv(random, p, false) || (lines && (p[IK_CONV_ID] * p[IK_CONV_OD] * p[IK_CONV_KD] != 1 || p[IK_CONV_PD])))
    return;
  if (form == Form::Matrix)
    p[IK_CONV_IC] = random.range(1, 80), p[IK_CONV_OC] = random.range(1, 70);
  if (form == Form::Taps) {
    p[IK_CONV_IC] = random.range(1, 5), p[IK_CONV_OC] = random.range(1, 70);
    for (int a = 0; a < 3; ++a) {
      p[IK_CONV_DD + a] = 1;
      p[IK_CONV_OD + a] = outExtent(p[IK_CONV_ID + a], p[IK_CONV_PD + a], p[IK_CONV_PD + a], p[IK_CONV_KD + a], p[IK_CONV_SD + a], 1);
      if (p[IK_CONV_OD + a] == 0)
        return;
    }
  }
  if (form == Form::Channels && random.range(0, 1)) // more pairs of input channels than a block has
    p[IK_CONV_IC] = random.range(180, 400) / (p[IK_CONV_KH] * p[IK_CONV_KW]) + 1;
  int64_t depth = p[IK_CONV_IC] * p[IK_CONV_KD] * p[IK_CONV_KH] * p[IK_CONV_KW], channels = p[IK_CONV_G] * p[IK_CONV_OC];
  int64_t plane = p[IK_CONV_ID] * p[IK_CONV_IH] * p[IK_CONV_IW], area = p[IK_CONV_OD] * p[IK_CONV_OH] * p[IK_CONV_OW];
  p[IK_CONV_BIAS] = random.range(0, 1), p[IK_CONV_PACKED] = !half, p[IK_CONV_RESIDUAL] = random.range(IK_RESIDUAL_NONE, IK_RESIDUAL_BEFORE);
  p[IK_CONV_ACT] = random.range(IK_ACT_NONE, IK_ACT_LEAKY_RELU), p[IK_CONV_ALPHA] = bitsOf(p[IK_CONV_ACT] == IK_ACT_CLIP ? -0.75f : 0.25f), p[IK_CONV_BETA] = bitsOf(1.5f);
  const bool ofPlaces = (form == Form::Channels || form == Form::Matrix) && ik_conv_is_pointwise(p.data());
  p[IK_CONV_KC] = lines ? random.range(1, ofPlaces ? area : p[IK_CONV_OH]) : random.range(0, 1) ? depth : random.range(1, depth) / 2 * 2 + 2;
  std::vector<float> x = spread(random, p[IK_CONV_N] * p[IK_CONV_G] * p[IK_CONV_IC] * plane), w = spread(random, channels * depth);
  std::vector<float> bias = reals(random, channels), extra = reals(random, p[IK_CONV_N] * channels * area), y(extra.size());
  std::vector<uint16_t> pairs = form == Form::Taps ? packTaps(p, w) : form == Form::Matrix ? packBlocks(p, w) : packPairs(p, w, form);
  std::vector<_Float16> halves;
  for (float value : w)
    halves.push_back(_Float16(narrowed(value, true)));
  std::vector<void *> buffers{x.data(), half ? static_cast<void *>(halves.data()) : pairs.data()};
  if (p[IK_CONV_BIAS])
    buffers.push_back(bias.data());
  if (p[IK_CONV_RESIDUAL])
    buffers.push_back(extra.data());
  buffers.push_back(y.data());
  check(runWorkers(kernel, buffers, buffers.size() - 1, p, scratchOf(p, form, half, depth), y), "narrow conv: workers disagree", iteration);
  bool ok = true;
  for (int64_t i = 0; i < int64_t(y.size()); ++i) {
    int64_t o = i / area % channels, ng = i / area / channels * p[IK_CONV_G] + o / p[IK_CONV_OC];
    Operands operands = operandsOf(p, x.data() + ng * p[IK_CONV_IC] * plane, w.data() + o * depth, i % area, form, half || !lines ? 0 : form == Form::Matrix ? size_t(IK_CONVMATRIX_WORDS((p[IK_CONV_IC] + 1) / 2)) * 2 : 2);
    float want = chain(operands.x, operands.w, half);
    want = p[IK_CONV_BIAS] ? want + bias[size_t(o)] : want;
    want = p[IK_CONV_RESIDUAL] == IK_RESIDUAL_BEFORE ? want + extra[size_t(i)] : want;
    want = activated(want, p[IK_CONV_ACT]);
    want = p[IK_CONV_RESIDUAL] == IK_RESIDUAL_AFTER ? want + extra[size_t(i)] : want;
    ok = ok && y[size_t(i)] == want;
  }
  check(ok, half ? "conv with f16 operands" : form == Form::Taps ? "conv by taps of bf16 operands" : form == Form::Matrix ? "conv by matrices of bf16 operands" : form == Form::Channels ? "conv over channels with bf16 operands" : lines ? "conv over lines with bf16 operands" : "conv with bf16 operands", iteration);
}

void matmulCase(Random &random, int iteration, bool half, bool isPacked = true) {
  int64_t m = random.range(1, random.range(0, 1) ? 20 : 70), n = random.range(1, 70), k = random.range(0, 3) ? random.range(1, 60) : 32 * random.range(1, 3), words = (k + 1) / 2;
  Params p(IK_MATMUL_COUNT, 0);
  p[IK_MATMUL_B0] = p[IK_MATMUL_B1] = p[IK_MATMUL_B2] = 1, p[IK_MATMUL_PACKED] = isPacked;
  p[IK_MATMUL_M] = m, p[IK_MATMUL_N] = n, p[IK_MATMUL_K] = k, p[IK_MATMUL_BIAS] = random.range(0, 1);
  std::vector<float> a = spread(random, m * k), b = spread(random, k * n), bias = reals(random, n), y(size_t(m * n));
  std::vector<uint16_t> rows, panels(size_t((n + 15) / 16 * words * 32));
  std::vector<_Float16> halfRows, halfPanels(size_t((n + 15) / 16 * k * 16));
  for (float value : a)
    rows.push_back(bf16(value)), halfRows.push_back(_Float16(narrowed(value, true)));
  for (int64_t i = 0; i < k * n; ++i) {
    int64_t row = i / n, column = i % n;
    panels[size_t(((column / 16 * words + row / 2) * 16 + column % 16) * 2 + row % 2)] = bf16(b[size_t(i)]);
    halfPanels[size_t((column / 16 * k + row) * 16 + column % 16)] = _Float16(narrowed(b[size_t(i)], true));
  }
  std::vector<void *> buffers{half ? static_cast<void *>(halfRows.data()) : rows.data(), half ? static_cast<void *>(halfPanels.data()) : panels.data()};
  if (!isPacked)
    buffers = {a.data(), b.data()};
  if (p[IK_MATMUL_BIAS])
    buffers.push_back(bias.data());
  buffers.push_back(y.data());
  Kernel *kernel = half ? ik_matmul_f32_f16 : ik_matmul_f32_bf16;
  check(runWorkers(kernel, buffers, buffers.size() - 1, p, half ? IK_MATMUL_SCRATCH(k) : isPacked ? IK_MATMULPAIRS_SCRATCH(k) : IK_MATMULPAIRS_BOTH_SCRATCH(m, n, k), y), "narrow matmul: workers disagree", iteration);
  bool ok = true;
  for (int64_t i = 0; i < m * n; ++i) {
    std::vector<float> x(a.begin() + i / n * k, a.begin() + (i / n + 1) * k), w;
    for (int64_t row = 0; row < k; ++row)
      w.push_back(b[size_t(row * n + i % n)]);
    ok = ok && y[size_t(i)] == chain(x, w, half) + (p[IK_MATMUL_BIAS] ? bias[size_t(i % n)] : 0.0f);
  }
  check(ok, half ? "matmul with f16 operands" : !isPacked ? "matmul that rounds both operands" : "matmul with bf16 operands", iteration);
}

} // namespace

int testPairs() {
  Random random;
  for (int i = 0; i < 150; ++i) {
    convCase(random, i, Form::Tiles, false, ik_conv_f32_bf16), convCase(random, i, Form::Lines, false, ik_convlines_f32_bf16);
    convCase(random, i, Form::Channels, false, ik_convchannels_f32_bf16), convCase(random, i, Form::Matrix, false, ik_convmatrix_f32_bf16);
    convCase(random, i, Form::Taps, false, ik_convtaps_f32_bf16);
    convCase(random, i, Form::Tiles, true, ik_conv_f32_f16), convCase(random, i, Form::Lines, true, ik_convlines_f32_f16);
    matmulCase(random, i, false), matmulCase(random, i, true), matmulCase(random, i, false, /*isPacked=*/false);
  }
  return check.failures;
}
