// node-test-reference: runs ONNX backend node tests through the importer and the reference evaluator.
// Each argument is a folder with model.onnx and test_data_set_0/{input,output}_N.pb. One line a folder (pass, frozen, refused, wrong,
// crash) and a summary; exit code 1 when an answer is wrong or a case crashes. "frozen": passes once the small integer inputs, which
// give shapes or axes, are constants. Tolerances: 1e-3 relative + 1e-5, for 16-bit floats 1e-2; integers must be equal.
#include "compiler/import/onnx/Import.h"
#include "compiler/reference/Evaluate.h"
#include "dialects/Registry.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/MLIRContext.h"
#include "onnx-ml.pb.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>
#include <map>
#include <sys/wait.h>
#include <unistd.h>

using namespace ingot;

enum Outcome { kPass, kFrozen, kRefused, kWrong, kCrash, kOutcomes };
static const char *const kNames[] = {"pass", "frozen", "refused", "wrong", "crash"};

struct Result {
  Outcome outcome;
  std::string text;
};

static std::string dataPath(const std::string &folder, const char *kind, int i) {
  return folder + "/test_data_set_0/" + kind + "_" + std::to_string(i) + ".pb";
}

static bool close(const Tensor &got, const Tensor &want, int64_t i) {
  if (!isFloat(want.dtype()))
    return got.intAt(i) == want.intAt(i);
  double a = got.at(i), b = want.at(i);
  if (std::isnan(a) || std::isnan(b) || std::isinf(a) || std::isinf(b))
    return (std::isnan(a) && std::isnan(b)) || a == b;
  bool narrow = byteWidth(want.dtype()) <= 2;
  return std::abs(a - b) <= (narrow ? 1e-2 : 1e-5) + (narrow ? 1e-2 : 1e-3) * std::abs(b);
}

/// Empty when equal, else the first difference.
static std::string difference(const Tensor &got, const Tensor &want) {
  if (got.dtype() != want.dtype())
    return "type " + name(got.dtype()).str() + ", expected " + name(want.dtype()).str();
  if (got.shape() != want.shape())
    return "another shape";
  for (int64_t i = 0; i < want.count(); ++i)
    if (!close(got, want, i))
      return "element " + std::to_string(i) + ": " + std::to_string(got.at(i)) + ", expected " + std::to_string(want.at(i));
  return "";
}

/// Tensors input_0.pb ... by the graph's input names.
static std::map<std::string, Tensor> readInputs(const std::string &folder, const onnx::ModelProto &model) {
  std::map<std::string, Tensor> inputs;
  for (int i = 0; i < model.graph().input_size(); ++i) {
    std::string stored, why;
    if (std::optional<Tensor> tensor = readTensorProto(dataPath(folder, "input", i), stored, why))
      inputs[model.graph().input(i).name()] = *tensor;
  }
  return inputs;
}

static Result compare(const std::string &folder, llvm::ArrayRef<Tensor> results) {
  for (size_t i = 0; i < results.size(); ++i) {
    std::string stored, why;
    std::optional<Tensor> want = readTensorProto(dataPath(folder, "output", i), stored, why);
    if (!want)
      return {kRefused, "output " + std::to_string(i) + ": " + why};
    if (std::string text = difference(results[i], *want); !text.empty())
      return {kWrong, "output " + std::to_string(i) + ": " + text};
  }
  return {kPass, ""};
}

static Result runModel(const std::string &folder, const std::string &path, const std::map<std::string, Tensor> &inputs) {
  mlir::MLIRContext context(mlir::MLIRContext::Threading::DISABLED);
  loadDialects(context);
  WeightStore store;
  Diagnostics diagnostics;
  ImportedModel model = importOnnx(path, ImportOptions(), context, store, diagnostics);
  if (!model.module) {
    if (!model.unsupported.empty())
      return {kRefused, model.unsupported[0].op + ": " + model.unsupported[0].reason};
    return {kRefused, diagnostics.all().empty() ? "no reason given" : diagnostics.all()[0].what};
  }
  auto function = model.module->lookupSymbol<mlir::func::FuncOp>("main");
  if (!function)
    return {kWrong, "no function main"};
  std::vector<Tensor> arguments;
  for (unsigned i = 0; i < function.getNumArguments(); ++i) {
    auto argument = function.getArgAttrOfType<mlir::StringAttr>(i, "nn.name");
    auto input = argument ? inputs.find(argument.str()) : inputs.end();
    if (input == inputs.end())
      return {kRefused, "no data for an input"};
    arguments.push_back(input->second);
  }
  std::string why;
  llvm::FailureOr<std::vector<Tensor>> results = evaluate(function, arguments, store, why);
  if (llvm::failed(results))
    return {kWrong, "not evaluated: " + why};
  return compare(folder, *results);
}

/// Makes integer inputs of rank 0 and 1 initialisers; the model's new path, or "" when there is none.
static std::string freeze(const std::string &folder, onnx::ModelProto model) {
  onnx::GraphProto &graph = *model.mutable_graph();
  bool any = false;
  for (int i = graph.input_size() - 1; i >= 0; --i) {
    const auto &type = graph.input(i).type().tensor_type();
    bool shapeLike = type.shape().dim_size() <= 1;
    auto buffer = llvm::MemoryBuffer::getFile(dataPath(folder, "input", i));
    onnx::TensorProto tensor;
    if (!shapeLike || !buffer || !tensor.ParseFromArray((*buffer)->getBufferStart(), (*buffer)->getBufferSize()))
      continue;
    tensor.set_name(graph.input(i).name());
    *graph.add_initializer() = tensor;
    graph.mutable_input()->DeleteSubrange(i, 1);
    any = true;
  }
  llvm::SmallString<128> path;
  int file = -1;
  if (!any || llvm::sys::fs::createTemporaryFile("node-test", "onnx", file, path))
    return "";
  llvm::raw_fd_ostream out(file, /*shouldClose=*/true);
  out << model.SerializeAsString();
  return path.str().str();
}

static Result runFolder(const std::string &folder) {
  std::string path = folder + "/model.onnx";
  auto buffer = llvm::MemoryBuffer::getFile(path);
  onnx::ModelProto model;
  if (!buffer || !model.ParseFromArray((*buffer)->getBufferStart(), (*buffer)->getBufferSize()))
    return {kRefused, "cannot be read"};
  std::map<std::string, Tensor> inputs = readInputs(folder, model);
  Result result = runModel(folder, path, inputs);
  if (result.outcome != kRefused)
    return result;
  std::string frozen = freeze(folder, model);
  if (frozen.empty())
    return result;
  Result again = runModel(folder, frozen, inputs);
  llvm::sys::fs::remove(frozen);
  return again.outcome == kPass ? Result{kFrozen, result.text} : again;
}

/// Runs one folder in a child process, so that a crash is counted and the rest still runs.
static Outcome runIsolated(const std::string &folder) {
  llvm::outs().flush();
  pid_t child = fork();
  if (child == 0) {
    Result result = runFolder(folder);
    llvm::outs() << kNames[result.outcome] << " " << llvm::StringRef(folder).rsplit('/').second << " " << result.text << "\n";
    llvm::outs().flush();
    _exit(result.outcome);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) < kCrash)
    return static_cast<Outcome>(WEXITSTATUS(status));
  llvm::outs() << "crash " << llvm::StringRef(folder).rsplit('/').second << "\n";
  return kCrash;
}

int main(int argc, char **argv) {
  int counts[kOutcomes] = {};
  for (int i = 1; i < argc; ++i)
    ++counts[runIsolated(llvm::StringRef(argv[i]).rtrim('/').str())];
  for (int i = 0; i < kOutcomes; ++i)
    llvm::outs() << kNames[i] << " " << counts[i] << (i + 1 < kOutcomes ? ", " : "\n");
  return counts[kWrong] + counts[kCrash] ? 1 : 0;
}
