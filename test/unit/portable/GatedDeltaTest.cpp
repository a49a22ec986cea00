// ik_gated_delta against the delta rule in double: however a text is cut into steps, with padding behind them, for every number of workers, the bits are
// the same; rows with places of their own are steps of their sequences.
#include "targets/common/ukernels/sequence.h"
#include "test/unit/portable/Portable.h"

#include <cmath>

extern "C" void ik_gated_delta(void *const *, const int64_t *, int64_t, int64_t);

namespace {

constexpr int32_t kText = 19, kSequences = 3;
constexpr double kEpsilon = 0.5;
using Floats = std::vector<float>;
using Ids = std::vector<int32_t>;

struct Delta {
  int64_t heads, width, length, groups, cyclic;
  Floats rows, decay, beta; // of the whole text

  int64_t all() const { return heads * width + 2 * groups * length; }
  int64_t inner() const { return heads * width; }
  int64_t matrices() const { return inner() * length; }

  /// Runs rows on a copy of the state for each number of workers, which must agree; the results, and what the state is then.
  Floats run(Floats &state, Floats some, Floats decays, Floats betas, Ids positions, Ids sequences, int32_t count) const {
    Floats first, kept;
    int64_t m = int64_t(some.size()) / all(), epsilon;
    std::memcpy(&epsilon, &kEpsilon, sizeof epsilon);
    int64_t p[IK_DELTA_COUNT] = {m, heads, width, length, groups, kSequences, int64_t(positions.size()), epsilon, cyclic};
    for (int64_t workers : {1, 2, 3, 7}) {
      Floats after = state, y(size_t(m * inner()), 77), scratch(size_t(IK_DELTA_SCRATCH(length) / 4), 66);
      for (int64_t worker = workers - 1; worker >= 0; --worker) {
        void *buffers[] = {after.data(), some.data(), decays.data(), betas.data(), positions.data(), sequences.data(), &count, after.data(), y.data(), scratch.data()};
        ik_gated_delta(buffers, p, worker, workers);
      }
      if (workers == 1)
        first = y, kept = after;
      check(std::memcmp(y.data(), first.data(), y.size() * 4) == 0 && std::memcmp(after.data(), kept.data(), after.size() * 4) == 0,
            "gated_delta: %d workers give other bits", int(workers));
    }
    state = kept;
    return first;
  }

  /// Token t's row, decay and beta, behind others.
  void push(Floats &some, Floats &decays, Floats &betas, int64_t t) const {
    some.insert(some.end(), rows.begin() + t * all(), rows.begin() + (t + 1) * all());
    decays.insert(decays.end(), decay.begin() + t * heads, decay.begin() + (t + 1) * heads);
    betas.insert(betas.end(), beta.begin() + t * heads, beta.begin() + (t + 1) * heads);
  }
};

std::vector<double> unit(const float *x, int64_t length) {
  double square = 0;
  for (int64_t n = 0; n < length; ++n)
    square += double(x[n]) * double(x[n]);
  std::vector<double> to(x, x + length);
  for (double &value : to)
    value /= std::fmax(std::sqrt(square), kEpsilon);
  return to;
}

/// One column p of one head over the whole text, in double: the value at each token.
std::vector<double> column(const Delta &delta, int64_t head, int64_t p) {
  std::vector<double> s(size_t(delta.length)), y;
  int64_t group = delta.cyclic ? head % delta.groups : head / (delta.heads / delta.groups);
  for (int64_t t = 0; t < kText; ++t) {
    const float *row = delta.rows.data() + t * delta.all(), *values = row + 2 * delta.groups * delta.length;
    std::vector<double> q = unit(row + group * delta.length, delta.length), k = unit(row + (delta.groups + group) * delta.length, delta.length);
    double known = 0, sum = 0;
    for (size_t n = 0; n < s.size(); ++n)
      known += (s[n] *= double(delta.decay[size_t(t * delta.heads + head)])) * k[n];
    for (size_t n = 0; n < s.size(); ++n)
      sum += (s[n] += k[n] * double(delta.beta[size_t(t * delta.heads + head)]) * (double(values[head * delta.width + p]) - known)) * q[n];
    y.push_back(sum / std::sqrt(double(delta.length)));
  }
  return y;
}

/// The text in steps of `size` rows with padding behind the last, as sequence 1.
Floats inSteps(const Delta &delta, int64_t size, Floats &state) {
  Floats y;
  for (int64_t at = 0; at < kText; at += size) {
    int64_t count = std::min<int64_t>(size, kText - at);
    Floats some, decays, betas;
    for (int64_t t = at; t < at + count; ++t)
      delta.push(some, decays, betas, t);
    some.resize(size_t(size * delta.all()), 1e30f), decays.resize(size_t(size * delta.heads), 5), betas.resize(size_t(size * delta.heads), 5);
    Floats part = delta.run(state, some, decays, betas, {int32_t(at)}, {1}, int32_t(count));
    y.insert(y.end(), part.begin(), part.begin() + count * delta.inner());
    check(std::all_of(part.begin() + count * delta.inner(), part.end(), [](float v) { return v == 0; }), "gated_delta: padding has a result");
  }
  return y;
}

/// Three sequences a token each in turn, the third idle at first; another row has no sequence.
void testEach(const Delta &delta, const Floats &want) {
  Floats state(size_t(kSequences * delta.matrices()), 5);
  for (int32_t t = 0; t < kText; ++t) {
    const Ids sequences = {2, t % 2 ? 3 : -1, 0, t < 4 ? -1 : 1}, positions = {t, 3, t, t - 4};
    Floats some, decays, betas, wanted;
    for (size_t m = 0; m < sequences.size(); ++m) {
      bool is = sequences[m] >= 0 && sequences[m] < kSequences;
      int64_t at = std::max(positions[m], 0);
      delta.push(some, decays, betas, at);
      for (int64_t e = 0; e < delta.inner(); ++e)
        wanted.push_back(is ? want[size_t(at * delta.inner() + e)] : 0);
    }
    Floats y = delta.run(state, some, decays, betas, positions, sequences, int32_t(sequences.size()));
    check(std::memcmp(y.data(), wanted.data(), y.size() * 4) == 0, "gated_delta: rows of their own places differ at token %d", int(t));
  }
}

void testDelta(Random &random, int64_t heads, int64_t width, int64_t length, int64_t groups, bool cyclic) {
  Delta delta{heads, width, length, groups, cyclic, {}, randomVector<float>(random, kText * heads, 0, 1), randomVector<float>(random, kText * heads, 0, 1)};
  delta.rows = randomVector<float>(random, kText * delta.all());
  Floats want;
  for (int64_t size : {kText, 1, 2, 5, 16, 40}) {
    Floats state(size_t(kSequences * delta.matrices()), 5), others = state; // what an earlier text left there
    Floats y = inSteps(delta, size, state);
    want = want.empty() ? y : want;
    check(std::memcmp(y.data(), want.data(), y.size() * 4) == 0, "gated_delta: steps of %d rows give other bits", int(size));
    int64_t matrices = delta.matrices();
    bool alone = std::equal(state.begin(), state.begin() + matrices, others.begin()) && std::equal(state.begin() + 2 * matrices, state.end(), others.begin());
    check(alone, "gated_delta: another sequence's state changed");
  }
  for (int64_t e = 0; e < delta.inner(); ++e) {
    std::vector<double> exact = column(delta, e / width, e % width);
    for (int64_t t = 0; t < kText; ++t)
      check(std::fabs(double(want[size_t(t * delta.inner() + e)]) - exact[size_t(t)]) <= 1e-5, "gated_delta: token %d, column %d", int(t), int(e));
  }
  testEach(delta, want);
}

/// Nothing counts, nothing changes: no rows below the count, no sequence of the number.
void testNone(Random &random) {
  Delta delta{2, 8, 4, 1, 0, randomVector<float>(random, 3 * 24), Floats(6, 0.5f), Floats(6, 1)};
  Floats state(size_t(kSequences * delta.matrices()), 5), before = state;
  delta.run(state, delta.rows, delta.decay, delta.beta, {7}, {1}, -4);
  check(state == before, "gated_delta: a step of no rows changed the state");
  delta.run(state, delta.rows, delta.decay, delta.beta, {7}, {kSequences}, 3);
  check(state == before, "gated_delta: a step of no sequence did something");
}

} // namespace

void testGatedDelta() {
  Random random(97);
  testDelta(random, 4, 64, 24, 2, false);
  testDelta(random, 6, 40, 16, 2, true); // columns that are no whole part
  testDelta(random, 6, 5, 33, 3, false);
  testDelta(random, 3, 33, 3, 1, true);
  testNone(random);
}
