// The structs of ingot/gpu.h as constants of an LLVM module, member by member, and entry points that hand them to the runtime.
#include "targets/common/gpu/GpuProgram.h"

#include "ingot/gpu.h"

#include "llvm/ADT/StringSwitch.h"

using namespace llvm;

namespace ingot {
namespace {

class TableEmitter {
public:
  TableEmitter(const GpuModel &model, ArrayRef<std::string> code, mlir::ModuleOp source, Module &module)
      : model(model), code(code), source(source), module(module), context(module.getContext()), b(context) {}

  GlobalVariable *emit() {
    std::vector<Constant *> shaders, programs;
    for (auto [shader, text] : zip(model.shaders, code))
      shaders.push_back(emitShader(shader, text));
    for (const GpuProgram &program : model.programs)
      programs.push_back(emitProgram(program));
    uint64_t arena = 0;
    for (const GpuProgram &program : model.programs) {
      deploy::ProgramOp op = program.op;
      arena = std::max<uint64_t>(arena, op.getArenaBytes());
    }
    return global(record({list(shaders), list(programs), i32(INGOT_GPU_VERSION), i32(needs()), i32(shaders.size()), i32(programs.size()),
                          i64(moduleBytes("deploy.weights_bytes")), i64(arena), i64(moduleBytes("deploy.state_bytes"))}));
  }

  /// void ingot_<entry>_<symbol>(frame, worker, workers): worker 0 runs the program.
  void emitEntry(GlobalVariable *table, size_t index, StringRef name) {
    Type *ptr = b.getPtrTy(), *i32Type = b.getInt32Ty();
    auto *type = FunctionType::get(b.getVoidTy(), {ptr, i32Type, i32Type}, false);
    Function *function = Function::Create(type, GlobalValue::ExternalLinkage, name, module);
    auto *entry = BasicBlock::Create(context, "entry", function), *work = BasicBlock::Create(context, "work", function);
    auto *done = BasicBlock::Create(context, "done", function);
    b.SetInsertPoint(entry);
    b.CreateCondBr(b.CreateICmpEQ(function->getArg(1), b.getInt32(0)), work, done);
    b.SetInsertPoint(work);
    FunctionCallee run = module.getOrInsertFunction("ingot_gpu_run", FunctionType::get(b.getVoidTy(), {ptr, i32Type, ptr}, false));
    b.CreateCall(run, {table, b.getInt32(index), function->getArg(0)});
    b.CreateBr(done);
    b.SetInsertPoint(done);
    b.CreateRetVoid();
  }

private:
  Constant *i32(uint64_t value) { return b.getInt32(static_cast<uint32_t>(value)); }
  Constant *i64(uint64_t value) { return b.getInt64(value); }
  Constant *null() { return ConstantPointerNull::get(b.getPtrTy()); }
  Constant *record(ArrayRef<Constant *> members) { return ConstantStruct::getAnon(context, members); }
  GlobalVariable *global(Constant *value) {
    auto *variable = new GlobalVariable(module, value->getType(), true, GlobalValue::PrivateLinkage, value, "gpu");
    variable->setAlignment(Align(16));
    return variable;
  }
  Constant *list(ArrayRef<Constant *> values) {
    if (values.empty())
      return null();
    return global(ConstantArray::get(ArrayType::get(values.front()->getType(), values.size()), values));
  }
  Constant *bytes(StringRef text, bool terminated) { return global(ConstantDataArray::getString(context, text, terminated)); }
  Constant *numbers(ArrayRef<int64_t> values) {
    SmallVector<Constant *> constants;
    for (int64_t value : values)
      constants.push_back(b.getInt64(value));
    return list(constants);
  }
  uint64_t moduleBytes(StringRef name) {
    auto attribute = source->getAttrOfType<mlir::IntegerAttr>(name);
    return attribute ? attribute.getInt() : 0;
  }
  uint32_t needs() {
    uint32_t mask = 0;
    for (const Shader &shader : model.shaders)
      for (const std::string &need : shader.needs)
        mask |= StringSwitch<uint32_t>(need)
                    .Case("int8", INGOT_GPU_INT8)
                    .Case("int16", INGOT_GPU_INT16)
                    .Case("int64", INGOT_GPU_INT64)
                    .Case("float16", INGOT_GPU_FLOAT16)
                    .Default(INGOT_GPU_FLOAT64);
    return mask;
  }

  // ingot_gpu_shader
  Constant *emitShader(const Shader &shader, StringRef text) {
    return record({bytes(text, true), i64(text.size()), bytes(shader.name, true), i32(shader.views.size()), i32(shader.groups[0]), i32(shader.groups[1]),
                   i32(0)});
  }

  // ingot_gpu_place
  Constant *emitPlace(deploy::PlaceAttr place) {
    return record({i32(static_cast<uint32_t>(place.getSpace())), i32(place.getIndex()), i64(place.getOffset()), i64(place.getBytes())});
  }

  // ingot_gpu_step
  Constant *emitStep(const GpuStep &step) {
    deploy::CallOp call = step.call;
    mlir::ArrayAttr places = call.getPlaces();
    std::vector<Constant *> all;
    if (step.shader >= 0)
      for (uint32_t operand : model.shaders[step.shader].views)
        all.push_back(emitPlace(mlir::cast<deploy::PlaceAttr>(places[operand])));
    else
      for (deploy::PlaceAttr place : places.getAsRange<deploy::PlaceAttr>())
        all.push_back(emitPlace(place));
    Constant *kernel = null(), *params = null();
    if (step.shader < 0) {
      Type *ptr = b.getPtrTy(), *i64Type = b.getInt64Ty();
      auto *type = FunctionType::get(b.getVoidTy(), {ptr, ptr, i64Type, i64Type}, false);
      kernel = cast<Constant>(module.getOrInsertFunction(call.getCallee(), type).getCallee());
      params = numbers(call.getParams());
    }
    return record({list(all), kernel, params, i32(std::max<int64_t>(step.shader, 0)), i32(all.size()), i32(step.wait), i32(0)});
  }

  std::vector<int64_t> ioBytes(std::optional<mlir::ArrayAttr> ios) {
    std::vector<int64_t> sizes;
    if (ios)
      for (mlir::DictionaryAttr entry : ios->getAsRange<mlir::DictionaryAttr>()) {
        auto type = mlir::cast<mlir::RankedTensorType>(mlir::cast<mlir::TypeAttr>(entry.get("type")).getValue());
        sizes.push_back(type.getNumElements() * byteWidth(*toDType(type.getElementType())));
      }
    return sizes;
  }

  // ingot_gpu_program
  Constant *emitProgram(const GpuProgram &program) {
    std::vector<Constant *> steps;
    for (const GpuStep &step : program.steps)
      steps.push_back(emitStep(step));
    deploy::ProgramOp op = program.op;
    std::vector<int64_t> inputs = ioBytes(op.getInputs()), outputs = ioBytes(op.getOutputs());
    return record({list(steps), numbers(inputs), numbers(outputs), i32(steps.size()), i32(inputs.size()), i32(outputs.size()), i32(0)});
  }

  const GpuModel &model;
  ArrayRef<std::string> code;
  mlir::ModuleOp source;
  Module &module;
  LLVMContext &context;
  IRBuilder<> b;
};

} // namespace

Error emitTables(const GpuModel &model, ArrayRef<std::string> code, mlir::ModuleOp source, StringRef symbol, Module &into) {
  TableEmitter emitter(model, code, source, into);
  GlobalVariable *table = emitter.emit();
  for (auto [index, program] : enumerate(model.programs)) {
    deploy::ProgramOp op = program.op;
    emitter.emitEntry(table, index, entrySymbol(op.getSymName(), symbol));
  }
  return Error::success();
}

} // namespace ingot
