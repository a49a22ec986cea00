// Folders of the nn dialect: what can be decided from an op's own attributes and types.
#include "dialects/nn/Nn.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace ingot::nn;

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

// nn.reshape of the same type -> its input; of a reshape -> one reshape
OpFoldResult ReshapeOp::fold(FoldAdaptor) {
  if (getInput().getType() == getResult().getType())
    return getInput();
  if (ReshapeOp inner = getInput().getDefiningOp<ReshapeOp>()) {
    getInputMutable().assign(inner.getInput());
    return getResult();
  }
  return {};
}

// nn.transpose by the identity -> its input; of a transpose -> one transpose
OpFoldResult TransposeOp::fold(FoldAdaptor) {
  if (TransposeOp inner = getInput().getDefiningOp<TransposeOp>()) {
    SmallVector<int64_t> perm;
    for (int64_t axis : getPerm())
      perm.push_back(inner.getPerm()[static_cast<size_t>(axis)]);
    setPerm(perm);
    getInputMutable().assign(inner.getInput());
    return getResult();
  }
  for (auto [i, axis] : llvm::enumerate(getPerm()))
    if (static_cast<int64_t>(i) != axis)
      return {};
  return getInput();
}
