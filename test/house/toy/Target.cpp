// A target in its smallest form: x86-64 CPUs without 256-bit integers. Portable kernels serve every op.
#include "targets/common/CpuTarget.h"

namespace ingot {

const Target &getToyTarget() {
  static const FeatureRow features[] = {
#define FEATURE(name, llvm, doc) {name, llvm, doc},
#include "features.def"
#undef FEATURE
  };
  static const llvm::StringRef required[] = {"fma", "f16c"};
  static const KernelLevel levels[] = {{"base", required, 16}};
  static const CpuTables tables = {
      "toy", "the smallest target, for tests", llvm::Triple::x86_64, false, features, required, levels, {}, {"qemu-x86_64", {}}};
  static const CpuTarget target(tables);
  return target;
}

} // namespace ingot
