// x86-64 CPUs with AVX2, AVX-512, VNNI, BF16 and AMX: tables alone, the code is in targets/common.
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
  static const llvm::StringRef v4bf16[] = {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl", "avx512vnni", "avx512bf16"};
  static const llvm::StringRef v4amx[] = {"avx512f",    "avx512bw",   "avx512cd",   "avx512dq", "avx512vl",
                                          "avx512vnni", "avx512bf16", "amx-tile", "amx-int8", "amx-bf16"};
  // Each kernel alone on one core of Zen 5, the kernels compiled for each level.
  static const WeightCosts vnniWeights = {.fetch = 320, .dot = 154, .dotAlone = 370, .rows = 8, .quad = 350, .quadAlone = 480, .expand = 3300};
  static const WeightCosts bf16Weights = [] {
    WeightCosts costs = vnniWeights;
    costs.roundsToBf16 = true;
    return costs;
  }();
  static const WeightCosts amxWeights = [] {
    WeightCosts costs = bf16Weights;
    costs.hasMatrixRegisters = true;
    return costs;
  }();
  static const WeightCosts v4Weights = {.fetch = 320, .dot = 350, .dotAlone = 700, .rows = 8, .quad = 700, .quadAlone = 850, .expand = 3300};
  static const WeightCosts v3Weights = {.fetch = 320, .dot = 700, .dotAlone = 1060, .rows = 4, .quad = 940, .quadAlone = 960, .expand = 3300};
  static const KernelLevel levels[] = {
      {"v4amx", v4amx, 64, &amxWeights}, {"v4bf16", v4bf16, 64, &bf16Weights}, {"v4vnni", v4vnni, 64, &vnniWeights},
      {"v4", v4, 64, &v4Weights},        {"v3", required, 32, &v3Weights}};
  static const CpuTables tables = {
      "x86", "x86-64 CPUs with AVX2, AVX-512, VNNI, BF16 and AMX", llvm::Triple::x86_64, true, features, required, levels, kernels, {}};
  static const CpuTarget target(tables);
  return target;
}

} // namespace ingot
