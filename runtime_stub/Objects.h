// The static runtime, built with Ingot for every system it knows and carried inside the compiler: objects that go into each
// archive, the test runner, and the headers that a package brings along. See README.md.
#ifndef INGOT_RUNTIME_STUB_OBJECTS_H
#define INGOT_RUNTIME_STUB_OBJECTS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace ingot {

struct RuntimeObject {
  llvm::StringRef name;   // "core", "pool", "map", "builtins"; "runner" for Linux alone
  llvm::StringRef arch;   // "x86_64", "aarch64", "hexagon"
  llvm::StringRef system; // "linux" (Android too), "ios", "macos", "qurt"
  llvm::StringRef format; // "elf", "macho"
  llvm::StringRef bytes;
};

/// All of them, sorted as listed in runtime_stub/CMakeLists.txt.
llvm::ArrayRef<RuntimeObject> runtimeObjects();
/// One object; null when there is none. `system` "android" means "linux".
const RuntimeObject *findRuntimeObject(llvm::StringRef name, llvm::StringRef arch, llvm::StringRef system);

struct RuntimeHeader {
  llvm::StringRef path; // "ingot/runtime.h"
  llvm::StringRef text;
};

/// The headers an application needs: abi.h, runtime.h, pool.h, map.h.
llvm::ArrayRef<RuntimeHeader> runtimeHeaders();

} // namespace ingot

#endif
