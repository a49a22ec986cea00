// Ops that only move elements: reshape, transpose, broadcast, slice, concat, pad. Each builds one table per axis from
// output coordinate to input offset; the copies are the same for all.
#include "compiler/reference/Rules.h"

using namespace mlir;
using llvm::ArrayRef;

namespace ingot::reference {
namespace {

llvm::FailureOr<Results> reshape(Operation *op, ArrayRef<Tensor> operands, std::string &) {
  return one(operands[0].reshaped(resultOf(op).shape()));
}

llvm::FailureOr<Results> transpose(Operation *op, ArrayRef<Tensor> operands, std::string &) {
  Tensor result = resultOf(op);
  std::vector<int64_t> strides = stridesOf(operands[0].shape());
  std::vector<AxisTable> tables;
  for (int64_t axis : cast<nn::TransposeOp>(op).getPerm()) {
    AxisTable table;
    for (int64_t c = 0; c < operands[0].shape()[axis]; ++c)
      table.push_back(c * strides[axis]);
    tables.push_back(std::move(table));
  }
  copyElements(operands[0], combine(tables), result);
  return one(result);
}

llvm::FailureOr<Results> broadcast(Operation *op, ArrayRef<Tensor> operands, std::string &) {
  Tensor result = resultOf(op);
  copyElements(operands[0], broadcastOffsets(operands[0].shape(), result.shape()), result);
  return one(result);
}

llvm::FailureOr<Results> slice(Operation *op, ArrayRef<Tensor> operands, std::string &) {
  auto slice = cast<nn::SliceOp>(op);
  Tensor result = resultOf(op);
  std::vector<int64_t> strides = stridesOf(operands[0].shape());
  std::vector<AxisTable> tables;
  for (int64_t axis = 0; axis < result.rank(); ++axis) {
    AxisTable table;
    for (int64_t c = 0; c < result.shape()[axis]; ++c)
      table.push_back((slice.getStarts()[axis] + c * slice.getSteps()[axis]) * strides[axis]);
    tables.push_back(std::move(table));
  }
  copyElements(operands[0], combine(tables), result);
  return one(result);
}

// Part by part: the offsets at which a part's elements lie in the result.
llvm::FailureOr<Results> concat(Operation *op, ArrayRef<Tensor> operands, std::string &) {
  size_t axis = cast<nn::ConcatOp>(op).getAxis();
  Tensor result = resultOf(op);
  std::vector<int64_t> strides = stridesOf(result.shape());
  int64_t before = 0;
  for (const Tensor &part : operands) {
    std::vector<AxisTable> tables;
    for (size_t i = 0; i < strides.size(); ++i) {
      AxisTable table;
      for (int64_t c = 0; c < part.shape()[i]; ++c)
        table.push_back((c + (i == axis ? before : 0)) * strides[i]);
      tables.push_back(std::move(table));
    }
    int64_t from = 0;
    for (int64_t to : combine(tables))
      copyElement(part, from++, result, to);
    before += part.shape()[axis];
  }
  return one(result);
}

int64_t floorMod(int64_t x, int64_t n) { return ((x % n) + n) % n; }

/// Where coordinate `at` of a box of `extent` elements, which may lie outside of it, takes its value from.
int64_t borderSource(nn::PadMode mode, int64_t at, int64_t extent) {
  if (at >= 0 && at < extent)
    return at;
  switch (mode) {
  case nn::PadMode::constant: return kOutside;
  case nn::PadMode::edge: return at < 0 ? 0 : extent - 1;
  case nn::PadMode::wrap: return floorMod(at, extent);
  case nn::PadMode::reflect: {
    int64_t period = std::max<int64_t>(2 * (extent - 1), 1);
    int64_t phase = floorMod(at, period);
    return phase < extent ? phase : period - phase;
  }
  }
  return kOutside;
}

// Negative amounts crop first; the border is made from what is left.
llvm::FailureOr<Results> pad(Operation *op, ArrayRef<Tensor> operands, std::string &why) {
  auto pad = cast<nn::PadOp>(op);
  const Tensor &input = operands[0];
  Tensor result = resultOf(op);
  std::vector<int64_t> strides = stridesOf(input.shape());
  std::vector<AxisTable> tables;
  for (int64_t axis = 0; axis < result.rank(); ++axis) {
    int64_t low = pad.getLow()[axis], high = pad.getHigh()[axis];
    int64_t cropped = std::max<int64_t>(-low, 0);
    int64_t extent = input.shape()[axis] - cropped - std::max<int64_t>(-high, 0);
    if (extent <= 0 && pad.getMode() != nn::PadMode::constant && result.count() != 0)
      return refuse(why, "nn.pad has nothing left on axis " + llvm::Twine(axis) + " to make a border from");
    AxisTable table;
    for (int64_t c = 0; c < result.shape()[axis]; ++c) {
      int64_t source = borderSource(pad.getMode(), c - std::max<int64_t>(low, 0), extent);
      table.push_back(source == kOutside ? kOutside : (source + cropped) * strides[axis]);
    }
    tables.push_back(std::move(table));
  }
  if (pad.getValue())
    for (int64_t i = 0; i < result.count(); ++i)
      copyElement(operands[1], 0, result, i);
  copyElements(input, combine(tables), result);
  return one(result);
}

} // namespace

void addMovement(RuleTable &table) {
  table["nn.reshape"] = reshape;
  table["nn.transpose"] = transpose;
  table["nn.broadcast"] = broadcast;
  table["nn.slice"] = slice;
  table["nn.concat"] = concat;
  table["nn.pad"] = pad;
}

} // namespace ingot::reference
