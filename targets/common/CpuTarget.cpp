// Answers of a CPU target, from its tables.
#include "targets/common/CpuTarget.h"
#include "targets/common/Embedded.h"
#include "targets/common/HostRunner.h"
#include "targets/common/Emulator.h"

#include "runtime_stub/Objects.h"

#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

#include <thread>

namespace ingot {
namespace {

bool hasFeature(const Device &device, llvm::StringRef feature) {
  return llvm::is_contained(device.features, feature);
}

bool hasAll(const Device &device, llvm::StringRef joined) {
  llvm::SmallVector<llvm::StringRef> parts;
  joined.split(parts, '+', -1, false);
  return llvm::all_of(parts, [&](llvm::StringRef part) { return hasFeature(device, part); });
}

/// The best level that the device can run, or null.
const KernelLevel *bestLevel(const CpuTables &tables, const Device &device) {
  for (const KernelLevel &level : tables.levels)
    if (llvm::all_of(level.needs, [&](llvm::StringRef feature) { return hasFeature(device, feature); }))
      return &level;
  return nullptr;
}

/// A cache's size in bytes from Linux's "32K"; `fallback` elsewhere.
int64_t cacheBytes(int index, int64_t fallback) {
  auto file = llvm::MemoryBuffer::getFileAsStream(llvm::formatv("/sys/devices/system/cpu/cpu0/cache/index{0}/size", index).str()); // its size is no file's
  if (!file)
    return fallback;
  llvm::StringRef text = (*file)->getBuffer().trim();
  int64_t unit = text.consume_back("M") ? 1 << 20 : text.consume_back("K") ? 1 << 10 : 1;
  int64_t count = 0;
  return text.getAsInteger(10, count) || count <= 0 ? fallback : count * unit;
}

} // namespace

CpuTarget::CpuTarget(const CpuTables &tables) : tables(tables) {
  for (const FeatureRow &row : tables.features)
    featureNames.push_back(row.name);
}

const WeightCosts *CpuTarget::weightCosts(const Device &device) const {
  const KernelLevel *level = bestLevel(tables, device);
  return level ? level->weights : nullptr;
}

llvm::ArrayRef<llvm::StringRef> CpuTarget::stages() const {
  static const llvm::StringRef list[] = {"llvm", "opt", "asm", "object"};
  return list;
}

std::vector<KernelRow> CpuTarget::kernels(const Device &device) const {
  std::vector<KernelRow> rows;
  for (llvm::ArrayRef<KernelRow> table : {tables.kernels, portableKernels()})
    for (const KernelRow &row : table)
      if (hasAll(device, row.requires_))
        rows.push_back(row);
  return rows;
}

bool CpuTarget::isHostIsa() const {
  return llvm::Triple(llvm::sys::getProcessTriple()).getArch() == tables.arch;
}

std::optional<Device> CpuTarget::host() const { return tables.servesHost ? machine() : std::nullopt; }

std::optional<Device> CpuTarget::machine() const {
  if (!isHostIsa())
    return std::nullopt;
  llvm::Triple triple(llvm::sys::getProcessTriple());
  Device device;
  device.name = "host";
  device.target = tables.name.str();
  device.description = "the machine Ingot runs on";
  device.os = triple.isMacOSX() ? "macos" : "linux";
  device.triple = triple.str();
  device.cpu = llvm::sys::getHostCPUName().str();
  llvm::StringMap<bool> known = llvm::sys::getHostCPUFeatures();
  for (const FeatureRow &row : tables.features)
    if (known.lookup(row.llvm))
      device.features.push_back(row.name.str());
  device.cores = std::max(1u, std::thread::hardware_concurrency());
  if (const KernelLevel *level = bestLevel(tables, device))
    device.vectorBytes = level->vectorBytes;
  device.l1Bytes = cacheBytes(0, device.l1Bytes);
  device.l2Bytes = cacheBytes(2, device.l2Bytes);
  return device;
}

llvm::Expected<CpuSpec> CpuTarget::specOf(const Device &device) const {
  for (llvm::StringRef feature : tables.required)
    if (!hasFeature(device, feature))
      return llvm::createStringError("device '" + device.name + "' lacks the feature '" + feature + "', which all " + tables.name + " code needs");
  CpuSpec spec;
  spec.triple = device.triple;
  spec.cpu = device.cpu;
  // What the table names and the device lacks is switched off first: a cpu's name may imply it.
  for (bool wanted : {false, true})
    for (const FeatureRow &row : tables.features)
      if (hasFeature(device, row.name) == wanted)
        spec.features += (spec.features.empty() ? "" : ",") + std::string(wanted ? "+" : "-") + row.llvm.str();
  const KernelLevel *level = bestLevel(tables, device);
  if (!level)
    return llvm::createStringError("no kernel level of " + tables.name + " fits device '" + device.name + "'");
  spec.level = level->name;
  spec.vectorBytes = level->vectorBytes;
  spec.options = tables.llvmOptions;
  if (const RuntimeObject *builtins = findRuntimeObject("builtins", llvm::Triple::getArchTypeName(llvm::Triple(device.triple).getArch()), device.os))
    spec.builtins = builtins->bytes;
  spec.bitcode = embeddedFile(("" + tables.name + "/kernels-" + level->name + ".bc").str());
  return spec;
}

llvm::Expected<std::vector<ObjectFile>> CpuTarget::emit(mlir::ModuleOp module, llvm::StringRef symbol, const Device &device, StageSink sink) const {
  llvm::Expected<CpuSpec> spec = specOf(device);
  if (!spec)
    return spec.takeError();
  llvm::Expected<ObjectFile> object = emitCpu(module, symbol, *spec, sink);
  if (!object)
    return object.takeError();
  std::vector<ObjectFile> objects;
  objects.push_back(std::move(*object));
  return objects;
}

llvm::Expected<ObjectFile> CpuTarget::emitWith(mlir::ModuleOp module, llvm::StringRef symbol, const Device &device, StageSink sink,
                                               EntryEmitter entries) const {
  llvm::Expected<CpuSpec> spec = specOf(device);
  if (!spec)
    return spec.takeError();
  return emitCpu(module, symbol, *spec, sink, entries);
}

llvm::Expected<std::vector<ObjectFile>> CpuTarget::runtimeObjects(const Device &device) const {
  llvm::StringRef arch = llvm::Triple::getArchTypeName(llvm::Triple(device.triple).getArch());
  std::vector<ObjectFile> objects;
  for (llvm::StringRef name : {"core", "pool", "map", "state", "stream", "readahead", "tokenizer", "builtins", "runner"})
    if (const RuntimeObject *object = findRuntimeObject(name, arch, device.os))
      objects.push_back({(name + ".o").str(), object->bytes.str()});
  if (objects.empty())
    return llvm::createStringError("there is no static runtime for " + arch + " " + device.os);
  return objects;
}

llvm::Expected<std::unique_ptr<LoadedProgram>> CpuTarget::load(const Device &device, llvm::ArrayRef<ObjectFile> objects, llvm::StringRef symbol,
                                                               llvm::ArrayRef<Program> programs, llvm::StringRef weights) const {
  std::optional<Device> self = machine();
  if (!self) {
    llvm::Expected<std::vector<ObjectFile>> runtime = runtimeObjects(device);
    if (!runtime)
      return runtime.takeError();
    return loadEmulated(device, tables.emulation, objects, *runtime, symbol, programs, weights);
  }
  for (const std::string &feature : device.features)
    if (!hasFeature(*self, feature))
      return llvm::createStringError("device '" + device.name + "' has the feature '" + feature + "', which this machine lacks");
  return loadHostProgram(objects, symbol, programs, weights);
}

} // namespace ingot
