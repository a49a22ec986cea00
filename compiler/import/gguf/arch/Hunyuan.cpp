// hunyuan-dense: rotation of halves, and norms of the heads behind it. hunyuan-moe (Hunyuan A13B): with experts, and one that every row goes through. maincoder:
// dense, with adjacent pairs.
#include "compiler/import/gguf/ArchSpec.h"

namespace ingot {

void registerHunyuan(ArchRegistry &registry) {
  ArchSpec spec;
  spec.headNorms = HeadNorms::Each;
  spec.headNormsTurned = true;
  spec.name = "maincoder";
  addArch(registry, spec);

  spec.name = "hunyuan-dense";
  spec.ropePairs = nn::RopePairs::halves;
  addArch(registry, spec);
  spec.name = "hunyuan-moe";
  spec.sharedExpert = true;
  addArch(registry, spec);
}

} // namespace ingot
