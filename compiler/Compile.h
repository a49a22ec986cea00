// The compiler as a library: a model file in, a planned program and its objects out. The command line is one caller of it.
#ifndef INGOT_COMPILER_COMPILE_H
#define INGOT_COMPILER_COMPILE_H

#include "compiler/Diag.h"
#include "compiler/import/onnx/Import.h"
#include "compiler/weights/WeightStore.h"
#include "passes/plan/Program.h"
#include "targets/Target.h"

#include <memory>

namespace ingot {

struct CompileOptions {
  std::string modelPath;
  std::string device = "host";
  std::string target;   // --target, with --features instead of a device
  std::string features; // "+a,-b"
  ImportOptions import;
  int64_t workers = 2; // --threads: most workers the program may be run with
  int jobs = 0;        // 0: all cores
  bool strict = false;
  bool fast = false; // --precision fast
  std::string stopAfter; // phase, or target:stage; empty: run to the end
  std::string dumpDir;   // one numbered file a phase and a pass; empty: none
};

struct PhaseTime {
  std::string name;
  double seconds;
};

/// One kernel of the finished program, summed over its calls.
struct KernelUse {
  std::string name;
  std::string source; // "generated", "portable", "micro", "halide"
  int64_t count = 0, bytes = 0, work = 0;
  std::vector<std::string> ops; // model nodes it serves
};

struct Compiled {
  std::unique_ptr<mlir::MLIRContext> context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
  Program program;
  WeightStore store;
  std::vector<ObjectFile> objects;
  const Target *target = nullptr;
  Device device;
  std::string symbol; // objects export ingot_run_<symbol>
  std::vector<PhaseTime> phases;
  std::vector<KernelUse> kernels;
  int64_t nodeCount = 0;
  std::map<std::string, int64_t> opCounts;
  bool stopped = false; // --stop-after ended the pipeline: there are no objects
};

/// Compiles. Null: errors were reported.
std::unique_ptr<Compiled> compileModel(const CompileOptions &options, Diagnostics &diagnostics);

/// Inputs and outputs of a model as the reference evaluator sees them, and its results. Nullopt: errors were reported.
struct ReferenceModel {
  std::unique_ptr<mlir::MLIRContext> context;
  ImportedModel model;
  WeightStore store;
  std::vector<ProgramIo> inputs, outputs;
};
std::unique_ptr<ReferenceModel> loadReference(const CompileOptions &options, Diagnostics &diagnostics);
llvm::Expected<std::vector<Tensor>> runReference(const ReferenceModel &model, llvm::ArrayRef<Tensor> inputs);

/// Runs a compiled program once on the target's runner. Inputs in program order.
llvm::Expected<std::vector<Tensor>> runCompiled(const Compiled &compiled, llvm::ArrayRef<Tensor> inputs, int64_t workers);

/// The weights segment: every weight at its place (recipes run).
std::string buildWeights(const Program &program, const WeightStore &store);

/// A C identifier made from a file's stem or any name: letters, digits and '_', not starting with a digit.
std::string symbolFor(llvm::StringRef name);

/// The options' device, from a preset or from --target and --features. Nullopt: errors were reported.
std::optional<Device> resolveDevice(const CompileOptions &options, Diagnostics &diagnostics);

} // namespace ingot

#endif
