// repeat-test MODEL ARRAYS RUNS: runs a model RUNS times each with 2 and with 3 workers, two inputs in turns, so that what an earlier run
// left in memory is wrong for the next one. Every byte of every output must be the one that a single worker computes: a barrier that the
// plan lacks shows here. Exit status 0: all are.
#include "compiler/Compile.h"
#include "compiler/support/Npz.h"
#include "tools/ingot/Session.h"

#include <cstdio>
#include <cstring>

using namespace ingot;

namespace {

/// The elements in reverse order: other values of the same range.
Tensor reversed(const Tensor &tensor) {
  Tensor result(tensor.dtype(), tensor.shape());
  int64_t count = tensor.count(), size = byteWidth(tensor.dtype());
  for (int64_t i = 0; i < count; ++i)
    std::memcpy(result.mutableData() + i * size, tensor.data() + (count - 1 - i) * size, size);
  return result;
}

/// The outputs of one run, end to end.
std::string outputsOf(LoadedProgram &loaded, const Program &program, llvm::ArrayRef<Tensor> inputs, int64_t workers) {
  std::vector<const void *> sources;
  for (const Tensor &tensor : inputs)
    sources.push_back(tensor.data());
  std::vector<Tensor> outputs;
  std::vector<void *> sinks;
  for (const ProgramIo &io : program.outputs)
    outputs.emplace_back(io.type, io.shape);
  for (Tensor &tensor : outputs)
    sinks.push_back(tensor.mutableData());
  llvm::cantFail(loaded.run(0, sources, sinks, workers));
  std::string bytes;
  for (const Tensor &tensor : outputs)
    bytes.append(tensor.data(), tensor.bytes());
  return bytes;
}

int64_t differences(LoadedProgram &loaded, const Program &program, llvm::ArrayRef<std::vector<Tensor>> inputs, int64_t runs) {
  std::vector<std::string> want;
  for (const std::vector<Tensor> &set : inputs)
    want.push_back(outputsOf(loaded, program, set, 1));
  int64_t wrong = want[0] == want[1] ? 1 : 0;
  if (wrong)
    std::puts("both inputs have the same outputs: this model tests nothing");
  for (int64_t workers : {2, 3})
    for (int64_t run = 0; run < runs; ++run) {
      if (outputsOf(loaded, program, inputs[run % 2], workers) == want[run % 2])
        continue;
      std::printf("run %lld with %lld workers differs\n", static_cast<long long>(run), static_cast<long long>(workers));
      ++wrong;
    }
  return wrong;
}

int fail(const Diagnostics &diagnostics, llvm::StringRef what) {
  diagnostics.printText(llvm::errs(), false);
  llvm::errs() << what << "\n";
  return 1;
}

} // namespace

int main(int argc, char **argv) {
  Diagnostics diagnostics;
  int64_t runs = 0;
  if (argc != 4 || llvm::StringRef(argv[3]).getAsInteger(10, runs))
    return fail(diagnostics, "usage: repeat-test MODEL ARRAYS RUNS");
  std::optional<NamedTensors> arrays = readNpz(argv[2], diagnostics);
  CompileOptions options;
  options.modelPath = argv[1];
  options.workers = 3;
  if (arrays)
    options.import.inputShapes = inputShapesOf(*arrays);
  std::unique_ptr<Compiled> compiled = arrays ? compileModel(options, diagnostics) : nullptr;
  if (!compiled)
    return fail(diagnostics, "the model was not compiled");
  std::vector<std::vector<Tensor>> inputs(2);
  for (const ProgramIo &io : compiled->program().inputs) {
    const Tensor *tensor = findTensor(*arrays, "in", io.name);
    if (!tensor || tensor->bytes() != io.bytes)
      return fail(diagnostics, "no array for input '" + io.name + "'");
    inputs[0].push_back(*tensor);
    inputs[1].push_back(reversed(*tensor));
  }
  llvm::Expected<LoadedModel> loaded = loadCompiled(*compiled);
  if (!loaded)
    return fail(diagnostics, llvm::toString(loaded.takeError()));
  int64_t wrong = differences(*loaded->program, compiled->program(), inputs, runs);
  std::printf("%lld runs, %lld differ\n", static_cast<long long>(2 * runs), static_cast<long long>(wrong));
  return wrong ? 1 : 0;
}
