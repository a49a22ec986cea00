// The constant operands of MatMulNBits and GatherBlockQuantized, checked: weights, scales and zero points as quant.nbits_matmul takes them.
#ifndef INGOT_COMPILER_IMPORT_ONNX_NBITSOPERANDS_H
#define INGOT_COMPILER_IMPORT_ONNX_NBITSOPERANDS_H

#include "compiler/import/onnx/OpHelpers.h"

namespace ingot {

struct NbitsOperands {
  int64_t rows, blocks, blockBytes, bits; // what the attributes and shapes say
  mlir::Value weights;                    // ui8 [rows, blocks, blockBytes]
  mlir::Value scales, zeros;              // zeros may be null

  /// Reads operands w, s and z (absent: no zero points) of the node; false and refused when they are computed or do not fit.
  bool read(OnnxNode &node, int64_t w, int64_t s, int64_t z);
  /// The same from constants at hand: weights ui8 of the right size, zero points packed or null.
  bool take(OnnxNode &node, const Tensor &packed, mlir::Value scale, std::optional<Tensor> zero);
};

} // namespace ingot

#endif
