// ingot run: builds in memory, runs once, prints each output and writes them to an NPZ file.
#include "tools/ingot/LanguageModel.h"

#include <cmath>

namespace ingot {
namespace {

struct Summary {
  double low = INFINITY, high = -INFINITY, sum = 0;
};

Summary summarise(const Tensor &tensor) {
  Summary summary;
  for (int64_t i = 0; i < tensor.count(); ++i) {
    double value = tensor.at(i);
    summary.low = std::fmin(summary.low, value);
    summary.high = std::fmax(summary.high, value);
    summary.sum += value;
  }
  return summary;
}

} // namespace

llvm::json::Array printTensors(const Context &context, llvm::ArrayRef<std::pair<std::string, const Tensor *>> tensors) {
  Table table({"output", "dtype", "shape", "min", "mean", "max"});
  llvm::json::Array rows;
  for (const auto &[label, each] : tensors) {
    const Tensor &tensor = *each;
    Summary summary = summarise(tensor);
    bool empty = tensor.count() == 0;
    double mean = empty ? 0 : summary.sum / static_cast<double>(tensor.count());
    table.add({printable(label), name(tensor.dtype()).str(), shapeText(tensor.shape()), empty ? "-" : brief(summary.low), empty ? "-" : brief(mean),
               empty ? "-" : brief(summary.high)});
    rows.push_back(llvm::json::Object{{"name", llvm::json::fixUTF8(label)}, {"dtype", name(tensor.dtype())}, {"shape", llvm::json::Array(tensor.shape())},
                                      {"min", jsonNumber(summary.low)}, {"mean", jsonNumber(mean)}, {"max", jsonNumber(summary.high)}});
  }
  if (printsTable(context))
    table.print(llvm::outs());
  return rows;
}

int runRun(const Context &context) {
  if (isLanguageModel(context.options.arguments[0]))
    return runLanguageModel(context);
  if (!context.options.has("input"))
    return context.fail("IG0002", "ingot run needs --input F.npz", "", "ingot help inputs says how to write one");
  std::optional<Execution> done = execute(context, context.options.text("input"));
  if (!done)
    return kUserFault;
  std::vector<std::pair<std::string, const Tensor *>> named;
  NamedTensors results;
  for (size_t i = 0; i < done->outputs.size(); ++i) {
    named.emplace_back(done->session.outputs()[i].name, &done->outputs[i]);
    results.emplace_back("out|" + named.back().first, done->outputs[i]);
  }
  llvm::json::Array rows = printTensors(context, named);
  int status = kDone;
  if (context.options.has("output") && !writeNpz(context.options.text("output"), results, context.diagnostics))
    status = kUserFault;
  return finish(context, llvm::json::Object{{"device", done->session.device()}, {"outputs", std::move(rows)}}, status);
}

} // namespace ingot
