// What the tests of language models share: compiling one and loading its programs.
#ifndef INGOT_TEST_UNIT_LLM_LOAD_H
#define INGOT_TEST_UNIT_LLM_LOAD_H

#include "compiler/Compile.h"

namespace ingot {

struct LoadedLlm {
  std::unique_ptr<Compiled> compiled;
  LoadedModel loaded;
  int64_t workers = 1;
};

/// Nullopt: what is wrong was printed.
inline std::optional<LoadedLlm> loadLlm(const CompileOptions &options) {
  Diagnostics diagnostics;
  LoadedLlm result;
  result.compiled = compileModel(options, diagnostics);
  if (!result.compiled) {
    diagnostics.printText(llvm::errs(), false);
    return std::nullopt;
  }
  result.loaded = llvm::cantFail(loadCompiled(*result.compiled));
  return result;
}

} // namespace ingot

#endif
