// Maps that only transpose become calls of a kernel that does so in squares: a strided read of one word at a time costs ten times as much. What other maps
// read across is transposed first.
#include "passes/lower/WeightForms.h"
#include "passes/Passes.h"
#include "targets/common/ukernels/transpose.h"

#include "dialects/kernel/Kernel.h"
#include "dialects/nn/Nn.h"

#include <numeric>

using namespace mlir;

namespace ingot {

#define GEN_PASS_DEF_TILETRANSPOSES
#include "passes/lower/Passes.h.inc"

namespace {

constexpr int64_t kFewest = 3, kFewestWords = 256;             // below, the map's own loop is as fast
constexpr int64_t kFewestAcross = 8, kFewestWordsAcross = 4096; // the same where the map remains, and reads what was transposed
constexpr int64_t kLineWords = 16, kSets = 64, kWays = 8;       // of a first-level cache: 32 KiB, in lines of 64 bytes

bool onlyCopies(kernel::MapOp map) {
  Block &body = map.getBody().front();
  RankedTensorType type = cast<RankedTensorType>(map.getResult().getType());
  return map.getInputs().size() == 1 && !map.getHasDest() && body.getNumArguments() == 1 && isa<kernel::YieldOp>(body.front()) &&
         body.front().getOperand(0) == body.getArgument(0) && type.getElementType().isIntOrFloat() && type.getElementTypeBitWidth() == 32;
}

/// The kernel's parameters, when the map is a transpose that is worth a call.
std::optional<SmallVector<int64_t>> paramsOf(kernel::MapOp map) {
  ArrayRef<int64_t> dims = map.getDims(), strides = map.getStrides(), offsets = map.getOffsets();
  size_t rank = dims.size();
  if (!onlyCopies(map) || rank < 2 || rank > 3 || offsets[1] != 0)
    return std::nullopt;
  int64_t rows = dims[rank - 2], columns = dims[rank - 1], batch = rank == 3 ? dims[0] : 1, stride = strides[rank - 1];
  ArrayRef<int64_t> to = strides.drop_front(rank);
  bool isDense = to[rank - 1] == 1 && to[rank - 2] == columns && (rank == 2 || to[0] == rows * columns);
  if (!isDense || strides[rank - 2] != 1 || stride < rows || std::min(rows, columns) < kFewest || rows * columns < kFewestWords)
    return std::nullopt;
  return SmallVector<int64_t>{batch, rows, columns, offsets[0], rank == 3 ? strides[0] : 0, stride};
}

Value createTranspose(OpBuilder &builder, kernel::MapOp map, Value input, ArrayRef<int64_t> params, RankedTensorType type) {
  return kernel::MicroOp::create(builder, map.getLoc(), type, "ik_transpose_w32", input, params, /*scratch=*/0, /*work=*/0, /*dest=*/IntegerAttr(),
                                 /*epilogue=*/StringAttr(), /*turns=*/IntegerAttr())
      .getResult(0);
}

/// Whether the lines that a walk down a column touches are still cached when the next column comes: those whose addresses agree in the set's bits share it.
bool staysCached(int64_t columns, int64_t stride) {
  int64_t sets = stride % kLineWords == 0 ? kSets / std::gcd(kSets, stride / kLineWords) : kSets;
  return columns <= sets * kWays;
}

/// The kernel's parameters for an operand whose rows lie across the result's, when transposing it first is worth a call.
std::optional<SmallVector<int64_t>> paramsAcross(kernel::MapOp map, size_t operand) {
  ArrayRef<int64_t> dims = map.getDims();
  size_t rank = dims.size();
  if (rank < 2 || rank > 3 || map.getStrides().back() != 1 || cast<RankedTensorType>(map.getInputs()[operand].getType()).getElementTypeBitWidth() != 32)
    return std::nullopt;
  ArrayRef<int64_t> from = map.getStrides().slice(operand * rank, rank);
  int64_t rows = dims[rank - 2], columns = dims[rank - 1], batch = rank == 3 && from[0] != 0 ? dims[0] : 1, stride = from[rank - 1];
  if (from[rank - 2] != 1 || stride < rows || std::min(rows, columns) < kFewestAcross || batch * rows * columns < kFewestWordsAcross || staysCached(columns, stride))
    return std::nullopt;
  return SmallVector<int64_t>{batch, rows, columns, map.getOffsets()[operand], rank == 3 ? from[0] : 0, stride};
}

/// map(x) strides [1, S | C, 1] { f } -> map(transposed x) strides [C, 1 | C, 1] { f }
void straighten(kernel::MapOp map, size_t operand) {
  std::optional<SmallVector<int64_t>> params = paramsAcross(map, operand);
  if (!params)
    return;
  int64_t batch = (*params)[IK_TRANSPOSE_BATCH], rows = (*params)[IK_TRANSPOSE_ROWS], columns = (*params)[IK_TRANSPOSE_COLUMNS];
  OpBuilder builder(map);
  Value input = map.getInputs()[operand];
  RankedTensorType type = RankedTensorType::get({batch, rows, columns}, cast<RankedTensorType>(input.getType()).getElementType());
  SmallVector<int64_t> offsets(map.getOffsets()), strides(map.getStrides());
  size_t rank = map.getDims().size();
  int64_t *to = strides.data() + operand * rank;
  offsets[operand] = 0;
  to[rank - 2] = columns;
  to[rank - 1] = 1;
  if (batch > 1)
    to[0] = rows * columns;
  map.getInputsMutable()[operand].assign(createTranspose(builder, map, input, *params, type));
  map.setOffsets(offsets);
  map.setStrides(strides);
}

struct TileTransposes : impl::TileTransposesBase<TileTransposes> {
  explicit TileTransposes(const PassContext &context) : hasTiles(!context.weights || context.weights->costs) {}

  void runOnOperation() override {
    if (!hasTiles)
      return;
    getOperation().walk([](kernel::MapOp map) {
      std::optional<SmallVector<int64_t>> params = paramsOf(map);
      for (size_t i = 0; !params && i < map.getBody().front().getNumArguments(); ++i)
        straighten(map, i);
      if (!params)
        return;
      OpBuilder builder(map);
      map.getResult().replaceAllUsesWith(createTranspose(builder, map, map.getInputs()[0], *params, cast<RankedTensorType>(map.getResult().getType())));
      map.erase();
    });
  }

  bool hasTiles;
};

} // namespace

std::unique_ptr<Pass> createTileTransposes(const PassContext &context) { return std::make_unique<TileTransposes>(context); }

} // namespace ingot
