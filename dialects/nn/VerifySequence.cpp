// Verifiers of the ops in SequenceOps.td. The label in a message is the rule's name there.
#include "dialects/nn/Nn.h"
#include "dialects/nn/Shapes.h"

using namespace mlir;
using namespace ingot::nn;

namespace {

bool isF32(RankedTensorType type, int64_t rank) { return type.getElementType().isF32() && type.getRank() == rank; }
bool isCache(RankedTensorType type) {
  Type element = type.getElementType();
  return (element.isF16() || element.isF32() || element.isUnsignedInteger(8)) && type.getRank() == 3;
}
/// The cache's rows hold `width` elements.
bool holds(RankedTensorType cache, int64_t width) {
  bool isBytes = cache.getElementType().isUnsignedInteger(8);
  return cache.getDimSize(2) == (isBytes ? cachedRowBytes(width) : width);
}
bool isPosition(RankedTensorType type) { return type.getElementType().isSignlessInteger(32) && type.getShape() == ArrayRef<int64_t>({1}); }

} // namespace

LogicalResult RopeOp::verify() {
  RankedTensorType in = getInput().getType(), table = getTable().getType();
  if (!isF32(in, 3) || getResult().getType() != in)
    return emitOpError("H1: input and result are not the same f32 tensor of rank 3");
  if (!isF32(table, 2) || table.getDimSize(0) < 1 || table.getDimSize(1) % 2 != 0 || table.getDimSize(1) > in.getDimSize(2))
    return emitOpError("H2: the table is no f32 [T, R] with T >= 1 and an even R <= D");
  return isPosition(getPosition().getType()) ? success() : emitOpError("H2: the position is not tensor<1xi32>");
}

LogicalResult CacheAppendOp::verify() {
  RankedTensorType cache = getCache().getType(), rows = getRows().getType();
  if (!isCache(cache) || getResult().getType() != cache)
    return emitOpError("H3: cache and result are not the same f16, f32 or ui8 tensor of rank 3");
  if (!isF32(rows, 3) || rows.getDimSize(1) != cache.getDimSize(0) || !holds(cache, rows.getDimSize(2)))
    return emitOpError("H3: the rows are no f32 [M, H, D] of the cache's H and D");
  if (getRing() && rows.getDimSize(0) > cache.getDimSize(1))
    return emitOpError("H3: more rows than the ring holds");
  return isPosition(getPosition().getType()) ? success() : emitOpError("H3: the position is not tensor<1xi32>");
}

/// H6: nothing that a query of the step sees has been overwritten by the step's own rows.
static LogicalResult verifyRing(CachedAttentionOp op) {
  if (!op.getRing())
    return success();
  int64_t window = static_cast<int64_t>(op.getWindow()), length = op.getKey().getType().getDimSize(1), rows = op.getQuery().getType().getDimSize(0);
  if (window == 0 || op.getWhole() || length % 48 != 0 || length - rows < window - 1)
    return op.emitOpError("H6: the ring has no window, or cannot hold the window beside the step's rows");
  return success();
}

LogicalResult CachedAttentionOp::verify() {
  RankedTensorType query = getQuery().getType(), key = getKey().getType(), value = getValue().getType(), out = getResult().getType();
  if (!isF32(query, 3) || !isF32(out, 3) || !isCache(key) || !isCache(value))
    return emitOpError("H4: queries and result are f32, keys and values f16, f32 or ui8, all of rank 3");
  bool agree = out.getDimSize(0) == query.getDimSize(0) && out.getDimSize(1) == query.getDimSize(1) && holds(key, query.getDimSize(2)) &&
               value.getDimSize(0) == key.getDimSize(0) && value.getDimSize(1) == key.getDimSize(1) && holds(value, out.getDimSize(2));
  if (!agree || key.getDimSize(1) < 1)
    return emitOpError("H4: the shapes do not agree in M, Hq, Hk, D, T and E");
  if (key.getDimSize(0) < 1 || query.getDimSize(1) % key.getDimSize(0) != 0)
    return emitOpError("H4: the cache's heads do not divide the query's");
  if (Value sinks = getSinks())
    if (auto type = cast<RankedTensorType>(sinks.getType()); !isF32(type, 1) || type.getDimSize(0) != query.getDimSize(1))
      return emitOpError("H4: the sinks are no f32 [Hq]");
  if (!isPosition(getPosition().getType()))
    return emitOpError("H5: the position is not tensor<1xi32>");
  if (static_cast<int64_t>(getWindow()) < 0 || !(getSoftcap().convertToDouble() >= 0))
    return emitOpError("H5: window or softcap is negative");
  return verifyRing(*this);
}
