// Runs a compiled program in this process: LLVM's JIT linker loads the object, threads are the workers.
#ifndef INGOT_TARGETS_COMMON_HOSTRUNNER_H
#define INGOT_TARGETS_COMMON_HOSTRUNNER_H

#include "targets/Target.h"

namespace ingot {

/// A function that objects may call beside what every program has.
using HostSymbol = std::pair<llvm::StringRef, void *>;

/// `weights` is used in place when it begins at a multiple of 64, else copied. When the objects or `symbols` define a device's runtime
/// (ingot_gpu_problem and ingot_gpu_close of ingot/gpu.h), its problems are errors of run.
llvm::Expected<std::unique_ptr<LoadedProgram>> loadHostProgram(llvm::ArrayRef<ObjectFile> objects, llvm::StringRef symbol,
                                                               llvm::ArrayRef<Program> programs, llvm::StringRef weights,
                                                               llvm::ArrayRef<HostSymbol> symbols = {});

} // namespace ingot

#endif
