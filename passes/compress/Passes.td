// The compress phase's passes. They run only when --quantize or --sparsify asks for them; what stays as it was says why through a remark.
include "mlir/Pass/PassBase.td"

def PruneWeights : Pass<"ingot-prune-weights", "::mlir::ModuleOp"> {
  let summary = "the least important constant weights become zero";
  let constructor = "::ingot::createPruneWeights({})";
  let dependentDialects = ["::ingot::nn::NnDialect", "::ingot::quant::QuantDialect"];
  let description = [{
    conv(x, w) -> conv(x, w'), likewise matmul, for constant f32 w of at least 1,024 elements. `magnitude` zeroes the smallest elements of each
    tensor, `4x1` the blocks of four consecutive inputs of one output with the least sum of squares. Ranks are stable: same weights, same mask. The op gets
    the attribute `ingot.pruned`.
  }];
}

def CalibrateRanges : Pass<"ingot-calibrate-ranges", "::mlir::ModuleOp"> {
  let summary = "samples run through the reference evaluator give every named f32 value its range";
  let constructor = "::ingot::createCalibrateRanges({})";
  let dependentDialects = ["::ingot::nn::NnDialect", "::ingot::quant::QuantDialect"];
  let description = [{
    `%y = nn.op ... {nn.name = "y"}` -> `{nn.name = "y", ingot.range = array<f32: low, high>}`; arguments of `main` likewise. The range contains 0. It is
    the extremes, or with int8:mse the range of the least squared error. Statistics stream: memory does not grow with the samples.
  }];
}

def QuantizeInt8 : Pass<"ingot-quantize-int8", "::mlir::ModuleOp"> {
  let summary = "quantise and dequantise are put around convolutions and products with constant weights";
  let constructor = "::ingot::createQuantizeInt8({})";
  let dependentDialects = ["::ingot::nn::NnDialect", "::ingot::quant::QuantDialect"];
  let description = [{
    conv(x, w, b) -> quantize(conv(dequantize(quantize(x)), dequantize(w8), dequantize(b32))), likewise matmul followed by the add of a bias; a relu or clip
    stays before the quantise. Weights: signed bytes within 127, one scale an output channel. Bias: i32 with scale xScale * wScale. Activations: unsigned
    bytes over `ingot.range`. Only values that carry `nn.name` are quantised, so that every decision can be written into the model's file; input that
    reaches the op through reshape, transpose, slice or max pooling of a quantised value is not quantised again. Expects ingot-calibrate-ranges.
  }];
}

def QuantizeBlocks : Pass<"ingot-quantize-blocks", "::mlir::ModuleOp"> {
  let summary = "weights of matrix products become blocks of 4- or 8-bit integers";
  let constructor = "::ingot::createQuantizeBlocks({})";
  let dependentDialects = ["::ingot::nn::NnDialect", "::ingot::quant::QuantDialect"];
  let description = [{
    matmul(x, w) -> matmul(x, dequantize(wq, scales, zeros) {block}), for constant f32 w [K, N]: blocks along K, one scale and zero point a block and column,
    found by search (passes/compress/math/Blocks.h). Activations stay f32.
  }];
}

def RoundOperands : Pass<"ingot-round-operands", "::mlir::ModuleOp"> {
  let summary = "operands of f32 products become f16 or bf16";
  let constructor = "::ingot::createRoundOperands({})";
  let dependentDialects = ["::ingot::nn::NnDialect", "::ingot::quant::QuantDialect"];
  let description = [{
    conv(x, w) -> conv(x, w'), likewise matmul, for constant f32 w of at least 1,024 elements, where w' is w rounded to the type; the op then rounds x too
    and sums in f32. With bf16 a product of two computed matrices gets `ingot.rounded`. Depthwise convolutions stay f32: they have too few products for each value. Weights are rounded by a recipe.
  }];
}

def StripNames : Pass<"ingot-strip-names", "::mlir::ModuleOp"> {
  let summary = "the model's names and ranges leave the operations";
  let constructor = "::ingot::createStripNames()";
  let description = [{
    Later phases tell equal operations by their attributes; a name would keep them apart. Arguments and results of `main` keep `nn.name`.
  }];
}
