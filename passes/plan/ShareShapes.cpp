// Programs of several shapes of one model -> one list of steps and a row of numbers a shape. Kernels, parameters and offsets are those that each
// shape's own plan has, so every shape computes what its own build would; only the code is there once.
#include "passes/Passes.h"
#include "passes/plan/MapBox.h"
#include "passes/plan/SharedSteps.h"

#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/BLAKE3.h"

#include <map>
#include <set>

using namespace mlir;

namespace ingot {

#define GEN_PASS_DEF_SHARESHAPES
#include "passes/plan/Passes.h.inc"

namespace {

constexpr size_t kHashBytes = 8; // as for outlined maps

/// What programs must have in common: calls, the buffers that each takes, and whether they have turns.
std::string layoutOf(const StepList &steps) {
  std::string text;
  llvm::raw_string_ostream out(text);
  for (deploy::CallOp call : steps.calls) {
    for (deploy::PlaceAttr place : call.getPlaces().getAsRange<deploy::PlaceAttr>())
      out << static_cast<int>(place.getSpace()) << ':' << place.getIndex() << ' ';
    out << call.getTurns().value_or(-1) << '\n';
  }
  return text;
}

/// The maps of a module by name, and functions made from them whose numbers come with the call.
class MapMaker {
public:
  explicit MapMaker(ModuleOp module) : module(module) {
    for (kernel::FuncOp func : module.getOps<kernel::FuncOp>())
      maps[func.getSymName()] = func;
  }

  bool isMap(StringRef name) const { return maps.contains(name); }

  /// Makes each of the calls, which are maps, one of as few functions as their form allows.
  void generalise(MutableArrayRef<deploy::CallOp> calls) {
    std::map<std::string, SmallVector<size_t>> forms;
    SmallVector<MapBox> boxes;
    for (auto [i, call] : llvm::enumerate(calls)) {
      kernel::FuncOp func = maps.lookup(deploy::CallOp(call).getCallee());
      boxes.push_back(normaliseMap(func));
      forms[formOf(func, boxes.back())].push_back(i);
    }
    for (const auto &[form, members] : forms)
      generaliseForm(calls, boxes, members);
  }

  /// Erases maps that no call names any more.
  void dropUnused() {
    std::set<StringRef> used;
    module.walk([&](deploy::CallOp call) {
      used.insert(call.getCallee());
      if (ArrayAttr callees = call->getAttrOfType<ArrayAttr>(deploy::kCalleesAttr))
        for (StringAttr callee : callees.getAsRange<StringAttr>())
          used.insert(callee.getValue());
    });
    for (kernel::FuncOp func : llvm::make_early_inc_range(module.getOps<kernel::FuncOp>()))
      if (!used.count(func.getSymName()))
        func.erase();
  }

private:
  /// Body, rank, and which strides are 0 or 1: loops over others of these would be other code.
  static std::string formOf(kernel::FuncOp func, const MapBox &box) {
    std::string text;
    llvm::raw_string_ostream out(text);
    for (Operation &op : func.getBody().front())
      out << op << '\n';
    for (BlockArgument argument : func.getBody().front().getArguments())
      out << argument.getType() << ' ';
    out << func.getResultType() << " rank " << box.dims.size() << " split " << box.split << " strides";
    for (const SmallVector<int64_t> &list : box.strides)
      for (int64_t stride : list)
        out << ' ' << (stride == 0 ? '0' : stride == 1 ? '1' : 's');
    return text;
  }

  void generaliseForm(MutableArrayRef<deploy::CallOp> calls, ArrayRef<MapBox> boxes, ArrayRef<size_t> members) {
    SmallVector<int64_t> first = boxes[members.front()].numbers(), general = first;
    for (size_t member : members)
      for (auto [i, number] : llvm::enumerate(boxes[member].numbers()))
        if (number != first[i])
          general[i] = kRunTimeNumber;
    if (!llvm::is_contained(general, kRunTimeNumber)) { // one map, under whatever names
      std::string name = calls[members.front()].getCallee().str();
      for (size_t member : members)
        calls[member].setCallee(name);
      return;
    }
    const MapBox &box = boxes[members.front()];
    std::string name = generalFunction(maps.lookup(calls[members.front()].getCallee()), general, box.dims.size(), box.offsets.size(), box.split);
    for (size_t member : members) {
      SmallVector<int64_t> params;
      for (auto [i, number] : llvm::enumerate(boxes[member].numbers()))
        if (general[i] == kRunTimeNumber)
          params.push_back(number);
      deploy::CallOp call = calls[member];
      call.setCallee(name);
      call.setParams(params);
    }
  }

  std::string generalFunction(kernel::FuncOp func, ArrayRef<int64_t> numbers, size_t rank, size_t operands, size_t split) {
    OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
    kernel::FuncOp made = kernel::FuncOp::create(builder, func.getLoc(), "map", numbers.take_front(rank), numbers.slice(rank, operands),
                                                 numbers.drop_front(rank + operands), func.getResultType(), builder.getI64IntegerAttr(static_cast<int64_t>(split)));
    IRMapping mapping;
    func.getBody().cloneInto(&made.getBody(), mapping);
    std::string text;
    llvm::raw_string_ostream stream(text);
    made->print(stream, OpPrintingFlags().useLocalScope());
    std::string name = "map_" + llvm::toHex(llvm::BLAKE3::hash<kHashBytes>(llvm::arrayRefFromStringRef(text)), /*LowerCase=*/true);
    if (!maps.try_emplace(name, made).second)
      made.erase();
    else
      made.setSymName(name);
    return name;
  }

  ModuleOp module;
  llvm::StringMap<kernel::FuncOp> maps; // looked up, never iterated
};

/// Makes a deploy.shared of programs of equal layout, a row of which each names.
void share(ArrayRef<StepList> members, MapMaker &maps, StringRef name) {
  int64_t scratch = 0;
  for (const StepList &steps : members)
    scratch = std::max<int64_t>(scratch, deploy::ProgramOp(steps.program).getScratchBytes());
  for (size_t i = 0; i < members.front().calls.size(); ++i) {
    SmallVector<deploy::CallOp> mapCalls;
    for (const StepList &steps : members)
      if (maps.isMap(deploy::CallOp(steps.calls[i]).getCallee()))
        mapCalls.push_back(steps.calls[i]);
    maps.generalise(mapCalls);
  }
  shareSteps(members, name, scratch);
  for (auto [row, steps] : llvm::enumerate(members)) {
    deploy::ProgramOp program = steps.program;
    Builder builder(program.getContext());
    program.setScratchBytes(scratch);
    program->setAttr(deploy::kSharedAttr, builder.getStringAttr(name));
    program->setAttr(deploy::kRowAttr, builder.getI64IntegerAttr(static_cast<int64_t>(row)));
  }
}

struct ShareShapes : impl::ShareShapesBase<ShareShapes> {
  void runOnOperation() override {
    std::map<std::string, SmallVector<StepList>> groups;
    for (deploy::ProgramOp program : getOperation().getOps<deploy::ProgramOp>()) {
      StepList steps = stepsOf(program);
      if (!steps.calls.empty())
        groups[layoutOf(steps)].push_back(std::move(steps));
    }
    MapMaker maps(getOperation());
    size_t count = 0;
    for (auto &[layout, members] : groups)
      if (members.size() > 1)
        share(members, maps, "shared_" + std::to_string(count++));
    maps.dropUnused();
  }
};

} // namespace

std::unique_ptr<Pass> createShareShapes() { return std::make_unique<ShareShapes>(); }

} // namespace ingot
