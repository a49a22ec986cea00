// How deep a stack the generated code needs: the frames that code generation reports, summed along the deepest chain of calls.
#ifndef INGOT_TARGETS_COMMON_STACKUSE_H
#define INGOT_TARGETS_COMMON_STACKUSE_H

#include "llvm/ADT/StringMap.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"

namespace ingot {

/// Bytes of each function's frame, by name. Filled while code is generated in the context it was installed in.
using FrameSizes = llvm::StringMap<int64_t>;

/// Makes code generation in `context` record frames in `sizes`, which must outlive the context; diagnostics of other kinds are handled as before.
void recordFrames(llvm::LLVMContext &context, FrameSizes &sizes);

/// The deepest stack in bytes that a call of any exported function of the module reaches. Functions of the runtime that it calls (memcpy, memset, the barrier)
/// are not counted; generated code neither recurses nor calls by pointer.
int64_t deepestStack(const llvm::Module &module, const FrameSizes &sizes);

} // namespace ingot

#endif
