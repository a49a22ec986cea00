// Products with and rows of weights that ONNX stores in b bits (com.microsoft.MatMulNBits, GatherBlockQuantized), the file's own bytes. Included by Ops.td.
//
// Weights ui8 [N, blocks, block * bits / 8]: element i of a block at bit i * bits. Scales float [N * blocks] in any shape, zero points absent (2^(bits-1)),
// floats like the scales, or ui8 [N * ceil(blocks * bits / 8)] packed like the weights, every row at a byte. The value of an integer q is
// f32(f32(q - zero) * scale). Elements of K past the stored blocks are 0 (the importer pads K to a multiple of 32 this way).
// With activations in 8 bits x is quantised in blocks of 32 as BlockOps.td says and, one accumulator, blocks in k order, blocks of 16 as halves
// (C = 2^(bits-1) without zero points and for 8 bits, else 0; S is exact):
//   acc = fma(f32(sum (q - C) * xq), scale * xs, acc), and with zero points acc = fma(-(scale * (zero - C)), xs * f32(S = sum xq), acc)
#ifndef INGOT_DIALECTS_QUANT_NBITSOPS
#define INGOT_DIALECTS_QUANT_NBITSOPS

def Quant_NbitsMatmulOp : Quant_Op<"nbits_matmul"> {
  let summary = "product of rows with the rows of a b-bit matrix";
  let description = [{
    `result[m, n] = sum over k of x[m, k] * weights[n][k]`, x [M, K] f32. `activations` 8: x in 8-bit blocks by the rule above; 32: x as it is,
    `acc = fma(x[k], w[k], acc)` in k order.
    Rules: N1: bits are 2, 4 or 8, block is 16 or a multiple of 32. N2: weights are ui8 [N, blocks, block * bits / 8], N and blocks at least 1. N3: scales are
    floats, N * blocks of them. N4: zeros are floats, N * blocks of them, or ui8, N * ceil(blocks * bits / 8). N5: K is a multiple of 32 with
    blocks = ceil(K0 / block) for some K0 in (K - 32, K]. N6: x and result are f32 of rank 2 and the extents agree. N7: activations are 8 or 32.

    Example:
    ```mlir
    %y = quant.nbits_matmul %x, %w, %s bits 4 block 32 : (tensor<2x64xf32>, tensor<5x2x16xui8>, tensor<10xf32>) -> tensor<2x5xf32>
    ```
  }];
  let arguments = (ins Tensor:$input, Tensor:$weights, Tensor:$scales, Optional<Tensor>:$zeros, I64Attr:$bits, I64Attr:$block,
    DefaultValuedAttr<I64Attr, "8">:$activations);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$input `,` $weights `,` $scales (`zeros` $zeros^)? `bits` $bits `block` $block (`activations` $activations^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Quant_NbitsRowsOp : Quant_Op<"nbits_rows"> {
  let summary = "rows of a b-bit matrix as floats";
  let description = [{
    `result[m, :] = values of weights[ids[m]]`, exactly; an id outside [0, N) gives zeros.
    Rules: N1 to N5 (K is `k`). N8: ids are i32 [M], the result is f32 [M, K].

    Example:
    ```mlir
    %y = quant.nbits_rows %w, %s, %ids zeros %z bits 4 block 32 k 64 : (tensor<5x2x16xui8>, tensor<10xf32>, tensor<3xi32>, tensor<5xui8>) -> tensor<3x64xf32>
    ```
  }];
  let arguments = (ins Tensor:$weights, Tensor:$scales, Tensor:$ids, Optional<Tensor>:$zeros, I64Attr:$bits, I64Attr:$block, I64Attr:$k);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$weights `,` $scales `,` $ids (`zeros` $zeros^)? `bits` $bits `block` $block `k` $k attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

#endif
