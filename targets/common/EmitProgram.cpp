// The entry point: every step as a direct call. One array of buffer addresses is reused by all calls; parameters are constants,
// equal lists shared. Workers run the same code and meet at barriers. Programs of several shapes share one such function, which takes what
// differs from a row of numbers; so do the turns of a loop.
#include "targets/common/Emit.h"

#include "passes/lower/ConvBands.h"

#include "llvm/IR/IRBuilder.h"

#include <map>

using namespace llvm;

namespace ingot {
namespace {

/// Members of ingot_frame (runtime_stub/include/ingot/abi.h), all pointers, in order.
enum FrameField { Weights, Arena, State, Scratch, Inputs, Outputs, Barrier };

std::string sharedName(StringRef shared) { return ("i." + shared).str(); }
std::string tableName(StringRef shared) { return ("i." + shared + ".table").str(); }

/// The numbers of all rows in as few bytes as hold them.
Type *numberType(deploy::SharedOp shared, LLVMContext &context) {
  return Type::getIntNTy(context, llvm::all_of(shared.getTable(), [](int64_t number) { return isInt<32>(number); }) ? 32 : 64);
}

class ProgramEmitter {
public:
  /// The steps in `body`, with numbers of `shared` where that is given, or with the loops `rolled` for some; `isTimed`: tells its host after each call.
  ProgramEmitter(mlir::Block &body, int64_t scratchBytes, bool isTimed, Module &module, deploy::SharedOp shared, mlir::ArrayAttr rolled)
      : body(body), scratchBytes(scratchBytes), isTimed(isTimed), module(module), shared(shared), context(module.getContext()), b(context), lists(module) {
    if (rolled && !isTimed)
      this->rolled = rolled.getValue();
  }

  /// `into` has the arguments of ingot_run_fn, and the row of numbers if there is one.
  Error emit(Function *into);

private:
  void emitEntry();
  Expected<int64_t> emitLoop(mlir::Attribute loop);
  Error emitCall(deploy::CallOp call);
  Error storeAddresses(deploy::CallOp call);
  void emitKernel(deploy::CallOp call, Value *self, Value *count, Value *turn = nullptr);
  void emitBarrier(Value *count);
  void emitStream(mlir::DictionaryAttr ranges);
  void emitSlices(deploy::CallOp call, mlir::ArrayAttr slices);
  void emitTurns(deploy::CallOp call, Value *self, Value *count);
  void emitMark(int64_t call);
  Expected<Value *> address(deploy::PlaceAttr place, int64_t column);
  Value *params(deploy::CallOp call, Value *turn);
  MDNode *boundsOf(deploy::CallOp call);
  Value *constantParams(ArrayRef<int64_t> values);
  /// The number of a call that column `column` of the row holds.
  Value *number(int64_t column);
  FunctionCallee callee(StringRef name, ArrayRef<int64_t> params);
  Value *field(FrameField index) { return b.CreateLoad(b.getPtrTy(), b.CreateConstInBoundsGEP1_64(b.getPtrTy(), function->getArg(0), index)); }
  Value *at(Value *base, int64_t offset, int64_t column) {
    if (column >= 0)
      return b.CreateInBoundsGEP(b.getInt8Ty(), base, number(column));
    return offset == 0 ? base : b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), base, offset);
  }

  mlir::Block &body;
  int64_t scratchBytes;
  bool isTimed;
  Module &module;
  deploy::SharedOp shared; // with the rows of numbers; null: there are none
  ArrayRef<mlir::Attribute> rolled;
  LLVMContext &context;
  IRBuilder<> b;
  Function *function = nullptr;
  Value *buffers = nullptr, *list = nullptr, *worker = nullptr, *workers = nullptr, *scratch = nullptr;
  Value *bases[Barrier + 1] = {};
  ConstantLists lists;
  std::map<std::pair<std::string, std::vector<int64_t>>, Function *> banded;
};

/// Which numbers of the call come from the row; as many as deploy::kColumnsAttr says, or none.
ArrayRef<int64_t> columnsOf(deploy::CallOp call) {
  auto columns = call->getAttrOfType<mlir::DenseI64ArrayAttr>(deploy::kColumnsAttr);
  return columns ? columns.asArrayRef() : ArrayRef<int64_t>();
}
ArrayRef<int64_t> paramColumns(deploy::CallOp call) { return columnsOf(call).empty() ? ArrayRef<int64_t>() : columnsOf(call).slice(2, call.getParams().size()); }
int64_t numberOf(mlir::Attribute loop, StringRef name) { return mlir::cast<mlir::DictionaryAttr>(loop).getAs<mlir::IntegerAttr>(name).getInt(); }
bool varies(ArrayRef<int64_t> columns) { return llvm::any_of(columns, [](int64_t column) { return column >= 0; }); }

void ProgramEmitter::emitEntry() {
  b.SetInsertPoint(BasicBlock::Create(context, "entry", function));
  size_t most = 1, mostParams = 0;
  for (deploy::CallOp call : body.getOps<deploy::CallOp>()) {
    most = std::max<size_t>(most, call.getPlaces().size());
    mostParams = std::max(mostParams, varies(paramColumns(call)) || call.getTurns() ? call.getParams().size() : 0);
  }
  buffers = b.CreateAlloca(ArrayType::get(b.getPtrTy(), most));
  if (mostParams != 0)
    list = b.CreateAlloca(ArrayType::get(b.getInt64Ty(), mostParams));
  worker = b.CreateZExt(function->getArg(1), b.getInt64Ty());
  workers = b.CreateZExt(function->getArg(2), b.getInt64Ty());
  for (int i = Weights; i <= Barrier; ++i)
    bases[i] = field(static_cast<FrameField>(i));
  scratch = b.CreateInBoundsGEP(b.getInt8Ty(), bases[Scratch], b.CreateMul(worker, b.getInt64(scratchBytes)));
}

/// A machine of 32 bits holds areas of less than 2 GiB.
Error checkAddresses(deploy::ProgramOp program, const Module &module) {
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

Error ProgramEmitter::emit(Function *into) {
  function = into;
  function->addFnAttr(Attribute::NoUnwind);
  emitEntry();
  int64_t calls = 0, done = 0; // calls before `done` are emitted
  ArrayRef<mlir::Attribute> loops = rolled;
  for (mlir::Operation &op : body) {
    bool begins = !loops.empty() && calls == numberOf(loops.front(), "first");
    if (mlir::isa<deploy::BarrierOp>(op)) {
      if (begins || calls < done) // a loop has it
        continue;
      emitBarrier(workers);
      emitStream(op.getAttrOfType<mlir::DictionaryAttr>(deploy::kStreamAttr));
      continue;
    }
    auto call = mlir::dyn_cast<deploy::CallOp>(op);
    if (!call)
      return createStringError("'" + op.getName().getStringRef() + "' cannot stand in a planned program");
    if (begins) {
      Expected<int64_t> emitted = emitLoop(loops.front());
      if (!emitted)
        return emitted.takeError();
      done = calls + *emitted;
      loops = loops.drop_front();
    }
    if (calls++ < done)
      continue;
    if (Error error = emitCall(call))
      return error;
    if (isTimed)
      emitMark(calls - 1);
  }
  b.CreateRetVoid();
  return Error::success();
}

/// All turns of a loop; the number of calls that it stands for.
Expected<int64_t> ProgramEmitter::emitLoop(mlir::Attribute loop) {
  StringRef name = mlir::cast<mlir::DictionaryAttr>(loop).getAs<mlir::StringAttr>("steps").getValue();
  Function *steps = module.getFunction(sharedName(name));
  GlobalVariable *table = module.getNamedGlobal(tableName(name));
  auto shared = mlir::SymbolTable::lookupNearestSymbolFrom<deploy::SharedOp>(body.getParentOp()->getParentOp(), mlir::StringAttr::get(loop.getContext(), name));
  if (!steps || !table || !shared)
    return createStringError("a loop names steps that are not there");
  int64_t turns = numberOf(loop, "turns");
  BasicBlock *before = b.GetInsertBlock(), *turn = BasicBlock::Create(context, "turn", function), *after = BasicBlock::Create(context, "after", function);
  b.CreateBr(turn);
  b.SetInsertPoint(turn);
  PHINode *index = b.CreatePHI(b.getInt64Ty(), 2);
  index->addIncoming(b.getInt64(0), before);
  Value *row = b.CreateInBoundsGEP(table->getValueType(), table, {b.getInt64(0), index});
  b.CreateCall(steps, {function->getArg(0), function->getArg(1), function->getArg(2), row});
  Value *next = b.CreateAdd(index, b.getInt64(1));
  index->addIncoming(next, turn);
  b.CreateCondBr(b.CreateICmpULT(next, b.getInt64(turns)), turn, after);
  b.SetInsertPoint(after);
  auto calls = shared.getBody().front().getOps<deploy::CallOp>();
  return turns * std::distance(calls.begin(), calls.end());
}

/// Inputs and outputs are the caller's pointers; the rest lies at fixed offsets of the frame's areas, or at those of the row.
Expected<Value *> ProgramEmitter::address(deploy::PlaceAttr place, int64_t column) {
  int64_t offset = place.getOffset();
  switch (place.getSpace()) {
  case deploy::Space::arena: return at(bases[Arena], offset, column);
  case deploy::Space::weights: return at(bases[Weights], offset, column);
  case deploy::Space::state: return at(bases[State], offset, column);
  case deploy::Space::scratch: return at(scratch, offset, column);
  case deploy::Space::input:
  case deploy::Space::output: {
    // A negative index is an absent optional operand.
    if (place.getIndex() < 0)
      return ConstantPointerNull::get(b.getPtrTy());
    Value *list = bases[place.getSpace() == deploy::Space::input ? Inputs : Outputs];
    return at(b.CreateLoad(b.getPtrTy(), b.CreateConstInBoundsGEP1_64(b.getPtrTy(), list, place.getIndex())), offset, column);
  }
  }
  return createStringError("a place of the program is in an unknown space");
}

Value *ProgramEmitter::number(int64_t column) {
  Type *stored = numberType(shared, context);
  return b.CreateSExt(b.CreateLoad(stored, b.CreateConstInBoundsGEP1_64(stored, function->getArg(3), static_cast<uint64_t>(column))), b.getInt64Ty());
}

/// The call's parameters: constants, or a copy of them with the row's numbers and the turn in their places, good until the next call.
Value *ProgramEmitter::params(deploy::CallOp call, Value *turn) {
  ArrayRef<int64_t> columns = paramColumns(call);
  Value *constants = constantParams(call.getParams());
  if (!varies(columns) && !turn)
    return constants;
  b.CreateMemCpy(list, Align(8), constants, Align(8), call.getParams().size() * sizeof(int64_t));
  for (size_t i = 0; i < columns.size(); ++i)
    if (columns[i] >= 0)
      b.CreateStore(number(columns[i]), b.CreateConstInBoundsGEP1_64(b.getInt64Ty(), list, i));
  if (turn)
    b.CreateStore(turn, b.CreateConstInBoundsGEP1_64(b.getInt64Ty(), list, call.getParams().size() - 1));
  return list;
}

/// The least and the greatest numbers that the rows and turns put into the call's parameters; null if they put none.
MDNode *ProgramEmitter::boundsOf(deploy::CallOp call) {
  ArrayRef<int64_t> columns = paramColumns(call);
  if (!varies(columns) && !call.getTurns())
    return nullptr;
  SmallVector<int64_t> least(call.getParams()), greatest = least;
  for (auto [i, column] : llvm::enumerate(columns)) {
    if (column < 0)
      continue;
    for (size_t at = static_cast<size_t>(column); at < shared.getTable().size(); at += static_cast<size_t>(shared.getColumnCount()))
      least[i] = std::min(least[i], shared.getTable()[at]), greatest[i] = std::max(greatest[i], shared.getTable()[at]);
  }
  if (call.getTurns())
    least.back() = 0, greatest.back() = greatest[*call.getTurns()] - 1;
  return paramBounds(context, least, greatest);
}

Value *ProgramEmitter::constantParams(ArrayRef<int64_t> values) {
  if (values.empty())
    return ConstantPointerNull::get(b.getPtrTy());
  return lists.get(values);
}

FunctionCallee ProgramEmitter::callee(StringRef name, ArrayRef<int64_t> params) {
  if (ConvBands::isRow(name)) {
    Function *&known = banded[{name.str(), params.vec()}];
    known = known ? known : emitBands(name, params, module, lists);
    return known;
  }
  return module.getOrInsertFunction(name, kernelType(context));
}

Error ProgramEmitter::emitCall(deploy::CallOp call) {
  BasicBlock *after = nullptr;
  int64_t column = columnsOf(call).empty() ? -1 : columnsOf(call)[1];
  Value *shared = column < 0 ? b.getInt1(!call.getSerial()) : b.CreateICmpEQ(number(column), b.getInt64(0));
  if (call.getSerial() || column >= 0) {
    BasicBlock *first = BasicBlock::Create(context, "serial", function);
    after = BasicBlock::Create(context, "after", function);
    Value *isFirst = b.CreateICmpEQ(worker, b.getInt64(0));
    b.CreateCondBr(column < 0 ? isFirst : b.CreateOr(isFirst, shared), first, after);
    b.SetInsertPoint(first);
  }
  if (Error error = storeAddresses(call))
    return error;
  if (auto slices = call->getAttrOfType<mlir::ArrayAttr>(deploy::kSlicesAttr)) {
    emitSlices(call, slices);
    return Error::success();
  }
  // A serial call is the whole work of worker 0.
  bool isSerial = column < 0 && call.getSerial();
  Value *self = isSerial ? b.getInt64(0) : worker; // which is 0 in a call that the row makes serial
  Value *count = isSerial ? b.getInt64(1) : column < 0 ? workers : b.CreateSelect(shared, workers, b.getInt64(1));
  call.getTurns() ? emitTurns(call, self, count) : emitKernel(call, self, count);
  if (after) {
    b.CreateBr(after);
    b.SetInsertPoint(after);
  }
  return Error::success();
}

Error ProgramEmitter::storeAddresses(deploy::CallOp call) {
  ArrayRef<int64_t> columns = columnsOf(call).empty() ? ArrayRef<int64_t>() : columnsOf(call).take_back(call.getPlaces().size());
  uint64_t index = 0;
  for (mlir::Attribute attr : call.getPlaces()) {
    auto place = mlir::dyn_cast<deploy::PlaceAttr>(attr);
    if (!place)
      return createStringError("call of '" + call.getCallee() + "' has an operand without a place");
    Expected<Value *> pointer = address(place, columns.empty() ? -1 : columns[index]);
    if (!pointer)
      return pointer.takeError();
    b.CreateStore(*pointer, b.CreateConstInBoundsGEP1_64(b.getPtrTy(), buffers, index++));
  }
  return Error::success();
}

/// The call itself, of the kernel that the row chooses where there are several.
void ProgramEmitter::emitKernel(deploy::CallOp call, Value *self, Value *count, Value *turn) {
  Value *arguments[] = {buffers, params(call, turn), self, count};
  MDNode *bounds = boundsOf(call);
  auto emit = [&](StringRef name) { b.CreateCall(callee(name, call.getParams()), arguments)->setMetadata(kParamBounds, bounds); };
  auto callees = call->getAttrOfType<mlir::ArrayAttr>(deploy::kCalleesAttr);
  if (!callees) {
    emit(call.getCallee());
    return;
  }
  BasicBlock *after = BasicBlock::Create(context, "after", function);
  SwitchInst *choice = b.CreateSwitch(number(columnsOf(call).front()), after);
  for (auto [i, name] : llvm::enumerate(callees.getAsRange<mlir::StringAttr>())) {
    BasicBlock *block = BasicBlock::Create(context, "kernel", function);
    choice->addCase(b.getInt64(i), block);
    b.SetInsertPoint(block);
    emit(name.getValue());
    b.CreateBr(after);
  }
  b.SetInsertPoint(after);
}

/// Where `count` workers come by, which are all or the first alone.
void ProgramEmitter::emitBarrier(Value *count) {
  BasicBlock *wait = BasicBlock::Create(context, "wait", function), *after = BasicBlock::Create(context, "after", function);
  b.CreateCondBr(b.CreateICmpUGT(count, b.getInt64(1)), wait, after);
  b.SetInsertPoint(wait);
  FunctionCallee barrier = module.getOrInsertFunction("ingot_barrier_wait", b.getVoidTy(), b.getPtrTy(), b.getInt32Ty());
  b.CreateCall(barrier, {bases[Barrier], function->getArg(2)});
  b.CreateBr(after);
  b.SetInsertPoint(after);
}

/// The call once for each of its turns.
void ProgramEmitter::emitTurns(deploy::CallOp call, Value *self, Value *count) {
  uint64_t param = *call.getTurns();
  int64_t column = columnsOf(call).empty() ? -1 : paramColumns(call)[param];
  Value *turns = column < 0 ? b.getInt64(static_cast<uint64_t>(call.getParams()[param])) : number(column);
  BasicBlock *before = b.GetInsertBlock(), *turn = BasicBlock::Create(context, "turn", function);
  BasicBlock *between = BasicBlock::Create(context, "between", function), *after = BasicBlock::Create(context, "after", function);
  b.CreateBr(turn);
  b.SetInsertPoint(turn);
  PHINode *index = b.CreatePHI(b.getInt64Ty(), 2);
  index->addIncoming(b.getInt64(0), before);
  emitKernel(call, self, count, index);
  Value *next = b.CreateAdd(index, b.getInt64(1));
  b.CreateCondBr(b.CreateICmpULT(next, turns), between, after);
  b.SetInsertPoint(between);
  emitBarrier(count);
  index->addIncoming(next, b.GetInsertBlock());
  b.CreateBr(turn);
  b.SetInsertPoint(after);
}

/// What the program has done with and what it reads next, for the caller's functions (ingot/stream.h).
void ProgramEmitter::emitStream(mlir::DictionaryAttr ranges) {
  if (!ranges)
    return;
  ArrayRef<int64_t> drop = ranges.getAs<mlir::DenseI64ArrayAttr>("drop").asArrayRef(), ahead = ranges.getAs<mlir::DenseI64ArrayAttr>("ahead").asArrayRef();
  if (drop.empty() && ahead.empty())
    return;
  std::vector<int64_t> numbers(drop);
  numbers.insert(numbers.end(), ahead.begin(), ahead.end());
  FunctionCallee next = module.getOrInsertFunction("ingot_stream_next", b.getVoidTy(), b.getPtrTy(), b.getInt32Ty(), b.getPtrTy(), b.getInt32Ty(), b.getInt32Ty());
  b.CreateCall(next, {function->getArg(0), function->getArg(1), constantParams(numbers), b.getInt32(static_cast<uint32_t>(drop.size() / 2)),
                      b.getInt32(static_cast<uint32_t>(ahead.size() / 2))});
}

/// The call's work in shares that follow each other, each done by all workers.
void ProgramEmitter::emitSlices(deploy::CallOp call, mlir::ArrayAttr slices) {
  Value *count = b.CreateMul(workers, b.getInt64(slices.size()));
  for (auto [i, ranges] : llvm::enumerate(slices.getAsRange<mlir::DictionaryAttr>())) {
    if (i != 0)
      emitBarrier(workers);
    emitStream(ranges);
    emitKernel(call, b.CreateAdd(worker, b.CreateMul(workers, b.getInt64(i))), count);
  }
}

/// Tells whoever loaded the program that this worker has done its share of call number `call`.
void ProgramEmitter::emitMark(int64_t call) {
  FunctionCallee mark = module.getOrInsertFunction("ingot_call_done", b.getVoidTy(), b.getPtrTy(), b.getInt32Ty(), b.getInt32Ty());
  b.CreateCall(mark, {function->getArg(0), function->getArg(1), b.getInt32(static_cast<uint32_t>(call))});
}

/// The numbers, [program][column].
void emitTable(deploy::SharedOp shared, Module &module) {
  LLVMContext &context = module.getContext();
  ArrayRef<int64_t> numbers = shared.getTable();
  size_t columns = static_cast<size_t>(shared.getColumnCount());
  Type *element = numberType(shared, context);
  auto *row = ArrayType::get(element, columns);
  SmallVector<Constant *> rows;
  for (size_t at = 0; columns != 0 && at + columns <= numbers.size(); at += columns) {
    SmallVector<Constant *> values;
    for (int64_t number : numbers.slice(at, columns))
      values.push_back(ConstantInt::getSigned(element, number));
    rows.push_back(ConstantArray::get(row, values));
  }
  Constant *data = ConstantArray::get(ArrayType::get(row, rows.size()), rows);
  new GlobalVariable(module, data->getType(), true, GlobalValue::InternalLinkage, data, tableName(shared.getSymName()));
}

Function *createEntry(StringRef name, bool isShared, Module &module) {
  IRBuilder<> b(module.getContext());
  SmallVector<Type *> types = {b.getPtrTy(), b.getInt32Ty(), b.getInt32Ty()};
  if (isShared)
    types.push_back(b.getPtrTy());
  return Function::Create(FunctionType::get(b.getVoidTy(), types, false), isShared ? GlobalValue::InternalLinkage : GlobalValue::ExternalLinkage, name, module);
}

/// The entry point of a program whose steps others have, too: a call with its row.
Error emitRow(deploy::ProgramOp program, mlir::StringAttr shared, Function *entry, Module &module) {
  Function *steps = module.getFunction(sharedName(shared.getValue()));
  GlobalVariable *table = module.getNamedGlobal(tableName(shared.getValue()));
  auto row = program->getAttrOfType<mlir::IntegerAttr>(deploy::kRowAttr);
  if (!steps || !table || !row)
    return createStringError("'" + program.getSymName() + "' shares steps that are not there");
  IRBuilder<> b(BasicBlock::Create(module.getContext(), "entry", entry));
  entry->addFnAttr(Attribute::NoUnwind);
  Value *numbers = b.CreateConstInBoundsGEP2_64(table->getValueType(), table, 0, static_cast<uint64_t>(row.getInt()));
  b.CreateCall(steps, {entry->getArg(0), entry->getArg(1), entry->getArg(2), numbers});
  b.CreateRetVoid();
  return Error::success();
}

} // namespace

Error emitShared(deploy::SharedOp shared, Module &into) {
  auto programs = shared->getParentOfType<mlir::ModuleOp>().getOps<deploy::ProgramOp>();
  bool isTimed = llvm::any_of(programs, [](deploy::ProgramOp program) { return program->hasAttr(deploy::kTimedAttr); });
  emitTable(shared, into);
  Function *function = createEntry(sharedName(shared.getSymName()), /*isShared=*/true, into);
  return ProgramEmitter(shared.getBody().front(), shared.getScratchBytes(), isTimed, into, shared, /*rolled=*/{}).emit(function);
}

Error emitProgram(deploy::ProgramOp program, StringRef symbol, Module &into) {
  if (Error error = checkAddresses(program, into))
    return error;
  Function *function = createEntry(entrySymbol(program.getSymName(), symbol), /*isShared=*/false, into);
  if (auto shared = program->getAttrOfType<mlir::StringAttr>(deploy::kSharedAttr))
    return emitRow(program, shared, function, into);
  return ProgramEmitter(program.getBody().front(), program.getScratchBytes(), program->hasAttr(deploy::kTimedAttr), into, /*shared=*/{},
                        program->getAttrOfType<mlir::ArrayAttr>(deploy::kRolledAttr)).emit(function);
}

} // namespace ingot
