// Zeroes the least important constant weights of convolutions and products, before anything is quantised.
#include "passes/Constants.h"
#include "passes/Passes.h"
#include "passes/compress/Compress.h"
#include "passes/compress/Names.h"
#include "passes/compress/math/Prune.h"

#include "dialects/nn/Nn.h"
#include "dialects/quant/Quant.h"

#include <cmath>

using namespace mlir;

namespace ingot {

#define GEN_PASS_DEF_PRUNEWEIGHTS
#include "passes/compress/Passes.h.inc"

namespace {

constexpr int64_t kFewest = 1024; // weights; smaller tensors cost much accuracy and hold few bytes

struct PruneWeights : impl::PruneWeightsBase<PruneWeights> {
  explicit PruneWeights(const PassContext &context) : context(context) {}

  void runOnOperation() override {
    if (!context.store || !context.compress)
      return;
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (isa<nn::ConvOp, nn::MatmulOp>(op))
        ops.push_back(op);
    });
    for (Operation *op : ops)
      prune(op);
  }

private:
  void prune(Operation *op) {
    std::optional<Tensor> weights = constantOf(op->getOperand(1), context.store);
    if (!weights || weights->dtype() != DType::F32 || weights->count() < kFewest || (isa<nn::MatmulOp>(op) && weights->rank() != 2))
      return;
    Tensor pruned = *weights;
    mask(op, pruned);
    OpBuilder builder(op);
    std::string name = nameOf(op->getResult(0)).str();
    op->setOperand(1, makeConstant(builder, op->getOperand(1).getLoc(), pruned, *context.store, name + ".pruned"));
    op->setAttr(kPrunedAttr, builder.getUnitAttr());
    note(name, *weights, pruned);
  }

  void mask(Operation *op, Tensor &weights) {
    float *data = weights.mutableAs<float>().data();
    const SparsifySpec &spec = context.compress->sparsify;
    if (spec.kind == SparsifySpec::Magnitude)
      return pruneMagnitude(data, weights.count(), spec.share);
    int64_t first = weights.shape()[0], rest = weights.count() / std::max<int64_t>(first, 1);
    if (nn::ConvOp conv = dyn_cast<nn::ConvOp>(op)) // [outputs, depth]
      return pruneBlocks4x1({data, first, rest, rest, 1}, spec.share);
    pruneBlocks4x1({data, rest, first, 1, rest}, spec.share); // [depth, outputs]
  }

  void note(const std::string &name, const Tensor &before, const Tensor &after) {
    double lost = 0, all = 0;
    for (int64_t i = 0; i < before.count(); ++i) {
      lost += (before.at(i) - after.at(i)) * (before.at(i) - after.at(i));
      all += before.at(i) * before.at(i);
    }
    double density = 1 - static_cast<double>(countZeros(after.as<float>().data(), after.count())) / static_cast<double>(after.count());
    bool isBlocks = context.compress->sparsify.kind == SparsifySpec::Block4x1;
    context.compress->layers.push_back({name, isBlocks ? "f32, 4x1 zeros" : "f32, zeros", before.bytes(), after.bytes(), all > 0 ? std::sqrt(lost / all) : 0, density});
  }

  PassContext context;
};

} // namespace

std::unique_ptr<Pass> createPruneWeights(const PassContext &context) { return std::make_unique<PruneWeights>(context); }

} // namespace ingot
