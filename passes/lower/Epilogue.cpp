// Reads the activation that fusion joined to a convolution or a matrix product.
#include "passes/lower/Epilogue.h"

#include "targets/common/ukernels/epilogue.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;

namespace ingot {

std::optional<int64_t> activationCode(StringRef name) {
  return llvm::StringSwitch<std::optional<int64_t>>(name)
      .Case("relu", IK_ACT_RELU)
      .Case("clip", IK_ACT_CLIP)
      .Case("leaky_relu", IK_ACT_LEAKY_RELU)
      .Case("sigmoid", IK_ACT_SIGMOID)
      .Case("silu", IK_ACT_SILU)
      .Case("hard_sigmoid", IK_ACT_HARD_SIGMOID)
      .Case("hard_swish", IK_ACT_HARD_SWISH)
      .Case("tanh", IK_ACT_TANH)
      .Default(std::nullopt);
}

std::optional<Epilogue> readEpilogue(Operation *op, std::string &why) {
  Epilogue epilogue;
  StringAttr kind = op->getAttrOfType<StringAttr>("ingot.activation");
  if (!kind)
    return epilogue;
  std::optional<int64_t> code = activationCode(kind.getValue());
  if (!code) {
    why = "the fused activation '" + kind.getValue().str() + "' has no kernel";
    return std::nullopt;
  }
  epilogue.activation = *code;
  if (FloatAttr alpha = op->getAttrOfType<FloatAttr>("ingot.alpha"))
    epilogue.alpha = alpha.getValueAsDouble();
  if (FloatAttr beta = op->getAttrOfType<FloatAttr>("ingot.beta"))
    epilogue.beta = beta.getValueAsDouble();
  return epilogue;
}

} // namespace ingot
