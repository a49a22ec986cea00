// Products with weights that are stored as rows of blocks (GGUF's types): N rows of B bytes, the file's own bytes. Included by Ops.td.
//
// How a row x of K activations is quantised, in f32, for the formats with integer blocks (BlockFormats.h): for each 32 elements in k order
// `amax = max |x|`, `xs = amax / 127`, `xq = roundHalfEven(x * (127 / amax))`; amax below 2^-100 gives xs = 0 and xq = 0, amax not finite a NaN as xs.
// `xsum = xs * f32(sum xq)`. With activations of 16 bits `xs = amax / 32512`, `xq = roundHalfEven(x * (32512 / amax))`, which is taken as two rows of digits,
// xq = 255 high + low, with scales 255 xs and xs, whose results are added. How a row of weights meets it: one f32 accumulator from 0, blocks of 32 in k order, every integer sum exact:
//   w = d * (q - o)             acc = fma(f32(sum xq * (q - o)), d * xs, acc)                           q8_0 (o = 0), q4_0 (8), q5_0 (16), iq4_nl (table of q)
//   w = d * q + m               acc = fma(f32(sum xq * q), d * xs, acc); acc = fma(m, xsum, acc)        q4_1, q5_1
//   w = d * sc * (q - o)        acc = fma(f32(sum over halves of sc * sum xq * (q - o)), d * xs, acc)   q6_k (o = 32), q3_k (4): scales of 16
//   w = d * sc * q [- dm * mn]  acc = fma(f32(sum xq * q), (d * sc) * xs, acc); acc = fma(-(dm * mn), xsum, acc)   q4_k, q5_k, iq4_xs (no minimum):
//                               scales of 32, so that d * sc and dm * mn are exact
//   w = d * c * sc * t[q]       as q6_k or q4_k, c a power of two, t a table: iq1_m, iq2_xs, iq2_s (scales of 16), iq1_s, iq2_xxs, iq3_xxs, iq3_s (of 32)
//   w = d * t[q], d * (q - 1)   as q4_0: mxfp4 (d a power of two), tq1_0, tq2_0, q1_0, q2_0 (d of several blocks); nvfp4 the halves of 16 one after the other
//   w = d * sc * q - dm * mn    as q6_k, then acc = fma(f32(-(sum over halves of mn * sum xq)), dm * xs, acc)      q2_k: scales and minima of 16
// f32, f16, bf16: `acc = fma(x[k], w[k], acc)` in k order, x as it is.
#ifndef INGOT_DIALECTS_QUANT_BLOCKOPS
#define INGOT_DIALECTS_QUANT_BLOCKOPS

def Quant_BlockMatmulOp : Quant_Op<"block_matmul"> {
  let summary = "product of rows with the rows of a block-quantised matrix";
  let description = [{
    `result[m, n] = sum over k of x[m, k] * weights[n][k]` by the rules above: x [M, K] f32, weights ui8 [N, B]. A result's bits do not depend on M.
    Rules: F1: `format` is a name of the format table. F2: B bytes hold K elements in whole blocks. F3: x and result are f32 of rank 2, weights ui8
    of rank 2, extents agree. F4: `activations` is 8 or 16 bits.

    Example:
    ```mlir
    %y = quant.block_matmul %x, %w format "q4_0" : (tensor<2x64xf32>, tensor<5x36xui8>) -> tensor<2x5xf32>
    ```
  }];
  let arguments = (ins Tensor:$input, Tensor:$weights, StrAttr:$format, DefaultValuedAttr<I64Attr, "8">:$activations);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$input `,` $weights `format` $format (`activations` $activations^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Quant_BlockRowsOp : Quant_Op<"block_rows"> {
  let summary = "rows of a block-quantised matrix as floats";
  let description = [{
    `result[m, :] = dequantise(weights[ids[m]])`, every element rounded to f32 as the format's definition says; an id outside [0, N) means row 0.
    Rules: F1, F2 (K is `k`). F5: ids are i32 [M], the result is f32 [M, K].

    Example:
    ```mlir
    %y = quant.block_rows %w, %ids format "q8_0" k 32 : (tensor<5x34xui8>, tensor<2xi32>) -> tensor<2x32xf32>
    ```
  }];
  let arguments = (ins Tensor:$weights, Tensor:$ids, StrAttr:$format, I64Attr:$k);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$weights `,` $ids `format` $format `k` $k attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Quant_BlockMatmulExpertsOp : Quant_Op<"block_matmul_experts"> {
  let summary = "block_matmul with a matrix chosen for each row";
  let description = [{
    `result[m, s, :] = block_matmul(x[m, s], weights[experts[m, s]])`: x f32 [M, S, K] or [M, 1, K] (one row for all S), weights ui8 [E, N, B], experts
    i32 [M, S]; an expert outside [0, E) means expert 0. Rules: F1, F2, F4. F6: extents agree as written.

    Example:
    ```mlir
    %y = quant.block_matmul_experts %x, %w, %e format "q8_0" : (tensor<2x1x32xf32>, tensor<4x5x34xui8>, tensor<2x3xi32>) -> tensor<2x3x5xf32>
    ```
  }];
  let arguments = (ins Tensor:$input, Tensor:$weights, Tensor:$experts, StrAttr:$format,
                       DefaultValuedAttr<I64Attr, "8">:$activations);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$input `,` $weights `,` $experts `format` $format (`activations` $activations^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

#endif
