// openelm: blocks have numbers of heads and widths of their own, norms of heads, rotation of halves.
#include "compiler/import/gguf/ArchSpec.h"

namespace ingot {

void registerOpenElm(ArchRegistry &registry) {
  ArchSpec spec;
  spec.name = "openelm";
  spec.ropePairs = nn::RopePairs::halves;
  spec.headNorms = HeadNorms::Each;
  spec.ownHeads = true;
  addArch(registry, spec);
}

} // namespace ingot
