// Recurrent layers: RNN, LSTM, GRU, and com.microsoft's LSTM with 8-bit weights. Each direction is one nn.rnn or quant.lstm; layout and directions are
// put together by reshapes.
#include "compiler/import/onnx/OpHelpers.h"

using namespace mlir;

namespace ingot {

/// A layer's extents: time T, batch B, input I, hidden H, directions D; G gates.
struct Layer {
  nn::RnnKind kind;
  int64_t gates, time, batch, input, hidden, directions;
  bool batchFirst;
  int64_t functions; // activations a direction
  bool bytes;        // W and R are 8-bit and lie as [D, depth, G H], not [D, G H, depth]

  Ints weightShape(int64_t depth) const {
    if (bytes)
      return {depth, gates * hidden};
    return {gates * hidden, depth};
  }
};

static bool readLayer(OnnxNode &node, Layer &layer) {
  Value x = node.input(0), w = node.input(1), r = node.input(2);
  if (!needRank(node, x, 3, 3, "X") || !needRank(node, w, 3, 3, "W") || !needRank(node, r, 3, 3, "R"))
    return false;
  layer.batchFirst = node.intAttr("layout", 0) != 0;
  llvm::ArrayRef<int64_t> xs = node.shape(x), ws = node.shape(w), rs = node.shape(r);
  layer.time = xs[layer.batchFirst ? 1 : 0];
  layer.batch = xs[layer.batchFirst ? 0 : 1];
  layer.input = xs[2];
  layer.hidden = rs[layer.bytes ? 1 : 2];
  std::string direction = node.stringAttr("direction", "forward");
  layer.directions = direction == "bidirectional" ? 2 : 1;
  if (direction != "forward" && direction != "reverse" && layer.directions == 1)
    return node.refuse("unknown direction '" + direction + "'"), false;
  bool fits = ws[0] == layer.directions && rs[0] == layer.directions && ws.drop_front() == llvm::ArrayRef(layer.weightShape(layer.input)) &&
              rs.drop_front() == llvm::ArrayRef(layer.weightShape(layer.hidden)) && node.intAttr("hidden_size", layer.hidden) == layer.hidden;
  if (!fits)
    node.refuse("the shapes of W, R and 'hidden_size' do not agree");
  return fits;
}

/// Sequence lengths are accepted when all of them are the whole sequence.
static bool fullLength(OnnxNode &node, const Layer &layer) {
  if (!node.hasInput(4))
    return true;
  std::optional<Ints> lengths = needInts(node, 4, "sequence_lens");
  if (lengths && llvm::all_of(*lengths, [&](int64_t n) { return n == layer.time; }))
    return true;
  if (lengths)
    node.refuse("sequences of different lengths are not supported");
  return false;
}

/// Part `d` of operand i (its first axis), under `shape`; zeros when the operand is absent.
static Value part(OnnxNode &node, int64_t i, int64_t d, const Layer &layer, llvm::ArrayRef<int64_t> shape, bool state = false) {
  if (!node.ok())
    return {};
  if (!node.hasInput(i))
    return splat(node, node.dtype(node.input(0)), shape, 0);
  Value all = node.input(i);
  if (state && layer.batchFirst && rankOf(node, all) == 3)
    all = node.transpose(all, {1, 0, 2});
  Ints full = {layer.directions};
  llvm::append_range(full, shape);
  if (node.ok() && node.shape(all) != llvm::ArrayRef<int64_t>(full)) {
    node.refuse("operand " + std::to_string(i) + " has another shape than the layer asks for");
    return {};
  }
  Ints starts(full.size(), 0), steps(full.size(), 1), sizes = full;
  starts[0] = d;
  sizes[0] = 1;
  return node.reshape(node.slice(all, starts, sizes, steps), shape);
}

/// The scale or zero point at operand i for direction d: a scalar, or one a column of the 8-bit weights.
static Value parameter(OnnxNode &node, int64_t i, int64_t d, const Layer &layer) {
  return part(node, i, d, layer, rankOf(node, node.input(i)) == 1 ? Ints() : Ints{layer.gates * layer.hidden});
}

static std::optional<llvm::SmallVector<Attribute>> activationsOf(OnnxNode &node, const Layer &layer, int64_t d) {
  std::vector<std::string> names = node.stringsAttr("activations");
  if (names.empty())
    for (int64_t k = 0; k < layer.directions * layer.functions; ++k)
      names.push_back(k % layer.functions == 0 && layer.kind != nn::RnnKind::rnn ? "sigmoid" : "tanh");
  llvm::SmallVector<Attribute> result;
  for (int64_t k = 0; k < layer.functions; ++k) {
    size_t place = d * layer.functions + k;
    std::string name = place < names.size() ? llvm::StringRef(names[place]).lower() : "";
    if (name != "sigmoid" && name != "tanh" && name != "relu") {
      node.refuse("the activation '" + name + "' is not supported in recurrent layers");
      return std::nullopt;
    }
    result.push_back(node.builder().getStringAttr(name));
  }
  return result;
}

/// W x of direction d, [T, B, 4 H] in f32, from x in 8 bits.
static Value byteSums(OnnxNode &node, const Layer &layer, const DynamicBytes &x, int64_t d) {
  Value product = integerProduct(node, x.x, part(node, 1, d, layer, layer.weightShape(layer.input)), x.zero, parameter(node, 9, d, layer));
  return floatProduct(node, product, x.scale, parameter(node, 8, d, layer), {});
}

/// A layer's input: floats, or for 8-bit weights what they are quantised to.
struct LayerInput {
  Value floats;
  DynamicBytes bytes;
};

/// The operands of nn.rnn or quant.lstm for one direction.
static llvm::SmallVector<Value> operandsOf(OnnxNode &node, const Layer &layer, const LayerInput &x, int64_t d) {
  llvm::SmallVector<Value> operands = {x.floats};
  if (layer.bytes) {
    Value zero = node.cast(parameter(node, 11, d, layer), DType::I32);
    operands = {byteSums(node, layer, x.bytes, d), part(node, 2, d, layer, layer.weightShape(layer.hidden)), parameter(node, 10, d, layer), zero};
  } else {
    operands.push_back(part(node, 1, d, layer, layer.weightShape(layer.input)));
    operands.push_back(part(node, 2, d, layer, layer.weightShape(layer.hidden)));
  }
  operands.push_back(part(node, 3, d, layer, {2 * layer.gates * layer.hidden}));
  operands.push_back(part(node, 5, d, layer, {layer.batch, layer.hidden}, true));
  if (layer.kind == nn::RnnKind::lstm) {
    operands.push_back(part(node, 6, d, layer, {layer.batch, layer.hidden}, true));
    operands.push_back(part(node, 7, d, layer, {3 * layer.hidden}));
  }
  return operands;
}

/// Results of one direction: y [T, B, H], last h [B, H], and last c for an LSTM.
static llvm::SmallVector<Value> oneDirection(OnnxNode &node, const Layer &layer, const LayerInput &x, int64_t d) {
  llvm::SmallVector<Value> operands = operandsOf(node, layer, x, d);
  std::optional<llvm::SmallVector<Attribute>> activations = activationsOf(node, layer, d);
  if (!node.ok() || !activations)
    return {};
  DType type = node.dtype(node.input(0));
  Type state = node.type(type, {layer.batch, layer.hidden});
  llvm::SmallVector<Type> types = {node.type(type, {layer.time, layer.batch, layer.hidden}), state};
  if (layer.kind == nn::RnnKind::lstm)
    types.push_back(state);
  ArrayAttr functions = node.builder().getArrayAttr(*activations);
  bool reverse = d == 1 || node.stringAttr("direction", "forward") == "reverse", coupled = node.intAttr("input_forget", 0) != 0;
  llvm::APFloat clip(node.floatAttr("clip", 0));
  if (layer.bytes)
    node.create<quant::LstmOp>(types, ValueRange(operands), functions, reverse, coupled, clip);
  else
    node.create<nn::RnnOp>(types, layer.kind, ValueRange(operands), functions, reverse, node.intAttr("linear_before_reset", 0) != 0, coupled, clip);
  return llvm::SmallVector<Value>(node.lastResults());
}

/// Joins result `i` of all directions on a new axis: Y [T, D, B, H], states [D, B, H]; batch first when asked.
static Value joined(OnnxNode &node, const Layer &layer, llvm::ArrayRef<llvm::SmallVector<Value>> results, size_t i) {
  int64_t axis = i == 0 ? 1 : 0;
  llvm::SmallVector<Value> parts;
  for (const llvm::SmallVector<Value> &direction : results)
    parts.push_back(unsqueeze(node, direction[i], axis));
  Value y = parts.size() == 1 ? parts[0] : node.concat(parts, axis);
  if (!layer.batchFirst || !node.ok())
    return y;
  return i == 0 ? node.transpose(y, {2, 0, 1, 3}) : node.transpose(y, {1, 0, 2});
}

/// False and refused unless X is f32, W and R are 8-bit, and each has a scale and a zero point.
static bool byteWeights(OnnxNode &node) {
  auto isByte = [&](int64_t i) { return node.dtype(node.input(i)) == DType::I8 || node.dtype(node.input(i)) == DType::U8; };
  if (node.dtype(node.input(0)) != DType::F32 || !isByte(1) || !isByte(2))
    return node.refuse("X is not float32, or W or R is no 8-bit integer"), false;
  for (int64_t i = 8; i < 12; ++i)
    if (!node.hasInput(i))
      return node.refuse("a scale or zero point of W or R is missing"), false;
  return true;
}

static OnnxImportFn recurrent(nn::RnnKind kind, int64_t gates, int64_t functions, bool bytes = false) {
  return [=](OnnxNode &node) {
    Layer layer = {};
    layer.kind = kind;
    layer.gates = gates;
    layer.functions = functions;
    layer.bytes = bytes;
    if (!readLayer(node, layer) || !fullLength(node, layer))
      return;
    LayerInput x{layer.batchFirst ? node.transpose(node.input(0), {1, 0, 2}) : node.input(0), {}};
    if (bytes && byteWeights(node))
      x.bytes = quantiseDynamically(node, x.floats);
    std::vector<llvm::SmallVector<Value>> results;
    for (int64_t d = 0; d < layer.directions && node.ok(); ++d)
      results.push_back(oneDirection(node, layer, x, d));
    size_t outputs = kind == nn::RnnKind::lstm ? 3 : 2;
    for (size_t i = 0; i < outputs && node.ok(); ++i)
      if (node.wantsOutput(i))
        node.setOutput(i, joined(node, layer, results, i));
  };
}

void registerRecurrent(OnnxOpRegistry &registry) {
  addRows(registry, "", {{"RNN", 1, 3, recurrent(nn::RnnKind::rnn, 1, 1)}, {"LSTM", 1, 3, recurrent(nn::RnnKind::lstm, 4, 3)},
                         {"GRU", 1, 3, recurrent(nn::RnnKind::gru, 3, 2)}});
  addRows(registry, "com.microsoft", {{"DynamicQuantizeLSTM", 1, 3, recurrent(nn::RnnKind::lstm, 4, 3, /*bytes=*/true)}});
}

} // namespace ingot
