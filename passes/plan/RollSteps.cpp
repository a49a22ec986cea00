// Stretches of a program's steps that come several times in a row, as the layers of a transformer do -> a loop over a table of what differs. Kernels,
// parameters, places and barriers are those of the straight steps; only the code is there once.
#include "passes/Passes.h"
#include "passes/plan/SharedSteps.h"

#include "dialects/kernel/Kernel.h"

#include "mlir/IR/Builders.h"

#include <map>

using namespace mlir;

namespace ingot {

#define GEN_PASS_DEF_ROLLSTEPS
#include "passes/plan/Passes.h.inc"

namespace {

/// A loop reads each address from its table: it has to save the code of more than a few calls.
constexpr size_t kLeastSaved = 48;
/// Calls of one turn that are looked for: a layer has tens. It bounds the search, which takes so many looks at each call.
constexpr size_t kLongestTurn = 512;

/// Calls first .. first + turn * count - 1: `count` times the same `turn` calls but for offsets and kernels.
struct Loop {
  size_t first = 0, turn = 0, count = 0;
  size_t end() const { return first + turn * count; }
  size_t saved() const { return count == 0 ? 0 : (count - 1) * turn; }
};

/// What a call must have in common with that of another turn. Kernels may differ, for layers in several block types; maps may not.
std::string keyOf(deploy::CallOp call, bool isMap, bool waits) {
  std::string text;
  llvm::raw_string_ostream out(text);
  out << waits << call.getSerial() << call.getTurns().value_or(-1) << (isMap ? call.getCallee() : "");
  for (deploy::PlaceAttr place : call.getPlaces().getAsRange<deploy::PlaceAttr>())
    out << ' ' << static_cast<int>(place.getSpace()) << ':' << place.getIndex();
  out << " params";
  for (int64_t param : call.getParams())
    out << ' ' << param;
  return text;
}

/// The loop within [begin, end) that saves the most calls, of those the one with the shortest turn.
Loop bestLoop(ArrayRef<int64_t> keys, size_t begin, size_t end) {
  Loop best;
  for (size_t turn = 1; turn <= kLongestTurn && begin + 2 * turn <= end; ++turn) {
    size_t alike = 0; // calls up to and with `at` that equal those a turn later
    for (size_t at = begin; at + turn < end; ++at) {
      alike = keys[at] == keys[at + turn] ? alike + 1 : 0;
      Loop loop{at + 1 - alike, turn, alike / turn + 1};
      if (alike >= turn && loop.saved() > best.saved())
        best = loop;
    }
  }
  return best;
}

void findLoops(ArrayRef<int64_t> keys, size_t begin, size_t end, SmallVectorImpl<Loop> &loops) {
  Loop loop = bestLoop(keys, begin, end);
  if (loop.saved() < kLeastSaved)
    return;
  findLoops(keys, begin, loop.first, loops);
  loops.push_back(loop);
  findLoops(keys, loop.end(), end, loops);
}

struct RollSteps : impl::RollStepsBase<RollSteps> {
  void runOnOperation() override {
    llvm::DenseSet<StringAttr> maps; // looked up, never iterated
    for (kernel::FuncOp func : getOperation().getOps<kernel::FuncOp>())
      maps.insert(func.getSymNameAttr());
    for (deploy::ProgramOp program : llvm::to_vector(getOperation().getOps<deploy::ProgramOp>()))
      if (!program->hasAttr(deploy::kSharedAttr))
        roll(stepsOf(program), maps);
  }

  void roll(const StepList &steps, const llvm::DenseSet<StringAttr> &maps) {
    std::map<std::string, int64_t> numbers;
    SmallVector<int64_t> keys;
    for (auto [call, waits] : llvm::zip(steps.calls, steps.barrier))
      keys.push_back(numbers.try_emplace(keyOf(call, maps.contains(deploy::CallOp(call).getCalleeAttr()), waits), numbers.size()).first->second);
    SmallVector<Loop> loops;
    findLoops(keys, 0, keys.size(), loops);
    if (loops.empty())
      return;
    deploy::ProgramOp program = steps.program;
    Builder builder(program.getContext());
    SmallVector<Attribute> rolled;
    for (const Loop &loop : loops) {
      SmallVector<StepList> turns;
      for (size_t i = 0; i < loop.count; ++i)
        turns.push_back(steps.slice(loop.first + i * loop.turn, loop.turn));
      std::string name = "rolled_" + std::to_string(count++);
      shareSteps(turns, name, program.getScratchBytes());
      rolled.push_back(builder.getDictionaryAttr({builder.getNamedAttr("first", builder.getI64IntegerAttr(static_cast<int64_t>(loop.first))),
                                                  builder.getNamedAttr("turns", builder.getI64IntegerAttr(static_cast<int64_t>(loop.count))),
                                                  builder.getNamedAttr("steps", builder.getStringAttr(name))}));
    }
    program->setAttr(deploy::kRolledAttr, builder.getArrayAttr(rolled));
  }

  size_t count = 0;
};

} // namespace

std::unique_ptr<Pass> createRollSteps() { return std::make_unique<RollSteps>(); }

} // namespace ingot
