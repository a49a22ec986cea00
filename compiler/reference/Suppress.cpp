// nn.suppress_boxes: boxes walked from the best down, each against all that were kept before. In f32, step by step as the op says: what is decided
// must not depend on how finely it was computed.
#include "compiler/reference/Rules.h"

#include <algorithm>
#include <array>

using namespace mlir;
using llvm::ArrayRef;

namespace ingot::reference {
namespace {

using Box = std::array<float, 4>; // y0, x0, y1, x1

Box boxAt(const Tensor &boxes, int64_t i) {
  Box box;
  for (int64_t d = 0; d < 4; ++d)
    box[static_cast<size_t>(d)] = static_cast<float>(boxes.at(i * 4 + d));
  return box;
}

float sideOf(float low, float otherLow, float high, float otherHigh) {
  float side = (high < otherHigh ? high : otherHigh) - (low > otherLow ? low : otherLow);
  return side > 0 ? side : 0;
}

float areaOf(const Box &box) { return (box[2] - box[0]) * (box[3] - box[1]); }

float overlapOf(const Box &a, const Box &b) {
  float common = sideOf(a[0], b[0], a[2], b[2]) * sideOf(a[1], b[1], a[3], b[3]);
  float sum = areaOf(a) + areaOf(b);
  return common / (sum - common);
}

llvm::FailureOr<Results> suppressBoxes(Operation *op, ArrayRef<Tensor> operands, std::string &) {
  Tensor kept = resultOf(op, 0), counts = resultOf(op, 1);
  int64_t classes = kept.shape()[1], n = kept.shape()[2], most = static_cast<int64_t>(cast<nn::SuppressBoxesOp>(op).getMost());
  for (int64_t line = 0; line < counts.count(); ++line) {
    auto score = [&](int64_t i) { return operands[1].at(line * n + i); };
    std::vector<int64_t> order, chosen;
    for (int64_t i = 0; i < n; ++i)
      if (score(i) > operands[3].at(0))
        order.push_back(i);
    std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return score(a) == score(b) ? a < b : score(a) > score(b); });
    for (int64_t i : order) {
      Box box = boxAt(operands[0], line / classes * n + i);
      bool covered = std::any_of(chosen.begin(), chosen.end(), [&](int64_t other) {
        return overlapOf(box, boxAt(operands[0], line / classes * n + other)) > static_cast<float>(operands[2].at(0));
      });
      if (!covered && static_cast<int64_t>(chosen.size()) < most)
        chosen.push_back(i);
    }
    for (size_t i = 0; i < chosen.size(); ++i)
      kept.setInt(line * n + static_cast<int64_t>(i), chosen[i]);
    counts.setInt(line, static_cast<int64_t>(chosen.size()));
  }
  return Results{kept, counts};
}

} // namespace

void addSuppress(RuleTable &table) { table["nn.suppress_boxes"] = suppressBoxes; }

} // namespace ingot::reference
