// The deploy dialect: the program as the device runs it. Every buffer has a place, every call its arguments;
// barriers stand where data crosses from one worker to another. See README.md.
#ifndef INGOT_DIALECTS_DEPLOY_OPS
#define INGOT_DIALECTS_DEPLOY_OPS

include "dialects/Base.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/SymbolInterfaces.td"

def DeployDialect : Dialect {
  let name = "deploy";
  let summary = "memory, schedule and entry points";
  let cppNamespace = "::ingot::deploy";
  let useDefaultAttributePrinterParser = 1;
}

def Deploy_Space : I32EnumAttr<"Space", "where a buffer lives", [
  I32EnumAttrCase<"arena", 0>, I32EnumAttrCase<"weights", 1>, I32EnumAttrCase<"state", 2>, I32EnumAttrCase<"input", 3>,
  I32EnumAttrCase<"output", 4>, I32EnumAttrCase<"scratch", 5>]> {
  let cppNamespace = "::ingot::deploy";
  let genSpecializedAttr = 0;
}
def Deploy_SpaceAttr : EnumAttr<DeployDialect, Deploy_Space, "space">;

def Deploy_PlaceAttr : AttrDef<DeployDialect, "Place"> {
  let mnemonic = "place";
  let summary = "an address: space, index (of the input or output) and byte offset";
  let parameters = (ins "::ingot::deploy::Space":$space, "int64_t":$index, "int64_t":$offset, "int64_t":$bytes);
  let assemblyFormat = "`<` $space `,` $index `,` $offset `,` $bytes `>`";
}

class Deploy_Op<string mnemonic, list<Trait> traits = []> : Op<DeployDialect, mnemonic, traits>;

def Deploy_ProgramOp : Deploy_Op<"program", [Symbol, SingleBlock, NoTerminator, IsolatedFromAbove]> {
  let summary = "one entry point: its memory and its steps";
  let description = [{
    `arenaBytes` of working memory shared by all calls, `scratchBytes` for each of at most `workers` workers. Inputs and outputs are the caller's
    buffers. Names, types and shapes of inputs and outputs stand in `inputs` and `outputs` (dictionaries name, type).

    Example:
    ```mlir
    deploy.program @run arena 4096 scratch 0 workers 2 {
      deploy.call "ik_softmax_f32" params [1, 10, 1] places [#deploy.place<input, 0, 0, 40>, #deploy.place<output, 0, 0, 40>] work 10
      deploy.barrier
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$arenaBytes, I64Attr:$scratchBytes, I64Attr:$workers, OptionalAttr<ArrayAttr>:$inputs, OptionalAttr<ArrayAttr>:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name `arena` $arenaBytes `scratch` $scratchBytes `workers` $workers $body attr-dict";
}

def Deploy_SharedOp : Deploy_Op<"shared", [Symbol, SingleBlock, NoTerminator, IsolatedFromAbove]> {
  let summary = "steps that are run several times with other numbers";
  let description = [{
    The programs of several shapes of one model, or the layers of one program: the same calls on the same buffers, with other parameters and offsets,
    sometimes another kernel. `table` is [program or layer][column]; each call's `columns` says which of its numbers stand there. `scratchBytes` is the
    programs' common one. A program that runs this names it and its row (`shared`, `row`), or which of its calls it stands for, a row after the other
    (`rolled`), and keeps its own steps for whoever reads it. A barrier stands where any of them has one.

    Example:
    ```mlir
    deploy.shared @common scratch 0 columns 1 table [16, 32] {
      deploy.call "map_1" params [0] places [#deploy.place<input, 0, 0, 16>, #deploy.place<arena, 0, 0, 16>] work 4 {columns = array<i64: -1, -1, 0, -1, -1>}
    }
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$scratchBytes, I64Attr:$columnCount, DenseI64ArrayAttr:$table);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name `scratch` $scratchBytes `columns` $columnCount `table` $table $body attr-dict";
}

def Deploy_CallOp : Deploy_Op<"call"> {
  let summary = "runs one kernel on all workers";
  let description = [{
    Calls `callee(buffers, params, worker, workers)` with the address of each place in order. `source` says where the nodes came from.
    `serial` runs it on worker 0 alone. `turns` as in kernel.micro: as many calls as that parameter says, a barrier between; the last parameter is the turn.
    Rule Y2: `turns` names a parameter before the last, of at least 1.

    Example:
    ```mlir
    deploy.program @run arena 64 scratch 0 workers 1 {
      deploy.call "map_1" params [] places [#deploy.place<input, 0, 0, 16>, #deploy.place<arena, 0, 0, 16>] work 4
    }
    ```
  }];
  let arguments = (ins StrAttr:$callee, DenseI64ArrayAttr:$params, ArrayAttr:$places, I64Attr:$work, UnitAttr:$serial, OptionalAttr<StrAttr>:$source, OptionalAttr<I64Attr>:$turns);
  let assemblyFormat = "$callee `params` $params `places` $places `work` $work attr-dict";
  let hasVerifier = 1;
}

def Deploy_BarrierOp : Deploy_Op<"barrier"> {
  let summary = "waits until every worker has come here";
  let description = [{
    Example:
    ```mlir
    deploy.program @run arena 64 scratch 0 workers 2 {
      deploy.barrier
    }
    ```
  }];
  let assemblyFormat = "attr-dict";
}

#endif
