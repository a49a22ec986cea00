// Runs programs of another instruction set: linked with the static runtime's runner into one Linux executable, under QEMU. The process stays
// between runs and is spoken to through its standard input and output.
#ifndef INGOT_TARGETS_COMMON_EMULATOR_H
#define INGOT_TARGETS_COMMON_EMULATOR_H

#include "targets/common/CpuTarget.h"

namespace ingot {

/// `runtime` must hold "runner.o" and "core.o". Workers are threads of the emulated process.
llvm::Expected<std::unique_ptr<LoadedProgram>> loadEmulated(const Device &device, const Emulation &emulation, llvm::ArrayRef<ObjectFile> objects,
                                                            llvm::ArrayRef<ObjectFile> runtime, llvm::StringRef symbol,
                                                            llvm::ArrayRef<Program> programs, llvm::StringRef weights);

} // namespace ingot

#endif
