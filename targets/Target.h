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
  int64_t cores = 1;
  int64_t vectorBytes = 16, l1Bytes = 32 << 10, l2Bytes = 256 << 10, pageBytes = 4096;
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
};

/// Called with a stage's name and text when dumps are asked for.
using StageSink = llvm::function_ref<void(llvm::StringRef stage, llvm::StringRef text)>;

class Target {
public:
  virtual ~Target() = default;
  virtual llvm::StringRef name() const = 0;
  virtual llvm::StringRef summary() const = 0;
  /// Feature names this target knows (features.def).
  virtual llvm::ArrayRef<llvm::StringRef> features() const = 0;
  /// The machine Ingot runs on, when it is of this target.
  virtual std::optional<Device> host() const { return std::nullopt; }
  /// Kernel rows usable on the device, best first for equal op and types.
  virtual std::vector<KernelRow> kernels(const Device &device) const = 0;
  /// Stage names in order, for --stop-after=<target>:<stage>.
  virtual llvm::ArrayRef<llvm::StringRef> stages() const = 0;
  /// Code for a planned module (deploy.program + kernel.func): relocatable objects that export ingot_run_<symbol>.
  virtual llvm::Expected<std::vector<ObjectFile>> emit(mlir::ModuleOp module, llvm::StringRef symbol, const Device &device, StageSink sink) const = 0;
  /// Objects of the static runtime for the device ("core", "pool", "mmap"), built with Ingot.
  virtual llvm::Expected<std::vector<ObjectFile>> runtimeObjects(const Device &device) const = 0;
  /// How tests execute the result: runs the program on inputs. Devices of the host's own ISA run in process; others through an emulator.
  virtual llvm::Expected<std::vector<Tensor>> run(const Device &device, llvm::ArrayRef<ObjectFile> objects, llvm::StringRef symbol, const Program &program,
                                                  llvm::StringRef weights, llvm::ArrayRef<Tensor> inputs, int64_t workers) const = 0;
};

/// Every target, by name, in alphabetical order.
llvm::ArrayRef<const Target *> allTargets();
const Target *findTarget(llvm::StringRef name);
/// Every device of every target's devices/ folder (embedded when Ingot is built) and "host".
llvm::ArrayRef<Device> allDevices();
/// A preset by name; on an unknown one reports the closest match and returns null.
const Device *findDevice(llvm::StringRef name, Diagnostics &diagnostics);

} // namespace ingot

#endif
