// ik_reduce_f32 against double loops: every kind, innermost and inner axes, lengths around the 16 lanes.
#include "test/unit/portable/Portable.h"
#include "targets/common/ukernels/reduce.h"

#include <cmath>

extern "C" void ik_reduce_f32(void *const *, const int64_t *, int64_t, int64_t);

static double reduceOne(int64_t kind, const float *x, int64_t n, int64_t stride) {
  double sum = 0, squares = 0, abs = 0, prod = 1, exps = 0, high = -INFINITY, low = INFINITY;
  for (int64_t i = 0; i < n; ++i) {
    double v = x[i * stride];
    sum += v, squares += v * v, abs += std::fabs(v), prod *= v, exps += std::exp(v);
    high = std::max(high, v), low = std::min(low, v);
  }
  const double all[] = {sum, sum / double(n), high, low, prod, abs, std::sqrt(squares), squares, std::log(sum), std::log(exps)};
  return all[kind];
}

void testReduce() {
  Random random(3);
  for (int round = 0; round < 400; ++round) {
    int64_t kind = round % 10, outer = random.integer(1, 4), n = random.integer(1, 70), inner = round % 3 ? random.integer(2, 40) : 1;
    std::vector<float> x = randomVector<float>(random, outer * n * inner, 0.5, 1.5), y(size_t(outer * inner));
    runKernel("ik_reduce_f32", ik_reduce_f32, {x.data()}, {y.data()}, {outer * inner * 4}, {kind, outer, n, inner});
    for (int64_t i = 0; i < outer * inner; ++i) {
      double want = reduceOne(kind, x.data() + i / inner * n * inner + i % inner, n, inner), got = y[size_t(i)];
      check(std::fabs(got - want) <= 1e-5 * std::max(1.0, std::fabs(want)), "reduce kind %d: %g, not %g", int(kind), got, want);
    }
  }
}
