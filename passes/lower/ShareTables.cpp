// A table whose rows are gathered is often also the transposed right side of a product: the words' vectors that a language model begins and ends with.
// It is stored once, as the product wants it, also where the model's file has both.
#include "passes/lower/MatmulShape.h"
#include "passes/lower/WeightForms.h"
#include "passes/Passes.h"
#include "targets/common/ukernels/gather.h"

#include "compiler/weights/WeightStore.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/nn/Nn.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringSet.h"

#include <algorithm>
#include <cstring>

using namespace mlir;

namespace ingot {

#define GEN_PASS_DEF_SHARETABLES
#include "passes/lower/Passes.h.inc"

namespace {

/// Whether b [C][R] is a [R][C] transposed, by the bytes. In squares, so that both are read by lines.
bool holdTransposed(const Tensor &a, const Tensor &b) {
  constexpr int64_t kSquare = 16;
  int64_t rows = a.shape()[0], columns = a.shape()[1], width = byteWidth(a.dtype());
  for (int64_t i0 = 0; i0 < rows; i0 += kSquare)
    for (int64_t j0 = 0; j0 < columns; j0 += kSquare)
      for (int64_t i = i0; i < std::min(i0 + kSquare, rows); ++i)
        for (int64_t j = j0; j < std::min(j0 + kSquare, columns); ++j)
          if (std::memcmp(a.data() + (i * columns + j) * width, b.data() + (j * rows + i) * width, width) != 0)
            return false;
  return true;
}

struct ShareTables : impl::ShareTablesBase<ShareTables> {
  explicit ShareTables(const PassContext &context) : context(context) {}

  void runOnOperation() override {
    if (!context.store || (context.weights && !context.weights->costs)) // devices with kernels of their own lack this one
      return;
    llvm::MapVector<StringRef, SmallVector<nn::WeightOp>> tables = findTables();
    llvm::StringMap<nn::WeightOp> packed; // by table
    getOperation().walk([&](kernel::MicroOp product) {
      if (!product.getRow().starts_with("ik_matmul_") || product.getInputs().size() < 2)
        return;
      nn::WeightOp right = product.getInputs()[1].getDefiningOp<nn::WeightOp>();
      if (!right || !context.store->contains(right.getSymbol()) || context.store->doc(right.getSymbol()) != kColumnPanels)
        return;
      for (const auto &[table, ops] : tables)
        if (!packed.contains(table) && isTranspose(context.store->inputs(right.getSymbol())[0], table))
          packed[table] = right;
    });
    for (const auto &[table, ops] : tables)
      if (packed.contains(table))
        for (nn::WeightOp op : ops)
          replace(op, packed.lookup(table));
  }

private:
  /// The matrices of which all uses gather rows.
  llvm::MapVector<StringRef, SmallVector<nn::WeightOp>> findTables() {
    llvm::MapVector<StringRef, SmallVector<nn::WeightOp>> tables;
    llvm::StringSet<> others;
    getOperation().walk([&](nn::WeightOp weight) {
      bool isTable = context.store->contains(weight.getSymbol()) && cast<RankedTensorType>(weight.getType()).getRank() == 2 && llvm::all_of(weight->getUses(), gathersRows);
      if (isTable)
        tables[weight.getSymbol()].push_back(weight);
      else
        others.insert(weight.getSymbol());
    });
    tables.remove_if([&](const auto &entry) { return others.contains(entry.first); });
    return tables;
  }

  /// Whether the weight `right` holds the table transposed: made so by a recipe (of a square table that does not say whether its axes changed places), or
  /// as the model's file has both.
  bool isTranspose(StringRef right, StringRef table) {
    ArrayRef<int64_t> from = context.store->shape(table), to = context.store->shape(right);
    if (to.size() != 2 || from[0] != to[1] || from[1] != to[0] || context.store->dtype(table) != context.store->dtype(right))
      return false;
    if (context.store->doc(right) == "nn.transpose" && context.store->inputs(right)[0] == table)
      return from[0] != from[1];
    return context.store->isPlain(table) && context.store->isPlain(right) && holdTransposed(context.store->get(table), context.store->get(right));
  }

  /// kernel.micro "ik_gather"(table, indices) of whole rows.
  static bool gathersRows(OpOperand &use) {
    kernel::MicroOp gather = dyn_cast<kernel::MicroOp>(use.getOwner());
    if (!gather || gather.getRow() != "ik_gather" || use.getOperandNumber() != 0)
      return false;
    RankedTensorType table = cast<RankedTensorType>(use.get().getType());
    return gather.getParams()[IK_GATHER_OUTER] == 1 && gather.getParams()[IK_GATHER_EXTENT] == table.getDimSize(0);
  }

  // kernel.micro "ik_gather"(%table, %i) -> kernel.micro "ik_gather_columns"(%packed, %i)
  void replace(nn::WeightOp table, nn::WeightOp packed) {
    for (OpOperand &use : llvm::make_early_inc_range(table->getUses())) {
      kernel::MicroOp gather = cast<kernel::MicroOp>(use.getOwner());
      OpBuilder builder(gather);
      int64_t depth = cast<RankedTensorType>(table.getType()).getDimSize(1);
      SmallVector<int64_t> params(IK_COLUMNS_COUNT);
      params[IK_COLUMNS_WIDE] = gather.getParams()[IK_GATHER_WIDE];
      params[IK_COLUMNS_EXTENT] = gather.getParams()[IK_GATHER_EXTENT];
      params[IK_COLUMNS_TAKEN] = gather.getParams()[IK_GATHER_TAKEN];
      params[IK_COLUMNS_DEPTH] = depth;
      params[IK_COLUMNS_WIDTH] = gather.getParams()[IK_GATHER_RUN] / depth;
      Value panels = nn::WeightOp::create(builder, gather.getLoc(), packed.getType(), packed.getSymbolAttr());
      auto columns = kernel::MicroOp::create(builder, gather.getLoc(), gather.getResultTypes(), "ik_gather_columns", ValueRange{panels, gather.getInputs()[1]},
                                             params, /*scratch=*/0, gather.getWork(), /*dest=*/IntegerAttr(), /*epilogue=*/StringAttr(), /*turns=*/IntegerAttr());
      gather->replaceAllUsesWith(columns);
      gather.erase();
    }
    table.erase();
  }

  PassContext context;
};

} // namespace

std::unique_ptr<Pass> createShareTables(const PassContext &context) { return std::make_unique<ShareTables>(context); }

} // namespace ingot
