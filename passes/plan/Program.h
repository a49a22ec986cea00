// The planned program as plain C++: what package writing, reports, headers and runners read from a module after `plan`.
#ifndef INGOT_PASSES_PLAN_PROGRAM_H
#define INGOT_PASSES_PLAN_PROGRAM_H

#include "compiler/reference/Tensor.h"

#include "mlir/IR/BuiltinOps.h"

namespace ingot {

struct ProgramIo {
  std::string name; // the model's own name
  DType type;
  std::vector<int64_t> shape;
  int64_t bytes; // on the device: elementCount * byteWidth
};

struct ProgramWeight {
  std::string name; // in the WeightStore
  int64_t offset;   // in the weights segment, 64-byte aligned
  int64_t bytes;
};

struct ProgramCall {
  std::string callee;               // kernel-table row, or name of a generated kernel
  bool generated;
  int64_t work;                     // multiply-adds or moved elements
  int64_t bytes;                    // read + written
  std::string source;               // ONNX nodes it came from: "Conv 'conv1' + Relu 'r1'"
  bool barrierAfter;
};

/// A buffer of the arena and the calls between which it lives (for the memory picture).
struct ProgramBuffer {
  int64_t offset, bytes;
  int64_t firstCall, lastCall;
};

struct Program {
  int64_t arenaBytes, scratchBytes, stateBytes, workers;
  std::vector<ProgramIo> inputs, outputs;
  std::vector<ProgramWeight> weights;
  int64_t weightsBytes;
  std::vector<ProgramCall> calls;
  std::vector<ProgramBuffer> buffers;
};

/// Reads deploy.program and the module's attribute `deploy.weights`.
Program readProgram(mlir::ModuleOp module);

} // namespace ingot

#endif
