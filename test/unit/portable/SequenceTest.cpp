// Rotary positions, the key/value cache and attention over it against double precision; a query's bits must not depend on how many there are.
#include "targets/common/ukernels/sequence.h"
#include "test/unit/portable/Portable.h"

#include <cmath>

#define KERNEL_FUNCTION(name) extern "C" void name(void *const *, const int64_t *, int64_t, int64_t);
KERNEL_FUNCTION(ik_rope)
KERNEL_FUNCTION(ik_cache_append_f16)
KERNEL_FUNCTION(ik_cache_append_f32)
KERNEL_FUNCTION(ik_cached_attention_f16)
KERNEL_FUNCTION(ik_cached_attention_f32)

namespace {

void testRope(Random &random, int64_t rows, int32_t position, bool halves) {
  int64_t heads = random.integer(1, 4), depth = 2 * random.integer(2, 9), turned = 2 * random.integer(1, depth / 2), length = 12;
  std::vector<float> x = randomVector<float>(random, rows * heads * depth), table = randomVector<float>(random, length * turned, -1, 1), y(x.size());
  runKernel("rope", ik_rope, {x.data(), table.data(), &position}, {y.data()}, {int64_t(y.size() * 4)}, {rows, heads, depth, length, turned, halves});
  for (int64_t i = 0; i < int64_t(x.size()); ++i) {
    int64_t t = std::min(std::max<int64_t>(position, 0) + i / (heads * depth), length - 1), d = i % depth, pairs = turned / 2;
    bool second = halves ? d >= pairs : d % 2;
    double want = x[size_t(i)];
    if (d < turned) {
      int64_t pair = halves ? d % pairs : d / 2, base = i - d, at = halves ? pair : 2 * pair, other = halves ? pair + pairs : 2 * pair + 1;
      double c = table[size_t(t * turned + pair)], s = table[size_t(t * turned + pairs + pair)], a = x[size_t(base + at)], b = x[size_t(base + other)];
      want = second ? a * s + b * c : a * c - b * s;
    }
    check(std::fabs(y[size_t(i)] - want) < 1e-6, "rope: element %d is %g, not %g", int(i), y[size_t(i)], want);
  }
}

template <typename T> void testAppend(Random &random, Kernel kernel, int32_t position) {
  int64_t rows = 5, heads = 3, length = 9, depth = random.integer(1, 20);
  std::vector<T> cache = randomVector<T>(random, heads * length * depth);
  std::vector<float> x = randomVector<float>(random, rows * heads * depth);
  std::vector<int64_t> p{rows, heads, length, depth};
  for (int64_t workers : {1, 2, 3}) {
    std::vector<T> got = cache;
    for (int64_t w = 0; w < workers; ++w) {
      void *buffers[] = {got.data(), x.data(), &position, got.data()};
      kernel(buffers, p.data(), w, workers);
    }
    for (int64_t i = 0; i < int64_t(got.size()); ++i) {
      int64_t h = i / (length * depth), m = i / depth % length - std::max<int64_t>(position, 0), d = i % depth;
      T want = m >= 0 && m < rows ? T(x[size_t((m * heads + h) * depth + d)]) : cache[size_t(i)];
      check(got[size_t(i)] == want, "cache_append: element %d", int(i));
    }
  }
}

struct Attention {
  int64_t rows, hq, hk, length, d, e, window;
  float scale, softcap;
  int32_t position;
  std::vector<int64_t> params(int64_t m) const {
    uint32_t bits[2];
    std::memcpy(&bits[0], &scale, 4);
    std::memcpy(&bits[1], &softcap, 4);
    return {m, hq, hk, length, d, e, window, bits[0], bits[1]};
  }
};

/// One query and head in double.
template <typename T> std::vector<double> attend(const Attention &a, const float *q, const T *k, const T *v, int64_t last) {
  int64_t end = std::min(last + 1, a.length), begin = a.window ? std::max<int64_t>(0, end - a.window) : 0;
  std::vector<double> scores, out(size_t(a.e), 0);
  double top = -1e300, sum = 0;
  for (int64_t t = begin; t < end; ++t) {
    double s = 0;
    for (int64_t d = 0; d < a.d; ++d)
      s += double(q[d]) * double(k[t * a.d + d]);
    s *= double(a.scale);
    s = a.softcap > 0 ? double(a.softcap) * std::tanh(s / double(a.softcap)) : s;
    scores.push_back(s), top = std::max(top, s);
  }
  for (int64_t t = begin; t < end; ++t) {
    double weight = std::exp(scores[size_t(t - begin)] - top);
    sum += weight;
    for (int64_t e = 0; e < a.e; ++e)
      out[size_t(e)] += weight * double(v[t * a.e + e]);
  }
  for (double &value : out)
    value /= sum;
  return out;
}

template <typename T> void testAttention(Random &random, Kernel kernel, Attention a) {
  std::vector<float> q = randomVector<float>(random, a.rows * a.hq * a.d), y(size_t(a.rows * a.hq * a.e)), one(size_t(a.hq * a.e));
  std::vector<T> k = randomVector<T>(random, a.hk * a.length * a.d), v = randomVector<T>(random, a.hk * a.length * a.e);
  for (int64_t t = std::max(a.position, 0) + a.rows; t < a.length; ++t) // what no query sees
    for (int64_t h = 0; h < a.hk; ++h)
      k[size_t((h * a.length + t) * a.d)] = v[size_t((h * a.length + t) * a.e)] = T(__builtin_nanf(""));
  int64_t scratch = IK_ATTENTION_SCRATCH(a.d, a.e);
  runKernel("attention", kernel, {q.data(), k.data(), v.data(), &a.position}, {y.data()}, {int64_t(y.size() * 4)}, a.params(a.rows), scratch);
  for (int64_t m = 0; m < a.rows; ++m) {
    int32_t at = int32_t(std::max(a.position, 0) + m);
    for (int64_t h = 0; h < a.hq; ++h) {
      int64_t kv = h / (a.hq / a.hk);
      std::vector<double> want = attend(a, q.data() + (m * a.hq + h) * a.d, k.data() + kv * a.length * a.d, v.data() + kv * a.length * a.e, at);
      for (int64_t e = 0; e < a.e; ++e) {
        double got = y[size_t((m * a.hq + h) * a.e + e)];
        check(std::fabs(got - want[size_t(e)]) < 4e-6, "attention: row %d head %d is %g, not %g", int(m), int(h), got, want[size_t(e)]);
      }
    }
    if (m % 7 && m != a.rows - 1)
      continue;
    runKernel("attention", kernel, {q.data() + m * a.hq * a.d, k.data(), v.data(), &at}, {one.data()}, {int64_t(one.size() * 4)}, a.params(1), scratch);
    check(std::memcmp(one.data(), y.data() + m * a.hq * a.e, one.size() * 4) == 0, "attention: row %d of %d differs from the row alone", int(m), int(a.rows));
  }
}

} // namespace

void testSequence() {
  Random random(77);
  for (int32_t position : {-3, 0, 4, 30})
    for (int64_t rows : {1, 6}) {
      testRope(random, rows, position, true);
      testRope(random, rows, position, false);
    }
  for (int32_t position : {-1, 0, 6, 9}) {
    testAppend<_Float16>(random, ik_cache_append_f16, position);
    testAppend<float>(random, ik_cache_append_f32, position);
  }
  const Attention cases[] = {
      {1, 8, 2, 300, 64, 64, 0, 0.125f, 0, 299},  {1, 3, 3, 520, 8, 8, 0, 0.35f, 0, 500},     {37, 4, 2, 700, 64, 64, 0, 0.125f, 0, 470},
      {70, 6, 2, 90, 20, 52, 0, 0.2f, 0, 0},      {33, 2, 1, 600, 16, 100, 50, 0.3f, 5, 220}, {9, 4, 1, 400, 24, 16, 7, 0.2f, 0, 236},
      {20, 2, 2, 64, 8, 8, 16, 0.3f, 2, 55},      {5, 2, 1, 16, 4, 6, 0, 0.5f, 0, -4},
  };
  for (const Attention &a : cases) {
    testAttention<_Float16>(random, ik_cached_attention_f16, a);
    testAttention<float>(random, ik_cached_attention_f32, a);
  }
}
