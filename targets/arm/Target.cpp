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
  static const KernelLevel levels[] = {{"i8mm", i8mm, 16}, {"dotprod", dotprod, 16}, {"neon", required, 16}};
  static const std::pair<llvm::StringRef, llvm::StringRef> cpus[] = {{"cortex-a76", "cortex-a76"}, {"cortex-a55", "cortex-a76"}};
  static const CpuTables tables = {
      "arm", "64-bit Arm CPUs with NEON, dot products and matrix products", llvm::Triple::aarch64, true, features, required, levels,
      kernels, {"qemu-aarch64", cpus}};
  static const CpuTarget target(tables);
  return target;
}

} // namespace ingot
