// Lowers quant.nbits_matmul and quant.nbits_rows to the kernels of targets/common/ukernels/nbits.h on one packed form of the weights: products with 8-bit
// activations share these with the products of GGUF blocks.
#include "passes/lower/BlockWeights.h"
#include "passes/lower/Convert.h"
#include "passes/lower/NbitsPack.h"

#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mlir;

namespace ingot {
namespace {

using Lowered = FailureOr<SmallVector<Value, 2>>;

/// The operands and attributes that both ops have.
struct Source {
  Value weights, scales, zeros;
  int64_t bits, block, k;
};
struct Packed {
  NbitsShape shape;
  Value weight;
};

std::vector<float> floats(const Tensor &from) {
  std::vector<float> values(static_cast<size_t>(from.count()));
  for (int64_t i = 0; i < from.count(); ++i)
    values[static_cast<size_t>(i)] = static_cast<float>(from.at(i));
  return values;
}

/// Zero points one by one: floats as they are, bytes unpacked.
std::vector<float> zeroPoints(const Tensor &from, const NbitsShape &shape) {
  if (isFloat(from.dtype()))
    return floats(from);
  int64_t rowBytes = static_cast<int64_t>(llvm::divideCeil(shape.blocks * shape.bits, 8));
  std::vector<float> values;
  for (int64_t n = 0; n < shape.n; ++n)
    for (int64_t b = 0; b < shape.blocks; ++b)
      values.push_back(nbitsAt(from.as<uint8_t>().data() + n * rowBytes, b, shape.bits));
  return values;
}

bool areHalves(const Tensor &scales) {
  return llvm::all_of(floats(scales), [](float value) { return static_cast<float>(static_cast<_Float16>(value)) == value; });
}

/// Zero points that a byte holds.
bool areBytes(const Tensor &zeros) {
  return llvm::all_of(floats(zeros), [](float value) { return value >= 0 && value <= 255 && value == std::trunc(value); });
}

Tensor packTensors(ArrayRef<Tensor> from, NbitsShape shape) {
  NbitsScales scales{floats(from[1]), from.size() > 2 ? zeroPoints(from[2], shape) : std::vector<float>()};
  Tensor out(DType::U8, {shape.packedBytes()});
  packNbits(shape, from[0].as<uint8_t>().data(), scales, reinterpret_cast<uint8_t *>(out.mutableData()));
  return out;
}

/// Names what the packed weight holds beside the integers.
std::string docOf(const Source &source, const NbitsShape &shape) {
  auto name = [](Value value) -> StringRef {
    nn::WeightOp weight = value ? value.getDefiningOp<nn::WeightOp>() : nn::WeightOp();
    return weight ? weight.getSymbol() : "small";
  };
  return ("pack " + Twine(shape.bits) + "-bit blocks of " + Twine(shape.block) + ", scales " + name(source.scales) + ", zero points " +
          (source.zeros ? name(source.zeros) : "none") + ", in panels of " + Twine(static_cast<int>(IK_PANEL)))
      .str();
}

std::optional<Packed> packWeights(LowerContext &context, Location loc, const Source &source, std::string &why) {
  SmallVector<Value, 3> from{source.weights, source.scales};
  if (source.zeros)
    from.push_back(source.zeros);
  if (!llvm::all_of(from, [&](Value value) { return context.isConstant(value); })) {
    why = "b-bit weights that are computed";
    return std::nullopt;
  }
  ArrayRef<int64_t> stored = tensorType(source.weights).getShape();
  NbitsShape shape{stored[0], source.k, source.bits, source.block, stored[1]};
  shape.scaleBytes = areHalves(*context.constant(source.scales)) ? 2 : 4;
  shape.zeroBytes = !source.zeros ? 0 : areBytes(*context.constant(source.zeros)) ? 1 : 4;
  nn::WeightOp weight = source.weights.getDefiningOp<nn::WeightOp>();
  std::string name = weight ? (weight.getSymbol() + ".panels").str() : "panels";
  return Packed{shape, context.packed(loc, name, DType::U8, {shape.packedBytes()}, from, docOf(source, shape), calling(packTensors, shape))};
}

Lowered lowerMatmul(Operation *operation, LowerContext &context, std::string &why) {
  quant::NbitsMatmulOp op = cast<quant::NbitsMatmulOp>(operation);
  int64_t rows = op.getInput().getType().getDimSize(0), k = op.getInput().getType().getDimSize(1);
  Source source{op.getWeights(), op.getScales(), op.getZeros(), static_cast<int64_t>(op.getBits()), static_cast<int64_t>(op.getBlock()), k};
  std::optional<Packed> packed = packWeights(context, op.getLoc(), source, why);
  if (!packed)
    return failure();
  const NbitsShape &shape = packed->shape;
  bool isExact = op.getActivations() == 32;
  std::string form = std::to_string(shape.bits) + (shape.block == 16 ? "h" : shape.zeroBytes ? "z" : "");
  Value x = isExact ? op.getInput() : quantizedRows(context, op.getLoc(), op.getInput(), rows, k);
  std::string kernel = isExact ? "ik_nbits_float" : "ik_nbits_matmul_" + form;
  int64_t scratch = isExact ? IK_NBITS_SCRATCH : context.hasMatrixRegisters() ? IK_BLOCKMM_SCRATCH(rows, 1, k) : 0;
  return SmallVector<Value, 2>{
      context.micro(op.getLoc(), kernel, op.getResult().getType(), {x, packed->weight}, shape.params(rows), rows * shape.n * k, scratch).getResult(0)};
}

Lowered lowerRows(Operation *operation, LowerContext &context, std::string &why) {
  quant::NbitsRowsOp op = cast<quant::NbitsRowsOp>(operation);
  int64_t rows = op.getIds().getType().getDimSize(0), k = op.getK();
  Source source{op.getWeights(), op.getScales(), op.getZeros(), static_cast<int64_t>(op.getBits()), static_cast<int64_t>(op.getBlock()), k};
  std::optional<Packed> packed = packWeights(context, op.getLoc(), source, why);
  if (!packed)
    return failure();
  return SmallVector<Value, 2>{
      context.micro(op.getLoc(), "ik_nbits_rows", op.getResult().getType(), {packed->weight, op.getIds()}, packed->shape.params(rows), rows * k).getResult(0)};
}

} // namespace

void registerNbits(LowerRegistry &registry) {
  registry.add("quant.nbits_matmul", lowerMatmul);
  registry.add("quant.nbits_rows", lowerRows);
}

} // namespace ingot
