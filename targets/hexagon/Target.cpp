// Qualcomm's Hexagon DSPs: tables alone, the code is in targets/common. README.md says what is special about them.
#include "targets/common/CpuTarget.h"

namespace ingot {

const Target &getHexagonTarget() {
  static const FeatureRow features[] = {
#define FEATURE(name, llvm, doc) {name, llvm, doc},
#include "targets/hexagon/features.def"
#undef FEATURE
  };
  static const llvm::ArrayRef<KernelRow> kernels = [] {
    static const std::vector<KernelRow> rows = {
#define KERNEL(name, op, types, requires, source, doc) {name, op, types, requires, source, doc},
#include "targets/hexagon/kernels.def"
#undef KERNEL
    };
    return llvm::ArrayRef<KernelRow>(rows);
  }();
  static const llvm::StringRef hvx[] = {"hvx", "hvx-128"};
  static const KernelLevel levels[] = {{"hvx", hvx, 128}, {"v68", {}, 8}};
  // QEMU 7.2 knows no other model, and the integer instructions of later ones are not in our code.
  static const std::pair<llvm::StringRef, llvm::StringRef> cpus[] = {{"hexagonv68", "v67"}, {"hexagonv73", "v67"}};
  // Splitting pairs of registers and hardware loops give wrong code in LLVM 22.1 (README.md).
  static const llvm::StringRef options[] = {"disable-hsdr", "disable-hexagon-hwloops"};
  static const CpuTables tables = {
      "hexagon", "Hexagon DSPs from v68 on, with HVX vectors of 128 bytes", llvm::Triple::hexagon, false, features, {}, levels,
      kernels, {"qemu-hexagon", cpus}, options};
  static const CpuTarget target(tables);
  return target;
}

} // namespace ingot
