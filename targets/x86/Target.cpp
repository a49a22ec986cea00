// x86-64 CPUs with AVX2, AVX-512 and VNNI: tables alone, the code is in targets/common.
#include "targets/common/CpuTarget.h"

namespace ingot {

const Target &getX86Target() {
  static const FeatureRow features[] = {
#define FEATURE(name, llvm, doc) {name, llvm, doc},
#include "targets/x86/features.def"
#undef FEATURE
  };
  static const llvm::ArrayRef<KernelRow> kernels = [] {
    static const std::vector<KernelRow> rows = {
#define KERNEL(name, op, types, requires, source, doc) {name, op, types, requires, source, doc},
#include "targets/x86/kernels.def"
#undef KERNEL
    };
    return llvm::ArrayRef<KernelRow>(rows);
  }();
  static const llvm::StringRef required[] = {"avx2", "fma", "f16c"};
  static const llvm::StringRef v4[] = {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"};
  static const llvm::StringRef v4vnni[] = {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl", "avx512vnni"};
  static const KernelLevel levels[] = {{"v4vnni", v4vnni, 64}, {"v4", v4, 64}, {"v3", required, 32}};
  static const CpuTables tables = {
      "x86", "x86-64 CPUs with AVX2, AVX-512 and VNNI", llvm::Triple::x86_64, true, features, required, levels, kernels, {}};
  static const CpuTarget target(tables);
  return target;
}

} // namespace ingot
