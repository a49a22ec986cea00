// nn.rnn: one direction of RNN, LSTM or GRU, step by step as in the ONNX formulas. All values of a step are in double. quant.lstm is the same
// with W x given and each step's h quantised in f32.
#include "compiler/reference/Rules.h"

#include <cmath>

using namespace mlir;
using llvm::ArrayRef;
using llvm::StringRef;

namespace ingot::reference {
namespace {

using nn::RnnKind;
using Values = std::vector<double>;
using Function = double (*)(double);

double sigmoid(double x) { return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x)); }
double tanhOf(double x) { return std::tanh(x); }
double relu(double x) { return x < 0 ? 0 : x; }

Function functionNamed(StringRef name) {
  if (name.equals_insensitive("sigmoid"))
    return sigmoid;
  if (name.equals_insensitive("tanh"))
    return tanhOf;
  return name.equals_insensitive("relu") ? relu : nullptr;
}

/// Everything a step needs. Gate g of unit j is row g * hidden + j of w and r.
struct Cell {
  int64_t batch = 0, inputs = 0, hidden = 0;
  Values w, r, b, peephole; // [G*H, I] or empty where x is W x, [G*H, H], [2*G*H], [3*H] or empty
  std::vector<Function> functions;
  double clip = 0;
  bool linearBeforeReset = false, inputForget = false;
  int64_t gates() const { return static_cast<int64_t>(b.size()) / (2 * hidden); }

  double clipped(double x) const { return clip > 0 ? std::min(std::max(x, -clip), clip) : x; }
  /// W x (recurrent: R h) of gate g, unit j, without bias.
  double project(bool recurrent, int64_t g, int64_t j, const double *vector) const {
    if (!recurrent && w.empty())
      return vector[g * hidden + j];
    int64_t length = recurrent ? hidden : inputs;
    const double *row = (recurrent ? r : w).data() + (g * hidden + j) * length;
    double sum = 0;
    for (int64_t k = 0; k < length; ++k)
      sum += row[k] * vector[k];
    return sum;
  }
  double bias(bool recurrent, int64_t g, int64_t j) const { return b[static_cast<size_t>(((recurrent ? gates() : 0) + g) * hidden + j)]; }
  /// The whole sum of a gate: W x + R h + both biases.
  double gate(int64_t g, int64_t j, const double *x, const double *h) const {
    return project(false, g, j, x) + project(true, g, j, h) + bias(false, g, j) + bias(true, g, j);
  }
  double peep(int64_t which, int64_t j, double c) const {
    return peephole.empty() ? 0 : peephole[static_cast<size_t>(which * hidden + j)] * c;
  }
};

// H = f(W x + R h + b)
void stepRnn(const Cell &cell, const double *x, const double *h, double *next) {
  for (int64_t j = 0; j < cell.hidden; ++j)
    next[j] = cell.functions[0](cell.clipped(cell.gate(0, j, x, h)));
}

// Gates in the order i o f c; c is updated in place.
void stepLstm(const Cell &cell, const double *x, const double *h, double *c, double *next) {
  for (int64_t j = 0; j < cell.hidden; ++j) {
    double input = cell.functions[0](cell.clipped(cell.gate(0, j, x, h) + cell.peep(0, j, c[j])));
    double forget = cell.functions[0](cell.clipped(cell.gate(2, j, x, h) + cell.peep(2, j, c[j])));
    double fresh = cell.functions[1](cell.clipped(cell.gate(3, j, x, h)));
    c[j] = (cell.inputForget ? 1 - input : forget) * c[j] + input * fresh;
    double output = cell.functions[0](cell.clipped(cell.gate(1, j, x, h) + cell.peep(1, j, c[j])));
    next[j] = output * cell.functions[2](c[j]);
  }
}

// Gates in the order z r h.
void stepGru(const Cell &cell, const double *x, const double *h, double *next) {
  size_t hidden = static_cast<size_t>(cell.hidden);
  Values reset(hidden), gated(hidden);
  for (int64_t j = 0; j < cell.hidden; ++j) {
    reset[static_cast<size_t>(j)] = cell.functions[0](cell.clipped(cell.gate(1, j, x, h)));
    gated[static_cast<size_t>(j)] = reset[static_cast<size_t>(j)] * h[j];
  }
  for (int64_t j = 0; j < cell.hidden; ++j) {
    double update = cell.functions[0](cell.clipped(cell.gate(0, j, x, h)));
    double past = cell.linearBeforeReset ? reset[static_cast<size_t>(j)] * (cell.project(true, 2, j, h) + cell.bias(true, 2, j))
                                         : cell.project(true, 2, j, gated.data()) + cell.bias(true, 2, j);
    double fresh = cell.functions[1](cell.clipped(cell.project(false, 2, j, x) + past + cell.bias(false, 2, j)));
    next[j] = (1 - update) * fresh + update * h[j];
  }
}

std::optional<std::vector<Function>> functionsOf(RnnKind kind, ArrayAttr activations) {
  std::vector<Function> functions = {sigmoid, tanhOf, tanhOf};
  if (kind == RnnKind::rnn)
    functions = {tanhOf};
  if (activations.size() > functions.size())
    return std::nullopt;
  for (auto [i, name] : llvm::enumerate(activations)) {
    functions[i] = functionNamed(cast<StringAttr>(name).getValue());
    if (!functions[i])
      return std::nullopt;
  }
  return functions;
}

/// Checks what the steps index: operand counts and sizes.
std::optional<Cell> cellOf(nn::RnnOp op, ArrayRef<Tensor> operands) {
  if (operands.size() < 5 || operands[0].rank() != 3 || operands[4].rank() != 2)
    return std::nullopt;
  Cell cell;
  cell.batch = operands[0].shape()[1];
  cell.inputs = operands[0].shape()[2];
  cell.hidden = operands[4].shape()[1];
  cell.w = load<double>(operands[1]);
  cell.r = load<double>(operands[2]);
  cell.b = load<double>(operands[3]);
  if (operands.size() > 6)
    cell.peephole = load<double>(operands[6]);
  cell.clip = op.getClip().convertToDouble();
  cell.linearBeforeReset = op.getLinearBeforeReset();
  cell.inputForget = op.getInputForget();
  bool lstm = op.getKind() == RnnKind::lstm;
  int64_t rows = (lstm ? 4 : op.getKind() == RnnKind::gru ? 3 : 1) * cell.hidden;
  bool fits = operands[1].count() == rows * cell.inputs && operands[2].count() == rows * cell.hidden && operands[3].count() == 2 * rows &&
              operands[4].shape()[0] == cell.batch && (operands.size() <= 6 || operands[6].count() == 3 * cell.hidden) &&
              (!lstm || (operands.size() > 5 && operands[5].count() == cell.batch * cell.hidden)) && op->getNumResults() == (lstm ? 3 : 2);
  return fits ? std::optional<Cell>(std::move(cell)) : std::nullopt;
}

llvm::FailureOr<Results> rnn(Operation *op, ArrayRef<Tensor> operands, std::string &why) {
  auto layer = cast<nn::RnnOp>(op);
  std::optional<Cell> cell = cellOf(layer, operands);
  std::optional<std::vector<Function>> functions = functionsOf(layer.getKind(), layer.getActivations());
  if (!cell || !functions)
    return refuse(why, "nn.rnn has no rule for these shapes or activations");
  cell->functions = *functions;
  Results results;
  for (unsigned i = 0; i < op->getNumResults(); ++i)
    results.push_back(resultOf(op, i));
  Values x = load<double>(operands[0]), h = load<double>(operands[4]), c, next(h.size());
  if (layer.getKind() == RnnKind::lstm)
    c = load<double>(operands[5]);
  int64_t steps = operands[0].shape()[0], width = cell->batch * cell->hidden;
  for (int64_t step = 0; step < steps; ++step) {
    int64_t t = layer.getReverse() ? steps - 1 - step : step;
    for (int64_t n = 0; n < cell->batch; ++n) {
      const double *in = x.data() + (t * cell->batch + n) * cell->inputs;
      int64_t at = n * cell->hidden;
      if (layer.getKind() == RnnKind::rnn)
        stepRnn(*cell, in, h.data() + at, next.data() + at);
      else if (layer.getKind() == RnnKind::gru)
        stepGru(*cell, in, h.data() + at, next.data() + at);
      else
        stepLstm(*cell, in, h.data() + at, c.data() + at, next.data() + at);
    }
    h = next;
    for (int64_t i = 0; i < width; ++i)
      results[0].set(t * width + i, h[static_cast<size_t>(i)]);
  }
  store(results[1], h);
  if (results.size() > 2)
    store(results[2], c);
  return results;
}

/// h as its 8-bit form says: (q - z) s.
Values quantised(const Values &h) {
  float low = 0, high = 0;
  for (double value : h) {
    low = std::min(low, static_cast<float>(value));
    high = std::max(high, static_cast<float>(value));
  }
  float scale = (high - low) / 255;
  if (scale == 0)
    return Values(h.size(), 0);
  float zero = std::nearbyint(std::clamp(-low / scale, 0.0f, 255.0f));
  Values result;
  for (double value : h)
    result.push_back(static_cast<double>(std::nearbyint(std::clamp(static_cast<float>(value) / scale, -zero, 255 - zero))) * static_cast<double>(scale));
  return result;
}

/// The weights' real values, turned to [4*H, H].
Values realRows(const Tensor &r, const Tensor &scale, const Tensor &zero) {
  int64_t hidden = r.shape()[0], rows = r.shape()[1];
  Values result(static_cast<size_t>(hidden * rows));
  for (int64_t n = 0; n < rows; ++n)
    for (int64_t k = 0; k < hidden; ++k)
      result[static_cast<size_t>(n * hidden + k)] =
          static_cast<double>(r.intAt(k * rows + n) - zero.intAt(zero.count() > 1 ? n : 0)) * scale.at(scale.count() > 1 ? n : 0);
  return result;
}

/// The verifier has checked that the sizes agree.
llvm::FailureOr<Results> byteLstm(Operation *op, ArrayRef<Tensor> operands, std::string &why) {
  auto layer = cast<quant::LstmOp>(op);
  std::optional<std::vector<Function>> functions = functionsOf(RnnKind::lstm, layer.getActivations());
  if (!functions)
    return refuse(why, "quant.lstm has no rule for these activations");
  Cell cell;
  cell.batch = operands[0].shape()[1];
  cell.hidden = operands[1].shape()[0];
  cell.r = realRows(operands[1], operands[2], operands[3]);
  cell.b = load<double>(operands[4]);
  cell.peephole = load<double>(operands[7]);
  cell.functions = *functions;
  cell.clip = layer.getClip().convertToDouble();
  cell.inputForget = layer.getInputForget();
  Results results = {resultOf(op, 0), resultOf(op, 1), resultOf(op, 2)};
  Values sums = load<double>(operands[0]), h = load<double>(operands[5]), c = load<double>(operands[6]);
  int64_t steps = operands[0].shape()[0], width = cell.batch * cell.hidden;
  for (int64_t step = 0; step < steps; ++step) {
    int64_t t = layer.getReverse() ? steps - 1 - step : step;
    Values past = quantised(h);
    for (int64_t n = 0; n < cell.batch; ++n)
      stepLstm(cell, sums.data() + (t * cell.batch + n) * 4 * cell.hidden, past.data() + n * cell.hidden, c.data() + n * cell.hidden, h.data() + n * cell.hidden);
    for (int64_t i = 0; i < width; ++i)
      results[0].set(t * width + i, h[static_cast<size_t>(i)]);
  }
  store(results[1], h);
  store(results[2], c);
  return results;
}

} // namespace

void addRnn(RuleTable &table) {
  table["nn.rnn"] = rnn;
  table["quant.lstm"] = byteLstm;
}

} // namespace ingot::reference
