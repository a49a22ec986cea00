// The resize kernels against plain loops over the same tables: one axis, two axes and nearest copies, with taps that are absent or outside.
#include "test/unit/portable/Portable.h"
#include "targets/common/ukernels/resize.h"

#include <cmath>

extern "C" {
void ik_resize_axis_f32_f32(void *const *, const int64_t *, int64_t, int64_t);
void ik_resize_axis_u8_u8(void *const *, const int64_t *, int64_t, int64_t);
void ik_resize2d_f32(void *const *, const int64_t *, int64_t, int64_t);
void ik_resize_near_b16(void *const *, const int64_t *, int64_t, int64_t);
}

namespace {

/// A random table of an axis: [taps][out]; a weight of 0 is no tap, a first index of -1 is outside.
template <typename T> struct Table {
  int64_t in, out, taps;
  std::vector<int32_t> index;
  std::vector<T> weight;
  Table(Random &random, int64_t most) : in(random.integer(1, 20)), out(random.integer(1, 40)), taps(random.integer(1, most)) {
    for (int64_t i = 0; i < taps * out; ++i) {
      bool outside = i < out && random.integer(0, 9) == 0;
      index.push_back(outside ? -1 : int32_t(random.integer(0, in - 1)));
      weight.push_back(random.integer(0, 4) ? T(random.uniform(0, 1)) : T(0));
    }
  }
  /// The sum for output o over read(index), or `fill`.
  template <typename F> double operator()(int64_t o, double fill, F read) const {
    double sum = 0;
    for (int64_t t = 0; t < taps; ++t)
      sum += weight[size_t(t * out + o)] != 0 ? double(weight[size_t(t * out + o)]) * read(std::max(index[size_t(t * out + o)], 0)) : 0;
    return index[size_t(o)] < 0 ? fill : sum;
  }
};

int64_t bitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return bits;
}
int64_t bitsOf(double value) {
  int64_t bits;
  std::memcpy(&bits, &value, 8);
  return bits;
}

template <typename T, typename W> void axisCase(Random &random, const char *name, Kernel kernel) {
  Table<W> table(random, 4);
  int64_t outer = random.integer(1, 4), inner = random.integer(1, 150);
  std::vector<T> x = randomVector<T>(random, outer * table.in * inner, 0, 60), y(size_t(outer * table.out * inner));
  runKernel(name, kernel, {x.data(), table.index.data(), table.weight.data()}, {y.data()}, {int64_t(y.size() * sizeof(T))},
            {outer, table.in, table.out, table.taps, 1, 1, 1, inner, bitsOf(W(7.5))});
  for (int64_t i = 0; i < int64_t(y.size()); ++i) {
    int64_t row = i / inner;
    double want = table(row % table.out, 7.5, [&](int64_t k) {
      return double(x[size_t((row / table.out * table.in + k) * inner + i % inner)]);
    });
    want = sizeof(T) == 1 ? std::trunc(want) : want;
    check(std::fabs(y[size_t(i)] - want) <= (sizeof(T) == 1 ? 0 : 1e-4), "%s: %g, not %g", name, double(y[size_t(i)]), want);
  }
}

void planeCase(Random &random) {
  Table<float> h(random, 4), w(random, 4);
  int64_t outer = random.integer(1, 3);
  std::vector<float> x = randomVector<float>(random, outer * h.in * w.in), y(size_t(outer * h.out * w.out));
  runKernel("ik_resize2d_f32", ik_resize2d_f32, {x.data(), h.index.data(), h.weight.data(), w.index.data(), w.weight.data()}, {y.data()},
            {int64_t(y.size() * 4)}, {outer, h.in, h.out, h.taps, w.in, w.out, w.taps, 1, bitsOf(0.5f)}, IK_RESIZE_SCRATCH(w.in, w.taps, w.out));
  for (int64_t i = 0; i < int64_t(y.size()); ++i) {
    int64_t row = i / w.out;
    double want = w(i % w.out, 0.5, [&](int64_t c) {
      return h(row % h.out, 0.5, [&](int64_t r) { return double(x[size_t((row / h.out * h.in + r) * w.in + c)]); });
    });
    check(std::fabs(y[size_t(i)] - want) <= 1e-4, "resize2d: %g, not %g", double(y[size_t(i)]), want);
  }
}

void nearCase(Random &random) {
  Table<float> h(random, 1), w(random, 1);
  int64_t outer = random.integer(1, 3), inner = random.integer(0, 1) ? random.integer(2, 9) : 1;
  std::vector<int16_t> x = randomVector<int16_t>(random, outer * h.in * w.in * inner, -9999, 9999);
  std::vector<int16_t> y(size_t(outer * h.out * w.out * inner));
  std::sort(h.index.begin(), h.index.end());
  runKernel("ik_resize_near_b16", ik_resize_near_b16, {x.data(), h.index.data(), w.index.data()}, {y.data()}, {int64_t(y.size() * 2)},
            {outer, h.in, h.out, 1, w.in, w.out, 1, inner, 321});
  for (int64_t i = 0; i < int64_t(y.size()); ++i) {
    int64_t column = i / inner % w.out, row = i / inner / w.out, r = h.index[size_t(row % h.out)], c = w.index[size_t(column)];
    int want = r < 0 || c < 0 ? 321 : x[size_t(((row / h.out * h.in + r) * w.in + c) * inner + i % inner)];
    check(y[size_t(i)] == want, "resize near: %d, not %d", int(y[size_t(i)]), want);
  }
}

} // namespace

void testResize() {
  Random random(11);
  for (int round = 0; round < 100; ++round) {
    axisCase<float, float>(random, "ik_resize_axis_f32_f32", ik_resize_axis_f32_f32);
    axisCase<uint8_t, double>(random, "ik_resize_axis_u8_u8", ik_resize_axis_u8_u8);
    planeCase(random);
    nearCase(random);
  }
}
