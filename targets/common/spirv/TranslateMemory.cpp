// Loads and stores. An operand of the call is a storage buffer a size of element that is used; a local array is a variable of the
// function. Where one size is used both as integer and as float, memory holds integers and values are cast.
#include "targets/common/spirv/Translate.h"

#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"

#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/Operator.h"

using namespace mlir;

namespace ingot {
namespace {

/// Elements up to which a fill or a copy is written out.
constexpr int64_t kUnrolled = 64;
/// Elements of the largest constant table: every invocation has a copy.
constexpr uint64_t kTable = 256;

std::optional<uint32_t> operandOf(const llvm::Value *base) {
  uint32_t index;
  llvm::StringRef name = base->getName();
  if (!llvm::isa<llvm::GlobalVariable>(base) || !name.consume_front("operand.") || name.getAsInteger(10, index))
    return std::nullopt;
  return index;
}

} // namespace

/// What the address is known to be a multiple of.
uint64_t Translator::alignmentOf(const llvm::Value *pointer, llvm::MaybeAlign stated) const {
  unsigned zeros = std::min(llvm::computeKnownBits(pointer, layout).countMinTrailingZeros(), 6u);
  return std::max(stated.valueOrOne().value(), uint64_t(1) << zeros);
}

/// The one global or alloca that a pointer leads to; null when there are several or it comes from memory.
const llvm::Value *Translator::baseOf(const llvm::Value *pointer) const {
  llvm::SmallPtrSet<const llvm::Value *, 16> seen;
  SmallVector<const llvm::Value *> left = {pointer};
  const llvm::Value *base = nullptr;
  while (!left.empty()) {
    const llvm::Value *value = left.pop_back_val();
    if (!seen.insert(value).second || llvm::isa<llvm::UndefValue, llvm::ConstantPointerNull>(value))
      continue;
    if (auto *step = dyn_cast<llvm::GEPOperator>(value)) {
      left.push_back(step->getPointerOperand());
    } else if (auto *choice = dyn_cast<llvm::SelectInst>(value)) {
      left.append({choice->getTrueValue(), choice->getFalseValue()});
    } else if (auto *phi = dyn_cast<llvm::PHINode>(value)) {
      left.append(phi->op_begin(), phi->op_end());
    } else if (!llvm::isa<llvm::GlobalVariable, llvm::AllocaInst>(value) || (base && base != value)) {
      return nullptr;
    } else {
      base = value;
    }
  }
  return base;
}

bool Translator::address(const llvm::Value *pointer, ShaderAddress &out) {
  if (llvm::isa<llvm::GlobalVariable, llvm::AllocaInst>(pointer)) {
    out.base = pointer;
    return true;
  }
  if (auto *step = dyn_cast<llvm::GEPOperator>(pointer)) {
    if (!address(step->getPointerOperand(), out))
      return false;
    llvm::SmallMapVector<llvm::Value *, llvm::APInt, 4> variable;
    llvm::APInt fixed(64, 0);
    if (!step->collectOffset(layout, 64, variable, fixed))
      return fail(*pointer);
    out.constant += fixed.getSExtValue();
    for (auto &[index, scale] : variable)
      out.terms.push_back({resize(low(index), b.getI32Type(), true), scale.getSExtValue()});
    return message.empty();
  }
  V offset = values.lookup(pointer);
  out.base = offset ? baseOf(pointer) : nullptr;
  if (!out.base)
    return fail("an address may lie in several buffers");
  out.terms.push_back({offset, 1});
  return true;
}

Value Translator::byteOffset(const ShaderAddress &at) {
  V sum = constant(b.getI32Type(), at.constant);
  for (auto [value, scale] : at.terms)
    sum = make<spirv::IAddOp>(sum, make<spirv::IMulOp>(value, constant(b.getI32Type(), scale)));
  return sum;
}

Value Translator::elementIndex(const ShaderAddress &at, int64_t bytes, uint64_t alignment) {
  bool divides = at.constant % bytes == 0 && llvm::all_of(at.terms, [&](auto &term) { return term.second % bytes == 0; });
  if (!divides) {
    if (alignment % static_cast<uint64_t>(bytes)) {
      fail("an element of " + llvm::Twine(bytes) + " bytes may lie on any byte");
      return constant(b.getI32Type(), 0);
    }
    return make<spirv::ShiftRightLogicalOp>(byteOffset(at), constant(b.getI32Type(), llvm::Log2_64(bytes)));
  }
  V index;
  for (auto [value, scale] : at.terms) {
    V part = scale == bytes ? value : make<spirv::IMulOp>(value, constant(b.getI32Type(), scale / bytes));
    index = index ? make<spirv::IAddOp>(index, part) : part;
  }
  V fixed = constant(b.getI32Type(), at.constant / bytes);
  return !index ? fixed : at.constant == 0 ? index : make<spirv::IAddOp>(index, fixed);
}

/// Finds the type in memory of every size of element of every buffer and local array.
bool Translator::inferViews() {
  auto note = [&](const llvm::Value *pointer, const llvm::Type *type) {
    const llvm::Value *base = baseOf(pointer);
    if (!base)
      return fail("an address may lie in several buffers");
    Type mine = typeOf(type);
    int64_t bytes = std::max(8u, mine.getIntOrFloatBitWidth()) / 8;
    auto [it, isNew] = elementTypes.try_emplace({base, bytes}, mine);
    if (!isNew && it->second != mine)
      it->second = b.getIntegerType(bytes * 8);
    return message.empty();
  };
  for (const llvm::Instruction &op : llvm::instructions(*unit.function)) {
    if (auto *x = dyn_cast<llvm::LoadInst>(&op))
      note(x->getPointerOperand(), x->getType());
    if (auto *x = dyn_cast<llvm::StoreInst>(&op))
      note(x->getPointerOperand(), x->getValueOperand()->getType());
  }
  return message.empty();
}

/// A private array of numbers that kernels read, as a variable with a value.
spirv::VariableOp Translator::table(const llvm::GlobalVariable &global, Type element, int64_t bytes) {
  spirv::VariableOp &variable = localIndex[{&global, bytes}];
  auto *data = global.isConstant() && global.hasInitializer() ? dyn_cast<llvm::ConstantDataArray>(global.getInitializer()) : nullptr;
  if (variable)
    return variable;
  if (!data || data->getElementByteSize() != static_cast<uint64_t>(bytes) || data->getNumElements() > kTable) {
    fail("constant table '" + global.getName() + "'");
    return variable;
  }
  SmallVector<Attribute> numbers;
  for (unsigned i = 0; i < data->getNumElements(); ++i)
    numbers.push_back(isa<FloatType>(element) ? Attribute(FloatAttr::get(element, data->getElementAsAPFloat(i)))
                                              : Attribute(IntegerAttr::get(element, data->getElementAsAPInt(i))));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(entry);
  Type array = spirv::ArrayType::get(element, numbers.size());
  auto shape = VectorType::get({static_cast<int64_t>(numbers.size())}, element);
  V value = make<spirv::ConstantOp>(array, DenseElementsAttr::get(shape, numbers));
  Type type = spirv::PointerType::get(array, spirv::StorageClass::Function);
  variable = spirv::VariableOp::create(b, loc, type, spirv::StorageClass::Function, value);
  return variable;
}

spirv::VariableOp Translator::local(const llvm::Value *base, Type element, int64_t bytes) {
  spirv::VariableOp &variable = localIndex[{base, bytes}];
  if (variable)
    return variable;
  auto *alloca = llvm::cast<llvm::AllocaInst>(base);
  std::optional<llvm::TypeSize> size = alloca->getAllocationSize(layout);
  int64_t count = size ? static_cast<int64_t>(size->getFixedValue()) / bytes : 0;
  auto key = elementTypes.lower_bound({base, 0});
  auto next = key == elementTypes.end() ? key : std::next(key);
  if (count <= 0 || (next != elementTypes.end() && next->first.first == base)) {
    fail("a local array is used as elements of several sizes");
    count = 1;
  }
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(entry);
  Type type = spirv::PointerType::get(spirv::ArrayType::get(element, count), spirv::StorageClass::Function);
  variable = spirv::VariableOp::create(b, loc, type, spirv::StorageClass::Function, Value());
  return variable;
}

Value Translator::element(const ShaderAddress &at, Type type, uint64_t alignment, Type &stored) {
  int64_t bytes = std::max(8u, type.getIntOrFloatBitWidth()) / 8;
  auto known = elementTypes.find({at.base, bytes});
  if (known == elementTypes.end()) {
    fail("memory is filled that is never read");
    return V();
  }
  stored = known->second;
  V index = elementIndex(at, bytes, alignment);
  if (isa<llvm::AllocaInst>(at.base))
    return make<spirv::AccessChainOp>(local(at.base, stored, bytes).getResult(), ValueRange{index});
  std::optional<uint32_t> operand = operandOf(at.base);
  if (!operand) {
    spirv::VariableOp variable = table(*llvm::cast<llvm::GlobalVariable>(at.base), stored, bytes);
    return variable ? make<spirv::AccessChainOp>(variable.getResult(), ValueRange{index}) : V();
  }
  auto [it, isNew] = viewIndex.try_emplace({*operand, bytes}, viewList.size());
  if (isNew) {
    OpBuilder top = OpBuilder::atBlockBegin(module.getBody());
    Type array = spirv::RuntimeArrayType::get(stored, bytes);
    Type block = spirv::PointerType::get(spirv::StructType::get({array}, {0}), spirv::StorageClass::StorageBuffer);
    std::string name = "view" + std::to_string(viewList.size());
    viewList.push_back({*operand, stored, spirv::GlobalVariableOp::create(top, loc, block, name, 0u, static_cast<unsigned>(viewList.size()))});
  }
  V base = make<spirv::AddressOfOp>(viewList[it->second].variable);
  return make<spirv::AccessChainOp>(base, ValueRange{constant(b.getI32Type(), 0), index});
}

bool Translator::load(const llvm::LoadInst &op) {
  ShaderAddress at;
  Type stored, type = typeOf(op.getType());
  if (op.getType()->isPointerTy() || op.isVolatile() || !address(op.getPointerOperand(), at))
    return fail(op);
  V pointer = element(at, type, alignmentOf(op.getPointerOperand(), op.getAlign()), stored);
  if (!pointer)
    return false;
  set(op, bitcast(make<spirv::LoadOp>(pointer), type));
  return message.empty();
}

bool Translator::store(const llvm::StoreInst &op) {
  ShaderAddress at;
  Type stored, type = typeOf(op.getValueOperand()->getType());
  if (op.isVolatile() || !address(op.getPointerOperand(), at))
    return fail(op);
  V value = wide(op.getValueOperand()), pointer = element(at, type, alignmentOf(op.getPointerOperand(), op.getAlign()), stored);
  if (!pointer)
    return false;
  if (std::optional<uint32_t> operand = operandOf(at.base))
    writtenList[*operand] = true;
  spirv::StoreOp::create(b, loc, pointer, bitcast(value, stored));
  return message.empty();
}

bool Translator::allocate(const llvm::AllocaInst &op) {
  return op.isStaticAlloca() || fail(op);
}

/// memset with zero bytes of a whole number of elements.
bool Translator::fill(const llvm::MemSetInst &op) {
  ShaderAddress at;
  auto *byte = dyn_cast<llvm::ConstantInt>(op.getValue());
  auto *size = dyn_cast<llvm::ConstantInt>(op.getLength());
  if (!byte || !byte->isZero() || !size || !address(op.getDest(), at))
    return fail(op);
  auto known = elementTypes.lower_bound({at.base, 0});
  if (known == elementTypes.end() || known->first.first != at.base)
    return true; // nobody reads it
  int64_t bytes = known->first.second, count = size->getSExtValue() / bytes;
  if (count > kUnrolled || size->getSExtValue() % bytes)
    return fail(op);
  Type integer = b.getIntegerType(bytes * 8), stored;
  for (int64_t i = 0; i < count; ++i, at.constant += bytes) {
    V pointer = element(at, integer, op.getDestAlign().valueOrOne().value(), stored);
    if (!pointer)
      return false;
    spirv::StoreOp::create(b, loc, pointer, bitcast(constant(integer, 0), stored));
  }
  if (std::optional<uint32_t> operand = operandOf(at.base))
    writtenList[*operand] = true;
  return message.empty();
}

/// Bytes of the elements of a copy: what either side is used with elsewhere, else as many as the addresses and the length allow.
int64_t Translator::copyGrain(const llvm::MemCpyInst &op, const llvm::Value *to, const llvm::Value *from) const {
  unsigned zeros = std::min(llvm::computeKnownBits(op.getLength(), layout).countMinTrailingZeros(), 6u);
  int64_t most = std::min({alignmentOf(op.getDest(), op.getDestAlign()), alignmentOf(op.getSource(), op.getSourceAlign()), uint64_t(1) << zeros});
  int64_t bytes = 0;
  for (const llvm::Value *base : {to, from})
    for (auto known = elementTypes.lower_bound({base, 0}); known != elementTypes.end() && known->first.first == base; ++known)
      if (known->first.second <= most)
        bytes = std::max(bytes, known->first.second);
  return bytes ? bytes : std::min<int64_t>(most, 4);
}

/// memcpy as a loop over elements.
bool Translator::copy(const llvm::MemCpyInst &op) {
  ShaderAddress to, from;
  if (!address(op.getDest(), to) || !address(op.getSource(), from))
    return fail(op);
  int64_t bytes = copyGrain(op, to.base, from.base);
  Type integer = b.getIntegerType(bytes * 8), i32 = b.getI32Type();
  elementTypes.try_emplace({to.base, bytes}, integer);
  elementTypes.try_emplace({from.base, bytes}, integer);
  V count = make<spirv::UDivOp>(resize(low(op.getLength()), i32, false), constant(i32, bytes));
  Block *before = b.getInsertionBlock(), *head = new Block, *body = new Block, *after = new Block;
  for (Block *block : {head, body, after})
    function.getBody().getBlocks().insertAfter(Region::iterator(before), block), before = block;
  V index = head->addArgument(i32, loc);
  cf::BranchOp::create(b, loc, head, ValueRange{constant(i32, 0)});
  b.setInsertionPointToEnd(head);
  cf::CondBranchOp::create(b, loc, make<spirv::ULessThanOp>(index, count), body, ValueRange(), after, ValueRange());
  b.setInsertionPointToEnd(body);
  to.terms.push_back({index, bytes});
  from.terms.push_back({index, bytes});
  Type fromType, toType;
  V source = element(from, integer, bytes, fromType), target = element(to, integer, bytes, toType);
  if (!source || !target)
    return false;
  spirv::StoreOp::create(b, loc, target, bitcast(bitcast(make<spirv::LoadOp>(source), integer), toType));
  cf::BranchOp::create(b, loc, head, ValueRange{make<spirv::IAddOp>(index, constant(i32, 1))});
  b.setInsertionPointToEnd(after);
  if (std::optional<uint32_t> operand = operandOf(to.base))
    writtenList[*operand] = true;
  return message.empty();
}

} // namespace ingot
