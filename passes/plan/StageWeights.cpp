// Copies weights that a call reads many times into fast memory, one step ahead of the call.
#include "passes/Passes.h"
#include "passes/plan/Memory.h"

#include "dialects/deploy/Deploy.h"

using namespace mlir;

namespace ingot {

#define GEN_PASS_DECL_STAGEWEIGHTS
#define GEN_PASS_DEF_STAGEWEIGHTS
#include "passes/plan/Passes.h.inc"

namespace {

/// A call is worth it when it uses each byte of its weights this often: below, the copy is most of the traffic.
constexpr int64_t kLeastUses = 256;
/// Smaller tensors stay in a cache by themselves.
constexpr int64_t kLeastBytes = 1024;

int64_t alignUp(int64_t bytes) { return (bytes + kBufferAlign - 1) / kBufferAlign * kBufferAlign; }

/// The steps of one program between two barriers.
struct Interval {
  Operation *before = nullptr; // the barrier that opens it; null for the first
  int64_t staged = 0;          // bytes that its calls read from fast memory
};

struct Staged {
  deploy::CallOp call;
  size_t place, interval;
  int64_t offset; // in the half of its interval
};

class Stager {
public:
  Stager(deploy::ProgramOp program, int64_t fastBytes) : program(program), arena(alignUp(program.getArenaBytes())), limit((fastBytes - arena) / 2) {}

  void run() {
    if (limit < kLeastBytes)
      return;
    findCalls();
    if (staged.empty())
      return;
    int64_t half = 0;
    for (const Interval &interval : intervals)
      half = std::max(half, interval.staged);
    numberCalls(oldNumbers);
    for (const Staged &item : staged)
      stage(item, arena + static_cast<int64_t>(item.interval % 2) * half + item.offset);
    program.setArenaBytes(arena + 2 * half);
    writeLifetimes();
  }

private:
  /// The operand to copy: the largest that lies in the weights, if the call uses it often enough.
  std::optional<size_t> heavyPlace(deploy::CallOp call) const {
    std::optional<size_t> best;
    int64_t most = kLeastBytes - 1;
    for (auto [i, attr] : llvm::enumerate(call.getPlaces())) {
      deploy::PlaceAttr place = cast<deploy::PlaceAttr>(attr);
      if (place.getSpace() != deploy::Space::weights || place.getBytes() <= most)
        continue;
      most = place.getBytes();
      best = i;
    }
    return best && static_cast<int64_t>(call.getWork()) / most >= kLeastUses ? best : std::nullopt;
  }

  void findCalls() {
    intervals.emplace_back();
    for (Operation &op : program.getBody().front()) {
      if (isa<deploy::BarrierOp>(op))
        intervals.push_back({&op, 0});
      deploy::CallOp call = dyn_cast<deploy::CallOp>(op);
      if (!call || call.getSerial() || intervals.size() == 1)
        continue;
      std::optional<size_t> place = heavyPlace(call);
      if (!place)
        continue;
      int64_t bytes = alignUp(cast<deploy::PlaceAttr>(call.getPlaces()[*place]).getBytes()), &used = intervals.back().staged;
      if (bytes > limit - used)
        continue;
      staged.push_back({call, *place, intervals.size() - 1, used});
      used += bytes;
    }
  }

  void numberCalls(llvm::DenseMap<Operation *, int64_t> &numbers) {
    int64_t next = 0;
    for (deploy::CallOp call : program.getBody().getOps<deploy::CallOp>())
      numbers[call] = next++;
  }

  /// The copy stands in the interval before, so that it runs beside that interval's calls. The half it writes was read last two intervals ago.
  void stage(const Staged &item, int64_t offset) {
    OpBuilder builder(program.getContext());
    Operation *before = intervals[item.interval - 1].before;
    if (before)
      builder.setInsertionPointAfter(before);
    else
      builder.setInsertionPointToStart(&program.getBody().front());
    deploy::CallOp call = item.call;
    SmallVector<Attribute> places(call.getPlaces().begin(), call.getPlaces().end());
    deploy::PlaceAttr from = cast<deploy::PlaceAttr>(places[item.place]);
    deploy::PlaceAttr to = deploy::PlaceAttr::get(program.getContext(), deploy::Space::arena, 0, offset, from.getBytes());
    StringAttr source = builder.getStringAttr("weights of " + (call.getSource() ? call.getSource()->str() : call.getCallee().str()));
    auto copy = deploy::CallOp::create(builder, call.getLoc(), "ik_stage", {from.getBytes()}, builder.getArrayAttr({from, to}), from.getBytes(), false, source,
                                         /*turns=*/IntegerAttr());
    copies.push_back({copy, call});
    places[item.place] = to;
    call.setPlacesAttr(builder.getArrayAttr(places));
  }

  /// Lifetimes count calls: the old ones move, the copies get their own.
  void writeLifetimes() {
    DenseI64ArrayAttr old = program->getAttrOfType<DenseI64ArrayAttr>("buffers");
    if (!old)
      return;
    llvm::DenseMap<Operation *, int64_t> numbers;
    numberCalls(numbers);
    std::vector<int64_t> moved(oldNumbers.size());
    for (deploy::CallOp call : program.getBody().getOps<deploy::CallOp>())
      if (auto known = oldNumbers.find(call); known != oldNumbers.end())
        moved[known->second] = numbers.lookup(call);
    SmallVector<int64_t> list(old.asArrayRef());
    for (size_t i = 0; i + 3 < list.size(); i += 4) {
      list[i + 2] = moved[list[i + 2]];
      list[i + 3] = moved[list[i + 3]];
    }
    for (auto [copy, call] : copies) {
      deploy::PlaceAttr to = cast<deploy::PlaceAttr>(copy.getPlaces()[1]);
      list.append({to.getOffset(), to.getBytes(), numbers.lookup(copy), numbers.lookup(call)});
    }
    program->setAttr("buffers", DenseI64ArrayAttr::get(program.getContext(), list));
  }

  deploy::ProgramOp program;
  int64_t arena, limit; // where fast memory that is left begins, and the most that one half of it may hold
  SmallVector<Interval> intervals;
  SmallVector<Staged> staged;
  SmallVector<std::pair<deploy::CallOp, deploy::CallOp>> copies;
  llvm::DenseMap<Operation *, int64_t> oldNumbers; // looked up, never iterated for output
};

struct StageWeights : impl::StageWeightsBase<StageWeights> {
  explicit StageWeights(int64_t bytes) { fastBytes = bytes; }

  void runOnOperation() override {
    for (deploy::ProgramOp program : getOperation().getOps<deploy::ProgramOp>())
      if (fastBytes > 0)
        Stager(program, fastBytes).run();
  }
};

} // namespace

std::unique_ptr<Pass> createStageWeights(int64_t fastBytes) { return std::make_unique<StageWeights>(fastBytes); }

} // namespace ingot
