// nn.reduce, nn.arg_reduce, nn.cumulate and nn.top_k: values of some axes, taken group by group.
#include "compiler/reference/Rules.h"

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace mlir;
using llvm::ArrayRef;

namespace ingot::reference {
namespace {

using nn::ReduceKind;

template <typename T> bool isNan(T value) { return value != value; }

/// The elements of group `g`, in order.
template <typename T> std::vector<T> groupValues(const Tensor &input, const Groups &groups, int64_t g) {
  std::vector<T> values(static_cast<size_t>(groups.size));
  for (int64_t i = 0; i < groups.size; ++i)
    values[static_cast<size_t>(i)] = get<T>(input, groups.offsets[static_cast<size_t>(g * groups.size + i)]);
  return values;
}

/// The largest or smallest value; NaN when there is one; `neutral` of no values.
template <typename T> T extreme(const std::vector<T> &values, bool largest, T neutral) {
  T best = neutral;
  for (T value : values)
    if (isNan(value) || (!isNan(best) && (largest ? value > best : value < best)))
      best = value;
  return best;
}

double logSumExp(const std::vector<double> &values) {
  double top = extreme(values, true, -HUGE_VAL);
  if (!std::isfinite(top))
    return top;
  double sum = 0;
  for (double value : values)
    sum += std::exp(value - top);
  return top + std::log(sum);
}

double reduceFloats(ReduceKind kind, const std::vector<double> &values) {
  double sum = 0, product = 1, absolute = 0, square = 0;
  for (double value : values) {
    sum += value;
    product *= value;
    absolute += std::fabs(value);
    square += value * value;
  }
  switch (kind) {
  case ReduceKind::sum: return sum;
  case ReduceKind::mean: return sum / static_cast<double>(values.size());
  case ReduceKind::max: return extreme(values, true, -HUGE_VAL);
  case ReduceKind::min: return extreme(values, false, HUGE_VAL);
  case ReduceKind::prod: return product;
  case ReduceKind::l1: return absolute;
  case ReduceKind::l2: return std::sqrt(square);
  case ReduceKind::sum_square: return square;
  case ReduceKind::log_sum: return std::log(sum);
  case ReduceKind::log_sum_exp: return logSumExp(values);
  }
  return sum;
}

/// The smallest and largest value of an integer type, in its lane.
template <typename T> std::pair<T, T> intLimits(unsigned bits) {
  if (std::is_signed_v<T>)
    return {static_cast<T>(uint64_t(1) << 63) >> (64 - bits), static_cast<T>(~uint64_t(0) >> (65 - bits))};
  return {T(0), static_cast<T>(~uint64_t(0) >> (64 - bits))};
}

/// Exact kinds modulo 2^64; nullopt for those that need a real function.
template <typename T> std::optional<T> reduceInts(ReduceKind kind, const std::vector<T> &values, std::pair<T, T> limits) {
  uint64_t sum = 0, product = 1, absolute = 0, square = 0;
  for (T value : values) {
    uint64_t bits = static_cast<uint64_t>(value);
    sum += bits;
    product *= bits;
    absolute += value < T(0) ? uint64_t(0) - bits : bits;
    square += bits * bits;
  }
  switch (kind) {
  case ReduceKind::sum: return static_cast<T>(sum);
  case ReduceKind::mean: return values.empty() ? T(0) : static_cast<T>(static_cast<T>(sum) / static_cast<T>(values.size()));
  case ReduceKind::max: return extreme(values, true, limits.first);
  case ReduceKind::min: return extreme(values, false, limits.second);
  case ReduceKind::prod: return static_cast<T>(product);
  case ReduceKind::l1: return static_cast<T>(absolute);
  case ReduceKind::sum_square: return static_cast<T>(square);
  default: return std::nullopt;
  }
}

llvm::FailureOr<Results> reduce(Operation *op, ArrayRef<Tensor> operands, std::string &) {
  auto reduce = cast<nn::ReduceOp>(op);
  const Tensor &input = operands[0];
  ReduceKind kind = reduce.getKind();
  Tensor result = resultOf(op);
  result.mutableData();
  Groups groups = groupBy(input.shape(), reduce.getAxes());
  unsigned bits = cast<RankedTensorType>(op->getOperand(0).getType()).getElementTypeBitWidth();
  withLane(input.dtype(), [&](auto zero) {
    using T = decltype(zero);
    for (int64_t g = 0; g < groups.count; ++g) {
      if constexpr (!std::is_same_v<T, double>) {
        auto value = reduceInts<T>(kind, groupValues<T>(input, groups, g), intLimits<T>(bits));
        if (value) {
          put(result, g, *value);
          continue;
        }
      }
      result.set(g, reduceFloats(kind, groupValues<double>(input, groups, g)));
    }
  });
  return one(result);
}

/// Position of the extreme value; a NaN wins over every number.
template <typename T> int64_t argExtreme(const std::vector<T> &values, bool smallest, bool last) {
  size_t best = 0;
  for (size_t i = 1; i < values.size(); ++i) {
    T value = values[i], current = values[best];
    bool better = isNan(value) ? !isNan(current) : smallest ? value < current : value > current;
    bool equal = value == current || (isNan(value) && isNan(current));
    if (better || (last && equal))
      best = i;
  }
  return static_cast<int64_t>(best);
}

llvm::FailureOr<Results> argReduce(Operation *op, ArrayRef<Tensor> operands, std::string &why) {
  auto arg = cast<nn::ArgReduceOp>(op);
  Tensor result = resultOf(op);
  Groups groups = groupBy(operands[0].shape(), {static_cast<int64_t>(arg.getAxis())});
  if (groups.size == 0 && groups.count != 0)
    return refuse(why, "nn.arg_reduce has no element to point to on an empty axis");
  withLane(operands[0].dtype(), [&](auto zero) {
    for (int64_t g = 0; g < groups.count; ++g)
      result.setInt(g, argExtreme(groupValues<decltype(zero)>(operands[0], groups, g), arg.getSmallest(), arg.getLast()));
  });
  return one(result);
}

template <typename T> T accumulate(bool product, T total, T value) {
  if constexpr (std::is_same_v<T, double>)
    return product ? total * value : total + value;
  else
    return static_cast<T>(product ? static_cast<uint64_t>(total) * static_cast<uint64_t>(value)
                                  : static_cast<uint64_t>(total) + static_cast<uint64_t>(value));
}

llvm::FailureOr<Results> cumulate(Operation *op, ArrayRef<Tensor> operands, std::string &) {
  auto cumulate = cast<nn::CumulateOp>(op);
  Tensor result = resultOf(op);
  Groups groups = groupBy(operands[0].shape(), {static_cast<int64_t>(cumulate.getAxis())});
  bool product = cumulate.getProduct();
  withLane(operands[0].dtype(), [&](auto zero) {
    using T = decltype(zero);
    for (int64_t g = 0; g < groups.count; ++g) {
      T total = product ? T(1) : T(0);
      for (int64_t i = 0; i < groups.size; ++i) {
        int64_t step = cumulate.getReverse() ? groups.size - 1 - i : i;
        int64_t at = groups.offsets[static_cast<size_t>(g * groups.size + step)];
        T next = accumulate<T>(product, total, get<T>(operands[0], at));
        put<T>(result, at, cumulate.getExclusive() ? total : next);
        total = next;
      }
    }
  });
  return one(result);
}

/// Positions of `values` in sorted order, equal ones by position; NaN counts as larger than every number.
template <typename T> std::vector<int64_t> sortedPositions(const std::vector<T> &values, bool smallest) {
  std::vector<int64_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  auto less = [](T a, T b) { return isNan(b) ? !isNan(a) : a < b; }; // NaN is above every number
  std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    T left = values[static_cast<size_t>(a)], right = values[static_cast<size_t>(b)];
    if (less(left, right) || less(right, left))
      return smallest == less(left, right);
    return a < b;
  });
  return order;
}

llvm::FailureOr<Results> topK(Operation *op, ArrayRef<Tensor> operands, std::string &) {
  auto top = cast<nn::TopKOp>(op);
  int64_t axis = static_cast<int64_t>(top.getAxis());
  Tensor values = resultOf(op, 0), indices = resultOf(op, 1);
  Groups from = groupBy(operands[0].shape(), {axis});
  Groups to = groupBy(values.shape(), {axis});
  withLane(operands[0].dtype(), [&](auto zero) {
    for (int64_t g = 0; g < to.count; ++g) {
      std::vector<int64_t> order = sortedPositions(groupValues<decltype(zero)>(operands[0], from, g), top.getSmallest());
      for (int64_t i = 0; i < to.size; ++i) {
        int64_t position = order[static_cast<size_t>(i)];
        int64_t out = to.offsets[static_cast<size_t>(g * to.size + i)];
        copyElement(operands[0], from.offsets[static_cast<size_t>(g * from.size + position)], values, out);
        indices.setInt(out, position);
      }
    }
  });
  return Results{values, indices};
}

} // namespace

void addReduce(RuleTable &table) {
  table["nn.reduce"] = reduce;
  table["nn.arg_reduce"] = argReduce;
  table["nn.cumulate"] = cumulate;
  table["nn.top_k"] = topK;
}

} // namespace ingot::reference
