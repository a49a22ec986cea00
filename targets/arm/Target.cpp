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
  // llvm-mca of the kernels' inner loops for cortex-a76 (3.8 cycles a dot in a tile, 4.8 alone, 6.1 and 7.1 a stored quad) at 2.4 GHz; the bytes
  // and expansions are estimated. Without dot products both sides take about eight times the arithmetic.
  static const WeightCosts dotWeights = {.fetch = 1700, .dot = 1585, .dotAlone = 1980, .rows = 4, .quad = 2540, .quadAlone = 2960, .expand = 10000};
  static const WeightCosts neonWeights = {.fetch = 1700, .dot = 12700, .dotAlone = 15800, .rows = 4, .quad = 20300, .quadAlone = 23700, .expand = 10000};
  static const KernelLevel levels[] = {{"i8mm", i8mm, 16, &dotWeights}, {"dotprod", dotprod, 16, &dotWeights}, {"neon", required, 16, &neonWeights}};
  static const std::pair<llvm::StringRef, llvm::StringRef> cpus[] = {{"cortex-a76", "cortex-a76"}, {"cortex-a55", "cortex-a76"}};
  static const CpuTables tables = {
      "arm", "64-bit Arm CPUs with NEON, dot products and matrix products", llvm::Triple::aarch64, true, features, required, levels,
      kernels, {"qemu-aarch64", cpus}};
  static const CpuTarget target(tables);
  return target;
}

} // namespace ingot
