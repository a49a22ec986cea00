// Keeps LLVM's code generators for Apple systems from turning `memset(p, 0, n)` into `bzero`, which the static runtime does not have:
// the zero comes out of an empty assembler statement, so that no pass knows it is one. Short fills of known length stay inline stores.
#include "targets/common/Emit.h"

#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"

using namespace llvm;

namespace ingot {

constexpr uint64_t kInlineBytes = 64;

void keepMemset(Module &module) {
  IRBuilder<> builder(module.getContext());
  InlineAsm *same = InlineAsm::get(FunctionType::get(builder.getInt32Ty(), {builder.getInt32Ty()}, false), "", "=r,0", /*hasSideEffects=*/false);
  for (Function &function : module) {
    for (Instruction &instruction : instructions(function)) {
      MemSetInst *fill = dyn_cast<MemSetInst>(&instruction);
      ConstantInt *value = fill ? dyn_cast<ConstantInt>(fill->getValue()) : nullptr;
      ConstantInt *length = fill ? dyn_cast<ConstantInt>(fill->getLength()) : nullptr;
      if (!value || !value->isZero() || (length && length->getZExtValue() <= kInlineBytes))
        continue;
      builder.SetInsertPoint(fill);
      fill->setValue(builder.CreateTrunc(builder.CreateCall(same, {builder.getInt32(0)}), builder.getInt8Ty()));
    }
  }
}

} // namespace ingot
