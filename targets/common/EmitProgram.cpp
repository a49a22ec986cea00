// The entry point: every step as a direct call. One array of buffer addresses is reused by all calls; parameters are constants,
// equal lists shared. Workers run the same code and meet at barriers.
#include "targets/common/Emit.h"

#include "llvm/IR/IRBuilder.h"

#include <map>

using namespace llvm;

namespace ingot {
namespace {

/// Members of ingot_frame (runtime_stub/include/ingot/abi.h), all pointers, in order.
enum FrameField { Weights, Arena, State, Scratch, Inputs, Outputs, Barrier };

class ProgramEmitter {
public:
  ProgramEmitter(deploy::ProgramOp program, StringRef symbol, Module &module)
      : program(program), symbol(symbol), module(module), context(module.getContext()), b(context) {}

  Error emit();

private:
  Error checkAddresses();
  void emitEntry();
  Error emitCall(deploy::CallOp call);
  void emitBarrier();
  void emitMark(int64_t call);
  Expected<Value *> address(deploy::PlaceAttr place);
  Value *params(ArrayRef<int64_t> values);
  FunctionCallee callee(StringRef name);
  Value *field(FrameField index) { return b.CreateLoad(b.getPtrTy(), b.CreateConstInBoundsGEP1_64(b.getPtrTy(), function->getArg(0), index)); }
  Value *at(Value *base, int64_t offset) { return offset == 0 ? base : b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), base, offset); }

  deploy::ProgramOp program;
  StringRef symbol;
  Module &module;
  LLVMContext &context;
  IRBuilder<> b;
  Function *function = nullptr;
  Value *buffers = nullptr, *worker = nullptr, *workers = nullptr, *scratch = nullptr;
  Value *bases[Barrier + 1] = {};
  std::map<std::vector<int64_t>, GlobalVariable *> paramLists;
};

void ProgramEmitter::emitEntry() {
  Type *ptr = b.getPtrTy(), *i32 = b.getInt32Ty();
  auto *type = FunctionType::get(b.getVoidTy(), {ptr, i32, i32}, false);
  function = Function::Create(type, GlobalValue::ExternalLinkage, entrySymbol(program.getSymName(), symbol), module);
  function->addFnAttr(Attribute::NoUnwind);
  b.SetInsertPoint(BasicBlock::Create(context, "entry", function));
  size_t most = 1;
  for (deploy::CallOp call : program.getBody().getOps<deploy::CallOp>())
    most = std::max<size_t>(most, call.getPlaces().size());
  buffers = b.CreateAlloca(ArrayType::get(ptr, most));
  worker = b.CreateZExt(function->getArg(1), b.getInt64Ty());
  workers = b.CreateZExt(function->getArg(2), b.getInt64Ty());
  for (int i = Weights; i <= Barrier; ++i)
    bases[i] = field(static_cast<FrameField>(i));
  scratch = b.CreateInBoundsGEP(b.getInt8Ty(), bases[Scratch], b.CreateMul(worker, b.getInt64(program.getScratchBytes())));
}

/// A machine of 32 bits holds areas of less than 2 GiB.
Error ProgramEmitter::checkAddresses() {
  if (module.getDataLayout().getPointerSizeInBits() >= 64)
    return Error::success();
  auto check = [](StringRef what, int64_t bytes) -> Error {
    if (bytes <= INT32_MAX)
      return Error::success();
    return createStringError("the " + what + " of " + Twine(bytes) + " bytes are more than a 32-bit machine can address");
  };
  if (Error error = check("working memory", program.getArenaBytes()))
    return error;
  if (Error error = check("workers' scratch memory", program.getScratchBytes()))
    return error;
  for (deploy::CallOp call : program.getBody().getOps<deploy::CallOp>())
    for (deploy::PlaceAttr place : call.getPlaces().getAsRange<deploy::PlaceAttr>())
      if (Error error = check("weights or buffers", place.getOffset() + place.getBytes()))
        return error;
  return Error::success();
}

Error ProgramEmitter::emit() {
  if (Error error = checkAddresses())
    return error;
  emitEntry();
  int64_t calls = 0;
  for (mlir::Operation &op : program.getBody().front()) {
    if (mlir::isa<deploy::BarrierOp>(op)) {
      emitBarrier();
      continue;
    }
    auto call = mlir::dyn_cast<deploy::CallOp>(op);
    if (!call)
      return createStringError("'" + op.getName().getStringRef() + "' cannot stand in a planned program");
    if (Error error = emitCall(call))
      return error;
    if (program->hasAttr(deploy::kTimedAttr))
      emitMark(calls++);
  }
  b.CreateRetVoid();
  return Error::success();
}

/// Inputs and outputs are the caller's pointers; the rest lies at fixed offsets of the frame's areas.
Expected<Value *> ProgramEmitter::address(deploy::PlaceAttr place) {
  int64_t offset = place.getOffset();
  switch (place.getSpace()) {
  case deploy::Space::arena: return at(bases[Arena], offset);
  case deploy::Space::weights: return at(bases[Weights], offset);
  case deploy::Space::state: return at(bases[State], offset);
  case deploy::Space::scratch: return at(scratch, offset);
  case deploy::Space::input:
  case deploy::Space::output: {
    // A negative index is an absent optional operand.
    if (place.getIndex() < 0)
      return ConstantPointerNull::get(b.getPtrTy());
    Value *list = bases[place.getSpace() == deploy::Space::input ? Inputs : Outputs];
    return at(b.CreateLoad(b.getPtrTy(), b.CreateConstInBoundsGEP1_64(b.getPtrTy(), list, place.getIndex())), offset);
  }
  }
  return createStringError("a place of the program is in an unknown space");
}

Value *ProgramEmitter::params(ArrayRef<int64_t> values) {
  if (values.empty())
    return ConstantPointerNull::get(b.getPtrTy());
  GlobalVariable *&list = paramLists[values.vec()];
  if (!list) {
    Constant *data = ConstantDataArray::get(context, values);
    list = new GlobalVariable(module, data->getType(), true, GlobalValue::PrivateLinkage, data, "params");
    list->setUnnamedAddr(GlobalValue::UnnamedAddr::Global);
    list->setAlignment(Align(8));
  }
  return list;
}

FunctionCallee ProgramEmitter::callee(StringRef name) {
  Type *ptr = b.getPtrTy(), *i64 = b.getInt64Ty();
  return module.getOrInsertFunction(name, FunctionType::get(b.getVoidTy(), {ptr, ptr, i64, i64}, false));
}

Error ProgramEmitter::emitCall(deploy::CallOp call) {
  BasicBlock *after = nullptr;
  if (call.getSerial()) {
    BasicBlock *first = BasicBlock::Create(context, "serial", function);
    after = BasicBlock::Create(context, "after", function);
    b.CreateCondBr(b.CreateICmpEQ(worker, b.getInt64(0)), first, after);
    b.SetInsertPoint(first);
  }
  uint64_t index = 0;
  for (mlir::Attribute attr : call.getPlaces()) {
    auto place = mlir::dyn_cast<deploy::PlaceAttr>(attr);
    if (!place)
      return createStringError("call of '" + call.getCallee() + "' has an operand without a place");
    Expected<Value *> pointer = address(place);
    if (!pointer)
      return pointer.takeError();
    b.CreateStore(*pointer, b.CreateConstInBoundsGEP1_64(b.getPtrTy(), buffers, index++));
  }
  // A serial call is the whole work of worker 0.
  Value *self = call.getSerial() ? b.getInt64(0) : worker, *count = call.getSerial() ? b.getInt64(1) : workers;
  b.CreateCall(callee(call.getCallee()), {buffers, params(call.getParams()), self, count});
  if (after) {
    b.CreateBr(after);
    b.SetInsertPoint(after);
  }
  return Error::success();
}

void ProgramEmitter::emitBarrier() {
  BasicBlock *wait = BasicBlock::Create(context, "wait", function), *after = BasicBlock::Create(context, "after", function);
  b.CreateCondBr(b.CreateICmpUGT(workers, b.getInt64(1)), wait, after);
  b.SetInsertPoint(wait);
  FunctionCallee barrier = module.getOrInsertFunction("ingot_barrier_wait", b.getVoidTy(), b.getPtrTy(), b.getInt32Ty());
  b.CreateCall(barrier, {bases[Barrier], function->getArg(2)});
  b.CreateBr(after);
  b.SetInsertPoint(after);
}

/// Tells whoever loaded the program that this worker has done its share of call number `call`.
void ProgramEmitter::emitMark(int64_t call) {
  FunctionCallee mark = module.getOrInsertFunction("ingot_call_done", b.getVoidTy(), b.getPtrTy(), b.getInt32Ty(), b.getInt32Ty());
  b.CreateCall(mark, {function->getArg(0), function->getArg(1), b.getInt32(static_cast<uint32_t>(call))});
}

} // namespace

Error emitProgram(deploy::ProgramOp program, StringRef symbol, Module &into) { return ProgramEmitter(program, symbol, into).emit(); }

} // namespace ingot
