// ingot compress: writes a smaller model of the same format, and says what each step cost: bytes, error a layer, error of the outputs.
#include "compiler/export/onnx/Export.h"
#include "compiler/import/gguf/GgufReader.h"
#include "compiler/support/Files.h"
#include "tools/ingot/CompressTable.h"
#include "tools/ingot/FreeDims.h"
#include "tools/ingot/Session.h"

#include "dialects/nn/Nn.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <cmath>

namespace ingot {
namespace {

/// The model as it is after one more step.
struct Step {
  std::string name; // "model", "sparsify", "quantize"
  int64_t bytes = 0;
  std::optional<double> loss; // root of sum (y - y')^2 / sum y^2 over all outputs and samples; none without samples
};

struct Weights {
  int64_t count = 0, bytes = 0;
};

/// Constants of the model as it was read.
Weights weightsOf(const ReferenceModel &model) {
  Weights total;
  const_cast<ReferenceModel &>(model).model.module->walk([&](mlir::Operation *op) {
    if (!llvm::isa<nn::ConstantOp, nn::WeightOp>(op))
      return;
    auto type = llvm::cast<mlir::RankedTensorType>(op->getResult(0).getType());
    total.count += type.getNumElements();
    total.bytes += type.getNumElements() * byteWidth(*toDType(type.getElementType()));
  });
  return total;
}

/// What the command holds while it works.
class Compression {
public:
  Compression(const Context &context, CompileOptions options) : context(context), options(std::move(options)) {}

  int run() {
    if (!measureModel() || !compressSteps())
      return kUserFault;
    std::string path = context.options.text("output");
    std::string bytes = exportOnnx(options.modelPath, *compressed->model.module, compressed->store, context.diagnostics);
    if (bytes.empty() || !writeFileAtomically(path, bytes, context.diagnostics))
      return kUserFault;
    fileBytes = static_cast<int64_t>(bytes.size());
    if (printsTable(context))
      print(path);
    return finish(context, json(), kDone);
  }

private:
  /// The model before anything is done to it, its samples and what it answers to them.
  bool measureModel() {
    constexpr size_t kMostCompared = 16; // samples; the reference evaluator is slow
    CompileOptions plain = options;
    plain.compress = {};
    std::unique_ptr<ReferenceModel> model = loadReference(plain, context.diagnostics);
    if (!model)
      return false;
    weights = weightsOf(*model);
    std::vector<CalibrationInput> inputs;
    for (const ProgramIo &io : model->programs.front().inputs)
      inputs.push_back({io.name, io.type, io.shape});
    if (!options.compress.calibrate.empty()) {
      samples = readCalibration(options.compress.calibrate, inputs, context.diagnostics);
      if (samples.empty())
        return false;
      samples.resize(std::min(samples.size(), kMostCompared));
    }
    steps.push_back({"model", weights.bytes, std::nullopt});
    return answers(*model, expected);
  }

  bool answers(const ReferenceModel &model, std::vector<std::vector<Tensor>> &results) {
    for (const std::vector<Tensor> &sample : samples) {
      llvm::Expected<std::vector<Tensor>> outputs = runReference(model, sample);
      if (!outputs)
        return context.fail("IG0405", llvm::toString(outputs.takeError()), options.modelPath) == kDone;
      results.push_back(std::move(*outputs));
    }
    return true;
  }

  double lossOf(const std::vector<std::vector<Tensor>> &got) const {
    double lost = 0, all = 0;
    for (size_t s = 0; s < got.size(); ++s)
      for (size_t o = 0; o < got[s].size(); ++o)
        for (int64_t i = 0; i < got[s][o].count(); ++i) {
          double want = expected[s][o].at(i), error = got[s][o].at(i) - want;
          lost += error * error;
          all += want * want;
        }
    return all > 0 ? std::sqrt(lost / all) : 0;
  }

  /// Each step with those before it; the last one is what is written.
  bool compressSteps() {
    bool sparsifies = options.compress.sparsify.kind != SparsifySpec::None, quantizes = options.compress.quantize.kind != QuantizeSpec::None;
    CompileOptions partial = options;
    if (sparsifies && quantizes) {
      partial.compress.quantize = {};
      if (!step(partial, "sparsify"))
        return false;
    }
    return step(options, quantizes ? "quantize" : "sparsify");
  }

  bool step(const CompileOptions &with, llvm::StringRef name) {
    layers.clear();
    compressed = loadReference(with, context.diagnostics, &layers);
    if (!compressed)
      return false;
    int64_t bytes = weights.bytes;
    for (const LayerNote &layer : layers)
      if (with.compress.quantize.kind == QuantizeSpec::None || layer.bytes != layer.bytesBefore)
        bytes += layer.bytes - layer.bytesBefore;
    std::vector<std::vector<Tensor>> got;
    if (!answers(*compressed, got))
      return false;
    steps.push_back({name.str(), bytes, samples.empty() ? std::nullopt : std::optional<double>(lossOf(got))});
    return true;
  }

  void print(llvm::StringRef path) const {
    printLayers(layers);
    Table waterfall({"after", "weights", "of the model", "loss"});
    for (const Step &step : steps)
      waterfall.add({step.name, bytesText(step.bytes), fixed(100.0 * static_cast<double>(step.bytes) / static_cast<double>(std::max<int64_t>(weights.bytes, 1)), 1) + "%",
                     step.loss ? brief(*step.loss) : "-"});
    llvm::outs() << '\n';
    waterfall.print(llvm::outs());
    llvm::outs() << '\n' << path << ": " << bytesText(fileBytes) << '\n';
  }

  llvm::json::Value json() const {
    llvm::json::Array fall;
    for (const Step &step : steps)
      fall.push_back(llvm::json::Object{{"after", step.name}, {"bytes", step.bytes}, {"loss", step.loss ? llvm::json::Value(*step.loss) : llvm::json::Value(nullptr)}});
    double bits = 8.0 * static_cast<double>(steps.back().bytes) / static_cast<double>(std::max<int64_t>(weights.count, 1));
    return llvm::json::Object{{"bytes", fileBytes}, {"bpw", bits}, {"tensors", layersJson(layers)}, {"steps", std::move(fall)},
                              {"seconds", secondsNow() - start}, {"peak_rss_bytes", peakRssBytes()}};
  }

  const Context &context;
  CompileOptions options;
  double start = secondsNow();
  std::vector<std::vector<Tensor>> samples, expected;
  std::unique_ptr<ReferenceModel> compressed;
  std::vector<LayerNote> layers;
  std::vector<Step> steps;
  Weights weights;
  int64_t fileBytes = 0;
};

} // namespace

int runCompress(const Context &context) {
  if (!context.options.has("output"))
    return context.fail("IG0002", "ingot compress needs -o OUT", "", "for example: ingot compress model.onnx -o small.onnx --quantize int8 --calibrate samples.npz");
  std::optional<CompileOptions> options = compileOptionsFor(context, context.options.arguments[0], nullptr);
  if (!options)
    return kUserFault;
  if (!options->compress.isActive())
    return context.fail("IG0002", "ingot compress needs --quantize SPEC or --sparsify SPEC", "", "for example --quantize matmulnbits:4,32");
  if (isGgufFile(options->modelPath))
    return compressGguf(context, *options);
  if (!llvm::StringRef(context.options.text("output")).ends_with(".onnx"))
    return context.fail("IG0009", "compressed models of another format than ONNX are not written", context.options.text("output"), "let the output end in .onnx");
  if (options->compress.quantize.kind == QuantizeSpec::Int8 && options->compress.calibrate.empty())
    return context.fail("IG0224", "--quantize int8 needs samples of the model's inputs", options->modelPath, "add --calibrate F.npz, or a folder of such files");
  bindFreeDims(options->modelPath, options->import);
  return Compression(context, std::move(*options)).run();
}

} // namespace ingot
