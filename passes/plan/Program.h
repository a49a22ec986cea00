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
  std::string bound = {}; // an input's only legal bytes, compiled into the program; empty: it is free
  int64_t extentAxis = -1;   // an output that is shorter than its shape at run time: on this axis ...
  int64_t extentOutput = -1; // ... it has as many entries as this output (i64 scalar) says
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
  std::string unit;                 // the unit that runs it: the device itself or one of Device::units
  std::string why;                  // why another unit than the device itself
  std::string kernelChoice, splitChoice; // keys of what decided on the kernel and on the split (passes/Choices.h); "": nothing was to choose
};

/// A buffer of the arena and the calls between which it lives (for the memory picture).
struct ProgramBuffer {
  int64_t offset, bytes;
  int64_t firstCall, lastCall;
};

/// A tensor that lives from run to run, shared by all entry points.
struct ProgramState {
  std::string name;
  int64_t offset; // in the state memory, 64-byte aligned
  int64_t bytes;
};

/// One entry point. Those of a module have the same workers, weights and states, stateBytes and weightsBytes.
struct Program {
  std::string entry = "run"; // C identifier; "run" for a model with one
  int64_t arenaBytes = 0, scratchBytes = 0, stateBytes = 0, workers = 1;
  int64_t liveBytes = 0; // the arena's lower bound: its buffers that are alive in one call
  bool serial = false; // every call is the first worker's: more gain nothing
  std::vector<ProgramIo> inputs, outputs;
  std::vector<ProgramWeight> weights;
  int64_t weightsBytes = 0;
  std::vector<ProgramCall> calls;
  std::vector<ProgramBuffer> buffers;
  std::vector<ProgramState> states;
};

/// Reads every deploy.program, in the module's order, and the module's attributes `deploy.weights` and `deploy.states`.
std::vector<Program> readPrograms(mlir::ModuleOp module);

/// The bytes of an argument's attribute `nn.bound`; "" for null.
std::string boundBytes(mlir::Attribute value);

/// The arena that serves every program.
inline int64_t arenaBytesOf(llvm::ArrayRef<Program> programs) {
  int64_t most = 0;
  for (const Program &program : programs)
    most = std::max(most, program.arenaBytes);
  return most;
}

/// The most bytes that are alive in one call of a program: no arena that serves every program can be smaller.
inline int64_t liveBytesOf(llvm::ArrayRef<Program> programs) {
  int64_t most = 0;
  for (const Program &program : programs)
    most = std::max(most, program.liveBytes);
  return most;
}

/// What the code of entry point `entry` is exported as: ingot_<entry>_<symbol>.
inline std::string entrySymbol(llvm::StringRef entry, llvm::StringRef symbol) { return ("ingot_" + entry + "_" + symbol).str(); }

} // namespace ingot

#endif
