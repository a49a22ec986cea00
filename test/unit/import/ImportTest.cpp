// import-test [-v] [--dim NAME=V ...] FILE...: imports each file and prints one line for it: `ok` and its node count, or its first code.
// Why: damaged files must end in a diagnostic, never in a crash; a file that is refused is no failure here, so the exit code is 0.
#include "compiler/import/onnx/Import.h"

#include "mlir/IR/MLIRContext.h"

#include <string>

using namespace ingot;

namespace {

/// "NAME=V" into `dims`; false when it is not of that form.
bool parseDim(llvm::StringRef text, ImportOptions &options) {
  auto [name, value] = text.rsplit('=');
  int64_t extent = 0;
  if (name.empty() || value.getAsInteger(10, extent))
    return false;
  options.dims[name.str()] = extent;
  return true;
}

void importFile(llvm::StringRef path, const ImportOptions &options, bool verbose) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  WeightStore store;
  Diagnostics diagnostics;
  ImportedModel model = importOnnx(path, options, context, store, diagnostics);
  llvm::outs() << path << ": ";
  if (model.module)
    llvm::outs() << "ok " << model.nodeCount << " nodes\n";
  else if (diagnostics.all().empty())
    llvm::outs() << "NO DIAGNOSTIC\n";
  else
    llvm::outs() << diagnostics.all().front().code << " " << diagnostics.all().front().what << "\n";
  if (verbose)
    diagnostics.printText(llvm::outs(), /*color=*/false);
  llvm::outs().flush();
}

} // namespace

int main(int argc, char **argv) {
  ImportOptions options;
  bool verbose = false;
  for (int i = 1; i < argc; ++i) {
    llvm::StringRef word = argv[i];
    if (word == "-v")
      verbose = true;
    else if (word == "--dim" && i + 1 < argc && parseDim(argv[i + 1], options))
      ++i;
    else
      importFile(word, options, verbose);
  }
  return 0;
}
