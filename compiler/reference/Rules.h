// Private to the reference evaluator: the table of rules (one for each op name), and the small tools they share, in three groups:
// element lanes (double, int64_t, uint64_t), axis tables that turn movement into a list of offsets, and result tensors.
#ifndef INGOT_COMPILER_REFERENCE_RULES_H
#define INGOT_COMPILER_REFERENCE_RULES_H

#include "compiler/reference/Tensor.h"
#include "dialects/nn/Nn.h"
#include "dialects/quant/Quant.h"

#include "mlir/IR/Operation.h"
#include "llvm/ADT/StringMap.h"

namespace ingot::reference {

using Results = llvm::SmallVector<Tensor, 2>;
/// The operands have the types the op says, every type has a DType, and the op has been verified.
using Rule = llvm::FailureOr<Results> (*)(mlir::Operation *op, llvm::ArrayRef<Tensor> operands, std::string &why);
using RuleTable = llvm::StringMap<Rule>;

void addUnary(RuleTable &table);
void addBinary(RuleTable &table);
void addMovement(RuleTable &table);
void addIndex(RuleTable &table);
void addReduce(RuleTable &table);
void addNormalize(RuleTable &table);
void addContract(RuleTable &table);
void addPool(RuleTable &table);
void addResize(RuleTable &table);
void addRoiAlign(RuleTable &table);
void addRnn(RuleTable &table);
void addQuant(RuleTable &table);
void addSequence(RuleTable &table);
void addSuppress(RuleTable &table);
void addBlocks(RuleTable &table);
void addNbits(RuleTable &table);

// ---- results ----

/// A zero-filled tensor of result `index`'s type.
Tensor resultOf(mlir::Operation *op, unsigned index = 0);
Results one(Tensor tensor);
llvm::LogicalResult refuse(std::string &why, const llvm::Twine &reason);

// ---- lanes: how elements are computed. bool and unsigned use uint64_t, so that every integer is exact ----

template <typename T> T get(const Tensor &tensor, int64_t i) {
  if constexpr (std::is_same_v<T, double>)
    return tensor.at(i);
  else
    return static_cast<T>(tensor.intAt(i));
}

template <typename T> void put(Tensor &tensor, int64_t i, T value) {
  if constexpr (std::is_same_v<T, double>)
    tensor.set(i, value);
  else
    tensor.setInt(i, static_cast<int64_t>(value));
}

template <typename T> std::vector<T> load(const Tensor &tensor) {
  std::vector<T> values(static_cast<size_t>(tensor.count()));
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = get<T>(tensor, static_cast<int64_t>(i));
  return values;
}

/// Fills `tensor`, rounding each value once. Sizes agree.
template <typename T> void store(Tensor &tensor, const std::vector<T> &values) {
  tensor.mutableData();
  for (size_t i = 0; i < values.size(); ++i)
    put<T>(tensor, static_cast<int64_t>(i), values[i]);
}

/// Calls f(T()) with the lane of `type`.
template <typename F> auto withLane(DType type, F f) {
  if (isFloat(type))
    return f(double());
  return isSignedInt(type) ? f(int64_t()) : f(uint64_t());
}

// ---- axis tables ----

/// Row-major strides in elements.
std::vector<int64_t> stridesOf(llvm::ArrayRef<int64_t> shape);

/// What each coordinate of one axis adds to an offset; kOutside makes the whole element lie outside.
using AxisTable = std::vector<int64_t>;
constexpr int64_t kOutside = -1;

/// The sum of one entry a table for every combination of coordinates, row-major; kOutside where any entry is.
std::vector<int64_t> combine(llvm::ArrayRef<AxisTable> tables);
/// For each element of `result` (row-major) the offset in an operand of `shape` that broadcasts to it.
std::vector<int64_t> broadcastOffsets(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> result);

/// Offsets of a tensor's elements such that those that differ only on `axes` are neighbours: groups of `size`, groups in the
/// row-major order of the other axes.
struct Groups {
  std::vector<int64_t> offsets;
  int64_t count = 0;
  int64_t size = 1;
};
Groups groupBy(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> axes);

/// Copies element offsets[i] of `from` to element i of `to` (one element type); kOutside leaves `to` as it is.
void copyElements(const Tensor &from, llvm::ArrayRef<int64_t> offsets, Tensor &to);
/// Copies one element.
void copyElement(const Tensor &from, int64_t at, Tensor &to, int64_t index);

} // namespace ingot::reference

#endif
