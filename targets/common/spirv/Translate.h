// LLVM IR of one unit (Specialise.cpp) -> operations of the spirv dialect in a func.func whose control flow is still cf: Structure.cpp
// then nests it. Pointers have no counterpart in a shader: each is an operand (or a local array) and a byte offset of 32 bits.
// Integers of 64 bits whose range is known to fit in 32 are computed in 32.
#ifndef INGOT_TARGETS_COMMON_SPIRV_TRANSLATE_H
#define INGOT_TARGETS_COMMON_SPIRV_TRANSLATE_H

#include "targets/common/spirv/Shader.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVOps.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/IR/Instructions.h"
#include "llvm/IR/IntrinsicInst.h"

#include <map>

namespace ingot {

/// An address: a global or alloca, and bytes from its start: sum of value * scale + constant.
struct ShaderAddress {
  const llvm::Value *base = nullptr;
  llvm::SmallVector<std::pair<mlir::Value, int64_t>> terms;
  int64_t constant = 0;
};

/// A storage buffer of the shader: elements of one size of one operand.
struct ShaderView {
  uint32_t operand;
  mlir::Type element;
  mlir::spirv::GlobalVariableOp variable;
};

class Translator {
public:
  Translator(const UnitFunction &unit, mlir::spirv::ModuleOp module, FusedForm form);

  /// The body as func.func @body(%id: i32); an error names the first instruction that shaders cannot do.
  llvm::Expected<mlir::func::FuncOp> run();

  const std::vector<ShaderView> &views() const { return viewList; }
  const std::vector<bool> &written() const { return writtenList; }

private:
  using V = mlir::Value;

  void findNarrow();
  bool inferViews();
  bool translateBlock(const llvm::BasicBlock &block);
  bool translate(const llvm::Instruction &op);
  bool translateTerminator(const llvm::Instruction &op);
  llvm::SmallVector<V> phiArguments(const llvm::BasicBlock *from, const llvm::BasicBlock *to);
  bool fail(const llvm::Twine &why);
  bool fail(const llvm::Value &value);

  // TranslateMath.cpp
  bool binary(const llvm::BinaryOperator &op);
  bool cast(const llvm::CastInst &op);
  bool compareInts(const llvm::ICmpInst &op);
  bool compareFloats(const llvm::FCmpInst &op);
  bool intrinsic(const llvm::IntrinsicInst &op);
  V floatIntrinsic(const llvm::IntrinsicInst &op);
  V intIntrinsic(const llvm::IntrinsicInst &op);
  bool fitsLow(const llvm::Value *value) const;
  V floatBinary(unsigned opcode, V a, V b);
  V intBinary(unsigned opcode, V a, V b);
  V compare(llvm::CmpInst::Predicate predicate, V a, V b);
  V choose(V condition, V yes, V no);
  V copySign(V magnitude, V sign);
  V funnelShift(V high, V low, V amount, bool left);
  V roundAway(V x);
  V truncate(V x);
  V fused(V x, V y, V z);
  V anyNan(V x, V y);

  // TranslateMemory.cpp
  bool load(const llvm::LoadInst &op);
  bool store(const llvm::StoreInst &op);
  bool allocate(const llvm::AllocaInst &op);
  bool fill(const llvm::MemSetInst &op);
  bool copy(const llvm::MemCpyInst &op);
  const llvm::Value *baseOf(const llvm::Value *pointer) const;
  bool address(const llvm::Value *pointer, ShaderAddress &out);
  V byteOffset(const ShaderAddress &address);
  /// A pointer to the element, and the element's type in memory; null after fail().
  V element(const ShaderAddress &address, mlir::Type type, uint64_t alignment, mlir::Type &stored);
  V elementIndex(const ShaderAddress &address, int64_t bytes, uint64_t alignment);
  int64_t copyGrain(const llvm::MemCpyInst &op, const llvm::Value *to, const llvm::Value *from) const;
  uint64_t alignmentOf(const llvm::Value *pointer, llvm::MaybeAlign stated) const;
  mlir::spirv::VariableOp table(const llvm::GlobalVariable &global, mlir::Type element, int64_t bytes);
  mlir::spirv::VariableOp local(const llvm::Value *base, mlir::Type element, int64_t bytes);

  // Values
  mlir::Type typeOf(const llvm::Type *type);
  mlir::Type typeOf(const llvm::Value *value);
  V valueOf(const llvm::Value *value);
  /// The value in 64 bits, and its low 32 bits; other types as they are.
  V wide(const llvm::Value *value);
  V low(const llvm::Value *value);
  void set(const llvm::Value &value, V result);
  V constant(mlir::Type type, int64_t value);
  V constantFloat(mlir::Type type, const llvm::APFloat &value);
  V bitcast(V value, mlir::Type type);
  V resize(V value, mlir::Type type, bool isSigned);
  template <typename Op, typename... Args> V make(Args &&...args) { return Op::create(b, loc, std::forward<Args>(args)...).getResult(); }

  const UnitFunction &unit;
  const llvm::DataLayout &layout;
  const FusedForm form;
  mlir::spirv::ModuleOp module;
  mlir::OpBuilder b;
  mlir::Location loc;
  mlir::func::FuncOp function;
  mlir::Block *entry = nullptr;
  std::string message;
  llvm::DenseMap<const llvm::Value *, V> values;
  llvm::DenseMap<const llvm::Value *, ShaderAddress> addresses;
  llvm::DenseMap<const llvm::BasicBlock *, mlir::Block *> blocks;
  llvm::DenseSet<const llvm::Value *> narrow; // i64 values kept in 32 bits
  std::map<std::pair<const llvm::Value *, int64_t>, mlir::Type> elementTypes; // (operand's global or alloca, bytes) -> type in memory
  std::map<std::pair<uint32_t, int64_t>, size_t> viewIndex;                   // (operand, bytes) -> viewList
  std::map<std::pair<const llvm::Value *, int64_t>, mlir::spirv::VariableOp> localIndex;
  std::vector<ShaderView> viewList;
  std::vector<bool> writtenList;
};

} // namespace ingot

#endif
