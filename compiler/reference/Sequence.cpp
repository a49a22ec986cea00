// Rotary positions, caches and attention over them, in double from the formulas of dialects/nn/SequenceOps.td.
#include "compiler/reference/Rules.h"

#include "dialects/quant/BlockFormats.h"

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace mlir;
using llvm::ArrayRef;

namespace ingot::reference {
namespace {

int64_t positionOf(const Tensor &position) { return std::max<int64_t>(position.intAt(0), 0); }

llvm::FailureOr<Results> rope(Operation *op, ArrayRef<Tensor> operands, std::string &) {
  const Tensor &x = operands[0], &table = operands[1];
  bool halves = cast<nn::RopeOp>(op).getPairs() == nn::RopePairs::halves;
  int64_t heads = x.shape()[1], width = x.shape()[2], last = table.shape()[0] - 1, pairs = table.shape()[1] / 2, from = positionOf(operands[2]);
  Tensor result = x; // elements beyond the table's pairs stay
  for (int64_t row = 0; row < x.shape()[0] * heads; ++row) {
    int64_t at = std::min(from + row / heads, last) * table.shape()[1];
    for (int64_t i = 0; i < pairs; ++i) {
      int64_t first = row * width + (halves ? i : 2 * i), second = first + (halves ? pairs : 1);
      double a = x.at(first), b = x.at(second), c = table.at(at + i), s = table.at(at + pairs + i);
      result.set(first, a * c - b * s);
      result.set(second, a * s + b * c);
    }
  }
  return one(result);
}

double halfAt(const uint8_t *bytes) {
  Tensor half(DType::F16, {1});
  std::memcpy(half.mutableData(), bytes, 2);
  return half.at(0);
}

/// The values of a cache whose rows hold `width` elements: itself unless they are bytes.
Tensor decoded(const Tensor &cache, int64_t width) {
  if (cache.dtype() != DType::U8)
    return cache;
  const auto *bytes = reinterpret_cast<const uint8_t *>(cache.data());
  int64_t rows = cache.shape()[0] * cache.shape()[1], rowBytes = cache.shape()[2];
  Tensor values(DType::F32, {cache.shape()[0], cache.shape()[1], width});
  for (int64_t row = 0; row < rows; ++row, bytes += rowBytes)
    for (int64_t d = 0; d < width; ++d) {
      const uint8_t *scale = bytes + (width + 1) / 2 * 2 + d / 32 * 2;
      values.set(row * width + d, halfAt(scale) * static_cast<int8_t>(bytes[d]));
    }
  return values;
}

/// x[width] -> a row of bytes, its scales behind it.
void encodeRow(llvm::ArrayRef<float> x, uint8_t *row) {
  for (size_t begin = 0; begin < x.size(); begin += 32) {
    float block[32] = {};
    int16_t q[32];
    llvm::copy(x.slice(begin, std::min<size_t>(32, x.size() - begin)), block);
    Tensor scale(DType::F16, {1});
    scale.set(0, static_cast<double>(quant::quantizeBlock(block, 8, q)));
    for (size_t i = begin; i < std::min(begin + 32, x.size()); ++i)
      row[i] = static_cast<uint8_t>(q[i - begin]);
    std::memcpy(row + (x.size() + 1) / 2 * 2 + begin / 16, scale.data(), 2);
  }
}

llvm::FailureOr<Results> cacheAppend(Operation *op, ArrayRef<Tensor> operands, std::string &) {
  Tensor result = operands[0];
  const Tensor &rows = operands[1];
  int64_t heads = result.shape()[0], length = result.shape()[1], width = rows.shape()[2], from = positionOf(operands[2]);
  bool ring = cast<nn::CacheAppendOp>(op).getRing(), isBytes = result.dtype() == DType::U8;
  for (int64_t m = 0; m < rows.shape()[0] && (ring || from + m < length); ++m)
    for (int64_t h = 0; h < heads; ++h) {
      if (isBytes) {
        std::vector<float> row;
        for (int64_t d = 0; d < width; ++d)
          row.push_back(static_cast<float>(rows.at((m * heads + h) * width + d)));
        encodeRow(row, reinterpret_cast<uint8_t *>(result.mutableData()) + (h * length + (from + m) % length) * result.shape()[2]);
        continue;
      }
      for (int64_t d = 0; d < width; ++d)
        result.set((h * length + (from + m) % length) * width + d, rows.at((m * heads + h) * width + d));
    }
  return one(result);
}

/// The weights of positions first .. first + n - 1 for one query row: softmax of its scores, and of the sink if there is one.
std::vector<double> attentionWeights(nn::CachedAttentionOp op, ArrayRef<Tensor> operands, int64_t query, int64_t head, int64_t first, int64_t n) {
  const Tensor &q = operands[0], &k = operands[1];
  int64_t width = q.shape()[2], length = k.shape()[1];
  double scale = op.getScale().convertToDouble(), cap = op.getSoftcap().convertToDouble(), largest = -INFINITY, sum = 0;
  std::vector<double> weights(static_cast<size_t>(n));
  for (int64_t t = 0; t < n; ++t) {
    double dot = 0;
    for (int64_t d = 0; d < width; ++d)
      dot += q.at(query * width + d) * k.at((head * length + (first + t) % length) * width + d);
    double score = cap > 0 ? cap * std::tanh(dot * scale / cap) : dot * scale;
    weights[static_cast<size_t>(t)] = score;
    largest = std::max(largest, score);
  }
  if (operands.size() > 4) {
    double sink = operands[4].at(query % q.shape()[1]);
    largest = std::max(largest, sink);
    sum = std::exp(sink - largest);
  }
  for (double &weight : weights)
    sum += weight = std::exp(weight - largest);
  for (double &weight : weights)
    weight /= sum;
  return weights;
}

struct Seen {
  int64_t first, end;
};

/// The positions that query row m sees.
Seen seenBy(nn::CachedAttentionOp op, int64_t m, int64_t position) {
  int64_t length = op.getKey().getType().getDimSize(1), window = static_cast<int64_t>(op.getWindow());
  if (op.getWhole()) {
    int64_t last = std::min(position, length - 1), at = std::min(m, last), reach = window > 0 ? window / 2 : length;
    return {std::max<int64_t>(at - reach, 0), std::min(at + reach, last) + 1};
  }
  int64_t end = (op.getRing() ? position + m : std::min(position + m, length - 1)) + 1;
  return {window > 0 ? std::max<int64_t>(end - window, 0) : 0, end};
}

llvm::FailureOr<Results> cachedAttention(Operation *op, ArrayRef<Tensor> given, std::string &) {
  auto attention = cast<nn::CachedAttentionOp>(op);
  int64_t valueWidth = attention.getResult().getType().getDimSize(2);
  llvm::SmallVector<Tensor, 4> operands(given);
  operands[1] = decoded(given[1], given[0].shape()[2]);
  operands[2] = decoded(given[2], valueWidth);
  const Tensor &q = operands[0], &v = operands[2];
  int64_t heads = q.shape()[1], group = heads / v.shape()[0], length = v.shape()[1], width = v.shape()[2];
  Tensor result = resultOf(op);
  for (int64_t query = 0; query < q.shape()[0] * heads; ++query) {
    auto [first, end] = seenBy(attention, query / heads, positionOf(operands[3]));
    int64_t head = query % heads / group;
    std::vector<double> weights = attentionWeights(attention, operands, query, head, first, end - first);
    for (int64_t e = 0; e < width; ++e) {
      double sum = 0;
      for (int64_t t = first; t < end; ++t)
        sum += weights[static_cast<size_t>(t - first)] * v.at((head * length + t % length) * width + e);
      result.set(query * width + e, sum);
    }
  }
  return one(result);
}

} // namespace

void addSequence(RuleTable &table) {
  table["nn.rope"] = rope;
  table["nn.cache_append"] = cacheAppend;
  table["nn.cached_attention"] = cachedAttention;
}

} // namespace ingot::reference
