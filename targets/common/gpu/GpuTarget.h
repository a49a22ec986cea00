// A target whose code is compute shaders and whose host part is compiled for the CPU beside the GPU: what such targets share.
#ifndef INGOT_TARGETS_COMMON_GPU_GPUTARGET_H
#define INGOT_TARGETS_COMMON_GPU_GPUTARGET_H

#include "targets/common/CpuTarget.h"
#include "targets/common/HostRunner.h"
#include "targets/common/spirv/Shader.h"

namespace ingot {

struct GpuTables {
  llvm::StringRef name, summary;
  llvm::ArrayRef<FeatureRow> features; // names among those of Shader::needs, and "fma"
};

class GpuTarget : public Target {
public:
  explicit GpuTarget(const GpuTables &tables);

  llvm::StringRef name() const override { return tables.name; }
  llvm::StringRef summary() const override { return tables.summary; }
  llvm::ArrayRef<llvm::StringRef> features() const override { return featureNames; }
  std::vector<KernelRow> kernels(const Device &device) const override;
  llvm::Expected<std::vector<ObjectFile>> emit(mlir::ModuleOp module, llvm::StringRef symbol, const Device &device, StageSink sink) const override;
  llvm::Expected<std::vector<ObjectFile>> runtimeObjects(const Device &device) const override;

protected:
  /// What the runtime makes a pipeline of, from SPIR-V words; `sink` gets it by the shader's name.
  virtual llvm::Expected<std::string> codeOf(const Shader &shader, StageSink sink) const = 0;
  /// The objects of the runtime that walks the tables on the device, for the CPU unit; they define ingot_gpu_run.
  virtual std::vector<ObjectFile> gpuRuntime(const Device &device, const Device &cpu) const = 0;
  /// The device's first unit that is a CPU.
  static llvm::Expected<const Device *> cpuUnit(const Device &device);
  /// The same, for a program to be run here: an error unless it is the machine Ingot runs on.
  static llvm::Expected<const Device *> hostUnit(const Device &device);

private:
  const GpuTables &tables;
  std::vector<llvm::StringRef> featureNames;
};

} // namespace ingot

#endif
