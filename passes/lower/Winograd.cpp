// The choice and the filters of Winograd's form F(4x4, 3x3).
#include "passes/lower/Winograd.h"

#include "targets/common/ukernels/convwino.h"

namespace ingot {
namespace {

struct Blocks {
  int64_t width, rows, vectors; // tiles of a block; vectors of 16 tiles of the whole plane
};

Blocks blocksOf(const ConvShape &shape) {
  int64_t places = IK_WINO_PLACES(shape[IK_CONV_IC]), tw = IK_WINO_TILES(shape[IK_CONV_OW]), th = IK_WINO_TILES(shape[IK_CONV_OH]);
  Blocks blocks{IK_WINO_WIDTH(places, tw), IK_WINO_ROWS(places, tw, th), 0};
  for (int64_t row = 0; row < th; row += blocks.rows)
    for (int64_t column = 0; column < tw; column += blocks.width) {
      int64_t rows = std::min(blocks.rows, th - row), width = std::min(blocks.width, tw - column);
      blocks.vectors += ((rows - 1) * (width + 1) + width + 15) / 16;
    }
  return blocks;
}

} // namespace

bool hasWinograd(const ConvShape &shape) {
  for (int i : {IK_CONV_ID, IK_CONV_OD, IK_CONV_KD, IK_CONV_SH, IK_CONV_SW, IK_CONV_DH, IK_CONV_DW})
    if (shape[i] != 1)
      return false;
  return shape[IK_CONV_KH] == 3 && shape[IK_CONV_KW] == 3;
}

bool isWinogradFaster(const ConvShape &shape) {
  constexpr int64_t kLeastPixels = 512; // the filter's four times larger form is read for them
  // Time in 1/10 of a fused multiply-add of 16 lanes, from runs with 16-lane vectors: a product; both transforms of a channel; a direct tap.
  constexpr int64_t kProduct = 14, kTransform = 7200, kTap = 15;
  if (!hasWinograd(shape) || shape.area() < kLeastPixels)
    return false;
  int64_t channels = shape[IK_CONV_IC], rows = shape.panels() * IK_CONV_PANEL;
  int64_t winograd = blocksOf(shape).vectors * (IK_WINO_POINTS * kProduct * channels * rows + kTransform * (channels + shape[IK_CONV_OC]) / 2);
  int64_t direct = (shape.area() + 15) / 16 * 9 * kTap * channels * rows;
  return 5 * winograd < 4 * direct;
}

int64_t winogradScratch(const ConvShape &shape) {
  Blocks blocks = blocksOf(shape);
  return IK_WINO_SCRATCH(shape[IK_CONV_IC], blocks.rows, blocks.width);
}

Tensor packWinograd(const Tensor &w, int64_t groups, int64_t channels, int64_t depth) {
  static constexpr double kForm[6][3] = {{1.0 / 4, 0, 0}, {-1.0 / 6, -1.0 / 6, -1.0 / 6}, {-1.0 / 6, 1.0 / 6, -1.0 / 6},
                                         {1.0 / 24, 1.0 / 12, 1.0 / 6}, {1.0 / 24, -1.0 / 12, 1.0 / 6}, {0, 0, 1}};
  int64_t panels = (channels + IK_CONV_PANEL - 1) / IK_CONV_PANEL;
  Tensor out(DType::F32, {groups, panels, IK_WINO_POINTS, depth, IK_CONV_PANEL});
  llvm::MutableArrayRef<float> to = out.mutableAs<float>();
  for (int64_t o = 0; o < groups * channels; ++o)
    for (int64_t c = 0; c < depth; ++c)
      for (int64_t point = 0; point < IK_WINO_POINTS; ++point) {
        double sum = 0;
        for (int64_t tap = 0; tap < 9; ++tap)
          sum += kForm[point / 6][tap / 3] * kForm[point % 6][tap % 3] * w.at((o * depth + c) * 9 + tap);
        int64_t panel = o / channels * panels + o % channels / IK_CONV_PANEL;
        to[((panel * IK_WINO_POINTS + point) * depth + c) * IK_CONV_PANEL + o % channels % IK_CONV_PANEL] = static_cast<float>(sum);
      }
  return out;
}

} // namespace ingot
