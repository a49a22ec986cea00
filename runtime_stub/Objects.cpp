// Look-up in the table that CMake writes (Table.cpp in the build tree).
#include "runtime_stub/Objects.h"

const ingot::RuntimeObject *ingot::findRuntimeObject(llvm::StringRef name, llvm::StringRef arch, llvm::StringRef system) {
  if (system == "android")
    system = "linux";
  for (const RuntimeObject &object : runtimeObjects())
    if (object.name == name && object.arch == arch && object.system == system)
      return &object;
  return nullptr;
}
