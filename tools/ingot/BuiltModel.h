// The code and the weights that `ingot build` left in a folder, ready to be loaded: nothing is compiled or packed again.
#ifndef INGOT_TOOLS_INGOT_BUILTMODEL_H
#define INGOT_TOOLS_INGOT_BUILTMODEL_H

#include "compiler/package/PackageReader.h"
#include "targets/Target.h"
#include "tools/ingot/Session.h"

namespace ingot {

struct BuiltModel {
  const Target *target = nullptr;
  Device device;
  std::string symbol; // objects export entrySymbol(entry, symbol)
  std::vector<Program> programs; // of each entry point: what running needs, and one call that stands for the bytes of all
  std::vector<ObjectFile> objects;
  Container container; // the weights are its mapped bytes
};

/// The package in the folder `model` for these options. Null when there is none that fits what is asked for - other entries, another device
/// or context, more workers - or when it is damaged; then the model has to be compiled. Reports nothing. The weights
/// are not hashed: `ingot inspect` does that.
std::unique_ptr<BuiltModel> openBuiltModel(const Context &context, llvm::StringRef model, const CompileOptions &options);

} // namespace ingot

#endif
