// Symbolic dimensions that nothing has bound, for `ingot inspect`, which shows a model before its user has chosen them.
#ifndef INGOT_TOOLS_INGOT_FREEDIMS_H
#define INGOT_TOOLS_INGOT_FREEDIMS_H

#include "compiler/import/onnx/Import.h"

namespace ingot {

/// Binds every free dimension of an ONNX model's inputs to 1 in `import`; returns their names ("batch", "INPUT.AXIS") in the model's order.
/// Nothing when the file cannot be read: the import says why.
std::vector<std::string> bindFreeDims(llvm::StringRef path, ImportOptions &import);

} // namespace ingot

#endif
