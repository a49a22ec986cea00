// Gathers, scatters, running sums and top-k against plain loops, with indices that are negative, out of range and repeated.
#include "test/unit/portable/Portable.h"
#include "targets/common/ukernels/gather.h"
#include "targets/common/ukernels/order.h"
#include "targets/common/ukernels/transpose.h"

#include <cmath>
#include <numeric>

extern "C" void ik_gather(void *const *, const int64_t *, int64_t, int64_t);
extern "C" void ik_gather_columns(void *const *, const int64_t *, int64_t, int64_t);
extern "C" void ik_gather_elements(void *const *, const int64_t *, int64_t, int64_t);
extern "C" void ik_gather_nd(void *const *, const int64_t *, int64_t, int64_t);
extern "C" void ik_scatter_elements_f32(void *const *, const int64_t *, int64_t, int64_t);
extern "C" void ik_scatter_elements_u16(void *const *, const int64_t *, int64_t, int64_t);
extern "C" void ik_scatter_nd_i8(void *const *, const int64_t *, int64_t, int64_t);
extern "C" void ik_cumulate_f32(void *const *, const int64_t *, int64_t, int64_t);
extern "C" void ik_cumulate_u32(void *const *, const int64_t *, int64_t, int64_t);
extern "C" void ik_suppress_boxes(void *const *, const int64_t *, int64_t, int64_t);
extern "C" void ik_top_k_f32(void *const *, const int64_t *, int64_t, int64_t);
extern "C" void ik_transpose_w32(void *const *, const int64_t *, int64_t, int64_t);
extern "C" void ik_top_k_u8(void *const *, const int64_t *, int64_t, int64_t);

namespace {

int64_t clampIndex(int64_t index, int64_t extent) {
  index = index < 0 ? index + extent : index;
  return std::min(std::max<int64_t>(index, 0), extent - 1);
}

/// Indices of which some are negative and some outside [-extent, extent).
template <typename T> std::vector<T> randomIndices(Random &random, int64_t n, int64_t extent) {
  std::vector<T> indices(static_cast<size_t>(n));
  for (T &index : indices)
    index = static_cast<T>(random.integer(-extent - 2, extent + 1));
  return indices;
}

template <typename T> std::vector<T> randomBits(Random &random, int64_t n) {
  std::vector<T> values(static_cast<size_t>(n));
  for (T &value : values)
    value = static_cast<T>(random.next());
  return values;
}

template <typename T, typename I> void gatherCase(Random &random) {
  int64_t outer = random.integer(1, 4), extent = random.integer(1, 9), taken = random.integer(0, 9), inner = random.integer(1, 20);
  std::vector<T> x = randomBits<T>(random, outer * extent * inner), y(size_t(outer * taken * inner));
  std::vector<I> indices = randomIndices<I>(random, taken, extent);
  runKernel("ik_gather", ik_gather, {x.data(), indices.data()}, {y.data()}, {int64_t(y.size() * sizeof(T))},
            {sizeof(I) == 8, outer, extent, taken, inner * int64_t(sizeof(T))});
  for (int64_t i = 0; i < int64_t(y.size()); ++i) {
    int64_t o = i / inner / taken, at = clampIndex(indices[size_t(i / inner % taken)], extent);
    check(y[size_t(i)] == x[size_t((o * extent + at) * inner + i % inner)], "gather of %d bytes: element %d", int(sizeof(T)), int(i));
  }
}

/// Columns of [depth][extent] in panels of 16.
template <typename T, typename I> void gatherColumnsCase(Random &random) {
  int64_t depth = random.integer(1, 20), extent = random.integer(1, 40), taken = random.integer(0, 9), panels = (extent + 15) / 16;
  std::vector<T> x = randomBits<T>(random, panels * depth * 16), y(size_t(taken * depth));
  std::vector<I> indices = randomIndices<I>(random, taken, extent);
  runKernel("ik_gather_columns", ik_gather_columns, {x.data(), indices.data()}, {y.data()}, {int64_t(y.size() * sizeof(T))},
            {sizeof(I) == 8, extent, taken, depth, int64_t(sizeof(T))});
  for (int64_t i = 0; i < int64_t(y.size()); ++i) {
    int64_t column = clampIndex(indices[size_t(i / depth)], extent);
    check(y[size_t(i)] == x[size_t((column / 16 * depth + i % depth) * 16 + column % 16)], "gather of columns of %d bytes: element %d", int(sizeof(T)), int(i));
  }
}

/// Element form on [a][extent][b] or [a][b][extent]: offsets in the indexed tensor of every index.
struct ElementCase {
  std::vector<int64_t> shape, at, params, indices, offsets;
  ElementCase(Random &random, int64_t width, int64_t kind) {
    int64_t axis = random.integer(0, 2);
    for (int64_t d = 0; d < 3; ++d) {
      shape.push_back(random.integer(1, 6));
      at.push_back(d == axis ? random.integer(1, 8) : random.integer(1, shape.back()));
    }
    std::vector<int64_t> strides = {shape[1] * shape[2], shape[2], 1};
    int64_t axisStride = strides[size_t(axis)], extent = shape[size_t(axis)];
    strides[size_t(axis)] = 0;
    params = {1, width, kind, total(), extent, axisStride, 3};
    params.insert(params.end(), at.begin(), at.end());
    params.insert(params.end(), strides.begin(), strides.end());
    indices = randomIndices<int64_t>(random, at[0] * at[1] * at[2], extent);
    for (int64_t i = 0; i < int64_t(indices.size()); ++i)
      offsets.push_back(i / (at[1] * at[2]) * strides[0] + i / at[2] % at[1] * strides[1] + i % at[2] * strides[2] +
                        clampIndex(indices[size_t(i)], extent) * axisStride);
  }
  int64_t total() const { return shape[0] * shape[1] * shape[2]; }
};

template <typename T> T joined(int64_t kind, T old, T update) {
  switch (kind) {
  case IK_SCATTER_ADD: return static_cast<T>(old + update);
  case IK_SCATTER_MUL: return static_cast<T>(old * update);
  case IK_SCATTER_MIN: return std::min(old, update);
  case IK_SCATTER_MAX: return std::max(old, update);
  default: return update;
  }
}

void elementCases(Random &random, int64_t kind) {
  ElementCase g(random, 2, 0), s(random, 4, kind), plain(random, 2, IK_SCATTER_NONE);
  std::vector<uint16_t> x = randomBits<uint16_t>(random, g.total()), y(g.indices.size());
  runKernel("ik_gather_elements", ik_gather_elements, {x.data(), g.indices.data()}, {y.data()}, {int64_t(y.size() * 2)}, g.params);
  for (size_t i = 0; i < y.size(); ++i)
    check(y[i] == x[size_t(g.offsets[i])], "gather_elements: element %d", int(i));

  std::vector<float> input = randomVector<float>(random, s.total()), updates = randomVector<float>(random, int64_t(s.indices.size()));
  std::vector<float> want = input, got(input.size());
  for (size_t i = 0; i < updates.size(); ++i)
    want[size_t(s.offsets[i])] = joined(kind, want[size_t(s.offsets[i])], updates[i]);
  runKernel("ik_scatter_elements_f32", ik_scatter_elements_f32, {input.data(), s.indices.data(), updates.data()}, {got.data()}, {s.total() * 4}, s.params);
  check(got == want, "scatter_elements of kind %d", int(kind));

  std::vector<uint16_t> base = randomBits<uint16_t>(random, plain.total()), put = randomBits<uint16_t>(random, int64_t(plain.indices.size()));
  std::vector<uint16_t> wantPlain = base, gotPlain(base.size());
  for (size_t i = 0; i < put.size(); ++i)
    wantPlain[size_t(plain.offsets[i])] = put[i];
  runKernel("ik_scatter_elements_u16", ik_scatter_elements_u16, {base.data(), plain.indices.data(), put.data()}, {gotPlain.data()}, {plain.total() * 2},
            plain.params);
  check(gotPlain == wantPlain, "plain scatter_elements");
}

/// x[batches][a][b][slice], tuples of two i32 indices into (a, b).
void tupleCases(Random &random, int64_t kind) {
  int64_t batches = random.integer(1, 3), a = random.integer(1, 5), b = random.integer(1, 5), slice = random.integer(1, 6), tuples = random.integer(1, 7);
  std::vector<int32_t> indices = randomIndices<int32_t>(random, batches * tuples * 2, std::min(a, b));
  std::vector<int64_t> params = {0, 1, kind, batches * a * b * slice, batches, tuples, a * b * slice, slice, 2, a, b, b * slice, slice};
  std::vector<int8_t> x = randomBits<int8_t>(random, batches * a * b * slice), y(size_t(batches * tuples * slice)), got(x.size()), want = x;
  runKernel("ik_gather_nd", ik_gather_nd, {x.data(), indices.data()}, {y.data()}, {int64_t(y.size())}, params);
  std::vector<int8_t> updates = randomBits<int8_t>(random, int64_t(y.size()));
  runKernel("ik_scatter_nd_i8", ik_scatter_nd_i8, {x.data(), indices.data(), updates.data()}, {got.data()}, {int64_t(x.size())}, params);
  for (int64_t i = 0; i < int64_t(y.size()); ++i) {
    int64_t tuple = i / slice, first = clampIndex(indices[size_t(tuple * 2)], a), second = clampIndex(indices[size_t(tuple * 2 + 1)], b);
    size_t from = size_t(((tuple / tuples * a + first) * b + second) * slice + i % slice);
    check(y[size_t(i)] == x[from], "gather_nd: element %d", int(i));
    want[from] = joined(kind, want[from], updates[size_t(i)]);
  }
  check(got == want, "scatter_nd of kind %d", int(kind));
}

void cumulateCase(Random &random) {
  int64_t outer = random.integer(1, 4), n = random.integer(1, 20), inner = random.integer(1, 40);
  int64_t product = random.integer(0, 1), exclusive = random.integer(0, 1), reverse = random.integer(0, 1);
  std::vector<int64_t> params = {outer, n, inner, product, exclusive, reverse};
  std::vector<float> x = randomVector<float>(random, outer * n * inner), y(x.size());
  std::vector<uint32_t> u = randomBits<uint32_t>(random, outer * n * inner), v(u.size());
  runKernel("ik_cumulate_f32", ik_cumulate_f32, {x.data()}, {y.data()}, {int64_t(y.size() * 4)}, params);
  runKernel("ik_cumulate_u32", ik_cumulate_u32, {u.data()}, {v.data()}, {int64_t(v.size() * 4)}, params);
  for (int64_t i = 0; i < int64_t(x.size()); ++i) {
    int64_t k = i / inner % n, line = i - k * inner, begin = reverse ? k + exclusive : 0, end = reverse ? n : k + 1 - exclusive;
    double want = product ? 1 : 0;
    uint32_t wantBits = product ? 1 : 0;
    for (int64_t j = begin; j < end; ++j) {
      double value = x[size_t(line + j * inner)];
      want = product ? want * value : want + value;
      wantBits = product ? wantBits * u[size_t(line + j * inner)] : wantBits + u[size_t(line + j * inner)];
    }
    check(std::fabs(y[size_t(i)] - want) <= 1e-6 * std::max(1.0, std::fabs(want)), "cumulate: %g, not %g", double(y[size_t(i)]), want);
    check(v[size_t(i)] == wantBits, "cumulate of integers: element %d", int(i));
  }
}

template <typename T> void topKCase(Random &random, const char *name, Kernel kernel, bool withNan) {
  int64_t outer = random.integer(1, 3), n = random.integer(1, 30), inner = random.integer(1, 4), k = random.integer(0, n), smallest = random.integer(0, 1);
  std::vector<T> x(size_t(outer * n * inner)), values(size_t(outer * k * inner));
  std::vector<int64_t> indices(values.size());
  for (T &value : x)
    value = static_cast<T>(withNan && random.integer(0, 9) == 0 ? std::nan("") : static_cast<double>(random.integer(0, 9)));
  runKernel(name, kernel, {x.data()}, {values.data(), indices.data()}, {int64_t(values.size() * sizeof(T)), int64_t(values.size() * 8)},
            {outer, n, inner, k, smallest});
  auto key = [](T value) { return value != value ? HUGE_VAL : static_cast<double>(value); };
  for (int64_t line = 0; line < outer * inner; ++line) {
    const T *from = x.data() + line / inner * n * inner + line % inner;
    std::vector<int64_t> order(static_cast<size_t>(n));
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
      double left = key(from[a * inner]), right = key(from[b * inner]);
      return left == right ? a < b : smallest ? left < right : left > right;
    });
    for (int64_t i = 0; i < k; ++i) {
      size_t at = size_t((line / inner * k + i) * inner + line % inner);
      check(indices[at] == order[size_t(i)], "%s: place %d holds %d, not %d", name, int(i), int(indices[at]), int(order[size_t(i)]));
      check(std::memcmp(&values[at], &from[order[size_t(i)] * inner], sizeof(T)) == 0, "%s: value at place %d", name, int(i));
    }
  }
}

/// One batch of squares of one size, whose overlap follows from how far they lie apart; NaN scores are not walked.
void suppressCase(Random &random) {
  int64_t classes = random.integer(1, 3), n = random.integer(0, 90), most = random.integer(0, n);
  std::vector<float> boxes(size_t(n * 4)), scores(size_t(classes * n)), threshold = {0.5f}, low = {2};
  for (int64_t i = 0; i < n * 4; ++i)
    boxes[size_t(i)] = i % 4 < 2 ? float(random.integer(0, 30)) : boxes[size_t(i - 2)] + 4;
  for (float &score : scores)
    score = random.integer(0, 9) == 0 ? std::nanf("") : float(random.integer(0, 9));
  std::vector<int64_t> kept(size_t(classes * n)), counts(size_t(classes), 0);
  runKernel("ik_suppress_boxes", ik_suppress_boxes, {boxes.data(), scores.data(), threshold.data(), low.data()}, {kept.data(), counts.data()},
            {int64_t(kept.size() * 8), classes * 8}, {1, classes, n, most}, IK_SUPPRESS_SCRATCH(std::min(n, most)));
  for (int64_t c = 0; c < classes; ++c) {
    std::vector<int64_t> want;
    for (float score = 9; score > low[0]; --score)
      for (int64_t i = 0; i < n; ++i) {
        bool covered = scores[size_t(c * n + i)] != score;
        for (int64_t k : want) {
          float down = std::fabs(boxes[size_t(i * 4)] - boxes[size_t(k * 4)]), right = std::fabs(boxes[size_t(i * 4 + 1)] - boxes[size_t(k * 4 + 1)]);
          float common = std::max(4 - down, 0.0f) * std::max(4 - right, 0.0f);
          covered |= common / (32 - common) > threshold[0];
        }
        if (!covered && int64_t(want.size()) < most)
          want.push_back(i);
      }
    check(counts[size_t(c)] == int64_t(want.size()), "ik_suppress_boxes: %d are kept, not %d", int(counts[size_t(c)]), int(want.size()));
    want.resize(size_t(n));
    check(std::equal(want.begin(), want.end(), kept.begin() + c * n), "ik_suppress_boxes: other boxes in class %d", int(c));
  }
}

/// Squares with and without rests; what lies between the columns is not read into the result.
void transposeCase(Random &random) {
  int64_t batch = random.integer(1, 3), rows = random.integer(1, 50), columns = random.integer(1, 50), stride = rows + random.integer(0, 5);
  int64_t offset = random.integer(0, 3), apart = columns * stride + random.integer(0, 4);
  std::vector<uint32_t> x(static_cast<size_t>(offset + batch * apart)), y(static_cast<size_t>(batch * rows * columns));
  std::iota(x.begin(), x.end(), 0x7f800001u); // NaNs keep their bits
  runKernel("ik_transpose_w32", ik_transpose_w32, {x.data()}, {y.data()}, {int64_t(y.size() * 4)}, {batch, rows, columns, offset, apart, stride});
  for (int64_t i = 0; i < batch * rows * columns; ++i) {
    int64_t b = i / (rows * columns), r = i / columns % rows, c = i % columns;
    check(y[size_t(i)] == x[size_t(offset + b * apart + c * stride + r)], "ik_transpose_w32: %dx%d at %d", int(rows), int(columns), int(i));
  }
}

} // namespace

void testIndex() {
  Random random(11);
  for (int round = 0; round < 300; ++round) {
    gatherColumnsCase<uint8_t, int32_t>(random);
    gatherColumnsCase<uint16_t, int64_t>(random);
    gatherColumnsCase<float, int64_t>(random);
    gatherCase<uint8_t, int32_t>(random);
    gatherCase<uint16_t, int64_t>(random);
    gatherCase<uint32_t, int64_t>(random);
    gatherCase<uint64_t, int32_t>(random);
    elementCases(random, round % 5);
    tupleCases(random, round % 5);
    cumulateCase(random);
    transposeCase(random);
    suppressCase(random);
    topKCase<float>(random, "ik_top_k_f32", ik_top_k_f32, true);
    topKCase<uint8_t>(random, "ik_top_k_u8", ik_top_k_u8, false);
  }
}
