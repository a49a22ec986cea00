// Movement, gathers and scatters.
#include "Check.h"

namespace {
const Numbers kSix = {1, 2, 3, 4, 5, 6};
} // namespace

std::vector<Case> movementCases() {
  return {
      {"nn.reshape %arg0", {"2x3xf32"}, {kSix}, {"3x2xf32"}, {kSix}},
      {"nn.transpose %arg0 perm [1, 0]", {"2x3xf32"}, {kSix}, {"3x2xf32"}, {{1, 4, 2, 5, 3, 6}}},
      {"nn.broadcast %arg0", {"2x1xf32"}, {{1, 2}}, {"2x2x2xf32"}, {{1, 1, 2, 2, 1, 1, 2, 2}}},
      {"nn.slice %arg0 starts [1, 2] steps [1, -2]", {"2x3xf32"}, {kSix}, {"1x2xf32"}, {{6, 4}}},
      {"nn.concat %arg0, %arg1 axis 1", {"2x1xf32", "2x2xf32"}, {{1, 2}, {3, 4, 5, 6}}, {"2x3xf32"}, {{1, 3, 4, 2, 5, 6}}},
      {"nn.pad %arg0 low [1] high [2] mode constant", {"2xf32"}, {{1, 2}}, {"5xf32"}, {{0, 1, 2, 0, 0}}},
      {"nn.pad %arg0, %arg1 low [-1] high [1] mode constant", {"3xf32", "f32"}, {{1, 2, 3}, {9}}, {"3xf32"}, {{2, 3, 9}}},
      {"nn.pad %arg0 low [1] high [1] mode edge", {"2xf32"}, {{1, 2}}, {"4xf32"}, {{1, 1, 2, 2}}},
      {"nn.pad %arg0 low [2] high [3] mode reflect", {"3xf32"}, {{1, 2, 3}}, {"8xf32"}, {{3, 2, 1, 2, 3, 2, 1, 2}}},
      {"nn.pad %arg0 low [1] high [2] mode wrap", {"3xf32"}, {{1, 2, 3}}, {"6xf32"}, {{3, 1, 2, 3, 1, 2}}},
      // -1 is the last row, 9 is clamped to it.
      {"nn.gather %arg0, %arg1 axis 0", {"3x2xf32", "3xi64"}, {kSix, {-1, 0, 9}}, {"3x2xf32"}, {{5, 6, 1, 2, 5, 6}}},
      {"nn.gather %arg0, %arg1 axis 1", {"2x3xf32", "i32"}, {kSix, {1}}, {"2xf32"}, {{2, 5}}},
      {"nn.gather_elements %arg0, %arg1 axis 1", {"2x3xf32", "2x2xi64"}, {kSix, {2, 0, 1, -1}}, {"2x2xf32"}, {{3, 1, 5, 6}}},
      {"nn.gather_nd %arg0, %arg1 batch_dims 0", {"2x3xf32", "2x2xi64"}, {kSix, {0, 1, 1, -1}}, {"2xf32"}, {{2, 6}}},
      {"nn.gather_nd %arg0, %arg1 batch_dims 1", {"2x3xf32", "2x1xi64"}, {kSix, {2, 0}}, {"2xf32"}, {{3, 4}}},
      {"nn.gather_nd %arg0, %arg1 batch_dims 0", {"2x3xf32", "1x1xi64"}, {kSix, {1}}, {"1x3xf32"}, {{4, 5, 6}}},
      {"nn.scatter_elements none %arg0, %arg1, %arg2 axis 1", {"1x3xf32", "1x2xi64", "1x2xf32"}, {{1, 2, 3}, {2, 0}, {8, 9}}, {"1x3xf32"},
       {{9, 2, 8}}},
      {"nn.scatter_elements add %arg0, %arg1, %arg2 axis 0", {"3xi32", "3xi64", "3xi32"}, {{1, 2, 3}, {1, 1, -1}, {10, 20, 30}}, {"3xi32"},
       {{1, 32, 33}}},
      {"nn.scatter_nd none %arg0, %arg1, %arg2", {"2x3xf32", "1x1xi64", "1x3xf32"}, {kSix, {0}, {7, 8, 9}}, {"2x3xf32"}, {{7, 8, 9, 4, 5, 6}}},
      {"nn.scatter_nd max %arg0, %arg1, %arg2", {"3xf32", "2x1xi64", "2xf32"}, {{1, 2, 3}, {0, 2}, {5, 0}}, {"3xf32"}, {{5, 2, 3}}},
  };
}
