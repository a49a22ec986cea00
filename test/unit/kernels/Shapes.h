// Random buffers and parameter vectors for the kernel tests, and a runner that calls a kernel with several worker counts.
#ifndef INGOT_TEST_UNIT_KERNELS_SHAPES_H
#define INGOT_TEST_UNIT_KERNELS_SHAPES_H

#include "targets/common/ukernels/conv.h"
#include "targets/common/ukernels/epilogue.h"
#include "targets/common/ukernels/matmul.h"
#include "targets/common/ukernels/pool.h"

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <vector>

using Kernel = void(void *const *, const int64_t *, int64_t, int64_t);
using Params = std::vector<int64_t>;

/// A float as a parameter.
inline int64_t bits(float value) {
  uint32_t u;
  std::memcpy(&u, &value, sizeof u);
  return u;
}

/// A fixed linear congruential generator: the same values on every machine.
struct Random {
  uint64_t state = 88172645463325252ull;
  uint32_t bits() {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return static_cast<uint32_t>(state >> 33);
  }
  int64_t range(int64_t low, int64_t high) { return low + bits() % (high - low + 1); }
  float real() { return static_cast<float>(static_cast<int32_t>(bits() % 2001) - 1000) * 1e-3f; }
};

inline std::vector<float> reals(Random &random, int64_t count) {
  std::vector<float> values(count);
  for (float &value : values)
    value = random.real();
  return values;
}

/// Counts and names a case that fails.
struct Checks {
  int failures = 0;
  void operator()(bool ok, const char *what, int iteration) {
    if (ok)
      return;
    ++failures;
    std::printf("FAIL %s, case %d\n", what, iteration);
  }
};

/// Calls with 1, 2, 3 and 7 workers; false when any call gives other bytes than the first. `y` holds the result of the first.
template <typename T> bool runWorkers(Kernel *kernel, std::vector<void *> buffers, size_t result, const Params &params, int64_t scratchBytes, std::vector<T> &y) {
  std::vector<char> scratch(scratchBytes + 64);
  buffers.push_back(scratch.data());
  std::vector<T> first;
  for (int64_t workers : {1, 2, 3, 7}) {
    std::memset(static_cast<void *>(y.data()), 0x7f, y.size() * sizeof(T));
    buffers[result] = y.data();
    for (int64_t worker = 0; worker < workers; ++worker)
      kernel(buffers.data(), params.data(), worker, workers);
    if (first.empty())
      first = y;
    else if (std::memcmp(first.data(), y.data(), y.size() * sizeof(T)) != 0)
      return false;
  }
  return true;
}

inline int64_t outExtent(int64_t in, int64_t low, int64_t high, int64_t kernel, int64_t stride, int64_t dilation) {
  int64_t span = in + low + high - dilation * (kernel - 1) - 1;
  return span < 0 ? 0 : span / stride + 1;
}

/// Picks a random geometry of at most 12 channels; extents may be odd and 1. Returns false when an output extent would be 0.
inline bool randomConv(Random &random, Params &p, bool depthwise) {
  p.assign(IK_CONV_COUNT, 0);
  p[IK_CONV_N] = random.range(1, 2);
  p[IK_CONV_G] = depthwise ? random.range(2, 9) : random.range(1, 3);
  p[IK_CONV_IC] = depthwise ? 1 : random.range(1, 40);
  p[IK_CONV_OC] = depthwise ? random.range(1, 2) : random.range(1, 21);
  bool cubic = !depthwise && random.range(0, 7) == 0, point = random.range(0, 3) == 0;
  for (int axis = 0; axis < 3; ++axis) {
    bool flat = axis == 0 && !cubic;
    p[IK_CONV_KD + axis] = flat || point ? 1 : random.range(1, 5);
    p[IK_CONV_SD + axis] = flat || random.range(0, 1) ? 1 : random.range(1, 3);
    p[IK_CONV_DD + axis] = flat ? 1 : random.range(1, 2);
    p[IK_CONV_PD + axis] = flat || point ? 0 : random.range(0, 2);
    p[IK_CONV_ID + axis] = flat ? 1 : random.range(1, axis == 2 ? 70 : cubic ? 6 : 14);
    p[IK_CONV_OD + axis] = outExtent(p[IK_CONV_ID + axis], p[IK_CONV_PD + axis], flat || point ? 0 : random.range(0, 2), p[IK_CONV_KD + axis],
                                     p[IK_CONV_SD + axis], p[IK_CONV_DD + axis]);
    if (p[IK_CONV_OD + axis] == 0)
      return false;
  }
  return true;
}

/// acc[o][pixel] of one image and output channel by plain loops: `mac(sum, x, w)` over (ic, kd, kh, kw); outside the input x = border.
template <typename X, typename W, typename Acc, typename Mac>
Acc convPoint(const Params &p, const X *x, const W *w, int64_t pixel, X border, Mac mac) {
  Acc sum = 0;
  int64_t start[3] = {pixel / (p[IK_CONV_OW] * p[IK_CONV_OH]), pixel / p[IK_CONV_OW] % p[IK_CONV_OH], pixel % p[IK_CONV_OW]};
  int64_t taps = p[IK_CONV_KD] * p[IK_CONV_KH] * p[IK_CONV_KW];
  for (int64_t k = 0; k < p[IK_CONV_IC] * taps; ++k) {
    int64_t at[3] = {k / (p[IK_CONV_KW] * p[IK_CONV_KH]) % p[IK_CONV_KD], k / p[IK_CONV_KW] % p[IK_CONV_KH], k % p[IK_CONV_KW]};
    bool inside = true;
    int64_t index = k / taps;
    for (int axis = 0; axis < 3; ++axis) {
      int64_t place = start[axis] * p[IK_CONV_SD + axis] - p[IK_CONV_PD + axis] + at[axis] * p[IK_CONV_DD + axis];
      inside = inside && place >= 0 && place < p[IK_CONV_ID + axis];
      index = index * p[IK_CONV_ID + axis] + place;
    }
    sum = mac(sum, inside ? x[index] : border, w[k]);
  }
  return sum;
}

#endif
