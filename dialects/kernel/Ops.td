// The kernel dialect: one op is one piece of device code. kernel.micro names a row of a kernel table,
// kernel.map carries its code as a region over scalars, kernel.view costs nothing. See README.md.
#ifndef INGOT_DIALECTS_KERNEL_OPS
#define INGOT_DIALECTS_KERNEL_OPS

include "dialects/Base.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/IR/RegionKindInterface.td"

def KernelDialect : Dialect {
  let name = "kernel";
  let summary = "pieces of device code";
  let cppNamespace = "::ingot::kernel";
}

class Kernel_Op<string mnemonic, list<Trait> traits = []> : Op<KernelDialect, mnemonic, traits>;

def Kernel_MicroOp : Kernel_Op<"micro", [Pure]> {
  let summary = "a call of a micro-kernel, named by its row in the kernel table";
  let description = [{
    The device calls `row(buffers, params, worker, workers)` (targets/common/ukernels/ukernel.h): buffers are the inputs, then the results, then
    `scratch` bytes of a worker's own memory when `scratch` > 0. What `params` mean is written beside the row's C source. `dest`, when given as an
    index of an input, makes the first result overwrite that input's buffer. `work` counts multiply-adds (or moved elements) for the report and the
    choice of workers. Rows joined by '+' run band by band (passes/lower/ConvBands.h). With `turns`, the index of a parameter, the call is made as often
    as that parameter says, and workers wait for each other in between: the last parameter is the number of the turn, a worker's scratch stays as it was.
    Rule K1: `dest` names an input with the first result's byte size. K6: `turns` names a parameter before the last, of at least 1.

    Example:
    ```mlir
    %y = kernel.micro "ik_softmax_f32"(%x) params [1, 10, 1] scratch 0 work 10 : (tensor<1x10xf32>) -> tensor<1x10xf32>
    ```
  }];
  let arguments = (ins StrAttr:$row, Variadic<Tensor>:$inputs, DenseI64ArrayAttr:$params, I64Attr:$scratch, I64Attr:$work,
    OptionalAttr<I64Attr>:$dest, OptionalAttr<StrAttr>:$epilogue, OptionalAttr<I64Attr>:$turns);
  let results = (outs Variadic<Tensor>:$results);
  let assemblyFormat = "$row `(` $inputs `)` `params` $params `scratch` $scratch `work` $work attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Kernel_MapOp : Kernel_Op<"map", [Pure, SingleBlock, RecursiveMemoryEffects]> {
  let summary = "generated code: a scalar function over a strided iteration space";
  let description = [{
    For every point i of the box `dims`: `result[off_r + sum i_d * str_r,d] = body(input_j[off_j + sum i_d * str_j,d] ...)`, offsets and strides in
    elements of each operand's flat row-major buffer. `offsets` has one entry an input and one for the result (last); `strides` is
    [operand][dim], row-major. With `hasDest` the last input is not read through the body: its buffer becomes the result's, and only the points written
    change. The body sees one scalar a read input (signless integer types) and yields one scalar. Rule K2: the lengths of offsets and strides agree.
    K3: every address lies inside its operand. K4: without `hasDest` every element of the result is written exactly once.

    Example:
    ```mlir
    %y = kernel.map(%x) dims [3, 2] offsets [0, 0] strides [1, 3, 2, 1] {
    ^bb0(%a: f32):
      kernel.yield %a : f32
    } : (tensor<2x3xf32>) -> tensor<3x2xf32>
    ```
  }];
  let arguments = (ins Variadic<Tensor>:$inputs, DenseI64ArrayAttr:$dims, DenseI64ArrayAttr:$offsets, DenseI64ArrayAttr:$strides, UnitAttr:$hasDest);
  let results = (outs Tensor:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "`(` $inputs `)` `dims` $dims `offsets` $offsets `strides` $strides $body attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Kernel_YieldOp : Kernel_Op<"yield", [Pure, Terminator, ParentOneOf<["MapOp", "FuncOp"]>]> {
  let summary = "ends a map's body";
  let description = [{
    Example:
    ```mlir
    %y = kernel.map(%x) dims [4] offsets [0, 0] strides [1, 1] {
    ^bb0(%a: f32):
      %s = arith.addf %a, %a : f32
      kernel.yield %s : f32
    } : (tensor<4xf32>) -> tensor<4xf32>
    ```
  }];
  let arguments = (ins AnyType:$value);
  let assemblyFormat = "$value attr-dict `:` type($value)";
}

def Kernel_ViewOp : Kernel_Op<"view", [Pure]> {
  let summary = "the same bytes under another type";
  let description = [{
    No code: the result is the input's buffer. Rule K5: both types have the same number of bytes.

    Example:
    ```mlir
    %y = kernel.view %x : (tensor<2x6xf32>) -> tensor<12xf32>
    ```
  }];
  let arguments = (ins Tensor:$input);
  let results = (outs Tensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Kernel_EmptyOp : Kernel_Op<"empty"> {
  let summary = "an uninitialised tensor that maps then fill";
  let description = [{
    No code: a buffer whose bytes are undefined until a `kernel.map` with `hasDest` writes them. Each op is a buffer of its own, so two never become
    one: different maps fill them.

    Example:
    ```mlir
    %e = kernel.empty : tensor<2x6xf32>
    ```
  }];
  let results = (outs Res<Tensor, "the buffer", [MemAlloc<DefaultResource>]>:$result);
  let assemblyFormat = "attr-dict `:` type($result)";
}

def Kernel_FuncOp : Kernel_Op<"func", [Symbol, SingleBlock, IsolatedFromAbove]> {
  let summary = "an outlined kernel.map";
  let description = [{
    One copy of a map's code, shared by all equal maps (content hash in the name). Attributes as in `kernel.map`; the element types of the read inputs
    are those of the body's arguments, `resultType` is the result's. The device function has the micro-kernels' signature.
    With `split`, dims may be walked in no other order, the workers share dim `split`, and numbers that are INT64_MIN are read from the call's
    parameters: the first of them is parameter 0, and so on.

    Example:
    ```mlir
    kernel.func @map_1 dims [4] offsets [0, 0] strides [1, 1] result f32 {
    ^bb0(%a: f32):
      kernel.yield %a : f32
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, DenseI64ArrayAttr:$dims, DenseI64ArrayAttr:$offsets, DenseI64ArrayAttr:$strides, TypeAttr:$resultType,
    OptionalAttr<I64Attr>:$split);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name `dims` $dims `offsets` $offsets `strides` $strides `result` $resultType $body attr-dict";
}

#endif
