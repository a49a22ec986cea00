// What a target answers. Core code asks; it never names a target. A target is one folder below targets/; CMake finds it and
// calls its `const Target &ingot::get<Folder>Target()` from a list written into the build tree.
#ifndef INGOT_TARGETS_TARGET_H
#define INGOT_TARGETS_TARGET_H

#include "compiler/Diag.h"
#include "compiler/reference/Tensor.h"
#include "passes/plan/Program.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"

namespace ingot {

/// A device as data (devices/*.toml): unknown fields are errors with a hint.
struct Device {
  std::string name;        // "cortex-a76"
  std::string target;      // folder: "arm"
  std::string description; // one line
  std::string os;          // "linux", "android", "ios", "macos"
  std::string triple;      // LLVM's
  std::string cpu;         // LLVM's -mcpu
  std::vector<std::string> features; // names from the target's features.def
  std::vector<std::string> units;    // devices beside this one that share its memory and run what it cannot, in this order
  int64_t cores = 1;
  int64_t vectorBytes = 16, l1Bytes = 32 << 10, l2Bytes = 256 << 10, pageBytes = 4096;
  int64_t vtcmBytes = 0; // memory as fast as a cache that programs address; the arena's place when it fits. 0: none
  double bandwidthGBs = 0; // 0: unknown
};

/// One row of a kernel table (kernels.def): what exists for an op on a target.
struct KernelRow {
  llvm::StringRef name;     // function and source file stem
  llvm::StringRef op;       // nn/quant op it serves
  llvm::StringRef types;    // "f32", "u8s8" ...
  llvm::StringRef requires_; // "+"-joined features; "" for any device
  llvm::StringRef source;   // "portable", "micro", "halide"
  llvm::StringRef doc;      // which source wins where, with the measured figure
};

struct ObjectFile {
  std::string name; // "model.o"
  std::string bytes;
  int64_t stackBytes = 0; // the deepest stack that its entry points need, without the runtime's functions; 0: not known
};

struct WeightCosts;

/// Called with a stage's name and text when dumps are asked for.
using StageSink = llvm::function_ref<void(llvm::StringRef stage, llvm::StringRef text)>;

/// The entry points of a module in memory, ready to run many times on one arena and one state, which begins as zeros.
class LoadedProgram {
public:
  virtual ~LoadedProgram() = default;
  /// Runs entry point `entry` (its index in the programs given to load) once. One pointer an input and an output, in program order, of the sizes of
  /// Program::inputs and outputs. Errors: no such entry, wrong counts or workers, an emulator or device that gave up.
  virtual llvm::Error run(size_t entry, llvm::ArrayRef<const void *> inputs, llvm::ArrayRef<void *> outputs, int64_t workers) = 0;
  /// Zeroes the state.
  virtual llvm::Error resetState() = 0;
  /// The weights given to load are a file's, mapped: what the code says of streamed ones (deploy::kStreamAttr) is acted upon from now on.
  virtual void streamWeights() {}
  /// Seconds of each call of the last run, as worker 0 saw them; empty unless the module asked for it (deploy::kTimedAttr) and the target can.
  virtual llvm::ArrayRef<double> callSeconds() const { return {}; }
};

class CpuTarget;

/// What a target's back end does to a planned module, on one map:
///
///   kernel.func @map_1 dims [8, 64] offsets [0, 0] strides [64, 1, 64, 1] result f32 {
///   ^bb0(%a: f32):
///     %0 = math.absf %a : f32
///     kernel.yield %0 : f32
///   }
///   deploy.program @run arena 0 scratch 0 workers 2 {
///     deploy.call "map_1" params [] places [#deploy.place<input, 0, 0, 2048>, #deploy.place<output, 0, 0, 2048>] work 512
///   }
///
/// becomes (stage "llvm": one loop, because both operands walk the two dims as one; iterations are marked independent)
///
///   define void @map_1(ptr %buf, ptr %params, i64 %worker, i64 %workers) {
///     %in = load ptr, ptr %buf    ...    br label %loop            ; i from 512*worker/workers to 512*(worker+1)/workers
///     %v = load float, ptr %p, !llvm.access.group !0
///     %r = call float @i.body.map_1(float %v)                       ; inlined by the optimiser
///     store float %r, ptr %q, !llvm.access.group !0
///   define void @ingot_run_<symbol>(ptr %frame, i32 %worker, i32 %workers) {
///     call void @map_1(ptr %buffers, ptr null, i64 %w, i64 %n)      ; after storing the two addresses to %buffers
///
/// Every deploy.program becomes one such function, named entrySymbol(entry, symbol); all else is internal; the object leaves undefined memcpy, memset and ingot_barrier_wait alone.
class Target {
public:
  virtual ~Target() = default;
  virtual llvm::StringRef name() const = 0;
  virtual llvm::StringRef summary() const = 0;
  /// Feature names this target knows (features.def).
  virtual llvm::ArrayRef<llvm::StringRef> features() const = 0;
  /// The machine Ingot runs on, when it is of this target.
  virtual std::optional<Device> host() const { return std::nullopt; }
  /// The target as one that LLVM makes code for (common/CpuTarget.h); null when it is none.
  virtual const CpuTarget *asCpu() const { return nullptr; }
  /// Kernel rows usable on the device, best first for equal op and types.
  virtual std::vector<KernelRow> kernels(const Device &device) const = 0;
  /// What the forms of constant 8-bit weights cost on the device (passes/lower/WeightForms.h); null: it has no kernels for them.
  virtual const WeightCosts *weightCosts(const Device &) const { return nullptr; }
  /// Whether programs of several shapes, and the turns of a loop, may share their steps (deploy.shared): one more costs a row of numbers instead of code.
  virtual bool sharesShapes() const { return false; }
  /// Stage names in order, for --stop-after=<target>:<stage>.
  virtual llvm::ArrayRef<llvm::StringRef> stages() const = 0;
  /// Code for a planned module (deploy.programs + kernel.funcs): relocatable objects that export entrySymbol(entry, symbol) for each program.
  virtual llvm::Expected<std::vector<ObjectFile>> emit(mlir::ModuleOp module, llvm::StringRef symbol, const Device &device, StageSink sink) const = 0;
  /// Objects of the static runtime for the device ("core", "pool", "mmap"), built with Ingot. A part that only the application's own
  /// compiler can build is its source ("part.m").
  virtual llvm::Expected<std::vector<ObjectFile>> runtimeObjects(const Device &device) const = 0;
  /// Makes the programs of one module ready to run: in this process for devices of the host's own ISA, else in an emulator, a driver or whatever
  /// executes the device's code here. `weights` is used in place and must outlive the result.
  virtual llvm::Expected<std::unique_ptr<LoadedProgram>> load(const Device &device, llvm::ArrayRef<ObjectFile> objects, llvm::StringRef symbol,
                                                              llvm::ArrayRef<Program> programs, llvm::StringRef weights) const = 0;
};

/// Refuses inputs (in program order) that differ from the value the program is bound to.
llvm::Error checkBound(const Program &program, llvm::ArrayRef<Tensor> inputs);
/// Refuses an entry that does not exist, wrong numbers of inputs and outputs, and workers beyond 1 to Program::workers.
llvm::Error checkRun(llvm::ArrayRef<Program> programs, size_t entry, size_t inputs, size_t outputs, int64_t workers);
/// Zero-filled tensors of the program's outputs.
std::vector<Tensor> emptyOutputs(const Program &program);
/// One run on tensors. Errors: those of LoadedProgram::run, and inputs of other sizes than the program's.
llvm::Expected<std::vector<Tensor>> runOnTensors(LoadedProgram &loaded, llvm::ArrayRef<Program> programs, size_t entry, llvm::ArrayRef<Tensor> inputs,
                                                 int64_t workers);

/// Every target, by name, in alphabetical order.
llvm::ArrayRef<const Target *> allTargets();
const Target *findTarget(llvm::StringRef name);
/// Every device of every target's devices/ folder (embedded when Ingot is built) and "host".
llvm::ArrayRef<Device> allDevices();
/// A preset by name; on an unknown one reports the closest match and returns null.
const Device *findDevice(llvm::StringRef name, Diagnostics &diagnostics);

} // namespace ingot

#endif
