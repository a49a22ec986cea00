// Files: whole-file reads as maps, and writes that are seen only when complete (temporary name, then rename).
#ifndef INGOT_COMPILER_SUPPORT_FILES_H
#define INGOT_COMPILER_SUPPORT_FILES_H

#include "compiler/Diag.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <memory>

namespace ingot {

/// Maps a regular file. Null: IG0003 was reported.
std::unique_ptr<llvm::MemoryBuffer> readFile(llvm::StringRef path, Diagnostics &diagnostics);

/// Writes `bytes` to a temporary name beside `path` and renames it. False: IG0004 was reported and an old file is intact.
bool writeFileAtomically(llvm::StringRef path, llvm::StringRef bytes, Diagnostics &diagnostics);

/// The same for what `write` puts on the stream, piece by piece.
bool writeFileAtomically(llvm::StringRef path, Diagnostics &diagnostics, llvm::function_ref<void(llvm::raw_ostream &)> write);

/// Creates a folder and its parents. False: IG0004 was reported.
bool createFolder(llvm::StringRef path, Diagnostics &diagnostics);

} // namespace ingot

#endif
