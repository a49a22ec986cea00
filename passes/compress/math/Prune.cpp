// Masks by rank: a stable order makes the result the same everywhere.
#include "passes/compress/math/Prune.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace ingot {
namespace {

/// Indices of the floor(share * n) least scores; of equal scores the lower index.
std::vector<int64_t> leastOf(const std::vector<double> &scores, double share) {
  std::vector<int64_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  int64_t taken = static_cast<int64_t>(share * static_cast<double>(scores.size()));
  auto less = [&](int64_t a, int64_t b) { return scores[a] != scores[b] ? scores[a] < scores[b] : a < b; };
  std::nth_element(order.begin(), order.begin() + taken, order.end(), less);
  order.resize(taken);
  return order;
}

} // namespace

void pruneMagnitude(float *weights, int64_t count, double share) {
  std::vector<double> scores(count);
  for (int64_t i = 0; i < count; ++i)
    scores[i] = std::fabs(static_cast<double>(weights[i]));
  for (int64_t i : leastOf(scores, share))
    weights[i] = 0;
}

void pruneBlocks4x1(MatrixView matrix, double share) {
  constexpr int64_t kBlock = 4;
  int64_t perOutput = (matrix.depth + kBlock - 1) / kBlock;
  auto each = [&](int64_t block, auto fn) {
    int64_t output = block / perOutput, first = block % perOutput * kBlock;
    for (int64_t k = first; k < std::min(first + kBlock, matrix.depth); ++k)
      fn(matrix.data[output * matrix.outputStride + k * matrix.depthStride]);
  };
  std::vector<double> scores(matrix.outputs * perOutput, 0);
  for (size_t block = 0; block < scores.size(); ++block)
    each(static_cast<int64_t>(block), [&](float w) { scores[block] += static_cast<double>(w) * static_cast<double>(w); });
  for (int64_t block : leastOf(scores, share))
    each(block, [](float &w) { w = 0; });
}

int64_t countZeros(const float *weights, int64_t count) { return std::count(weights, weights + count, 0.0f); }

} // namespace ingot
