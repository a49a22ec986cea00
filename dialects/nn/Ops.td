// The nn dialect: what a model computes. ONNX semantics made explicit: every axis is non-negative, every
// default is written out, every tensor is ranked and static (symbolic dimensions are bound at import).
// Integers: iN is signed, uiN unsigned, i1 boolean. See README.md for what was considered and refused.
#ifndef INGOT_DIALECTS_NN_OPS
#define INGOT_DIALECTS_NN_OPS

include "dialects/Base.td"

def NnDialect : Dialect {
  let name = "nn";
  let summary = "what a model computes";
  let cppNamespace = "::ingot::nn";
}

class Nn_Op<string mnemonic, list<Trait> traits = []> : Op<NnDialect, mnemonic, [Pure] # traits>;
// ---- constants ----------------------------------------------------------------------------------

def Nn_WeightOp : Nn_Op<"weight"> {
  let summary = "a constant tensor held by the WeightStore";
  let description = [{
    `result = store[symbol]`. The bytes are never in the IR; the WeightStore knows where they are and how to make them.

    Example:
    ```mlir
    %w = nn.weight @conv1.weight : tensor<8x1x5x5xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$symbol);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$symbol attr-dict `:` type($result)";
}

def Nn_ConstantOp : Nn_Op<"constant", [ConstantLike, AllTypesMatch<["value", "result"]>]> {
  let summary = "a small constant tensor written in the IR";
  let description = [{
    `result = value`. Rules: C1: the types of `value` and the result are equal. C2: at most 64 KiB of data (a splat counts as
    one element); larger constants are `nn.weight`.

    Example:
    ```mlir
    %c = nn.constant dense<[1.0, 2.0]> : tensor<2xf32>
    ```
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs Tensor:$result);
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
  let hasVerifier = 1;
  
  let extraClassDeclaration = "static constexpr int64_t kMaxBytes = 64 * 1024;";
}

// ---- elementwise --------------------------------------------------------------------------------

def Nn_UnaryKind : Enum<NnDialect, "UnaryKind", "function of one element", [
  "abs", "neg", "exp", "log", "sqrt", "reciprocal", "floor", "ceil", "round", "sign",
  "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf",
  "sigmoid", "softplus", "softsign", "relu", "clip", "leaky_relu", "elu", "selu", "celu", "thresholded_relu",
  "hard_sigmoid", "hard_swish", "mish", "gelu", "gelu_tanh", "swish", "shrink",
  "logical_not", "bitwise_not", "is_nan", "is_inf"]>;

def Nn_UnaryOp : Nn_Op<"unary"> {
  let summary = "a function applied to every element";
  let description = [{
    `result[i] = kind(input[i]; alpha, beta)`, shapes equal. Formulas are those of the ONNX operators:
    `round` is half to even; `sign(0) = 0`; `clip` is `min(max(x, alpha), beta)`, NaN stays NaN; `leaky_relu` x < 0 ? alpha x : x;
    `elu` x < 0 ? alpha (e^x - 1) : x; `selu` beta (x > 0 ? x : alpha e^x - alpha) (alpha, beta in this order, beta is ONNX's gamma);
    `celu` max(0,x) + min(0, alpha (e^(x/alpha) - 1)); `thresholded_relu` x > alpha ? x : 0; `hard_sigmoid` clamp(alpha x + beta, 0, 1);
    `hard_swish` x hard_sigmoid(x; 1/6, 1/2); `mish` x tanh(softplus(x)); `gelu` x (1 + erf(x / sqrt 2)) / 2;
    `gelu_tanh` the tanh approximation; `swish` x sigmoid(alpha x); `shrink` x < -alpha ? x + beta : x > alpha ? x - beta : 0 (alpha is lambd, beta bias);
    `is_inf`: alpha != 0 detects -inf, beta != 0 detects +inf.
    Rules: U1: input and result have one shape. U2: `is_nan`, `is_inf` give i1; every other kind keeps the element type.

    Example:
    ```mlir
    %y = nn.unary leaky_relu %x {alpha = 1.000000e-01 : f64} : (tensor<4xf32>) -> tensor<4xf32>
    ```
  }];
  let arguments = (ins Nn_UnaryKind:$kind, Tensor:$input, DefaultValuedAttr<F64Attr, "0.0">:$alpha, DefaultValuedAttr<F64Attr, "0.0">:$beta);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$kind $input attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_BinaryKind : Enum<NnDialect, "BinaryKind", "function of two elements", [
  "add", "sub", "mul", "div", "mod", "fmod", "pow", "min", "max", "prelu",
  "logical_and", "logical_or", "logical_xor", "bitwise_and", "bitwise_or", "bitwise_xor", "shift_left", "shift_right",
  "equal", "less", "less_equal", "greater", "greater_equal"]>;

def Nn_BinaryOp : Nn_Op<"binary"> {
  let summary = "a function applied to pairs of elements, with broadcasting";
  let description = [{
    `result[i] = kind(lhs[i], rhs[i])`; operands broadcast as in NumPy (right-aligned, extent 1 stretches).
    Integer `div` truncates towards zero and gives 0 for a zero divisor; `mod` has the sign of the divisor, `fmod` of the dividend;
    signed integers wrap; `min`/`max` give NaN if either is NaN; `prelu` x < 0 ? rhs x : x; `shift_right` is logical. `pow` computes in
    the left operand's type, whose type the result has.
    Rules: B1: the result's shape is the broadcast shape. B2: comparisons give i1, other kinds the left element type. B3: element types
    of both operands are equal, except for `pow`.

    Example:
    ```mlir
    %y = nn.binary add %a, %b : (tensor<2x3xf32>, tensor<3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins Nn_BinaryKind:$kind, Tensor:$lhs, Tensor:$rhs);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$kind $lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_SelectOp : Nn_Op<"select"> {
  let summary = "elementwise choice, with broadcasting";
  let description = [{
    `result[i] = condition[i] ? onTrue[i] : onFalse[i]`. Rules: S1: condition is i1. S2: the result's shape is the broadcast of the three.
    S3: both choices and the result have one element type.

    Example:
    ```mlir
    %y = nn.select %c, %a, %b : (tensor<3xi1>, tensor<3xf32>, tensor<f32>) -> tensor<3xf32>
    ```
  }];
  let arguments = (ins Tensor:$condition, Tensor:$onTrue, Tensor:$onFalse);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$condition `,` $onTrue `,` $onFalse attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_CastOp : Nn_Op<"cast"> {
  let summary = "conversion of the element type";
  let description = [{
    `result[i] = convert(input[i])`: float to integer truncates (out of range: the value modulo 2^bits, NaN: 0), to a narrower float rounds to
    nearest even, to i1 compares with zero. With `saturate` (float8 kinds only) an overflow becomes the largest finite value.
    Rule K1: shapes are equal.

    Example:
    ```mlir
    %y = nn.cast %x : (tensor<4xf32>) -> tensor<4xi64>
    ```
  }];
  let arguments = (ins Tensor:$input, UnitAttr:$saturate);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

// ---- movement -----------------------------------------------------------------------------------

def Nn_ReshapeOp : Nn_Op<"reshape"> {
  let summary = "the same elements in row-major order under another shape";
  let description = [{
    Rule R1: element counts and element types are equal. Costs nothing on the device.

    Example:
    ```mlir
    %y = nn.reshape %x : (tensor<2x6xf32>) -> tensor<3x4xf32>
    ```
  }];
  let arguments = (ins Tensor:$input);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Nn_TransposeOp : Nn_Op<"transpose"> {
  let summary = "permutes the axes";
  let description = [{
    `result.shape[i] = input.shape[perm[i]]`. Rule T1: `perm` is a permutation of the axes and agrees with the shapes.

    Example:
    ```mlir
    %y = nn.transpose %x perm [1, 0] : (tensor<2x3xf32>) -> tensor<3x2xf32>
    ```
  }];
  let arguments = (ins Tensor:$input, DenseI64ArrayAttr:$perm);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$input `perm` $perm attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def Nn_BroadcastOp : Nn_Op<"broadcast"> {
  let summary = "stretches extents of 1";
  let description = [{
    NumPy broadcasting of the input to the result's shape. Rule X1: the input broadcasts to exactly that shape.

    Example:
    ```mlir
    %y = nn.broadcast %x : (tensor<3x1xf32>) -> tensor<2x3x4xf32>
    ```
  }];
  let arguments = (ins Tensor:$input);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_SliceOp : Nn_Op<"slice"> {
  let summary = "a strided box of the input";
  let description = [{
    `result[i] = input[starts + i * steps]` per axis; steps may be negative. Rule L1: every index lies inside the input.

    Example:
    ```mlir
    %y = nn.slice %x starts [0, 4] steps [1, -2] : (tensor<2x5xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins Tensor:$input, DenseI64ArrayAttr:$starts, DenseI64ArrayAttr:$steps);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$input `starts` $starts `steps` $steps attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_ConcatOp : Nn_Op<"concat"> {
  let summary = "joins tensors along one axis";
  let description = [{
    Rule O1: all shapes agree but on `axis`, whose extents add up to the result's.

    Example:
    ```mlir
    %y = nn.concat %a, %b axis 1 : (tensor<2x1xf32>, tensor<2x3xf32>) -> tensor<2x4xf32>
    ```
  }];
  let arguments = (ins Variadic<Tensor>:$inputs, I64Attr:$axis);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$inputs `axis` $axis attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_PadMode : Enum<NnDialect, "PadMode", "what fills the border", ["constant", "edge", "reflect", "wrap"]>;
def Nn_PadOp : Nn_Op<"pad"> {
  let summary = "adds or removes a border";
  let description = [{
    `result.shape = low + input.shape + high`; negative amounts crop. `value` (a scalar tensor, zero when absent) fills in mode `constant`.
    Rule P1: the shapes agree with `low` and `high`. P2: only mode `constant` has a value. P3: modes but `constant` never pad an empty axis.

    Example:
    ```mlir
    %y = nn.pad %x low [0, 1] high [0, 2] mode edge : (tensor<2x3xf32>) -> tensor<2x6xf32>
    ```
  }];
  let arguments = (ins Tensor:$input, Optional<Tensor>:$value, DenseI64ArrayAttr:$low, DenseI64ArrayAttr:$high, Nn_PadMode:$mode);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$input (`,` $value^)? `low` $low `high` $high `mode` $mode attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_GatherOp : Nn_Op<"gather"> {
  let summary = "picks slices along one axis";
  let description = [{
    `result = input[..., indices, ...]` along `axis`. Negative indices count from the end; the device clamps an index that is out of range
    (never reads outside). Rule G1: indices are i32 or i64. G2: result.shape = input[:axis] + indices.shape + input[axis+1:].

    Example:
    ```mlir
    %y = nn.gather %x, %i axis 0 : (tensor<5x2xf32>, tensor<3xi64>) -> tensor<3x2xf32>
    ```
  }];
  let arguments = (ins Tensor:$input, Tensor:$indices, I64Attr:$axis);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$input `,` $indices `axis` $axis attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_GatherElementsOp : Nn_Op<"gather_elements"> {
  let summary = "picks one element per index along one axis";
  let description = [{
    `result[i0..in] = input[i0.., indices[i0..in], ..in]` along `axis`. Indices as in `nn.gather`. Rule E1: indices and result have one shape.

    Example:
    ```mlir
    %y = nn.gather_elements %x, %i axis 1 : (tensor<2x2xf32>, tensor<2x1xi64>) -> tensor<2x1xf32>
    ```
  }];
  let arguments = (ins Tensor:$input, Tensor:$indices, I64Attr:$axis);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$input `,` $indices `axis` $axis attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_GatherNdOp : Nn_Op<"gather_nd"> {
  let summary = "picks slices by index tuples";
  let description = [{
    The last axis of `indices` [B..., I..., k] holds tuples that index axes batchDims .. batchDims + k - 1 of `input`; ONNX GatherND.
    Rule N1: k <= rank(input) - batchDims. Indices as in `nn.gather`.

    Example:
    ```mlir
    %y = nn.gather_nd %x, %i batch_dims 0 : (tensor<2x2xf32>, tensor<3x2xi64>) -> tensor<3xf32>
    ```
  }];
  let arguments = (ins Tensor:$input, Tensor:$indices, I64Attr:$batchDims);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$input `,` $indices `batch_dims` $batchDims attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_ScatterKind : Enum<NnDialect, "ScatterKind", "how an update meets the old value", ["none", "add", "mul", "min", "max"]>;
def Nn_ScatterElementsOp : Nn_Op<"scatter_elements"> {
  let summary = "writes one element per index along one axis";
  let description = [{
    A copy of `input` in which `result[i0.., indices[i], ..]` along `axis` becomes `kind(old, updates[i])`, in row-major order of i. Rule E2: indices and updates have one shape.

    Example:
    ```mlir
    %y = nn.scatter_elements none %x, %i, %u axis 1 : (tensor<1x5xf32>, tensor<1x2xi64>, tensor<1x2xf32>) -> tensor<1x5xf32>
    ```
  }];
  let arguments = (ins Nn_ScatterKind:$kind, Tensor:$input, Tensor:$indices, Tensor:$updates, I64Attr:$axis);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$kind $input `,` $indices `,` $updates `axis` $axis attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_ScatterNdOp : Nn_Op<"scatter_nd"> {
  let summary = "writes slices by index tuples";
  let description = [{
    A copy of `input` in which the slice at each index tuple becomes `kind(old, updates)`; ONNX ScatterND.
    Rule N2: updates.shape = indices.shape[:-1] + input.shape[k:].

    Example:
    ```mlir
    %y = nn.scatter_nd add %x, %i, %u : (tensor<8xf32>, tensor<4x1xi64>, tensor<4xf32>) -> tensor<8xf32>
    ```
  }];
  let arguments = (ins Nn_ScatterKind:$kind, Tensor:$input, Tensor:$indices, Tensor:$updates);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$kind $input `,` $indices `,` $updates attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

// ---- reductions ---------------------------------------------------------------------------------

def Nn_ReduceKind : Enum<NnDialect, "ReduceKind", "how elements are joined", [
  "sum", "mean", "max", "min", "prod", "l1", "l2", "sum_square", "log_sum", "log_sum_exp"]>;
def Nn_ReduceOp : Nn_Op<"reduce"> {
  let summary = "reduces some axes to extent 1";
  let description = [{
    `result = kind over axes`, rank kept (extent 1 on each reduced axis). An empty axis gives the neutral element (max of floats: -inf, of integers:
    the smallest value). Integer mean truncates. Rule D1: axes are sorted, unique, in range, and the result has extent 1 there.

    Example:
    ```mlir
    %y = nn.reduce sum %x axes [1] : (tensor<2x3xf32>) -> tensor<2x1xf32>
    ```
  }];
  let arguments = (ins Nn_ReduceKind:$kind, Tensor:$input, DenseI64ArrayAttr:$axes);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$kind $input `axes` $axes attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_ArgReduceOp : Nn_Op<"arg_reduce"> {
  let summary = "index of the largest or smallest element";
  let description = [{
    i64 index along `axis` (kept with extent 1) of the maximum, or the minimum with `smallest`; of equal ones the first, or the last with `last`.
    Rule A1: the result is i64 with extent 1 on the axis.

    Example:
    ```mlir
    %y = nn.arg_reduce %x axis 1 {smallest} : (tensor<2x3xf32>) -> tensor<2x1xi64>
    ```
  }];
  let arguments = (ins Tensor:$input, I64Attr:$axis, UnitAttr:$smallest, UnitAttr:$last);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$input `axis` $axis attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_CumulateOp : Nn_Op<"cumulate"> {
  let summary = "running sum or product along one axis";
  let description = [{
    `result[i] = sum(input[0..i])` (product with `product`); `exclusive` leaves element i out, `reverse` runs from the end. Rule M1: shapes are equal.

    Example:
    ```mlir
    %y = nn.cumulate %x axis 0 {reverse} : (tensor<4xf32>) -> tensor<4xf32>
    ```
  }];
  let arguments = (ins Tensor:$input, I64Attr:$axis, UnitAttr:$product, UnitAttr:$exclusive, UnitAttr:$reverse);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$input `axis` $axis attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_SoftmaxOp : Nn_Op<"softmax"> {
  let summary = "softmax or log-softmax along one axis";
  let description = [{
    `e^(x - max) / sum e^(x - max)`, with `log` its logarithm `x - max - log(sum e^(x - max))`. Rule M1: shapes are equal.

    Example:
    ```mlir
    %y = nn.softmax %x axis 1 : (tensor<2x3xf32>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins Tensor:$input, I64Attr:$axis, UnitAttr:$log);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$input `axis` $axis attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_NormalizeOp : Nn_Op<"normalize"> {
  let summary = "mean and variance normalisation over some axes";
  let description = [{
    `(x - mean) / sqrt(var + epsilon)` with mean and (population) variance over `axes`; with `rms` `x / sqrt(mean(x^2) + epsilon)`.
    Scale and bias are separate `nn.binary` ops that fusion joins. Rule D2: axes are sorted, unique, in range; M1: shapes are equal.

    Example:
    ```mlir
    %y = nn.normalize %x axes [2, 3] epsilon 1.000000e-05 : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
    ```
  }];
  let arguments = (ins Tensor:$input, DenseI64ArrayAttr:$axes, F64Attr:$epsilon, UnitAttr:$rms);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$input `axes` $axes `epsilon` $epsilon attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_LrnOp : Nn_Op<"lrn"> {
  let summary = "local response normalisation across channels";
  let description = [{
    `x[c] / (bias + alpha / size * sum of x[c']^2)^beta`, c' in [c - floor((size-1)/2), c + ceil((size-1)/2)] on axis 1. Rule M1.

    Example:
    ```mlir
    %y = nn.lrn %x size 3 alpha 1.0e-4 beta 0.75 bias 1.0 : (tensor<1x5x2x2xf32>) -> tensor<1x5x2x2xf32>
    ```
  }];
  let arguments = (ins Tensor:$input, I64Attr:$size, F64Attr:$alpha, F64Attr:$beta, F64Attr:$bias);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$input `size` $size `alpha` $alpha `beta` $beta `bias` $bias attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_TopKOp : Nn_Op<"top_k"> {
  let summary = "the k largest or smallest elements along one axis, sorted";
  let description = [{
    Values and i64 indices; k is the results' extent on `axis`; of equal values the lower index comes first. Rule V1: both results have one shape, k <= the input's extent.

    Example:
    ```mlir
    %v, %i = nn.top_k %x axis 1 : (tensor<2x5xf32>) -> (tensor<2x3xf32>, tensor<2x3xi64>)
    ```
  }];
  let arguments = (ins Tensor:$input, I64Attr:$axis, UnitAttr:$smallest);
  let results = (outs Tensor:$values, Tensor:$indices);
  let assemblyFormat = "$input `axis` $axis attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_SuppressBoxesOp : Nn_Op<"suppress_boxes"> {
  let summary = "the best boxes that do not overlap better ones (non-maximum suppression)";
  let description = [{
    Boxes [B, N, 4] hold (y0, x0, y1, x1), low before high; scores [B, C, N]. In each batch and class the boxes with score > low (none with NaN) are walked
    from the highest score down, of equal ones the lower index first; one is kept unless its overlap with a box kept before is > threshold, until `most`
    are kept. overlap = common / ((area + area') - common), common = max(0, min(y1, y1') - max(y0, y0')) * max(0, min(x1, x1') - max(x0, x0')), area =
    (y1 - y0) * (x1 - x0), each step rounded to f32. `kept` [B, C, N] begins with the kept boxes' indices in order, zeros follow; `counts` [B, C]: how many.
    Rule B1: boxes, scores, threshold and low are f32, the last two scalars; kept and counts are i64; shapes agree; most >= 0.

    Example:
    ```mlir
    %k, %n = nn.suppress_boxes %b, %s, %t, %l most 2 : (tensor<1x6x4xf32>, tensor<1x2x6xf32>, tensor<f32>, tensor<f32>) -> (tensor<1x2x6xi64>, tensor<1x2xi64>)
    ```
  }];
  let arguments = (ins Tensor:$boxes, Tensor:$scores, Tensor:$threshold, Tensor:$low, I64Attr:$most);
  let results = (outs Tensor:$kept, Tensor:$counts);
  let assemblyFormat = "$boxes `,` $scores `,` $threshold `,` $low `most` $most attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

// ---- contractions and windows -------------------------------------------------------------------

def Nn_MatmulOp : Nn_Op<"matmul"> {
  let summary = "batched matrix product";
  let description = [{
    `result[..., i, j] = sum over k of lhs[..., i, k] * rhs[..., k, j]`; leading axes broadcast. Floating: one fused multiply-add a k, in k order,
    starting from 0. Integer operands (i8, ui8) give i32, exact modulo 2^32. An f32 `lhs` with an f16 or bf16 `rhs` is first rounded to that type (`narrowed`
    in compiler/reference/Tensor.h); sums and result are f32, the chain's order within pairs of k is the kernel's; with `ingot.rounded` the same holds for
    two f32 operands, both rounded to bf16. Rule W1: both ranks >= 2, inner extents agree, batch axes broadcast.

    Example:
    ```mlir
    %y = nn.matmul %a, %b : (tensor<5x2x3xf32>, tensor<3x4xf32>) -> tensor<5x2x4xf32>
    ```
  }];
  let arguments = (ins Tensor:$lhs, Tensor:$rhs);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_ConvOp : Nn_Op<"conv", [AttrSizedOperandSegments]> {
  let summary = "convolution over 1 to 3 spatial axes";
  let description = [{
    Input [N, C, spatial...], filter [O, C/group, kernel...], bias [O] (optional); zero padding `padLow`, `padHigh` (one entry a spatial axis).
    Sums run over (c, kernel...) in row-major order, one fused multiply-add each, the bias is added last. Integer operands (i8, ui8) give i32. An f32 input
    with an f16 or bf16 filter is rounded as in `nn.matmul`. Fusion may join an activation (`ingot.activation`) and a residual, a tensor of the result's
    type that is added "before" or "after" it (`ingot.residual`).
    Rules: J1: ranks and attribute lengths agree. J2: channels divide into groups. J3: the spatial extents are
    `floor((in + padLow + padHigh - dilation (kernel - 1) - 1) / stride) + 1`. J6: a residual has the result's type.

    Example:
    ```mlir
    %y = nn.conv %x, %w strides [1, 1] pad_low [1, 1] pad_high [1, 1] dilations [1, 1] group 1 : (tensor<1x2x4x4xf32>, tensor<3x2x3x3xf32>) -> tensor<1x3x4x4xf32>
    ```
  }];
  let arguments = (ins Tensor:$input, Tensor:$filter, Optional<Tensor>:$bias, Optional<Tensor>:$residual, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$padLow,
    DenseI64ArrayAttr:$padHigh, DenseI64ArrayAttr:$dilations, I64Attr:$group);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$input `,` $filter (`,` $bias^)? (`residual` $residual^)? `strides` $strides `pad_low` $padLow `pad_high` $padHigh `dilations` $dilations `group` $group attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_ConvTransposeOp : Nn_Op<"conv_transpose"> {
  let summary = "transposed convolution over 1 to 3 spatial axes";
  let description = [{
    Input [N, C, spatial...], filter [C, O/group, kernel...], bias [O] (optional). `out[i * stride + k * dilation - padLow] += x[i] * w[k]`; the result's
    extents are given by its type (output padding included). Rules J1, J2 as in `nn.conv`.

    Example:
    ```mlir
    %y = nn.conv_transpose %x, %w strides [2] pad_low [0] dilations [1] group 1 : (tensor<1x1x3xf32>, tensor<1x2x3xf32>) -> tensor<1x2x7xf32>
    ```
  }];
  let arguments = (ins Tensor:$input, Tensor:$filter, Optional<Tensor>:$bias, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$padLow,
    DenseI64ArrayAttr:$dilations, I64Attr:$group);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$input `,` $filter (`,` $bias^)? `strides` $strides `pad_low` $padLow `dilations` $dilations `group` $group attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_PoolKind : Enum<NnDialect, "PoolKind", "how a window is reduced", ["max", "average", "lp"]>;
def Nn_PoolOp : Nn_Op<"pool"> {
  let summary = "sliding window reduction over 1 to 3 spatial axes";
  let description = [{
    Window of `kernel` elements, `dilations` apart, per output element; the result's extents are given by its type, so a last window may hang over
    (ceil mode). `average` divides by the number of elements inside the input, with `countPad` inside input plus `padLow`/`padHigh` border;
    `lp` is `(sum |x|^p)^(1/p)`. `max` has an optional second result: i64 index of the maximum in the flattened input, spatial axes
    column-major with `columnMajor`. Rule J4: attributes have one entry a spatial axis; J5: only `max` has indices.

    Example:
    ```mlir
    %y = nn.pool max %x kernel [2, 2] strides [2, 2] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] : (tensor<1x1x4x4xf32>) -> tensor<1x1x2x2xf32>
    ```
  }];
  let arguments = (ins Nn_PoolKind:$kind, Tensor:$input, DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$padLow,
    DenseI64ArrayAttr:$padHigh, DenseI64ArrayAttr:$dilations, UnitAttr:$countPad, DefaultValuedAttr<I64Attr, "2">:$p, UnitAttr:$columnMajor);
  let results = (outs Tensor:$result, Optional<Tensor>:$indices);
  let assemblyFormat = "$kind $input `kernel` $kernel `strides` $strides `pad_low` $padLow `pad_high` $padHigh `dilations` $dilations attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Nn_RnnKind : Enum<NnDialect, "RnnKind", "the cell", ["rnn", "lstm", "gru"]>;
def Nn_RnnOp : Nn_Op<"rnn"> {
  let summary = "one direction of a recurrent layer over a sequence";
  let description = [{
    Operands: x [T, B, I], w [G*H, I], r [G*H, H], b [2*G*H], h0 [B, H], then c0 [B, H] and peephole [3*H] for `lstm`; G = 1, 4 (i o f c), 3 (z r h).
    Results: y [T, B, H], last h [B, H], and last c [B, H] for `lstm`. ONNX formulas with activations sigmoid/tanh (`activations` names others:
    one of sigmoid, tanh, relu a gate function); `reverse` runs from the end; `linearBeforeReset` for `gru`; `clip` > 0 bounds the cell's inputs;
    `inputForget` couples the lstm gates. Rule Y1: shapes agree. All sums in k order with fused multiply-adds: first W x, then R h, then biases.

    Example:
    ```mlir
    %y, %h = nn.rnn rnn %x, %w, %r, %b, %h0 activations ["tanh"] : (tensor<3x1x2xf32>, tensor<4x2xf32>, tensor<4x4xf32>, tensor<8xf32>, tensor<1x4xf32>) -> (tensor<3x1x4xf32>, tensor<1x4xf32>)
    ```
  }];
  let arguments = (ins Nn_RnnKind:$kind, Variadic<Tensor>:$inputs, StrArrayAttr:$activations, UnitAttr:$reverse, UnitAttr:$linearBeforeReset,
    UnitAttr:$inputForget, DefaultValuedAttr<F64Attr, "0.0">:$clip);
  let results = (outs Variadic<Tensor>:$results);
  let assemblyFormat = "$kind $inputs `activations` $activations attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

include "dialects/nn/ImageOps.td"
include "dialects/nn/SequenceOps.td"

#endif
