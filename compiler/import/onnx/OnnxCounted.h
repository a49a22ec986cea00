// A node some of whose operands have an extent that depends on data, and the rules for operators that do more than hand it on (OnnxExtents.cpp).
// Every such value is as long on its axis as the extent can be at most; what lies behind the extent is unspecified. Private to import/onnx.
#ifndef INGOT_COMPILER_IMPORT_ONNX_ONNXCOUNTED_H
#define INGOT_COMPILER_IMPORT_ONNX_ONNXCOUNTED_H

#include "compiler/import/onnx/OnnxNumbers.h"
#include "compiler/import/onnx/OpHelpers.h"

namespace ingot {

/// How much of a value there is at run time.
struct OnnxExtent {
  int64_t axis;
  mlir::Value count; // i64 scalar, made by OnnxNumbers::value
};

struct OnnxCounted {
  struct Result {
    mlir::Value value;
    int64_t axis = -1; // which is shorter at run time; -1: none
    OnnxSum count = {};
  };
  OnnxNode &node;
  OnnxNumbers &numbers;
  const llvm::DenseMap<mlir::Value, OnnxExtent> &extents;

  const OnnxExtent *extent(int64_t i) const {
    auto found = node.input(i) ? extents.find(node.input(i)) : extents.end();
    return found == extents.end() ? nullptr : &found->second;
  }
  /// How many entries operand i has on `axis`.
  OnnxSum entries(int64_t i, int64_t axis) const {
    const OnnxExtent *counted = extent(i);
    return counted && counted->axis == axis ? numbers.sum(counted->count) : OnnxSum{node.shape(node.input(i))[axis]};
  }
  /// True for entries in front of the count: [1 .. n .. 1], n on the extent's axis.
  mlir::Value inFront(const OnnxExtent &extent, int64_t n, int64_t rank) const {
    return node.binary(nn::BinaryKind::less, iota(node, n, extent.axis, rank), extent.count);
  }
  /// Operand i with `neutral` behind the count.
  mlir::Value masked(int64_t i, mlir::Value neutral) const;
  /// Where the operator's own rule finds entries: the operand in which none is found behind the count, and what takes its place.
  std::optional<std::pair<int64_t, mlir::Value>> silenced() const;
};

/// Results of a node in order; nullopt when the node is none of the rule's.
using OnnxCountedResults = std::optional<llvm::SmallVector<OnnxCounted::Result, 2>>;
inline OnnxCountedResults oneResult(mlir::Value value, int64_t axis = -1, OnnxSum count = {}) {
  return {{OnnxCounted::Result{value, axis, std::move(count)}}};
}
using OnnxCountedFn = OnnxCountedResults (*)(const OnnxCounted &);

/// Where extents are numbers or cut and join values (OnnxCounts.cpp); null for other operators.
OnnxCountedFn countingRule(llvm::StringRef op);
/// Where entries are mixed along the axis, so that what lies behind the count must not take part (OnnxBehind.cpp); null for other operators.
OnnxCountedFn mixingRule(llvm::StringRef op);

} // namespace ingot

#endif
