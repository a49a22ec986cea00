// DFT as two products with constant cosine and sine matrices, STFT as the DFT of overlapping windows, and the table of MelWeightMatrix.
#include "compiler/import/onnx/OpHelpers.h"

#include <cmath>

using namespace mlir;

namespace ingot {

using nn::BinaryKind;

constexpr int64_t kMaxDft = 4096; // the matrices have n^2 elements
constexpr int64_t kMaxWindowed = int64_t(1) << 26; // places of all windows, elements of the table of bands

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

/// (r + i m)(C -+ i S): forward r C + m S, m C - r S; inverse with the other sign. Null when refused.
static Value transform(OnnxNode &node, Value x, const Dft &d) {
  DType type = node.dtype(x);
  Value re = component(node, x, d, 0), im = component(node, x, d, 1);
  Value cosine = waves(node, d, type, false), sine = waves(node, d, type, true);
  Value reC = matmulAny(node, re, cosine), reS = matmulAny(node, re, sine);
  if (!node.ok())
    return {};
  Value real = reC, imaginary = d.inverse ? reS : node.unary(nn::UnaryKind::neg, reS);
  if (im) {
    real = node.binary(d.inverse ? BinaryKind::sub : BinaryKind::add, reC, matmulAny(node, im, sine));
    imaginary = node.binary(BinaryKind::add, matmulAny(node, im, cosine), imaginary);
  }
  if (!node.ok())
    return {};
  int64_t rank = rankOf(node, x);
  Ints perm = axesFrom(0, rank - 2);
  perm.insert(perm.begin() + d.axis, rank - 2);
  real = unsqueeze(node, node.transpose(real, perm), rank - 1);
  if (d.inverse && d.half)
    return real;
  return node.concat({real, unsqueeze(node, node.transpose(imaginary, perm), rank - 1)}, rank - 1);
}

static void importDft(OnnxNode &node) {
  Value x = node.input(0);
  if (std::optional<Dft> d = readDft(node, x))
    if (Value y = transform(node, x, *d))
      node.setOutput(0, y);
}

/// The signal [B, length, components] in windows, one every `step` elements: [B, count, size, components].
static Value windows(OnnxNode &node, Value x, int64_t step, int64_t size) {
  int64_t count = (node.shape(x)[1] - size) / step + 1;
  std::optional<int64_t> places = elementCount({count, size});
  if (!places || *places > kMaxWindowed) {
    node.refuse("there are too many windows");
    return {};
  }
  Tensor index(DType::I64, {count, size});
  for (int64_t i = 0; i < *places; ++i)
    index.setInt(i, i / size * step + i % size);
  return gather(node, x, node.constantOf(index), 1);
}

static void importStft(OnnxNode &node) {
  Value x = node.input(0), shape = node.hasInput(2) ? node.input(2) : Value();
  std::optional<int64_t> step = needInt(node, 1, "frame_step");
  if (!step || !needRank(node, x, 2, 3, "signal"))
    return;
  if (rankOf(node, x) == 2)
    x = unsqueeze(node, x, 2);
  int64_t size = shape && rankOf(node, shape) == 1 ? node.shape(shape)[0] : 0, length = node.shape(x)[1], components = node.shape(x)[2];
  if (node.hasInput(3)) {
    std::optional<int64_t> given = needInt(node, 3, "frame_length");
    if (!given)
      return;
    size = *given;
  }
  bool half = node.intAttr("onesided", 1) != 0;
  if (*step < 1 || size < 1 || size > std::min(kMaxDft, length) || components < 1 || components > 2 || (half && components == 2) ||
      (shape && node.shape(shape) != llvm::ArrayRef<int64_t>{size}))
    return node.refuse("the step, the window or the frame length (1 to 4096) does not fit the signal, or a complex signal has no one side");
  Value cut = windows(node, x, *step, size);
  if (shape && node.ok())
    cut = node.binary(BinaryKind::mul, cut, node.reshape(shape, {1, 1, size, 1}));
  Dft d = {2, size, size, half ? size / 2 + 1 : size, false, half};
  Value y = node.ok() ? transform(node, cut, d) : Value();
  if (y)
    node.setOutput(0, y);
}

/// Edges of the mel bands as bins of a DFT: count + 2 of them, evenly spaced in mel = 2595 log10(1 + hertz / 700).
static Ints melEdges(int64_t count, int64_t dftLength, int64_t rate, double low, double high) {
  auto mel = [](double hertz) { return 2595 * std::log1p(hertz / 700) / std::log(10); };
  double first = mel(low), step = (mel(high) - first) / static_cast<double>(count + 2);
  Ints edges;
  for (int64_t i = 0; i < count + 2; ++i) {
    double hertz = 700 * std::expm1((first + step * static_cast<double>(i)) / 2595 * std::log(10));
    edges.push_back(static_cast<int64_t>(std::floor(static_cast<double>(dftLength + 1) * hertz / static_cast<double>(rate))));
  }
  return edges;
}

static std::optional<double> needNumber(OnnxNode &node, int64_t i, llvm::StringRef name) {
  std::optional<Tensor> tensor = needTensor(node, i, name);
  if (tensor && tensor->count() == 1)
    return tensor->at(0);
  if (tensor)
    node.refuse(("'" + name + "' is no single number").str());
  return std::nullopt;
}

/// Triangles over the bins between three edges, with the peak 1 at the middle one: [dft_length / 2 + 1, bands].
static void importMelWeights(OnnxNode &node) {
  std::optional<int64_t> bands = needInt(node, 0, "num_mel_bins"), length = needInt(node, 1, "dft_length"), rate = needInt(node, 2, "sample_rate");
  std::optional<double> low = needNumber(node, 3, "lower_edge_hertz"), high = needNumber(node, 4, "upper_edge_hertz");
  std::optional<DType> type = dtypeOf(node, node.intAttr("output_datatype", 1));
  if (!bands || !length || !rate || !low || !high || !type)
    return;
  bool good = *bands >= 1 && *bands <= 65536 && *length >= 1 && *length <= 65536 && *rate >= 1 && *low >= 0 && *high >= *low && *high <= 1e9;
  Ints edges = good ? melEdges(*bands, *length, *rate, *low, *high) : Ints();
  int64_t bins = good ? *length / 2 + 1 : 0;
  if (!good || edges.back() > bins || edges[*bands] >= bins || bins * *bands > kMaxWindowed)
    return node.refuse("the bands do not lie within the bins of the transform");
  Tensor table = filled(*type, {bins, *bands}, 0);
  for (int64_t band = 0; band < *bands; ++band) {
    int64_t from = edges[band], peak = edges[band + 1], to = edges[band + 2];
    for (int64_t bin = from; bin < peak; ++bin)
      table.set(bin * *bands + band, static_cast<double>(bin - from) / static_cast<double>(peak - from));
    table.set(peak * *bands + band, 1);
    for (int64_t bin = peak + 1; bin < to; ++bin)
      table.set(bin * *bands + band, static_cast<double>(to - bin) / static_cast<double>(to - peak));
  }
  node.setOutput(0, node.constantOf(table));
}

void registerSignal(OnnxOpRegistry &registry) {
  addRows(registry, "", {{"DFT", 17, 1, importDft}, {"STFT", 17, 2, importStft}, {"MelWeightMatrix", 17, 5, importMelWeights}});
}

} // namespace ingot
