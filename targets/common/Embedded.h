// Files that travel inside the library: kernels as bitcode, devices as TOML. The table is written by CMake.
#ifndef INGOT_TARGETS_COMMON_EMBEDDED_H
#define INGOT_TARGETS_COMMON_EMBEDDED_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

namespace ingot {

struct EmbeddedFile {
  llvm::StringRef name;  // "<target>/kernels-<level>.bc", "<target>/devices/<device>.toml"
  llvm::StringRef bytes; // followed by a zero byte
};

llvm::ArrayRef<EmbeddedFile> embeddedFiles();
/// Empty when there is none of that name.
llvm::StringRef embeddedFile(llvm::StringRef name);

} // namespace ingot

#endif
