// What every importer gives back: a module of nn and quant ops, or the list of what cannot be compiled.
#ifndef INGOT_COMPILER_IMPORT_IMPORTEDMODEL_H
#define INGOT_COMPILER_IMPORT_IMPORTEDMODEL_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <map>

namespace ingot {

/// One node that cannot be compiled, with the reason a user understands.
struct Unsupported {
  std::string op;     // "NonZero", or "com.microsoft.Foo"; of a GGUF file "Q5_K"
  std::string name;   // node or tensor name
  std::string reason; // "the output's extent depends on data"
};

struct ImportedModel {
  /// One func.func an entry point: `main` of an ONNX model; `prefill`, `decode`, `score` of a language model. Arguments and results carry the
  /// attribute `nn.name` (StringAttr).
  mlir::OwningOpRef<mlir::ModuleOp> module;
  std::vector<Unsupported> unsupported; // not empty: module is null and one grouped diagnostic has been reported
  int64_t nodeCount = 0;
  std::map<std::string, int64_t> opCounts;
};

} // namespace ingot

#endif
