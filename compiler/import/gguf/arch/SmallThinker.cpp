// smallthinker: experts with ReLUs, chosen by what comes into the block and weighed by sigmoids or a softmax; where all blocks but the first of each four have windows only
// they are rotated.
#include "compiler/import/gguf/ArchSpec.h"

namespace ingot {

void registerSmallThinker(ArchRegistry &registry) {
  ArchSpec spec;
  spec.name = "smallthinker";
  spec.ropePairs = nn::RopePairs::halves;
  spec.activation = nn::UnaryKind::relu;
  spec.routingByKey = true;
  spec.routedEarly = true;
  spec.window.period = 4;
  spec.window.fullFirst = true;
  spec.window.turnedAlone = true;
  addArch(registry, spec);
}

} // namespace ingot
