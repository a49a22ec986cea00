// The hash of a container's segment, while its bytes stream by: BLAKE3 leaves of 64 KiB under one root, so that a loader can
// check any 64 KiB by itself. The exact form stands in ingot/container.h.
#ifndef INGOT_COMPILER_PACKAGE_TREEHASH_H
#define INGOT_COMPILER_PACKAGE_TREEHASH_H

#include "compiler/package/Layout.h"

#include "llvm/Support/BLAKE3.h"

namespace ingot {

class TreeHash {
public:
  void update(llvm::StringRef bytes);
  /// Ends the stream. Call once.
  Hash finish();

private:
  void closeLeaf();
  llvm::BLAKE3 leaf;
  std::string leaves; // 32 bytes each
  uint64_t inLeaf = 0, total = 0;
};

/// The hash of bytes at hand.
Hash treeHash(llvm::StringRef bytes);

} // namespace ingot

#endif
