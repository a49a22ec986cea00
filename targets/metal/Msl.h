// SPIR-V words -> the text of the Metal Shading Language, by SPIRV-Cross.
#ifndef INGOT_TARGETS_METAL_MSL_H
#define INGOT_TARGETS_METAL_MSL_H

#include "targets/common/gpu/GpuTarget.h"

namespace ingot {

/// Source of one kernel function `main0`, whose buffers are [[buffer(binding)]].
llvm::Expected<std::string> mslOf(const Shader &shader);

/// Runs programs on this machine: their shaders are compiled as C++ against test/shim. An error without a clang++.
llvm::Expected<std::unique_ptr<LoadedProgram>> loadShim(llvm::ArrayRef<ObjectFile> objects, llvm::StringRef symbol, llvm::ArrayRef<Program> programs,
                                                        llvm::StringRef weights);

} // namespace ingot

#endif
