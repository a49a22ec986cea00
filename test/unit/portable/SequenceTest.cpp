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
KERNEL_FUNCTION(ik_cached_attention_q8)
KERNEL_FUNCTION(ik_cached_attention_sinks_q8)
KERNEL_FUNCTION(ik_cache_append_q8)
KERNEL_FUNCTION(ik_cached_attention_sinks_f16)
KERNEL_FUNCTION(ik_cached_attention_sinks_f32)

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

template <typename T> void testAppend(Random &random, Kernel kernel, int32_t position, bool ring) {
  int64_t rows = 5, heads = 3, length = 9, depth = random.integer(1, 20);
  std::vector<T> cache = randomVector<T>(random, heads * length * depth);
  std::vector<float> x = randomVector<float>(random, rows * heads * depth);
  std::vector<int64_t> p{rows, heads, length, depth, ring};
  for (int64_t workers : {1, 2, 3}) {
    std::vector<T> got = cache;
    for (int64_t w = 0; w < workers; ++w) {
      void *buffers[] = {got.data(), x.data(), &position, got.data()};
      kernel(buffers, p.data(), w, workers);
    }
    for (int64_t i = 0; i < int64_t(got.size()); ++i) {
      int64_t h = i / (length * depth), m = i / depth % length - std::max<int64_t>(position, 0), d = i % depth;
      m = ring ? (m % length + length) % length : m;
      T want = m >= 0 && m < rows ? T(x[size_t((m * heads + h) * depth + d)]) : cache[size_t(i)];
      check(got[size_t(i)] == want, "cache_append: element %d", int(i));
    }
  }
}

struct Attention {
  int64_t rows, hq, hk, length, d, e, window;
  float scale, softcap;
  int32_t position;
  bool whole = false, ring = false, piecewise = false;
  float bias = 0;
  double slope(int64_t head) const {
    int64_t n = 1;
    while (2 * n <= hq)
      n *= 2;
    return bias == 0 ? 0 : std::exp2(-double(bias) * (head < n ? double(head + 1) : double(head - n) + 0.5) / double(n));
  }
  std::vector<int64_t> params(int64_t m) const {
    uint32_t bits[3];
    std::memcpy(&bits[0], &scale, 4);
    std::memcpy(&bits[1], &softcap, 4);
    std::memcpy(&bits[2], &bias, 4);
    return {m, hq, hk, length, d, e, window, bits[0], bits[1], ring, whole, piecewise, bits[2]};
  }
  int64_t scratch() const { return IK_ATTENTION_SCRATCH(d, e); }
};

/// One query at `at` and its head in double, over the positions begin .. end - 1; `sink` may be null.
template <typename T>
std::vector<double> attend(const Attention &a, int64_t head, const float *q, const T *k, const T *v, int64_t begin, int64_t end, int64_t at, const float *sink) {
  std::vector<double> scores, out(size_t(a.e), 0);
  double top = sink ? double(*sink) : -1e300;
  for (int64_t t = begin; t < end; ++t) {
    double s = 0;
    for (int64_t d = 0; d < a.d; ++d)
      s += double(q[d]) * double(k[t * a.d + d]);
    s *= double(a.scale);
    s = a.softcap > 0 ? double(a.softcap) * std::tanh(s / double(a.softcap)) : s;
    s -= a.slope(head) * double(std::abs(at - t));
    scores.push_back(s), top = std::max(top, s);
  }
  double sum = sink ? std::exp(double(*sink) - top) : 0;
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

template <typename T> struct AttentionData {
  std::vector<float> q, sinks;
  std::vector<T> k, v;
};

template <typename T> AttentionData<T> randomAttention(Random &random, const Attention &a) {
  AttentionData<T> data{randomVector<float>(random, a.rows * a.hq * a.d), {}, randomVector<T>(random, a.hk * a.length * a.d),
                        randomVector<T>(random, a.hk * a.length * a.e)};
  int64_t seen = a.whole ? a.position + 1 : std::max(a.position, 0) + a.rows;
  for (int64_t t = seen; t < a.length; ++t) // what no query sees
    for (int64_t h = 0; h < a.hk; ++h)
      data.k[size_t((h * a.length + t) * a.d)] = data.v[size_t((h * a.length + t) * a.e)] = T(__builtin_nanf(""));
  return data;
}

template <typename T> void checkRow(const Attention &a, const AttentionData<T> &data, const std::vector<float> &y, int64_t m) {
  int64_t last = std::min<int64_t>(a.whole ? a.position : std::max(a.position, 0) + m, a.length - 1), at = std::min(m, last), reach = a.window / 2;
  int64_t begin = a.window ? std::max<int64_t>(0, a.whole ? at - reach : last + 1 - a.window) : 0;
  begin = a.piecewise ? last / a.window * a.window : begin;
  int64_t end = a.window && a.whole ? std::min(last, at + reach) + 1 : last + 1;
  for (int64_t h = 0; h < a.hq; ++h) {
    int64_t kv = h / (a.hq / a.hk);
    std::vector<double> want = attend(a, h, data.q.data() + (m * a.hq + h) * a.d, data.k.data() + kv * a.length * a.d, data.v.data() + kv * a.length * a.e, begin,
                                      end, a.whole ? at : std::max(a.position, 0) + m, data.sinks.empty() ? nullptr : &data.sinks[size_t(h)]);
    for (int64_t e = 0; e < a.e; ++e) {
      double got = y[size_t((m * a.hq + h) * a.e + e)];
      check(std::fabs(got - want[size_t(e)]) < 4e-6, "attention: row %d head %d is %g, not %g", int(m), int(h), got, want[size_t(e)]);
    }
  }
}

/// Positions in a ring that holds the window and the step, everything else NaN: the same bits.
template <typename T> void testRing(Kernel kernel, Attention a, const AttentionData<T> &data, const std::vector<float> &want) {
  Attention ring = a;
  ring.length = (a.window + a.rows - 1 + 47) / 48 * 48, ring.ring = true;
  std::vector<T> k(size_t(a.hk * ring.length * a.d), T(__builtin_nanf(""))), v(size_t(a.hk * ring.length * a.e), T(__builtin_nanf("")));
  int64_t end = a.position + a.rows;
  for (int64_t h = 0; h < a.hk; ++h)
    for (int64_t t = std::max<int64_t>(0, end - ring.length); t < end; ++t) {
      std::copy_n(data.k.begin() + (h * a.length + t) * a.d, a.d, k.begin() + (h * ring.length + t % ring.length) * a.d);
      std::copy_n(data.v.begin() + (h * a.length + t) * a.e, a.e, v.begin() + (h * ring.length + t % ring.length) * a.e);
    }
  std::vector<float> y(want.size());
  runKernel("attention", kernel, {data.q.data(), k.data(), v.data(), &a.position}, {y.data()}, {int64_t(y.size() * 4)}, ring.params(a.rows), a.scratch());
  check(std::memcmp(y.data(), want.data(), y.size() * 4) == 0, "attention: a ring of %d differs from the full cache", int(ring.length));
}

template <typename T> void testAttention(Random &random, Kernel kernel, Kernel sinksKernel, Attention a) {
  AttentionData<T> data = randomAttention<T>(random, a);
  std::vector<float> y(size_t(a.rows * a.hq * a.e)), one(size_t(a.hq * a.e));
  runKernel("attention", kernel, {data.q.data(), data.k.data(), data.v.data(), &a.position}, {y.data()}, {int64_t(y.size() * 4)}, a.params(a.rows), a.scratch());
  for (int64_t m = 0; m < a.rows; ++m) {
    checkRow(a, data, y, m);
    int32_t at = int32_t(std::max(a.position, 0) + m);
    if (a.whole || (m % 7 && m != a.rows - 1))
      continue;
    runKernel("attention", kernel, {data.q.data() + m * a.hq * a.d, data.k.data(), data.v.data(), &at}, {one.data()}, {int64_t(one.size() * 4)}, a.params(1),
              a.scratch());
    check(std::memcmp(one.data(), y.data() + m * a.hq * a.e, one.size() * 4) == 0, "attention: row %d of %d differs from the row alone", int(m), int(a.rows));
  }
  if (a.window && !a.whole && a.position + a.rows <= a.length)
    testRing(kernel, a, data, y);
  data.sinks = randomVector<float>(random, a.hq, -3, 3);
  runKernel("sinks", sinksKernel, {data.q.data(), data.k.data(), data.v.data(), &a.position, data.sinks.data()}, {y.data()}, {int64_t(y.size() * 4)},
            a.params(a.rows), a.scratch());
  for (int64_t m = 0; m < a.rows; ++m)
    checkRow(a, data, y, m);
}

/// A cache of bytes filled by the kernel, and its values, each within half a step (and the rounding of the scale) of what was put in.
std::vector<char> narrowCache(Random &random, int64_t heads, int64_t length, int64_t depth, std::vector<float> &values) {
  std::vector<float> rows = randomVector<float>(random, length * heads * depth);
  std::fill(rows.begin(), rows.begin() + std::min<int64_t>(depth, 32), 0.0f);
  std::vector<char> cache(size_t(heads * length * IK_CACHE_ROW8(depth)));
  int32_t position = 0;
  runKernel("cache_append_q8", ik_cache_append_q8, {cache.data(), rows.data(), &position}, {cache.data()}, {int64_t(cache.size())},
            {length, heads, length, depth, 0});
  for (int64_t row = 0; row < heads * length; ++row) {
    const char *bytes = cache.data() + row * IK_CACHE_ROW8(depth);
    const float *x = rows.data() + (row % length * heads + row / length) * depth;
    for (int64_t d = 0; d < depth; ++d) {
      _Float16 scale;
      std::memcpy(&scale, bytes + IK_CACHE_SCALES8(depth) + d / 32 * 2, 2);
      values.push_back(float(scale) * float(int8_t(bytes[d])));
      check(std::fabs(values.back() - x[d]) <= 0.57f * float(scale), "cache_append_q8: %g for %g", double(values.back()), double(x[d]));
    }
  }
  return cache;
}

void testNarrowAttention(Random &random, const Attention &a) {
  AttentionData<float> data = randomAttention<float>(random, a);
  data.k.clear(), data.v.clear();
  std::vector<char> keys = narrowCache(random, a.hk, a.length, a.d, data.k), values = narrowCache(random, a.hk, a.length, a.e, data.v);
  std::vector<float> y(size_t(a.rows * a.hq * a.e)), one(size_t(a.hq * a.e));
  runKernel("attention", ik_cached_attention_q8, {data.q.data(), keys.data(), values.data(), &a.position}, {y.data()}, {int64_t(y.size() * 4)},
            a.params(a.rows), a.scratch());
  for (int64_t m = 0; m < a.rows; ++m) {
    checkRow(a, data, y, m);
    int32_t at = int32_t(std::max(a.position, 0) + m);
    if (a.whole || m % 7)
      continue;
    runKernel("attention", ik_cached_attention_q8, {data.q.data() + m * a.hq * a.d, keys.data(), values.data(), &at}, {one.data()}, {int64_t(one.size() * 4)},
              a.params(1), a.scratch());
    check(std::memcmp(one.data(), y.data() + m * a.hq * a.e, one.size() * 4) == 0, "attention in 8 bits: row %d differs from the row alone", int(m));
  }
  data.sinks = randomVector<float>(random, a.hq, -3, 3);
  runKernel("sinks", ik_cached_attention_sinks_q8, {data.q.data(), keys.data(), values.data(), &a.position, data.sinks.data()}, {y.data()},
            {int64_t(y.size() * 4)}, a.params(a.rows), a.scratch());
  for (int64_t m = 0; m < a.rows; ++m)
    checkRow(a, data, y, m);
}

} // namespace

void testSequence() {
  Random random(77);
  for (int32_t position : {-3, 0, 4, 30})
    for (int64_t rows : {1, 6}) {
      testRope(random, rows, position, true);
      testRope(random, rows, position, false);
    }
  for (int32_t position : {-1, 0, 6, 9, 25})
    for (bool ring : {false, true}) {
      testAppend<_Float16>(random, ik_cache_append_f16, position, ring);
      testAppend<float>(random, ik_cache_append_f32, position, ring);
    }
  const Attention cases[] = {
      {1, 8, 2, 300, 64, 64, 0, 0.125f, 0, 299},  {1, 3, 3, 520, 8, 8, 0, 0.35f, 0, 500},     {37, 4, 2, 700, 64, 64, 0, 0.125f, 0, 470},
      {70, 6, 2, 90, 20, 52, 0, 0.2f, 0, 0},      {33, 2, 1, 600, 16, 100, 50, 0.3f, 5, 220}, {9, 4, 1, 400, 24, 16, 7, 0.2f, 0, 236},
      {20, 2, 2, 64, 8, 8, 16, 0.3f, 2, 55},      {5, 2, 1, 16, 4, 6, 0, 0.5f, 0, -4},
      {1, 4, 2, 900, 16, 20, 100, 0.3f, 0, 777},  {9, 4, 2, 1000, 8, 8, 300, 0.3f, 0, 600},    {50, 2, 1, 50, 8, 8, 0, 0.3f, 0, 44, true},
      {300, 2, 1, 300, 8, 6, 9, 0.3f, 0, 290, true},
      {37, 6, 2, 700, 16, 20, 0, 0.3f, 0, 470, false, false, false, 8},
      {1, 12, 3, 900, 16, 20, 0, 0.3f, 0, 777, false, false, false, 8},
      {50, 2, 1, 50, 8, 8, 0, 0.3f, 2, 44, true, false, false, 5},
      {9, 4, 1, 400, 24, 16, 7, 0.2f, 0, 236, false, false, true},
      {70, 4, 2, 700, 16, 20, 250, 0.3f, 0, 480, false, false, true, 8},
      {1, 4, 2, 900, 16, 20, 100, 0.3f, 0, 800, false, false, true},
  };
  for (const Attention &a : cases) {
    testAttention<_Float16>(random, ik_cached_attention_f16, ik_cached_attention_sinks_f16, a);
    testAttention<float>(random, ik_cached_attention_f32, ik_cached_attention_sinks_f32, a);
    testNarrowAttention(random, a);
  }
}
