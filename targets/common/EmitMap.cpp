// Maps: a loop nest over a worker's share of the iteration box, around an inlined call of the body. Iterations are independent
// (rule K4), which the loops say with access groups: the vectoriser needs no overlap checks and in-place maps stay legal.
#include "targets/common/Emit.h"

#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/MDBuilder.h"

using namespace llvm;

namespace ingot {
namespace {

class MapEmitter {
public:
  MapEmitter(kernel::FuncOp func, Module &module) : func(func), module(module), context(module.getContext()), b(context), box(normaliseMap(func)) {}

  Error emit();

private:
  void readNumbers();
  Value *extent(size_t dim) const { return numbers[dim]; }
  Value *offset(size_t operand) const { return numbers[box.dims.size() + operand]; }
  Value *stride(size_t operand, size_t dim) const { return numbers[box.dims.size() * (1 + operand) + box.offsets.size() + dim]; }
  void emitLoops(size_t dim, SmallVector<Value *> offsets);
  void emitLoop(size_t dim, ArrayRef<Value *> offsets, Value *begin, Value *end);
  void loadOperands(size_t dim, ArrayRef<Value *> offsets);
  void emitPoint(Value *resultOffset);
  /// The innermost dim that moves operand j; the number of dims when none does.
  size_t deepestDim(size_t j) const;
  Type *storage(Type *scalar) const;
  Instruction *grouped(Instruction *access) const {
    access->setMetadata(LLVMContext::MD_access_group, group);
    return access;
  }

  kernel::FuncOp func;
  Module &module;
  LLVMContext &context;
  IRBuilder<> b;
  MapBox box;
  Function *body = nullptr, *function = nullptr;
  MDNode *group = nullptr;
  SmallVector<Value *> pointers, loaded;
  SmallVector<Value *> numbers; // MapBox::numbers(), constants but for those that the call gives
};

size_t MapEmitter::deepestDim(size_t j) const {
  for (size_t d = box.dims.size(); d-- > 0;)
    if (box.strides[j][d] != 0)
      return d;
  return box.dims.size();
}

void MapEmitter::readNumbers() {
  uint64_t next = 0;
  for (int64_t number : box.numbers())
    if (number != kRunTimeNumber)
      numbers.push_back(b.getInt64(number));
    else
      numbers.push_back(b.CreateLoad(b.getInt64Ty(), b.CreateConstInBoundsGEP1_64(b.getInt64Ty(), function->getArg(1), next++)));
}

/// Integers of fewer than eight bits hold one element a byte.
Type *MapEmitter::storage(Type *scalar) const {
  return scalar->isIntegerTy() && scalar->getIntegerBitWidth() < 8 ? Type::getInt8Ty(context) : scalar;
}

Error MapEmitter::emit() {
  body = module.getFunction(("i.body." + func.getSymName()).str());
  size_t inputs = body->arg_size();
  if (box.offsets.size() != inputs + 1 || box.strides.size() != inputs + 1)
    return createStringError("generated kernel '" + func.getSymName() + "' has " + Twine(inputs) + " inputs but offsets and strides of " +
                             Twine(box.offsets.size()) + " operands");
  Type *ptr = b.getPtrTy();
  function = Function::Create(kernelType(context), GlobalValue::ExternalLinkage, func.getSymName(), module);
  function->addFnAttr(Attribute::NoInline);
  function->addFnAttr(Attribute::NoUnwind);
  function->setDSOLocal(true);
  b.SetInsertPoint(BasicBlock::Create(context, "entry", function));
  if (llvm::is_contained(box.dims, 0)) {
    b.CreateRetVoid();
    return Error::success();
  }
  group = MDNode::getDistinct(context, {});
  readNumbers();
  SmallVector<Value *> offsets;
  for (size_t j = 0; j <= inputs; ++j) {
    pointers.push_back(b.CreateLoad(ptr, b.CreateConstInBoundsGEP1_64(ptr, function->getArg(0), j)));
    offsets.push_back(offset(j));
  }
  loaded.assign(inputs, nullptr);
  // Before all loops, since no later pass may move a load over the stores of a loop.
  loadOperands(box.dims.size(), offsets);
  emitLoops(0, std::move(offsets));
  b.CreateRetVoid();
  return Error::success();
}

void MapEmitter::emitLoops(size_t dim, SmallVector<Value *> offsets) {
  Value *begin = b.getInt64(0), *end = extent(dim);
  if (dim == box.split) {
    Value *worker = function->getArg(2), *workers = function->getArg(3);
    begin = b.CreateUDiv(b.CreateMul(end, worker), workers);
    end = b.CreateUDiv(b.CreateMul(end, b.CreateAdd(worker, b.getInt64(1))), workers);
  }
  emitLoop(dim, offsets, begin, end);
}

/// for (i = begin; i < end; ++i) with every operand's offset advanced by i * stride.
void MapEmitter::emitLoop(size_t dim, ArrayRef<Value *> offsets, Value *begin, Value *end) {
  BasicBlock *before = b.GetInsertBlock();
  BasicBlock *loop = BasicBlock::Create(context, "loop", function), *after = BasicBlock::Create(context, "after", function);
  b.CreateCondBr(b.CreateICmpULT(begin, end), loop, after);
  b.SetInsertPoint(loop);
  PHINode *index = b.CreatePHI(b.getInt64Ty(), 2);
  index->addIncoming(begin, before);
  SmallVector<Value *> inner;
  for (size_t j = 0; j < offsets.size(); ++j) {
    bool isMoved = box.strides[j][dim] != 0;
    inner.push_back(isMoved ? b.CreateNSWAdd(offsets[j], b.CreateNSWMul(index, stride(j, dim))) : offsets[j]);
  }
  loadOperands(dim, inner);
  if (dim + 1 < box.dims.size())
    emitLoops(dim + 1, inner);
  else
    emitPoint(inner.back());
  Value *next = b.CreateAdd(index, b.getInt64(1), "", true, true);
  index->addIncoming(next, b.GetInsertBlock());
  Instruction *latch = b.CreateCondBr(b.CreateICmpULT(next, end), loop, after);
  Metadata *parallel[] = {MDString::get(context, "llvm.loop.parallel_accesses"), group};
  Metadata *progress[] = {MDString::get(context, "llvm.loop.mustprogress")};
  MDNode *id = MDNode::getDistinct(context, {nullptr, MDNode::get(context, progress), MDNode::get(context, parallel)});
  id->replaceOperandWith(0, id);
  latch->setMetadata(LLVMContext::MD_loop, id);
  b.SetInsertPoint(after);
}

/// Loads the operands that `dim` moves and no loop further in.
void MapEmitter::loadOperands(size_t dim, ArrayRef<Value *> offsets) {
  for (size_t j = 0; j < loaded.size(); ++j) {
    if (deepestDim(j) != dim)
      continue;
    Type *type = body->getArg(j)->getType(), *stored = storage(type);
    Value *value = grouped(b.CreateLoad(stored, b.CreateInBoundsGEP(stored, pointers[j], offsets[j])));
    if (type->isIntegerTy(1))
      value = b.CreateICmpNE(value, ConstantInt::get(stored, 0));
    else if (type != stored)
      value = b.CreateTrunc(value, type);
    loaded[j] = value;
  }
}

void MapEmitter::emitPoint(Value *resultOffset) {
  Value *value = b.CreateCall(body, loaded);
  Type *stored = storage(value->getType());
  bool isSigned = func.getResultType().isSignlessInteger() && !func.getResultType().isInteger(1);
  if (stored != value->getType())
    value = isSigned ? b.CreateSExt(value, stored) : b.CreateZExt(value, stored);
  grouped(b.CreateStore(value, b.CreateInBoundsGEP(stored, pointers.back(), resultOffset)));
}

} // namespace

Error emitMap(kernel::FuncOp func, Module &into) {
  if (func.getStrides().size() != func.getOffsets().size() * func.getDims().size())
    return createStringError("generated kernel '" + func.getSymName() + "' has " + Twine(func.getStrides().size()) + " strides for " +
                             Twine(func.getOffsets().size()) + " operands of " + Twine(func.getDims().size()) + " dimensions");
  return MapEmitter(func, into).emit();
}

} // namespace ingot
