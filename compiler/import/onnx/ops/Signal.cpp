// DFT as two products with constant cosine and sine matrices.
#include "compiler/import/onnx/OpHelpers.h"

#include <cmath>

using namespace mlir;

namespace ingot {

using nn::BinaryKind;

constexpr int64_t kMaxDft = 4096; // the matrices have n^2 elements

/// A transform of `in` elements to `out` bins of a signal of `length` elements.
struct Dft {
  int64_t axis, length, in, out;
  bool inverse, half; // half: only the first length / 2 + 1 bins exist (of the result, or of the inverse's operand)
};

/// cos or sin(2 pi k t / length) [in, out]; the inverse of a half spectrum counts the mirrored bins twice.
static Value waves(OnnxNode &node, const Dft &d, DType type, bool sine) {
  Tensor table(type, {d.in, d.out});
  for (int64_t k = 0; k < d.in; ++k)
    for (int64_t t = 0; t < d.out; ++t) {
      double phase = 2 * M_PI * static_cast<double>((k * t) % d.length) / static_cast<double>(d.length);
      double weight = d.inverse ? 1 / static_cast<double>(d.length) : 1;
      if (d.inverse && d.half && k > 0 && 2 * k != d.length)
        weight *= 2;
      table.set(k * d.out + t, weight * (sine ? std::sin(phase) : std::cos(phase)));
    }
  return node.constantOf(table);
}

/// Component `c` (0 real, 1 imaginary) of x with `axis` last, cut or padded to `in` elements; null when there is none.
static Value component(OnnxNode &node, Value x, const Dft &d, int64_t c) {
  Ints shape = node.shape(x).vec();
  int64_t rank = shape.size(), have = shape[d.axis];
  if (c >= shape.back() || !node.ok())
    return {};
  Ints starts(rank, 0), steps(rank, 1), sizes = shape, low(rank - 1, 0), high(rank - 1, 0), perm;
  starts.back() = c;
  sizes.back() = 1;
  sizes[d.axis] = std::min(have, d.in);
  Value part = squeezeAxis(node, node.slice(x, starts, sizes, steps), rank - 1);
  high[d.axis] = std::max<int64_t>(d.in - have, 0);
  if (high[d.axis])
    part = padConstant(node, part, low, high, Value());
  for (int64_t i = 0; i < rank - 1; ++i)
    if (i != d.axis)
      perm.push_back(i);
  perm.push_back(d.axis);
  return node.ok() ? node.transpose(part, perm) : Value();
}

static std::optional<Dft> readDft(OnnxNode &node, Value x) {
  int64_t rank = rankOf(node, x);
  bool attribute = node.opset() < 20;
  std::optional<int64_t> axis = attribute ? node.intAttr("axis", 1) : node.hasInput(2) ? needInt(node, 2, "axis") : int64_t(-2);
  if (!axis || !needRank(node, x, 2, 15, "input") || node.badAxis(*axis, rank))
    return std::nullopt;
  Dft d = {*axis, node.shape(x)[*axis], 0, 0, node.intAttr("inverse", 0) != 0, node.intAttr("onesided", 0) != 0};
  bool back = d.inverse && d.half;
  if (back)
    d.length = 2 * (d.length - 1);
  if (node.hasInput(1)) {
    std::optional<int64_t> given = needInt(node, 1, "dft_length");
    if (!given)
      return std::nullopt;
    d.length = *given;
  }
  if (*axis == rank - 1 || node.shape(x).back() < 1 || node.shape(x).back() > 2 || d.length < 1 || d.length > kMaxDft) {
    node.refuse("the axis, the components or the length (1 to 4096) are out of range");
    return std::nullopt;
  }
  d.in = back ? d.length / 2 + 1 : d.length;
  d.out = d.half && !d.inverse ? d.length / 2 + 1 : d.length;
  return d;
}

/// (r + i m)(C -+ i S): forward r C + m S, m C - r S; inverse with the other sign.
static void importDft(OnnxNode &node) {
  Value x = node.input(0);
  std::optional<Dft> d = readDft(node, x);
  if (!d)
    return;
  DType type = node.dtype(x);
  Value re = component(node, x, *d, 0), im = component(node, x, *d, 1);
  Value cosine = waves(node, *d, type, false), sine = waves(node, *d, type, true);
  Value reC = matmulAny(node, re, cosine), reS = matmulAny(node, re, sine);
  if (!node.ok())
    return;
  Value real = reC, imaginary = d->inverse ? reS : node.unary(nn::UnaryKind::neg, reS);
  if (im) {
    real = node.binary(d->inverse ? BinaryKind::sub : BinaryKind::add, reC, matmulAny(node, im, sine));
    imaginary = node.binary(BinaryKind::add, matmulAny(node, im, cosine), imaginary);
  }
  if (!node.ok())
    return;
  int64_t rank = rankOf(node, x);
  Ints perm = axesFrom(0, rank - 2);
  perm.insert(perm.begin() + d->axis, rank - 2);
  real = unsqueeze(node, node.transpose(real, perm), rank - 1);
  if (d->inverse && d->half)
    return node.setOutput(0, real);
  node.setOutput(0, node.concat({real, unsqueeze(node, node.transpose(imaginary, perm), rank - 1)}, rank - 1));
}

void registerSignal(OnnxOpRegistry &registry) { addRows(registry, "", {{"DFT", 17, 1, importDft}}); }

} // namespace ingot
