// A target that LLVM makes code for: a Target described by tables. A CPU's folder has these tables and nothing else.
#ifndef INGOT_TARGETS_COMMON_CPUTARGET_H
#define INGOT_TARGETS_COMMON_CPUTARGET_H

#include "targets/Target.h"
#include "passes/lower/WeightForms.h"
#include "targets/common/Emit.h"

#include "llvm/TargetParser/Triple.h"

namespace ingot {

/// FEATURE(name, llvm-feature, doc) of a features.def.
struct FeatureRow {
  llvm::StringRef name, llvm, doc;
};

/// A folder-named set of kernels (Levels.cmake) and the features that a device must have for it.
struct KernelLevel {
  llvm::StringRef name;
  llvm::ArrayRef<llvm::StringRef> needs;
  int64_t vectorBytes; // of a register
  const WeightCosts *weights = nullptr; // of the kernels for packed 8-bit weights; null: they are not worth calling
};

/// How QEMU runs the target's Linux programs on a machine of another instruction set.
struct Emulation {
  llvm::StringRef program; // "qemu-<arch>"; empty: not at all
  llvm::ArrayRef<std::pair<llvm::StringRef, llvm::StringRef>> cpus; // a device's cpu -> QEMU's name for it; any other is "max"
};

struct CpuTables {
  llvm::StringRef name, summary;
  llvm::Triple::ArchType arch; // the instruction set, which decides where programs can be run in process
  bool servesHost;             // whether "host" is a device of this target on a machine of that instruction set
  llvm::ArrayRef<FeatureRow> features;
  llvm::ArrayRef<llvm::StringRef> required; // features without which there is no code
  llvm::ArrayRef<KernelLevel> levels;       // best first
  llvm::ArrayRef<KernelRow> kernels;        // the target's own, best first
  Emulation emulation;
  llvm::ArrayRef<llvm::StringRef> llvmOptions = {}; // switches of LLVM's that its back end needs for right code
};

class CpuTarget : public Target {
public:
  explicit CpuTarget(const CpuTables &tables);

  llvm::StringRef name() const override { return tables.name; }
  llvm::StringRef summary() const override { return tables.summary; }
  llvm::ArrayRef<llvm::StringRef> features() const override { return featureNames; }
  std::vector<KernelRow> kernels(const Device &device) const override;
  const WeightCosts *weightCosts(const Device &device) const override;
  bool sharesShapes() const override { return true; }
  llvm::ArrayRef<llvm::StringRef> stages() const override;
  std::optional<Device> host() const override;
  const CpuTarget *asCpu() const override { return this; }
  llvm::Expected<std::vector<ObjectFile>> emit(mlir::ModuleOp module, llvm::StringRef symbol, const Device &device, StageSink sink) const override;
  llvm::Expected<std::vector<ObjectFile>> runtimeObjects(const Device &device) const override;
  /// The maps of `module` and the kernels that `entries` call, behind entry points of their own.
  llvm::Expected<ObjectFile> emitWith(mlir::ModuleOp module, llvm::StringRef symbol, const Device &device, StageSink sink, EntryEmitter entries) const;
  llvm::Expected<std::unique_ptr<LoadedProgram>> load(const Device &device, llvm::ArrayRef<ObjectFile> objects, llvm::StringRef symbol,
                                                      llvm::ArrayRef<Program> programs, llvm::StringRef weights) const override;

private:
  /// LLVM's view of the device, with the best level it can run.
  llvm::Expected<CpuSpec> specOf(const Device &device) const;
  bool isHostIsa() const;
  /// The machine Ingot runs on in this target's terms, when it has the target's instruction set.
  std::optional<Device> machine() const;

  const CpuTables &tables;
  std::vector<llvm::StringRef> featureNames;
};

/// The kernels every CPU target has: targets/common/kernels.def.
llvm::ArrayRef<KernelRow> portableKernels();

} // namespace ingot

#endif
