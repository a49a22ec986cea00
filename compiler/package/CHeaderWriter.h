// The generated <name>.h: constants, a context type, typed functions for every input and output. C11 and C++17.
#ifndef INGOT_COMPILER_PACKAGE_CHEADERWRITER_H
#define INGOT_COMPILER_PACKAGE_CHEADERWRITER_H

#include "compiler/package/Layout.h"

namespace ingot {

struct HeaderRequest {
  const Layout &layout;
  std::string symbol;         // the code exports ingot_run_<symbol>
  int64_t containerBytes = 0; // of the .ingot file
  bool embedded = false;      // the archive holds the container as ingot_container_<symbol>
};

std::string writeCHeader(const HeaderRequest &request);

} // namespace ingot

#endif
