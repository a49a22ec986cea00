// The generated <name>.h: constants, a context type, typed functions for every input and output, an entry point at a time, or
// all entry points behind one context where they are shapes of one model. C11 and C++17.
#ifndef INGOT_COMPILER_PACKAGE_CHEADERWRITER_H
#define INGOT_COMPILER_PACKAGE_CHEADERWRITER_H

#include "compiler/package/Layout.h"
#include "compiler/package/ShapeSets.h"

namespace ingot {

/// A number the application needs beyond sizes: "CONTEXT", the most tokens a sequence may have. `name` is an identifier's end in upper case.
struct ModelConstant {
  std::string name;
  int64_t value;
  std::string comment;
};

/// A cache of a language model in the state: slices of rows, a row a position (ingot/state.h), so many for each sequence, one after the other.
struct CachePart {
  int64_t offset, rowBytes, slices, rows, sequences;
};

struct HeaderRequest {
  const Layout &layout;
  std::string symbol;         // the code exports entrySymbol(entry, symbol) for each entry of the layout
  int64_t containerBytes = 0; // of the .ingot file
  bool embedded = false;      // the archive holds the container as ingot_container_<symbol>
  llvm::ArrayRef<ModelConstant> constants = {};
  ShapeSets shapes = {}; // not empty: the layout's entries are its combinations, and one context runs all of them
  llvm::ArrayRef<CachePart> caches = {}; // not empty: there are functions that save and restore what stands in them
};

std::string writeCHeader(const HeaderRequest &request);

} // namespace ingot

#endif
