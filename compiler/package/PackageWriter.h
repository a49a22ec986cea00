// Writes a container: boot table, metadata, tokenizer, weights. Weights are made tensor by tensor and never lie in memory together.
#ifndef INGOT_COMPILER_PACKAGE_PACKAGEWRITER_H
#define INGOT_COMPILER_PACKAGE_PACKAGEWRITER_H

#include "compiler/package/Layout.h"

#include "llvm/Support/raw_ostream.h"

namespace ingot {

struct ContainerInfo {
  Hash abi;
  int64_t bytes = 0; // of the whole file
};

/// Streams the weights segment of `layout` to `write`, in order, zeros in the gaps. Recipes run on `jobs` threads (0: all
/// cores), ahead of the writing by at most a fixed number of bytes. Error: IG0503.
llvm::Error streamWeights(const Layout &layout, const WeightStore &store, unsigned jobs, llvm::function_ref<void(llvm::StringRef)> write);

/// Writes the container at the stream's beginning, with a segment for `tokenizer` unless that is empty. Equal inputs give equal bytes, whatever `jobs`. I/O errors stay in the stream.
llvm::Expected<ContainerInfo> writeContainer(llvm::raw_pwrite_stream &out, const Layout &layout, const WeightStore &store, unsigned jobs,
                                             llvm::StringRef tokenizer = "");

} // namespace ingot

#endif
