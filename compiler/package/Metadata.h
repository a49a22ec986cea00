// The metadata segment: a Layout as FlatBuffers, and back.
#ifndef INGOT_COMPILER_PACKAGE_METADATA_H
#define INGOT_COMPILER_PACKAGE_METADATA_H

#include "compiler/package/Layout.h"

namespace ingot {

/// Equal layouts give equal bytes. Error: names of more than 1 GiB together (FlatBuffers ends at 2 GiB).
llvm::Expected<std::string> writeMetadata(const Layout &layout);

/// Any bytes are legal input. Error: what is wrong; the layout that comes back passes checkLayout.
llvm::Expected<Layout> readMetadata(llvm::StringRef bytes);

} // namespace ingot

#endif
