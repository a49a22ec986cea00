// See TreeHash.h.
#include "compiler/package/TreeHash.h"

#include "ingot/container.h"

#include "llvm/Support/Endian.h"

#include <algorithm>

using namespace ingot;

void TreeHash::closeLeaf() {
  Hash hash = leaf.final<32>();
  leaves.append(reinterpret_cast<const char *>(hash.data()), hash.size());
  leaf.init();
  inLeaf = 0;
}

void TreeHash::update(llvm::StringRef bytes) {
  total += bytes.size();
  while (!bytes.empty()) {
    size_t take = std::min<size_t>(bytes.size(), INGOT_HASH_LEAF_BYTES - inLeaf);
    leaf.update(bytes.take_front(take));
    bytes = bytes.drop_front(take);
    inLeaf += take;
    if (inLeaf == INGOT_HASH_LEAF_BYTES)
      closeLeaf();
  }
}

Hash TreeHash::finish() {
  if (inLeaf != 0)
    closeLeaf();
  char size[8];
  llvm::support::endian::write64le(size, total);
  llvm::BLAKE3 root;
  root.update(llvm::StringRef("ingot segment 1", 16)); // with its NUL
  root.update(llvm::StringRef(size, sizeof size));
  root.update(llvm::StringRef(leaves));
  return root.final<32>();
}

Hash ingot::treeHash(llvm::StringRef bytes) {
  TreeHash hash;
  hash.update(bytes);
  return hash.finish();
}
