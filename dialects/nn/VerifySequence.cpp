// Verifiers of the ops in SequenceOps.td. The label in a message is the rule's name there.
#include "dialects/nn/Nn.h"
#include "dialects/nn/Shapes.h"

using namespace mlir;
using namespace ingot::nn;

namespace {

bool isF32(RankedTensorType type, int64_t rank) { return type.getElementType().isF32() && type.getRank() == rank; }
/// [H, T, D], one a sequence where there are several.
bool isCache(RankedTensorType type, bool isOfSequence) {
  Type element = type.getElementType();
  return (element.isF16() || element.isF32() || element.isUnsignedInteger(8)) && type.getRank() == (isOfSequence ? 4 : 3);
}
/// The cache's rows hold `width` elements.
bool holds(RankedTensorType cache, int64_t width) {
  bool isBytes = cache.getElementType().isUnsignedInteger(8);
  return cache.getShape().back() == (isBytes ? cachedRowBytes(width) : width);
}
bool isPosition(RankedTensorType type, int64_t count) {
  return type.getElementType().isSignlessInteger(32) && type.getShape() == ArrayRef<int64_t>({count});
}
/// One position, or with a sequence as many of both: one, or one a row.
bool arePositions(RankedTensorType position, Value sequence, int64_t rows) {
  if (!sequence)
    return isPosition(position, 1);
  return sequence.getType() == position && (isPosition(position, 1) || isPosition(position, rows));
}

} // namespace

LogicalResult RopeOp::verify() {
  RankedTensorType in = getInput().getType(), table = getTable().getType();
  if (!isF32(in, 3) || getResult().getType() != in)
    return emitOpError("H1: input and result are not the same f32 tensor of rank 3");
  if (!isF32(table, 2) || table.getDimSize(0) < 1 || table.getDimSize(1) % 2 != 0 || table.getDimSize(1) > in.getDimSize(2))
    return emitOpError("H2: the table is no f32 [T, R] with T >= 1 and an even R <= D");
  RankedTensorType position = getPosition().getType();
  bool fits = isPosition(position, 1) || isPosition(position, in.getDimSize(0));
  return fits ? success() : emitOpError("H2: the position is neither tensor<1xi32> nor one i32 a row");
}

LogicalResult CacheAppendOp::verify() {
  RankedTensorType cache = getCache().getType(), rows = getRows().getType();
  if (!isCache(cache, getSequence() != nullptr) || getResult().getType() != cache)
    return emitOpError("H3: cache and result are not the same f16, f32 or ui8 tensor of rank 3, with a sequence 4");
  ArrayRef<int64_t> one = cache.getShape().take_back(3); // of one sequence: [H, T, D]
  if (!isF32(rows, 3) || rows.getDimSize(1) != one[0] || !holds(cache, rows.getDimSize(2)))
    return emitOpError("H3: the rows are no f32 [M, H, D] of the cache's H and D");
  if (getRing() && rows.getDimSize(0) > one[1])
    return emitOpError("H3: more rows than the ring holds");
  bool fits = arePositions(getPosition().getType(), getSequence(), rows.getDimSize(0));
  return fits ? success() : emitOpError("H3: the position is not tensor<1xi32>, or with a sequence not as many as it: one, or one a row");
}

/// H6: nothing that a query of the step sees has been overwritten by the step's own rows.
static LogicalResult verifyRing(CachedAttentionOp op) {
  if (!op.getRing())
    return success();
  int64_t window = static_cast<int64_t>(op.getWindow()), length = op.getKey().getType().getShape().take_back(2)[0], rows = op.getQuery().getType().getDimSize(0);
  if (window == 0 || op.getWhole() || length % 48 != 0 || length - rows < window - 1)
    return op.emitOpError("H6: the ring has no window, or cannot hold the window beside the step's rows");
  return success();
}

/// H4: the shapes of queries, caches, sinks and result.
static LogicalResult verifyShapes(CachedAttentionOp op) {
  RankedTensorType query = op.getQuery().getType(), key = op.getKey().getType(), value = op.getValue().getType(), out = op.getResult().getType();
  bool isOfSequence = op.getSequence() != nullptr;
  if (!isF32(query, 3) || !isF32(out, 3) || !isCache(key, isOfSequence) || !isCache(value, isOfSequence))
    return op.emitOpError("H4: queries and result are f32 of rank 3, keys and values f16, f32 or ui8 of rank 3, with a sequence 4");
  ArrayRef<int64_t> keys = key.getShape().take_back(3); // of one sequence: [Hk, T, D]
  bool agree = out.getDimSize(0) == query.getDimSize(0) && out.getDimSize(1) == query.getDimSize(1) && holds(key, query.getDimSize(2)) &&
               value.getShape().drop_back() == key.getShape().drop_back() && holds(value, out.getDimSize(2));
  if (!agree || keys[1] < 1)
    return op.emitOpError("H4: the shapes do not agree in M, Hq, Hk, D, T and E");
  if (keys[0] < 1 || query.getDimSize(1) % keys[0] != 0)
    return op.emitOpError("H4: the cache's heads do not divide the query's");
  if (Value sinks = op.getSinks())
    if (auto type = cast<RankedTensorType>(sinks.getType()); !isF32(type, 1) || type.getDimSize(0) != query.getDimSize(1))
      return op.emitOpError("H4: the sinks are no f32 [Hq]");
  return success();
}

LogicalResult CachedAttentionOp::verify() {
  if (failed(verifyShapes(*this)))
    return failure();
  if (!arePositions(getPosition().getType(), getSequence(), getQuery().getType().getDimSize(0)))
    return emitOpError("H5: the position is not tensor<1xi32>, or with a sequence not as many as it: one, or one a row");
  if (static_cast<int64_t>(getWindow()) < 0 || !(getSoftcap().convertToDouble() >= 0) || !(getAlibi().convertToDouble() >= 0))
    return emitOpError("H5: window, softcap or alibi is negative");
  if (getSequence() && getWhole())
    return emitOpError("H7: attention of a sequence among several is not whole");
  if (getPiecewise() && (getWindow() == 0 || getWhole()))
    return emitOpError("H7: attention piece by piece has no window, or is whole");
  return verifyRing(*this);
}

LogicalResult CausalConvOp::verify() {
  RankedTensorType state = getState().getType(), rows = getRows().getType(), filter = getFilter().getType();
  bool fits = isF32(state, 3) && getAfter().getType() == state && isF32(rows, 2) && getResult().getType() == rows && isF32(filter, 2);
  if (!fits || state.getDimSize(0) < 1 || state.getDimSize(1) < 1 || filter.getDimSize(0) != state.getDimSize(1) + 1 ||
      rows.getDimSize(1) != state.getDimSize(2) || filter.getDimSize(1) != state.getDimSize(2))
    return emitOpError("H8: state, rows and filter are no f32 [S, T, E], [M, E] and [T + 1, E], or after and result not like state and rows");
  if (!arePositions(getPosition().getType(), getSequence(), rows.getDimSize(0)) || !isPosition(getCount().getType(), 1))
    return emitOpError("H9: positions and sequences are not i32 [1] or [M], or the count is not tensor<1xi32>");
  return success();
}

LogicalResult SelectiveScanOp::verify() {
  RankedTensorType state = getState().getType(), rows = getRows().getType(), result = getResult().getType();
  auto isVector = [](RankedTensorType type, int64_t length) { return isF32(type, 1) && type.getDimSize(0) == length; };
  bool fits = isF32(state, 4) && getAfter().getType() == state && isF32(rows, 2) && isF32(result, 2) && isF32(getDelta().getType(), 2);
  if (!fits || llvm::is_contained(state.getShape(), 0))
    return emitOpError("H10: state, rows, delta and result are no f32 [S, H, N, P], [M, ...], [M, H] and [M, H P], or after is not like the state");
  int64_t heads = state.getDimSize(1), length = state.getDimSize(2), width = heads * state.getDimSize(3), count = rows.getDimSize(0);
  int64_t rest = rows.getDimSize(1) - width, groups = rest / (2 * length);
  if (rest < 1 || rest % (2 * length) != 0 || heads % groups != 0 || result.getShape() != ArrayRef<int64_t>({count, width}))
    return emitOpError("H10: rows and result are not [M, H P + 2 G N] with a G that divides H and [M, H P]");
  if (getDelta().getType().getShape() != ArrayRef<int64_t>({count, heads}) || !isVector(getDecay().getType(), heads) || !isVector(getSkip().getType(), heads))
    return emitOpError("H10: delta, decay and skip are no f32 [M, H], [H] and [H]");
  if (!arePositions(getPosition().getType(), getSequence(), count) || !isPosition(getCount().getType(), 1))
    return emitOpError("H11: positions and sequences are not i32 [1] or [M], or the count is not tensor<1xi32>");
  return success();
}

LogicalResult GatedDeltaOp::verify() {
  RankedTensorType state = getState().getType(), rows = getRows().getType(), result = getResult().getType(), decay = getDecay().getType();
  bool fits = isF32(state, 4) && getAfter().getType() == state && isF32(rows, 2) && isF32(result, 2) && isF32(decay, 2) && getBeta().getType() == decay;
  if (!fits || llvm::is_contained(state.getShape(), 0))
    return emitOpError("H12: state, rows, decay, beta and result are no f32 [S, H, N, P], [M, ...], [M, H], [M, H] and [M, H P], or after is not like the state");
  int64_t heads = state.getDimSize(1), length = state.getDimSize(2), width = heads * state.getDimSize(3), count = rows.getDimSize(0);
  int64_t rest = rows.getDimSize(1) - width, groups = rest / (2 * length);
  if (rest < 1 || rest % (2 * length) != 0 || heads % groups != 0 || result.getShape() != ArrayRef<int64_t>({count, width}))
    return emitOpError("H12: rows and result are not [M, 2 G N + H P] with a G that divides H and [M, H P]");
  if (decay.getShape() != ArrayRef<int64_t>({count, heads}))
    return emitOpError("H12: decay and beta are no f32 [M, H]");
  if (!(getEpsilon().convertToDouble() > 0))
    return emitOpError("H12: epsilon is not above 0");
  if (!arePositions(getPosition().getType(), getSequence(), count) || !isPosition(getCount().getType(), 1))
    return emitOpError("H13: positions and sequences are not i32 [1] or [M], or the count is not tensor<1xi32>");
  return success();
}
