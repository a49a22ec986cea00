// The static library: the model's objects, the runtime's, and the container when it is embedded.
#ifndef INGOT_COMPILER_PACKAGE_ARCHIVE_H
#define INGOT_COMPILER_PACKAGE_ARCHIVE_H

#include "targets/Target.h"

namespace ingot {

/// An archive of the objects in their order, in the format that linkers for the triple read; no times, no owners: equal
/// objects give equal bytes. Error: IG0504.
llvm::Expected<std::string> makeArchive(llvm::ArrayRef<ObjectFile> objects, llvm::StringRef triple);

/// A relocatable object that defines `symbol` as the bytes, read-only and aligned for use in place. Error: IG0504.
llvm::Expected<ObjectFile> makeDataObject(llvm::StringRef symbol, llvm::StringRef bytes, llvm::StringRef triple);

} // namespace ingot

#endif
