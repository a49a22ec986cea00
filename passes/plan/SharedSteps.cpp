// The table of numbers: a column for what differs, equal columns once.
#include "passes/plan/SharedSteps.h"

#include "mlir/IR/Builders.h"

#include <map>

using namespace mlir;

namespace ingot {
namespace {

/// Numbers of several members; equal columns are one.
class NumberTable {
public:
  /// The column that holds the values, one a member; -1 when they are all the same.
  int64_t columnOf(ArrayRef<int64_t> values) {
    if (llvm::all_equal(values))
      return -1;
    return columns.try_emplace(values.vec(), static_cast<int64_t>(columns.size())).first->second;
  }
  int64_t size() const { return static_cast<int64_t>(columns.size()); }
  /// [member][column]
  SmallVector<int64_t> rows(size_t members) const {
    SmallVector<int64_t> table(members * columns.size());
    for (const auto &[values, column] : columns)
      for (size_t m = 0; m < members; ++m)
        table[m * columns.size() + static_cast<size_t>(column)] = values[m];
    return table;
  }

private:
  std::map<std::vector<int64_t>, int64_t> columns;
};

class Sharer {
public:
  explicit Sharer(ArrayRef<StepList> members) : members(members) {}

  deploy::SharedOp run(StringRef name, int64_t scratchBytes) {
    OpBuilder builder(members.front().program);
    deploy::SharedOp shared = deploy::SharedOp::create(builder, calls(0).front().getLoc(), name, scratchBytes, 0, ArrayRef<int64_t>());
    shared.getBody().emplaceBlock();
    builder.setInsertionPointToEnd(&shared.getBody().front());
    for (size_t i = 0; i < members.front().calls.size(); ++i)
      shareCall(i, builder);
    shared.setColumnCount(table.size());
    shared.setTable(table.rows(members.size()));
    return shared;
  }

private:
  /// Call i of all members.
  SmallVector<deploy::CallOp> calls(size_t i) const {
    return llvm::map_to_vector(members, [&](const StepList &steps) { return steps.calls[i]; });
  }
  int64_t columnOf(ArrayRef<deploy::CallOp> calls, llvm::function_ref<int64_t(deploy::CallOp)> number) {
    return table.columnOf(llvm::map_to_vector(calls, number));
  }

  void shareCall(size_t i, OpBuilder &builder) {
    SmallVector<deploy::CallOp> all = calls(i);
    SmallVector<Attribute> callees;
    size_t params = 0;
    for (deploy::CallOp call : all) {
      params = std::max(params, call.getParams().size());
      if (!llvm::is_contained(callees, call.getCalleeAttr()))
        callees.push_back(call.getCalleeAttr());
    }
    SmallVector<int64_t> columns;
    columns.push_back(columnOf(all, [&](deploy::CallOp call) { return llvm::find(callees, call.getCalleeAttr()) - callees.begin(); }));
    columns.push_back(columnOf(all, [](deploy::CallOp call) { return int64_t(call.getSerial()); }));
    for (size_t k = 0; k < params; ++k)
      columns.push_back(columnOf(all, [&](deploy::CallOp call) { return k < call.getParams().size() ? call.getParams()[k] : 0; }));
    for (size_t k = 0; k < all.front().getPlaces().size(); ++k)
      columns.push_back(columnOf(all, [&](deploy::CallOp call) { return cast<deploy::PlaceAttr>(call.getPlaces()[k]).getOffset(); }));
    if (llvm::any_of(members, [&](const StepList &steps) { return steps.barrier[i]; }))
      deploy::BarrierOp::create(builder, all.front().getLoc());
    deploy::CallOp call = cast<deploy::CallOp>(builder.clone(*all.front()));
    SmallVector<int64_t> padded(call.getParams());
    padded.resize(params);
    call.setParams(padded);
    call->setAttr(deploy::kColumnsAttr, builder.getDenseI64ArrayAttr(columns));
    if (callees.size() > 1)
      call->setAttr(deploy::kCalleesAttr, builder.getArrayAttr(callees));
  }

  ArrayRef<StepList> members;
  NumberTable table;
};

} // namespace

StepList StepList::slice(size_t first, size_t count) const {
  StepList part{program, {}, {}};
  part.calls.append(calls.begin() + first, calls.begin() + first + count);
  part.barrier.append(barrier.begin() + first, barrier.begin() + first + count);
  return part;
}

StepList stepsOf(deploy::ProgramOp program) {
  StepList steps{program, {}, {}};
  bool waits = false;
  for (Operation &op : program.getBody().front()) {
    deploy::CallOp call = dyn_cast<deploy::CallOp>(op);
    if (call) {
      steps.calls.push_back(call);
      steps.barrier.push_back(waits);
    }
    waits = !call;
  }
  return steps;
}

deploy::SharedOp shareSteps(ArrayRef<StepList> members, StringRef name, int64_t scratchBytes) { return Sharer(members).run(name, scratchBytes); }

} // namespace ingot
