// The walk over the function: blocks with their phis as arguments, one operation at a time; values and their widths.
#include "targets/common/spirv/Translate.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"

#include "llvm/ADT/PostOrderIterator.h"
#include "llvm/Analysis/AssumptionCache.h"
#include "llvm/Analysis/LoopInfo.h"
#include "llvm/Analysis/ScalarEvolution.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/IR/Dominators.h"
#include "llvm/IR/InstIterator.h"

using namespace mlir;

namespace ingot {

Translator::Translator(const UnitFunction &unit, spirv::ModuleOp module, FusedForm form)
    : unit(unit), layout(unit.module->getDataLayout()), form(form), module(module), b(module.getContext()), loc(module.getLoc()), writtenList(unit.operands, false) {}

bool Translator::fail(const llvm::Twine &why) {
  if (message.empty())
    message = why.str();
  return false;
}

bool Translator::fail(const llvm::Value &value) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  value.print(stream);
  return fail("shaders cannot do '" + llvm::StringRef(text).trim() + "'");
}

/// The integers of 64 bits that scalar evolution bounds to 32 signed bits.
void Translator::findNarrow() {
  llvm::Function &body = *unit.function;
  llvm::DominatorTree tree(body);
  llvm::LoopInfo loops(tree);
  llvm::AssumptionCache assumptions(body);
  llvm::TargetLibraryInfoImpl impl(unit.module->getTargetTriple());
  llvm::TargetLibraryInfo library(impl);
  llvm::ScalarEvolution evolution(body, library, assumptions, tree, loops);
  for (llvm::Instruction &op : llvm::instructions(body))
    if (op.getType()->isIntegerTy(64) && evolution.getSignedRange(evolution.getSCEV(&op)).getMinSignedBits() <= 32)
      narrow.insert(&op);
}

llvm::Expected<func::FuncOp> Translator::run() {
  function = func::FuncOp::create(loc, "body", b.getFunctionType({b.getI32Type()}, {}));
  entry = function.addEntryBlock();
  findNarrow();
  bool good = inferViews();
  llvm::ReversePostOrderTraversal<const llvm::Function *> order(unit.function);
  for (const llvm::BasicBlock *block : order) {
    bool isFirst = block == &unit.function->getEntryBlock();
    Block *mine = isFirst ? entry : &function.getBody().emplaceBlock();
    blocks[block] = mine;
    for (const llvm::PHINode &phi : block->phis())
      set(phi, mine->addArgument(phi.getType()->isPointerTy() ? b.getI32Type() : typeOf(&phi), loc));
  }
  values[unit.function->getArg(0)] = entry->getArgument(0);
  for (const llvm::BasicBlock *block : order)
    good = good && translateBlock(*block);
  if (good && message.empty())
    return function;
  function.erase();
  return llvm::createStringError(message);
}

bool Translator::translateBlock(const llvm::BasicBlock &block) {
  b.setInsertionPointToEnd(blocks[&block]);
  for (const llvm::Instruction &op : block)
    if (!isa<llvm::PHINode>(op) && !(op.isTerminator() ? translateTerminator(op) : translate(op)))
      return false;
  return message.empty();
}

SmallVector<Value> Translator::phiArguments(const llvm::BasicBlock *from, const llvm::BasicBlock *to) {
  SmallVector<Value> arguments;
  for (const llvm::PHINode &phi : to->phis()) {
    const llvm::Value *value = phi.getIncomingValueForBlock(from);
    ShaderAddress at;
    if (phi.getType()->isPointerTy())
      arguments.push_back(address(value, at) ? byteOffset(at) : constant(b.getI32Type(), 0));
    else
      arguments.push_back(narrow.contains(&phi) ? low(value) : wide(value));
  }
  return arguments;
}

bool Translator::translateTerminator(const llvm::Instruction &op) {
  if (isa<llvm::ReturnInst, llvm::UnreachableInst>(op)) {
    func::ReturnOp::create(b, loc);
    return true;
  }
  auto *branch = dyn_cast<llvm::BranchInst>(&op);
  if (!branch)
    return fail(op);
  const llvm::BasicBlock *here = op.getParent(), *yes = branch->getSuccessor(0);
  if (branch->isUnconditional()) {
    cf::BranchOp::create(b, loc, blocks[yes], phiArguments(here, yes));
    return true;
  }
  const llvm::BasicBlock *no = branch->getSuccessor(1);
  V condition = valueOf(branch->getCondition());
  SmallVector<Value> yesArguments = phiArguments(here, yes), noArguments = phiArguments(here, no);
  cf::CondBranchOp::create(b, loc, condition, blocks[yes], yesArguments, blocks[no], noArguments);
  return true;
}

bool Translator::translate(const llvm::Instruction &op) {
  if (auto *x = dyn_cast<llvm::BinaryOperator>(&op))
    return binary(*x);
  if (auto *x = dyn_cast<llvm::CastInst>(&op))
    return cast(*x);
  if (auto *x = dyn_cast<llvm::ICmpInst>(&op))
    return compareInts(*x);
  if (auto *x = dyn_cast<llvm::FCmpInst>(&op))
    return compareFloats(*x);
  if (auto *x = dyn_cast<llvm::MemSetInst>(&op))
    return fill(*x);
  if (auto *x = dyn_cast<llvm::MemCpyInst>(&op))
    return copy(*x);
  if (auto *x = dyn_cast<llvm::IntrinsicInst>(&op))
    return intrinsic(*x);
  if (auto *x = dyn_cast<llvm::LoadInst>(&op))
    return load(*x);
  if (auto *x = dyn_cast<llvm::StoreInst>(&op))
    return store(*x);
  if (auto *x = dyn_cast<llvm::AllocaInst>(&op))
    return allocate(*x);
  if (isa<llvm::GetElementPtrInst>(op))
    return true; // part of the address of what uses it
  if (auto *x = dyn_cast<llvm::UnaryOperator>(&op); x && x->getOpcode() == llvm::Instruction::FNeg) {
    set(op, make<spirv::FNegateOp>(valueOf(x->getOperand(0))));
    return true;
  }
  if (isa<llvm::FreezeInst>(op)) {
    set(op, narrow.contains(&op) ? low(op.getOperand(0)) : wide(op.getOperand(0)));
    return true;
  }
  auto *choice = dyn_cast<llvm::SelectInst>(&op);
  if (!choice)
    return fail(op);
  V condition = valueOf(choice->getCondition());
  if (!op.getType()->isPointerTy()) {
    bool isLow = narrow.contains(&op);
    const llvm::Value *yes = choice->getTrueValue(), *no = choice->getFalseValue();
    set(op, choose(condition, isLow ? low(yes) : wide(yes), isLow ? low(no) : wide(no)));
    return true;
  }
  ShaderAddress yes, no;
  if (!baseOf(&op) || !address(choice->getTrueValue(), yes) || !address(choice->getFalseValue(), no))
    return fail(op);
  set(op, choose(condition, byteOffset(yes), byteOffset(no)));
  return true;
}

Type Translator::typeOf(const llvm::Type *type) {
  if (type->isFloatTy())
    return b.getF32Type();
  if (type->isDoubleTy())
    return b.getF64Type();
  if (type->isHalfTy())
    return b.getF16Type();
  unsigned bits = type->isIntegerTy() ? type->getIntegerBitWidth() : 0;
  if (bits == 1 || bits == 8 || bits == 16 || bits == 32 || bits == 64)
    return b.getIntegerType(bits);
  std::string text;
  llvm::raw_string_ostream stream(text);
  type->print(stream);
  fail("shaders have no type '" + text + "'");
  return b.getI32Type();
}

Type Translator::typeOf(const llvm::Value *value) { return narrow.contains(value) ? b.getI32Type() : typeOf(value->getType()); }

Value Translator::valueOf(const llvm::Value *value) {
  if (auto *number = dyn_cast<llvm::ConstantInt>(value))
    return constant(typeOf(value->getType()), number->getSExtValue());
  if (auto *number = dyn_cast<llvm::ConstantFP>(value))
    return constantFloat(typeOf(value->getType()), number->getValueAPF());
  if (isa<llvm::UndefValue>(value))
    return value->getType()->isFloatingPointTy() ? constantFloat(typeOf(value->getType()), llvm::APFloat::getZero(value->getType()->getFltSemantics()))
                                                 : constant(typeOf(value->getType()), 0);
  if (V known = values.lookup(value))
    return known;
  fail(*value);
  return constant(b.getI32Type(), 0);
}

Value Translator::wide(const llvm::Value *value) {
  V result = valueOf(value);
  return narrow.contains(value) ? make<spirv::SConvertOp>(b.getI64Type(), result) : result;
}

Value Translator::low(const llvm::Value *value) {
  if (!value->getType()->isIntegerTy(64) || narrow.contains(value))
    return valueOf(value);
  if (auto *number = dyn_cast<llvm::ConstantInt>(value))
    return constant(b.getI32Type(), static_cast<int32_t>(number->getZExtValue()));
  return make<spirv::UConvertOp>(b.getI32Type(), valueOf(value));
}

void Translator::set(const llvm::Value &value, V result) {
  if (narrow.contains(&value) && result.getType().isInteger(64))
    result = make<spirv::UConvertOp>(b.getI32Type(), result);
  values[&value] = result;
}

Value Translator::constant(Type type, int64_t value) {
  if (type.isInteger(1))
    return make<spirv::ConstantOp>(type, b.getBoolAttr(value != 0));
  return make<spirv::ConstantOp>(type, IntegerAttr::get(type, llvm::APInt(type.getIntOrFloatBitWidth(), static_cast<uint64_t>(value), true, true)));
}

Value Translator::constantFloat(Type type, const llvm::APFloat &value) { return make<spirv::ConstantOp>(type, FloatAttr::get(type, value)); }

Value Translator::bitcast(V value, Type type) { return value.getType() == type ? value : make<spirv::BitcastOp>(type, value); }

Value Translator::resize(V value, Type type, bool isSigned) {
  if (value.getType() == type)
    return value;
  if (value.getType().isInteger(1))
    return choose(value, constant(type, isSigned ? -1 : 1), constant(type, 0));
  if (type.isInteger(1)) {
    V bit = make<spirv::BitwiseAndOp>(value, constant(value.getType(), 1));
    return make<spirv::INotEqualOp>(bit, constant(value.getType(), 0));
  }
  return isSigned ? make<spirv::SConvertOp>(type, value) : make<spirv::UConvertOp>(type, value);
}

} // namespace ingot
