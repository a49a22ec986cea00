// Which choices a build may take from a lock file, and what is said about those it cannot.
#include "compiler/Compile.h"

#include "compiler/import/gguf/GgufReader.h"

namespace ingot {
namespace {

constexpr llvm::StringLiteral kRefusedCode = "IG0232";

} // namespace

bool mayTune(const CompileOptions &options, const Device &device) {
  return device.name == "host" && !isGgufFile(options.modelPath) && !llvm::StringRef(options.modelPath).ends_with(".gguf");
}

bool takeLock(const CompileOptions &options, Compiled &compiled, Diagnostics &diagnostics) {
  if (!mayTune(options, compiled.device))
    return true;
  if (options.wishes) {
    compiled.choices = Choices(*options.wishes, options.fast);
    return true;
  }
  std::optional<TuneLock> lock = lockFor(options.modelPath, compiled.device, diagnostics);
  if (!lock)
    return false;
  compiled.lock = std::move(*lock);
  compiled.choices = Choices(compiled.lock.wishes(), options.fast);
  return true;
}

void reportRefused(const Compiled &compiled, llvm::StringRef model, Diagnostics &diagnostics) {
  for (const std::string &key : compiled.choices.refused())
    diagnostics.report(kRefusedCode, "the lock file's way '" + printable(compiled.choices.wish(key)) + "' is none that this build has; the rule's is taken: " + printable(key, 400),
                       {lockPath(model)}, "tune again with the options of this build");
}

} // namespace ingot
