// ik_normalize_*: rows against plain loops in double, and the same rows across the tensor, whose bits must be those of rows that lie together.
#include "test/unit/portable/Portable.h"
#include "targets/common/ukernels/normalize.h"

#include <cmath>

extern "C" void ik_normalize_f32(void *const *, const int64_t *, int64_t, int64_t);
extern "C" void ik_normalize_f64(void *const *, const int64_t *, int64_t, int64_t);

template <typename T> static std::vector<T> normalize(Kernel kernel, const std::vector<T> &x, int64_t outer, int64_t n, int64_t inner, bool rms, double epsilon) {
  std::vector<T> y(x.size());
  int64_t bits;
  std::memcpy(&bits, &epsilon, sizeof bits);
  runKernel("ik_normalize", kernel, {x.data()}, {y.data()}, {int64_t(x.size() * sizeof(T))}, {outer, n, inner, rms, bits});
  return y;
}

template <typename T> static void checkRow(const T *x, const T *y, int64_t n, bool rms, double epsilon) {
  double mean = 0, squares = 0;
  for (int64_t i = 0; i < n; ++i)
    mean += rms ? 0 : x[i] / double(n);
  for (int64_t i = 0; i < n; ++i)
    squares += (x[i] - mean) * (x[i] - mean) / double(n);
  for (int64_t i = 0; i < n; ++i) {
    double want = (x[i] - mean) / std::sqrt(squares + epsilon);
    check(std::fabs(y[i] - want) <= 1e-6 * std::max(1.0, std::fabs(want)), "normalize: %g, not %g", double(y[i]), want);
  }
}

template <typename T> static void testRows(Kernel kernel, Random &random, int64_t inner) {
  int64_t outer = random.integer(1, 3), n = random.integer(1, 70);
  bool rms = random.integer(0, 1) != 0;
  double epsilon = random.uniform(1e-6, 1e-2);
  std::vector<T> x = randomVector<T>(random, outer * n * inner), turned(x.size());
  auto turnedAt = [&](size_t i) { // of element i of [outer, n, inner] in [outer, inner, n]
    int64_t at = int64_t(i), o = at / (n * inner), row = at / inner % n, column = at % inner;
    return size_t((o * inner + column) * n + row);
  };
  for (size_t i = 0; i < x.size(); ++i)
    turned[turnedAt(i)] = x[i];
  std::vector<T> across = normalize(kernel, x, outer, n, inner, rms, epsilon), rows = normalize(kernel, turned, outer * inner, n, 1, rms, epsilon);
  for (int64_t row = 0; row < outer * inner; ++row)
    checkRow(turned.data() + row * n, rows.data() + row * n, n, rms, epsilon);
  for (size_t i = 0; i < x.size(); ++i)
    check(std::memcmp(&across[i], &rows[turnedAt(i)], sizeof(T)) == 0, "normalize: %g across, %g along", double(across[i]), double(rows[turnedAt(i)]));
}

void testNormalize() {
  Random random(17);
  for (int round = 0; round < 200; ++round) {
    int64_t inner = round % 4 ? random.integer(1, 300) : 16 * random.integer(1, 20);
    testRows<float>(ik_normalize_f32, random, inner);
    testRows<double>(ik_normalize_f64, random, inner);
  }
}
