// How one nn or quant op becomes kernel ops: the registry that LowerToKernels walks. One file (or a row in a family file) an op, in
// passes/lower/ops/*.cpp; each defines `void registerXxx(LowerRegistry &)`, found by CMake from the file's name Xxx.cpp.
#ifndef INGOT_PASSES_LOWER_LOWEROP_H
#define INGOT_PASSES_LOWER_LOWEROP_H

#include "compiler/weights/WeightStore.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/nn/Nn.h"
#include "dialects/quant/Quant.h"
#include "passes/Choices.h"
#include "passes/lower/WeightForms.h"

#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/StringMap.h"

#include <functional>

namespace ingot {

/// What a lowering may ask and use.
struct LowerContext {
  mlir::OpBuilder &builder; // stands right before the op
  WeightStore &store;
  int64_t workers;          // most workers the program may be run with
  WeightRequest *weights;   // how constant weights may be stored; null: plainly
  Choices *choices;         // what measurement may decide; null: the rules do

  /// The tensor behind a value when it is nn.constant, or nn.weight (recipes run; cheap only for small ones).
  std::optional<Tensor> constant(mlir::Value value) const;
  /// A weight made by a recipe from constant values: registers it in the store and returns the nn.weight that stands for it.
  /// The recipe sees the tensors behind `from` in order; equal ones give one weight (`calling`).
  mlir::Value packed(mlir::Location loc, llvm::StringRef name, DType type, llvm::ArrayRef<int64_t> shape, mlir::ValueRange from, std::string doc,
                     Making make) const;
  /// True when `packed` may be used on the value: an nn.constant or nn.weight.
  bool isConstant(mlir::Value value) const;
  /// The form of constant 8-bit weights, noted for the report; a remark at the op when zeros are stored all the same. Dense when nothing is known of
  /// the device.
  WeightChoice chooseWeightForm(mlir::Operation *op, const WeightUse &use, const StoredCounts &stored) const;
  /// Whether the device has kernels for packed 8-bit products and for 8-bit convolutions over lines. Where a target states no costs (shaders, DSPs) its own
  /// kernels are those for the plain forms. True without a device.
  bool packsBytes() const { return !weights || weights->costs; }
  /// Whether f32 tiles in scratch memory pay on the device: on CPUs with vectors, not for shaders and DSPs. True without a device.
  bool hasTiles() const { return packsBytes(); }
  bool hasMatrixRegisters() const { return weights && weights->costs && weights->costs->hasMatrixRegisters; }
  bool roundsToBf16() const { return weights && weights->costs && weights->costs->roundsToBf16; }
  /// Notes the zeros, when they are many, of constant weights that have no other form: f32 ones, and 8-bit ones on a device without kernels for it.
  void noteDense(mlir::Operation *op, mlir::Value weights) const;
  /// The result of a kernel that was chosen by a key (passes/Choices.h), so that its call can be found again; "": there was no choice.
  mlir::Value label(mlir::Value result, llvm::StringRef key) const;
  /// kernel.micro with one or more results.
  kernel::MicroOp micro(mlir::Location loc, llvm::StringRef row, mlir::TypeRange results, mlir::ValueRange inputs, llvm::ArrayRef<int64_t> params,
                        int64_t work, int64_t scratchBytes = 0) const;
};

/// Replaces the op: creates kernel ops and returns the values that take the results' place (same tensor types). Failure: `why` says
/// which types or forms have no kernel; the node is then reported as unsupported.
using LowerFn = std::function<llvm::FailureOr<llvm::SmallVector<mlir::Value, 2>>(mlir::Operation *op, LowerContext &context, std::string &why)>;

class LowerRegistry {
public:
  void add(llvm::StringRef opName, LowerFn fn) { table[opName] = std::move(fn); }
  const LowerFn *find(llvm::StringRef opName) const {
    auto it = table.find(opName);
    return it == table.end() ? nullptr : &it->second;
  }

private:
  llvm::StringMap<LowerFn> table;
};

/// The bit pattern of a float parameter (ukernel.h).
int64_t paramF32(double value);

} // namespace ingot

#endif
