// Block-quantised weights as lowerings use them: one packed form for products and for rows, whatever the entry point.
#ifndef INGOT_PASSES_LOWER_BLOCKWEIGHTS_H
#define INGOT_PASSES_LOWER_BLOCKWEIGHTS_H

#include "passes/lower/BlockPack.h"
#include "passes/lower/LowerOp.h"

namespace ingot {

/// Constant weights of some op: E matrices of N rows of K elements.
struct BlockWeights {
  PackFormat format;
  int64_t experts, n, k;
  mlir::Value packed; // nn.weight, bytes
};

/// Packs constant `weights` ui8 [(E,) N, B]; all ops that name the same nn.weight get one packed weight. nullopt with `why` when the format has no
/// kernel, the weights are computed, or there is nothing to multiply.
std::optional<BlockWeights> packBlockWeights(LowerContext &context, mlir::Location loc, mlir::Value weights, llvm::StringRef format, int64_t k,
                                             std::string &why);

/// f32 [rows][k] -> the activations of the kernels for `bits` 8 or 16: itself for float formats.
mlir::Value blockActivations(LowerContext &context, mlir::Location loc, mlir::Value input, int64_t rows, const BlockWeights &weights, int64_t bits);
/// "ik_block_matmul" and the like -> the kernel's name for the format and the activations.
std::string blockKernel(llvm::StringRef stem, const BlockWeights &weights, int64_t bits);
/// f32 [rows][k] -> activations of `bits` 8 or 16, k a multiple of 32.
mlir::Value quantizedRows(LowerContext &context, mlir::Location loc, mlir::Value input, int64_t rows, int64_t k, int64_t bits = 8);

} // namespace ingot

#endif
