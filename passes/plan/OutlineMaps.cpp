// kernel.map -> one shared kernel.func a different content, and a kernel.micro that names it.
#include "passes/Passes.h"
#include "passes/lower/Map.h"

#include "dialects/deploy/Deploy.h"
#include "dialects/nn/Nn.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/BLAKE3.h"

#include <set>

using namespace mlir;

namespace ingot {

#define GEN_PASS_DEF_OUTLINEMAPS
#include "passes/plan/Passes.h.inc"

namespace {

constexpr size_t kHashBytes = 8; // 2^-64 times the square of a few thousand maps: no two meet by chance

Value rootOf(Value value) {
  while (kernel::ViewOp view = value.getDefiningOp<kernel::ViewOp>())
    value = view.getInput();
  return value;
}

std::string contentName(kernel::FuncOp function) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  function.getOperation()->print(stream, OpPrintingFlags().useLocalScope());
  llvm::BLAKE3Result<kHashBytes> hash = llvm::BLAKE3::hash<kHashBytes>(llvm::arrayRefFromStringRef(text));
  return "map_" + llvm::toHex(hash, /*LowerCase=*/true);
}

struct OutlineMaps : impl::OutlineMapsBase<OutlineMaps> {
  void runOnOperation() override {
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>())
      if (!function.isExternal())
        copyResults(function);
    SmallVector<kernel::MapOp> maps;
    getOperation().walk([&](kernel::MapOp map) { maps.push_back(map); });
    for (kernel::MapOp map : maps)
      outline(map);
  }

  // return %input -> %copy = kernel.map(%input) {...}; return %copy
  void copyResults(func::FuncOp function) {
    Operation *terminator = function.getBody().front().getTerminator();
    std::set<void *> taken;
    for (OpOperand &operand : terminator->getOpOperands()) {
      Value root = rootOf(operand.get());
      Operation *def = root.getDefiningOp();
      bool isOwn = def && !isa<nn::WeightOp, nn::ConstantOp>(def) && taken.insert(root.getAsOpaquePointer()).second;
      if (isOwn)
        continue;
      OpBuilder builder(terminator);
      RankedTensorType type = cast<RankedTensorType>(operand.get().getType());
      RankedTensorType flat = RankedTensorType::get({type.getNumElements()}, type.getElementType());
      Value source = kernel::ViewOp::create(builder, terminator->getLoc(), flat, operand.get());
      Value copy = buildCopy(builder, terminator->getLoc(), flat, identityView(source));
      operand.set(kernel::ViewOp::create(builder, terminator->getLoc(), type, copy));
    }
  }

  void outline(kernel::MapOp map) {
    OpBuilder top = OpBuilder::atBlockEnd(getOperation().getBody());
    Type element = cast<RankedTensorType>(map.getResult().getType()).getElementType();
    bool keepsSign = element.isUnsignedInteger() && element.getIntOrFloatBitWidth() < 8; // stored in a byte, whose upper bits are 0
    Type resultType = keepsSign ? element : scalarType(element);
    kernel::FuncOp function = kernel::FuncOp::create(top, UnknownLoc::get(&getContext()), "map", map.getDims(), map.getOffsets(),
                                                     map.getStrides(), resultType);
    IRMapping mapping;
    map.getBody().cloneInto(&function.getBody(), mapping);
    std::string name = contentName(function);
    if (getOperation().lookupSymbol(name))
      function.erase();
    else
      function.setSymName(name);
    int64_t points = 1;
    for (int64_t extent : map.getDims())
      points *= extent;
    OpBuilder builder(map);
    IntegerAttr dest = map.getHasDest() ? builder.getI64IntegerAttr(map.getInputs().size() - 1) : IntegerAttr();
    kernel::MicroOp call = kernel::MicroOp::create(builder, map.getLoc(), map->getResultTypes(), name, map.getInputs(), ArrayRef<int64_t>(),
                                                   /*scratch=*/0, points, dest, /*epilogue=*/StringAttr());
    map.getResult().replaceAllUsesWith(call.getResult(0));
    map.erase();
  }

};

} // namespace

std::unique_ptr<Pass> createOutlineMaps() { return std::make_unique<OutlineMaps>(); }

} // namespace ingot
