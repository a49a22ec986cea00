// Reads the planned module back as plain C++.
#include "passes/plan/Program.h"

#include "passes/Choices.h"
#include "passes/plan/Memory.h"

#include "dialects/deploy/Deploy.h"
#include "dialects/kernel/Kernel.h"

#include <set>

using namespace mlir;

namespace ingot {

namespace {

std::vector<ProgramIo> readIo(ArrayAttr list) {
  std::vector<ProgramIo> ios;
  for (DictionaryAttr entry : list.getAsRange<DictionaryAttr>()) {
    RankedTensorType type = cast<RankedTensorType>(cast<TypeAttr>(entry.get("type")).getValue());
    DType dtype = *toDType(type.getElementType());
    ios.push_back({cast<StringAttr>(entry.get("name")).str(), dtype, std::vector<int64_t>(type.getShape()), type.getNumElements() * byteWidth(dtype),
                   boundBytes(entry.get("bound"))});
    if (DenseI64ArrayAttr extent = entry.getAs<DenseI64ArrayAttr>("extent")) {
      ios.back().extentAxis = extent[0];
      ios.back().extentOutput = extent[1];
    }
  }
  return ios;
}

int64_t intOf(DictionaryAttr entry, StringRef key) { return cast<IntegerAttr>(entry.get(key)).getInt(); }

std::string textOf(deploy::CallOp call, StringRef name) {
  StringAttr text = call->getAttrOfType<StringAttr>(name);
  return text ? text.str() : std::string();
}

/// True when no worker but the first has work.
bool isSerial(deploy::ProgramOp op) {
  return llvm::all_of(op.getBody().getOps<deploy::CallOp>(), [](deploy::CallOp call) { return call.getSerial(); });
}

/// Of the caches of several sequences (the module's `nn.caches`) a step touches those that its input `sequence` has room for: some of all.
struct Touched {
  int64_t some = 1, all = 1;
};

Touched touchedCaches(deploy::ProgramOp op, const Program &program) {
  Touched touched;
  auto caches = op->getParentOfType<ModuleOp>()->getAttrOfType<DictionaryAttr>("nn.caches");
  auto io = llvm::find_if(program.inputs, [](const ProgramIo &input) { return input.name == "sequence"; });
  if (!caches || caches.empty() || io == program.inputs.end())
    return touched;
  touched.all = cast<DenseI64ArrayAttr>(caches.begin()->getValue())[0];
  touched.some = std::min(io->shape[0], touched.all);
  return touched;
}

/// What a call reads and writes there.
int64_t bytesOf(deploy::PlaceAttr place, Touched touched) {
  if (place.getSpace() == deploy::Space::scratch)
    return 0;
  return place.getSpace() == deploy::Space::state ? place.getBytes() / touched.all * touched.some : place.getBytes();
}

void readCalls(deploy::ProgramOp op, const std::set<StringRef> &maps, Program &program) {
  const Touched touched = touchedCaches(op, program);
  for (Operation &step : op.getBody().front()) {
    if (isa<deploy::BarrierOp>(step) && !program.calls.empty())
      program.calls.back().barrierAfter = true;
    deploy::CallOp call = dyn_cast<deploy::CallOp>(step);
    if (!call)
      continue;
    int64_t bytes = 0;
    for (deploy::PlaceAttr place : call.getPlaces().getAsRange<deploy::PlaceAttr>())
      bytes += bytesOf(place, touched);
    bool generated = maps.count(call.getCallee()) != 0;
    program.calls.push_back(
        {call.getCallee().str(), generated, static_cast<int64_t>(call.getWork()), bytes, call.getSource().value_or("").str(), false, textOf(call, "unit"),
         textOf(call, "why"), textOf(call, kKernelChoice), textOf(call, kSplitChoice)});
  }
}

Program readProgram(deploy::ProgramOp op, const std::set<StringRef> &maps) {
  Program program;
  program.entry = op.getSymName().str();
  program.arenaBytes = op.getArenaBytes();
  program.scratchBytes = op.getScratchBytes();
  program.workers = op.getWorkers();
  program.serial = isSerial(op);
  program.inputs = readIo(*op.getInputs());
  program.outputs = readIo(*op.getOutputs());
  readCalls(op, maps, program);
  ArrayRef<int64_t> buffers = op->getAttrOfType<DenseI64ArrayAttr>("buffers").asArrayRef();
  std::vector<LiveBuffer> live;
  for (size_t i = 0; i + 3 < buffers.size(); i += 4) {
    program.buffers.push_back({buffers[i], buffers[i + 1], buffers[i + 2], buffers[i + 3]});
    live.push_back({buffers[i + 1], buffers[i + 2], buffers[i + 3]});
  }
  program.liveBytes = liveBytes(live);
  return program;
}

} // namespace

std::string boundBytes(Attribute value) {
  ElementsAttr elements = dyn_cast_or_null<ElementsAttr>(value);
  if (!elements)
    return "";
  Tensor tensor = Tensor::fromAttr(elements);
  return std::string(tensor.data(), static_cast<size_t>(tensor.bytes()));
}

std::vector<Program> readPrograms(ModuleOp module) {
  std::vector<ProgramWeight> weights;
  for (DictionaryAttr entry : module->getAttrOfType<ArrayAttr>("deploy.weights").getAsRange<DictionaryAttr>())
    weights.push_back({cast<StringAttr>(entry.get("name")).str(), intOf(entry, "offset"), intOf(entry, "bytes")});
  std::vector<ProgramState> states;
  for (DictionaryAttr entry : module->getAttrOfType<ArrayAttr>("deploy.states").getAsRange<DictionaryAttr>())
    states.push_back({cast<StringAttr>(entry.get("name")).str(), intOf(entry, "offset"), intOf(entry, "bytes")});
  std::set<StringRef> maps;
  for (kernel::FuncOp map : module.getOps<kernel::FuncOp>())
    maps.insert(map.getSymName());
  std::vector<Program> programs;
  for (deploy::ProgramOp op : module.getOps<deploy::ProgramOp>()) {
    Program program = readProgram(op, maps);
    program.weights = weights;
    program.weightsBytes = module->getAttrOfType<IntegerAttr>("deploy.weights_bytes").getInt();
    program.states = states;
    program.stateBytes = module->getAttrOfType<IntegerAttr>("deploy.state_bytes").getInt();
    programs.push_back(std::move(program));
  }
  return programs;
}

} // namespace ingot
