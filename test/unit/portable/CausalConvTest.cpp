// ik_causal_conv against a convolution of the whole text: however the text is cut into steps, with padding behind them, for every number of workers, the
// bits are the same; rows with places of their own are steps of their sequences.
#include "targets/common/ukernels/sequence.h"
#include "test/unit/portable/Portable.h"

#include <cmath>

extern "C" void ik_causal_conv(void *const *, const int64_t *, int64_t, int64_t);

namespace {

constexpr int32_t kText = 23, kSequences = 3;
using Floats = std::vector<float>;
using Ids = std::vector<int32_t>;

/// Extents of a convolution and its filter.
struct Conv {
  int64_t width, kept;
  Floats filter;

  /// Runs rows on a copy of the state for each number of workers, which must agree; the results, and what the state is then.
  Floats run(Floats &state, const Floats &rows, Ids positions, Ids sequences, int32_t count) const {
    Floats first, kept0;
    int64_t p[IK_CAUSAL_COUNT] = {int64_t(rows.size()) / width, width, kept, kSequences, int64_t(positions.size())};
    for (int64_t workers : {1, 2, 3, 7}) {
      Floats after = state, y(rows.size(), 77);
      for (int64_t worker = workers - 1; worker >= 0; --worker) {
        void *buffers[] = {after.data(), const_cast<float *>(rows.data()), const_cast<float *>(filter.data()), positions.data(), sequences.data(), &count, after.data(), y.data()};
        ik_causal_conv(buffers, p, worker, workers);
      }
      if (workers == 1)
        first = y, kept0 = after;
      check(std::memcmp(y.data(), first.data(), y.size() * 4) == 0 && std::memcmp(after.data(), kept0.data(), after.size() * 4) == 0,
            "causal_conv: %d workers give other bits", int(workers));
    }
    state = kept0;
    return first;
  }
};

/// The whole text at once, in double.
std::vector<double> convolved(const Conv &conv, const Floats &text) {
  std::vector<double> y(text.size());
  for (int64_t m = 0; m < kText; ++m)
    for (int64_t e = 0; e < conv.width; ++e)
      for (int64_t j = 0; j <= conv.kept; ++j)
        if (int64_t i = m - conv.kept + j; i >= 0)
          y[size_t(m * conv.width + e)] += double(conv.filter[size_t(j * conv.width + e)]) * double(text[size_t(i * conv.width + e)]);
  return y;
}

/// The text in steps of `size` rows with padding behind the last, as one of three sequences.
Floats inSteps(const Conv &conv, const Floats &text, int64_t size, int32_t sequence, Floats &state) {
  Floats y;
  for (int64_t at = 0; at < kText; at += size) {
    int64_t count = std::min<int64_t>(size, kText - at);
    Floats rows(text.begin() + at * conv.width, text.begin() + (at + count) * conv.width);
    rows.resize(size_t(size * conv.width), 1e30f);
    Floats part = conv.run(state, rows, {int32_t(at)}, {sequence}, int32_t(count));
    y.insert(y.end(), part.begin(), part.begin() + count * conv.width);
  }
  return y;
}

/// Three sequences a token each in turn, the third idle at first; another row has no sequence.
void testEach(const Conv &conv, const Floats &text, const Floats &want) {
  Floats state(size_t(kSequences * conv.kept * conv.width), 5);
  for (int32_t t = 0; t < kText; ++t) {
    const Ids sequences = {2, t % 2 ? 3 : -1, 0, t < 4 ? -1 : 1}, positions = {t, 3, t, t - 4};
    Floats rows, wanted;
    for (size_t m = 0; m < sequences.size(); ++m) {
      bool is = sequences[m] >= 0 && sequences[m] < kSequences;
      const float *at = text.data() + std::max(positions[m], 0) * conv.width, *from = want.data() + std::max(positions[m], 0) * conv.width;
      rows.insert(rows.end(), at, at + conv.width);
      for (int64_t e = 0; e < conv.width; ++e)
        wanted.push_back(is ? from[e] : 0);
    }
    Floats y = conv.run(state, rows, positions, sequences, int32_t(sequences.size()));
    check(std::memcmp(y.data(), wanted.data(), y.size() * 4) == 0, "causal_conv: rows of their own places differ at token %d", int(t));
  }
}

void testConv(Random &random, int64_t width, int64_t kept) {
  Conv conv{width, kept, randomVector<float>(random, (kept + 1) * width)};
  Floats text = randomVector<float>(random, kText * width), want;
  std::vector<double> exact = convolved(conv, text);
  for (int64_t size : {kText, 1, 2, 5, 16, 40}) {
    Floats state(size_t(kSequences * kept * width), 5), others = state; // what an earlier text left there
    Floats y = inSteps(conv, text, size, 1, state);
    want = want.empty() ? y : want;
    check(std::memcmp(y.data(), want.data(), y.size() * 4) == 0, "causal_conv: steps of %d rows give other bits", int(size));
    bool alone = std::equal(state.begin(), state.begin() + kept * width, others.begin()) && std::equal(state.begin() + 2 * kept * width, state.end(), others.begin());
    check(alone, "causal_conv: another sequence's state changed");
  }
  for (size_t i = 0; i < exact.size(); ++i)
    check(std::fabs(double(want[i]) - exact[i]) <= 1e-5, "causal_conv: element %d is %g instead of %g", int(i), double(want[i]), exact[i]);
  testEach(conv, text, want);
}

/// Nothing counts, nothing changes: no rows below the count, no sequence of the number.
void testNone(Random &random) {
  Conv conv{20, 2, randomVector<float>(random, 60)};
  Floats state(size_t(kSequences * 40), 5), before = state, rows = randomVector<float>(random, 80);
  conv.run(state, rows, {7}, {1}, -4);
  check(state == before, "causal_conv: a step of no rows changed the state");
  Floats y = conv.run(state, rows, {7}, {kSequences}, 4);
  check(state == before && std::all_of(y.begin(), y.end(), [](float v) { return v == 0; }), "causal_conv: a step of no sequence did something");
}

} // namespace

void testCausalConv() {
  Random random(79);
  testConv(random, 20, 2);
  testConv(random, 64, 3);
  testConv(random, 3, 1);
  testConv(random, 17, 30); // more than a text has
  testNone(random);
}
