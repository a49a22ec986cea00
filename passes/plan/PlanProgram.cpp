// Kernel calls -> deploy.program: a place for every buffer, barriers where data crosses between workers.
#include "passes/Passes.h"
#include "passes/plan/Memory.h"
#include "passes/plan/SharedMemory.h"
#include "passes/plan/WorkSplit.h"

#include "dialects/deploy/Deploy.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/nn/Nn.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"

#include <map>

using namespace mlir;

namespace ingot {

#define GEN_PASS_DEF_PLANPROGRAM
#include "passes/plan/Passes.h.inc"

namespace {

/// "Conv 'conv1' + Relu 'relu1'" from the locations that fusion has joined.
void collectNames(Location loc, SmallVectorImpl<StringRef> &names) {
  if (NameLoc name = dyn_cast<NameLoc>(loc)) {
    if (!llvm::is_contained(names, name.getName().getValue()))
      names.push_back(name.getName().getValue());
    return;
  }
  if (FusedLoc fused = dyn_cast<FusedLoc>(loc))
    for (Location part : fused.getLocations())
      collectNames(part, names);
}

/// A buffer: where it lives, and which calls touch it.
struct Buffer {
  deploy::Space space = deploy::Space::arena;
  int64_t index = 0, offset = 0, bytes = 0;
  int64_t first = INT64_MAX, last = -1;
  int64_t parent = -1;     // a part of another buffer: its index, and where in it
  int64_t parentOffset = 0;
  bool shared = false;     // a part, or a whole that has parts
};

/// The plan of one function.
class Planner {
public:
  Planner(ModuleOp module, func::FuncOp main, const PassContext &context, SharedMemory &shared, const llvm::StringMap<kernel::FuncOp> &maps)
      : module(module), main(main), context(context), shared(shared), maps(maps), split(context.workers, context.choices) {}

  LogicalResult run() {
    collectCalls();
    if (failed(findBuffers()) || failed(checkStates()))
      return failure();
    findLifetimes();
    joinParts();
    findLifetimes();
    shareInPlace();
    placeArena();
    placeWeights();
    split.decide(calls, [&] { return countBarriers(); });
    writeProgram();
    return success();
  }

private:
  void collectCalls() {
    for (kernel::MicroOp call : main.getBody().front().getOps<kernel::MicroOp>())
      calls.push_back(call);
  }

  size_t newBuffer(Value value, deploy::Space space, int64_t index) {
    Buffer buffer;
    buffer.space = space;
    buffer.index = index;
    buffer.bytes = bytesOf(value);
    buffers.push_back(buffer);
    bufferOf[value] = buffers.size() - 1;
    return buffers.size() - 1;
  }

  // Every value gets a buffer: its own, or that of the value it is a view of or overwrites.
  LogicalResult findBuffers() {
    for (BlockArgument argument : main.getArguments())
      newBuffer(argument, deploy::Space::input, argument.getArgNumber());
    for (Operation &op : main.getBody().front()) {
      if (kernel::ViewOp view = dyn_cast<kernel::ViewOp>(op)) {
        bufferOf[view.getResult()] = bufferOf.lookup(view.getInput());
        continue;
      }
      if (nn::StateOp state = dyn_cast<nn::StateOp>(op)) {
        if (failed(findState(state)))
          return failure();
        continue;
      }
      kernel::MicroOp call = dyn_cast<kernel::MicroOp>(op);
      for (Value result : op.getResults()) {
        if (call && call.getDest() && result == call.getResult(0))
          bufferOf[result] = bufferOf.lookup(call.getInputs()[*call.getDest()]);
        else
          newBuffer(result, isa<nn::WeightOp, nn::ConstantOp>(op) ? deploy::Space::weights : deploy::Space::arena, 0);
      }
    }
    for (OpOperand &operand : main.getBody().front().getTerminator()->getOpOperands()) {
      Buffer &buffer = buffers[bufferOf.lookup(operand.get())];
      buffer.space = deploy::Space::output;
      buffer.index = operand.getOperandNumber();
    }
    return success();
  }

  /// All ops of one state have one buffer, at the same place in every entry point.
  LogicalResult findState(nn::StateOp state) {
    std::optional<int64_t> offset = shared.placeState(state);
    if (!offset)
      return state.emitOpError("V1: the state has another type elsewhere");
    auto [known, isNew] = stateBuffers.try_emplace(state.getSymbol(), buffers.size());
    if (isNew)
      buffers[newBuffer(state, deploy::Space::state, 0)].offset = *offset;
    bufferOf[state] = known->second;
    return success();
  }

  /// 0 for a state as the run found it, else 1 + the number of the call that made the value.
  size_t versionOf(Value value) {
    kernel::MicroOp call = kernel::throughViews(value).getDefiningOp<kernel::MicroOp>();
    return call ? static_cast<size_t>(llvm::find(calls, call) - calls.begin()) + 1 : 0;
  }

  // States have one buffer each, so a value of theirs must not be read after the next one is there, and what is there at the end must be what
  // nn.write_state asked for.
  LogicalResult checkStates() {
    std::map<size_t, size_t> version; // of a state's buffer: what it holds now, when not what the run found
    auto isStale = [&](Value value) {
      size_t buffer = bufferOf.lookup(value);
      auto now = version.find(buffer);
      return buffers[buffer].space == deploy::Space::state && versionOf(value) != (now == version.end() ? 0 : now->second);
    };
    for (auto [i, call] : llvm::enumerate(calls)) {
      if (llvm::any_of(call.getInputs(), isStale))
        return emitError(call.getLoc()) << "a state is read after its next value has been written over it";
      if (call.getDest() && buffers[bufferOf.lookup(call.getResult(0))].space == deploy::Space::state)
        version[bufferOf.lookup(call.getResult(0))] = i + 1;
    }
    for (nn::WriteStateOp write : main.getBody().front().getOps<nn::WriteStateOp>()) {
      auto known = stateBuffers.find(write.getSymbol());
      if (known == stateBuffers.end() || bufferOf.lookup(write.getValue()) != known->second || isStale(write.getValue()))
        return write.emitOpError("the value is not the last one in the state's buffer");
      version.erase(known->second);
    }
    if (!version.empty())
      return emitError(calls[version.begin()->second - 1].getLoc()) << "a state is overwritten without nn.write_state";
    return success();
  }

  void findLifetimes() {
    for (Buffer &buffer : buffers) {
      buffer.first = INT64_MAX;
      buffer.last = -1;
    }
    for (size_t i = 0; i < calls.size(); ++i)
      touch(i);
    for (const Buffer &part : buffers) {
      for (int64_t i = part.parent; i >= 0; i = buffers[i].parent) {
        buffers[i].first = std::min(buffers[i].first, part.first);
        buffers[i].last = std::max(buffers[i].last, part.last);
      }
    }
  }

  void touch(size_t i) {
    auto extend = [&](Value value) {
      Buffer &buffer = buffers[bufferOf.lookup(value)];
      buffer.first = std::min<int64_t>(buffer.first, i);
      buffer.last = std::max<int64_t>(buffer.last, i);
    };
    llvm::for_each(calls[i].getInputs(), extend);
    llvm::for_each(calls[i].getResults(), extend);
  }

  /// The view (offset and strides) of operand i of an outlined map; empty when the call is no map.
  std::pair<int64_t, ArrayRef<int64_t>> mapView(kernel::FuncOp function, size_t i) {
    size_t rank = function.getDims().size();
    return {function.getOffsets()[i], function.getStrides().slice(i * rank, rank)};
  }

  // A map works in place when an input that dies with it is as large as the result and addressed exactly like it.
  void shareInPlace() {
    for (size_t i = 0; i < calls.size(); ++i) {
      kernel::FuncOp function = maps.lookup(calls[i].getRow());
      if (!function || calls[i].getDest())
        continue;
      size_t result = bufferOf.lookup(calls[i].getResult(0)), operands = calls[i].getInputs().size();
      for (size_t j = 0; j < operands; ++j) {
        size_t input = bufferOf.lookup(calls[i].getInputs()[j]);
        if (canShare(input, result, i) && mapView(function, j) == mapView(function, operands) && readsOnce(calls[i], input)) {
          merge(result, input);
          break;
        }
      }
    }
  }

  // %c = kernel "conv"; %j = copy %c into %joined at offset o -> the convolution writes into %joined itself, the copy is no call.
  // Only for a buffer that begins as kernel.empty: no other call writes the part.
  void joinParts() {
    SmallVector<kernel::MicroOp> kept;
    for (kernel::MicroOp call : calls) {
      std::optional<int64_t> offset = copyOffset(call);
      size_t part = call.getInputs().empty() ? 0 : bufferOf.lookup(call.getInputs()[0]);
      if (!offset || !canJoin(part, call)) {
        kept.push_back(call);
        continue;
      }
      size_t whole = bufferOf.lookup(call.getResult(0));
      buffers[part].parent = whole;
      buffers[part].parentOffset = *offset;
      buffers[part].shared = buffers[whole].shared = true;
    }
    calls = kept;
  }

  /// Byte offset at which the call copies its whole input, one run, into its destination; nullopt for any other call.
  std::optional<int64_t> copyOffset(kernel::MicroOp call) {
    kernel::FuncOp function = maps.lookup(call.getRow());
    if (!function || !call.getDest() || call.getInputs().size() != 2 || function.getDims().size() != 1)
      return std::nullopt;
    Block &body = function.getBody().front();
    bool isRun = function.getStrides() == ArrayRef<int64_t>({1, 1}) && function.getOffsets()[0] == 0 && isa<BlockArgument>(body.getTerminator()->getOperand(0));
    RankedTensorType type = cast<RankedTensorType>(call.getInputs()[0].getType());
    if (!isRun || function.getDims()[0] != type.getNumElements() || type.getNumElements() == 0)
      return std::nullopt;
    int64_t bytes = function.getOffsets()[1] * (bytesOf(call.getInputs()[0]) / type.getNumElements());
    return bytes % kBufferAlign == 0 ? std::optional<int64_t>(bytes) : std::nullopt;
  }

  bool canJoin(size_t part, kernel::MicroOp call) {
    Value base = call.getInputs()[1];
    while (kernel::MicroOp previous = base.getDefiningOp<kernel::MicroOp>()) {
      if (!previous.getDest())
        return false;
      base = previous.getInputs()[*previous.getDest()];
    }
    size_t whole = bufferOf.lookup(base);
    bool outside = buffers[part].space == deploy::Space::arena && buffers[part].parent < 0 && part != whole;
    for (int64_t i = buffers[whole].parent; i >= 0; i = buffers[i].parent)
      outside &= static_cast<size_t>(i) != part;
    return outside && base.getDefiningOp<kernel::EmptyOp>() && buffers[part].last >= 0;
  }

  bool canShare(size_t input, size_t result, int64_t call) {
    const Buffer &from = buffers[input], &to = buffers[result];
    return input != result && !from.shared && !to.shared && from.space == deploy::Space::arena && to.space == deploy::Space::arena && from.last == call && to.first == call &&
           from.bytes == to.bytes;
  }

  bool readsOnce(kernel::MicroOp call, size_t buffer) {
    return llvm::count_if(call.getInputs(), [&](Value value) { return bufferOf.lookup(value) == buffer; }) == 1;
  }

  void merge(size_t from, size_t into) {
    buffers[into].last = std::max(buffers[into].last, buffers[from].last);
    for (auto &entry : bufferOf)
      if (entry.second == from)
        entry.second = into;
    buffers[from].first = INT64_MAX;
    buffers[from].last = -1;
  }

  void placeArena() {
    std::vector<LiveBuffer> live;
    std::vector<size_t> owner;
    for (size_t i = 0; i < buffers.size(); ++i) {
      const Buffer &buffer = buffers[i];
      if (buffer.space != deploy::Space::arena || buffer.last < 0 || buffer.parent >= 0)
        continue;
      live.push_back({buffer.bytes, buffer.first, buffer.last});
      owner.push_back(i);
    }
    arenaBytes = packArena(live);
    for (size_t i = 0; i < live.size(); ++i) {
      buffers[owner[i]].offset = live[i].offset;
      lifetimes.append({live[i].offset, live[i].bytes, live[i].first, live[i].last});
    }
    for (Buffer &buffer : buffers) {
      if (buffer.parent < 0)
        continue;
      int64_t root = buffer.parent;
      buffer.offset = buffer.parentOffset;
      for (; buffers[root].parent >= 0; root = buffers[root].parent)
        buffer.offset += buffers[root].parentOffset;
      buffer.offset += buffers[root].offset;
      buffer.space = buffers[root].space;
      buffer.index = buffers[root].index;
      buffer.last = -1; // placed with its root
    }
  }

  // In the order of first use, each tensor once.
  void placeWeights() {
    for (kernel::MicroOp call : calls)
      for (Value input : call.getInputs()) {
        Buffer &buffer = buffers[bufferOf.lookup(input)];
        if (buffer.space != deploy::Space::weights)
          continue;
        buffer.offset = shared.placeWeight(kernel::throughViews(input).getDefiningOp());
      }
  }

  /// A range of bytes that a call touches.
  struct Access {
    deploy::Space space;
    int64_t index, begin, end;
    bool writes;
    bool serial; // by worker 0 alone
    bool conflicts(const Access &other) const {
      return (writes || other.writes) && !(serial && other.serial) && space == other.space && index == other.index && begin < other.end && other.begin < end;
    }
  };

  int64_t countBarriers() {
    int64_t barriers = 0;
    SmallVector<Access> pending;
    for (kernel::MicroOp call : calls)
      barriers += passBarrier(call, pending).second;
    return barriers;
  }

  deploy::PlaceAttr place(Value value) {
    const Buffer &buffer = buffers[bufferOf.lookup(value)];
    return deploy::PlaceAttr::get(module.getContext(), buffer.space, buffer.index, buffer.offset, bytesOf(value));
  }

  /// First and one past the last byte of its operand that a map touches.
  std::pair<int64_t, int64_t> touchedBytes(StringRef row, size_t operand, Value value) {
    kernel::FuncOp function = maps.lookup(row);
    auto [low, strides] = mapView(function, operand);
    int64_t high = low, count = cast<RankedTensorType>(value.getType()).getNumElements();
    for (auto [stride, extent] : llvm::zip(strides, function.getDims()))
      (stride < 0 ? low : high) += stride * (extent - 1);
    int64_t width = count ? bytesOf(value) / count : 0;
    return {low * width, (high + 1) * width};
  }

  /// The places in the order of the kernel's arguments, and what they mean for the schedule.
  SmallVector<Attribute> placesOf(kernel::MicroOp call, SmallVectorImpl<Access> &accesses) {
    SmallVector<Attribute> places;
    bool isMap = maps.contains(call.getRow());
    auto add = [&](Value value, bool writes) {
      deploy::PlaceAttr at = place(value);
      auto [begin, end] = isMap ? touchedBytes(call.getRow(), places.size(), value) : std::pair<int64_t, int64_t>(0, at.getBytes());
      accesses.push_back({at.getSpace(), at.getIndex(), at.getOffset() + begin, at.getOffset() + end, writes, split.isSerial(call)});
      places.push_back(at);
    };
    for (auto [i, input] : llvm::enumerate(call.getInputs()))
      if (!isMap || !call.getDest() || i != *call.getDest()) // a map only writes its destination
        add(input, false);
    for (Value result : call.getResults())
      add(result, true);
    if (call.getScratch() > 0)
      places.push_back(deploy::PlaceAttr::get(module.getContext(), deploy::Space::scratch, 0, 0, call.getScratch()));
    return places;
  }

  /// The places of a call, and whether a barrier must stand before it; `pending`: what was touched since the last one, now with the call.
  std::pair<SmallVector<Attribute>, bool> passBarrier(kernel::MicroOp call, SmallVectorImpl<Access> &pending) {
    SmallVector<Access> accesses;
    SmallVector<Attribute> places = placesOf(call, accesses);
    bool crosses = llvm::any_of(accesses, [&](const Access &a) { return llvm::any_of(pending, [&](const Access &p) { return a.conflicts(p); }); });
    if (crosses)
      pending.clear();
    pending.append(accesses);
    return {places, crosses};
  }

  void writeProgram() {
    OpBuilder builder(main);
    int64_t scratch = 0;
    for (kernel::MicroOp call : calls)
      scratch = std::max(scratch, (static_cast<int64_t>(call.getScratch()) + kBufferAlign - 1) / kBufferAlign * kBufferAlign);
    StringRef entry = main.getName() == "main" ? "run" : main.getName();
    deploy::ProgramOp program = deploy::ProgramOp::create(builder, main.getLoc(), entry, arenaBytes, scratch, context.workers,
                                                          ioList(main.getArgumentTypes(), true), ioList(main.getResultTypes(), false));
    program.getBody().emplaceBlock();
    program->setAttr("buffers", builder.getDenseI64ArrayAttr(lifetimes));
    builder.setInsertionPointToEnd(&program.getBody().front());
    SmallVector<Access> pending;
    for (kernel::MicroOp call : calls) {
      auto [places, crosses] = passBarrier(call, pending);
      if (crosses)
        deploy::BarrierOp::create(builder, call.getLoc());
      SmallVector<StringRef> names;
      collectNames(call.getLoc(), names);
      auto step = deploy::CallOp::create(builder, call.getLoc(), call.getRow(), call.getParams(), builder.getArrayAttr(places), call.getWork(), split.isSerial(call),
                             builder.getStringAttr(llvm::join(names, " + ")), call.getTurnsAttr());
      if (context.choices)
        nameChoices(call, step);
    }
    main.erase();
  }

  /// Says in the step what it depends on, for the tuner and the report.
  void nameChoices(kernel::MicroOp call, deploy::CallOp step) {
    if (Attribute key = call->getAttr(kKernelChoice))
      step->setAttr(kKernelChoice, key);
    if (context.workers > 1)
      step->setAttr(kSplitChoice, StringAttr::get(module.getContext(), split.key(call)));
  }

  ArrayAttr ioList(ArrayRef<Type> types, bool isInput) {
    Builder builder(module.getContext());
    SmallVector<Attribute> list;
    for (auto [i, type] : llvm::enumerate(types)) {
      StringAttr name = isInput ? main.getArgAttrOfType<StringAttr>(i, "nn.name") : main.getResultAttrOfType<StringAttr>(i, "nn.name");
      if (!name)
        name = builder.getStringAttr((isInput ? "input" : "output") + std::to_string(i));
      SmallVector<NamedAttribute> entry = {builder.getNamedAttr("name", name), builder.getNamedAttr("type", TypeAttr::get(type))};
      if (Attribute bound = isInput ? main.getArgAttr(i, "nn.bound") : Attribute())
        entry.push_back(builder.getNamedAttr("bound", bound));
      if (Attribute extent = isInput ? Attribute() : main.getResultAttr(i, "nn.extent"))
        entry.push_back(builder.getNamedAttr("extent", extent));
      list.push_back(builder.getDictionaryAttr(entry));
    }
    return builder.getArrayAttr(list);
  }

  ModuleOp module;
  func::FuncOp main;
  const PassContext &context;
  SharedMemory &shared;
  const llvm::StringMap<kernel::FuncOp> &maps; // of the module, by name
  SmallVector<kernel::MicroOp> calls;
  SmallVector<Buffer> buffers;
  llvm::DenseMap<Value, size_t> bufferOf; // looked up, never iterated for output
  llvm::StringMap<size_t> stateBuffers;   // likewise
  SmallVector<int64_t> lifetimes;
  int64_t arenaBytes = 0;
  WorkSplit split;
};

struct PlanProgram : impl::PlanProgramBase<PlanProgram> {
  explicit PlanProgram(const PassContext &context) : context(context) {}

  void runOnOperation() override {
    SmallVector<func::FuncOp> entries;
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>())
      if (!function.isExternal())
        entries.push_back(function);
    if (entries.empty()) {
      emitError(getOperation().getLoc()) << "the module has no function to plan";
      return signalPassFailure();
    }
    llvm::StringMap<kernel::FuncOp> maps;
    for (kernel::FuncOp map : getOperation().getOps<kernel::FuncOp>())
      maps[map.getSymName()] = map;
    SharedMemory shared(context.store);
    for (func::FuncOp entry : entries)
      if (failed(Planner(getOperation(), entry, context, shared, maps).run()))
        return signalPassFailure();
    shared.write(getOperation());
  }

  PassContext context;
};

} // namespace

std::unique_ptr<Pass> createPlanProgram(const PassContext &context) { return std::make_unique<PlanProgram>(context); }

} // namespace ingot
