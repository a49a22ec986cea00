// What the entry points of a module share: the weights segment and the state memory. Each tensor has one place, whichever entry names it.
#ifndef INGOT_PASSES_PLAN_SHAREDMEMORY_H
#define INGOT_PASSES_PLAN_SHAREDMEMORY_H

#include "dialects/nn/Nn.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"

namespace ingot {

class WeightStore;

/// Bytes of a tensor on the device.
int64_t bytesOf(mlir::Value value);

class SharedMemory {
public:
  /// `store` takes constants that are too many for the IR; it may be null.
  explicit SharedMemory(WeightStore *store) : store(store) {}

  /// The offset of an nn.weight or nn.constant; the first to ask decides where it is. Equal constants are one.
  int64_t placeWeight(mlir::Operation *op);
  /// The offset of an nn.state; nullopt when another op gave the name another type.
  std::optional<int64_t> placeState(nn::StateOp op);
  /// Attributes `deploy.weights`, `deploy.weights_bytes`, `deploy.states`, `deploy.state_bytes`.
  void write(mlir::ModuleOp module) const;

private:
  struct Entry {
    std::string name;
    int64_t offset, bytes;
  };
  static int64_t place(std::vector<Entry> &list, llvm::StringMap<size_t> &index, llvm::StringRef name, int64_t bytes);
  static mlir::ArrayAttr listOf(llvm::ArrayRef<Entry> list, mlir::MLIRContext *context);
  static int64_t endOf(llvm::ArrayRef<Entry> list);
  std::string nameOf(mlir::Operation *op);

  WeightStore *store;
  std::vector<Entry> weights, states; // by offset
  llvm::StringMap<size_t> weightIndex, stateIndex;
  llvm::DenseMap<mlir::Attribute, std::string> constants; // looked up, never iterated
  llvm::StringMap<mlir::Type> stateTypes;
};

} // namespace ingot

#endif
