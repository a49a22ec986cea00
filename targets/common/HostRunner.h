// Runs a compiled program in this process: LLVM's JIT linker loads the object, threads are the workers.
#ifndef INGOT_TARGETS_COMMON_HOSTRUNNER_H
#define INGOT_TARGETS_COMMON_HOSTRUNNER_H

#include "targets/Target.h"

namespace ingot {

llvm::Expected<std::unique_ptr<LoadedProgram>> loadHostProgram(llvm::ArrayRef<ObjectFile> objects, llvm::StringRef symbol, const Program &program,
                                                               llvm::StringRef weights);
/// Refuses a wrong number of inputs or workers, and inputs of other sizes than the program's.
llvm::Error checkInputs(const Program &program, llvm::ArrayRef<Tensor> inputs, int64_t workers);
/// Zero-filled tensors of the program's outputs.
std::vector<Tensor> emptyOutputs(const Program &program);

} // namespace ingot

#endif
