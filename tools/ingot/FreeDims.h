// Symbolic dimensions that nothing has bound, for `ingot inspect`, which shows a model before its user has chosen them.
#ifndef INGOT_TOOLS_INGOT_FREEDIMS_H
#define INGOT_TOOLS_INGOT_FREEDIMS_H

#include "compiler/import/onnx/Import.h"

namespace ingot {

struct FreeDims {
  std::vector<std::string> names; // "batch", "INPUT.AXIS", in the model's order
  int64_t extent = 1;             // of each of them
};

/// Binds every free dimension of an ONNX model's inputs in `import`: to 1, or, where the model has no shape with that, to the first of 64 and 224 that it
/// has one with. Nothing when the file cannot be read: the import says why.
FreeDims bindFreeDims(llvm::StringRef path, ImportOptions &import);

} // namespace ingot

#endif
