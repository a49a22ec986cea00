// Reductions, sorting and normalisation.
#include "Check.h"

#include <cmath>

std::vector<Case> groupCases() {
  const Numbers six = {1, 2, 3, 4, 5, 6};
  return {
      {"nn.reduce sum %arg0 axes [1]", {"2x3xf32"}, {six}, {"2x1xf32"}, {{6, 15}}},
      {"nn.reduce mean %arg0 axes [0, 1]", {"2x3xf32"}, {six}, {"1x1xf32"}, {{3.5}}},
      {"nn.reduce mean %arg0 axes [0]", {"2xi32"}, {{-3, -4}}, {"1xi32"}, {{-3}}},
      {"nn.reduce max %arg0 axes [0]", {"2x2xf32"}, {{1, 5, 3, 2}}, {"1x2xf32"}, {{3, 5}}},
      {"nn.reduce max %arg0 axes [0]", {"0x2xf32"}, {{0}}, {"1x2xf32"}, {{-HUGE_VAL, -HUGE_VAL}}},
      {"nn.reduce max %arg0 axes [0]", {"0xi8"}, {{0}}, {"1xi8"}, {{-128}}},
      {"nn.reduce min %arg0 axes [0]", {"3xi64"}, {{4, -2, 9}}, {"1xi64"}, {{-2}}},
      {"nn.reduce prod %arg0 axes [0]", {"3xf32"}, {{2, 3, 4}}, {"1xf32"}, {{24}}},
      {"nn.reduce l1 %arg0 axes [0]", {"2xf32"}, {{-3, 4}}, {"1xf32"}, {{7}}},
      {"nn.reduce l2 %arg0 axes [0]", {"2xf32"}, {{-3, 4}}, {"1xf32"}, {{5}}},
      {"nn.reduce sum_square %arg0 axes [0]", {"2xf32"}, {{-3, 4}}, {"1xf32"}, {{25}}},
      {"nn.reduce log_sum %arg0 axes [0]", {"2xf32"}, {{1, 2}}, {"1xf32"}, {{std::log(3.0)}}},
      {"nn.reduce log_sum_exp %arg0 axes [0]", {"2xf32"}, {{1000, 1000}}, {"1xf32"}, {{1000 + std::log(2.0)}}},
      {"nn.arg_reduce %arg0 axis 1", {"2x3xf32"}, {{1, 3, 3, 2, 0, 1}}, {"2x1xi64"}, {{1, 0}}},
      {"nn.arg_reduce %arg0 axis 0 {smallest, last}", {"3xf32"}, {{1, 5, 1}}, {"1xi64"}, {{2}}},
      {"nn.cumulate %arg0 axis 0", {"3xf32"}, {{1, 2, 3}}, {"3xf32"}, {{1, 3, 6}}},
      {"nn.cumulate %arg0 axis 0 {exclusive, reverse}", {"3xi32"}, {{1, 2, 3}}, {"3xi32"}, {{5, 3, 0}}},
      {"nn.cumulate %arg0 axis 0 {product}", {"3xf32"}, {{2, 3, 4}}, {"3xf32"}, {{2, 6, 24}}},
      {"nn.softmax %arg0 axis 1", {"1x2xf32"}, {{0, std::log(3.0)}}, {"1x2xf32"}, {{0.25, 0.75}}},
      {"nn.softmax %arg0 axis 0 {log}", {"2x1xf32"}, {{0, std::log(3.0)}}, {"2x1xf32"}, {{std::log(0.25), std::log(0.75)}}},
      {"nn.normalize %arg0 axes [1] epsilon 0.0", {"1x2xf32"}, {{1, 3}}, {"1x2xf32"}, {{-1, 1}}},
      {"nn.normalize %arg0 axes [1] epsilon 2.0 {rms}", {"1x2xf32"}, {{1, 3}}, {"1x2xf32"}, {{1 / std::sqrt(7.0), 3 / std::sqrt(7.0)}}},
      // Channel 0 sees 0 and 1, channel 1 sees all: 1 + 3/3 (1 + 4) = 6, then 1 + 14 = 15, then 1 + 13 = 14.
      {"nn.lrn %arg0 size 3 alpha 3.0 beta 1.0 bias 1.0", {"1x3x1x1xf32"}, {{1, 2, 3}}, {"1x3x1x1xf32"}, {{1.0 / 6, 2.0 / 15, 3.0 / 14}}},
      {"nn.top_k %arg0 axis 0", {"4xf32"}, {{1, 7, 7, 3}}, {"3xf32", "3xi64"}, {{7, 7, 3}, {1, 2, 3}}},
      // The box covers columns 0 to 2 and rows 0 to 1: samples at (0.25, 0.5), (0.25, 1.5), (0.75, 0.5), (0.75, 1.5), each worth 3 y + x.
      {"nn.roi_align %arg0, %arg1, %arg2 samples 2 scale 1.0 offset 0.0", {"1x2x3x1xf32", "1x4xf32", "1xi64"},
       {{0, 1, 2, 3, 4, 5}, {0, 0, 2, 1}, {7}}, {"1x1x1x1xf32"}, {{2.5}}},
      // As many samples as the box is large, one row of two; the largest neighbour times its weight. The second box does not count.
      {"nn.roi_align %arg0, %arg1, %arg2 rows %arg3 samples 0 scale 0.5 offset 0.0 {maximum}", {"1x2x3x1xf32", "2x4xf32", "2xi64", "i64"},
       {{0, 1, 2, 3, 4, 5}, {0, 0, 4, 2, 0, 0, 4, 2}, {0, 0}, {1}}, {"2x1x1x1xf32"}, {{1.25, 0}}},
      // Samples outside are 0, and the mean is over all; a box turned around is one pixel large with atLeastOne.
      {"nn.roi_align %arg0, %arg1, %arg2 samples 1 scale 1.0 offset 0.5 {atLeastOne}", {"1x2x2x1xf32", "2x4xf32", "2xi64"},
       {{1, 2, 3, 4}, {0.5, 0.5, 0, 0, 9, 9, 10, 10}, {0, 0}}, {"2x1x1x1xf32"}, {{2.5, 0}}},
      // Boxes 0 and 1 overlap by 0.6, box 2 lies apart; box 1 is the best of class 0, in class 1 only box 0 is above 0.25 and one may be kept.
      {"nn.suppress_boxes %arg0, %arg1, %arg2, %arg3 most 2", {"1x3x4xf32", "1x2x3xf32", "f32", "f32"},
       {{0, 0, 4, 1, 1, 0, 5, 1, 9, 9, 10, 10}, {0.5, 0.75, 0.5, 0.5, 0.25, 0.125}, {0.5}, {0.25}}, {"1x2x3xi64", "1x2xi64"}, {{1, 2, 0, 0, 0, 0}, {2, 1}}},
      {"nn.suppress_boxes %arg0, %arg1, %arg2, %arg3 most 1", {"1x2x4xf32", "1x1x2xf32", "f32", "f32"},
       {{0, 0, 4, 1, 9, 9, 10, 10}, {0.5, 0.5}, {0.5}, {-HUGE_VAL}}, {"1x1x2xi64", "1x1xi64"}, {{0, 0}, {1}}},
      {"nn.top_k %arg0 axis 1 {smallest}", {"1x3xi32"}, {{3, 1, 1}}, {"1x2xi32", "1x2xi64"}, {{1, 1}, {1, 2}}},
  };
}
