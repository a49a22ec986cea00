// Compares the fast quantised convolutions with ik_qconvnd, and ik_qconvnd and the quantised matrix products with plain loops: equal bytes.
#include "test/unit/kernels/Shapes.h"
#include "targets/common/ukernels/quant.h"

#include <algorithm>
#include <cmath>

extern "C" Kernel ik_qconv, ik_qconvreal, ik_qconvlines, ik_qconvmatrix, ik_qconvtaps, ik_qdwconv, ik_qconvnd, ik_qmatmulnd, ik_qmatmul_both, ik_qmatmul, ik_imatmul, ik_iconv, ik_lookup_8;

namespace {

Checks check;

int32_t byteAt(const std::vector<uint8_t> &v, int64_t i, bool isUnsigned) { return isUnsigned ? v[i] : static_cast<int8_t>(v[i]); }

struct QuantCase {
  Params p;
  std::vector<uint8_t> x, w, wZero;
  std::vector<float> wScale;
  std::vector<int32_t> bias;
  float xScale = 0.05f, yScale = 1.0f;
  uint8_t xZero, yZero;
  int64_t depth, channels, outputs;
  int64_t &q(int i) { return p[IK_CONV_COUNT + i]; }
};

/// Random bytes, scales and zeros for the geometry c.p.
void fillCase(Random &random, QuantCase &c) {
  c.p.resize(IK_QCONV_COUNT);
  Params &p = c.p;
  c.depth = p[IK_CONV_IC] * p[IK_CONV_KD] * p[IK_CONV_KH] * p[IK_CONV_KW], c.channels = p[IK_CONV_G] * p[IK_CONV_OC];
  c.outputs = p[IK_CONV_N] * c.channels * p[IK_CONV_OD] * p[IK_CONV_OH] * p[IK_CONV_OW];
  for (int i : {IK_Q_X_UNSIGNED, IK_Q_W_UNSIGNED, IK_Q_Y_UNSIGNED, IK_Q_W_ZEROS})
    c.q(i) = random.range(0, 1);
  c.q(IK_Q_SCALES_PER_CHANNEL) = c.q(IK_Q_ZEROS_PER_CHANNEL) = 1;
  auto fill = [&](std::vector<uint8_t> &v, int64_t count) {
    v.resize(count);
    for (uint8_t &b : v)
      b = static_cast<uint8_t>(random.range(0, 255));
  };
  fill(c.x, p[IK_CONV_N] * p[IK_CONV_G] * p[IK_CONV_IC] * p[IK_CONV_ID] * p[IK_CONV_IH] * p[IK_CONV_IW]);
  fill(c.w, c.channels * c.depth);
  fill(c.wZero, c.channels);
  c.xZero = random.range(0, 255), c.yZero = random.range(0, 255);
  for (uint8_t &zero : c.wZero)
    zero = c.q(IK_Q_W_ZEROS) ? zero : c.q(IK_Q_W_UNSIGNED) ? 128 : 0;
  for (int64_t o = 0; o < c.channels; ++o) {
    c.wScale.push_back(0.001f * random.range(1, 60));
    c.bias.push_back(random.range(-3000, 3000));
  }
  c.q(IK_Q_X_ZERO) = c.q(IK_Q_X_UNSIGNED) ? c.xZero : static_cast<int8_t>(c.xZero);
  c.q(IK_Q_Y_ZERO) = c.q(IK_Q_Y_UNSIGNED) ? c.yZero : static_cast<int8_t>(c.yZero);
}
bool makeCase(Random &random, bool depthwise, QuantCase &c) {
  if (!randomConv(random, c.p, depthwise))
    return false;
  fillCase(random, c);
  return true;
}

/// The exact sums of all outputs, without the bias.
std::vector<int32_t> plainSums(QuantCase &c) {
  Params &p = c.p;
  std::vector<int32_t> y(c.outputs);
  int64_t area = c.outputs / (p[IK_CONV_N] * c.channels), plane = p[IK_CONV_ID] * p[IK_CONV_IH] * p[IK_CONV_IW];
  bool xu = c.q(IK_Q_X_UNSIGNED), wu = c.q(IK_Q_W_UNSIGNED);
  for (int64_t i = 0; i < c.outputs; ++i) {
    int64_t o = i / area % c.channels, ng = i / area / c.channels * p[IK_CONV_G] + o / p[IK_CONV_OC];
    int32_t wz = byteAt(c.wZero, o, wu);
    auto mac = [&](int32_t sum, uint8_t a, uint8_t b) {
      return sum + ((xu ? a : int8_t(a)) - int32_t(c.q(IK_Q_X_ZERO))) * ((wu ? b : int8_t(b)) - wz);
    };
    y[i] = convPoint<uint8_t, uint8_t, int32_t>(p, c.x.data() + ng * p[IK_CONV_IC] * plane, c.w.data() + o * c.depth, i % area, c.xZero, mac);
  }
  return y;
}

std::vector<uint8_t> plain(QuantCase &c, const std::vector<int32_t> &sums) {
  std::vector<uint8_t> y(c.outputs);
  int64_t area = c.outputs / (c.p[IK_CONV_N] * c.channels);
  bool yu = c.q(IK_Q_Y_UNSIGNED);
  int32_t yz = c.q(IK_Q_Y_ZERO);
  for (int64_t i = 0; i < c.outputs; ++i) {
    int64_t o = i / area % c.channels;
    int32_t acc = sums[i] + c.bias[o];
    float m = float(float(c.xScale * c.wScale[o]) / c.yScale);
    float v = std::min(std::max(float(acc) * m, float((yu ? 0 : -128) - yz)), float((yu ? 255 : 127) - yz));
    y[i] = static_cast<uint8_t>(static_cast<int32_t>(std::nearbyint(v)) + yz);
  }
  return y;
}

std::vector<int32_t> table(QuantCase &c, bool shifted) {
  std::vector<int32_t> t(IK_QTABLE_ROWS * c.channels);
  int32_t shift = shifted && c.q(IK_Q_W_UNSIGNED) ? 128 : 0;
  for (int64_t o = 0; o < c.channels; ++o) {
    int32_t sum = 0;
    for (int64_t k = 0; k < c.depth; ++k)
      sum += byteAt(c.w, o * c.depth + k, c.q(IK_Q_W_UNSIGNED)) - shift;
    float m = float(float(c.xScale * c.wScale[o]) / c.yScale);
    t[o] = c.bias[o], t[c.channels + o] = sum, t[2 * c.channels + o] = byteAt(c.wZero, o, c.q(IK_Q_W_UNSIGNED)) - shift;
    std::memcpy(&t[3 * c.channels + o], &m, 4);
  }
  return t;
}

/// Channels by 4 for every tap; with one tap, all of k by 4.
std::vector<int8_t> pack(QuantCase &c, int64_t taps) {
  int64_t oc = c.p[IK_CONV_OC], panels = (oc + 7) / 8, quads = (c.depth / taps + 3) / 4 * taps;
  std::vector<int8_t> out(c.p[IK_CONV_G] * panels * quads * 32);
  for (int64_t o = 0; o < c.channels; ++o)
    for (int64_t k = 0; k < c.depth; ++k)
      out[(((o / oc * panels + o % oc / 8) * quads + k / taps / 4 * taps + k % taps) * 8 + o % oc % 8) * 4 + k / taps % 4] =
          static_cast<int8_t>(byteAt(c.w, o * c.depth + k, c.q(IK_Q_W_UNSIGNED)) - (c.q(IK_Q_W_UNSIGNED) ? 128 : 0));
  return out;
}

/// The same sums with a float result, clipped from below.
void realCase(QuantCase &c, std::vector<int8_t> &packed, std::vector<int32_t> terms, const std::vector<int32_t> &sums, int iteration) {
  int64_t area = c.outputs / (c.p[IK_CONV_N] * c.channels);
  std::vector<float> factors(c.channels), shifts(c.channels), want(c.outputs), y(c.outputs);
  terms.resize(IK_QTABLE_REAL_ROWS * c.channels);
  for (int64_t o = 0; o < c.channels; ++o) {
    factors[o] = (o % 3 ? 0.37f : -0.11f) * c.wScale[o], shifts[o] = 0.1f * static_cast<float>(c.bias[o]);
    terms[o] = 0;
    std::memcpy(&terms[IK_QTABLE_MULTIPLIER * c.channels + o], &factors[o], 4);
    std::memcpy(&terms[IK_QTABLE_SHIFT * c.channels + o], &shifts[o], 4);
  }
  for (int64_t i = 0; i < c.outputs; ++i)
    want[i] = std::max(std::fmaf(float(sums[i]), factors[i / area % c.channels], shifts[i / area % c.channels]), 0.0f);
  Params p = c.p;
  p[IK_CONV_ACT] = IK_ACT_RELU;
  std::vector<void *> buffers{c.x.data(), packed.data(), terms.data(), y.data()};
  check(runWorkers(ik_qconvreal, buffers, 3, p, IK_QCONV_SCRATCH(c.depth), y), "qconvreal: workers disagree", iteration);
  check(y == want, "qconvreal: values", iteration);
}

/// The sums themselves.
void sumCase(QuantCase &c, std::vector<int8_t> &packed, std::vector<int32_t> terms, const std::vector<int32_t> &sums, int iteration) {
  std::vector<int32_t> y(c.outputs);
  std::fill(terms.begin(), terms.begin() + c.channels, 0);
  std::vector<void *> buffers{c.x.data(), packed.data(), terms.data(), y.data()};
  check(runWorkers(ik_iconv, buffers, 3, c.p, IK_QCONV_SCRATCH(c.depth), y), "iconv: workers disagree", iteration);
  check(y == sums, "iconv: values", iteration);
}

/// The same over lines, with places between the rows and without.
void linesCase(Random &random, QuantCase &c, std::vector<void *> buffers, const std::vector<uint8_t> &want, int iteration) {
  Params &p = c.p;
  std::vector<uint8_t> y(want.size());
  buffers[3] = y.data();
  int64_t taps = p[IK_CONV_KH] * p[IK_CONV_KW], band = p[IK_CONV_KC] = random.range(1, p[IK_CONV_OH]), sh = p[IK_CONV_SH];
  int64_t phases = IK_CONVLINES_PHASES(p[IK_CONV_KH], p[IK_CONV_DH], sh), lines = IK_CONVLINES_LINES(band, p[IK_CONV_KH], p[IK_CONV_DH], sh);
  int64_t input = std::min(IK_QCONVLINES_ROWS(lines, sh, phases), p[IK_CONV_IH]) * p[IK_CONV_IW];
  std::vector<int8_t> packed = pack(c, taps);
  buffers[1] = packed.data();
  for (bool isGapless : {false, true}) {
    c.q(IK_Q_GAPLESS) = isGapless;
    int64_t row = isGapless ? p[IK_CONV_KW] * p[IK_CONV_OW]
                            : IK_CONVLINES_PHASES(p[IK_CONV_KW], p[IK_CONV_DW], p[IK_CONV_SW]) *
                                  IK_CONVLINES_PITCH(p[IK_CONV_OW], p[IK_CONV_KW], p[IK_CONV_DW], p[IK_CONV_SW]);
    int64_t scratch = IK_QCONVLINES_SCRATCH(p[IK_CONV_IC], taps, phases * lines * row, input);
    check(runWorkers(ik_qconvlines, buffers, 3, p, scratch, y), "qconvlines: workers disagree", iteration);
    check(y == want, isGapless ? "qconvlines, gapless: values" : "qconvlines: values", iteration);
  }
}

/// Weights in blocks of 16 output channels by up to 64 inputs for every tap.
std::vector<int8_t> packBlocks(QuantCase &c, int64_t taps) {
  int64_t oc = c.p[IK_CONV_OC], panels = (oc + 15) / 16, quads = (c.p[IK_CONV_IC] + 3) / 4, blocks = IK_CONVMATRIX_BLOCKS(quads), row = IK_CONVMATRIX_WORDS(quads) * 4;
  std::vector<int8_t> out(c.p[IK_CONV_G] * panels * blocks * taps * 16 * row);
  for (int64_t o = 0; o < c.channels; ++o)
    for (int64_t k = 0; k < c.depth; ++k)
      out[(((o / oc * panels + o % oc / 16) * blocks + k / taps / row) * taps + k % taps) * 16 * row + o % oc % 16 * row + k / taps % row] =
          static_cast<int8_t>(byteAt(c.w, o * c.depth + k, c.q(IK_Q_W_UNSIGNED)) - (c.q(IK_Q_W_UNSIGNED) ? 128 : 0));
  return out;
}

/// Weights without zeros; sometimes a factor far from the others.
void fillPlainCase(Random &random, QuantCase &c) {
  fillCase(random, c);
  c.q(IK_Q_W_ZEROS) = 0;
  std::fill(c.wZero.begin(), c.wZero.end(), c.q(IK_Q_W_UNSIGNED) ? 128 : 0);
  if (random.range(0, 3) == 0)
    c.wScale[0] = 1e30f;
}

/// The row with a residual behind the table, against the convolution's bytes `want` summed with it as quant.h says.
void residualCase(Random &random, Kernel *row, QuantCase &c, std::vector<void *> buffers, int64_t scratch, const std::vector<uint8_t> &want, int iteration) {
  std::vector<uint8_t> r(c.outputs), sums(c.outputs), y(c.outputs);
  Params p = c.p;
  p[IK_CONV_RESIDUAL] = 1;
  p.resize(IK_QCONV_COUNT + IK_QSUM_COUNT);
  float factor = static_cast<float>(random.range(1, 300)) / 97, rFactor = static_cast<float>(random.range(1, 300)) / 89, shift = static_cast<float>(random.range(-2000, 2000)) / 13;
  int64_t *s = p.data() + IK_QCONV_COUNT, zero = s[IK_QSUM_Y_ZERO] = random.range(0, 90), rUnsigned = s[IK_QSUM_R_UNSIGNED] = random.range(0, 1);
  int64_t isUnsigned = s[IK_QSUM_Y_UNSIGNED] = random.range(0, 1), least = isUnsigned ? 0 : -128;
  s[IK_QSUM_FACTOR] = bits(factor), s[IK_QSUM_R_FACTOR] = bits(rFactor), s[IK_QSUM_SHIFT] = bits(shift);
  for (int64_t i = 0; i < c.outputs; ++i) {
    r[i] = static_cast<uint8_t>(random.range(0, 255));
    float other = std::fmaf(static_cast<float>(byteAt(r, i, rUnsigned) + (rUnsigned ? 0 : 128)), rFactor, shift);
    float sum = std::fmaf(static_cast<float>(byteAt(want, i, c.q(IK_Q_Y_UNSIGNED)) - c.q(IK_Q_Y_ZERO)), factor, other);
    sums[i] = static_cast<uint8_t>(std::clamp<int64_t>(static_cast<int64_t>(std::nearbyint(sum)) + zero, least, least + 255));
  }
  buffers.insert(buffers.begin() + 3, r.data());
  buffers[4] = y.data();
  check(runWorkers(row, buffers, 4, p, scratch, y), "a residual of bytes: workers disagree", iteration);
  check(y == sums, "a residual of bytes: values", iteration);
}

/// Products of matrices in bands of any size: blocks that are full and parts of them, a factor far from the others.
void matrixCase(Random &random, int iteration) {
  QuantCase c;
  Params &p = c.p;
  if (!randomConv(random, p, false) || p[IK_CONV_ID] * p[IK_CONV_OD] * p[IK_CONV_KD] != 1 || p[IK_CONV_PD])
    return;
  p[IK_CONV_IC] = random.range(1, 150), p[IK_CONV_OC] = random.range(1, 80);
  if (random.range(0, 2) == 0)
    for (int a = 0; a < 3; ++a)
      p[IK_CONV_KD + a] = p[IK_CONV_SD + a] = 1, p[IK_CONV_PD + a] = 0, p[IK_CONV_OD + a] = p[IK_CONV_ID + a];
  else if (random.range(0, 2) == 0) { // lines of one place
    p[IK_CONV_KW] = p[IK_CONV_SW] = p[IK_CONV_IW] = p[IK_CONV_OW] = 1, p[IK_CONV_PW] = 0;
    p[IK_CONV_IH] += 40, p[IK_CONV_OH] = (p[IK_CONV_IH] + 2 * p[IK_CONV_PH] - (p[IK_CONV_KH] - 1) * p[IK_CONV_DH] - 1) / p[IK_CONV_SH] + 1;
  }
  fillPlainCase(random, c);
  bool isPointwise = ik_conv_is_pointwise(p.data());
  int64_t taps = p[IK_CONV_KH] * p[IK_CONV_KW], sh = p[IK_CONV_SH], band = p[IK_CONV_KC] = random.range(1, p[IK_CONV_OH] * (isPointwise ? p[IK_CONV_OW] : 1));
  int64_t phases = IK_CONVLINES_PHASES(p[IK_CONV_KH], p[IK_CONV_DH], sh), lines = IK_CONVLINES_LINES(band, p[IK_CONV_KH], p[IK_CONV_DH], sh);
  int64_t row = IK_CONVLINES_PHASES(p[IK_CONV_KW], p[IK_CONV_DW], p[IK_CONV_SW]) * IK_CONVLINES_PITCH(p[IK_CONV_OW], p[IK_CONV_KW], p[IK_CONV_DW], p[IK_CONV_SW]);
  int64_t input = isPointwise ? 0 : std::min(IK_QCONVLINES_ROWS(lines, sh, phases), p[IK_CONV_IH]) * p[IK_CONV_IW];
  int64_t scratch = IK_QCONVMATRIX_SCRATCH(p[IK_CONV_IC], isPointwise ? band : phases * lines * row, input);
  std::vector<uint8_t> want = plain(c, plainSums(c)), y(c.outputs);
  std::vector<int8_t> packed = packBlocks(c, taps);
  std::vector<int32_t> terms = table(c, true);
  std::vector<void *> buffers{c.x.data(), packed.data(), terms.data(), y.data()};
  check(runWorkers(ik_qconvmatrix, buffers, 3, p, scratch, y), "qconvmatrix: workers disagree", iteration);
  check(y == want, "qconvmatrix: values", iteration);
  residualCase(random, ik_qconvmatrix, c, buffers, scratch, want, iteration);
}

/// The same for few channels, with taps of a row in fours.
void tapsCase(Random &random, int iteration) {
  QuantCase c;
  Params &p = c.p;
  if (!randomConv(random, p, false) || p[IK_CONV_ID] * p[IK_CONV_OD] * p[IK_CONV_KD] != 1 || p[IK_CONV_PD])
    return;
  p[IK_CONV_IC] = random.range(1, 5), p[IK_CONV_OC] = random.range(1, 80);
  for (int a = 0; a < 3; ++a) {
    p[IK_CONV_DD + a] = 1;
    p[IK_CONV_OD + a] = outExtent(p[IK_CONV_ID + a], p[IK_CONV_PD + a], p[IK_CONV_PD + a], p[IK_CONV_KD + a], p[IK_CONV_SD + a], 1);
    if (p[IK_CONV_OD + a] == 0)
      return;
  }
  fillPlainCase(random, c);
  int64_t band = p[IK_CONV_KC] = random.range(1, p[IK_CONV_OH]), kw = p[IK_CONV_KW], quads = (kw + 3) / 4, taps = p[IK_CONV_KH] * kw, oc = p[IK_CONV_OC];
  int64_t words = p[IK_CONV_KH] * p[IK_CONV_IC] * quads, blocks = IK_CONVMATRIX_BLOCKS(words), row = IK_CONVMATRIX_WORDS(words) * 4, panels = (oc + 15) / 16;
  std::vector<int8_t> packed(p[IK_CONV_G] * panels * blocks * 16 * row);
  for (int64_t o = 0; o < c.channels; ++o)
    for (int64_t k = 0; k < c.depth; ++k) {
      int64_t at = ((k % taps / kw * p[IK_CONV_IC] + k / taps) * quads + k % kw / 4) * 4 + k % kw % 4;
      packed[((o / oc * panels + o % oc / 16) * blocks + at / row) * 16 * row + o % oc % 16 * row + at % row] =
          static_cast<int8_t>(byteAt(c.w, o * c.depth + k, c.q(IK_Q_W_UNSIGNED)) - (c.q(IK_Q_W_UNSIGNED) ? 128 : 0));
    }
  int64_t scratch = IK_QCONVTAPS_SCRATCH(p[IK_CONV_IC], IK_CONVTAPS_ROWS(band, p[IK_CONV_SH], p[IK_CONV_KH]), IK_CONVMATRIX_CHANNEL(p[IK_CONV_OW]), p[IK_CONV_SW], kw);
  std::vector<uint8_t> want = plain(c, plainSums(c)), y(c.outputs);
  std::vector<int32_t> terms = table(c, true);
  std::vector<void *> buffers{c.x.data(), packed.data(), terms.data(), y.data()};
  check(runWorkers(ik_qconvtaps, buffers, 3, p, scratch, y), "qconvtaps: workers disagree", iteration);
  check(y == want, "qconvtaps: values", iteration);
  residualCase(random, ik_qconvtaps, c, buffers, scratch, want, iteration);
}

void convCase(Random &random, int iteration, bool depthwise) {
  QuantCase c;
  if (!makeCase(random, depthwise, c))
    return;
  std::vector<int32_t> sums = plainSums(c);
  std::vector<uint8_t> want = plain(c, sums), y(c.outputs);
  c.p[IK_CONV_BIAS] = 1;
  c.p[IK_CONV_KC] = 4 * random.range(1, 3);
  std::vector<void *> slow{c.x.data(), &c.xScale, &c.xZero, c.w.data(), c.wScale.data(), c.wZero.data(), &c.yScale, &c.yZero, c.bias.data(), y.data()};
  check(runWorkers(ik_qconvnd, slow, 9, c.p, 0, y), "qconvnd: workers disagree", iteration);
  check(y == want, "qconvnd: values", iteration);
  std::vector<int8_t> packed = pack(c, 1);
  std::vector<int32_t> terms = table(c, !depthwise);
  int64_t scratch = IK_QCONV_SCRATCH(c.depth) + (IK_QDWCONV_SCRATCH(c.p[IK_CONV_KC], c.p[IK_CONV_KH], c.p[IK_CONV_SH], c.p[IK_CONV_DH], c.p[IK_CONV_OW],
                                                                    c.p[IK_CONV_KW], c.p[IK_CONV_DW], c.p[IK_CONV_SW]));
  std::vector<void *> fast{c.x.data(), depthwise ? static_cast<void *>(c.w.data()) : packed.data(), terms.data(), y.data()};
  check(runWorkers(depthwise ? ik_qdwconv : ik_qconv, fast, 3, c.p, scratch, y), "qconv: workers disagree", iteration);
  check(y == want, depthwise ? "qdwconv: values" : "qconv: values", iteration);
  if (!depthwise) {
    realCase(c, packed, terms, sums, iteration);
    sumCase(c, packed, terms, sums, iteration);
  }
  if (depthwise || c.p[IK_CONV_ID] * c.p[IK_CONV_OD] * c.p[IK_CONV_KD] != 1 || c.p[IK_CONV_PD])
    return;
  linesCase(random, c, fast, want, iteration);
}

void lookupCase(Random &random, int iteration) {
  std::vector<uint8_t> x(random.range(1, 400)), table(256), want(x.size()), y(x.size());
  for (std::vector<uint8_t> *bytes : {&x, &table})
    for (uint8_t &byte : *bytes)
      byte = static_cast<uint8_t>(random.range(0, 255));
  for (size_t i = 0; i < x.size(); ++i)
    want[i] = table[x[i]];
  std::vector<void *> buffers{x.data(), table.data(), y.data()};
  check(runWorkers(ik_lookup_8, buffers, 2, {static_cast<int64_t>(x.size())}, 0, y), "lookup: workers disagree", iteration);
  check(y == want, "lookup: values", iteration);
}

void matmulCase(Random &random, int iteration) {
  int64_t m = random.range(1, 20), n = random.range(1, 120), depth = random.range(1, 50), batches = random.range(1, 3), count = batches * m * n;
  Params p(IK_QMATMUL_COUNT, 0);
  p[IK_MATMUL_B0] = p[IK_MATMUL_B1] = 1, p[IK_MATMUL_B2] = batches, p[IK_MATMUL_M] = m, p[IK_MATMUL_N] = n, p[IK_MATMUL_K] = depth;
  p[IK_MATMUL_AS2] = m * depth, p[IK_MATMUL_BS2] = random.range(0, 1) * depth * n;
  int64_t *q = p.data() + IK_MATMUL_COUNT;
  bool au = q[IK_Q_X_UNSIGNED] = random.range(0, 1), bu = q[IK_Q_W_UNSIGNED] = random.range(0, 1), yu = q[IK_Q_Y_UNSIGNED] = random.range(0, 1);
  bool perRow = q[IK_Q_SCALES_PER_ROW] = random.range(0, 1), perColumn = q[IK_Q_ZEROS_PER_CHANNEL] = random.range(0, 1), hasBias = p[IK_MATMUL_BIAS] = random.range(0, 1);
  std::vector<uint8_t> a(batches * m * depth), b(batches * depth * n), zeros(n), y(count), want(count);
  std::vector<int32_t> bias(n);
  std::vector<float> scales(m, 0.01f);
  float bScale = 0.03f, yScale = 0.5f;
  uint8_t aZero = random.range(0, 255), yZero = random.range(0, 255);
  for (std::vector<uint8_t> *v : {&a, &b, &zeros})
    for (uint8_t &byte : *v)
      byte = static_cast<uint8_t>(random.range(0, 255));
  for (float &scale : scales)
    scale = 0.001f * random.range(1, 40);
  for (int32_t &value : bias)
    value = static_cast<int32_t>(random.range(-3000, 3000));
  int32_t za = au ? aZero : int8_t(aZero), zy = yu ? yZero : int8_t(yZero);
  for (int64_t i = 0; i < count; ++i) {
    int64_t batch = i / (m * n), row = i / n % m, column = i % n;
    int32_t acc = hasBias ? bias[column] : 0;
    for (int64_t k = 0; k < depth; ++k)
      acc += (byteAt(a, batch * p[IK_MATMUL_AS2] + row * depth + k, au) - za) *
             (byteAt(b, batch * p[IK_MATMUL_BS2] + k * n + column, bu) - byteAt(zeros, perColumn ? column : 0, bu));
    float scale = float(scales[perRow ? row : 0] * bScale) / yScale;
    float v = std::min(std::max(float(acc) * scale, float((yu ? 0 : -128) - zy)), float((yu ? 255 : 127) - zy));
    want[i] = static_cast<uint8_t>(static_cast<int32_t>(std::nearbyint(v)) + zy);
  }
  std::vector<void *> buffers{a.data(), scales.data(), &aZero, b.data(), &bScale, zeros.data(), &yScale, &yZero};
  if (hasBias)
    buffers.push_back(bias.data());
  buffers.push_back(y.data());
  size_t output = buffers.size() - 1;
  check(runWorkers(ik_qmatmulnd, buffers, output, p, 0, y), "qmatmulnd: workers disagree", iteration);
  check(y == want, "qmatmulnd: values", iteration);
  if (perRow)
    return;
  check(runWorkers(ik_qmatmul_both, buffers, output, p, IK_QMATMUL_BOTH_SCRATCH(depth), y), "qmatmul_both: workers disagree", iteration);
  check(y == want, "qmatmul_both: values", iteration);
}

/// The packed products, one with requantisation and one without.
void packedMatmulCase(Random &random, int iteration) {
  int64_t m = random.range(1, 20), n = random.range(1, 70), depth = random.range(1, 50), count = m * n, quads = (depth + 3) / 4;
  Params p(IK_QMATMUL_COUNT, 0);
  p[IK_MATMUL_B0] = p[IK_MATMUL_B1] = p[IK_MATMUL_B2] = 1, p[IK_MATMUL_M] = m, p[IK_MATMUL_N] = n, p[IK_MATMUL_K] = depth;
  int64_t *q = p.data() + IK_MATMUL_COUNT;
  bool au = q[IK_Q_X_UNSIGNED] = random.range(0, 1), yu = q[IK_Q_Y_UNSIGNED] = random.range(0, 1);
  int32_t za = q[IK_Q_X_ZERO] = random.range(0, 127), zy = q[IK_Q_Y_ZERO] = random.range(0, 127);
  std::vector<uint8_t> a(m * depth), y(count), want(count);
  std::vector<int8_t> packed((n + 15) / 16 * quads * 64);
  std::vector<int32_t> terms(IK_QTABLE_ROWS * n), sums(count), wide(count);
  for (uint8_t &byte : a)
    byte = static_cast<uint8_t>(random.range(0, 255));
  for (int64_t j = 0; j < n; ++j) {
    float multiplier = 1e-4f * random.range(1, 40);
    int32_t bias = terms[j] = random.range(-3000, 3000), zero = terms[IK_QTABLE_ZERO * n + j] = random.range(-128, 127);
    std::memcpy(&terms[IK_QTABLE_MULTIPLIER * n + j], &multiplier, 4);
    for (int64_t i = 0; i < m; ++i)
      sums[i * n + j] = bias;
    for (int64_t k = 0; k < depth; ++k) {
      int8_t b = packed[(j / 16 * quads + k / 4) * 64 + j % 16 * 4 + k % 4] = static_cast<int8_t>(random.range(-128, 127));
      terms[IK_QTABLE_SUM * n + j] += b;
      for (int64_t i = 0; i < m; ++i)
        sums[i * n + j] += (byteAt(a, i * depth + k, au) - za) * (b - zero);
    }
    for (int64_t i = 0; i < m; ++i) {
      float v = std::min(std::max(float(sums[i * n + j]) * multiplier, float((yu ? 0 : -128) - zy)), float((yu ? 255 : 127) - zy));
      want[i * n + j] = static_cast<uint8_t>(static_cast<int32_t>(std::nearbyint(v)) + zy);
    }
  }
  check(runWorkers(ik_qmatmul, {a.data(), packed.data(), terms.data(), y.data()}, 3, p, IK_QMATMUL_SCRATCH(depth), y), "qmatmul: workers disagree", iteration);
  check(y == want, "qmatmul: values", iteration);
  check(runWorkers(ik_imatmul, {a.data(), packed.data(), terms.data(), wide.data()}, 3, p, IK_QMATMUL_SCRATCH(depth), wide), "imatmul: workers disagree", iteration);
  check(wide == sums, "imatmul: values", iteration);
}

} // namespace

int testQuant() {
  Random random;
  for (int i = 0; i < 80; ++i) {
    convCase(random, i, false);
    convCase(random, i, true);
    matrixCase(random, i);
    tapsCase(random, i);
    matmulCase(random, i);
    packedMatmulCase(random, i);
    lookupCase(random, i);
  }
  return check.failures;
}
