// What the attention operators of ONNX and of com.microsoft share: heads, masks as biases, rotation. Null values and refused nodes pass through.
#ifndef INGOT_COMPILER_IMPORT_ONNX_ATTENTIONPARTS_H
#define INGOT_COMPILER_IMPORT_ONNX_ATTENTIONPARTS_H

#include "compiler/import/onnx/OpHelpers.h"

#include <limits>

namespace ingot {

constexpr double kMinusInfinity = -std::numeric_limits<double>::infinity();

/// [B, T, H D] -> [B, H, T, D]; rank 4 stays.
mlir::Value splitHeads(OnnxNode &node, mlir::Value x, int64_t heads);
/// [B, H, T, D] -> [B, T, H D].
mlir::Value joinHeads(OnnxNode &node, mlir::Value x);
/// [B, G, S, D] -> [B, G n, S, D], each head n times in a row.
mlir::Value repeatHeads(OnnxNode &node, mlir::Value x, int64_t n);
/// bias + more; a null bias is zero.
mlir::Value addTo(OnnxNode &node, mlir::Value bias, mlir::Value more);
/// 0 where `allowed`, `masked` elsewhere.
mlir::Value biasWhere(OnnxNode &node, mlir::Value allowed, DType type, double masked = kMinusInfinity);
/// Elements start, start + step ... of the last axis.
mlir::Value slicedLast(OnnxNode &node, mlir::Value x, int64_t start, int64_t size, int64_t step = 1);
/// Turns the first 2 half elements of every head [B, H, T, D] by tables that broadcast to [B, H, T, half]; pairs are neighbours or halves.
mlir::Value rotateHeads(OnnxNode &node, mlir::Value heads, mlir::Value cosine, mlir::Value sine, bool interleaved);

} // namespace ingot

#endif
