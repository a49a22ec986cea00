// ingot devices, targets, ops: what is known, as tables.
#include "compiler/import/onnx/OnnxOps.h"
#include "targets/Target.h"
#include "tools/ingot/Command.h"

namespace ingot {
namespace {

int listKernels(const Context &context, const Target &target) {
  std::optional<Device> device = target.host();
  for (const Device &known : allDevices())
    if (!device && known.target == target.name())
      device = known;
  Table table({"kernel", "op", "types", "needs", "source"});
  llvm::json::Array rows;
  for (const KernelRow &row : device ? target.kernels(*device) : std::vector<KernelRow>()) {
    table.add({row.name.str(), row.op.str(), row.types.str(), row.requires_.str(), row.source.str()});
    rows.push_back(llvm::json::Object{{"name", row.name}, {"op", row.op}, {"types", row.types}, {"requires", row.requires_}, {"source", row.source}});
  }
  if (printsTable(context)) {
    llvm::outs() << target.name() << ": " << target.summary() << "\nfeatures: " << llvm::join(target.features(), " ") << "\nstages: "
                 << llvm::join(target.stages(), " ") << "\n\n";
    table.print(llvm::outs());
  }
  return finish(context, llvm::json::Object{{"name", target.name()}, {"features", llvm::json::Array(target.features())}, {"kernels", std::move(rows)}}, kDone);
}

} // namespace

int runDevices(const Context &context) {
  Table table({"device", "target", "cores", "vector", "os", "description"});
  llvm::json::Array rows;
  for (const Device &d : allDevices()) {
    table.add({d.name, d.target, std::to_string(d.cores), std::to_string(d.vectorBytes) + " B", d.os, d.description});
    rows.push_back(llvm::json::Object{{"name", d.name}, {"target", d.target}, {"cores", d.cores}, {"vector_bytes", d.vectorBytes}, {"os", d.os},
                                      {"triple", d.triple}, {"cpu", d.cpu}, {"features", llvm::json::Array(d.features)}, {"description", d.description}});
  }
  if (printsTable(context)) {
    table.print(llvm::outs());
    llvm::outs() << "\n'reference' runs a model in plain C++ with double accumulation (run, test, conform)\n";
  }
  return finish(context, llvm::json::Object{{"devices", std::move(rows)}}, kDone);
}

int runTargets(const Context &context) {
  if (!context.options.arguments.empty()) {
    const std::string &asked = context.options.arguments[0];
    if (const Target *target = findTarget(asked))
      return listKernels(context, *target);
    llvm::SmallVector<llvm::StringRef> names;
    for (const Target *target : allTargets())
      names.push_back(target->name());
    std::string near = closest(asked, names);
    return context.fail("IG0302", "there is no target '" + printable(asked) + "'", "",
                        near.empty() ? "known: " + llvm::join(names, ", ") : "did you mean " + near + "?");
  }
  Table table({"target", "features", "stages", "summary"});
  llvm::json::Array rows;
  for (const Target *target : allTargets()) {
    table.add({target->name().str(), std::to_string(target->features().size()), llvm::join(target->stages(), " "), target->summary().str()});
    rows.push_back(llvm::json::Object{{"name", target->name()}, {"summary", target->summary()}, {"features", llvm::json::Array(target->features())},
                                      {"stages", llvm::json::Array(target->stages())}});
  }
  if (printsTable(context))
    table.print(llvm::outs());
  return finish(context, llvm::json::Object{{"targets", std::move(rows)}}, kDone);
}

int runOps(const Context &context) {
  OnnxOpRegistry registry;
  registerOnnxOps(registry);
  Table table({"operator", "since opset"});
  llvm::json::Array rows;
  for (const auto &[op, since] : registry.names()) {
    table.add({op, std::to_string(since)});
    rows.push_back(llvm::json::Object{{"op", op}, {"since", since}});
  }
  if (printsTable(context)) {
    table.print(llvm::outs());
    llvm::outs() << rows.size() << " operators\n";
  }
  return finish(context, llvm::json::Object{{"ops", std::move(rows)}}, kDone);
}

} // namespace ingot
