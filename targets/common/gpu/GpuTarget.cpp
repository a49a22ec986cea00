// Emits a GPU's package part: shaders as bytes of the host object, CPU kernels for what has no shader, tables and entry points.
#include "targets/common/gpu/GpuTarget.h"
#include "targets/common/gpu/GpuProgram.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace ingot {

GpuTarget::GpuTarget(const GpuTables &tables) : tables(tables) {
  for (const FeatureRow &row : tables.features)
    featureNames.push_back(row.name);
}

/// None of its own: shaders are made from the portable kernels.
std::vector<KernelRow> GpuTarget::kernels(const Device &device) const { return {}; }

llvm::Expected<const Device *> GpuTarget::cpuUnit(const Device &device) {
  for (const std::string &unit : device.units)
    for (const Device &candidate : allDevices())
      if (candidate.name == unit && findTarget(candidate.target)->asCpu())
        return &candidate;
  return llvm::createStringError("device '" + device.name + "' has no CPU unit here, which the host part of its programs needs");
}

llvm::Expected<const Device *> GpuTarget::hostUnit(const Device &device) {
  llvm::Expected<const Device *> cpu = cpuUnit(device);
  if (cpu && (*cpu)->name != "host")
    return llvm::createStringError("a program for '" + device.name + "' cannot be run here: it needs the device's own CPU");
  return cpu;
}

llvm::Expected<std::vector<ObjectFile>> GpuTarget::emit(ModuleOp module, llvm::StringRef symbol, const Device &device, StageSink sink) const {
  llvm::Expected<const Device *> cpu = cpuUnit(device);
  if (!cpu)
    return cpu.takeError();
  llvm::Expected<GpuModel> model = placeCalls(module, device, (*cpu)->name);
  if (!model)
    return model.takeError();
  std::vector<std::string> code;
  for (const Shader &shader : model->shaders) {
    llvm::Expected<std::string> text = codeOf(shader, sink);
    if (!text)
      return text.takeError();
    code.push_back(std::move(*text));
  }
  // The CPU compiles the maps that stay with it, and no others.
  llvm::StringSet<> kept;
  for (const GpuProgram &program : model->programs)
    for (const GpuStep &step : program.steps)
      if (deploy::CallOp call = step.call; step.shader < 0)
        kept.insert(call.getCallee());
  OwningOpRef<ModuleOp> rest = ModuleOp::create(module.getLoc());
  for (func::FuncOp function : module.getOps<func::FuncOp>())
    if (function.isDeclaration())
      rest->push_back(function->clone());
  for (kernel::FuncOp map : module.getOps<kernel::FuncOp>())
    if (kept.contains(map.getSymName()))
      rest->push_back(map->clone());
  auto entries = [&](llvm::Module &into) { return emitTables(*model, code, module, symbol, into); };
  llvm::Expected<ObjectFile> object = findTarget((*cpu)->target)->asCpu()->emitWith(*rest, symbol, **cpu, sink, entries);
  if (!object)
    return object.takeError();
  std::vector<ObjectFile> objects;
  objects.push_back(std::move(*object));
  return objects;
}

llvm::Expected<std::vector<ObjectFile>> GpuTarget::runtimeObjects(const Device &device) const {
  llvm::Expected<const Device *> cpu = cpuUnit(device);
  if (!cpu)
    return cpu.takeError();
  llvm::Expected<std::vector<ObjectFile>> objects = findTarget((*cpu)->target)->runtimeObjects(**cpu);
  if (!objects)
    return objects;
  for (ObjectFile &object : gpuRuntime(device, **cpu))
    objects->push_back(std::move(object));
  return objects;
}

} // namespace ingot
