// Reads a container for host tools: everything is verified - table, padding, hashes, metadata - before anything is believed. Who only wants to run
// it leaves out the hashes of the weights, which take as long as reading all of them.
#ifndef INGOT_COMPILER_PACKAGE_PACKAGEREADER_H
#define INGOT_COMPILER_PACKAGE_PACKAGEREADER_H

#include "compiler/package/Layout.h"

#include "llvm/Support/MemoryBuffer.h"

#include <memory>

namespace ingot {

struct Container {
  Layout layout;
  Hash abi;
  llvm::StringRef weights; // the segment, in the file or the caller's bytes
  std::shared_ptr<const llvm::MemoryBuffer> file; // keeps `weights` alive; null after readContainerBytes
};

enum class Verify { All, AllButWeights };

/// A container in memory. `name` is for messages. Any bytes are legal input. Errors: IG0511 to IG0514, with the byte's place.
llvm::Expected<Container> readContainerBytes(llvm::StringRef bytes, llvm::StringRef name, Verify verify = Verify::All);
/// A container in a file, which is mapped. Errors: IG0510 too.
llvm::Expected<Container> readContainer(llvm::StringRef path, Verify verify = Verify::All);

} // namespace ingot

#endif
