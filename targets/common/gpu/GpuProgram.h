// A planned module for a GPU with a CPU beside it: shaders where there are any, CPU kernels elsewhere, and the tables of ingot/gpu.h
// that a runtime walks.
#ifndef INGOT_TARGETS_COMMON_GPU_GPUPROGRAM_H
#define INGOT_TARGETS_COMMON_GPU_GPUPROGRAM_H

#include "targets/Target.h"
#include "targets/common/spirv/Shader.h"

#include "llvm/IR/IRBuilder.h"

namespace ingot {

/// One buffer of a step: where it is.
struct GpuStep {
  deploy::CallOp call;
  int64_t shader = -1; // index in GpuModel::shaders; -1: the CPU's kernel
  bool wait = false;   // what ran before must be visible
};

struct GpuProgram {
  deploy::ProgramOp op;
  std::vector<GpuStep> steps;
};

struct GpuModel {
  std::vector<Shader> shaders;
  std::vector<GpuProgram> programs;
};

/// Splits the module's calls between the units. Calls that the GPU cannot do get the attributes `unit`, the CPU's name, and `why`; they stay
/// an error when `cpu` is empty.
llvm::Expected<GpuModel> placeCalls(mlir::ModuleOp module, const Device &device, llvm::StringRef cpu);

/// Writes the tables and the entry points into the CPU's module, which declares the kernels of CPU steps. `code` has one string a shader.
llvm::Error emitTables(const GpuModel &model, llvm::ArrayRef<std::string> code, mlir::ModuleOp source, llvm::StringRef symbol, llvm::Module &into);

} // namespace ingot

#endif
