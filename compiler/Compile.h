// The compiler as a library: a model file in, a planned program and its objects out. The command line is one caller of it.
#ifndef INGOT_COMPILER_COMPILE_H
#define INGOT_COMPILER_COMPILE_H

#include "compiler/Diag.h"
#include "compiler/import/gguf/Import.h"
#include "compiler/import/onnx/Import.h"
#include "compiler/package/CHeaderWriter.h"
#include "compiler/package/ShapeSets.h"
#include "compiler/reference/Evaluate.h"
#include "compiler/tune/Lock.h"
#include "compiler/weights/WeightStore.h"
#include "passes/compress/Compress.h"
#include "passes/lower/WeightForms.h"
#include "passes/plan/Program.h"
#include "targets/Target.h"

#include "llvm/Support/Memory.h"

#include <memory>

namespace ingot {

struct CompileOptions {
  std::string modelPath;
  std::string name; // --name: of the library and its functions; empty: the model file's
  std::string device = "host";
  std::string target;   // --target, with --features instead of a device
  std::string features; // "+a,-b"
  ImportOptions import; // of an ONNX model
  ShapeSets shapes;     // of an ONNX model: dimensions for which several extents are compiled
  ImportLlm llm;        // of a GGUF model
  CompressRequest compress; // --quantize, --sparsify, --calibrate
  int64_t workers = 2; // --threads: most workers the program may be run with
  int jobs = 0;        // 0: all cores
  SparseStorage sparse = SparseStorage::Fastest; // --sparse
  int64_t streamBytes = 0; // --stream-weights: most bytes of weights in memory at once; 0: all
  bool strict = false;
  bool fast = false; // --precision fast
  bool showsValues = false; // what every operation makes is an output too (ingot diff)
  bool timed = false; // code that lets each call be timed (bench --kernels)
  std::optional<Choices::Wishes> wishes; // ways to take instead of those of the lock file beside the model: the tuner's
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
  std::vector<Program> programs; // one an entry point; at least one unless `stopped`
  ShapeSets shapes; // not empty: programs[i] is for its combination i
  WeightStore store;
  std::vector<ObjectFile> objects;
  const Target *target = nullptr;
  Device device;
  std::string symbol; // objects export entrySymbol(entry, symbol) for each program
  std::vector<PhaseTime> phases;
  std::vector<KernelUse> kernels;
  int64_t nodeCount = 0;
  std::map<std::string, int64_t> opCounts;
  std::vector<LayerNote> layers; // what the compress phase did
  OperandsNote operands; // --precision bf16, f16
  std::vector<WeightNote> weightNotes; // how 8-bit weights are stored, and why
  int64_t streamBytes = 0; // of the options
  Choices choices; // what measurement may decide, and what was taken
  TuneLock lock;   // where the wishes came from; no entries where there is no lock file that holds
  bool stopped = false; // --stop-after ended the pipeline
  std::string stageText; // what the target wrote at the stage that --stop-after names

  /// The first entry point: the only one of an ONNX model.
  const Program &program() const { return programs.front(); }
};

/// Imports by format: GGUF when the file says or is named so, else ONNX.
ImportedModel importModel(const CompileOptions &options, mlir::MLIRContext &context, WeightStore &store, Diagnostics &diagnostics);

/// Imports the model once for each combination of `shapes`, which is not empty, into one module with an entry point each. What is wrong for some of them
/// alone is said with the first of these; extents of bounded dimensions that the model has no shape with are taken out of `shapes`, with a warning.
ImportedModel importShapes(const CompileOptions &options, ShapeSets &shapes, mlir::MLIRContext &context, WeightStore &store, Diagnostics &diagnostics);

/// MLIR's own diagnostics in Ingot's form. What lowering refuses begins with "unsupported: ", what calibration finds wrong with "calibration: ".
void forwardDiagnostic(mlir::Diagnostic &from, Diagnostics &to, llvm::StringRef file);

/// Reads the samples that the request's methods need, now that the inputs are known. False: reported.
bool prepareCompress(mlir::ModuleOp module, CompressRequest &request, llvm::StringRef model, Diagnostics &diagnostics);
/// The compress phase alone, as the reference evaluator and the writer of models need it. False: reported.
bool compressModule(mlir::ModuleOp module, WeightStore &store, CompressRequest &request, llvm::StringRef model, Diagnostics &diagnostics);

/// The choices of a build: of ONNX models for this machine they may be wished for, by the options or by the lock file beside the model. False: a lock
/// file that is damaged was reported.
bool takeLock(const CompileOptions &options, Compiled &compiled, Diagnostics &diagnostics);
/// Whether choices are made by wishes at all; elsewhere the rules alone decide.
bool mayTune(const CompileOptions &options, const Device &device);
/// IG0232 for each entry of the lock file that this build cannot take.
void reportRefused(const Compiled &compiled, llvm::StringRef model, Diagnostics &diagnostics);

/// Makes what every operation of a function makes an output of it, behind its own, named after the model's node ("#2" for its second result). The
/// module's attribute `ingot.own_outputs` keeps the number of the function's own.
void exposeValues(mlir::ModuleOp module);

/// Compiles. Null: errors were reported.
std::unique_ptr<Compiled> compileModel(const CompileOptions &options, Diagnostics &diagnostics);

/// The caches of a language model whose state is nothing else: places from the plan, [sequences, slices, rows, bytes of a row] from the module's attribute
/// `nn.caches`, a dictionary by state. Empty when there are none.
std::vector<CachePart> cachesOf(const Compiled &compiled);

/// What an application must know beside sizes, for the header: the module's attribute `nn.constants`, an array of dictionaries {name, value, comment}
/// that the importer wrote; empty when there is none.
std::vector<ModelConstant> constantsOf(const Compiled &compiled);

/// Entry points of a model as the reference evaluator sees them. Nullopt: errors were reported.
struct ReferenceModel {
  std::unique_ptr<mlir::MLIRContext> context;
  ImportedModel model;
  WeightStore store;
  std::vector<Program> programs; // entry, inputs, outputs and workers (1) alone
};
/// With --quantize or --sparsify: the compressed model. `layers`, when given, receives what the compress phase did, and values keep their names.
std::unique_ptr<ReferenceModel> loadReference(const CompileOptions &options, Diagnostics &diagnostics, std::vector<LayerNote> *layers = nullptr);
/// Runs the first entry point once, on states of zeros.
llvm::Expected<std::vector<Tensor>> runReference(const ReferenceModel &model, llvm::ArrayRef<Tensor> inputs);
/// All entry points, with a state that lives from run to run. `model` must outlive the result.
std::unique_ptr<LoadedProgram> loadReferenceProgram(const ReferenceModel &model);

/// The weights segment in memory of its own, from a page's start; empty for a model without weights. Made tensor by tensor, recipes on `jobs`
/// threads (0: all cores). Streamed weights lie in a temporary file that is mapped read-only.
class WeightsSegment {
public:
  WeightsSegment() = default;
  explicit WeightsSegment(llvm::sys::MemoryBlock block, int64_t bytes) : block(block), size(bytes) {}
  llvm::StringRef bytes() const { return {static_cast<const char *>(block.base()), static_cast<size_t>(size)}; }
  char *data() { return static_cast<char *>(block.base()); }

private:
  llvm::sys::OwningMemoryBlock block;
  int64_t size = 0;
};
llvm::Expected<WeightsSegment> buildWeights(const Compiled &compiled, unsigned jobs = 0);

/// A compiled model ready to run where the target runs things, with its weights.
struct LoadedModel {
  WeightsSegment weights; // outlives the program
  std::unique_ptr<LoadedProgram> program;
};
llvm::Expected<LoadedModel> loadCompiled(const Compiled &compiled);

/// Loads the model and runs an entry point once. Inputs in program order.
llvm::Expected<std::vector<Tensor>> runCompiled(const Compiled &compiled, llvm::ArrayRef<Tensor> inputs, int64_t workers, size_t entry = 0);

/// A C identifier made from a file's stem or any name: letters, digits and '_', not starting with a digit.
std::string symbolFor(llvm::StringRef name);

/// The options' device, from a preset or from --target and --features. Nullopt: errors were reported.
std::optional<Device> resolveDevice(const CompileOptions &options, Diagnostics &diagnostics);

} // namespace ingot

#endif
