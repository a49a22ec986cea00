// Packaging: everything `ingot build` writes but the report: lib<name>.a, <name>.h, <name>.ingot, <name>.d and the headers
// that <name>.h includes. All files or none.
#ifndef INGOT_COMPILER_PACKAGE_PACKAGE_H
#define INGOT_COMPILER_PACKAGE_PACKAGE_H

#include "compiler/package/CHeaderWriter.h"
#include "compiler/package/PackageWriter.h"
#include "targets/Target.h"

namespace ingot {

struct PackageRequest {
  std::string name;   // of the files; no folders in it
  std::string symbol; // objects export entrySymbol(entry, symbol) for each program; functions of the header begin with it
  std::string triple; // chooses the archive's format and the embedded object's
  std::string device; // shown in header and metadata
  llvm::ArrayRef<Program> programs;
  const WeightStore &store;
  llvm::ArrayRef<ObjectFile> objects;        // the model's code
  llvm::ArrayRef<ObjectFile> runtimeObjects; // what Target::runtimeObjects gave; the runner is left out, sources go beside the headers
  bool embedWeights = false;                 // the container goes into the archive too
  unsigned jobs = 0;                         // threads for recipes; 0: all cores
  std::vector<ModelConstant> constants;      // for the header
  PackingWatcher watch = {};                 // of the container's weights
  std::string tokenizer;                     // the container's segment of that kind; empty: none, and no code for it
  ShapeSets shapes = {};                     // likewise
  std::vector<CachePart> caches = {};        // likewise; none: no code that saves them
  bool isStreamed = false;               // the code says what it reads next: the part that passes it on is added
  std::string modelPath;
  std::vector<std::string> dependencies; // further files that were read (external data, device file)
};

struct PackageResult {
  int64_t codeBytes;    // the archive
  int64_t weightsBytes; // the container
  int64_t headerBytes;  // <name>.h
  Hash abi;
  std::vector<std::string> files; // full paths, in the order they were written
};

/// Writes the package into `dir`, which is made when it is missing. Errors are PackageErrors (IG0500 to IG0504); then nothing
/// new is left behind.
llvm::Expected<PackageResult> writePackage(const PackageRequest &request, llvm::StringRef dir);

} // namespace ingot

#endif
