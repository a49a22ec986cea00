// 64-bit Arm CPUs with NEON, dot products and matrix products: tables alone, the code is in targets/common.
#include "targets/common/CpuTarget.h"

namespace ingot {

const Target &getArmTarget() {
  static const FeatureRow features[] = {
#define FEATURE(name, llvm, doc) {name, llvm, doc},
#include "targets/arm/features.def"
#undef FEATURE
  };
  static const llvm::ArrayRef<KernelRow> kernels = [] {
    static const std::vector<KernelRow> rows = {
#define KERNEL(name, op, types, requires, source, doc) {name, op, types, requires, source, doc},
#include "targets/arm/kernels.def"
#undef KERNEL
    };
    return llvm::ArrayRef<KernelRow>(rows);
  }();
  static const llvm::StringRef required[] = {"neon"};
  static const llvm::StringRef dotprod[] = {"dotprod", "fp16"}, i8mm[] = {"dotprod", "fp16", "i8mm"};
  static const KernelLevel levels[] = {{"i8mm", i8mm}, {"dotprod", dotprod}, {"neon", required}};
  static const CpuTables tables = {"arm", "64-bit Arm CPUs with NEON, dot products and matrix products", features, required, levels, kernels};
  static const CpuTarget target(tables);
  return target;
}

} // namespace ingot
