// The roi_align kernels against plain loops over one channel at a time, with boxes that leave the image, are turned around or not numbers.
#include "targets/common/ukernels/roialign.h"
#include "test/unit/portable/Portable.h"

#include <cmath>

extern "C" void ik_roi_align_f32(void *const *, const int64_t *, int64_t, int64_t);
extern "C" void ik_roi_align_f64(void *const *, const int64_t *, int64_t, int64_t);

namespace {

template <typename T> int64_t bitsOf(T value) {
  int64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  return bits;
}

/// Where samples of one bin lie along an axis.
template <typename T> std::vector<T> placesOf(T low, T high, int64_t out, int64_t bin, int64_t samples, T scale, bool atLeastOne) {
  T start = low * scale - T(0.5), size = (high * scale - T(0.5)) - start;
  size = atLeastOne && size < 1 ? T(1) : size;
  T each = size / T(out);
  int64_t count = samples ? samples : each > 0 ? int64_t(std::ceil(each)) : 0;
  std::vector<T> places;
  for (int64_t i = 0; i < count; ++i)
    places.push_back((start + T(bin) * each) + (T(i) + T(0.5)) * each / T(count));
  return places;
}

template <typename T> double elementAt(const T *image, const int64_t *p, T y, T x, int64_t c, bool maximum) {
  int64_t h = p[IK_ROI_H], w = p[IK_ROI_W];
  if (!(y >= -1 && y <= T(h) && x >= -1 && x <= T(w)))
    return 0;
  y = std::min(std::max(y, T(0)), T(h - 1)), x = std::min(std::max(x, T(0)), T(w - 1));
  int64_t top = int64_t(y), left = int64_t(x);
  T down = y - T(top), right = x - T(left);
  double sum = 0, most = -HUGE_VAL;
  for (int64_t corner = 0; corner < 4; ++corner) {
    T weight = (corner / 2 ? down : 1 - down) * (corner % 2 ? right : 1 - right);
    double value = double(image[(std::min(top + corner / 2, h - 1) * w + std::min(left + corner % 2, w - 1)) * p[IK_ROI_C] + c]) * double(weight);
    sum += value, most = std::max(most, value);
  }
  return maximum ? most : sum;
}

template <typename T> double wanted(const T *image, const T *box, const int64_t *p, int64_t bin, int64_t c) {
  T scale = T(0.75);
  std::vector<T> down = placesOf<T>(box[1], box[3], p[IK_ROI_OH], bin / p[IK_ROI_OW], p[IK_ROI_SAMPLES], scale, p[IK_ROI_AT_LEAST_ONE]);
  std::vector<T> across = placesOf<T>(box[0], box[2], p[IK_ROI_OW], bin % p[IK_ROI_OW], p[IK_ROI_SAMPLES], scale, p[IK_ROI_AT_LEAST_ONE]);
  double sum = 0, most = down.empty() || across.empty() ? 0 : -HUGE_VAL;
  for (T y : down)
    for (T x : across) {
      double value = elementAt(image, p, y, x, c, p[IK_ROI_MAXIMUM]);
      sum += value, most = std::max(most, value);
    }
  return p[IK_ROI_MAXIMUM] ? most : sum / double(std::max<size_t>(1, down.size() * across.size()));
}

template <typename T> void alignCase(Random &random, const char *name, Kernel kernel) {
  std::vector<int64_t> p = {random.integer(1, 3), random.integer(1, 9), random.integer(1, 9), random.integer(1, 40), random.integer(0, 9), random.integer(1, 4),
                            random.integer(1, 4), random.integer(0, 3), bitsOf(T(0.75)), bitsOf(T(0.5)), random.integer(0, 1), random.integer(0, 1), random.integer(0, 1)};
  int64_t rows = p[IK_ROI_R], plane = p[IK_ROI_H] * p[IK_ROI_W] * p[IK_ROI_C], bins = p[IK_ROI_OH] * p[IK_ROI_OW];
  std::vector<T> x = randomVector<T>(random, p[IK_ROI_N] * plane), boxes = randomVector<T>(random, rows * 4, -5, 15), y(size_t(rows * bins * p[IK_ROI_C]));
  for (T &side : boxes)
    side = random.integer(0, 60) ? side : random.integer(0, 1) ? T(NAN) : T(1e30);
  std::vector<int64_t> batch(static_cast<size_t>(rows)), count = {p[IK_ROI_COUNTED] ? random.integer(0, rows) : rows};
  for (int64_t &picture : batch)
    picture = random.integer(-1, p[IK_ROI_N]);
  std::vector<const void *> inputs = {x.data(), boxes.data(), batch.data()};
  if (p[IK_ROI_COUNTED])
    inputs.push_back(count.data());
  runKernel(name, kernel, inputs, {y.data()}, {int64_t(y.size() * sizeof(T))}, p);
  for (int64_t i = 0; i < int64_t(y.size()); ++i) {
    int64_t c = i % p[IK_ROI_C], bin = i / p[IK_ROI_C] % bins, row = i / p[IK_ROI_C] / bins, picture = std::min(std::max<int64_t>(batch[size_t(row)], 0), p[IK_ROI_N] - 1);
    bool large = std::any_of(&boxes[size_t(row * 4)], &boxes[size_t(row * 4)] + 4, [](T side) { return !(std::fabs(side) < 1e6); });
    if (large && p[IK_ROI_SAMPLES] == 0) // more samples than the plain loops would store
      continue;
    double want = row < count[0] ? wanted(x.data() + picture * plane, &boxes[size_t(row * 4)], p.data(), bin, c) : 0;
    check(std::fabs(y[size_t(i)] - want) <= 1e-4, "%s: %g, not %g", name, double(y[size_t(i)]), want);
  }
}

} // namespace

void testRoi() {
  Random random(23);
  for (int round = 0; round < 200; ++round) {
    alignCase<float>(random, "ik_roi_align_f32", ik_roi_align_f32);
    alignCase<double>(random, "ik_roi_align_f64", ik_roi_align_f64);
  }
}
