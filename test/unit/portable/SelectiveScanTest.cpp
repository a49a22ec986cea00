// ik_selective_scan against the recurrence in double: however a text is cut into steps, with padding behind them, for every number of workers, the bits are
// the same; rows with places of their own are steps of their sequences.
#include "targets/common/ukernels/sequence.h"
#include "test/unit/portable/Portable.h"

#include <cmath>

extern "C" void ik_selective_scan(void *const *, const int64_t *, int64_t, int64_t);

namespace {

constexpr int32_t kText = 19, kSequences = 3;
using Floats = std::vector<float>;
using Ids = std::vector<int32_t>;

struct Scan {
  int64_t heads, width, length, groups;
  Floats rows, delta, decay, skip; // of the whole text

  int64_t all() const { return heads * width + 2 * groups * length; }
  int64_t inner() const { return heads * width; }
  int64_t matrices() const { return inner() * length; }

  /// Runs rows on a copy of the state for each number of workers, which must agree; the results, and what the state is then.
  Floats run(Floats &state, Floats some, Floats deltas, Ids positions, Ids sequences, int32_t count) const {
    Floats first, kept;
    int64_t m = int64_t(some.size()) / all(), p[IK_SCAN_COUNT] = {m, heads, width, length, groups, kSequences, int64_t(positions.size())};
    for (int64_t workers : {1, 2, 3, 7}) {
      Floats after = state, y(size_t(m * inner()), 77), a = decay, d = skip;
      for (int64_t worker = workers - 1; worker >= 0; --worker) {
        void *buffers[] = {after.data(), some.data(), deltas.data(), a.data(), d.data(), positions.data(), sequences.data(), &count, after.data(), y.data()};
        ik_selective_scan(buffers, p, worker, workers);
      }
      if (workers == 1)
        first = y, kept = after;
      check(std::memcmp(y.data(), first.data(), y.size() * 4) == 0 && std::memcmp(after.data(), kept.data(), after.size() * 4) == 0,
            "selective_scan: %d workers give other bits", int(workers));
    }
    state = kept;
    return first;
  }

  /// Token t's row and delta, behind others.
  void push(Floats &some, Floats &deltas, int64_t t) const {
    some.insert(some.end(), rows.begin() + t * all(), rows.begin() + (t + 1) * all());
    deltas.insert(deltas.end(), delta.begin() + t * heads, delta.begin() + (t + 1) * heads);
  }
};

/// One column p of one head over the whole text, in double: the value at each token.
std::vector<double> column(const Scan &scan, int64_t head, int64_t p) {
  std::vector<double> s(size_t(scan.length)), y;
  for (int64_t t = 0; t < kText; ++t) {
    const float *row = scan.rows.data() + t * scan.all(), *b = row + scan.inner() + head / (scan.heads / scan.groups) * scan.length, *c = b + scan.groups * scan.length;
    double x = row[head * scan.width + p], d = scan.delta[size_t(t * scan.heads + head)], sum = x * double(scan.skip[size_t(head)]);
    for (int64_t n = 0; n < scan.length; ++n) {
      double &value = s[size_t(n)];
      value = value * std::exp(d * double(scan.decay[size_t(head)])) + double(b[n]) * x * d;
      sum += value * double(c[n]);
    }
    y.push_back(sum);
  }
  return y;
}

/// The text in steps of `size` rows with padding behind the last, as sequence 1.
Floats inSteps(const Scan &scan, int64_t size, Floats &state) {
  Floats y;
  for (int64_t at = 0; at < kText; at += size) {
    int64_t count = std::min<int64_t>(size, kText - at);
    Floats some, deltas;
    for (int64_t t = at; t < at + count; ++t)
      scan.push(some, deltas, t);
    some.resize(size_t(size * scan.all()), 1e30f);
    deltas.resize(size_t(size * scan.heads), 5);
    Floats part = scan.run(state, some, deltas, {int32_t(at)}, {1}, int32_t(count));
    y.insert(y.end(), part.begin(), part.begin() + count * scan.inner());
    check(std::all_of(part.begin() + count * scan.inner(), part.end(), [](float v) { return v == 0; }), "selective_scan: padding has a result");
  }
  return y;
}

/// Three sequences a token each in turn, the third idle at first; another row has no sequence.
void testEach(const Scan &scan, const Floats &want) {
  Floats state(size_t(kSequences * scan.matrices()), 5);
  for (int32_t t = 0; t < kText; ++t) {
    const Ids sequences = {2, t % 2 ? 3 : -1, 0, t < 4 ? -1 : 1}, positions = {t, 3, t, t - 4};
    Floats some, deltas, wanted;
    for (size_t m = 0; m < sequences.size(); ++m) {
      bool is = sequences[m] >= 0 && sequences[m] < kSequences;
      int64_t at = std::max(positions[m], 0);
      scan.push(some, deltas, at);
      for (int64_t e = 0; e < scan.inner(); ++e)
        wanted.push_back(is ? want[size_t(at * scan.inner() + e)] : 0);
    }
    Floats y = scan.run(state, some, deltas, positions, sequences, int32_t(sequences.size()));
    check(std::memcmp(y.data(), wanted.data(), y.size() * 4) == 0, "selective_scan: rows of their own places differ at token %d", int(t));
  }
}

void testScan(Random &random, int64_t heads, int64_t width, int64_t length, int64_t groups) {
  Scan scan{heads, width, length, groups, {}, randomVector<float>(random, kText * heads, 0, 1), randomVector<float>(random, heads, -3, 0), randomVector<float>(random, heads)};
  scan.rows = randomVector<float>(random, kText * scan.all());
  Floats want;
  for (int64_t size : {kText, 1, 2, 5, 16, 40}) {
    Floats state(size_t(kSequences * scan.matrices()), 5), others = state; // what an earlier text left there
    Floats y = inSteps(scan, size, state);
    want = want.empty() ? y : want;
    check(std::memcmp(y.data(), want.data(), y.size() * 4) == 0, "selective_scan: steps of %d rows give other bits", int(size));
    int64_t one = scan.matrices();
    bool alone = std::equal(state.begin(), state.begin() + one, others.begin()) && std::equal(state.begin() + 2 * one, state.end(), others.begin());
    check(alone, "selective_scan: another sequence's state changed");
  }
  for (int64_t e = 0; e < scan.inner(); ++e)
    for (int64_t t = 0; t < kText; ++t) {
      double exact = column(scan, e / width, e % width)[size_t(t)], got = want[size_t(t * scan.inner() + e)];
      check(std::fabs(got - exact) <= 1e-4 * (1 + std::fabs(exact)), "selective_scan: element %d of row %d is %g instead of %g", int(e), int(t), got, exact);
    }
  testEach(scan, want);
}

} // namespace

void testSelectiveScan() {
  Random random(80);
  testScan(random, 4, 64, 16, 2);
  testScan(random, 2, 48, 5, 1);
  testScan(random, 3, 7, 1, 3);
}
