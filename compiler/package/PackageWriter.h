// Writes a container: boot table, metadata, tokenizer, weights. Weights are made tensor by tensor and never lie in memory together.
#ifndef INGOT_COMPILER_PACKAGE_PACKAGEWRITER_H
#define INGOT_COMPILER_PACKAGE_PACKAGEWRITER_H

#include "compiler/package/Layout.h"

#include "llvm/Support/raw_ostream.h"

#include <functional>

namespace ingot {

struct ContainerInfo {
  Hash abi;
  int64_t bytes = 0; // of the whole file
};

/// How far the weights have been written.
struct PackingProgress {
  size_t tensor, tensors;  // written, of all
  int64_t bytes, allBytes; // likewise
};
using PackingWatcher = std::function<void(const PackingProgress &)>;

/// Streams the weights segment of `layout` to `write`, in order, zeros in the gaps. Recipes run on `jobs` threads (0: all
/// cores), ahead of the writing by at most a fixed number of bytes. `watch`, if any, is called after each weight, on the caller's thread. Error: IG0503.
llvm::Error streamWeights(const Layout &layout, const WeightStore &store, unsigned jobs, llvm::function_ref<void(llvm::StringRef)> write,
                          const PackingWatcher &watch = {});

/// Writes the container at the stream's beginning, with a segment for `tokenizer` unless that is empty. Equal inputs give equal bytes, whatever `jobs`. I/O errors stay in the stream.
llvm::Expected<ContainerInfo> writeContainer(llvm::raw_pwrite_stream &out, const Layout &layout, const WeightStore &store, unsigned jobs,
                                             llvm::StringRef tokenizer = "", const PackingWatcher &watch = {});

} // namespace ingot

#endif
