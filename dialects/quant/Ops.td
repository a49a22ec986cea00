// The quant dialect: how a tensor is stored and rounded. The exact rules are those that make int8 results
// equal on every target; they are stated per op and tested bit for bit. See README.md.
#ifndef INGOT_DIALECTS_QUANT_OPS
#define INGOT_DIALECTS_QUANT_OPS

include "dialects/Base.td"

def QuantDialect : Dialect {
  let name = "quant";
  let summary = "how a tensor is stored and rounded";
  let cppNamespace = "::ingot::quant";
}

class Quant_Op<string mnemonic, list<Trait> traits = []> : Op<QuantDialect, mnemonic, [Pure] # traits>;

def Quant_QuantizeOp : Quant_Op<"quantize"> {
  let summary = "float to a quantised integer";
  let description = [{
    `result = saturate(roundHalfEven(input / scale) + zero)`: a true division in f32, ties to even, then clamp to the result type.
    `scale` and `zero` are scalars, vectors along `axis`, or (with `block` > 0) have ceil(D / block) entries on `axis`; an absent zero is 0.
    Rules: Q1: scale's shape fits axis and block. Q2: zero has scale's shape and the result's element type.

    Example:
    ```mlir
    %q = quant.quantize %x, %s, %z axis 1 : (tensor<2x3xf32>, tensor<f32>, tensor<ui8>) -> tensor<2x3xui8>
    ```
  }];
  let arguments = (ins Tensor:$input, Tensor:$scale, Optional<Tensor>:$zero, I64Attr:$axis, DefaultValuedAttr<I64Attr, "0">:$block);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$input `,` $scale (`,` $zero^)? `axis` $axis attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Quant_DequantizeOp : Quant_Op<"dequantize"> {
  let summary = "a quantised integer to float";
  let description = [{
    `result = (input - zero) * scale` in the result's type, rounded once. Shapes of scale and zero as in `quant.quantize` (Q1, Q2).

    Example:
    ```mlir
    %x = quant.dequantize %q, %s, %z axis 0 : (tensor<2x3xi8>, tensor<2xf32>, tensor<2xi8>) -> tensor<2x3xf32>
    ```
  }];
  let arguments = (ins Tensor:$input, Tensor:$scale, Optional<Tensor>:$zero, I64Attr:$axis, DefaultValuedAttr<I64Attr, "0">:$block);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$input `,` $scale (`,` $zero^)? `axis` $axis attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Quant_ConvOp : Quant_Op<"conv"> {
  let summary = "integer convolution with requantisation";
  let description = [{
    acc = sum (x - xZero) * (w - wZero[o]) + bias[o], exact in int32; result = roundHalfEven(clamp(f32(acc) * m[o], qmin - yZero, qmax - yZero)) + yZero with
    m[o] = f32(f32(xScale * wScale[o]) / yScale). Padding contributes x = xZero. Scales and zeros are tensors: scalars, or [O] for the filter's.
    Attributes as in `nn.conv`. Rules: J1..J3 of `nn.conv`. Q3: input, filter, result are 8-bit integers, bias is i32.

    Example:
    ```mlir
    %y = quant.conv %x, %xs, %xz, %w, %ws, %wz, %ys, %yz strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x1x4x4xui8>, tensor<f32>, tensor<ui8>, tensor<2x1x3x3xi8>, tensor<2xf32>, tensor<2xi8>, tensor<f32>, tensor<ui8>) -> tensor<1x2x2x2xui8>
    ```
  }];
  let arguments = (ins Tensor:$input, Tensor:$inputScale, Tensor:$inputZero, Tensor:$filter, Tensor:$filterScale, Tensor:$filterZero,
    Tensor:$resultScale, Tensor:$resultZero, Optional<Tensor>:$bias, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$padLow,
    DenseI64ArrayAttr:$padHigh, DenseI64ArrayAttr:$dilations, I64Attr:$group);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$input `,` $inputScale `,` $inputZero `,` $filter `,` $filterScale `,` $filterZero `,` $resultScale `,` $resultZero (`,` $bias^)? `strides` $strides `pad_low` $padLow `pad_high` $padHigh `dilations` $dilations `group` $group attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Quant_RealConvOp : Quant_Op<"real_conv"> {
  let summary = "integer convolution with a float result";
  let description = [{
    acc = sum (x - xZero) * (w - wZero[o]), exact in int32; result = fma(f32(acc), factor[o], shift[o]), rounded once. Padding contributes x = xZero.
    wZero is a scalar or [O]. Attributes as in `nn.conv`. Rules: J1..J3 of `nn.conv`. Q3: input and filter are 8-bit integers. Q4: factor and shift are
    f32 [O], and so is the result's type.

    Example:
    ```mlir
    %y = quant.real_conv %x, %xz, %w, %wz, %factor, %shift strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1 : (tensor<1x1x4x4xui8>, tensor<ui8>, tensor<2x1x3x3xi8>, tensor<2xi8>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x2x2x2xf32>
    ```
  }];
  let arguments = (ins Tensor:$input, Tensor:$inputZero, Tensor:$filter, Tensor:$filterZero, Tensor:$factor, Tensor:$shift,
    DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$padLow, DenseI64ArrayAttr:$padHigh, DenseI64ArrayAttr:$dilations, I64Attr:$group);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$input `,` $inputZero `,` $filter `,` $filterZero `,` $factor `,` $shift `strides` $strides `pad_low` $padLow `pad_high` $padHigh `dilations` $dilations `group` $group attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Quant_MatmulOp : Quant_Op<"matmul"> {
  let summary = "integer matrix product with requantisation";
  let description = [{
    As `quant.conv`, for `nn.matmul`: acc = sum (a - aZero) * (b - bZero[n]); scales and zeros of b are scalars or [N], those of a scalars or [M, 1].
    Rules: W1 of `nn.matmul`; Q3.

    Example:
    ```mlir
    %y = quant.matmul %a, %as, %az, %b, %bs, %bz, %ys, %yz : (tensor<2x4xui8>, tensor<f32>, tensor<ui8>, tensor<4x3xi8>, tensor<f32>, tensor<i8>, tensor<f32>, tensor<ui8>) -> tensor<2x3xui8>
    ```
  }];
  let arguments = (ins Tensor:$lhs, Tensor:$lhsScale, Tensor:$lhsZero, Tensor:$rhs, Tensor:$rhsScale, Tensor:$rhsZero,
    Tensor:$resultScale, Tensor:$resultZero, Optional<Tensor>:$bias);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$lhs `,` $lhsScale `,` $lhsZero `,` $rhs `,` $rhsScale `,` $rhsZero `,` $resultScale `,` $resultZero (`,` $bias^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Quant_AddOp : Quant_Op<"add"> {
  let summary = "sum of quantised tensors, quantised";
  let description = [{
    As `quant.dequantize` of both, their f32 sum, and `quant.quantize`: result = saturate(roundHalfEven(f32(f32((a - aZero) aScale) + f32((b - bZero) bScale)) /
    yScale) + yZero). Scales and zeros are scalars. Rules: Q3. Q6: operands and result have one shape, scales and zeros one element; scales are f32.

    Example:
    ```mlir
    %y = quant.add %a, %as, %az, %b, %bs, %bz, %ys, %yz : (tensor<2x3xui8>, tensor<f32>, tensor<ui8>, tensor<2x3xi8>, tensor<f32>, tensor<i8>, tensor<f32>, tensor<ui8>) -> tensor<2x3xui8>
    ```
  }];
  let arguments = (ins Tensor:$lhs, Tensor:$lhsScale, Tensor:$lhsZero, Tensor:$rhs, Tensor:$rhsScale, Tensor:$rhsZero, Tensor:$resultScale, Tensor:$resultZero);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$lhs `,` $lhsScale `,` $lhsZero `,` $rhs `,` $rhsScale `,` $rhsZero `,` $resultScale `,` $resultZero attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Quant_LookupOp : Quant_Op<"lookup"> {
  let summary = "a function of bytes by its table";
  let description = [{
    result = table[input - least], least being the smallest number of the input's type. Rules: Q3. Q7: input and result have one shape, the table 256
    elements of the result's type.

    Example:
    ```mlir
    %y = quant.lookup %x, %t : (tensor<2x3xi8>, tensor<256xui8>) -> tensor<2x3xui8>
    ```
  }];
  let arguments = (ins Tensor:$input, Tensor:$table);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$input `,` $table attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Quant_LstmOp : Quant_Op<"lstm"> {
  let summary = "one direction of an LSTM with 8-bit recurrent weights";
  let description = [{
    Operands: sums = W x [T, B, 4*H], r [H, 4*H] with its scale (f32) and zero (i32), each a scalar or [4*H], bias [8*H], h0 [B, H], c0 [B, H],
    peephole [3*H]; gates in the order i o f c. Results: y [T, B, H], last h [B, H], last c [B, H]. As `nn.rnn lstm`, but in each step R h is
    sums + acc * (s * scale[n]) in one fused multiply-add, acc = sum (q - z) * (r - zero[n]), where q, s and z are what DynamicQuantizeLinear makes
    of h [B, H]; all 0 where h is. H is at most 32768, so that acc fits 32 bits. Rule Q5: types and shapes agree.

    Example:
    ```mlir
    %y, %h, %c = quant.lstm %x, %r, %rs, %rz, %b, %h0, %c0, %p activations ["sigmoid", "tanh", "tanh"] : (tensor<3x1x8xf32>, tensor<2x8xi8>, tensor<f32>, tensor<i32>, tensor<16xf32>, tensor<1x2xf32>, tensor<1x2xf32>, tensor<6xf32>) -> (tensor<3x1x2xf32>, tensor<1x2xf32>, tensor<1x2xf32>)
    ```
  }];
  let arguments = (ins Variadic<Tensor>:$inputs, StrArrayAttr:$activations, UnitAttr:$reverse, UnitAttr:$inputForget,
    DefaultValuedAttr<F64Attr, "0.0">:$clip);
  let results = (outs Tensor:$y, Tensor:$lastHidden, Tensor:$lastCell);
  let assemblyFormat = "$inputs `activations` $activations attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

include "dialects/quant/BlockOps.td"
include "dialects/quant/NbitsOps.td"

#endif
