// The quant dialect: results must be equal, so the tolerance is 0 but where floats are added.
#include "Check.h"

std::vector<Case> quantCases() {
  const std::vector<const char *> convTypes = {"1x1x3xui8", "f32", "ui8", "1x1x2xi8", "f32", "i8", "f32", "ui8"};
  std::vector<const char *> biasedTypes = convTypes;
  biasedTypes.push_back("1xi32");
  const char *conv = "quant.conv %arg0, %arg1, %arg2, %arg3, %arg4, %arg5, %arg6, %arg7 strides [1] pad_low [1] pad_high [0] dilations [1] group 1";
  const char *biased =
      "quant.conv %arg0, %arg1, %arg2, %arg3, %arg4, %arg5, %arg6, %arg7, %arg8 strides [1] pad_low [1] pad_high [0] dilations [1] group 1";
  const char *real = "quant.real_conv %arg0, %arg1, %arg2, %arg3, %arg4, %arg5 strides [1] pad_low [1] pad_high [0] dilations [1] group 1";
  const char *matmul = "quant.matmul %arg0, %arg1, %arg2, %arg3, %arg4, %arg5, %arg6, %arg7";
  std::vector<double> rising; // (i + 7) modulo 256
  for (int i = 0; i < 256; ++i)
    rising.push_back((i + 7) % 256);
  const char *add = "quant.add %arg0, %arg1, %arg2, %arg3, %arg4, %arg5, %arg6, %arg7";
  return {
      {"quant.quantize %arg0, %arg1, %arg2 axis 0", {"4xf32", "f32", "ui8"}, {{0.5, 1.5, 300, -5}, {1}, {10}}, {"4xui8"}, {{10, 12, 255, 5}}, 0},
      {"quant.quantize %arg0, %arg1 axis 1", {"1x2xf32", "2xf32"}, {{3, 3}, {1, 2}}, {"1x2xi8"}, {{3, 2}}, 0},
      {"quant.quantize %arg0, %arg1 axis 0 {block = 3 : i64}", {"4xf32", "2xf32"}, {{3, 3, 3, 30}, {1, 10}}, {"4xi8"}, {{3, 3, 3, 3}}, 0},
      {"quant.quantize %arg0, %arg1 axis 0", {"2xf32", "f32"}, {{9, -9}, {1}}, {"2xi4"}, {{7, -8}}, 0},
      {"quant.dequantize %arg0, %arg1, %arg2 axis 0", {"2xui8", "f32", "ui8"}, {{5, 7}, {0.5}, {5}}, {"2xf32"}, {{0, 1}}, 0},
      {"quant.dequantize %arg0, %arg1 axis 0", {"2xi32", "2xf32"}, {{16777217, 3}, {2, 0.5}}, {"2xf32"}, {{33554432, 1.5}}, 0},
      // Sums 0 20 50 (the border is the zero point), times 0.5, plus 3.
      {conv, convTypes, {{10, 20, 30}, {0.5}, {10}, {1, 2}, {1}, {0}, {1}, {3}}, {"1x1x3xui8"}, {{3, 13, 28}}, 0},
      // With bias 1: 0.5, 10.5 and 25.5 round to even.
      {biased, biasedTypes, {{10, 20, 30}, {0.5}, {10}, {1, 2}, {1}, {0}, {1}, {3}, {1}}, {"1x1x3xui8"}, {{3, 13, 29}}, 0},
      // The sums 0 20 50, times 0.5, plus 3, are not rounded.
      {real, {"1x1x3xui8", "ui8", "1x1x2xi8", "i8", "1xf32", "1xf32"}, {{10, 20, 31}, {10}, {1, 2}, {0}, {0.5}, {3}}, {"1x1x3xf32"}, {{3, 13, 29}}, 0},
      {matmul, {"1x2xui8", "f32", "ui8", "2x1xi8", "f32", "i8", "f32", "ui8"}, {{3, 5}, {0.25}, {1}, {2, 1}, {0.5}, {0}, {0.5}, {100}},
       {"1x1xui8"}, {{102}}, 0},
      // One scale a column; the second column saturates.
      {matmul, {"1x2xi8", "f32", "i8", "2x2xi8", "2xf32", "2xi8", "f32", "i8"}, {{100, 100}, {1}, {0}, {1, 1, 1, 1}, {0.25, 8}, {0, -1}, {1}, {0}},
       {"1x2xi8"}, {{50, 127}}, 0},
      // (3 - 1) 0.5 + (8 - 10) 0.25 is one step of 0.5; the second sum saturates; 1.5 and 2.5 steps round to 2.
      {add, {"4xui8", "f32", "ui8", "4xi8", "f32", "i8", "f32", "i8"}, {{3, 255, 2, 2}, {0.5}, {1}, {8, 127, 11, 13}, {0.25}, {10}, {0.5}, {-3}},
       {"4xi8"}, {{-2, 127, -1, -1}}, 0},
      {"quant.lookup %arg0, %arg1", {"3xi8", "256xui8"}, {{-128, 127, -127}, rising}, {"3xui8"}, {{7, 6, 8}}, 0},
      // Gates i o f c: h = 2.55 has the scale 0.01 and is 255, R h is 2.55 (3 - 1) / 2 for i and nothing else; i o f c = 3.55 2 1 4, c = 10 + 14.2, h = 2 c.
      {"quant.lstm %arg0, %arg1, %arg2, %arg3, %arg4, %arg5, %arg6, %arg7 activations [\"relu\", \"relu\", \"relu\"]",
       {"1x1x4xf32", "1x4xi8", "4xf32", "i32", "8xf32", "1x1xf32", "1x1xf32", "3xf32"},
       {{0.5, 2, 1, 4}, {3, 1, 1, 1}, {0.5, 1, 1, 1}, {1}, {0.25, 0, 0, 0, 0.25, 0, 0, 0}, {2.55}, {10}, {0, 0, 0}},
       {"1x1x1xf32", "1x1xf32", "1x1xf32"}, {{48.4}, {48.4}, {24.2}}, 1e-5},
      {"quant.lstm %arg0, %arg1, %arg2, %arg3, %arg4, %arg5, %arg6, %arg7 activations [\"unknown\"]",
       {"1x1x4xf32", "1x4xi8", "f32", "i32", "8xf32", "1x1xf32", "1x1xf32", "3xf32"},
       {{0, 0, 0, 0}, {0, 0, 0, 0}, {1}, {0}, {0, 0, 0, 0, 0, 0, 0, 0}, {0}, {0}, {0, 0, 0}}, {"1x1x1xf32", "1x1xf32", "1x1xf32"}, {}},
  };
}
