// Compares the packed products and the sparse convolutions with ik_qmatmulnd and ik_qconv: equal bytes for every form of the weights, any number of
// workers, and no access outside of the buffers, also when the packed bytes are damaged.
#include "test/unit/kernels/Guarded.h"
#include "test/unit/kernels/Shapes.h"
#include "targets/common/ukernels/quant.h"

extern "C" Kernel ik_qmatmul, ik_qmatmul_4x1, ik_qmatmul_bits, ik_qmatmulnd, ik_qconv, ik_qconv_4x1, ik_qconv_bits;

namespace {

Checks check;

/// Weights [outputs][depth] with whole quads and single values zero.
struct Sparse {
  int64_t groups, channels, depth, panel;
  std::vector<int8_t> w;
  int64_t outputs() const { return groups * channels; }
  int64_t quads() const { return (depth + 3) / 4; }
  int64_t perGroup() const { return (channels + panel - 1) / panel; }
  int64_t panelBytes() const { return quads() * panel * 4; }

  int8_t at(int64_t o, int64_t k) const { return k < depth ? w[o * depth + k] : 0; }
  std::vector<uint8_t> dense() const {
    std::vector<uint8_t> out(groups * perGroup() * panelBytes());
    for (int64_t o = 0; o < outputs(); ++o)
      for (int64_t k = 0; k < depth; ++k) {
        int64_t c = o % channels, at = (o / channels * perGroup() + c / panel) * panelBytes() + (k / 4 * panel + c % panel) * 4 + k % 4;
        out[at] = static_cast<uint8_t>(w[o * depth + k]);
      }
    return out;
  }
  std::vector<uint8_t> blocks(int64_t &stored) const {
    std::vector<uint32_t> starts{0};
    std::vector<int8_t> values;
    std::vector<uint16_t> places;
    for (int64_t o = 0; o < outputs(); ++o) {
      for (int64_t k = 0; k < quads(); ++k) {
        int8_t quad[4] = {at(o, k * 4), at(o, k * 4 + 1), at(o, k * 4 + 2), at(o, k * 4 + 3)};
        if (!quad[0] && !quad[1] && !quad[2] && !quad[3])
          continue;
        values.insert(values.end(), quad, quad + 4);
        places.push_back(static_cast<uint16_t>(k));
      }
      starts.push_back(static_cast<uint32_t>(places.size()));
    }
    stored = static_cast<int64_t>(places.size());
    std::vector<uint8_t> out(IK_QUADS_BYTES(outputs(), stored));
    std::memcpy(out.data(), starts.data(), starts.size() * 4);
    std::memcpy(out.data() + IK_QUADS_AT(outputs()), values.data(), values.size());
    std::memcpy(out.data() + IK_QUADS_AT(outputs()) + values.size(), places.data(), places.size() * 2);
    return out;
  }
  std::vector<uint8_t> bits(int64_t &stored) const {
    std::vector<uint8_t> from = dense(), values;
    int64_t panels = groups * perGroup(), words = IK_BITS_WORDS(panelBytes());
    std::vector<uint8_t> out(IK_BITS_AT(panels) + panels * words * 8);
    for (int64_t p = 0; p < panels; ++p) {
      uint32_t start = static_cast<uint32_t>(values.size());
      std::memcpy(out.data() + p * 4, &start, 4);
      for (int64_t i = 0; i < panelBytes(); ++i)
        if (uint8_t value = from[p * panelBytes() + i]) {
          out[IK_BITS_AT(panels) + p * words * 8 + i / 8] |= 1 << i % 8;
          values.push_back(value);
        }
    }
    stored = static_cast<int64_t>(values.size());
    out.insert(out.end(), values.begin(), values.end());
    out.resize(IK_BITS_BYTES(panels, panelBytes(), stored));
    return out;
  }
};

Sparse randomSparse(Random &random, int64_t groups, int64_t channels, int64_t depth, int64_t panel) {
  Sparse s{groups, channels, depth, panel, std::vector<int8_t>(groups * channels * depth)};
  int blocks = random.range(0, 100), single = random.range(0, 100);
  for (int64_t o = 0; o < s.outputs(); ++o)
    for (int64_t k = 0, kept = 0; k < depth; ++k) {
      kept = k % 4 ? kept : random.range(0, 99) >= blocks;
      s.w[o * depth + k] = kept && random.range(0, 99) >= single ? static_cast<int8_t>(random.range(-128, 127)) : 0;
    }
  return s;
}

std::vector<uint8_t> randomBytes(Random &random, int64_t count) {
  std::vector<uint8_t> bytes(count);
  for (uint8_t &b : bytes)
    b = static_cast<uint8_t>(random.range(0, 255));
  return bytes;
}

/// bias, sums, zeros, multipliers of scale 0.05 * wScale / 1.
std::vector<int32_t> termsOf(Random &random, const Sparse &s, const std::vector<float> &scales, const std::vector<int8_t> &zeros) {
  int64_t n = s.outputs();
  std::vector<int32_t> t(IK_QTABLE_ROWS * n);
  for (int64_t o = 0; o < n; ++o) {
    float m = 0.05f * scales[o] / 1.0f;
    t[o] = random.range(-3000, 3000), t[2 * n + o] = zeros[o];
    for (int64_t k = 0; k < s.depth; ++k)
      t[n + o] += s.at(o, k);
    std::memcpy(&t[3 * n + o], &m, 4);
  }
  return t;
}

/// Runs one form of the weights in buffers that end, or begin, at unreadable pages.
void runForm(Kernel *kernel, const std::vector<uint8_t> &x, const std::vector<uint8_t> &w, const std::vector<int32_t> &table, const Params &p,
             int64_t scratch, const std::vector<uint8_t> *want, size_t results, const char *what, int iteration) {
  for (int workers : {1, 3}) {
    bool before = iteration % 2;
    Guarded<uint8_t> gx(x, before), gw(w, false), y(static_cast<int64_t>(results), before), room(scratch, false);
    Guarded<int32_t> gt(table, before);
    void *buffers[] = {gx.data(), gw.data(), gt.data(), y.data(), room.data()};
    for (int worker = 0; worker < workers; ++worker)
      kernel(buffers, p.data(), worker, workers);
    check(!want || std::memcmp(y.data(), want->data(), want->size()) == 0, what, iteration);
  }
}

struct Form {
  Kernel *kernel;
  std::vector<uint8_t> bytes;
  int64_t stored, scratch;
  const char *what;
};

/// Each form of the weights gives `want`; damaged ones give anything, inside of the buffers.
void checkForms(Random &random, const std::vector<Form> &forms, const std::vector<uint8_t> &x, const std::vector<int32_t> &table, Params p, int stored,
                const std::vector<uint8_t> &want, int iteration) {
  for (const Form &form : forms) {
    p[stored] = form.stored;
    runForm(form.kernel, x, form.bytes, table, p, form.scratch, &want, want.size(), form.what, iteration);
    std::vector<uint8_t> damaged = form.bytes;
    for (int i = 0; i < 8; ++i)
      damaged[random.range(0, static_cast<int>(damaged.size()) - 1)] = static_cast<uint8_t>(random.range(0, 255));
    runForm(form.kernel, x, damaged, table, p, form.scratch, nullptr, want.size(), form.what, iteration);
    runForm(form.kernel, x, std::vector<uint8_t>(form.bytes.size(), 255), table, p, form.scratch, nullptr, want.size(), form.what, iteration);
  }
}

void matmulCase(Random &random, int iteration) {
  int64_t m = iteration % 5 ? random.range(1, 40) : random.range(60, 150), n = random.range(1, 70), depth = random.range(1, 140);
  Params p(IK_QMATMUL_COUNT, 0);
  p[IK_MATMUL_B0] = p[IK_MATMUL_B1] = p[IK_MATMUL_B2] = 1, p[IK_MATMUL_M] = m, p[IK_MATMUL_N] = n, p[IK_MATMUL_K] = depth, p[IK_MATMUL_BIAS] = 1;
  int64_t *q = p.data() + IK_MATMUL_COUNT;
  q[IK_Q_X_UNSIGNED] = random.range(0, 1), q[IK_Q_Y_UNSIGNED] = random.range(0, 1), q[IK_Q_W_ZEROS] = random.range(0, 1);
  q[IK_Q_SCALES_PER_CHANNEL] = q[IK_Q_ZEROS_PER_CHANNEL] = 1;
  Sparse s = randomSparse(random, 1, n, depth, IK_QPANEL);
  std::vector<uint8_t> x = randomBytes(random, m * depth), b(depth * n), want(m * n);
  std::vector<int8_t> zeros(n);
  std::vector<float> scales(n);
  for (int64_t o = 0; o < n; ++o) {
    scales[o] = 0.001f * random.range(1, 60);
    zeros[o] = q[IK_Q_W_ZEROS] ? static_cast<int8_t>(random.range(-128, 127)) : 0;
    for (int64_t k = 0; k < depth; ++k)
      b[k * n + o] = static_cast<uint8_t>(s.at(o, k));
  }
  std::vector<int32_t> table = termsOf(random, s, scales, zeros);
  uint8_t xZero = random.range(0, 255), yZero = random.range(0, 255);
  q[IK_Q_X_ZERO] = q[IK_Q_X_UNSIGNED] ? xZero : static_cast<int8_t>(xZero), q[IK_Q_Y_ZERO] = q[IK_Q_Y_UNSIGNED] ? yZero : static_cast<int8_t>(yZero);
  float xScale = 0.05f, yScale = 1.0f;
  void *slow[] = {x.data(), &xScale, &xZero, b.data(), scales.data(), zeros.data(), &yScale, &yZero, table.data(), want.data()};
  ik_qmatmulnd(slow, p.data(), 0, 1);
  int64_t quads, values, tile = m < IK_QROWS ? m : IK_QROWS;
  std::vector<uint8_t> blocks = s.blocks(quads), bits = s.bits(values);
  checkForms(random,
             {{ik_qmatmul, s.dense(), 0, IK_QMATMUL_SCRATCH(depth), "qmatmul"},
              {ik_qmatmul_4x1, blocks, quads, IK_QMATMUL_4X1_SCRATCH(depth), "qmatmul_4x1"},
              {ik_qmatmul_bits, bits, values, IK_QMATMUL_BITS_SCRATCH(tile, depth), "qmatmul_bits"}},
             x, table, p, IK_MATMUL_COUNT + IK_Q_STORED, want, iteration);
}

void convCase(Random &random, int iteration) {
  Params p;
  if (!randomConv(random, p, false))
    return;
  p.resize(IK_QCONV_COUNT);
  int64_t *q = p.data() + IK_CONV_COUNT, depth = p[IK_CONV_IC] * p[IK_CONV_KD] * p[IK_CONV_KH] * p[IK_CONV_KW];
  q[IK_Q_X_UNSIGNED] = random.range(0, 1), q[IK_Q_Y_UNSIGNED] = random.range(0, 1), q[IK_Q_W_ZEROS] = random.range(0, 1);
  q[IK_Q_X_ZERO] = random.range(0, 100), q[IK_Q_Y_ZERO] = random.range(0, 100);
  Sparse s = randomSparse(random, p[IK_CONV_G], p[IK_CONV_OC], depth, IK_CONV_PANEL);
  std::vector<int8_t> zeros(s.outputs());
  std::vector<float> scales(s.outputs());
  for (int64_t o = 0; o < s.outputs(); ++o)
    scales[o] = 0.001f * random.range(1, 60), zeros[o] = q[IK_Q_W_ZEROS] ? static_cast<int8_t>(random.range(-9, 9)) : 0;
  std::vector<int32_t> table = termsOf(random, s, scales, zeros);
  std::vector<uint8_t> x = randomBytes(random, p[IK_CONV_N] * p[IK_CONV_G] * p[IK_CONV_IC] * p[IK_CONV_ID] * p[IK_CONV_IH] * p[IK_CONV_IW]);
  std::vector<uint8_t> want(p[IK_CONV_N] * s.outputs() * p[IK_CONV_OD] * p[IK_CONV_OH] * p[IK_CONV_OW]), dense = s.dense(), room(IK_QCONV_SCRATCH(depth));
  void *buffers[] = {x.data(), dense.data(), table.data(), want.data(), room.data()};
  ik_qconv(buffers, p.data(), 0, 1);
  int64_t quads, values;
  std::vector<uint8_t> blocks = s.blocks(quads), bits = s.bits(values);
  checkForms(random,
             {{ik_qconv_4x1, blocks, quads, IK_QCONV_SCRATCH(depth), "qconv_4x1"}, {ik_qconv_bits, bits, values, IK_QCONV_BITS_SCRATCH(depth), "qconv_bits"}},
             x, table, p, IK_CONV_COUNT + IK_Q_STORED, want, iteration);
}

} // namespace

int testSparse() {
  Random random;
  for (int i = 0; i < 60; ++i) {
    matmulCase(random, i);
    convCase(random, i);
  }
  return check.failures;
}
