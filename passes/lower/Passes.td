// The lower phase's passes. Each has its pre- and postcondition, its reasons to leave something alone, and a lit test of the same name.
include "mlir/Pass/PassBase.td"

def LowerToKernels : Pass<"ingot-lower-to-kernels", "::mlir::ModuleOp"> {
  let constructor = "::ingot::createLowerToKernels({})";
  let dependentDialects = ["::ingot::kernel::KernelDialect", "::ingot::nn::NnDialect", "::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::func::FuncDialect"];
  let summary = "nn and quant ops become kernel ops";
  let description = [{
    Before: a function of nn and quant ops. After: nn.weight, nn.constant and kernel ops alone. Every op without a kernel for its types is
    reported (IG0201, grouped) before the pass fails. Packed weights are recorded as recipes, not made.
  }];
}

def ShareTables : Pass<"ingot-share-tables", "::mlir::ModuleOp"> {
  let constructor = "::ingot::createShareTables({})";
  let dependentDialects = ["::ingot::kernel::KernelDialect", "::ingot::nn::NnDialect"];
  let summary = "a gathered table that is also a product's transposed right side is stored once";
  let description = [{
    "ik_gather"(@table, %i) -> "ik_gather_columns"(@packed, %i), where @packed, the right side of an "ik_matmul_*", was packed from the transpose of @table,
    or from a weight that holds the same numbers transposed, and @table has no use but gathers of whole rows. Halves the weights of a language model whose
    first and last matrix are one. Not for devices whose kernels are their own (shaders, DSPs).
  }];
}

def BandConvs : Pass<"ingot-band-convs", "::mlir::ModuleOp"> {
  let constructor = "::ingot::createBandConvs({})";
  let dependentDialects = ["::ingot::kernel::KernelDialect"];
  let summary = "a convolution, a depthwise and a pointwise one run band by band where what lies between them does not fit a cache";
  let description = [{
    %a = kernel.micro "A"(%x, ..); %b = kernel.micro "B"(%a, ..); %c = kernel.micro "C"(%b, ..) -> kernel.micro "A+B+C"(%x, .., .., ..), whose parameters
    are those of passes/lower/ConvBands.h. Each worker computes bands of its own from the first convolution to the last, in scratch. Same bits. Not where
    %a or %b has another reader, where both are no more than the cache holds beside the bytes of %x and %c, which are copied, where rows that two bands
    need cost more than that gains, for batches, for programs of several shapes, or on devices whose kernels are their own (shaders, DSPs).
  }];
  let options = [Option<"cacheBytes", "cache-bytes", "int64_t", "0", "bytes of a core's second cache">];
}

def FuseMaps : Pass<"ingot-fuse-maps", "::mlir::ModuleOp"> {
  let constructor = "::ingot::createFuseMaps()";
  let dependentDialects = ["::ingot::kernel::KernelDialect", "::ingot::nn::NnDialect", "::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::func::FuncDialect"];
  let summary = "a map that reads another map's result takes over its code";
  let description = [{
    A producer joins its consumer when it is its only reader (or only moves elements), writes its whole result once, and every address the consumer
    reads maps back to one point of the producer's box. Maps with a destination are consumers, never producers.
  }];
}

def TileTransposes : Pass<"ingot-tile-transposes", "::mlir::ModuleOp"> {
  let constructor = "::ingot::createTileTransposes({})";
  let dependentDialects = ["::ingot::kernel::KernelDialect", "::ingot::nn::NnDialect"];
  let summary = "maps that transpose matrices of 32-bit words become calls of ik_transpose_w32, or read what one transposed";
  let description = [{
    %y = kernel.map(%x) dims [R, C] strides [1, S, C, 1] { yield %a } -> kernel.micro "ik_transpose_w32"(%x), also with one dim outside. Needs collapsed
    dims. Not below 3 rows or columns or 256 words. Of a map that computes, or has operands along its rows too, what lies across them is transposed first,
    where the lines that it walks would not stay in a first-level cache. Neither on devices whose kernels have no tiles in registers (shaders, DSPs).
  }];
}

def CollapseMaps : Pass<"ingot-collapse-maps", "::mlir::ModuleOp"> {
  let constructor = "::ingot::createCollapseMaps()";
  let dependentDialects = ["::ingot::kernel::KernelDialect", "::ingot::nn::NnDialect", "::mlir::arith::ArithDialect", "::mlir::math::MathDialect", "::mlir::func::FuncDialect"];
  let summary = "adjacent dims of a map that are one run for every operand become one";
  let description = [{
    Dims of extent 1 vanish; (outer, inner) merge when for every operand stride(outer) = stride(inner) * extent(inner). The innermost loop then is as
    long as possible. Shapes of one element keep one dim.
  }];
}
