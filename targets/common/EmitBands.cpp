// Convolutions that run band by band (passes/lower/ConvBands.h): a function with the micro-kernels' signature that does its worker's share of the bands. What
// differs from band to band stands in tables, one a number.
#include "targets/common/Emit.h"

#include "passes/lower/ConvBands.h"
#include "targets/common/ukernels/copyplanes.h"

#include "llvm/IR/IRBuilder.h"

using namespace llvm;

namespace ingot {
namespace {

using Numbers = SmallVector<int64_t>; // one a band

class BandsEmitter {
public:
  BandsEmitter(const ConvBands &bands, Module &module, ConstantLists &lists) : bands(bands), module(module), lists(lists), context(module.getContext()), b(context) {
    for (int64_t band = 0; band < bands.count; ++band)
      rows.push_back(bands.rows(band));
  }

  Function *emit() {
    Type *ptr = b.getPtrTy(), *i64 = b.getInt64Ty();
    function = Function::Create(kernelType(context), GlobalValue::InternalLinkage, "i.bands", module);
    function->addFnAttr(Attribute::NoUnwind);
    BasicBlock *entry = BasicBlock::Create(context, "entry", function), *turn = BasicBlock::Create(context, "band", function), *after = BasicBlock::Create(context, "after", function);
    b.SetInsertPoint(entry);
    constexpr uint64_t kMostBuffers = 6; // input, filter, bias, residual, output, scratch
    buffers = b.CreateAlloca(ArrayType::get(ptr, kMostBuffers));
    list = b.CreateAlloca(ArrayType::get(i64, IK_CONV_COUNT));
    auto bound = [&](Value *worker) { return b.CreateSDiv(b.CreateMul(b.getInt64(bands.count), worker), function->getArg(3)); };
    Value *begin = bound(function->getArg(2)), *end = bound(b.CreateAdd(function->getArg(2), b.getInt64(1)));
    findBuffers();
    b.CreateCondBr(b.CreateICmpSLT(begin, end), turn, after);
    b.SetInsertPoint(turn);
    PHINode *band = b.CreatePHI(i64, 2);
    band->addIncoming(begin, entry);
    index = band;
    emitBand();
    Value *next = b.CreateAdd(band, b.getInt64(1));
    band->addIncoming(next, turn);
    b.CreateCondBr(b.CreateICmpSLT(next, end), turn, after);
    b.SetInsertPoint(after);
    b.CreateRetVoid();
    return function;
  }

private:
  /// The call's buffers, in the order of ConvBands::row.
  void findBuffers() {
    uint64_t next = 0;
    auto take = [&] { return b.CreateLoad(b.getPtrTy(), b.CreateConstInBoundsGEP1_64(b.getPtrTy(), function->getArg(0), next++)); };
    input = take();
    for (const ConvBands::Stage &stage : bands.stages) {
      constants.push_back({take()});
      if (stage.params[IK_CONV_BIAS])
        constants.back().push_back(take());
    }
    residual = bands.hasResidual() ? take() : nullptr;
    output = take();
    scratch = take();
  }

  void emitBand() {
    ConvBands::Room room = bands.room();
    size_t last = bands.stages.size();
    copy(0, input, room.tensors.front(), /*isOut=*/false);
    if (residual)
      copy(last, residual, room.residual, /*isOut=*/false);
    for (size_t i = 0; i < last; ++i) {
      SmallVector<Value *> places{inScratch(room.tensors[i])};
      places.append(constants[i]);
      if (residual && i + 1 == last)
        places.push_back(inScratch(room.residual));
      places.append({inScratch(room.tensors[i + 1]), inScratch(room.kernels)});
      call(bands.stages[i].kernel, places, numbers(IK_CONV_COUNT, [&](ArrayRef<ConvBands::Rows> rows) { return bands.bandParams(i, rows); }));
    }
    copy(last, output, room.tensors.back(), /*isOut=*/true);
  }

  /// The band's rows of a whole tensor, to scratch or from it.
  void copy(size_t tensor, Value *whole, int64_t offset, bool isOut) {
    const ConvBands::Plane &plane = bands.planes[tensor];
    int64_t line = 4 * plane.width, pitch = line * plane.height;
    Numbers first;
    for (ArrayRef<ConvBands::Rows> in : rows)
      first.push_back(in[tensor].first * line);
    Value *part = b.CreateInBoundsGEP(b.getInt8Ty(), whole, number(first)), *dense = inScratch(offset);
    SmallVector<Value *> places{isOut ? dense : part, isOut ? part : dense};
    call("ik_copy_planes", places, numbers(IK_COPY_COUNT, [&](ArrayRef<ConvBands::Rows> in) {
      int64_t bytes = in[tensor].count * line;
      return std::vector<int64_t>{plane.channels, bytes, isOut ? bytes : pitch, isOut ? pitch : bytes};
    }));
  }

  /// [parameter][band]
  SmallVector<Numbers> numbers(size_t count, function_ref<std::vector<int64_t>(ArrayRef<ConvBands::Rows>)> paramsOf) {
    SmallVector<Numbers> all(count);
    for (ArrayRef<ConvBands::Rows> in : rows)
      for (auto [params, param] : llvm::zip_equal(all, paramsOf(in)))
        params.push_back(param);
    return all;
  }

  /// One worker's whole call of a kernel for this band.
  void call(StringRef kernel, ArrayRef<Value *> places, ArrayRef<Numbers> params) {
    for (auto [i, place] : llvm::enumerate(places))
      b.CreateStore(place, b.CreateConstInBoundsGEP1_64(b.getPtrTy(), buffers, i));
    SmallVector<int64_t> least, greatest;
    for (const Numbers &param : params)
      least.push_back(*llvm::min_element(param)), greatest.push_back(*llvm::max_element(param));
    bool varies = least != greatest;
    Value *constant = lists.get(least);
    if (varies) {
      b.CreateMemCpy(list, Align(8), constant, Align(8), params.size() * sizeof(int64_t));
      for (auto [i, param] : llvm::enumerate(params))
        if (least[i] != greatest[i])
          b.CreateStore(number(param), b.CreateConstInBoundsGEP1_64(b.getInt64Ty(), list, i));
    }
    CallInst *made = b.CreateCall(module.getOrInsertFunction(kernel, kernelType(context)), {buffers, varies ? list : constant, b.getInt64(0), b.getInt64(1)});
    if (varies)
      made->setMetadata(kParamBounds, paramBounds(context, least, greatest));
  }

  Value *number(const Numbers &values) {
    if (llvm::all_equal(values))
      return b.getInt64(static_cast<uint64_t>(values.front()));
    return b.CreateLoad(b.getInt64Ty(), b.CreateInBoundsGEP(b.getInt64Ty(), lists.get(values), index));
  }

  Value *inScratch(int64_t offset) { return b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), scratch, static_cast<uint64_t>(offset)); }

  const ConvBands &bands;
  Module &module;
  ConstantLists &lists;
  LLVMContext &context;
  IRBuilder<> b;
  std::vector<std::vector<ConvBands::Rows>> rows; // [band][tensor]
  Function *function = nullptr;
  Value *buffers = nullptr, *list = nullptr, *index = nullptr, *input = nullptr, *residual = nullptr, *output = nullptr, *scratch = nullptr;
  SmallVector<SmallVector<Value *>> constants; // a stage's filter, and its bias if it has one
};

} // namespace

Function *emitBands(StringRef row, ArrayRef<int64_t> params, Module &into, ConstantLists &lists) {
  ConvBands bands = ConvBands::read(row, params);
  return BandsEmitter(bands, into, lists).emit();
}

} // namespace ingot
