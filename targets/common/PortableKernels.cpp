// The table of the portable kernels, targets/common/kernels.def.
#include "targets/common/CpuTarget.h"

llvm::ArrayRef<ingot::KernelRow> ingot::portableKernels() {
  static const std::vector<KernelRow> rows = {
#define KERNEL(name, op, types, requires, source, doc) {name, op, types, requires, source, doc},
#include "targets/common/kernels.def"
#undef KERNEL
  };
  return rows;
}
