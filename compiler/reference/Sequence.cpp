// Rotary positions, caches, attention and convolutions over them, recurrences, in double from the formulas of dialects/nn/SequenceOps.td.
#include "compiler/reference/Rules.h"

#include "dialects/quant/BlockFormats.h"

#include <algorithm>
#include <cmath>
#include <cstring>

using namespace mlir;
using llvm::ArrayRef;

namespace ingot::reference {
namespace {

/// Where row m stands: behind the first, or where its own element says.
int64_t positionOf(const Tensor &position, int64_t m) {
  bool isOwn = position.count() > 1;
  return std::max<int64_t>(position.intAt(isOwn ? m : 0), 0) + (isOwn ? 0 : m);
}
/// The sequence of row m, 0 where there is but one (null); negative: none.
int64_t sequenceOf(const Tensor *sequence, int64_t m, int64_t count) {
  int64_t at = sequence ? sequence->intAt(sequence->count() > 1 ? m : 0) : 0;
  return at < count ? at : -1;
}
/// Extents of a cache [S, H, T, D]; without an axis for sequences S is 1.
struct CacheShape {
  explicit CacheShape(llvm::ArrayRef<int64_t> shape) : sequences(shape.size() == 4 ? shape[0] : 1), heads(shape.take_back(3)[0]), length(shape.take_back(3)[1]) {}
  int64_t sequences, heads, length;
};

llvm::FailureOr<Results> rope(Operation *op, ArrayRef<Tensor> operands, std::string &) {
  const Tensor &x = operands[0], &table = operands[1];
  bool halves = cast<nn::RopeOp>(op).getPairs() == nn::RopePairs::halves;
  int64_t heads = x.shape()[1], width = x.shape()[2], last = table.shape()[0] - 1, pairs = table.shape()[1] / 2;
  Tensor result = x; // elements beyond the table's pairs stay
  for (int64_t row = 0; row < x.shape()[0] * heads; ++row) {
    int64_t at = std::min(positionOf(operands[2], row / heads), last) * table.shape()[1];
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
  llvm::SmallVector<int64_t> shape(cache.shape());
  int64_t rowBytes = shape.back(), rows = cache.count() / rowBytes;
  shape.back() = width;
  Tensor values(DType::F32, shape);
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

/// x[width] into row `at` of a cache.
void putRow(Tensor &cache, int64_t at, llvm::ArrayRef<float> x) {
  if (cache.dtype() == DType::U8)
    return encodeRow(x, reinterpret_cast<uint8_t *>(cache.mutableData()) + at * cache.shape().back());
  for (size_t d = 0; d < x.size(); ++d)
    cache.set(at * static_cast<int64_t>(x.size()) + static_cast<int64_t>(d), static_cast<double>(x[d]));
}

llvm::FailureOr<Results> cacheAppend(Operation *op, ArrayRef<Tensor> operands, std::string &) {
  Tensor result = operands[0];
  const Tensor &rows = operands[1], *sequences = operands.size() > 3 ? &operands[3] : nullptr;
  CacheShape cache(result.shape());
  int64_t width = rows.shape()[2];
  bool ring = cast<nn::CacheAppendOp>(op).getRing();
  for (int64_t m = 0; m < rows.shape()[0]; ++m) {
    int64_t t = positionOf(operands[2], m), sequence = sequenceOf(sequences, m, cache.sequences);
    if ((!ring && t >= cache.length) || sequence < 0)
      continue;
    for (int64_t h = 0; h < cache.heads; ++h) {
      std::vector<float> row;
      for (int64_t d = 0; d < width; ++d)
        row.push_back(static_cast<float>(rows.at((m * cache.heads + h) * width + d)));
      putRow(result, (sequence * cache.heads + h) * cache.length + t % cache.length, row);
    }
  }
  return one(result);
}

/// One query row: where in the caches its head begins, and the positions first .. end - 1 that it sees.
struct Seen {
  int64_t rows, first, end, at; // and where the query stands
};

/// What a score of a head loses by each position that lies between.
double slopeOf(nn::CachedAttentionOp op, int64_t head, int64_t heads) {
  double bias = op.getAlibi().convertToDouble(), n = static_cast<double>(llvm::bit_floor(static_cast<uint64_t>(heads))), place = static_cast<double>(head);
  return bias == 0 ? 0 : std::exp2(-bias * (place < n ? place + 1 : place - n + 0.5) / n);
}

/// The weights of what one query row sees: softmax of its scores, and of the sink if there is one. `sinks` may be null.
std::vector<double> attentionWeights(nn::CachedAttentionOp op, const Tensor &q, int64_t query, const Tensor &k, Seen seen, const Tensor *sinks) {
  double slope = slopeOf(op, query % q.shape()[1], q.shape()[1]);
  int64_t width = q.shape()[2], length = CacheShape(k.shape()).length;
  double scale = op.getScale().convertToDouble(), cap = op.getSoftcap().convertToDouble(), largest = -INFINITY, sum = 0;
  std::vector<double> weights;
  for (int64_t t = seen.first; t < seen.end; ++t) {
    double dot = 0;
    for (int64_t d = 0; d < width; ++d)
      dot += q.at(query * width + d) * k.at((seen.rows + t % length) * width + d);
    weights.push_back((cap > 0 ? cap * std::tanh(dot * scale / cap) : dot * scale) - slope * static_cast<double>(std::abs(seen.at - t)));
    largest = std::max(largest, weights.back());
  }
  if (sinks) {
    double sink = sinks->at(query % q.shape()[1]);
    largest = std::max(largest, sink);
    sum = std::exp(sink - largest);
  }
  for (double &weight : weights)
    sum += weight = std::exp(weight - largest);
  for (double &weight : weights)
    weight /= sum;
  return weights;
}

/// What query row m, at `position`, sees of a cache whose rows begin at `rows`.
Seen seenBy(nn::CachedAttentionOp op, int64_t m, int64_t position, int64_t rows) {
  int64_t length = CacheShape(op.getKey().getType().getShape()).length, window = static_cast<int64_t>(op.getWindow());
  if (op.getWhole()) {
    int64_t last = std::min(position - m, length - 1), at = std::min(m, last), reach = window > 0 ? window / 2 : length;
    return {rows, std::max<int64_t>(at - reach, 0), std::min(at + reach, last) + 1, at};
  }
  int64_t end = (op.getRing() ? position : std::min(position, length - 1)) + 1;
  int64_t first = op.getPiecewise() ? (end - 1) / window * window : window > 0 ? std::max<int64_t>(end - window, 0) : 0;
  return {rows, first, end, position};
}

llvm::FailureOr<Results> cachedAttention(Operation *op, ArrayRef<Tensor> operands, std::string &) {
  auto attention = cast<nn::CachedAttentionOp>(op);
  Tensor result = resultOf(op);
  int64_t width = result.shape()[2];
  const Tensor &q = operands[0], *sequences = attention.getSequence() ? &operands[4] : nullptr, *sinks = attention.getSinks() ? &operands.back() : nullptr;
  Tensor k = decoded(operands[1], q.shape()[2]), v = decoded(operands[2], width);
  CacheShape cache(v.shape());
  int64_t heads = q.shape()[1], group = heads / cache.heads;
  for (int64_t query = 0; query < q.shape()[0] * heads; ++query) {
    int64_t m = query / heads, sequence = sequenceOf(sequences, m, cache.sequences);
    if (sequence < 0)
      continue; // zeros
    Seen seen = seenBy(attention, m, positionOf(operands[3], m), (sequence * cache.heads + query % heads / group) * cache.length);
    std::vector<double> weights = attentionWeights(attention, q, query, k, seen, sinks);
    for (int64_t e = 0; e < width; ++e) {
      double sum = 0;
      for (int64_t t = seen.first; t < seen.end; ++t)
        sum += weights[static_cast<size_t>(t - seen.first)] * v.at((seen.rows + t % cache.length) * width + e);
      result.set(query * width + e, sum);
    }
  }
  return one(result);
}

/// Rows of one sequence that follow each other, among those of nn.causal_conv and nn.selective_scan.
struct StateStep {
  int64_t sequence, position, first, rows, count; // rows first .. first + rows - 1, of which `count` are no padding
};

/// The steps that `rows` rows are: one, or one a row; none of no sequence.
std::vector<StateStep> stepsOf(const Tensor &positions, const Tensor &sequences, const Tensor &counts, int64_t rows, int64_t all) {
  int64_t count = std::clamp<int64_t>(counts.intAt(0), 0, rows);
  bool isEach = positions.count() > 1;
  std::vector<StateStep> steps;
  for (int64_t m = 0; m < (isEach ? rows : 1); ++m)
    if (int64_t sequence = sequenceOf(&sequences, m, all); sequence >= 0)
      steps.push_back({sequence, positionOf(positions, m), m, isEach ? 1 : rows, isEach ? m < count : count});
  return steps;
}

/// One step: its results, then its rows in the state.
void convolveStep(const StateStep &step, ArrayRef<Tensor> operands, Tensor &state, Tensor &result) {
  const Tensor &rows = operands[1], &filter = operands[2];
  int64_t kept = state.shape()[1], width = rows.shape()[1];
  auto place = [&](int64_t position) { return (step.sequence * kept + position % kept) * width; };
  for (int64_t m = 0; m < step.rows; ++m)
    for (int64_t e = 0; e < width; ++e) {
      double sum = 0;
      for (int64_t j = 0; j <= kept; ++j)
        if (int64_t i = m - kept + j; i >= 0)
          sum += filter.at(j * width + e) * rows.at((step.first + i) * width + e);
        else if (step.position + i >= 0)
          sum += filter.at(j * width + e) * state.at(place(step.position + i) + e);
      result.set((step.first + m) * width + e, sum);
    }
  for (int64_t m = std::max<int64_t>(step.count - kept, 0); m < step.count; ++m)
    for (int64_t e = 0; e < width; ++e)
      state.set(place(step.position + m) + e, rows.at((step.first + m) * width + e));
}

llvm::FailureOr<Results> causalConv(Operation *op, ArrayRef<Tensor> operands, std::string &) {
  Tensor state = operands[0], result = resultOf(op, 1);
  for (const StateStep &step : stepsOf(operands[3], operands[4], operands[5], operands[1].shape()[0], state.shape()[0]))
    convolveStep(step, operands, state, result);
  return Results{state, result};
}

/// One row of one head of nn.selective_scan: its matrix [N, P] in `s`, then its results.
void scanRow(std::vector<double> &s, ArrayRef<Tensor> operands, int64_t m, int64_t head, Tensor &result) {
  const Tensor &state = operands[0], &rows = operands[1];
  int64_t heads = state.shape()[1], length = state.shape()[2], width = state.shape()[3], all = rows.shape()[1];
  int64_t groups = (all - heads * width) / (2 * length), x = m * all + head * width, b = m * all + heads * width + head / (heads / groups) * length;
  double delta = operands[2].at(m * heads + head), factor = std::exp(delta * operands[3].at(head));
  for (int64_t p = 0; p < width; ++p) {
    double sum = rows.at(x + p) * operands[4].at(head);
    for (int64_t n = 0; n < length; ++n) {
      double &value = s[static_cast<size_t>(n * width + p)];
      value = value * factor + rows.at(b + n) * rows.at(x + p) * delta;
      sum += value * rows.at(b + groups * length + n);
    }
    result.set((m * heads + head) * width + p, sum);
  }
}

/// One row of one head of nn.gated_delta: its matrix [N, P] in `s`, then its results.
void deltaRow(std::vector<double> &s, nn::GatedDeltaOp op, ArrayRef<Tensor> operands, int64_t m, int64_t head, Tensor &result) {
  const Tensor &state = operands[0], &rows = operands[1];
  int64_t heads = state.shape()[1], length = state.shape()[2], width = state.shape()[3], all = rows.shape()[1], groups = (all - heads * width) / (2 * length);
  int64_t q = m * all + (op.getCyclic() ? head % groups : head / (heads / groups)) * length, k = q + groups * length, v = m * all + 2 * groups * length + head * width;
  double queries = 0, keys = 0, least = op.getEpsilon().convertToDouble(), decay = operands[2].at(m * heads + head), beta = operands[3].at(m * heads + head);
  for (int64_t n = 0; n < length; ++n)
    queries += rows.at(q + n) * rows.at(q + n), keys += rows.at(k + n) * rows.at(k + n);
  double ofKey = 1 / std::max(std::sqrt(keys), least), ofQuery = 1 / (std::max(std::sqrt(queries), least) * std::sqrt(static_cast<double>(length)));
  for (int64_t p = 0; p < width; ++p) {
    auto at = [&](int64_t n) -> double & { return s[static_cast<size_t>(n * width + p)]; };
    double known = 0, sum = 0;
    for (int64_t n = 0; n < length; ++n)
      known += (at(n) *= decay) * rows.at(k + n) * ofKey;
    for (int64_t n = 0; n < length; ++n)
      sum += (at(n) += rows.at(k + n) * ofKey * beta * (rows.at(v + p) - known)) * rows.at(q + n) * ofQuery;
    result.set((m * heads + head) * width + p, sum);
  }
}

/// Runs `row(matrix, m, head, result)` over the rows of each step of a recurrence, with each head's matrix in the state; positions, sequences and count are
/// the last operands.
template <typename Row>
Results recur(Operation *op, ArrayRef<Tensor> operands, Row row) {
  Tensor state = operands[0], result = resultOf(op, 1);
  ArrayRef<Tensor> places = operands.take_back(3);
  int64_t heads = state.shape()[1], size = state.shape()[2] * state.shape()[3];
  for (const StateStep &step : stepsOf(places[0], places[1], places[2], operands[1].shape()[0], state.shape()[0]))
    for (int64_t head = 0; head < heads && step.count > 0; ++head) {
      std::vector<double> s(static_cast<size_t>(size));
      int64_t place = (step.sequence * heads + head) * size;
      for (int64_t i = 0; i < size && step.position > 0; ++i)
        s[static_cast<size_t>(i)] = state.at(place + i);
      for (int64_t m = step.first; m < step.first + step.count; ++m)
        row(s, m, head, result);
      for (int64_t i = 0; i < size; ++i)
        state.set(place + i, s[static_cast<size_t>(i)]);
    }
  return Results{state, result};
}

llvm::FailureOr<Results> selectiveScan(Operation *op, ArrayRef<Tensor> operands, std::string &) {
  return recur(op, operands, [&](std::vector<double> &s, int64_t m, int64_t head, Tensor &result) { scanRow(s, operands, m, head, result); });
}

llvm::FailureOr<Results> gatedDelta(Operation *op, ArrayRef<Tensor> operands, std::string &) {
  auto delta = cast<nn::GatedDeltaOp>(op);
  return recur(op, operands, [&](std::vector<double> &s, int64_t m, int64_t head, Tensor &result) { deltaRow(s, delta, operands, m, head, result); });
}

} // namespace

void addSequence(RuleTable &table) {
  table["nn.rope"] = rope;
  table["nn.cache_append"] = cacheAppend;
  table["nn.cached_attention"] = cachedAttention;
  table["nn.causal_conv"] = causalConv;
  table["nn.selective_scan"] = selectiveScan;
  table["nn.gated_delta"] = gatedDelta;
}

} // namespace ingot::reference
