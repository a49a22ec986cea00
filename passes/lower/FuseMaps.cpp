// Joins maps: a consumer that reads another map's result computes it in place.
//   %p = kernel.map(%x) ... { f }            %c = kernel.map(%x) ... { g(f(x)) }
//   %c = kernel.map(%p) ... { g }     ->
// Strided reads compose, so transposes, slices, broadcasts and concats disappear into their readers and writers.
#include "passes/Passes.h"
#include "dialects/nn/Nn.h"
#include "passes/lower/Map.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;

namespace ingot {

#define GEN_PASS_DEF_FUSEMAPS
#include "passes/lower/Passes.h.inc"

namespace {

constexpr size_t kMaxInputs = 16;  // pointers that one loop can keep in registers
constexpr size_t kMaxBodyOps = 96; // beyond this the loop spills; calls count as one

/// A map taken apart. `inputs` are those that the body reads.
struct MapParts {
  SmallVector<int64_t> dims;
  SmallVector<StridedView> inputs;
  int64_t resultOffset;
  SmallVector<int64_t> resultStrides;
  Value dest;

  explicit MapParts(kernel::MapOp map) : dims(map.getDims()) {
    size_t rank = dims.size(), reads = map.getInputs().size() - (map.getHasDest() ? 1 : 0);
    ArrayRef<int64_t> strides = map.getStrides();
    for (size_t i = 0; i < reads; ++i)
      inputs.push_back({map.getInputs()[i], map.getOffsets()[i], SmallVector<int64_t>(strides.slice(i * rank, rank))});
    resultOffset = map.getOffsets()[reads];
    resultStrides.assign(strides.begin() + reads * rank, strides.begin() + (reads + 1) * rank);
    if (map.getHasDest())
      dest = map.getInputs().back();
  }

  int64_t points() const {
    int64_t n = 1;
    for (int64_t extent : dims)
      n *= extent;
    return n;
  }

  /// Splits dim d of extent n into (n / inner, inner) for every operand.
  void split(size_t d, int64_t inner) {
    auto splitStrides = [&](SmallVector<int64_t> &strides) {
      strides.insert(strides.begin() + d + 1, strides[d]);
      strides[d] *= inner;
    };
    dims.insert(dims.begin() + d + 1, inner);
    dims[d] /= inner;
    for (StridedView &view : inputs)
      splitStrides(view.strides);
    splitStrides(resultStrides);
  }
};

/// Consumer point -> producer point: index[k] = base[k] + sum over d of step[d][k] * i[d].
struct PointMap {
  SmallVector<int64_t> base;
  SmallVector<SmallVector<int64_t>> step;
};

/// Greedy digits of an address in the row-major box `dims` (extents of 1 are skipped).
SmallVector<int64_t> digits(int64_t address, ArrayRef<int64_t> dims, ArrayRef<int64_t> strides) {
  SmallVector<int64_t> result(dims.size(), 0);
  int64_t sign = address < 0 ? -1 : 1, rest = std::abs(address);
  for (size_t k = 0; k < dims.size(); ++k) {
    if (dims[k] == 1)
      continue;
    result[k] = sign * (rest / strides[k]);
    rest %= strides[k];
  }
  return result;
}

/// The extent at which dim d of the consumer leaves producer axis k: where to split it; 0 when a split cannot help.
int64_t splitPoint(int64_t extent, int64_t stride, int64_t producerExtent, int64_t producerStride) {
  int64_t size = producerExtent * producerStride, step = std::abs(stride);
  if (step == 0 || size % step != 0)
    return 0;
  int64_t inner = size / step;
  return inner > 1 && inner < extent && extent % inner == 0 ? inner : 0;
}

/// Maps points of `consumer` reading `view` to points of a row-major box; splits dims of the consumer where that makes it possible. An empty box has none.
std::optional<PointMap> mapPoints(MapParts &consumer, size_t input, ArrayRef<int64_t> box) {
  if (llvm::is_contained(box, 0))
    return std::nullopt;
  SmallVector<int64_t> strides = rowMajorStrides(box);
  for (size_t attempt = 0; attempt <= box.size() + 2; ++attempt) {
    const StridedView &view = consumer.inputs[input];
    PointMap map;
    map.base = digits(view.offset, box, strides);
    for (size_t d = 0; d < consumer.dims.size(); ++d)
      map.step.push_back(consumer.dims[d] == 1 ? SmallVector<int64_t>(box.size(), 0) : digits(view.strides[d], box, strides));
    bool inside = view.offset >= 0;
    std::optional<std::pair<size_t, int64_t>> split;
    for (size_t k = 0; k < box.size(); ++k) {
      int64_t low = map.base[k], high = map.base[k];
      for (size_t d = 0; d < consumer.dims.size(); ++d) {
        int64_t reach = map.step[d][k] * (consumer.dims[d] - 1);
        (reach < 0 ? low : high) += reach;
        if (int64_t inner = splitPoint(consumer.dims[d], view.strides[d], box[k], strides[k]); reach != 0 && inner && !split)
          split = {d, inner};
      }
      inside &= low >= 0 && high < box[k];
    }
    if (inside)
      return map;
    if (!split)
      return std::nullopt;
    consumer.split(split->first, split->second);
  }
  return std::nullopt;
}

/// Uses of a value, counting those of views of it instead of the views.
size_t countUses(Value value) {
  size_t uses = 0;
  for (OpOperand &use : value.getUses())
    uses += isa<kernel::ViewOp>(use.getOwner()) ? countUses(use.getOwner()->getResult(0)) : 1;
  return uses;
}

bool onlyMoves(kernel::MapOp map) {
  Block &body = map.getBody().front();
  return body.getOperations().size() == 1 && isa<BlockArgument>(body.getTerminator()->getOperand(0));
}

size_t elementBits(Value value) {
  Type type = cast<RankedTensorType>(value.getType()).getElementType();
  return type.getIntOrFloatBitWidth();
}

/// The producer that input i of the consumer may swallow, or null.
kernel::MapOp fusableProducer(kernel::MapOp consumer, const MapParts &parts, size_t i) {
  Value root = kernel::throughViews(parts.inputs[i].base);
  kernel::MapOp producer = root.getDefiningOp<kernel::MapOp>();
  if (!producer || producer.getHasDest() || producer->getBlock() != consumer->getBlock() || elementBits(root) != elementBits(parts.inputs[i].base))
    return {};
  MapParts from(producer);
  if (from.resultOffset != 0 || llvm::ArrayRef(from.resultStrides) != llvm::ArrayRef(rowMajorStrides(from.dims)))
    return {};
  bool moves = onlyMoves(producer);
  if (!moves && (countUses(root) != 1 || parts.points() > from.points()))
    return {};
  if (parts.inputs.size() + from.inputs.size() - 1 > kMaxInputs)
    return {};
  size_t ops = consumer.getBody().front().getOperations().size() + producer.getBody().front().getOperations().size();
  return ops <= kMaxBodyOps ? producer : kernel::MapOp();
}

/// Appends a view unless an equal one is there; returns its index.
size_t addInput(SmallVector<StridedView> &inputs, const StridedView &view) {
  for (size_t i = 0; i < inputs.size(); ++i)
    if (inputs[i].base == view.base && inputs[i].offset == view.offset && inputs[i].strides == view.strides)
      return i;
  inputs.push_back(view);
  return inputs.size() - 1;
}

/// Clones a body at the builder; returns what it yields.
Value cloneBody(OpBuilder &builder, Block &body, ValueRange args) {
  IRMapping mapping;
  mapping.map(body.getArguments(), args);
  for (Operation &op : body.without_terminator())
    builder.clone(op, mapping);
  return mapping.lookupOrDefault(body.getTerminator()->getOperand(0));
}

/// The consumer with input `fused` (may be none: -1) computed by `producer`, equal inputs merged. Replaces the consumer.
kernel::MapOp rebuild(kernel::MapOp consumer, const MapParts &parts, int64_t fused, kernel::MapOp producer, ArrayRef<StridedView> producerViews) {
  SmallVector<StridedView> inputs;
  SmallVector<size_t> own, from;
  for (size_t i = 0; i < parts.inputs.size(); ++i)
    own.push_back(static_cast<int64_t>(i) == fused ? 0 : addInput(inputs, parts.inputs[i]));
  for (const StridedView &view : producerViews)
    from.push_back(addInput(inputs, view));
  OpBuilder builder(consumer);
  Location loc = producer ? builder.getFusedLoc({producer.getLoc(), consumer.getLoc()}) : consumer.getLoc();
  Value result = buildMap(builder, loc, cast<RankedTensorType>(consumer.getResult().getType()), parts.dims, inputs, parts.resultOffset,
                          parts.resultStrides, parts.dest, [&](OpBuilder &b, Location, ValueRange args) {
                            SmallVector<Value> values;
                            for (size_t i = 0; i < own.size(); ++i) {
                              if (static_cast<int64_t>(i) != fused) {
                                values.push_back(args[own[i]]);
                                continue;
                              }
                              SmallVector<Value> producerArgs;
                              for (size_t j : from)
                                producerArgs.push_back(args[j]);
                              values.push_back(cloneBody(b, producer.getBody().front(), producerArgs));
                            }
                            return cloneBody(b, consumer.getBody().front(), values);
                          });
  consumer.getResult().replaceAllUsesWith(result);
  consumer.erase();
  return result.getDefiningOp<kernel::MapOp>();
}

struct FuseMaps : impl::FuseMapsBase<FuseMaps> {
  void runOnOperation() override {
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>()) {
      if (function.isExternal())
        continue;
      SmallVector<kernel::MapOp> maps(function.getBody().front().getOps<kernel::MapOp>());
      for (kernel::MapOp map : maps)
        fuseInto(map);
      eraseDead(function);
    }
  }

  void fuseInto(kernel::MapOp consumer) {
    consumer = rebuild(consumer, MapParts(consumer), -1, {}, {});
    for (bool changed = true; changed;) {
      changed = false;
      size_t reads = MapParts(consumer).inputs.size();
      for (size_t i = 0; i < reads && !changed; ++i)
        changed = fuseInput(consumer, i);
    }
  }

  bool fuseInput(kernel::MapOp &consumer, size_t i) {
    MapParts parts(consumer);
    kernel::MapOp producer = fusableProducer(consumer, parts, i);
    if (!producer)
      return false;
    MapParts from(producer);
    std::optional<PointMap> points = mapPoints(parts, i, from.dims);
    if (!points)
      return false;
    SmallVector<StridedView> views;
    for (const StridedView &view : from.inputs) {
      StridedView composed{view.base, view.offset, {}};
      for (size_t k = 0; k < from.dims.size(); ++k)
        composed.offset += points->base[k] * view.strides[k];
      for (const SmallVector<int64_t> &step : points->step) {
        int64_t stride = 0;
        for (size_t k = 0; k < from.dims.size(); ++k)
          stride += step[k] * view.strides[k];
        composed.strides.push_back(stride);
      }
      views.push_back(composed);
    }
    consumer = rebuild(consumer, parts, i, producer, views);
    return true;
  }

  void eraseDead(func::FuncOp function) {
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(function.getBody().front())))
      if (isa<kernel::MapOp, kernel::ViewOp, kernel::MicroOp, kernel::EmptyOp, nn::WeightOp, nn::ConstantOp, nn::StateOp>(op) && op.use_empty())
        op.erase();
  }
};

} // namespace

std::unique_ptr<Pass> createFuseMaps() { return std::make_unique<FuseMaps>(); }

} // namespace ingot
