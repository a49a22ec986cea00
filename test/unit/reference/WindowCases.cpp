// Products, convolutions, pools, resizes and recurrent layers.
#include "Check.h"

namespace {
const char *const kOne = "1xf32";
} // namespace

std::vector<Case> windowCases() {
  return {
      {"nn.matmul %arg0, %arg1", {"2x2xf32", "2x1xf32"}, {{1, 2, 3, 4}, {10, 100}}, {"2x1xf32"}, {{210, 430}}},
      {"nn.matmul %arg0, %arg1", {"2x1x1xf32", "1x2xf32"}, {{1, 2}, {3, 4}}, {"2x1x2xf32"}, {{3, 4, 6, 8}}},
      {"nn.matmul %arg0, %arg1", {"1x2xui8", "2x1xi8"}, {{255, 255}, {-128, -128}}, {"1x1xi32"}, {{-65280}}},
      {"nn.conv %arg0, %arg1, %arg2 strides [2] pad_low [1] pad_high [1] dilations [1] group 1", {"1x1x4xf32", "1x1x2xf32", kOne},
       {{1, 2, 3, 4}, {1, 10}, {1}}, {"1x1x3xf32"}, {{11, 33, 5}}},
      {"nn.conv %arg0, %arg1 strides [1] pad_low [0] pad_high [0] dilations [2] group 1", {"1x1x4xf32", "1x1x2xf32"},
       {{1, 2, 3, 4}, {1, 10}}, {"1x1x2xf32"}, {{31, 42}}},
      {"nn.conv %arg0, %arg1 strides [1] pad_low [0] pad_high [0] dilations [1] group 2", {"1x2x2xf32", "2x1x1xf32"},
       {{1, 2, 3, 4}, {2, 3}}, {"1x2x2xf32"}, {{2, 4, 9, 12}}},
      {"nn.conv %arg0, %arg1 strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] group 1", {"1x1x3x3xf32", "1x1x2x2xf32"},
       {{1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 2, 3, 4}}, {"1x1x2x2xf32"}, {{37, 47, 67, 77}}},
      {"nn.conv %arg0, %arg1 strides [1] pad_low [0] pad_high [0] dilations [1] group 1", {"1x1x2xui8", "1x1x1xi8"},
       {{200, 100}, {-1}}, {"1x1x2xi32"}, {{-200, -100}}},
      {"nn.conv_transpose %arg0, %arg1 strides [2] pad_low [0] dilations [1] group 1", {"1x1x2xf32", "1x1x3xf32"},
       {{1, 2}, {1, 10, 100}}, {"1x1x5xf32"}, {{1, 10, 102, 20, 200}}},
      {"nn.conv_transpose %arg0, %arg1 strides [2] pad_low [1] dilations [1] group 1", {"1x1x2xf32", "1x1x3xf32"},
       {{1, 2}, {1, 10, 100}}, {"1x1x4xf32"}, {{10, 102, 20, 200}}},
      {"nn.conv_transpose %arg0, %arg1, %arg2 strides [1] pad_low [0] dilations [1] group 1", {"1x1x2xf32", "1x2x1xf32", "2xf32"},
       {{1, 2}, {3, 5}, {1, 2}}, {"1x2x2xf32"}, {{4, 7, 7, 12}}},
      {"nn.pool max %arg0 kernel [2] strides [2] pad_low [0] pad_high [0] dilations [1]", {"1x1x4xf32"}, {{1, 5, 2, 9}},
       {"1x1x2xf32", "1x1x2xi64"}, {{5, 9}, {1, 3}}},
      {"nn.pool max %arg0 kernel [2, 2] strides [1, 1] pad_low [0, 0] pad_high [0, 0] dilations [1, 1] {columnMajor}", {"1x1x2x2xf32"},
       {{1, 2, 9, 3}}, {"1x1x1x1xf32", "1x1x1x1xi64"}, {{9}, {1}}},
      // The last window hangs over the end.
      {"nn.pool max %arg0 kernel [2] strides [2] pad_low [0] pad_high [0] dilations [1]", {"1x1x3xi8"}, {{-9, -5, -7}}, {"1x1x2xi8"}, {{-5, -7}}},
      {"nn.pool average %arg0 kernel [2] strides [2] pad_low [1] pad_high [1] dilations [1]", {"1x1x2xf32"}, {{2, 4}}, {"1x1x2xf32"}, {{2, 4}}},
      {"nn.pool average %arg0 kernel [2] strides [2] pad_low [1] pad_high [1] dilations [1] {countPad}", {"1x1x2xf32"}, {{2, 4}},
       {"1x1x2xf32"}, {{1, 2}}},
      {"nn.pool lp %arg0 kernel [2] strides [1] pad_low [0] pad_high [0] dilations [1]", {"1x1x2xf32"}, {{3, -4}}, {"1x1x1xf32"}, {{5}}},
      {"nn.resize %arg0 mode nearest coord asymmetric nearest floor scales [2.0]", {"2xi64"}, {{1, 2}}, {"4xi64"}, {{1, 1, 2, 2}}},
      {"nn.resize %arg0 mode linear coord half_pixel nearest floor scales [1.0, 2.0]", {"1x2xf32"}, {{1, 3}}, {"1x4xf32"}, {{1, 1.5, 2.5, 3}}},
      {"nn.resize %arg0 mode linear coord align_corners nearest floor scales [1.5, 2.0]", {"2x1xf32"}, {{1, 3}}, {"3x2xf32"},
       {{1, 1, 2, 2, 3, 3}}},
      // Weights of Keys' kernel at distances 0.5 and 1.5: 0.59375 and -0.09375.
      {"nn.resize %arg0 mode cubic coord asymmetric nearest floor scales [2.0]", {"4xf32"}, {{0, 0, 1, 0}}, {"8xf32"},
       {{0, -0.09375, 0, 0.59375, 1, 0.59375, 0, -0.09375}}},
      {"nn.resize %arg0 mode linear coord half_pixel nearest floor scales [0.5] {antialias}", {"4xf32"}, {{1, 2, 3, 4}}, {"2xf32"},
       {{1.625, 3.375}}},
      {"nn.resize %arg0 mode linear coord half_pixel nearest floor scales [0.5] {antialias, excludeOutside}", {"4xf32"}, {{1, 2, 3, 4}},
       {"2xf32"}, {{3 / 1.75, 5 - 3 / 1.75}}},
      {"nn.resize %arg0 mode linear coord tf_crop_and_resize nearest floor scales [1.0] {roi = array<f64: 0.5, 1.5>, extrapolation = 10.0 : f64}",
       {"3xf32"}, {{1, 2, 3}}, {"3xf32"}, {{2, 3, 10}}},
      {"nn.resize %arg0 mode linear coord tf_crop_and_resize nearest floor scales [1.0]", {"3xf32"}, {{1, 2, 3}}, {"3xf32"}, {}},
      {"nn.rnn rnn %arg0, %arg1, %arg2, %arg3, %arg4 activations [\"relu\"]", {"2x1x1xf32", "1x1xf32", "1x1xf32", "2xf32", "1x1xf32"},
       {{1, 2}, {2}, {3}, {1, 0}, {0}}, {"2x1x1xf32", "1x1xf32"}, {{3, 14}, {14}}},
      {"nn.rnn rnn %arg0, %arg1, %arg2, %arg3, %arg4 activations [\"relu\"] {reverse}", {"2x1x1xf32", "1x1xf32", "1x1xf32", "2xf32", "1x1xf32"},
       {{1, 2}, {2}, {3}, {1, 0}, {0}}, {"2x1x1xf32", "1x1xf32"}, {{18, 5}, {18}}},
      {"nn.rnn rnn %arg0, %arg1, %arg2, %arg3, %arg4 activations [\"unknown\"]", {"2x1x1xf32", "1x1xf32", "1x1xf32", "2xf32", "1x1xf32"},
       {{1, 2}, {2}, {3}, {1, 0}, {0}}, {"2x1x1xf32", "1x1xf32"}, {}},
      // Gates i o f c = 1 2 3 4: c = 3 * 10 + 1 * 4, h = 2 c.
      {"nn.rnn lstm %arg0, %arg1, %arg2, %arg3, %arg4, %arg5, %arg6 activations [\"relu\", \"relu\", \"relu\"]",
       {"1x1x1xf32", "4x1xf32", "4x1xf32", "8xf32", "1x1xf32", "1x1xf32", "3xf32"}, {{1}, {1, 2, 3, 4}, {0}, {0}, {0}, {10}, {0}},
       {"1x1x1xf32", "1x1xf32", "1x1xf32"}, {{68}, {68}, {34}}},
      {"nn.rnn lstm %arg0, %arg1, %arg2, %arg3, %arg4, %arg5, %arg6 activations [\"relu\", \"relu\", \"relu\"]",
       {"1x1x1xf32", "4x1xf32", "4x1xf32", "8xf32", "1x1xf32", "1x1xf32", "3xf32"}, {{1}, {1, 2, 3, 4}, {0}, {0}, {0}, {10}, {1}},
       {"1x1x1xf32", "1x1xf32", "1x1xf32"}, {{30624}, {30624}, {174}}},
      // Gates z r = 0.5 2; the candidate is 3 + 2 * 4 + 1, or 3 + 2 (4 + 1) with linearBeforeReset.
      {"nn.rnn gru %arg0, %arg1, %arg2, %arg3, %arg4 activations [\"relu\", \"relu\"]", {"1x1x1xf32", "3x1xf32", "3x1xf32", "6xf32", "1x1xf32"},
       {{1}, {0.5, 2, 3}, {0, 0, 1}, {0, 0, 0, 0, 0, 1}, {4}}, {"1x1x1xf32", "1x1xf32"}, {{8}, {8}}},
      {"nn.rnn gru %arg0, %arg1, %arg2, %arg3, %arg4 activations [\"relu\", \"relu\"] {linearBeforeReset}",
       {"1x1x1xf32", "3x1xf32", "3x1xf32", "6xf32", "1x1xf32"}, {{1}, {0.5, 2, 3}, {0, 0, 1}, {0, 0, 0, 0, 0, 1}, {4}},
       {"1x1x1xf32", "1x1xf32"}, {{8.5}, {8.5}}},
  };
}
