// --precision bf16 and f16: the constant weights of convolutions and products are rounded, which makes the operation round its input too; with bf16 products
// of two computed values round both.
#include "passes/Constants.h"
#include "passes/Passes.h"
#include "passes/compress/Compress.h"
#include "passes/compress/Names.h"

#include "dialects/nn/Nn.h"
#include "dialects/quant/Quant.h"

#include <cmath>

using namespace mlir;

namespace ingot {

#define GEN_PASS_DEF_ROUNDOPERANDS
#include "passes/compress/Passes.h.inc"

namespace {

constexpr int64_t kFewest = 1024; // weights; smaller ones hold few bytes and take little time

struct RoundOperands : impl::RoundOperandsBase<RoundOperands> {
  explicit RoundOperands(const PassContext &context) : context(context) {}

  void runOnOperation() override {
    if (!context.store || !context.compress || !context.compress->roundsOperands())
      return;
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (isa<nn::ConvOp, nn::MatmulOp>(op) && isF32(op->getResult(0)) && isF32(op->getOperand(0)) && isF32(op->getOperand(1)))
        ops.push_back(op);
    });
    for (Operation *op : ops)
      if (!roundComputed(dyn_cast<nn::MatmulOp>(op)))
        round(op, context.compress->operands);
    note.error = all > 0 ? std::sqrt(lost / all) : 0;
    context.compress->operandsNote = note;
  }

private:
  static bool isF32(Value value) { return cast<RankedTensorType>(value.getType()).getElementType().isF32(); }

  /// A product of two computed values in bf16, when both matrices are large enough to pay and small enough to be rounded in scratch memory.
  bool roundComputed(nn::MatmulOp op) {
    constexpr int64_t kMost = 1 << 20, kFewestRows = 16;
    if (!op || context.compress->operands != DType::BF16 || isa_and_nonnull<nn::WeightOp, nn::ConstantOp>(op.getRhs().getDefiningOp()))
      return false;
    ArrayRef<int64_t> lhs = op.getLhs().getType().getShape().take_back(2), rhs = op.getRhs().getType().getShape().take_back(2);
    if (lhs[0] < kFewestRows || rhs[0] * rhs[1] < kFewest || std::max(lhs[0] * lhs[1], rhs[0] * rhs[1]) > kMost)
      return false;
    op->setAttr("ingot.rounded", UnitAttr::get(op.getContext()));
    ++note.rounded;
    return true;
  }

  /// Null, or why the product stays in f32.
  static const char *reasonToKeep(Operation *op) {
    Operation *weights = op->getOperand(1).getDefiningOp();
    if (!weights || !isa<nn::WeightOp, nn::ConstantOp>(weights))
      return "its weights are not constant";
    RankedTensorType shape = cast<RankedTensorType>(op->getOperand(1).getType());
    if (shape.getNumElements() < kFewest)
      return "it has few weights";
    return isa<nn::ConvOp>(op) && shape.getDimSize(1) == 1 ? "each of its values meets few weights" : nullptr;
  }

  void round(Operation *op, DType asked) {
    if (const char *reason = reasonToKeep(op)) {
      op->emitRemark() << "operands: kept in f32: " << reason;
      ++note.kept;
      return;
    }
    ++note.rounded;
    WeightStore &store = *context.store;
    Tensor weights = *constantOf(op->getOperand(1), &store);
    noteError(weights, narrowed(weights, asked));
    nn::WeightOp weight = op->getOperand(1).getDefiningOp<nn::WeightOp>();
    std::string from = weight ? weight.getSymbol().str() : store.add("weights", weights);
    auto [known, isNew] = made.try_emplace(from, "");
    if (isNew)
      known->second = store.addRecipe(from + "." + name(asked).str(), asked, weights.shape(),
                                      {{from}, "round to " + name(asked).str(), calling(narrowed, asked)});
    OpBuilder builder(op);
    RankedTensorType rounded = RankedTensorType::get(weights.shape(), toMlir(asked, builder.getContext()));
    op->setOperand(1, nn::WeightOp::create(builder, op->getOperand(1).getLoc(), rounded, FlatSymbolRefAttr::get(builder.getContext(), known->second)));
  }

  void noteError(const Tensor &before, const Tensor &after) {
    double mine = 0, size = 0;
    for (int64_t i = 0; i < before.count(); ++i) {
      mine += (before.at(i) - after.at(i)) * (before.at(i) - after.at(i));
      size += before.at(i) * before.at(i);
    }
    lost += mine;
    all += size;
    note.most = std::max(note.most, size > 0 ? std::sqrt(mine / size) : 0);
  }

  PassContext context;
  OperandsNote note;
  double lost = 0, all = 0;
  llvm::StringMap<std::string> made; // looked up, never iterated
};

} // namespace

std::unique_ptr<Pass> createRoundOperands(const PassContext &context) { return std::make_unique<RoundOperands>(context); }

} // namespace ingot
