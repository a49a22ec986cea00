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

/// True when a value and what it is a view of have one reader, and a buffer that may be written.
bool isOwned(Value value) {
  while (value.hasOneUse() && value.getDefiningOp<kernel::ViewOp>())
    value = value.getDefiningOp<kernel::ViewOp>().getInput();
  return value.hasOneUse() && value.getDefiningOp() && !isa<nn::WeightOp, nn::ConstantOp>(value.getDefiningOp());
}

/// The state whose buffer the value is made in: through views and the destinations of kernels that work in place; null when there is none.
nn::StateOp stateOf(Value value) {
  for (;;) {
    value = kernel::throughViews(value);
    kernel::MicroOp call = value.getDefiningOp<kernel::MicroOp>();
    kernel::MapOp map = value.getDefiningOp<kernel::MapOp>();
    if (call && call.getDest() && value == call.getResult(0))
      value = call.getInputs()[*call.getDest()];
    else if (map && map.getHasDest())
      value = map.getInputs().back();
    else
      return value.getDefiningOp<nn::StateOp>();
  }
}

RankedTensorType flatTypeOf(Value value) {
  RankedTensorType type = cast<RankedTensorType>(value.getType());
  return RankedTensorType::get({type.getNumElements()}, type.getElementType());
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
      if (!function.isExternal()) {
        ownDestinations(function);
        copyResults(function);
        copyStates(function);
      }
    names.clear();
    for (Operation &op : *getOperation().getBody())
      if (StringAttr name = op.getAttrOfType<StringAttr>(SymbolTable::getSymbolAttrName()))
        names.insert(name.str());
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
      Value root = kernel::throughViews(operand.get());
      Operation *def = root.getDefiningOp();
      bool isOwn = def && !isa<nn::WeightOp, nn::ConstantOp>(def) && !stateOf(root) && taken.insert(root.getAsOpaquePointer()).second;
      if (isOwn)
        continue;
      OpBuilder builder(terminator);
      RankedTensorType type = cast<RankedTensorType>(operand.get().getType()), flat = flatTypeOf(operand.get());
      Value source = kernel::ViewOp::create(builder, terminator->getLoc(), flat, operand.get());
      Value copy = buildCopy(builder, terminator->getLoc(), flat, identityView(source));
      operand.set(kernel::ViewOp::create(builder, terminator->getLoc(), type, copy));
    }
  }

  // Two maps that overwrite one value, or a map that overwrites what another op reads: each destination becomes a value of the map alone.
  //   %f = kernel.map() ..; %a = kernel.map(%x, %f) {hasDest}; %b = kernel.map(%y, %f) {hasDest}
  //     -> %g = kernel.map() ..; %b = kernel.map(%y, %g) {hasDest}
  void ownDestinations(func::FuncOp function) {
    SmallVector<kernel::MapOp> maps(function.getBody().front().getOps<kernel::MapOp>());
    for (size_t i = 0; i < maps.size(); ++i) { // grows by the copies, which may have destinations themselves
      kernel::MapOp map = maps[i];
      if (!map.getHasDest() || isOwned(map.getInputs().back()) || stateOf(map.getInputs().back()))
        continue;
      OpOperand &dest = map->getOpOperand(map->getNumOperands() - 1);
      OpBuilder builder(map);
      RankedTensorType type = cast<RankedTensorType>(dest.get().getType()), flat = flatTypeOf(dest.get());
      Value own;
      if (kernel::MapOp producer = kernel::throughViews(dest.get()).getDefiningOp<kernel::MapOp>()) {
        maps.push_back(cast<kernel::MapOp>(builder.clone(*producer)));
        own = maps.back().getResult();
      } else {
        own = buildCopy(builder, map.getLoc(), flat, identityView(kernel::ViewOp::create(builder, map.getLoc(), flat, dest.get())));
      }
      dest.set(own.getType() == type ? own : Value(kernel::ViewOp::create(builder, map.getLoc(), type, own)));
    }
  }

  // nn.write_state %v, @s with %v made elsewhere -> %n = kernel.map(%v, nn.state @s) {copy}; nn.write_state %n, @s, at the end of the function.
  void copyStates(func::FuncOp function) {
    Block &body = function.getBody().front();
    SmallVector<nn::WriteStateOp> writes(body.getOps<nn::WriteStateOp>());
    for (nn::WriteStateOp write : writes) {
      nn::StateOp made = stateOf(write.getValue());
      if (made && made.getSymbol() == write.getSymbol())
        continue;
      OpBuilder builder(body.getTerminator());
      RankedTensorType type = cast<RankedTensorType>(write.getValue().getType()), flat = flatTypeOf(write.getValue());
      Value old = nn::StateOp::create(builder, write.getLoc(), type, write.getSymbol());
      Value dest = kernel::ViewOp::create(builder, write.getLoc(), flat, old), source = kernel::ViewOp::create(builder, write.getLoc(), flat, write.getValue());
      Value copy = buildMap(builder, write.getLoc(), flat, flat.getShape(), identityView(source), 0, rowMajorStrides(flat.getShape()), dest,
                            [](OpBuilder &, Location, ValueRange args) { return args[0]; });
      write.getValueMutable().assign(kernel::ViewOp::create(builder, write.getLoc(), type, copy));
      write->moveBefore(body.getTerminator());
    }
  }

  void outline(kernel::MapOp map) {
    OpBuilder top = OpBuilder::atBlockEnd(getOperation().getBody());
    Type element = cast<RankedTensorType>(map.getResult().getType()).getElementType();
    bool keepsSign = element.isUnsignedInteger() && element.getIntOrFloatBitWidth() < 8; // stored in a byte, whose upper bits are 0
    Type resultType = keepsSign ? element : scalarType(element);
    kernel::FuncOp function = kernel::FuncOp::create(top, UnknownLoc::get(&getContext()), "map", map.getDims(), map.getOffsets(),
                                                     map.getStrides(), resultType, /*split=*/IntegerAttr());
    IRMapping mapping;
    map.getBody().cloneInto(&function.getBody(), mapping);
    std::string name = contentName(function);
    if (names.insert(name).second)
      function.setSymName(name);
    else
      function.erase();
    int64_t points = 1;
    for (int64_t extent : map.getDims())
      points *= extent;
    OpBuilder builder(map);
    IntegerAttr dest = map.getHasDest() ? builder.getI64IntegerAttr(map.getInputs().size() - 1) : IntegerAttr();
    kernel::MicroOp call = kernel::MicroOp::create(builder, map.getLoc(), map->getResultTypes(), name, map.getInputs(), ArrayRef<int64_t>(),
                                                   /*scratch=*/0, points, dest, /*epilogue=*/StringAttr(), /*turns=*/IntegerAttr());
    map.getResult().replaceAllUsesWith(call.getResult(0));
    map.erase();
  }

  std::set<std::string> names; // of the module's symbols

};

} // namespace

std::unique_ptr<Pass> createOutlineMaps() { return std::make_unique<OutlineMaps>(); }

} // namespace ingot
