// Says in a program which weights come next and which are done with, so that few of them need be in memory at once. The steps become parts, each a run of
// intervals between barriers that reads a small share of the window; barriers carry the ranges, and the code hands them to the caller's functions
// (runtime_stub/include/ingot/stream.h). What of the window the parts leave holds the first weights from run to run: a cycle through more than fits would
// otherwise find none of them.
#include "passes/Passes.h"
#include "passes/plan/Ranges.h"

#include "dialects/deploy/Deploy.h"

#include <map>
#include <set>

using namespace mlir;

namespace ingot {

#define GEN_PASS_DECL_STREAMWEIGHTS
#define GEN_PASS_DEF_STREAMWEIGHTS
#include "passes/plan/Passes.h.inc"

namespace {

/// A part is this share of the window, so that two of them, one read and one read ahead, leave most of it for weights that stay.
constexpr int64_t kPartShare = 8, kMostPartBytes = 16 << 20;
/// A call with fewer units of work for its bytes reads rows of a table: a product of one row reads 8 bytes (f64) a unit at most.
constexpr int64_t kBytesOfWork = 8;
/// What of a table a unit of work may make resident: the pages around a row.
constexpr int64_t kTableBytesOfWork = 64;
/// Weights of more parts than this stay: tables of angles, which every layer reads.
constexpr int64_t kMostUses = 2;
/// Products whose workers share the rows of the weights in order: a worker more or less changes no bits, so one worker's share can be cut in shares.
constexpr llvm::StringLiteral kSlicedKernels = "ik_block_matmul";

struct Part {
  Operation *barrier = nullptr; // that opens it; null for the first
  RangeList ranges, ahead;      // all that it reads, and what of it is worth reading ahead
  int64_t tableBytes = 0;       // resident of tables that it reads rows of
  deploy::CallOp sliced;        // alone in its part; null: none
  ByteRange whole{0, 0};        // of the sliced weights
  int64_t slices = 1;

  ByteRange slice(int64_t index) const {
    int64_t bytes = whole.end - whole.begin;
    return {whole.begin + bytes / slices * index, index + 1 == slices ? whole.end : whole.begin + bytes / slices * (index + 1)};
  }
};

/// The largest weights that a call reads, and where they are in its places.
struct Heavy {
  size_t place = 0;
  ByteRange range{0, 0};
};

ByteRange rangeOf(deploy::PlaceAttr place) { return {place.getOffset(), place.getOffset() + place.getBytes()}; }

Heavy heavyOf(deploy::CallOp call) {
  Heavy heavy;
  for (auto [i, place] : llvm::enumerate(call.getPlaces().getAsRange<deploy::PlaceAttr>()))
    if (place.getSpace() == deploy::Space::weights && place.getBytes() > heavy.range.end - heavy.range.begin)
      heavy = {i, rangeOf(place)};
  return heavy;
}

/// One program's parts.
class Streamer {
public:
  Streamer(deploy::ProgramOp program, int64_t partBytes, int64_t weightsBytes) : program(program), partBytes(partBytes), weightsBytes(weightsBytes) {
    separateLargeCalls();
    findParts();
  }

  /// How many parts read each place, and the first byte that is read as a whole.
  void countUses(std::map<std::pair<int64_t, int64_t>, int64_t> &uses, int64_t &first) const {
    for (const Part &part : parts) {
      std::set<std::pair<int64_t, int64_t>> read;
      for (ByteRange range : part.ranges)
        if (read.insert({range.begin, range.end}).second)
          ++uses[{range.begin, range.end}];
      for (ByteRange range : part.ahead)
        first = std::min(first, range.begin);
    }
  }

  /// The most bytes that a part needs beside those of `kept`.
  int64_t largestPart(const RangeList &kept) const {
    int64_t most = 0;
    for (const Part &part : parts) {
      int64_t bytes = bytesOf(without(merged(part.ahead), kept));
      if (part.sliced)
        bytes += bytesOf({part.slice(part.slices - 1)}) - bytesOf(without({part.whole}, kept));
      most = std::max(most, bytes + part.tableBytes);
    }
    return most;
  }

  /// Writes the ranges to barriers and sliced calls. `kept` is never dropped.
  void write(const RangeList &kept) {
    for (size_t i = 0; i < parts.size(); ++i) {
      const Part &part = parts[i], &next = parts[(i + 1) % parts.size()];
      if (i != 0)
        part.barrier->setAttr(deploy::kStreamAttr, say(leftBy(parts[i - 1]), nowReadBy(part), part.slices > 1 ? RangeList{part.slice(1)} : aheadOf(next), kept));
      if (part.slices > 1)
        writeSlices(part, next, kept);
    }
    OpBuilder builder = OpBuilder::atBlockEnd(&program.getBody().front());
    deploy::BarrierOp last = deploy::BarrierOp::create(builder, program.getLoc());
    last->setAttr(deploy::kStreamAttr, say(leftBy(parts.back()), {}, aheadOf(parts.front()), kept));
  }

private:
  bool isLarge(deploy::CallOp call) const {
    ByteRange range = heavyOf(call).range;
    return call.getCallee().starts_with(kSlicedKernels) && !call.getSerial() && range.end - range.begin > partBytes;
  }

  /// A barrier before and after each call that is cut: its slices are dropped when all workers are through.
  void separateLargeCalls() {
    for (deploy::CallOp call : llvm::make_early_inc_range(program.getBody().getOps<deploy::CallOp>())) {
      if (!isLarge(call))
        continue;
      OpBuilder builder(call);
      if (isa_and_nonnull<deploy::CallOp>(call->getPrevNode()))
        deploy::BarrierOp::create(builder, call.getLoc());
      builder.setInsertionPointAfter(call);
      if (isa_and_nonnull<deploy::CallOp>(call->getNextNode()))
        deploy::BarrierOp::create(builder, call.getLoc());
    }
  }

  /// Adds what the call reads to its interval between barriers.
  void addCall(deploy::CallOp call, Part &interval) const {
    for (deploy::PlaceAttr place : call.getPlaces().getAsRange<deploy::PlaceAttr>()) {
      if (place.getSpace() != deploy::Space::weights || place.getBytes() == 0)
        continue;
      interval.ranges.push_back(rangeOf(place));
      int64_t work = static_cast<int64_t>(call.getWork());
      if (place.getBytes() / kBytesOfWork > work)
        interval.tableBytes += std::min(place.getBytes(), work * kTableBytesOfWork);
      else
        interval.ahead.push_back(rangeOf(place));
    }
    if (!isLarge(call))
      return;
    interval.sliced = call;
    interval.whole = heavyOf(call).range;
    interval.slices = (bytesOf({interval.whole}) + partBytes - 1) / partBytes;
  }

  /// Joins intervals to parts while they are small.
  void findParts() {
    Part interval;
    auto close = [&] {
      bool joins = !parts.empty() && !parts.back().sliced && !interval.sliced &&
                   bytesOf(merged(parts.back().ahead)) + parts.back().tableBytes + bytesOf(merged(interval.ahead)) + interval.tableBytes <= partBytes;
      if (!joins) {
        parts.push_back(interval);
        return;
      }
      llvm::append_range(parts.back().ranges, interval.ranges);
      llvm::append_range(parts.back().ahead, interval.ahead);
      parts.back().tableBytes += interval.tableBytes;
    };
    for (Operation &op : program.getBody().front()) {
      if (isa<deploy::BarrierOp>(op)) {
        close();
        interval = Part();
        interval.barrier = &op;
      } else {
        addCall(cast<deploy::CallOp>(op), interval);
      }
    }
    close();
  }

  /// What is in memory at a part's end, and at its beginning, of its own weights.
  static RangeList leftBy(const Part &part) { return part.slices > 1 ? joined(otherRanges(part), part.slice(part.slices - 1)) : part.ranges; }
  static RangeList nowReadBy(const Part &part) { return part.slices > 1 ? joined(otherRanges(part), part.slice(0)) : part.ranges; }
  static RangeList aheadOf(const Part &part) { return part.slices > 1 ? RangeList{part.slice(0)} : part.ahead; }
  static RangeList otherRanges(const Part &part) { return without(merged(part.ranges), {part.whole}); }
  static RangeList joined(RangeList list, ByteRange more) {
    list.push_back(more);
    return list;
  }

  /// The attribute: what came into memory with `done` but not with `now`, and what will be with `next`; not what is kept.
  DictionaryAttr say(const RangeList &done, const RangeList &now, const RangeList &next, const RangeList &kept) {
    Builder builder(program.getContext());
    auto flat = [&](const RangeList &list) {
      SmallVector<int64_t> numbers;
      for (ByteRange range : without(list, kept))
        numbers.append({range.begin, range.end});
      return builder.getDenseI64ArrayAttr(numbers);
    };
    RangeList drop = without(pagesOf(done, weightsBytes), pagesOf(now, weightsBytes)), ahead = merged(next);
    return builder.getDictionaryAttr({builder.getNamedAttr("ahead", flat(ahead)), builder.getNamedAttr("drop", flat(drop))});
  }

  void writeSlices(const Part &part, const Part &next, const RangeList &kept) {
    SmallVector<Attribute> steps = {say({}, {}, {}, kept)}; // the barrier before has said it
    for (int64_t i = 1; i < part.slices; ++i)
      steps.push_back(say({part.slice(i - 1)}, {part.slice(i)}, i + 1 < part.slices ? RangeList{part.slice(i + 1)} : aheadOf(next), kept));
    deploy::CallOp call = part.sliced;
    call->setAttr(deploy::kSlicesAttr, ArrayAttr::get(program.getContext(), steps));
  }

  deploy::ProgramOp program;
  int64_t partBytes, weightsBytes;
  std::vector<Part> parts;
};

struct StreamWeights : impl::StreamWeightsBase<StreamWeights> {
  explicit StreamWeights(int64_t bytes) { windowBytes = bytes; }

  void runOnOperation() override {
    IntegerAttr total = getOperation()->getAttrOfType<IntegerAttr>("deploy.weights_bytes");
    if (windowBytes <= 0 || !total || total.getInt() <= windowBytes)
      return;
    std::vector<Streamer> programs;
    for (deploy::ProgramOp program : getOperation().getOps<deploy::ProgramOp>())
      programs.emplace_back(program, std::min<int64_t>(windowBytes / kPartShare, kMostPartBytes), total.getInt());
    RangeList stay = pagesOf(shared(programs), total.getInt());
    int64_t part = 0;
    for (const Streamer &program : programs)
      part = std::max(part, program.largestPart(stay));
    int64_t needed = bytesOf(stay) + 2 * (part + 2 * kAroundBytes);
    if (needed > windowBytes) {
      emitError(getOperation().getLoc()) << "window: " << static_cast<int64_t>(windowBytes) << " bytes are too few for weights that are streamed: " << needed
                                         << " are needed at once, of " << total.getInt();
      return signalPassFailure();
    }
    int64_t first = total.getInt();
    std::map<std::pair<int64_t, int64_t>, int64_t> ignored;
    for (const Streamer &program : programs)
      program.countUses(ignored, first);
    stay.push_back({first / kPageBytes * kPageBytes, std::min(first + windowBytes - needed, total.getInt()) / kPageBytes * kPageBytes});
    for (Streamer &program : programs)
      program.write(merged(stay));
    noteConstant();
  }

private:
  /// Small weights of many parts.
  RangeList shared(const std::vector<Streamer> &programs) const {
    RangeList list;
    for (const Streamer &program : programs) {
      std::map<std::pair<int64_t, int64_t>, int64_t> uses;
      int64_t first = 0;
      program.countUses(uses, first);
      for (auto [range, count] : uses)
        if (count > kMostUses && range.second - range.first <= windowBytes / kPartShare)
          list.push_back({range.first, range.second});
    }
    return merged(list);
  }

  /// For the header of the package.
  void noteConstant() {
    OpBuilder builder(&getContext());
    SmallVector<Attribute> list;
    if (ArrayAttr known = getOperation()->getAttrOfType<ArrayAttr>("nn.constants"))
      llvm::append_range(list, known);
    StringRef comment = "most bytes of weights in memory at once, with an ingot_stream attached (ingot/stream.h)";
    list.push_back(builder.getDictionaryAttr({builder.getNamedAttr("name", builder.getStringAttr("STREAM_BYTES")),
                                              builder.getNamedAttr("value", builder.getI64IntegerAttr(windowBytes)),
                                              builder.getNamedAttr("comment", builder.getStringAttr(comment))}));
    getOperation()->setAttr("nn.constants", builder.getArrayAttr(list));
  }
};

} // namespace

std::unique_ptr<Pass> createStreamWeights(int64_t windowBytes) { return std::make_unique<StreamWeights>(windowBytes); }

} // namespace ingot
