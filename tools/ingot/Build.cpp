// ingot build: compiles a model and writes the package (library, header, weights, depfile) and its reports.
#include "tools/ingot/Session.h"

namespace ingot {
int runBuild(const Context &context) {
  return context.fail("IG0009", "build is not available");
}
} // namespace ingot
