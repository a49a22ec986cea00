// Recurrent layers: RNN, LSTM, GRU. Each direction is one nn.rnn; layout and directions are put together by reshapes.
#include "compiler/import/onnx/OpHelpers.h"

using namespace mlir;

namespace ingot {

/// A layer's extents: time T, batch B, input I, hidden H, directions D; G gates.
struct Layer {
  nn::RnnKind kind;
  int64_t gates, time, batch, input, hidden, directions;
  bool batchFirst;
  int64_t functions; // activations a direction
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
  layer.hidden = rs[2];
  std::string direction = node.stringAttr("direction", "forward");
  layer.directions = direction == "bidirectional" ? 2 : 1;
  if (direction != "forward" && direction != "reverse" && layer.directions == 1)
    return node.refuse("unknown direction '" + direction + "'"), false;
  int64_t rows = layer.gates * layer.hidden;
  bool fits = ws == llvm::ArrayRef<int64_t>{layer.directions, rows, layer.input} && rs == llvm::ArrayRef<int64_t>{layer.directions, rows, layer.hidden} &&
              node.intAttr("hidden_size", layer.hidden) == layer.hidden;
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

/// Results of one direction: y [T, B, H], last h [B, H], and last c for an LSTM.
static llvm::SmallVector<Value> oneDirection(OnnxNode &node, const Layer &layer, Value x, int64_t d) {
  int64_t rows = layer.gates * layer.hidden;
  bool lstm = layer.kind == nn::RnnKind::lstm;
  llvm::SmallVector<Value> operands = {x, part(node, 1, d, layer, {rows, layer.input}), part(node, 2, d, layer, {rows, layer.hidden}),
                                       part(node, 3, d, layer, {2 * rows}), part(node, 5, d, layer, {layer.batch, layer.hidden}, true)};
  if (lstm) {
    operands.push_back(part(node, 6, d, layer, {layer.batch, layer.hidden}, true));
    operands.push_back(part(node, 7, d, layer, {3 * layer.hidden}));
  }
  std::optional<llvm::SmallVector<Attribute>> activations = activationsOf(node, layer, d);
  if (!node.ok() || !activations)
    return {};
  DType type = node.dtype(x);
  Type state = node.type(type, {layer.batch, layer.hidden});
  llvm::SmallVector<Type> types = {node.type(type, {layer.time, layer.batch, layer.hidden}), state};
  if (lstm)
    types.push_back(state);
  bool reverse = d == 1 || node.stringAttr("direction", "forward") == "reverse";
  node.create<nn::RnnOp>(types, layer.kind, ValueRange(operands), node.builder().getArrayAttr(*activations), reverse,
                         node.intAttr("linear_before_reset", 0) != 0, node.intAttr("input_forget", 0) != 0, llvm::APFloat(node.floatAttr("clip", 0)));
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

static OnnxImportFn recurrent(nn::RnnKind kind, int64_t gates, int64_t functions) {
  return [=](OnnxNode &node) {
    Layer layer = {};
    layer.kind = kind;
    layer.gates = gates;
    layer.functions = functions;
    if (!readLayer(node, layer) || !fullLength(node, layer))
      return;
    Value x = layer.batchFirst ? node.transpose(node.input(0), {1, 0, 2}) : node.input(0);
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
}

} // namespace ingot
