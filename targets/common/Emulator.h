// Runs a program of another instruction set: linked with the static runtime's runner into one Linux executable, under QEMU.
#ifndef INGOT_TARGETS_COMMON_EMULATOR_H
#define INGOT_TARGETS_COMMON_EMULATOR_H

#include "targets/common/CpuTarget.h"

namespace ingot {

/// `runtime` must hold "runner.o" and "core.o". The runner is one worker: results do not depend on their number.
llvm::Expected<std::vector<Tensor>> runEmulated(const Device &device, const Emulation &emulation, llvm::ArrayRef<ObjectFile> objects,
                                                llvm::ArrayRef<ObjectFile> runtime, llvm::StringRef symbol, const Program &program,
                                                llvm::StringRef weights, llvm::ArrayRef<Tensor> inputs);

} // namespace ingot

#endif
