// Lookup of targets and of embedded files by name.
#include "targets/Target.h"
#include "targets/common/Embedded.h"

namespace ingot {

const Target *findTarget(llvm::StringRef name) {
  for (const Target *target : allTargets())
    if (target->name() == name)
      return target;
  return nullptr;
}

llvm::StringRef embeddedFile(llvm::StringRef name) {
  for (const EmbeddedFile &file : embeddedFiles())
    if (file.name == name)
      return file.bytes;
  return {};
}

} // namespace ingot
