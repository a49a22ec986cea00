// ik_rnn_f32 against the ONNX formulas in double: the three cells, with weights packed by the kernel, every flag and both directions; and steps that are
// calls of their own, whose workers share the units, against that.
#include "test/unit/portable/Portable.h"
#include "targets/common/ukernels/epilogue.h"
#include "targets/common/ukernels/rnn.h"

#include <cmath>

extern "C" void ik_rnn_f32(void *const *, const int64_t *, int64_t, int64_t);

namespace {

double act(int64_t kind, double x) {
  return kind == IK_ACT_SIGMOID ? 1 / (1 + std::exp(-x)) : kind == IK_ACT_RELU ? std::max(x, 0.0) : std::tanh(x);
}

/// One layer in double; y, h and c are results.
struct Layer {
  int64_t kind, steps, batch, inputs, hidden, gates;
  std::vector<int64_t> p;
  double clip;
  std::vector<float> x, w, r, b, h0, c0, peephole;
  std::vector<double> y, h, c;

  double project(bool recurrent, int64_t g, int64_t j, const double *v) const {
    int64_t depth = recurrent ? hidden : inputs, row = g * hidden + j;
    double sum = b[size_t((recurrent ? gates * hidden : 0) + row)];
    for (int64_t k = 0; k < depth; ++k)
      sum += double((recurrent ? r : w)[size_t(row * depth + k)]) * v[k];
    return sum;
  }
  double gate(int64_t g, int64_t j, const double *in, const double *past, double extra, int64_t which) const {
    double sum = project(false, g, j, in) + project(true, g, j, past) + extra;
    return act(p[size_t(IK_RNN_ACT0 + which)], clip > 0 ? std::clamp(sum, -clip, clip) : sum);
  }
  double unit(int64_t j, const double *in, const std::vector<double> &past, double &cell) const {
    const double *v = past.data();
    if (kind == IK_RNN_RNN)
      return gate(0, j, in, v, 0, 0);
    if (kind == IK_RNN_LSTM) {
      auto peep = [&](int64_t i) { return double(peephole[size_t(i * hidden + j)]) * cell; };
      double i = gate(0, j, in, v, peep(0), 0), f = p[IK_RNN_INPUT_FORGET] ? 1 - i : gate(2, j, in, v, peep(2), 0);
      cell = f * cell + i * gate(3, j, in, v, 0, 1);
      return gate(1, j, in, v, peep(1), 0) * act(p[IK_RNN_ACT2], cell);
    }
    double z = gate(0, j, in, v, 0, 0), fresh;
    std::vector<double> reset(past);
    for (int64_t k = 0; k < hidden; ++k)
      reset[size_t(k)] *= gate(1, k, in, v, 0, 0);
    if (p[IK_RNN_LINEAR_BEFORE_RESET]) {
      double sum = project(false, 2, j, in) + gate(1, j, in, v, 0, 0) * project(true, 2, j, v);
      fresh = act(p[IK_RNN_ACT1], clip > 0 ? std::clamp(sum, -clip, clip) : sum);
    } else {
      fresh = gate(2, j, in, reset.data(), 0, 1);
    }
    return (1 - z) * fresh + z * past[size_t(j)];
  }
  void run() {
    y.resize(size_t(steps * batch * hidden));
    h.assign(h0.begin(), h0.end());
    c.assign(c0.begin(), c0.end());
    for (int64_t n = 0; n < batch; ++n) {
      std::vector<double> past(h.begin() + n * hidden, h.begin() + (n + 1) * hidden), next(past);
      for (int64_t step = 0; step < steps; ++step) {
        int64_t row = (p[IK_RNN_REVERSE] ? steps - 1 - step : step) * batch + n;
        std::vector<double> in(x.begin() + row * inputs, x.begin() + (row + 1) * inputs);
        for (int64_t j = 0; j < hidden; ++j)
          next[size_t(j)] = y[size_t(row * hidden + j)] = unit(j, in.data(), past, c[size_t(n * hidden + j)]);
        past = next;
      }
      std::copy(past.begin(), past.end(), h.begin() + n * hidden);
    }
  }
};

Layer randomLayer(Random &random, int64_t kind) {
  Layer l{kind, random.integer(1, 11), random.integer(1, 4), random.integer(1, 20), random.integer(1, 80),
          kind == IK_RNN_LSTM ? 4 : kind == IK_RNN_GRU ? 3 : 1, {}, random.integer(0, 1) ? 0.75 : 0, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}};
  const int64_t kinds[] = {IK_ACT_SIGMOID, IK_ACT_TANH, IK_ACT_RELU};
  float clip = float(l.clip);
  uint32_t bits;
  std::memcpy(&bits, &clip, 4);
  l.p = {kind, l.steps, l.batch, l.inputs, l.hidden, kinds[random.integer(0, 1)], kinds[random.integer(0, 2)], kinds[random.integer(0, 2)],
         random.integer(0, 1), random.integer(0, 1), random.integer(0, 1), bits, 0, l.steps, -1};
  l.p[IK_RNN_TURNS] = ik_rnn_turns(l.p.data());
  l.x = randomVector<float>(random, l.steps * l.batch * l.inputs, -1, 1);
  l.w = randomVector<float>(random, l.gates * l.hidden * l.inputs, -0.5, 0.5);
  double most = 0.7 / std::sqrt(double(l.hidden)); // so that errors do not grow from step to step
  l.r = randomVector<float>(random, l.gates * l.hidden * l.hidden, -most, most);
  l.b = randomVector<float>(random, 2 * l.gates * l.hidden, -0.5, 0.5);
  l.h0 = randomVector<float>(random, l.batch * l.hidden, -1, 1);
  l.c0 = randomVector<float>(random, l.batch * l.hidden, -1, 1);
  l.peephole = randomVector<float>(random, 3 * l.hidden, -0.5, 0.5);
  return l;
}

void compare(const char *what, const std::vector<float> &got, const std::vector<double> &want) {
  for (size_t i = 0; i < got.size(); ++i)
    check(std::fabs(got[i] - want[i]) <= 2e-5 * std::max(1.0, std::fabs(want[i])), "rnn %s: %g, not %g", what, double(got[i]), want[i]);
}

/// [G * H][depth] -> [ceil(H / 16)][depth][G][16], zero padded.
std::vector<float> packed(const std::vector<float> &from, const Layer &l, int64_t depth) {
  std::vector<float> to(size_t(IK_RNN_PADDED(l.hidden) * depth * l.gates));
  for (int64_t g = 0; g < l.gates; ++g)
    for (int64_t j = 0; j < l.hidden; ++j)
      for (int64_t k = 0; k < depth; ++k)
        to[size_t(((j / 16 * depth + k) * l.gates + g) * 16 + j % 16)] = from[size_t((g * l.hidden + j) * depth + k)];
  return to;
}

/// One call a turn, of so many workers: the bytes of `want`, which are y and the last h and c.
void testTurns(const Layer &l, std::vector<const void *> inputs, const std::vector<std::vector<float>> &want, int64_t workers) {
  std::vector<float> w = packed(l.w, l, l.inputs), r = packed(l.r, l, l.hidden);
  inputs[1] = w.data(), inputs[2] = r.data();
  std::vector<std::vector<float>> results(want);
  for (std::vector<float> &result : results)
    std::fill(result.begin(), result.end(), -9.0f);
  std::vector<std::vector<char>> scratch(size_t(workers), std::vector<char>(size_t(IK_RNN_SCRATCH(l.hidden, 0)), char(0xee)));
  std::vector<int64_t> params(l.p);
  params[IK_RNN_PACKED] = 1;
  for (int64_t turn = 0; turn < params[IK_RNN_TURNS]; ++turn) {
    params[IK_RNN_TURN] = turn;
    for (int64_t worker = workers - 1; worker >= 0; --worker) {
      std::vector<void *> buffers;
      for (const void *input : inputs)
        buffers.push_back(const_cast<void *>(input));
      for (std::vector<float> &result : results)
        buffers.push_back(result.data());
      buffers.push_back(scratch[size_t(worker)].data());
      ik_rnn_f32(buffers.data(), params.data(), worker, workers);
    }
  }
  check(results == want, "rnn: %d workers that share %d units give other bytes", int(workers), int(l.hidden));
}

} // namespace

void testRnn() {
  Random random(13);
  for (int round = 0; round < 90; ++round) {
    Layer l = randomLayer(random, round % 3);
    l.run();
    std::vector<float> y(l.y.size()), h(l.h.size()), c(l.c.size());
    std::vector<const void *> inputs{l.x.data(), l.w.data(), l.r.data(), l.b.data(), l.h0.data()};
    std::vector<void *> results{y.data(), h.data()};
    std::vector<int64_t> bytes{int64_t(y.size() * 4), int64_t(h.size() * 4)};
    if (l.kind == IK_RNN_LSTM) {
      inputs.insert(inputs.end(), {l.c0.data(), l.peephole.data()});
      results.push_back(c.data());
      bytes.push_back(int64_t(c.size() * 4));
    }
    runKernel("ik_rnn_f32", ik_rnn_f32, inputs, results, bytes, l.p,
              IK_RNN_SCRATCH(l.hidden, l.gates * IK_RNN_PADDED(l.hidden) * (l.inputs + l.hidden)));
    compare("y", y, l.y);
    compare("h", h, l.h);
    if (l.kind == IK_RNN_LSTM)
      compare("c", c, l.c);
    for (int64_t workers = 1; workers <= 4 && l.batch <= IK_RNN_MOST_SHARED; ++workers)
      testTurns(l, inputs, l.kind == IK_RNN_LSTM ? std::vector<std::vector<float>>{y, h, c} : std::vector<std::vector<float>>{y, h}, workers);
  }
}
