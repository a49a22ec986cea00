// The fuse phase's passes. What is not fused says why through a remark on the operation.
include "mlir/Pass/PassBase.td"

def FoldConstants : Pass<"ingot-fold-constants", "::mlir::ModuleOp"> {
  let summary = "operations on constants alone become weights made by a recipe";
  let constructor = "::ingot::createFoldConstants({})";
  let dependentDialects = ["::ingot::nn::NnDialect", "::ingot::quant::QuantDialect"];
  let description = [{
    `%y = nn.op(weights...)` -> `%y = nn.weight @made`, whose recipe runs the op in the reference evaluator when the container is written. Small results
    were folded at import; here the large ones follow. `quant.dequantize` of a constant waits until nothing fuses it any more.
  }];
}

def FoldAffineIntoConv : Pass<"ingot-fold-affine-into-conv", "::mlir::ModuleOp"> {
  let summary = "a per-channel multiply or add after a convolution goes into its filter or bias";
  let constructor = "::ingot::createFoldAffineIntoConv({})";
  let dependentDialects = ["::ingot::nn::NnDialect", "::ingot::quant::QuantDialect"];
  let description = [{
    conv(x, w, b) * s -> conv(x, w * s, b * s); conv(x, w, b) + t -> conv(x, w, b + t), for constant s, t with one value an output channel.
    Not when the convolution has another reader, or its filter is no constant; nor a factor into a filter of a smaller type.
  }];
}

def LiftTransposes : Pass<"ingot-lift-transposes", "::mlir::ModuleOp"> {
  let summary = "transposes go before resizes that enlarge";
  let constructor = "::ingot::createLiftTransposes()";
  let dependentDialects = ["::ingot::nn::NnDialect", "::ingot::quant::QuantDialect"];
  let description = [{
    transpose(resize(x)) -> resize(transpose(x)), with the scales and the region of the axes' new places. Not when the resize shrinks or has another reader.
  }];
}

def CancelTransposes : Pass<"ingot-cancel-transposes", "::mlir::ModuleOp"> {
  let summary = "a transpose and its inverse around a normalisation go";
  let constructor = "::ingot::createCancelTransposes()";
  let dependentDialects = ["::ingot::nn::NnDialect"];
  let description = [{
    transpose(normalize(transpose(x)) * s + b) -> normalize(x) * s + b along the axes from before the first transpose; between the transposes may be
    functions of one element, casts, and functions of two whose other operand lies along one axis. Not when anything else reads what is between, the
    second does not undo the first, or there is no normalisation (maps fuse across transposes themselves).
  }];
}

def FusePadIntoConv : Pass<"ingot-fuse-pad-into-conv", "::mlir::ModuleOp"> {
  let summary = "zero padding before a convolution becomes its own";
  let constructor = "::ingot::createFusePadIntoConv()";
  let dependentDialects = ["::ingot::nn::NnDialect", "::ingot::quant::QuantDialect"];
  let description = [{
    conv(pad(x)) -> conv(x) with wider pad_low, pad_high; conv(dequantize(quantize(pad(x)))) -> conv(dequantize(quantize(x))) likewise, where nothing
    else reads what is between: zero is quantised to the zero point and back. Not when the pad crops, pads batch or channels, or fills with anything but zero.
  }];
}

def SinkDequantize : Pass<"ingot-sink-dequantize", "::mlir::ModuleOp"> {
  let summary = "dequantise moves below operations that only choose or move elements";
  let constructor = "::ingot::createSinkDequantize()";
  let dependentDialects = ["::ingot::nn::NnDialect", "::ingot::quant::QuantDialect"];
  let description = [{
    op(dequantize(q)) -> dequantize(op(q)) for reshape, transpose, slice and max pooling (dequantise is monotone, so it keeps the maximum). Only with one
    scale for the tensor (transpose: or one along an axis), and when nothing else reads the dequantised value.
  }];
}

def FuseQuantized : Pass<"ingot-fuse-quantized", "::mlir::ModuleOp"> {
  let summary = "dequantise -> conv, matmul or add -> quantise becomes the integer operation";
  let constructor = "::ingot::createFuseQuantized({})";
  let dependentDialects = ["::ingot::nn::NnDialect", "::ingot::quant::QuantDialect"];
  let description = [{
    quantize(clip(conv(dequantize(x), dequantize(w), dequantize(b)))) -> quant.conv, followed by an integer clip where the quantised bounds lie inside the
    type's range. The bias must be i32 with scale xScale * wScale and zero 0, and leave room for the sum in 32 bits; that of a matmul is added to its result.
    quantize(clip(add(dequantize(a), dequantize(b)))) of equal shapes -> quant.add. Not when a value between has another reader.
  }];
}

def FuseNbits : Pass<"ingot-fuse-nbits", "::mlir::ModuleOp"> {
  let summary = "a product with weights in scaled blocks keeps their few bits";
  let constructor = "::ingot::createFuseNbits({})";
  let dependentDialects = ["::ingot::nn::NnDialect", "::ingot::quant::QuantDialect"];
  let description = [{
    matmul(x, dequantize(w) in blocks along the depth) -> quant.nbits_matmul(x, w) with activations 32: the same bits. Also matmul(x, transpose(dequantize(w))).
    For constant integers of 2, 4 or 8 bits and f32 scales; the block is 16 or a multiple of 32 and divides the depth.
  }];
}

def FuseRealConv : Pass<"ingot-fuse-real-conv", "::mlir::ModuleOp"> {
  let summary = "a convolution of dequantised integers with a float result becomes the integer operation";
  let constructor = "::ingot::createFuseRealConv({})";
  let dependentDialects = ["::ingot::nn::NnDialect", "::ingot::quant::QuantDialect"];
  let description = [{
    conv(dequantize(x), dequantize(w), b) * s + t -> quant.real_conv(x, w) with factor xScale * wScale * s and shift b * s + t: what ingot-fuse-quantized left,
    because nothing quantises the result, or not at once. Filter, scales, bias, s and t are constants, s and t with one value an output channel. Not for
    depthwise convolutions, whose f32 form is as fast, nor where 32 bits might not hold the sum.
  }];
}

def TabulateBytes : Pass<"ingot-tabulate-bytes", "::mlir::ModuleOp"> {
  let summary = "elementwise functions of one tensor of bytes become tables";
  let constructor = "::ingot::createTabulateBytes({})";
  let dependentDialects = ["::ingot::nn::NnDialect", "::ingot::quant::QuantDialect"];
  let description = [{
    quantize(f(dequantize(x))) -> quant.lookup x, table, for f of unary and binary operations on x and constants of one element, with one constant scale on
    either side. The reference evaluator fills the table. Not when a value between has another reader, nor for sums, products, clips and the like alone.
  }];
}

def TrimFilters : Pass<"ingot-trim-filters", "::mlir::ModuleOp"> {
  let summary = "filter taps that meet only padding go";
  let constructor = "::ingot::createTrimFilters()";
  let dependentDialects = ["::ingot::nn::NnDialect", "::ingot::quant::QuantDialect"];
  let description = [{
    conv(x, w) -> conv(x, slice(w)) with less padding, where the outer taps along an axis lie outside x for every element of the result: a 3x3 filter
    of dilation 12 on a 10x10 plane is a 1x1 filter. Also for quant.conv and quant.real_conv, whose padding adds zero too.
  }];
}

def FuseEpilogue : Pass<"ingot-fuse-epilogue", "::mlir::ModuleOp"> {
  let summary = "an activation and a residual sum after a convolution run on its accumulators";
  let constructor = "::ingot::createFuseEpilogue()";
  let dependentDialects = ["::ingot::nn::NnDialect", "::ingot::quant::QuantDialect"];
  let description = [{
    relu(conv(x)) -> conv(x) {ingot.activation = "relu"}; also clip, leaky_relu, sigmoid, hard_sigmoid, hard_swish, tanh, and x * sigmoid(x) as "silu".
    conv(x) + r, of one shape and r there before the convolution, -> conv(x) residual r, before or after the activation.
    Not when the convolution has another reader. Activations likewise for quant.real_conv.
  }];
}
