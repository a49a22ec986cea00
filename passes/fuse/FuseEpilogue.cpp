// An activation after a convolution, and a sum with a residual before or after it, become the convolution's epilogue.
#include "compiler/reference/Tensor.h"
#include "passes/Passes.h"
#include "passes/fuse/Remark.h"

#include "dialects/quant/Quant.h"
#include "dialects/nn/Nn.h"

using namespace mlir;

namespace ingot {

#define GEN_PASS_DEF_FUSEEPILOGUE
#include "passes/fuse/Passes.h.inc"

namespace {

bool isEpilogue(nn::UnaryKind kind) {
  switch (kind) {
  case nn::UnaryKind::relu: case nn::UnaryKind::clip: case nn::UnaryKind::leaky_relu: case nn::UnaryKind::sigmoid:
  case nn::UnaryKind::hard_sigmoid: case nn::UnaryKind::hard_swish: case nn::UnaryKind::tanh:
    return true;
  default:
    return false;
  }
}

/// The convolution stands for `last`, which it now computes.
void replaceBy(Operation *conv, Operation *last) {
  conv->setLoc(FusedLoc::get(conv->getContext(), {conv->getLoc(), last->getLoc()}));
  last->getResult(0).replaceAllUsesWith(conv->getResult(0));
  last->erase();
}

template <typename ConvT> void attach(ConvT conv, StringRef activation, double alpha, double beta, Operation *last) {
  Builder builder(conv.getContext());
  conv->setAttr("ingot.activation", builder.getStringAttr(activation));
  conv->setAttr("ingot.alpha", builder.getF64FloatAttr(alpha));
  conv->setAttr("ingot.beta", builder.getF64FloatAttr(beta));
  replaceBy(conv, last);
}

/// mul(%c, sigmoid(%c)) when these two are the only readers of %c.
template <typename ConvT> nn::BinaryOp siluOf(ConvT conv, nn::UnaryOp &sigmoid) {
  nn::BinaryOp product;
  for (Operation *user : conv->getUsers()) {
    if (nn::UnaryOp unary = dyn_cast<nn::UnaryOp>(user); unary && unary.getKind() == nn::UnaryKind::sigmoid && !sigmoid)
      sigmoid = unary;
    else if (nn::BinaryOp binary = dyn_cast<nn::BinaryOp>(user); binary && binary.getKind() == nn::BinaryKind::mul && !product)
      product = binary;
    else
      return {};
  }
  if (!sigmoid || !product || !sigmoid->hasOneUse())
    return {};
  Value c = conv.getResult(), s = sigmoid.getResult();
  bool matches = (product.getLhs() == c && product.getRhs() == s) || (product.getLhs() == s && product.getRhs() == c);
  return matches ? product : nn::BinaryOp();
}

/// The other addend of the convolution's one reader, when that is a sum of equal shapes whose other operand is there before the convolution.
Value residualOf(nn::ConvOp conv, nn::BinaryOp sum) {
  if (!sum || sum.getKind() != nn::BinaryKind::add || sum.getType() != conv.getType())
    return {};
  Value other = sum.getLhs() == conv.getResult() ? sum.getRhs() : sum.getLhs();
  Operation *source = other.getDefiningOp();
  bool isReady = !source || (source->getBlock() == conv->getBlock() && source->isBeforeInBlock(conv));
  return isReady && other.getType() == conv.getType() ? other : Value();
}

struct FuseEpilogue : impl::FuseEpilogueBase<FuseEpilogue> {
  void runOnOperation() override {
    fuseAll<nn::ConvOp>();
    fuseAll<quant::RealConvOp>();
  }

  template <typename ConvT> void fuseAll() {
    SmallVector<ConvT> convs;
    getOperation().walk([&](ConvT conv) { convs.push_back(conv); });
    for (ConvT conv : convs) {
      fuse(conv);
      if constexpr (std::is_same_v<ConvT, nn::ConvOp>)
        if (fuseResidual(conv))
          fuse(conv);
    }
  }

  static bool fuseResidual(nn::ConvOp conv) {
    if (!conv.getType().getElementType().isF32() || conv.getResidual() || !conv->hasOneUse())
      return false;
    nn::BinaryOp sum = dyn_cast<nn::BinaryOp>(*conv->getUsers().begin());
    Value residual = residualOf(conv, sum);
    if (!residual)
      return false;
    conv.getResidualMutable().assign(residual);
    conv->setAttr("ingot.residual", Builder(conv.getContext()).getStringAttr(conv->hasAttr("ingot.activation") ? "after" : "before"));
    replaceBy(conv, sum);
    return true;
  }

  template <typename ConvT> static void fuse(ConvT conv) {
    if (!conv.getResult().getType().getElementType().isF32() || conv->hasAttr("ingot.activation"))
      return;
    if (conv->hasOneUse()) {
      nn::UnaryOp unary = dyn_cast<nn::UnaryOp>(*conv->getUsers().begin());
      if (unary && isEpilogue(unary.getKind()))
        attach(conv, nn::stringifyUnaryKind(unary.getKind()), unary.getAlpha().convertToDouble(), unary.getBeta().convertToDouble(), unary);
      return;
    }
    nn::UnaryOp sigmoid;
    if (nn::BinaryOp product = siluOf(conv, sigmoid)) {
      attach(conv, "silu", 0, 0, product);
      sigmoid.erase();
      return;
    }
    for (Operation *user : conv->getUsers())
      if (nn::UnaryOp unary = dyn_cast<nn::UnaryOp>(user); unary && isEpilogue(unary.getKind()))
        notFused(unary, "activation into the convolution", "the convolution has another reader");
  }
};

} // namespace

std::unique_ptr<Pass> createFuseEpilogue() { return std::make_unique<FuseEpilogue>(); }

} // namespace ingot
