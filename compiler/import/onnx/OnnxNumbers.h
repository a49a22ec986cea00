// Integers that are known at run time only but have bounds: how many rows a mask leaves, what a shape is made of, where a slice ends. Each is a sum of
// numbers that the model computes, so that equal ones are recognised and `count + (12 - count)` is 12. Private to import/onnx.
#ifndef INGOT_COMPILER_IMPORT_ONNX_ONNXNUMBERS_H
#define INGOT_COMPILER_IMPORT_ONNX_ONNXNUMBERS_H

#include "compiler/import/onnx/OnnxOps.h"

#include <map>

namespace ingot {

/// constant + sum of factor x number.
struct OnnxSum {
  int64_t constant = 0;
  std::map<size_t, int64_t> terms = {}; // number -> factor, not 0

  bool known() const { return terms.empty(); }
  bool operator==(const OnnxSum &other) const { return constant == other.constant && terms == other.terms; }
  bool operator!=(const OnnxSum &other) const { return !(*this == other); }
  OnnxSum plus(const OnnxSum &other, int64_t factor = 1) const;
  OnnxSum times(int64_t factor) const { return OnnxSum().plus(*this, factor); }
  /// Nullopt unless it divides every part.
  std::optional<OnnxSum> over(int64_t divisor) const;
};

/// Both ends are included.
struct OnnxRange {
  int64_t low, high;
};

class OnnxNumbers {
public:
  /// Element `at` of a tensor of integers; nullopt when nothing bounds it.
  std::optional<OnnxSum> element(OnnxNode &node, mlir::Value value, int64_t at);
  /// The same for an i64 scalar that is known to lie within the range.
  OnnxSum within(OnnxNode &node, mlir::Value value, OnnxRange range);
  OnnxSum least(OnnxNode &node, const OnnxSum &a, const OnnxSum &b);
  OnnxSum most(OnnxNode &node, const OnnxSum &a, const OnnxSum &b);
  /// condition ? a : b, for a scalar condition.
  OnnxSum choice(OnnxNode &node, mlir::Value condition, const OnnxSum &a, const OnnxSum &b);
  /// ceil(sum / divisor) of a sum that is not negative.
  OnnxSum quotientUp(OnnxNode &node, const OnnxSum &sum, int64_t divisor);
  OnnxRange rangeOf(const OnnxSum &sum) const;
  /// Of all elements of a tensor of integers; nullopt when it is not known.
  std::optional<OnnxRange> rangeOf(OnnxNode &node, mlir::Value tensor) const;
  /// A short list of integers as a constant when all of them are known, though they were taken from one with numbers in it; else the value itself.
  mlir::Value settled(OnnxNode &node, mlir::Value value);
  /// An i64 scalar; the same one for equal sums.
  mlir::Value value(OnnxNode &node, const OnnxSum &sum);
  /// What a result of `value` stands for.
  const OnnxSum &sum(mlir::Value count) const { return sums.find(count)->second; }

private:
  struct Number {
    mlir::Value value;
    OnnxRange range;
  };
  std::optional<OnnxSum> compute(OnnxNode &node, mlir::Operation *op, int64_t at);
  std::optional<OnnxSum> sumOf(OnnxNode &node, mlir::Value value, int64_t at);
  std::optional<bool> decided(OnnxNode &node, mlir::Value condition, int64_t at);
  std::optional<OnnxSum> reduced(OnnxNode &node, mlir::Operation *op);
  std::optional<OnnxRange> boundsOf(OnnxNode &node, mlir::Value tensor, int &steps) const;
  std::optional<OnnxSum> near(OnnxSum sum) const;
  std::optional<OnnxSum> scaledBy(const OnnxSum &sum, int64_t factor) const;
  OnnxSum chosen(OnnxNode &node, nn::BinaryKind kind, const OnnxSum &a, const OnnxSum &b);

  int left = 0; // operations that may still be looked at for one sum
  std::vector<Number> numbers;
  std::vector<mlir::Value> values;           // made by `value`
  llvm::DenseMap<mlir::Value, OnnxSum> sums; // of those; looked up, never iterated
};

} // namespace ingot

#endif
